"""AWS Signature Version 4, by botocore: its signer, its clock, and its search for credentials.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html; a Bedrock API key is sent as a bearer token instead:
https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-use.html (read 2026-11-21).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import replace

from turnout.auth.schemes import Scheme, Surroundings, bearer
from turnout.auth.secrets import Secret
from turnout.effects import Steps, obtain
from turnout.errors import ConfigError, MissingExtra, MissingKey
from turnout.types import HttpRequest

_REGION = re.compile(r"\.([a-z]{2,4}(?:-[a-z]+)+-\d+)\.")
_HOST = re.compile(r"^[a-z]+://([^/?#]+)", re.IGNORECASE)


def sigv4(service: str, around: Surroundings) -> Scheme:
    """Signs for ``service`` ("bedrock" if none is named) in the region that the host names.

    With a key, that key is sent as a bearer token and nothing is signed. Without one, the credentials are those that botocore
    finds: AWS_ACCESS_KEY_ID and its companions, a profile, single sign-on, or the role of the machine. They are looked for at the
    first call and renewed by botocore when they expire. Raises MissingExtra, MissingKey or ConfigError that says what is missing.
    """
    service = service or "bedrock"
    with_key = bearer()
    source = around.keep(("sigv4",), lambda: _Search(around))

    def sign(request: HttpRequest, secret: Secret | None) -> Steps[HttpRequest]:
        if secret is not None:
            return (yield from with_key(request, secret))
        found = source.current()
        if found is None:
            found = cast(_Found, (yield from obtain(source)))
        return _signed(request, service, found)

    return sign


class _Found(Struct, frozen=True):
    credentials: Any  # botocore's frozen ones
    region: str | None  # as configured, for hosts that do not name theirs

    def __repr__(self) -> str:
        return "_Found()"


class _Search:
    """What botocore finds, kept; asked again when botocore says that it is time to renew it."""

    def __init__(self, around: Surroundings) -> None:
        self.under_way: dict[str, Any] = {}
        self._environ = around.environ
        self._credentials: Any = around.credential
        self._region: str | None = None

    def current(self) -> _Found | None:
        credentials = self._credentials
        if credentials is None or getattr(credentials, "refresh_needed", bool)():
            return None
        return _Found(credentials.get_frozen_credentials(), self._region)

    def make(self) -> _Found:
        if (found := self.current()) is not None:
            return found
        try:
            from botocore import auth, awsrequest  # noqa: F401 - 150 ms, and an extra: only who signs pays it, and here
            from botocore.exceptions import BotoCoreError
        except ImportError as error:
            raise MissingExtra(
                "signing requests for AWS needs botocore: pip install 'turnout[aws]', or set AWS_BEARER_TOKEN_BEDROCK"
            ) from error
        try:
            if self._credentials is None:
                session = _session(self._environ)
                # botocore reads AWS_DEFAULT_REGION alone; the other SDKs of AWS, and this provider's address, AWS_REGION
                self._region = self._environ.get("AWS_REGION", "").strip() or session.get_config_variable("region")
                self._credentials = session.get_credentials()
            if self._credentials is None:
                raise MissingKey(
                    "no AWS credentials were found: set AWS_BEARER_TOKEN_BEDROCK, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY,"
                    " or AWS_PROFILE (https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-files.html)"
                )
            return _Found(self._credentials.get_frozen_credentials(), self._region)
        except (BotoCoreError, RuntimeError) as error:  # the latter for a renewal that brought expired ones
            raise ConfigError(f"AWS credentials could not be read: {error}") from error


def _session(environ: Mapping[str, str]) -> Any:
    """A botocore session that looks into ``environ`` where botocore would look into the process's own environment."""
    from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES, ConfigChainFactory
    from botocore.credentials import ContainerProvider, EnvProvider
    from botocore.session import Session

    session = Session()
    store, chains = session.get_component("config_store"), ConfigChainFactory(session=session, environ=environ)
    for name, (configured, variables, default, convert) in BOTOCORE_DEFAUT_SESSION_VARIABLES.items():
        chain = chains.create_config_chain(
            instance_name=name,
            env_var_names=variables,
            config_property_names=configured,
            default=default,
            conversion_func=convert,
        )
        store.set_config_provider(name, chain)
    resolver = session.get_component("credential_provider")
    own = {provider.METHOD: provider for provider in (EnvProvider(environ), ContainerProvider(environ))}
    without = "iam-role" if environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true" else ""
    resolver.providers[:] = [own.get(way.METHOD, way) for way in resolver.providers if without != way.METHOD]
    return session


def _signed(request: HttpRequest, service: str, found: _Found) -> HttpRequest:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest

    region = _region(request.url, found.region)
    # Only what no proxy or transport changes is signed; the host is taken from the URL.
    kept = {name: value for name, value in request.headers.items() if name == "content-type" or name.startswith("x-amz-")}
    told = AWSRequest(method=request.method, url=request.url, headers=kept, data=request.body)
    SigV4Auth(found.credentials, service, region).add_auth(told)
    return replace(request, headers={**request.headers, **{name.lower(): value for name, value in told.headers.items()}})


def _region(url: str, configured: str | None) -> str:
    host = _HOST.match(url)
    named = _REGION.search(host[1]) if host is not None else None
    region = named[1] if named is not None else configured
    if not isinstance(region, str) or not region:
        where = host[1] if host is not None else repr(url)
        raise ConfigError(f"{where} does not name its AWS region, which a signature holds: set AWS_REGION")
    return region
