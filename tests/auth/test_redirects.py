"""A credential goes to its provider's host and to no other: not where a redirect points, over real sockets."""

from __future__ import annotations

import asyncio
import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from turnout.client.aio import AsyncClient
from turnout.client.sync import Client
from turnout.config import Config
from turnout.engine.plan import Retry
from turnout.errors import TargetError
from turnout.registry import Registry

KEY = "gsk_9fJ2mQx7LwT0aB4cD8eF"


class Server(http.server.ThreadingHTTPServer):
    """Answers everything with ``status``, and ``location`` if there is one; keeps the headers of what came."""

    def __init__(self, status: int, location: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status, self.location = status, location
        self.came: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", "0")))
        self.server.came.append({name.lower(): value for name, value in self.headers.items()})
        self.send_response(self.server.status)
        if self.server.location:
            self.send_header("location", self.server.location)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@pytest.fixture
def elsewhere() -> Iterator[Server]:
    yield from served(Server(200))


@pytest.fixture(params=[301, 302, 303, 307, 308])
def provider(request: pytest.FixtureRequest, elsewhere: Server) -> Iterator[Server]:
    yield from served(Server(request.param, f"{elsewhere.url}/v1/secret-path?token=1"))


def served(server: Server) -> Iterator[Server]:
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join(10)


def names(place: str) -> Registry:
    return Registry(environ={"GROQ_API_KEY": KEY, "TURNOUT_GROQ_BASE_URL": f"{place}/v1"}, config=Config())


def whole(registry: Registry) -> None:
    with Client(registry, model="groq/m", retry=Retry(attempts=3)) as client:
        client.chat("hi")


def streamed(registry: Registry) -> None:
    with Client(registry, model="groq/m", retry=Retry(attempts=3)) as client, client.stream("hi") as events:
        list(events)


def whole_async(registry: Registry) -> None:
    async def asking() -> None:
        async with AsyncClient(registry, model="groq/m", retry=Retry(attempts=3)) as client:
            await client.chat("hi")

    asyncio.run(asking())


def streamed_async(registry: Registry) -> None:
    async def asking() -> None:
        async with AsyncClient(registry, model="groq/m") as client, client.stream("hi") as events:
            async for _ in events:
                pass

    asyncio.run(asking())


@pytest.mark.parametrize("call", [whole, streamed, whole_async, streamed_async])
def test_a_redirect_takes_neither_key_nor_request_anywhere(call: Any, provider: Server, elsewhere: Server) -> None:
    with pytest.raises(TargetError) as raised:
        call(names(provider.url))
    assert elsewhere.came == []
    assert [request["authorization"] for request in provider.came] == [f"Bearer {KEY}"]  # once: asking again changes nothing
    said = str(raised.value)
    assert f"HTTP {provider.status}: {provider.url}/ sends this call on to {elsewhere.url}/" in said
    assert "set base_url to it" in said
    assert KEY not in said
    assert "secret-path" not in said
    assert raised.value.status == provider.status


def test_a_redirect_that_names_no_host_is_told_without_one() -> None:
    for server in served(Server(302, "/login")):
        with pytest.raises(TargetError, match="to another address"):
            whole(names(server.url))
