"""Google credentials against a token server on loopback: accounts, users, the machine's own; and what goes wrong."""

from __future__ import annotations

import base64
import http.server
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from obtaining_steps import around, run

from turnout.auth.google import google
from turnout.auth.secrets import Secret
from turnout.errors import AuthenticationFailed, ConfigError, Error, MissingKey, TransportFailed
from turnout.types import HttpRequest

pytest.importorskip("google.auth", reason="the extra google is not installed")

REQUEST = HttpRequest(method="POST", url="https://aiplatform.googleapis.com/v1/x:generateContent")


class TokenServer(http.server.ThreadingHTTPServer):
    """Answers every POST with ``answer``, and as a metadata server; keeps what was asked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer: tuple[int, dict[str, Any]] = (200, {"access_token": "ya29.one", "expires_in": 3600, "token_type": "Bearer"})
        self.asked: list[dict[str, list[str]]] = []
        self.paths: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: TokenServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0"))).decode()
        self.server.asked.append(parse_qs(body))
        self._say(*self.server.answer)

    def do_GET(self) -> None:
        self.server.paths.append(self.path)
        if "/token" in self.path:
            self._say(200, {"access_token": "ya29.machine", "expires_in": 3600, "token_type": "Bearer"})
        else:
            self._say(200, {"email": "default", "scopes": [], "aliases": ["default"]})

    def _say(self, status: int, value: dict[str, Any]) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("metadata-flavor", "Google")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[TokenServer]:
    with TokenServer() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.shutdown()
        thread.join(10)


@pytest.fixture(autouse=True)
def no_proxy_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def private_key() -> str:
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.fixture
def account(server: TokenServer, private_key: str) -> dict[str, str]:
    return {
        "type": "service_account",
        "project_id": "corp",
        "private_key_id": "1",
        "private_key": private_key,
        "client_email": "robot@corp.iam.gserviceaccount.com",
        "token_uri": f"{server.url}/token",
    }


def written(folder: Path, content: Any) -> dict[str, str]:
    path = folder / "credentials.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return {"GOOGLE_APPLICATION_CREDENTIALS": str(path)}


def refusal(environ: dict[str, str]) -> Error:
    with pytest.raises(Error) as raised:
        run(google("", around(environ))(REQUEST, None))
    return raised.value


def test_a_service_account_asks_its_token_uri_for_the_whole_platform(
    server: TokenServer, account: dict[str, str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    signed = run(google("", around(written(tmp_path, account)))(REQUEST, None))
    assert signed.headers["authorization"] == "Bearer ya29.one"
    (asked,) = server.asked
    assert asked["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    claims = asked["assertion"][0].split(".")[1]
    said = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert said["scope"] == "https://www.googleapis.com/auth/cloud-platform"
    assert "ya29.one" not in caplog.text
    assert "PRIVATE KEY" not in caplog.text


def test_its_token_is_kept_for_its_hour_and_then_renewed(server: TokenServer, account: dict[str, str], tmp_path: Path) -> None:
    at = [time.time()]
    scheme = google("", around(written(tmp_path, account), now=lambda: at[0]))
    run(scheme(REQUEST, None))
    run(scheme(REQUEST, None))
    assert len(server.asked) == 1
    at[0] += 3400
    server.answer = (200, {"access_token": "ya29.two", "expires_in": 3600})
    assert run(scheme(REQUEST, None)).headers["authorization"] == "Bearer ya29.two"


def test_credentials_that_the_program_made_itself_are_used(server: TokenServer) -> None:
    from google.oauth2.credentials import Credentials

    user: Any = Credentials
    credential = user(None, refresh_token="r", token_uri=f"{server.url}/token", client_id="c", client_secret="s")
    signed = run(google("", around({}, credential=credential))(REQUEST, None))
    assert signed.headers["authorization"] == "Bearer ya29.one"
    assert server.asked[0]["refresh_token"] == ["r"]


def test_a_token_that_is_given_as_the_key_is_sent_as_it_is() -> None:
    signed = run(google("", around({}))(REQUEST, Secret("ya29.given", "api_key")))
    assert signed.headers["authorization"] == "Bearer ya29.given"


def test_a_refused_account_is_told_in_googles_words_and_not_its_key(
    server: TokenServer, account: dict[str, str], tmp_path: Path
) -> None:
    server.answer = (400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature.", "id_token": "eyJsecret"})
    error = refusal(written(tmp_path, account))
    assert isinstance(error, AuthenticationFailed)
    assert "invalid_grant: Invalid JWT Signature." in str(error)
    assert "eyJsecret" not in str(error)


def test_a_token_server_that_cannot_be_reached_may_be_tried_again(account: dict[str, str], tmp_path: Path) -> None:
    error = refusal(written(tmp_path, account | {"token_uri": "http://127.0.0.1:9/token"}))
    assert isinstance(error, TransportFailed)


def test_an_answer_without_a_token_is_no_token(server: TokenServer, account: dict[str, str], tmp_path: Path) -> None:
    server.answer = (200, {"expires_in": 3600, "id_token": "eyJsecret"})
    error = refusal(written(tmp_path, account))
    assert isinstance(error, AuthenticationFailed)
    assert "eyJsecret" not in str(error)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("not json", "cannot be read: it is not JSON"),
        ({"type": "service_account", "private_key": "-----BEGIN secret"}, "is not a whole service_account file"),
        ({"type": "authorized_user"}, "is not a whole authorized_user file"),
    ],
)
def test_a_file_that_is_no_credential_is_named_and_not_quoted(tmp_path: Path, content: Any, said: str) -> None:
    error = refusal(written(tmp_path, content))
    assert isinstance(error, ConfigError)
    assert said in str(error)
    assert "BEGIN secret" not in str(error)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    error = refusal({"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "nowhere.json")})
    assert isinstance(error, ConfigError)
    assert "nowhere.json cannot be read: No such file" in str(error)


@pytest.mark.parametrize("form", ["JSON", "base64"])
def test_an_account_may_stand_in_a_variable_as_json_or_base64_of_it(
    server: TokenServer, account: dict[str, str], tmp_path: Path, form: str
) -> None:
    text = json.dumps(account | {"project_id": "your-own-project"})  # which as a key would be a placeholder
    environ = {"GOOGLE_VERTEX_CREDENTIALS_JSON": text if form == "JSON" else base64.b64encode(text.encode()).decode()}
    missing = {"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "nowhere.json")}
    signed = run(google("", around(environ | missing))(REQUEST, None))
    assert signed.headers["authorization"] == "Bearer ya29.one"
    assert server.asked[0]["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]


def test_a_workload_of_another_cloud_may_stand_in_the_variable_too(server: TokenServer, tmp_path: Path) -> None:
    (tmp_path / "subject").write_text("a token of another cloud")
    federated = {
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "token_url": f"{server.url}/token",
        "credential_source": {"file": str(tmp_path / "subject")},
    }
    server.answer = (200, server.answer[1] | {"issued_token_type": "urn:ietf:params:oauth:token-type:access_token"})
    signed = run(google("", around({"GOOGLE_VERTEX_CREDENTIALS_JSON": json.dumps(federated)}))(REQUEST, None))
    assert signed.headers["authorization"] == "Bearer ya29.one"
    assert server.asked[0]["subject_token"] == ["a token of another cloud"]


@pytest.mark.parametrize("empty", ["", "  ", "your_credentials_here"])
def test_a_variable_that_holds_no_account_is_passed_over(
    server: TokenServer, account: dict[str, str], tmp_path: Path, empty: str
) -> None:
    environ = written(tmp_path, account) | {"GOOGLE_VERTEX_CREDENTIALS_JSON": empty}
    assert run(google("", around(environ))(REQUEST, None)).headers["authorization"] == "Bearer ya29.one"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{not json BEGIN secret", "it is neither JSON nor base64 of it"),
        ("BEGINsecret", "it is neither JSON nor base64 of it"),
        ('{"type": "service_account", "private_key": "-----BEGIN secret"}', "is not a whole service_account"),
        ('{"type": "BEGIN secret"}', "holds no credentials"),
        ('{"type": "external_account", "audience": "BEGIN secret"}', "holds no credentials"),
        (base64.b64encode(b"[1]").decode(), "holds no credentials"),
    ],
)
def test_a_variable_that_holds_something_else_is_named_and_not_quoted(content: str, said: str) -> None:
    error = refusal({"GOOGLE_VERTEX_CREDENTIALS_JSON": content})
    assert isinstance(error, ConfigError)
    assert str(error).startswith("GOOGLE_VERTEX_CREDENTIALS_JSON ")
    assert said in str(error)
    assert "secret" not in str(error)


SCRIPT = """
from turnout.client.sync import Client
from turnout.registry import Registry
from turnout.config import Config
from turnout.testing.transport import Script
from turnout.types import HttpResponse
from turnout.errors import Error
said = b'{"candidates":[{"content":{"role":"model","parts":[{"text":"hi"}]},"finishReason":"STOP"}]}'
script = Script(HttpResponse(status=200, body=said))
names = Registry(environ={"GOOGLE_CLOUD_PROJECT": "corp"}, config=Config())
try:
    print(Client(names, script, model="google-vertex/gemini-2.5-flash").chat("hi").text)
    print(script.sent[0].url, script.sent[0].headers["authorization"])
