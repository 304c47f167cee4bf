"""HTTP/1.1 over blocking sockets."""

from __future__ import annotations

import os
import time
from types import TracebackType
from typing import TYPE_CHECKING

from turnout.errors import Error, TransportFailed
from turnout.transport.content import ACCEPT_ENCODING
from turnout.transport.faults import Limit
from turnout.transport.pool import Pool
from turnout.transport.request import encode_head
from turnout.transport.route import Route, Router
from turnout.transport.tls import default_context
from turnout.types import HttpRequest, HttpResponse, Timeouts

if TYPE_CHECKING:
    from ssl import SSLContext

    from turnout.transport.connection import Connection

MAX_BODY_BYTES = 256 * 1024 * 1024
MAX_IDLE = 256  # connections kept for later
MAX_IDLE_SECONDS = 60.0  # load balancers commonly close after 60 or more


class HttpTransport:
    """A Transport that may be shared by threads. Proxies come from the environment, but never for loopback.

    ``max_body_bytes`` bounds a response's body after decompression. ``tls`` replaces the context that trusts the system's
    certificate authorities.
    """

    def __init__(self, *, max_body_bytes: int = MAX_BODY_BYTES, max_idle: int = MAX_IDLE, tls: SSLContext | None = None) -> None:
        self._max_body_bytes = max_body_bytes
        self._router = Router()
        self._pool: Pool[Connection] = Pool(max_idle=max_idle, max_age=MAX_IDLE_SECONDS)
        self._process = os.getpid()
        self._tls = tls

    def send(self, request: HttpRequest, *, timeouts: Timeouts, deadline: float) -> HttpResponse:
        route, connection = self._begin(request, timeouts, None, deadline, whole=True)
        reader = connection.reader
        if reader.failure is not None:
            connection.close()
            raise reader.failure
        assert reader.head is not None
        response = HttpResponse(status=reader.head.status, headers=reader.head.headers, body=reader.take())
        self._put_back(route, connection)
        return response

    def open(self, request: HttpRequest, *, timeouts: Timeouts, deadline: float) -> HttpBody:
        return HttpBody(self, request, timeouts, deadline)

    def close(self) -> None:
        self._pool.close()

    def __del__(self) -> None:
        self._pool.close()

    def _begin(
        self, request: HttpRequest, timeouts: Timeouts, seconds: float | None, deadline: float, *, whole: bool
    ) -> tuple[Route, Connection]:
        """Returns when the head, or the ``whole`` response, has arrived or failed, at most ``seconds`` after sending."""
        route, path = self._router.route(request.url)
        # a stream is not compressed: it saves little on small events, and a server that compresses may hold them back
        head = encode_head(request, route, path, ACCEPT_ENCODING if whole else "identity")
        connection = self._take_idle(route)
        if connection is not None:
            _exchange(connection, route, head, request, Limit(time.monotonic(), seconds, deadline), whole)
            if connection.reader.failure is None or connection.reader.started:
                return route, connection
            connection.close()  # it died while idle, before a byte of answer: that exchange never was
        connection = self._connect(route, timeouts, deadline)
        _exchange(connection, route, head, request, Limit(time.monotonic(), seconds, deadline), whole)
        return route, connection

    def _connect(self, route: Route, timeouts: Timeouts, deadline: float) -> Connection:
        from turnout.transport.connection import connect  # brings sockets and the parser: 10 ms

        limit = Limit(time.monotonic(), timeouts.connect, deadline)
        try:
            return connect(route, limit.until, self._tls_context, self._max_body_bytes)
        except TimeoutError:
            raise limit.passed(route.way, "accepted a connection") from None

    def _tls_context(self) -> SSLContext:
        if self._tls is None:
            self._tls = default_context()
        return self._tls

    def _take_idle(self, route: Route) -> Connection | None:
        if self._process != os.getpid():  # after a fork: the sockets are the parent's, and two must not speak on one
            self._process = os.getpid()
            self._pool = self._pool.heir()
        return self._pool.take(route.key, time.monotonic())

    def _put_back(self, route: Route, connection: Connection) -> None:
        if connection.reusable:
            self._pool.put(route.key, connection, time.monotonic())
        else:
            connection.close()


def _exchange(connection: Connection, route: Route, head: bytes, request: HttpRequest, limit: Limit, whole: bool) -> None:
    reader = connection.reader
    try:
        connection.send(head, request.body, request.method, limit.until)
        while reader.failure is None and not (reader.complete if whole else reader.head):
            connection.receive(limit.until)
    except BaseException as error:
        connection.close()
        if isinstance(error, TimeoutError):
            raise limit.passed(route.name, "answered in full" if whole else "answered") from None
        raise


class HttpBody:
    """A Body, and the context that opens and closes it."""

    head: HttpResponse

    def __init__(self, transport: HttpTransport, request: HttpRequest, timeouts: Timeouts, deadline: float) -> None:
        self._transport = transport
        self._request = request
        self._timeouts = timeouts
        self._deadline = deadline
        self._connection: Connection | None = None  # None: not ours yet, or not ours any more
        self._failure: Error | None = None

    def __enter__(self) -> HttpBody:
        self._route, connection = self._transport._begin(
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

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if self._connection is not None:
            self._break(None)

    def read(self, timeout: float) -> bytes:
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
                    self._transport._put_back(self._route, connection)
                    return b""
                if limit is None:
                    limit = Limit(time.monotonic(), timeout, self._deadline)
                connection.receive(limit.until)
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
