"""Requests signed for AWS: the signature is the documented one, the credentials are AWS's own, a Bedrock key needs neither."""

from __future__ import annotations

import builtins
import hmac
from datetime import UTC
from hashlib import sha256
from importlib.util import find_spec
from typing import Any

import pytest
from obtaining_steps import around, run

from turnout.auth import signer
from turnout.auth.secrets import Secret
from turnout.auth.sigv4 import sigv4
from turnout.catalog.schema import Provider
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


# A machine without credentials, that asks nobody for some: all that the schemes under test may look into.
NOBODY = {
    "AWS_CONFIG_FILE": "/nonexistent/config",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent/credentials",
    "AWS_EC2_METADATA_DISABLED": "true",
}
SOMEBODY = {**NOBODY, "AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET}


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


with_botocore = pytest.mark.skipif(find_spec("botocore") is None, reason="the extra aws is not installed")

PATH = "/model/eu.anthropic.claude-x-v1%253A0/converse"  # each segment is quoted once more


@with_botocore
def test_the_signature_is_the_documented_one() -> None:
    signed = run(sigv4("bedrock", around(SOMEBODY))(REQUEST, None))
    assert signed.headers["authorization"] == expected(signed, PATH, "eu-west-1")
    assert (signed.method, signed.url, signed.body) == (REQUEST.method, REQUEST.url, REQUEST.body)
    assert {name: signed.headers[name] for name in REQUEST.headers} == REQUEST.headers


@with_botocore
def test_temporary_credentials_send_their_token() -> None:
    signed = run(sigv4("", around({**SOMEBODY, "AWS_SESSION_TOKEN": "tok"}))(REQUEST, None))
    assert signed.headers["x-amz-security-token"] == "tok"
    assert signed.headers["authorization"] == expected(signed, PATH, "eu-west-1", token="tok")


@with_botocore
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
    signed = run(sigv4("bedrock", around(SOMEBODY))(HttpRequest(method="POST", url=f"https://{host}/model/m/converse"), None))
    assert f"/{region}/bedrock/aws4_request" in signed.headers["authorization"]


@with_botocore
def test_behind_a_proxy_the_region_is_the_configured_one() -> None:
    request = HttpRequest(method="POST", url="http://localhost:8080/model/m/converse")
    with pytest.raises(ConfigError, match="localhost:8080 does not name its AWS region"):
        run(sigv4("bedrock", around(SOMEBODY))(request, None))
    scheme = sigv4("bedrock", around({**SOMEBODY, "AWS_DEFAULT_REGION": "eu-north-1"}))
    assert "/eu-north-1/bedrock/" in run(scheme(request, None)).headers["authorization"]
    both = around({**SOMEBODY, "AWS_DEFAULT_REGION": "eu-north-1", "AWS_REGION": "eu-south-2"})
    assert "/eu-south-2/bedrock/" in run(sigv4("bedrock", both)(request, None)).headers["authorization"]


@with_botocore
def test_the_secret_of_the_credentials_is_not_in_what_is_sent_or_shown() -> None:
    signed = run(sigv4("bedrock", around(SOMEBODY))(REQUEST, None))
    assert SECRET not in str(dict(signed.headers))
    assert ACCESS not in repr(signed)


@with_botocore
def test_a_request_for_another_host_is_not_signed() -> None:
    bedrock = Provider(id="amazon-bedrock", name="Bedrock", wire="w", base_url=f"https://{HOST}", auth="sigv4:bedrock")
    sign = signer(bedrock, sigv4("bedrock", around(SOMEBODY)), None)
    assert "authorization" in run(sign(REQUEST)).headers
    with pytest.raises(ConfigError, match="not sent to"):
        run(sign(HttpRequest(method="POST", url="https://evil.example/model/m/converse")))


@with_botocore
def test_without_credentials_it_says_what_to_set() -> None:
    with pytest.raises(MissingKey, match="AWS_BEARER_TOKEN_BEDROCK"):
        run(sigv4("bedrock", around(NOBODY))(REQUEST, None))


@with_botocore
def test_credentials_that_cannot_be_read_are_an_error_of_the_set_up() -> None:
    with pytest.raises(ConfigError, match="AWS credentials could not be read"):
        run(sigv4("bedrock", around({**NOBODY, "AWS_PROFILE": "nobody"}))(REQUEST, None))


def test_a_key_is_sent_as_a_bearer_token_and_nothing_else_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    without_botocore(monkeypatch)
    signed = run(sigv4("bedrock", around(NOBODY))(REQUEST, Secret("bedrock-api-key-1", "AWS_BEARER_TOKEN_BEDROCK")))
    assert signed.headers == {**REQUEST.headers, "authorization": "Bearer bedrock-api-key-1"}


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    without_botocore(monkeypatch)
    with pytest.raises(MissingExtra, match=r"pip install 'turnout\[aws\]'"):
        run(sigv4("bedrock", around(NOBODY))(REQUEST, None))


def without_botocore(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def importing(name: str, *rest: Any) -> Any:
        if name.partition(".")[0] == "botocore":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", importing)


@with_botocore
def test_credentials_are_those_of_the_environment_that_was_given_and_not_the_processs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDOFTHEPROCESS")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the process")
    assert f"Credential={ACCESS}/" in run(sigv4("bedrock", around(SOMEBODY))(REQUEST, None)).headers["authorization"]
    with pytest.raises(MissingKey):
        run(sigv4("bedrock", around(NOBODY))(REQUEST, None))


@with_botocore
def test_credentials_that_were_found_are_not_looked_for_again() -> None:
    surroundings = around(SOMEBODY)
    run(sigv4("bedrock", surroundings)(REQUEST, None))
    with pytest.raises(StopIteration):  # signed without asking its driver for anything
        next(sigv4("bedrock", surroundings)(REQUEST, None))


@with_botocore
def test_credentials_that_botocore_wants_renewed_are_obtained_again() -> None:
    from datetime import datetime, timedelta

    from botocore.credentials import RefreshableCredentials

    renewals: list[int] = []

    def renewed() -> dict[str, str]:
        renewals.append(1)
        until = datetime.now(UTC) + timedelta(hours=1)
        return {"access_key": "AKIDNEW", "secret_key": SECRET, "token": "new", "expiry_time": until.isoformat()}

    old = datetime.now(UTC) + timedelta(minutes=1)
    credential = RefreshableCredentials(ACCESS, SECRET, "old", old, renewed, "a test")
    scheme = sigv4("bedrock", around(NOBODY, credential=credential))
    assert "Credential=AKIDNEW/" in run(scheme(REQUEST, None)).headers["authorization"]
    assert "Credential=AKIDNEW/" in run(scheme(REQUEST, None)).headers["authorization"]
    assert renewals == [1]
