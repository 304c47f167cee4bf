"""Google's credentials, by google-auth: service accounts, users, impersonation, federation, the machine's own.

https://docs.cloud.google.com/docs/authentication/application-default-credentials (read 2026-11-21)
"""

from __future__ import annotations

from typing import Any

import msgspec

from turnout.auth.schemes import Scheme, Surroundings, bearer
from turnout.auth.secrets import Secret, is_placeholder
from turnout.auth.tokens import Token, TokenScheme, TokenSource
from turnout.errors import AuthenticationFailed, ConfigError, Error, MissingExtra, MissingKey, TransportFailed

# https://docs.cloud.google.com/vertex-ai/docs/authentication (read 2026-11-21)
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_FILE = "GOOGLE_APPLICATION_CREDENTIALS"
_JSON = "GOOGLE_VERTEX_CREDENTIALS_JSON"  # the same as text, for machines without a place for files
_SECONDS = 30.0  # for one exchange with whoever gives tokens; google-auth waits 120 otherwise


def google(scope: str, around: Surroundings) -> Scheme:
    """A bearer token for ``scope`` (the whole cloud platform if none is named); a key that is given is sent as the token.

    The credentials are those given to the registry, else those that GOOGLE_VERTEX_CREDENTIALS_JSON holds, else those of
    GOOGLE_APPLICATION_CREDENTIALS, else those that google-auth finds: gcloud's, or the machine's. They are looked for when a call
    first needs them.
    """
    scope = scope or SCOPE

    def source() -> TokenSource:
        return TokenSource(_Asking(scope, around).token, clock=around.clock, now=around.now)

    return TokenScheme(around.keep(("google", scope), source), bearer())


class _Asking:
    def __init__(self, scope: str, around: Surroundings) -> None:
        self._scope = scope
        self._environ = around.environ
        self._credentials: Any = around.credential

    def token(self) -> Token:
        """Raises MissingExtra, MissingKey, ConfigError, AuthenticationFailed or TransportFailed."""
        try:
            from google.auth import exceptions  # 100 ms, and an extra: only who has no key pays it
            from google.auth.transport.requests import Request
        except ImportError as error:
            raise MissingExtra(
                "Google credentials need google-auth: pip install 'turnout[google]', or pass an access token as api_key"
            ) from error
        request = _within(Request(), _SECONDS)
        try:
            if self._credentials is None:
                self._credentials = self._found(request)
            self._credentials.refresh(request)
        except exceptions.DefaultCredentialsError as error:
            raise MissingKey(
                "no Google credentials were found: run `gcloud auth application-default login`, or set"
                f" {_FILE} (https://docs.cloud.google.com/docs/authentication/provide-credentials-adc): {_told(error)}"
            ) from None
        except exceptions.GoogleAuthError as error:
            raise _refusal(error, exceptions) from None
        value = self._credentials.token
        if not isinstance(value, str) or not value:
            raise AuthenticationFailed("Google gave no token for these credentials")
        return Token(Secret(value, "Google credentials"), _seconds(self._credentials.expiry))

    def _found(self, request: Any) -> Any:
        text = self._environ.get(_JSON, "").strip()
        if text.startswith("{") or not is_placeholder(text):
            return _of_text(text, self._scope)
        path = self._environ.get(_FILE, "").strip()
        if path:
            known = _of_file(path, self._scope)
            if known is not None:
                return known
        from google.auth import default

        return default(scopes=[self._scope], request=request)[0]


def _of_file(path: str, scope: str) -> Any:
    """The credentials that the file holds; None for a kind that google-auth alone tells apart."""
    try:
        with open(path, "rb") as file:
            info = msgspec.json.decode(file.read())
    except (OSError, msgspec.DecodeError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "it is not JSON"  # what stands in the file is not shown
        raise ConfigError(f"{_FILE}: {path} cannot be read: {why}") from None
    return _known(info, scope, f"{_FILE}: {path} is not a whole {{kind}} file")


def _of_text(text: str, scope: str) -> Any:
    """The credentials that GOOGLE_VERTEX_CREDENTIALS_JSON holds, as JSON or as base64 of it."""
    try:
        if not text.startswith("{"):
            from base64 import b64decode

            text = b64decode(text, validate=True).decode()
        info = msgspec.json.decode(text)
    except (ValueError, msgspec.DecodeError):  # what stands in it is not shown
        raise ConfigError(f"{_JSON} cannot be read: it is neither JSON nor base64 of it") from None
    known = _known(info, scope, f"{_JSON} is not a whole {{kind}}")
    if known is not None:
        return known
    from google.auth import exceptions, identity_pool

    pool: Any = identity_pool.Credentials
    try:
        return pool.from_info(info, scopes=[scope])
    except (exceptions.GoogleAuthError, ValueError, KeyError, TypeError, AttributeError) as error:
        sentence = f"{_JSON} holds no credentials that a variable can hold ({type(error).__name__})"
        raise ConfigError(f"{sentence}: copy the whole file again, or name it in {_FILE}") from None


def _known(info: Any, scope: str, broken: str) -> Any:
    """Credentials of the usual kinds; None for one that google-auth alone tells apart (federation)."""
    kind = info.get("type") if isinstance(info, dict) else None
    read: Any
    try:
        match kind:
            case "service_account":
                from google.oauth2.service_account import Credentials as Account

                read = Account.from_service_account_info
            case "authorized_user":
                from google.oauth2.credentials import Credentials as User

                read = User.from_authorized_user_info
            case "impersonated_service_account":
                from google.auth.impersonated_credentials import Credentials as Impersonated

                read = Impersonated.from_impersonated_service_account_info
            case _:
                return None
        return read(info, scopes=[scope])
    except (ValueError, KeyError, TypeError) as error:  # their texts may quote the private key
        raise ConfigError(f"{broken.format(kind=kind)} ({type(error).__name__}): download it again") from None


def _within(request: Any, seconds: float) -> Any:
    """``request``, google-auth's way to send, with a bound on each exchange."""

    def send(*arguments: Any, **options: Any) -> Any:
        options["timeout"] = min(options.get("timeout") or seconds, seconds)
        return request(*arguments, **options)

    send.session = request.session  # type: ignore[attr-defined]  # google-auth mounts mutual TLS on it for the metadata server
    return send


def _refusal(error: Any, exceptions: Any) -> Error:
    if isinstance(error, exceptions.TransportError) or error.retryable:
        return TransportFailed(f"Google could not be asked for a token: {_told(error)}")
    return AuthenticationFailed(
        f"Google refused these credentials: {_told(error)}; check the account, or run `gcloud auth application-default login`"
    )


def _told(error: Exception) -> str:
    """The error's sentence. Further arguments hold the whole answer, which may hold a token."""
    said = error.args[0] if error.args else type(error).__name__
    return str(said)[:300] if not isinstance(said, Exception) else f"{type(said).__name__}: {said}"[:300]


def _seconds(expiry: Any) -> float | None:
    """google-auth's naive UTC time as seconds since 1970."""
    if expiry is None:
        return None
    from datetime import UTC

    return float(expiry.replace(tzinfo=UTC).timestamp())
