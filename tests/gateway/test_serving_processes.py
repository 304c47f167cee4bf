"""``turnout serve`` as its users run it: processes, signals, files."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from raw_http import connect, exchange, fetched, get, post, read, until

from turnout.gateway import Limits
from turnout.telemetry.counts import read_counts

CHAT = "/v1/chat/completions"
UNKNOWN = b'{"model":"nobody/knows","messages":[{"role":"user","content":"hi"}]}'
STREAM = b'{"model":"openai/gpt-4o-mini","stream":true,"messages":[{"role":"user","content":"hi"}]}'
HEAD = b'data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,'


class Process:
    """What ``turnout serve`` says on standard error, line by line, and where it serves."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.url = self.said("serving on ").split()[3]

    def said(self, words: str) -> str:
        """The next line that holds ``words``."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if words in line:
                return line.rstrip()
        raise AssertionError(f"it ended with {self.process.wait(20)} before it said {words!r}")

    def signal(self, number: int) -> None:
        self.process.send_signal(number)


@contextmanager
def serving(folder: Path, *flags: str, **environ: str) -> Iterator[Process]:
    command = [sys.executable, "-m", "turnout", "serve", "--port", "0", *flags]
    surroundings = {**os.environ, "TURNOUT_CONFIG_DIR": str(folder), "TMPDIR": str(folder), **environ}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=surroundings, cwd=folder) as process:
        try:
            yield Process(process)
        finally:
            process.terminate()
            process.wait(20)


@contextmanager
def upstream() -> Iterator[tuple[str, threading.Event]]:
    """A provider whose streams end only once the event is set."""
    go_on = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            self.wfile.write(HEAD + b'"delta":{"content":"The "},"finish_reason":null}]}\n\n')
            self.wfile.flush()
            go_on.wait(20)
            self.wfile.write(HEAD + b'"delta":{"content":"Loire"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n')

        def log_message(self, format: str, *args: Any) -> None:
            """Not on the test's stderr."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1", go_on
        finally:
            go_on.set()
            server.shutdown()
            thread.join()


def eventually(holds: Callable[[], bool]) -> None:
    """Asks until it holds; what another process does by itself has no other end to wait for."""
    until_then = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < until_then, "it never came true"


def count(url: str, start: str) -> float:
    lines = exchange(url, get("/metrics"))[2].decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(start))


def written(folder: Path) -> int:
    counts = [read_counts(file.read_bytes()) for file in folder.glob("turnout-*/*.counts")]
    return sum(sum(one.calls.values()) for one in counts)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_stream_under_way_ends_as_it_should_after_sigterm_and_its_record_is_written(tmp_path: Path, workers: str) -> None:
    flags = ("--workers", workers, "--records", str(tmp_path / "records.jsonl"))
    key = "sk-proj-4vJ8Qm2ZtXc9RbNw"
    with upstream() as (base_url, go_on), serving(tmp_path, *flags, OPENAI_BASE_URL=base_url, OPENAI_API_KEY=key) as gateway:
        with connect(gateway.url) as caller:
            caller.sendall(post(CHAT, STREAM))
            begun = until(caller, b"\r\n")
            while b"The " not in begun:
                begun += caller.recv(65536)
            gateway.signal(signal.SIGTERM)
            eventually(lambda: refused(gateway.url))
            go_on.set()
            rest = b""
            while piece := caller.recv(65536):
                rest += piece
        assert b"[DONE]" in rest
        assert rest.endswith(b"0\r\n\r\n")
        assert gateway.process.wait(20) == 0
    (record,) = map(json.loads, (tmp_path / "records.jsonl").read_text().splitlines())
    assert (record["outcome"], record["target"]["model"]) == ("ok", "gpt-4o-mini")
    assert oct((tmp_path / "records.jsonl").stat().st_mode)[-3:] == "600"


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_stream_that_goes_on_beyond_the_time_to_drain_is_broken_off_and_recorded(tmp_path: Path, workers: str) -> None:
    flags = ("--workers", workers, "--records", str(tmp_path / "records.jsonl"), "--drain-seconds", "1")
    key = "sk-proj-4vJ8Qm2ZtXc9RbNw"
    with upstream() as (base_url, _), serving(tmp_path, *flags, OPENAI_BASE_URL=base_url, OPENAI_API_KEY=key) as gateway:
        with connect(gateway.url) as caller:
            caller.sendall(post(CHAT, STREAM))
            begun = until(caller, b"\r\n")
            while b"The " not in begun:
                begun += caller.recv(65536)
            gateway.signal(signal.SIGTERM)
            rest = read_on(caller)
        assert gateway.process.wait(20) == 0
    assert b"[DONE]" not in rest
    assert not rest.endswith(b"0\r\n\r\n"), "a clean end that was none"
    (record,) = map(json.loads, (tmp_path / "records.jsonl").read_text().splitlines())
    assert (record["outcome"], record["target"]["model"]) == ("cancelled", "gpt-4o-mini")


