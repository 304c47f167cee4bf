"""AWS Signature Version 4, by botocore: its signer, its clock, and its search for credentials.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html; a Bedrock API key is sent as a bearer token instead:
https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-use.html (read 2026-11-21).
"""

from __future__ import annotations

import re
from typing import Any

from msgspec.structs import replace

from turnout.auth.schemes import Scheme, bearer
from turnout.auth.secrets import Secret
from turnout.effects import Steps
from turnout.errors import ConfigError, MissingExtra, MissingKey
from turnout.types import HttpRequest

_REGION = re.compile(r"\.([a-z]{2,4}(?:-[a-z]+)+-\d+)\.")
_HOST = re.compile(r"^[a-z]+://([^/?#]+)", re.IGNORECASE)


def sigv4(service: str = "") -> Scheme:
    """Signs for ``service`` ("bedrock" if none is named) in the region that the host names.

    With a key, that key is sent as a bearer token and nothing is signed. Without one, the credentials are those that botocore
    finds: AWS_ACCESS_KEY_ID and its companions, a profile, single sign-on, or the role of the machine. They are looked for at the
    first call, which may read files or ask a local address, and renewed by botocore when they expire. Raises MissingExtra,
    MissingKey or ConfigError that says what is missing.
    """
    signing = _Signing(service or "bedrock")
    with_key = bearer()

    def sign(request: HttpRequest, secret: Secret | None) -> Steps[HttpRequest]:
        if secret is not None:
            return (yield from with_key(request, secret))
        return signing.signed(request)

    return sign


class _Signing:
    """Holds what botocore found, so that it is looked for once."""

    def __init__(self, service: str) -> None:
        self._service = service
        self._session: Any = None
        self._credentials: Any = None

    def signed(self, request: HttpRequest) -> HttpRequest:
        try:
            from botocore.auth import SigV4Auth  # 150 ms, and an extra: only who signs pays it
            from botocore.awsrequest import AWSRequest
            from botocore.exceptions import BotoCoreError
        except ImportError as error:
            raise MissingExtra(
                "signing requests for AWS needs botocore: pip install 'turnout[aws]', or set AWS_BEARER_TOKEN_BEDROCK"
            ) from error
        try:
            credentials = self._found().get_frozen_credentials()
            region = self._region(request.url)
        except (BotoCoreError, RuntimeError) as error:  # the latter for a renewal that brought expired ones
            raise ConfigError(f"AWS credentials could not be read: {error}") from error
        # Only what no proxy or transport changes is signed; the host is taken from the URL.
        kept = {name: value for name, value in request.headers.items() if name == "content-type" or name.startswith("x-amz-")}
        told = AWSRequest(method=request.method, url=request.url, headers=kept, data=request.body)
        SigV4Auth(credentials, self._service, region).add_auth(told)
        return replace(request, headers={**request.headers, **{name.lower(): value for name, value in told.headers.items()}})

    def _found(self) -> Any:
        if self._credentials is None:
            self._credentials = self._botocore().get_credentials()
        if self._credentials is None:
            raise MissingKey(
                "no AWS credentials were found: set AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or"
                " AWS_PROFILE (https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html)"
            )
        return self._credentials

    def _region(self, url: str) -> str:
        host = _HOST.match(url)
        named = _REGION.search(host[1]) if host is not None else None
        region = named[1] if named is not None else self._botocore().get_config_variable("region")
        if not isinstance(region, str) or not region:
            where = host[1] if host is not None else repr(url)
            raise ConfigError(f"{where} does not name its AWS region, which a signature holds: set AWS_DEFAULT_REGION")
        return region

    def _botocore(self) -> Any:
        if self._session is None:
            from botocore.session import Session

            self._session = Session()
        return self._session
