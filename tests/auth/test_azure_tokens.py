"""Entra tokens by azure-identity: which credential is used, and what its failures mean."""

from __future__ import annotations

import builtins
from typing import Any

import pytest
from obtaining_steps import around, run

from turnout.auth.azure import azure, foundry
from turnout.auth.google import google
from turnout.auth.secrets import Secret
from turnout.errors import AuthenticationFailed, ConfigError, Error, MissingExtra, MissingKey, TransportFailed
from turnout.types import HttpRequest

pytest.importorskip("azure.identity", reason="the extra azure is not installed")

REQUEST = HttpRequest(method="POST", url="https://corp.openai.azure.com/openai/v1/chat/completions")
PRINCIPAL = {"AZURE_TENANT_ID": "9f0de2a1", "AZURE_CLIENT_ID": "c", "AZURE_CLIENT_SECRET": "s3cr3t"}


class Gives:
    def __init__(self, value: Any, expires_on: Any = 2_000_000_000) -> None:
        self.value, self.expires_on = value, expires_on
        self.scopes: list[str] = []

    def get_token(self, *scopes: str, **options: Any) -> Any:
        from azure.core.credentials import AccessToken

        self.scopes += scopes
        if isinstance(self.value, Exception):
            raise self.value
        return AccessToken(self.value, self.expires_on)


def refusal(credential: Any) -> Error:
    with pytest.raises(Error) as raised:
        run(azure("", around({}, credential=credential))(REQUEST, None))
    return raised.value


@pytest.mark.parametrize(("scope", "asked"), [("", "https://cognitiveservices.azure.com/.default"), ("https://x/.default",) * 2])
def test_a_token_is_asked_for_the_scope_and_sent_as_bearer(scope: str, asked: str) -> None:
    gives = Gives("entra-1")
    signed = run(azure(scope, around({}, credential=gives))(REQUEST, None))
    assert signed.headers == {"authorization": "Bearer entra-1"}
    assert gives.scopes == [asked]


@pytest.mark.parametrize(("scheme", "header"), [(azure, "api-key"), (foundry, "x-api-key")])
def test_a_key_needs_no_library_and_goes_in_its_header(scheme: Any, header: str, monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "azure")
    assert run(scheme("", around({}))(REQUEST, Secret("k-1", "AZURE_API_KEY"))).headers == {header: "k-1"}


def test_both_services_of_azure_share_one_token() -> None:
    gives, kept = Gives("entra-1"), dict[Any, Any]()
    run(azure("", around({}, credential=gives, kept=kept))(REQUEST, None))
    run(foundry("", around({}, credential=gives, kept=kept))(REQUEST, None))
    assert len(gives.scopes) == 1


def failures() -> list[Any]:
    from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
    from azure.identity import CredentialUnavailableError

    return [
        pytest.param(CredentialUnavailableError("no login"), MissingKey, "run `az login`", id="nothing found"),
        pytest.param(ClientAuthenticationError("AADSTS7000222: expired"), AuthenticationFailed, "AADSTS7000222", id="refused"),
        pytest.param(ServiceRequestError("no route"), TransportFailed, "no route", id="unreachable"),
        pytest.param(ValueError("invalid tenant id"), ConfigError, "invalid tenant id", id="malformed"),
    ]


@pytest.mark.parametrize(("failure", "kind", "said"), failures())
def test_a_failure_says_who_has_to_act(failure: Exception, kind: type[Error], said: str) -> None:
    error = refusal(Gives(failure))
    assert type(error) is kind
    assert said in str(error)


def test_an_asynchronous_credential_is_refused_with_the_one_to_pass() -> None:
    class Asynchronous:
        async def get_token(self, *scopes: str, **options: Any) -> Any:
            return None

    assert "pass a blocking one" in str(refusal(Asynchronous()))


def test_the_service_principal_of_the_given_environment_is_used_first(monkeypatch: pytest.MonkeyPatch) -> None:
    from azure.identity import ClientSecretCredential

    asked: list[Any] = []

    def token(self: Any, *scopes: str, **options: Any) -> Any:
        asked.append(self)
        return Gives("entra-1").get_token(*scopes)

    monkeypatch.setattr(ClientSecretCredential, "get_token", token)  # the library's own exchange needs the network
    signed = run(azure("", around(PRINCIPAL))(REQUEST, None))
    assert signed.headers["authorization"] == "Bearer entra-1"
    assert [type(credential) for credential in asked] == [ClientSecretCredential]
    assert "s3cr3t" not in repr(signed)


@pytest.mark.parametrize(
    ("scheme", "package", "extra"), [(azure, "azure", "turnout[azure]"), (google, "google", "turnout[google]")]
)
def test_without_the_extra_it_says_what_to_install(
    scheme: Any, package: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, package)
    with pytest.raises(MissingExtra, match=f"pip install '{extra.replace('[', '.').replace(']', '.')}'"):
        run(scheme("", around({}))(REQUEST, None))


def without(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    real = builtins.__import__

    def importing(name: str, *rest: Any) -> Any:
        if name.partition(".")[0] == package:
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", importing)
