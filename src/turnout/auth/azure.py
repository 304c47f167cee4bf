"""Microsoft Entra tokens, by azure-identity.

https://learn.microsoft.com/en-us/azure/ai-foundry/openai/how-to/managed-identity and
https://learn.microsoft.com/en-us/azure/developer/python/sdk/authentication/credential-chains (read 2026-11-21)
"""

from __future__ import annotations

from typing import Any

from turnout.auth.schemes import Scheme, Surroundings, header
from turnout.auth.secrets import Secret
from turnout.auth.tokens import Token, TokenScheme, TokenSource
from turnout.errors import AuthenticationFailed, ConfigError, MissingExtra, MissingKey, TransportFailed

SCOPE = "https://cognitiveservices.azure.com/.default"
_SERVICE = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")


def azure(scope: str, around: Surroundings) -> Scheme:
    """A bearer token for ``scope`` (that of Azure OpenAI if none is named); a key is sent in ``api-key`` instead.

    The credential is the one given to the registry, else the service principal of AZURE_TENANT_ID, AZURE_CLIENT_ID and
    AZURE_CLIENT_SECRET, else what azure-identity's DefaultAzureCredential finds: the machine's identity, the Azure CLI's login…
    It is looked for at the first call.
    """
    return TokenScheme(_source(scope or SCOPE, around), header("api-key"))


def foundry(scope: str, around: Surroundings) -> Scheme:
    """As ``azure``, for Claude in Foundry, which takes a key in ``x-api-key`` as Anthropic does.

    https://platform.claude.com/docs/en/build-with-claude/claude-in-microsoft-foundry (read 2026-11-21)
    """
    return TokenScheme(_source(scope or SCOPE, around), header("x-api-key"))


def _source(scope: str, around: Surroundings) -> TokenSource:
    def make() -> TokenSource:
        return TokenSource(_Asking(scope, around).token, clock=around.clock, now=around.now)

    return around.keep(("azure", scope), make)


class _Asking:
    def __init__(self, scope: str, around: Surroundings) -> None:
        self._scope = scope
        self._environ = around.environ
        self._credential: Any = around.credential

    def token(self) -> Token:
        """Raises MissingExtra, MissingKey, ConfigError, AuthenticationFailed or TransportFailed."""
        try:
            from azure.core.exceptions import AzureError, ClientAuthenticationError
            from azure.identity import CredentialUnavailableError  # 300 ms, and an extra: only who has no key pays it
        except ImportError as error:
            raise MissingExtra("Entra tokens need azure-identity: pip install 'turnout[azure]', or set AZURE_API_KEY") from error
        try:
            if self._credential is None:
                self._credential = self._found()
            got = self._credential.get_token(self._scope)
        except CredentialUnavailableError as error:
            raise MissingKey(
                "no Azure credentials were found: set AZURE_API_KEY, or run `az login`, or set"
                f" {', '.join(_SERVICE)} (https://learn.microsoft.com/azure/developer/python/sdk/authentication/overview):"
                f" {_told(error)}"
            ) from None
        except ClientAuthenticationError as error:
            raise AuthenticationFailed(f"Entra refused these credentials: {_told(error)}") from None
        except AzureError as error:
            raise TransportFailed(f"Entra could not be asked for a token: {_told(error)}") from None
        except ValueError as error:  # a tenant or an authority that cannot be one
            raise ConfigError(f"the Azure credentials are not formed as they should be: {_told(error)}") from None
        value, expires = getattr(got, "token", None), getattr(got, "expires_on", None)
        if not isinstance(value, str) or not value:
            if hasattr(got, "close"):
                got.close()  # a coroutine
            raise ConfigError("the Azure credential gave no token: pass a blocking one (azure.identity, not azure.identity.aio)")
        return Token(Secret(value, "Azure credentials"), float(expires) if expires is not None else None)

    def _found(self) -> Any:
        from azure.identity import ClientSecretCredential, DefaultAzureCredential

        tenant, client, secret = (self._environ.get(name, "").strip() for name in _SERVICE)
        authority = self._environ.get("AZURE_AUTHORITY_HOST", "").strip() or None
        if tenant and client and secret:
            return ClientSecretCredential(tenant, client, secret, authority=authority)
        return DefaultAzureCredential(authority=authority)


def _told(error: Exception) -> str:
    return str(getattr(error, "message", None) or error).strip()[:600]
