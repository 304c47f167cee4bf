"""Requests to ``local://`` reach the embedded model; all others pass as they are. One table, both transports."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from embedded_model import LOAD_SECONDS

from turnout.errors import ConfigError, MissingExtra, TimedOut, UnknownName
from turnout.transport.local import AsyncLocalTransport, LocalTransport
from turnout.transport.local_servers import LocalServers
from turnout.types import HttpRequest, HttpResponse, Timeouts


class Drive:
    """A transport of either kind, called as if it were blocking."""

    def __init__(self, kind: str, remote: Remote | None, servers: LocalServers) -> None:
        self._runner = asyncio.Runner()
        self._sync = LocalTransport(remote, servers) if kind == "sync" else None
        self._async = AsyncLocalTransport(remote and AsyncRemote(remote), servers) if kind == "async" else None

    def send(self, request: HttpRequest, *, seconds: float = LOAD_SECONDS) -> HttpResponse:
        limits: Any = {"timeouts": Timeouts(), "deadline": time.monotonic() + seconds}
        if self._sync is not None:
            return self._sync.send(request, **limits)
        assert self._async is not None
        return self._runner.run(self._async.send(request, **limits))

    def stream(self, request: HttpRequest) -> tuple[HttpResponse, bytes]:
        limits: Any = {"timeouts": Timeouts(), "deadline": time.monotonic() + LOAD_SECONDS}
        if self._sync is not None:
            with self._sync.open(request, **limits) as body:
                return body.head, b"".join(iter(lambda: body.read(LOAD_SECONDS), b""))
        return self._runner.run(self._stream(request, limits))

    async def _stream(self, request: HttpRequest, limits: Any) -> tuple[HttpResponse, bytes]:
        assert self._async is not None
        pieces = []
        async with self._async.open(request, **limits) as body:
            while piece := await body.read(LOAD_SECONDS):
                pieces.append(piece)
            return body.head, b"".join(pieces)

    def close(self) -> None:
        """Closing twice is fine."""
        sync, self._sync = self._sync, None
        asynchronous, self._async = self._async, None
        if sync is not None:
            sync.close()
        if asynchronous is not None:
            self._runner.run(asynchronous.aclose())
        self._runner.close()


class Remote:
    """Keeps what reaches it."""

    def __init__(self) -> None:
        self.requests: list[HttpRequest] = []
        self.closed = False

    def send(self, request: HttpRequest, **limits: Any) -> HttpResponse:
        self.requests.append(request)
        return HttpResponse(status=204)

    def open(self, request: HttpRequest, **limits: Any) -> Any:
        self.requests.append(request)
        raise NotImplementedError

    def close(self) -> None:
        self.closed = True


class AsyncRemote:
    def __init__(self, remote: Remote) -> None:
        self._remote = remote

    async def send(self, request: HttpRequest, **limits: Any) -> HttpResponse:
        return self._remote.send(request)

    def open(self, request: HttpRequest, **limits: Any) -> Any:
        return self._remote.open(request)

    async def aclose(self) -> None:
        self._remote.close()


Make = Callable[..., Drive]


@pytest.fixture(params=["sync", "async"])
def make(request: pytest.FixtureRequest) -> Iterator[Make]:
    made: list[Drive] = []

    def drive(remote: Remote | None = None, servers: LocalServers | None = None) -> Drive:
        made.append(Drive(request.param, remote, servers or LocalServers(slots=1, context_tokens=512)))
        return made[-1]

    yield drive
    for one in made:
        one.close()


def chat(model: str = "smollm2-135m", **fields: Any) -> HttpRequest:
    body = {"model": model, "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 4, **fields}
    headers = {"content-type": "application/json", "authorization": "Bearer of-another", "x-api-key": "of-another"}
    return HttpRequest(method="POST", url=f"local://{model}/v1/chat/completions", headers=headers, body=json.dumps(body).encode())


def test_a_request_to_elsewhere_passes_as_it_is(make: Make) -> None:
    remote, request = Remote(), HttpRequest(method="GET", url="https://api.example.com/local://x")
    assert make(remote).send(request).status == 204
    assert remote.requests[0] is request


def test_closing_closes_what_carries_the_rest(make: Make) -> None:
    remote = Remote()
    make(remote).close()
    assert remote.closed


def test_the_embedded_model_answers_a_request_to_its_name(make: Make, smollm2: Path) -> None:
    answer = json.loads(make().send(chat()).body)
    assert answer["model"] == "smollm2-135m"
    assert answer["usage"]["completion_tokens"] <= 4


def test_the_embedded_model_streams(make: Make, smollm2: Path) -> None:
    head, body = make().stream(chat(stream=True))
    assert (head.status, head.headers["content-type"]) == (200, "text/event-stream")
    assert body.endswith(b"data: [DONE]\n\n")


def test_a_file_is_named_by_its_quoted_path(make: Make, smollm2: Path, tmp_path: Path) -> None:
    (tmp_path / "my model.gguf").symlink_to(smollm2)
    quoted = str(tmp_path / "my model.gguf").replace("/", "%2F").replace(" ", "%20")
    assert json.loads(make().send(chat(quoted)).body)["object"] == "chat.completion"


def test_every_request_of_a_model_reaches_the_same_server(make: Make, smollm2: Path) -> None:
    remote = Remote()
    drive = make(remote)
    for name in ("smollm2-135m", "smollm2-135m", str(smollm2).replace("/", "%2F")):
        drive.send(chat(name))
    assert len({(request.url, request.headers["authorization"]) for request in remote.requests}) == 1


def test_the_server_gets_its_own_key_and_no_other(make: Make, smollm2: Path) -> None:
    remote = Remote()
    make(remote).send(chat())
    (sent,) = remote.requests
    assert sent.url.startswith("http://127.0.0.1:")
    assert sent.url.endswith("/v1/chat/completions")
    assert "of-another" not in str(dict(sent.headers))
    assert sent.body == chat().body


def test_loading_ends_at_the_calls_deadline(make: Make, smollm2: Path) -> None:
    with pytest.raises(TimedOut, match=r"loading .* takes longer"):
        make(Remote()).send(chat(), seconds=0.0)


def test_a_closed_transport_starts_no_server(make: Make, smollm2: Path) -> None:
    servers = LocalServers()
    servers.close()
    with pytest.raises(ConfigError, match="is closed; make a new client"):
        make(Remote(), servers).send(chat())


def test_an_unknown_model_is_an_error_that_names_the_known_one(make: Make, smollm2: Path) -> None:
    with pytest.raises(UnknownName, match="Turnout knows local/smollm2-135m"):
        make(Remote()).send(chat("smollm3"))


def test_a_url_without_a_model_says_what_belongs_there(make: Make) -> None:
    with pytest.raises(ConfigError, match="names no model: local://smollm2-135m/v1"):
        make(Remote()).send(HttpRequest(method="POST", url="local:///v1/chat/completions"))


def test_without_the_extra_the_error_says_what_to_install(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    with pytest.raises(MissingExtra, match=r"pip install 'turnout\[local\]', then `turnout local pull`"):
        make(Remote()).send(chat())


def test_a_server_starts_off_the_event_loop(smollm2: Path) -> None:
    seen: list[int] = []

    class Watched(LocalServers):
        def direct(self, request: HttpRequest, deadline: float) -> HttpRequest:
            seen.append(threading.get_ident())
            return super().direct(request, deadline)

    async def twice() -> int:
        transport = AsyncLocalTransport(AsyncRemote(Remote()), Watched(slots=1, context_tokens=512))
        for _ in range(2):
            await transport.send(chat(), timeouts=Timeouts(), deadline=time.monotonic() + LOAD_SECONDS)
        await transport.aclose()
        return threading.get_ident()

    loop_thread = asyncio.run(twice())
    assert len(seen) == 1  # the second request finds it running and needs no thread
    assert seen[0] != loop_thread


def test_importing_turnout_does_not_import_llama_cpp() -> None:
    script = "import sys, turnout.transport.local, turnout; turnout.Client; print('xllamacpp' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=LOAD_SECONDS, check=True)
    assert ran.stdout == "False\n"
