"""HTTP/1.1 on an event loop."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from types import TracebackType
from typing import TYPE_CHECKING

from turnout.errors import Error, TransportFailed
from turnout.transport.content import ACCEPT_ENCODING
from turnout.transport.faults import Limit
from turnout.transport.http import MAX_BODY_BYTES, MAX_IDLE, MAX_IDLE_SECONDS
from turnout.transport.pool import Pool
from turnout.transport.request import encode_head
from turnout.transport.route import Route, Router
from turnout.transport.tls import default_context
from turnout.types import HttpRequest, HttpResponse, Timeouts

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from ssl import SSLContext

    from turnout.transport.connection_async import AsyncConnection


class AsyncHttpTransport:
    """An AsyncTransport; arguments as of HttpTransport.

    It may be made outside a loop and used in several: each loop has its own connections, closed when the loop shuts down.
    """

    def __init__(self, *, max_body_bytes: int = MAX_BODY_BYTES, max_idle: int = MAX_IDLE, tls: SSLContext | None = None) -> None:
        from asyncio import get_running_loop  # 30 ms, which a program that makes this has paid or will pay

        self._get_running_loop = get_running_loop
        self._max_body_bytes = max_body_bytes
        self._max_idle = max_idle
        self._router = Router()
        self._pools: dict[AbstractEventLoop, _LoopPool] = {}
        self._closed = False
        self._tls = tls

    async def send(self, request: HttpRequest, *, timeouts: Timeouts, deadline: float) -> HttpResponse:
        pool, route, connection = await self._begin(request, timeouts, None, deadline, whole=True)
        reader = connection.reader
        if reader.failure is not None:
            connection.close()
            raise reader.failure
        assert reader.head is not None
        response = HttpResponse(status=reader.head.status, headers=reader.head.headers, body=reader.take())
        _put_back(pool, route, connection)
        return response

    def open(self, request: HttpRequest, *, timeouts: Timeouts, deadline: float) -> AsyncHttpBody:
        return AsyncHttpBody(self, request, timeouts, deadline)

    async def aclose(self) -> None:
        from asyncio import sleep

        self._closed = True
        here = self._get_running_loop()
        for loop, pool in list(self._pools.items()):
            if loop is here:
                await pool.keeper.aclose()
            elif not loop.is_closed():
                loop.call_soon_threadsafe(pool.close)
        await sleep(0)  # the loop closes the sockets in its next turn

    async def _begin(
        self, request: HttpRequest, timeouts: Timeouts, seconds: float | None, deadline: float, *, whole: bool
    ) -> tuple[_LoopPool, Route, AsyncConnection]:
        """Returns when the head, or the ``whole`` response, has arrived or failed, at most ``seconds`` after sending."""
        route, path = self._router.route(request.url)
        # a stream is not compressed: it saves little on small events, and a server that compresses may hold them back
        head = encode_head(request, route, path, ACCEPT_ENCODING if whole else "identity")
        pool = self._pools.get(self._get_running_loop())
        if pool is None:
            pool = await self._new_pool()
        connection = pool.take(route.key, time.monotonic())
        if connection is not None:
            await _exchange(connection, route, head, request, Limit(time.monotonic(), seconds, deadline), whole)
            if connection.reader.failure is None or connection.reader.started:
                return pool, route, connection
            connection.close()  # it died while idle, before a byte of answer: that exchange never was
        connection = await self._connect(route, timeouts, deadline)
        await _exchange(connection, route, head, request, Limit(time.monotonic(), seconds, deadline), whole)
        return pool, route, connection

    async def _connect(self, route: Route, timeouts: Timeouts, deadline: float) -> AsyncConnection:
        from turnout.transport.connection_async import connect  # brings the parser

        limit = Limit(time.monotonic(), timeouts.connect, deadline)
        try:
            return await connect(route, limit.until, self._tls_context, self._max_body_bytes)
        except TimeoutError:
            raise limit.passed(route.way, "accepted a connection") from None

    def _tls_context(self) -> SSLContext:
        if self._tls is None:
            self._tls = default_context()
        return self._tls

    async def _new_pool(self) -> _LoopPool:
        for loop in [loop for loop in self._pools if loop.is_closed()]:
            del self._pools[loop]
        loop = self._get_running_loop()
        pool = _LoopPool(max_idle=self._max_idle, max_age=MAX_IDLE_SECONDS)
        pool.keeper = _close_with(loop, pool, self._pools)
        self._pools[loop] = pool
        if self._closed:
            pool.close()
        await anext(pool.keeper)
        return pool


class _LoopPool(Pool["AsyncConnection"]):
    """The idle connections of one event loop."""

    keeper: AsyncGenerator[None, None]


async def _close_with(
    loop: AbstractEventLoop, pool: _LoopPool, pools: dict[AbstractEventLoop, _LoopPool]
) -> AsyncGenerator[None, None]:
    """A loop that shuts down finishes its async generators first: the one moment when its connections can still be closed."""
    try:
        yield
    finally:
        pools.pop(loop, None)
        pool.close()


async def _exchange(
    connection: AsyncConnection, route: Route, head: bytes, request: HttpRequest, limit: Limit, whole: bool
) -> None:
    reader = connection.reader
    try:
        connection.send(head, request.body, request.method, whole=whole)
        while reader.failure is None and not (reader.complete if whole else reader.head):
            await connection.arrival(limit.until)
    except BaseException as error:
        connection.close()
        if isinstance(error, TimeoutError):
            raise limit.passed(route.name, "answered in full" if whole else "answered") from None
        raise


def _put_back(pool: _LoopPool, route: Route, connection: AsyncConnection) -> None:
    if connection.reusable:
        pool.put(route.key, connection, time.monotonic())
    else:
        connection.close()


class AsyncHttpBody:
    """An AsyncBody, and the context that opens and closes it."""

    head: HttpResponse

    def __init__(self, transport: AsyncHttpTransport, request: HttpRequest, timeouts: Timeouts, deadline: float) -> None:
        self._transport = transport
        self._request = request
        self._timeouts = timeouts
        self._deadline = deadline
        self._connection: AsyncConnection | None = None  # None: not ours yet, or not ours any more
        self._failure: Error | None = None

    async def __aenter__(self) -> AsyncHttpBody:
        self._pool, self._route, connection = await self._transport._begin(
            self._request, self._timeouts, self._timeouts.first_event, self._deadline, whole=False
        )
        reader = connection.reader
        if reader.head is None:
            connection.close()
            assert reader.failure is not None
            raise reader.failure
        self.head = reader.head
        self._connection = connection
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._connection is not None:
            self._break(None)

    async def read(self, timeout: float) -> bytes:  # noqa: ASYNC109 - a wait of ours, not a cancellation
        connection = self._connection
        if connection is None:
            if self._failure is not None:
                raise self._failure
            return b""
        reader = connection.reader
        limit: Limit | None = None
        try:
            while not (data := reader.take()):
                if reader.complete:
                    self._connection = None
                    _put_back(self._pool, self._route, connection)
                    return b""
                if limit is None:
                    limit = Limit(time.monotonic(), timeout, self._deadline)
                await connection.arrival(limit.until)
        except TimeoutError:
            assert limit is not None
            failure = limit.passed(self._route.name, "sent the next bytes of its answer")
            self._break(failure)
            raise failure from None
        except BaseException as error:
            self._break(error if isinstance(error, TransportFailed) else None)
            raise
        return data

    def _break(self, failure: Error | None) -> None:
        """Later reads raise ``failure``, or say that the body was closed."""
        connection, self._connection = self._connection, None
        self._failure = failure or TransportFailed(f"the answer of {self._route.name} was closed before its end")
        if connection is not None:
            connection.close()