def refused(url: str) -> bool:
    try:
        connect(url).close()
    except ConnectionError:  # reset, if it waited to be accepted when the door closed
        return True
    return False


@pytest.mark.parametrize("workers", ["1", "2"])
def test_sighup_reads_the_configuration_again_and_a_bad_file_changes_nothing(tmp_path: Path, workers: str) -> None:
    file = tmp_path / "turnout.toml"
    file.write_text('[aliases]\nriver = "openai/gpt-4o-mini"\n')
    asked = post(CHAT, b'{"model":"river","messages":[{"role":"user","content":"hi"}]}')
    with serving(tmp_path, "--workers", workers) as gateway:
        assert b"OPENAI_API_KEY" in exchange(gateway.url, asked)[2]
        file.write_text("[aliases]\nriver = 7\n")
        gateway.signal(signal.SIGHUP)
        assert "turnout.toml:2" in gateway.said("was not reloaded")
        assert b"OPENAI_API_KEY" in exchange(gateway.url, asked)[2]
        file.write_text('[aliases]\nriver = "mistral/mistral-large-latest"\n')
        gateway.signal(signal.SIGHUP)
        gateway.said("was read again")
        eventually(lambda: b"MISTRAL_API_KEY" in exchange(gateway.url, asked)[2])


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_stream_under_way_ends_as_it_began_when_the_configuration_is_read_again(tmp_path: Path, workers: str) -> None:
    """Even if the provider that answers it is forbidden by then."""
    asked = post(CHAT, b'{"model":"river","messages":[{"role":"user","content":"hi"}]}')
    file = tmp_path / "turnout.toml"
    file.write_text("[aliases]\n")
    key = "sk-proj-4vJ8Qm2ZtXc9RbNw"
    with upstream() as (base_url, go_on):
        environ = {"OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": key}
        with serving(tmp_path, "--workers", workers, **environ) as gateway, connect(gateway.url) as caller:
            caller.sendall(post(CHAT, STREAM))
            begun = until(caller, b"\r\n")
            while b"The " not in begun:
                begun += caller.recv(65536)
            file.write_text('disabled_providers = ["openai"]\n[aliases]\nriver = "mistral/mistral-large-latest"\n')
            gateway.signal(signal.SIGHUP)
            gateway.said("was read again")
            eventually(lambda: b"MISTRAL_API_KEY" in exchange(gateway.url, asked)[2])
            go_on.set()
            rest = begun + read_on(caller)
    assert b"Loire" in rest
    assert rest.endswith(b"data: [DONE]\n\n\r\n0\r\n\r\n")


def read_on(connection: socket.socket) -> bytes:
    rest = b""
    while piece := connection.recv(65536):
        rest += piece
    return rest


def test_a_mistake_that_the_rest_can_do_without_is_told_at_the_start_and_refused_at_the_next_reading(tmp_path: Path) -> None:
    (tmp_path / "turnout.toml").write_text('[providers.acme]\nwire = "nobody-speaks-it"\nbase_url = "http://127.0.0.1:1"\n')
    command = [sys.executable, "-m", "turnout", "serve", "--port", "0"]
    surroundings = {**os.environ, "TURNOUT_CONFIG_DIR": str(tmp_path)}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=surroundings, cwd=tmp_path) as process:
        assert process.stderr is not None
        assert "turnout.toml:2: unknown wire 'nobody-speaks-it'" in process.stderr.readline()
        assert "serving on" in process.stderr.readline()
        process.send_signal(signal.SIGHUP)
        assert "was not reloaded, and the old one goes on" in process.stderr.readline()
        process.terminate()
        assert process.wait(20) == 0


