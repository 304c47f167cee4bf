"""``turnout doctor``: what it learns from providers on loopback, and from a gateway's file."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from upstream import KEY, send

from turnout.cli import main
from turnout.cli.doctor import here
from turnout.discovery.standing import Resting, Standing
from turnout.gateway.standing_file import StandingFile
from turnout.registry import Registry

LIST = json.dumps({"object": "list", "data": [{"id": "a", "object": "model"}, {"id": "b", "object": "model"}]}).encode()


class Lists:
    """Gives a list of two models: with a key only, to anybody, or as ``status`` and ``body`` say. HOLD never answers."""

    def __init__(self) -> None:
        self.public = False
        self.refuses: tuple[int, bytes] | None = None
        self.holds = False
        self.keys: list[str | None] = []
        self.released = threading.Event()
        lists = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                key = self.headers.get("authorization")
                lists.keys.append(key)
                if lists.holds:
                    lists.released.wait(60)
                    self.close_connection = True
                elif lists.refuses is not None:
                    send(self, *lists.refuses)
                elif key is None and not lists.public:
                    send(self, 401, b'{"error":{"message":"no key","type":"invalid_request_error","code":"invalid_api_key"}}')
                else:
                    send(self, 200, LIST)

            def log_message(self, format: str, *args: object) -> None:
                """Not on the test's stderr."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01})
        self.thread.start()

    def close(self) -> None:
        self.released.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def lists(environment, monkeypatch) -> Iterator[Lists]:
    monkeypatch.setattr(here, "embedded_model", lambda: here.Embedded(None, None, "llama.cpp is not installed"))
    server = Lists()
    base_url = f"http://127.0.0.1:{server.server.server_port}/v1"
    monkeypatch.setattr(here, "listens", lambda asked: asked == base_url or asked == os.environ.get("OPENAI_BASE_URL"))
    monkeypatch.setenv("OPENAI_BASE_URL", base_url)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    yield server
    server.close()


def found(capsys, *arguments: str) -> dict[str, dict]:
    main(["doctor", "--json", "--provider", "openai", *arguments])
    shown = capsys.readouterr().out
    assert KEY not in shown
    return json.loads(shown)


def openai(capsys, *arguments: str) -> dict:
    (row,) = found(capsys, *arguments)["providers"]
    return row


def test_a_provider_that_takes_the_key_is_reached_authenticated_counted_and_timed(lists, capsys):
    row = openai(capsys)
    health = row["health"]
    assert (row["state"], health["reachable"], health["authenticated"], health["models"]) == ("usable", True, True, 2)
    assert 0 < health["seconds"] < 10
    assert lists.keys == [f"Bearer {KEY}", None]


def test_a_list_that_anybody_gets_does_not_prove_the_key(lists, capsys):
    lists.public = True
    health = openai(capsys)["health"]
    assert (health["authenticated"], health["models"]) == (None, 2)
    assert "whether it takes the key is not known" in health["remedy"]


def test_a_refused_key_is_failing_with_its_variable_and_where_to_get_one_and_exits_1(lists, capsys):
    lists.refuses = (401, json.dumps({"error": {"message": f"Incorrect API key: {KEY}", "code": "invalid_api_key"}}).encode())
    row = openai(capsys)
    assert (row["state"], row["health"]["authenticated"]) == ("failing", False)
    assert "put a valid one in OPENAI_API_KEY (https://" in row["health"]["remedy"]
    assert main(["doctor", "--provider", "openai"]) == 1
    shown = capsys.readouterr().out
    assert "set up, but asked in vain (1)\n  openai  " in shown
    assert KEY not in shown


