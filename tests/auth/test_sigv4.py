"""Requests signed for AWS: the signature is the documented one, the credentials are AWS's own, a Bedrock key needs neither."""

from __future__ import annotations

import builtins
import hmac
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from turnout.auth import signer
from turnout.auth.secrets import Secret
from turnout.auth.sigv4 import sigv4
from turnout.catalog.schema import Provider
from turnout.effects import Steps
from turnout.errors import ConfigError, MissingExtra, MissingKey
from turnout.types import HttpRequest

ACCESS, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
HOST = "bedrock-runtime.eu-west-1.amazonaws.com"
REQUEST = HttpRequest(
    method="POST",
    url=f"https://{HOST}/model/eu.anthropic.claude-x-v1%3A0/converse",
    headers={"content-type": "application/json", "accept": "application/json"},
    body=b'{"messages":[]}',
)


def done(steps: Steps[HttpRequest]) -> HttpRequest:
    """Runs steps that must yield no effect."""
    with pytest.raises(StopIteration) as stopped:
        next(steps)
    signed: HttpRequest = stopped.value.value
    return signed


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without credentials, that asks nobody for some."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("botocore", reason="the extra aws is not installed")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)


def expected(signed: HttpRequest, path: str, region: str, *, token: str = "", service: str = "bedrock") -> str:
    """The header ``authorization`` by the documentation, step by step.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html (read 2026-11-21)
    """
    at = signed.headers["x-amz-date"]
    said = {"content-type": "application/json", "host": HOST, "x-amz-date": at} | (
        {"x-amz-security-token": token} if token else {}
    )
    names = ";".join(sorted(said))
    headers = "".join(f"{name}:{said[name]}\n" for name in sorted(said))
    canonical = "\n".join(("POST", path, "", headers, names, sha256(signed.body).hexdigest()))
    scope = f"{at[:8]}/{region}/{service}/aws4_request"
    to_sign = "\n".join(("AWS4-HMAC-SHA256", at, scope, sha256(canonical.encode()).hexdigest()))
    key = f"AWS4{SECRET}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    return f"AWS4-HMAC-SHA256 Credential={ACCESS}/{scope}, SignedHeaders={names}, Signature={signature}"


PATH = "/model/eu.anthropic.claude-x-v1%253A0/converse"  # each segment is quoted once more


@pytest.mark.usefixtures("somebody")
def test_the_signature_is_the_documented_one() -> None:
    signed = done(sigv4("bedrock")(REQUEST, None))
    assert signed.headers["authorization"] == expected(signed, PATH, "eu-west-1")
    assert (signed.method, signed.url, signed.body) == (REQUEST.method, REQUEST.url, REQUEST.body)
    assert {name: signed.headers[name] for name in REQUEST.headers} == REQUEST.headers


@pytest.mark.usefixtures("somebody")
def test_temporary_credentials_send_their_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SESSION_TOKEN", "tok")
    signed = done(sigv4("")(REQUEST, None))
    assert signed.headers["x-amz-security-token"] == "tok"
    assert signed.headers["authorization"] == expected(signed, PATH, "eu-west-1", token="tok")


@pytest.mark.usefixtures("somebody")
@pytest.mark.parametrize(
    ("host", "region"),
    [
        ("bedrock-runtime.us-east-1.amazonaws.com", "us-east-1"),
        ("bedrock-runtime-fips.us-gov-west-1.amazonaws.com", "us-gov-west-1"),
        ("vpce-0a.bedrock-runtime.ap-southeast-2.vpce.amazonaws.com", "ap-southeast-2"),
        ("bedrock-runtime.eusc-de-east-1.amazonaws.eu", "eusc-de-east-1"),
    ],
)
def test_the_region_is_the_one_that_the_host_names(host: str, region: str) -> None:
    signed = done(sigv4("bedrock")(HttpRequest(method="POST", url=f"https://{host}/model/m/converse"), None))
    assert f"/{region}/bedrock/aws4_request" in signed.headers["authorization"]


@pytest.mark.usefixtures("somebody")
def test_behind_a_proxy_the_region_is_the_configured_one(monkeypatch: pytest.MonkeyPatch) -> None:
    request = HttpRequest(method="POST", url="http://localhost:8080/model/m/converse")
    with pytest.raises(ConfigError, match="localhost:8080 does not name its AWS region"):
        done(sigv4("bedrock")(request, None))
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    assert "/eu-north-1/bedrock/" in done(sigv4("bedrock")(request, None)).headers["authorization"]


@pytest.mark.usefixtures("somebody")
def test_the_secret_of_the_credentials_is_not_in_what_is_sent_or_shown() -> None:
    signed = done(sigv4("bedrock")(REQUEST, None))
    assert SECRET not in str(dict(signed.headers))
    assert ACCESS not in repr(signed)


@pytest.mark.usefixtures("somebody")
def test_a_request_for_another_host_is_not_signed() -> None:
    bedrock = Provider(id="amazon-bedrock", name="Bedrock", wire="w", base_url=f"https://{HOST}", auth="sigv4:bedrock")
    sign = signer(bedrock, sigv4("bedrock"), None)
    assert "authorization" in done(sign(REQUEST)).headers
    with pytest.raises(ConfigError, match="not sent to"):
        done(sign(HttpRequest(method="POST", url="https://evil.example/model/m/converse")))


def test_without_credentials_it_says_what_to_set() -> None:
    pytest.importorskip("botocore", reason="the extra aws is not installed")
    with pytest.raises(MissingKey, match="AWS_BEARER_TOKEN_BEDROCK"):
        done(sigv4("bedrock")(REQUEST, None))


def test_credentials_that_cannot_be_read_are_an_error_of_the_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("botocore", reason="the extra aws is not installed")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(ConfigError, match="AWS credentials could not be read"):
        done(sigv4("bedrock")(REQUEST, None))


def test_a_key_is_sent_as_a_bearer_token_and_nothing_else_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    without_botocore(monkeypatch)
    signed = done(sigv4("bedrock")(REQUEST, Secret("bedrock-api-key-1", "AWS_BEARER_TOKEN_BEDROCK")))
    assert signed.headers == {**REQUEST.headers, "authorization": "Bearer bedrock-api-key-1"}


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    without_botocore(monkeypatch)
    with pytest.raises(MissingExtra, match=r"pip install 'turnout\[aws\]'"):
        done(sigv4("bedrock")(REQUEST, None))


def without_botocore(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def importing(name: str, *rest: Any) -> Any:
        if name.partition(".")[0] == "botocore":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", importing)