def test_workers_are_counted_together_and_one_that_dies_is_replaced(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "2") as gateway:
        for _ in range(12):
            assert exchange(gateway.url, post(CHAT, UNKNOWN))[0] == 404
        eventually(lambda: count(gateway.url, "turnout_calls_total") == 12)
        eventually(lambda: written(tmp_path) == 12)  # what is not written down yet goes with its worker
        assert fetched(gateway.url, "/calls/any")[0] == 404
        children = Path(f"/proc/{gateway.process.pid}/task/{gateway.process.pid}/children")
        if not children.exists():
            pytest.skip("finding a worker's process needs Linux")
        first = children.read_text().split()[0]
        os.kill(int(first), signal.SIGKILL)
        assert "status -9 and is replaced" in gateway.said("is replaced")
        eventually(lambda: len(children.read_text().split()) == 2 and first not in children.read_text().split())
        for _ in range(12):
            assert exchange(gateway.url, post(CHAT, UNKNOWN))[0] == 404
        eventually(lambda: count(gateway.url, "turnout_calls_total") == 24)


def test_workers_end_when_the_process_that_started_them_is_killed(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "2") as gateway:
        gateway.signal(signal.SIGKILL)
        gateway.process.wait(20)
        eventually(lambda: refused(gateway.url))
        eventually(lambda: not list(tmp_path.glob("turnout-*")))


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_port_that_is_taken_is_said_in_a_sentence(tmp_path: Path, workers: str) -> None:
    with serving(tmp_path, "--workers", workers) as gateway:
        port = gateway.url.rpartition(":")[2]
        command = [sys.executable, "-m", "turnout", "serve", "--port", port, "--workers", workers]
        second = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path)
    assert second.returncode != 0
    assert f"cannot listen on 127.0.0.1:{port}: Address already in use" in second.stderr
    assert "Traceback" not in second.stderr


def test_the_calls_at_once_are_those_of_all_workers_together(tmp_path: Path) -> None:
    """The kernel may give every connection to the same worker, so fewer may be served, but never more."""
    flags = ("--workers", "2", "--concurrent", "2", "--waiting", "0")
    key = "sk-proj-4vJ8Qm2ZtXc9RbNw"
    with upstream() as (base_url, go_on), serving(tmp_path, *flags, OPENAI_BASE_URL=base_url, OPENAI_API_KEY=key) as gateway:
        callers = [connect(gateway.url) for _ in range(12)]
        begun = []
        for caller in callers:
            caller.sendall(post(CHAT, STREAM))
            begun.append(caller.recv(13, socket.MSG_WAITALL))
        go_on.set()
        for caller in callers:
            while caller.recv(65536):
                pass
            caller.close()
    assert set(begun) <= {b"HTTP/1.1 200 ", b"HTTP/1.1 429 "}
    assert 1 <= begun.count(b"HTTP/1.1 200 ") <= 2


def test_fewer_calls_than_workers_are_told_before_anything_is_served(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "turnout", "serve", "--port", "0", "--workers", "3", "--concurrent", "2"]
    surroundings = {**os.environ, "TURNOUT_CONFIG_DIR": str(tmp_path)}
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, env=surroundings, cwd=tmp_path)
    assert run.returncode != 0
    assert "--concurrent 2 leaves no call to some of the 3 workers" in run.stderr


@pytest.mark.parametrize(("concurrent", "waiting", "workers"), [(1000, 1000, 1), (1000, 1000, 3), (7, 0, 4), (4, 5, 4)])
def test_the_workers_parts_add_up_to_what_was_asked_for(concurrent: int, waiting: int, workers: int) -> None:
    whole = Limits(concurrent=concurrent, waiting=waiting)
    parts = [whole.part(place, workers) for place in range(workers)]
    assert (sum(part.concurrent for part in parts), sum(part.waiting for part in parts)) == (concurrent, waiting)
    assert max(part.concurrent for part in parts) - min(part.concurrent for part in parts) <= 1
    assert all(part.body_bytes == whole.body_bytes for part in parts)


def test_a_wrong_configuration_is_told_before_anything_is_served(tmp_path: Path) -> None:
    (tmp_path / "turnout.toml").write_text("[aliases]\nriver = 7\n")
    command = [sys.executable, "-m", "turnout", "serve", "--port", "0"]
    surroundings = {**os.environ, "TURNOUT_CONFIG_DIR": str(tmp_path)}
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, env=surroundings, cwd=tmp_path)
    assert run.returncode != 0
    assert "turnout.toml:2" in run.stderr
    assert "serving on" not in run.stderr


def test_an_answered_call_over_a_kept_connection_is_served_by_the_same_process(tmp_path: Path) -> None:
    with serving(tmp_path) as gateway, connect(gateway.url) as kept:
        kept.sendall(get("/health").replace(b"connection: close\r\n", b""))
        until(kept, b'{"status":"ok"}')
        kept.sendall(get("/ready"))
        assert read(kept)[2] == b'{"status":"ready"}'