def test_one_that_is_not_there_is_not_reachable(lists, capsys, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{port}/v1")
    row = openai(capsys)
    assert (row["state"], row["health"]["reachable"]) == ("failing", False)
    assert f"no connection to http://127.0.0.1:{port}/v1" in row["health"]["remedy"]


def test_one_that_never_answers_is_given_up_after_the_timeout(lists, capsys):
    lists.holds = True
    began = time.monotonic()
    row = openai(capsys, "--timeout", "0.2")
    assert time.monotonic() - began < 5
    assert (row["state"], row["health"]["reachable"]) == ("failing", False)


def test_what_is_no_list_is_a_fault_of_the_provider(lists, capsys):
    lists.refuses = (200, b"<html>welcome</html>")
    assert openai(capsys)["state"] == "failing"


def test_offline_reaches_nobody(lists, capsys):
    assert openai(capsys, "--offline")["health"] is None
    assert lists.keys == []


def test_a_key_that_several_could_read_is_sent_to_one_of_them(lists, capsys):
    main(["doctor", "--json"])
    report = json.loads(capsys.readouterr().out)
    assert [row["id"] for row in report["providers"] if row["health"] is not None] == ["openai"]
    assert report["providers"][0]["id"] == "openai"


def test_all_that_were_named_must_be_usable_for_exit_0(lists, capsys):
    assert main(["doctor", "--provider", "openai"]) == 0
    assert main(["doctor", "--provider", "openai", "--provider", "groq"]) == 1
    assert main(["doctor", "--provider", "opnai"]) == 3


# -- a gateway's file ------------------------------------------------------------------------------


def test_a_gateways_fresh_file_is_preferred_and_its_resting_targets_are_told(lists, capsys, tmp_path, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY")
    registry = Registry(environ={"OPENAI_API_KEY": KEY})
    for _ in range(3):
        registry.breakers.failed(registry.resolve("openai/gpt-4o"), time.monotonic())
    path = tmp_path / "standing.json"
    file = StandingFile(str(path), lambda: registry)
    file.close()
    assert path.stat().st_mode & 0o777 == 0o600
    assert KEY not in path.read_text()
    report = found(capsys, "--snapshot", str(path), "--offline")
    (row,) = report["providers"]
    assert (row["state"], row["said_by"], row["diagnosis"]["initialized"]) == ("usable", "gateway", True)
    assert row["diagnosis"]["reason_unavailable"] is None
    assert report["gateway"]["resting"][0]["target"] == "openai/gpt-4o"
    assert main(["doctor", "--offline", "--provider", "openai", "--snapshot", str(path)]) == 0
    assert "openai/gpt-4o failed several times in a row" in capsys.readouterr().out


def test_a_snapshot_names_models_with_their_provider_as_it_is_called(lists, tmp_path):
    registry = Registry(environ={"OPENAI_API_KEY": KEY})
    file = StandingFile(str(tmp_path / "standing.json"), lambda: registry)
    file.close()
    told = json.loads((tmp_path / "standing.json").read_text())
    assert told["available_models"]["gpt-4o-mini"] == "openai"
    assert "openai" in told["initialized_providers"]
    assert {"groq", "openai"} <= set(told["registered_providers"])


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (None, "cannot be read"),
        (b"{", "is not what a gateway writes"),
        (json.dumps({"timestamp": 1.0, "registered_providers": [], "initialized_providers": [], "available_models": {}}).encode(),
         "the gateway that wrote it has ended"),
    ],
)  # fmt: skip
def test_a_file_that_is_missing_broken_or_old_is_named_and_this_machine_is_looked_at(lists, capsys, tmp_path, content, note):
    path = tmp_path / "standing.json"
    if content is not None:
        path.write_bytes(content)
    report = found(capsys, "--snapshot", str(path), "--offline")
    assert report["gateway"]["used"] is False
    assert note in report["gateway"]["note"]
    (row,) = report["providers"]
    assert (row["state"], row["said_by"]) == ("usable", "here")


def test_the_snapshot_may_be_named_by_a_variable(lists, capsys, tmp_path, monkeypatch):
    standing = Standing(
        timestamp=time.time(),
        registered_providers=("openai",),
        initialized_providers=(),
        available_models={},
        reasons={"openai": "OpenAI needs an API key"},
        resting=(Resting("openai/x", 3.0),),
    )
    from msgspec.json import encode

    (tmp_path / "s.json").write_bytes(encode(standing))
    monkeypatch.setenv("TURNOUT_SNAPSHOT", str(tmp_path / "s.json"))
    (row,) = found(capsys, "--offline")["providers"]
    assert (row["state"], row["reason"]) == ("wrong", "OpenAI needs an API key")


def test_a_gateway_writes_its_snapshot_when_it_starts(environment, tmp_path):
    import subprocess
    import sys

    path = tmp_path / "standing.json"
    command = [sys.executable, "-m", "turnout", "serve", "--port", "0", "--snapshot", str(path)]
    with subprocess.Popen(command, env={**environment, "GROQ_API_KEY": KEY}, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        assert b"serving on" in process.stderr.readline()
        told = json.loads(path.read_text())
        process.terminate()
    assert "groq" in told["initialized_providers"]
    assert told["pid"] == process.pid
