"""One connection on an event loop. Every wait ends at a given time; cancelling it is left to the caller, who closes."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from turnout.errors import TransportFailed
from turnout.transport import faults
from turnout.transport.framing import ResponseReader
from turnout.transport.request import encode_connect
from turnout.transport.route import Route

if TYPE_CHECKING:
    from ssl import SSLContext

_BUFFERED_BYTES = 256 * 1024  # of a body nobody reads, before the server is made to wait
_HAPPY_EYEBALLS_SECONDS = 0.25  # RFC 8305, 5: head start of one address before the next is tried as well
_KEEPALIVE_SECONDS = 60


class AsyncConnection(asyncio.Protocol):
    """Raises TimeoutError when a wait ends; what else goes wrong after connecting is the reader's ``failure``."""

    def __init__(self, host: str, max_body_bytes: int) -> None:
        self.reader = ResponseReader(host, max_body_bytes)
        self._host = host
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[bool] | None = None
        self._whole = False  # wake at the end of the response only
        self._paused = False
        self._until = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0

    @property
    def reusable(self) -> bool:
        return self.reader.reusable and self._transport is not None and not self._transport.is_closing()

    def alive(self) -> bool:
        return self.reusable  # the loop has told the reader if the server closed, or spoke unasked

    def send(self, head: bytes, body: bytes, method: str, *, whole: bool) -> None:
        """Begin an exchange. ``whole``: waits end when the response is complete, not with each piece."""
        assert self._transport is not None
        self.reader.expect(method)
        self._whole = whole
        if len(body) <= _BUFFERED_BYTES:
            self._transport.write(head + body)
        else:
            self._transport.write(head)
            self._transport.write(body)

    async def arrival(self, until: float) -> None:
        """Wait for what arrives next, unless the response is over."""
        reader = self.reader
        if reader.complete or reader.failure is not None:
            return
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()
        waiter = self._waiter = self._loop.create_future()
        self._until = until
        if self._timer is None or until < self._timer_at:
            self._set_timer(until)
        try:
            arrived = await waiter
        finally:
            self._waiter = None
        if not arrived:
            raise TimeoutError

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._transport is not None:
            self._transport.abort()
        self.reader.release()

    async def start_tls(self, route: Route, context: SSLContext, max_body_bytes: int) -> None:
        """Through a tunnel: from here on the other side is the origin."""
        assert self._transport is not None
        self._host = route.name
        self.reader.release()
        self.reader = ResponseReader(route.name, max_body_bytes)
        transport = await self._loop.start_tls(self._transport, self, context, server_hostname=route.host)
        assert transport is not None
        self._transport = transport

    # Called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            if hasattr(socket, "TCP_KEEPIDLE"):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _KEEPALIVE_SECONDS)

    def data_received(self, data: bytes) -> None:
        reader = self.reader
        reader.feed(data)
        if reader.buffered > _BUFFERED_BYTES and not self._whole and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        self.reader.end()
        self._wake()

    def connection_lost(self, error: Exception | None) -> None:
        if isinstance(error, OSError):
            self.reader.fail(faults.broken(error, self._host))
        else:
            self.reader.end()
        self._wake()

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is None or waiter.done():
            return
        if not self._whole or self.reader.complete or self.reader.failure is not None:
            waiter.set_result(True)

    def _set_timer(self, until: float) -> None:
        # One timer serves many waits: it is moved when it fires too early, not with each wait.
        if self._timer is not None:
            self._timer.cancel()
        self._timer_at = until
        self._timer = self._loop.call_later(max(0.0, until - time.monotonic()), self._time_up)

    def _time_up(self) -> None:
        self._timer = None
        waiter = self._waiter
        if waiter is None or waiter.done():
            return
        if time.monotonic() < self._until:
            self._set_timer(self._until)
        else:
            waiter.set_result(False)


async def connect(route: Route, until: float, tls: Callable[[], SSLContext], max_body_bytes: int) -> AsyncConnection:
    """Resolve, dial, tunnel and shake hands. Raises TransportFailed, or TimeoutError at ``until``."""
    loop = asyncio.get_running_loop()
    host, port = route.address
    direct_tls = tls() if route.tls and route.proxy is None else None
    try:
        async with asyncio.timeout(until - time.monotonic()):
            _, connection = await loop.create_connection(
                lambda: AsyncConnection(route.first_hop, max_body_bytes),
                host,
                port,
                ssl=direct_tls,
                server_hostname=route.host if direct_tls is not None else None,
                **_head_start(loop),
            )
    except (socket.gaierror, UnicodeError):  # the latter for a name that cannot be one, as in a..b
        raise faults.unresolved(host) from None
    except OSError as error:
        raise _explain(error, route.first_hop) from None
    if route.proxy is None or not route.tls:
        connection._host = route.name
        return connection
    try:
        await _tunnel(connection, route, until)
        async with asyncio.timeout(until - time.monotonic()):
            await connection.start_tls(route, tls(), max_body_bytes)
    except OSError as error:
        connection.close()
        raise _explain(error, route.name) from None
    except BaseException:
        connection.close()
        raise
    return connection


def _head_start(loop: asyncio.AbstractEventLoop) -> dict[str, Any]:
    """The option by which asyncio's own loops try several addresses at once; others, such as uvloop, do not know it."""
    return {"happy_eyeballs_delay": _HAPPY_EYEBALLS_SECONDS} if isinstance(loop, asyncio.BaseEventLoop) else {}


async def _tunnel(connection: AsyncConnection, route: Route, until: float) -> None:
    reader = connection.reader
    connection.send(encode_connect(route), b"", "CONNECT", whole=False)
    while reader.head is None:
        if reader.failure is not None:
            raise reader.failure
        await connection.arrival(until)
    if reader.head.status != 200:
        raise faults.tunnel_refused(route.first_hop, route.name, reader.head.status)


def _explain(error: OSError, host: str) -> TransportFailed | TimeoutError:
    if isinstance(error, TimeoutError) and error.errno is None:
        return error  # our own limit; with a number it is the kernel's ETIMEDOUT, a broken connection
    return faults.broken(error, host)
