"""As ``fetch``, on an event loop."""

from __future__ import annotations

import asyncio
import socket
import time
from typing import TYPE_CHECKING

from turnout.effects import Fetch
from turnout.errors import TimedOut, TransportFailed
from turnout.transport import faults, fetching
from turnout.transport.connection_async import connect
from turnout.transport.faults import Limit
from turnout.transport.fetching import Allows
from turnout.transport.public import is_public
from turnout.transport.route import Route
from turnout.transport.tls import default_context
from turnout.types import HttpResponse

if TYPE_CHECKING:
    from collections.abc import Callable
    from ssl import SSLContext

    from turnout.transport.connection_async import AsyncConnection


async def fetch(effect: Fetch, *, allows: Allows = is_public, tls: Callable[[], SSLContext] = default_context) -> HttpResponse:
    """Raises RequestError for what is refused, TransportFailed and TimedOut for what went wrong on the way."""
    limit = Limit(time.monotonic(), fetching.MAX_SECONDS, effect.deadline)
    url = effect.url
    for _ in range(fetching.MAX_REDIRECTS + 1):
        route, path = fetching.route_of(url)
        try:
            connection = await _reach(route, effect, limit, allows, tls)
            try:
                onward = await _head(connection, route, path, url, effect, limit)
                if onward is None:
                    return await _body(connection, route, effect, limit)
            finally:
                connection.close()
        except TimeoutError:
            raise limit.passed(route.name, "answered in full") from None
        url = onward
    raise fetching.too_far(route)


async def _reach(route: Route, effect: Fetch, limit: Limit, allows: Allows, tls: Callable[[], SSLContext]) -> AsyncConnection:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(limit.until - time.monotonic()):
            found = await loop.getaddrinfo(route.host, route.port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        raise faults.unresolved(route.host) from None
    failure: TransportFailed | TimedOut = faults.unresolved(route.host)
    for address in fetching.judged(found, route, allows):
        dialling = Limit(time.monotonic(), effect.timeouts.connect, limit.until)
        try:
            return await connect(fetching.placed(route, address), dialling.until, tls, effect.max_bytes * 2)
        except TransportFailed as error:
            failure = error
        except TimeoutError:
            failure = dialling.passed(route.name, "accepted a connection")
    raise failure


async def _head(connection: AsyncConnection, route: Route, path: str, url: str, effect: Fetch, limit: Limit) -> str | None:
    reader = connection.reader
    connection.send(fetching.head_of(route, path), b"", "GET", whole=False)
    while reader.head is None:
        if reader.failure is not None:
            raise reader.failure
        await connection.arrival(limit.until)
    onward = fetching.redirect(reader.head, url, route)
    if onward is None:
        fetching.check_head(reader.head, route, effect.types, effect.max_bytes)
    return onward


async def _body(connection: AsyncConnection, route: Route, effect: Fetch, limit: Limit) -> HttpResponse:
    reader = connection.reader
    assert reader.head is not None
    pieces: list[bytes] = []
    length = 0
    while True:
        if data := reader.take():
            pieces.append(data)
            length += len(data)
            if length > effect.max_bytes:
                raise fetching.too_large(route, effect.max_bytes)
        elif reader.complete:
            return fetching.answer(reader.head, pieces)
        else:
            await connection.arrival(limit.until)