except Error as error:
    print(type(error).__name__, str(error)[:80])
"""


def in_a_process(folder: Path, **environ: str) -> list[str]:
    """What SCRIPT prints: google-auth reads where the machine's own credentials are when it is imported."""
    whole = {"HOME": str(folder), "PATH": "/nonexistent", "CLOUDSDK_CONFIG": str(folder), **environ}
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=120, env=whole, check=True)
    return done.stdout.splitlines()


def test_the_machines_own_account_is_found_by_its_metadata_server(server: TokenServer, tmp_path: Path) -> None:
    place = f"127.0.0.1:{server.server_port}"
    said = in_a_process(tmp_path, GCE_METADATA_HOST=place, GCE_METADATA_IP=place)
    assert said[0] == "hi"
    assert said[1] == (
        "https://us-central1-aiplatform.googleapis.com/v1/projects/corp/locations/us-central1/publishers/google/models/gemini-2.5-flash:generateContent"
        " Bearer ya29.machine"
    )
    assert any("/instance/service-accounts/default/token" in path for path in server.paths)


def test_without_any_credentials_it_says_how_to_get_some(tmp_path: Path) -> None:
    said = in_a_process(tmp_path, NO_GCE_CHECK="true")
    assert said == ["MissingKey no Google credentials were found: run `gcloud auth application-default login`, o"]
    assert MissingKey.__name__ in said[0]
