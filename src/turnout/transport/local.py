"""The embedded model as a provider like any other: ``local://MODEL/path`` goes to a server started when first asked for."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from typing import Any

from turnout.transport import AsyncBody, AsyncTransport, Body, Transport
from turnout.transport.local_servers import LocalServers
from turnout.types import HttpRequest, HttpResponse, Timeouts

_SCHEME = "local://"


class LocalTransport:
    """A Transport that carries ``local://`` to embedded servers and everything else to ``remote``; it owns both.

    The default ``remote`` is a new HttpTransport. Beside what a Transport raises: MissingExtra, UnknownName and ConfigError
    for what a person must put right before the embedded model can answer.
    """

    def __init__(self, remote: Transport | None = None, servers: LocalServers | None = None) -> None:
        if remote is None:
            from turnout.transport.http import HttpTransport

            remote = HttpTransport()
        self._remote = remote
        self._servers = servers or LocalServers()

    def send(self, request: HttpRequest, *, timeouts: Timeouts, deadline: float) -> HttpResponse:
        if request.url.startswith(_SCHEME):
            request = self._direct(request, timeouts, deadline)
        return self._remote.send(request, timeouts=timeouts, deadline=deadline)

    def open(self, request: HttpRequest, *, timeouts: Timeouts, deadline: float) -> AbstractContextManager[Body]:
        if request.url.startswith(_SCHEME):
            return self._open(request, timeouts, deadline)
        return self._remote.open(request, timeouts=timeouts, deadline=deadline)

    def close(self) -> None:
        """Stops the embedded servers, and calls to them that are under way."""
        self._servers.close()
        self._remote.close()

    @contextmanager
    def _open(self, request: HttpRequest, timeouts: Timeouts, deadline: float) -> Iterator[Body]:
        request = self._direct(request, timeouts, deadline)
        with self._remote.open(request, timeouts=timeouts, deadline=deadline) as body:
            yield body

    def _direct(self, request: HttpRequest, timeouts: Timeouts, deadline: float) -> HttpRequest:
        return self._servers.direct(request, _until(timeouts, deadline))


class AsyncLocalTransport:
    """As LocalTransport. A thread waits for a server that starts, so the event loop goes on meanwhile."""

    def __init__(self, remote: AsyncTransport | None = None, servers: LocalServers | None = None) -> None:
        if remote is None:
            from turnout.transport.http_async import AsyncHttpTransport

            remote = AsyncHttpTransport()
        self._remote = remote
        self._servers = servers or LocalServers()

    def send(self, request: HttpRequest, *, timeouts: Timeouts, deadline: float) -> Coroutine[Any, Any, HttpResponse]:
        if request.url.startswith(_SCHEME):
            return self._send(request, timeouts, deadline)
        return self._remote.send(request, timeouts=timeouts, deadline=deadline)

    def open(self, request: HttpRequest, *, timeouts: Timeouts, deadline: float) -> AbstractAsyncContextManager[AsyncBody]:
        if request.url.startswith(_SCHEME):
            return self._open(request, timeouts, deadline)
        return self._remote.open(request, timeouts=timeouts, deadline=deadline)

    async def aclose(self) -> None:
        """As LocalTransport.close."""
        if self._servers.started():
            from asyncio import to_thread

            await to_thread(self._servers.close)
        self._servers.close()
        await self._remote.aclose()

    async def _send(self, request: HttpRequest, timeouts: Timeouts, deadline: float) -> HttpResponse:
        request = await self._direct(request, timeouts, deadline)
        return await self._remote.send(request, timeouts=timeouts, deadline=deadline)

    @asynccontextmanager
    async def _open(self, request: HttpRequest, timeouts: Timeouts, deadline: float) -> AsyncIterator[AsyncBody]:
        request = await self._direct(request, timeouts, deadline)
        async with self._remote.open(request, timeouts=timeouts, deadline=deadline) as body:
            yield body

    async def _direct(self, request: HttpRequest, timeouts: Timeouts, deadline: float) -> HttpRequest:
        if (directed := self._servers.direct_now(request)) is not None:
            return directed
        from asyncio import to_thread

        return await to_thread(self._servers.direct, request, _until(timeouts, deadline))


def _until(timeouts: Timeouts, deadline: float) -> float:
    """Loading is part of the wait for the first event."""
    return deadline if timeouts.first_event is None else min(deadline, time.monotonic() + timeouts.first_event)
