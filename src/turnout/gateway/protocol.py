"""HTTP/1.1 towards callers: bytes to calls of the ASGI application, with a bound on everything that a client can make us hold.

llhttp (through httptools) reads requests; uvicorn listens, drains, stops, and takes this class for its own (docs/decisions/0008).
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, ClassVar, cast

import httptools
from msgspec import json

from turnout.gateway.asgi import App, headers_by_name
from turnout.gateway.deadline import Deadline
from turnout.gateway.scopes import addresses, request_scope
from turnout.gateway.settings import Limits
from turnout.gateway.turn import STATUS_LINES, Turn

if TYPE_CHECKING:
    from uvicorn import Config
    from uvicorn.server import ServerState

_MOST_HELD = 64 * 1024  # bytes of a body that nobody has received yet, before the client is made to wait
_LINGER = 1.0  # seconds that a client may go on sending what nobody reads, so that it reads our answer before the reset


class _Refused(Exception):
    """Raised inside the parser to stop it."""


class CallerConnection(asyncio.Protocol):
    """One connection. One timer serves all waits, and is moved when it fires too early: a request in one piece sets none."""

    limits: ClassVar[Limits] = Limits()

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        """As uvicorn makes it."""
        self._app = cast(App, config.loaded_app)
        self._server = server_state
        self._loop = _loop or asyncio.get_running_loop()
        self._parser: httptools.HttpRequestParser | None = httptools.HttpRequestParser(self)
        self._parser.set_dangerous_leniencies(lenient_data_after_close=True)  # what comes after a last request is not looked at
        self._transport: asyncio.Transport | None = None
        self._addresses: dict[str, Any] = {}
        self._headers_made: list[tuple[bytes, bytes]] = []
        self._header_lines = b""
        self._reading = True
        self.blocked: asyncio.Event | None = None  # set when the client, who reads too slowly, has caught up
        self._refusal: tuple[int, str] | None = None
        # the requests
        self._serving: Turn | None = None  # whose response is next
        self._arriving: Turn | None = None  # whose body is arriving
        self._queue: deque[Turn] = deque()  # that came before the response to an earlier one was over
        self._deaf = False  # nothing that comes is looked at any more
        # the head that is arriving
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._in_head = False
        self._heads = 0  # that were complete
        self._head_bytes = 0  # of one that is incomplete, so far
        self._large = False  # what arrived is longer than a head may be
        # the waits
        self._deadline = Deadline(self._loop, self._late)  # for the next request to begin, or its head to end
        self._for_head = True  # the latter
        self._write_timer: asyncio.TimerHandle | None = None  # for who does not read
        self._linger_timer: asyncio.TimerHandle | None = None  # for who goes on writing

    # -- what a turn asks of its connection ----------------------------------------------------

    def write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def server_headers(self) -> bytes:
        """The headers of every response: the date. uvicorn makes a new list of them each second."""
        made = self._server.default_headers
        if made is not self._headers_made:
            self._headers_made = made
            self._header_lines = b"".join([b"%b: %b\r\n" % header for header in made])
        return self._header_lines

    def resume_reading(self) -> None:
        if not self._reading and self._transport is not None:
            self._reading = True
            self._transport.resume_reading()

    def answered(self, turn: Turn) -> None:
        """The response of ``turn`` is written to its end."""
        self._server.total_requests += 1
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if turn.more_body:
            self._linger(transport)
        elif not turn.keep_alive:
            transport.close()
        else:
            self.resume_reading()
            self._serving = None
            if self._queue:
                self._serve(self._queue.popleft())
            elif self._in_head:
                self._wait(self.limits.head_seconds, for_head=True)
            else:
                self._wait(self.limits.idle_seconds, for_head=False)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def shutdown(self) -> None:
        """uvicorn drains: what is under way may end, and nothing begins."""
        if self._serving is None:
            self.close()
        else:
            self._serving.keep_alive = False
            self._queue.clear()

    # -- called by the event loop --------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._server.connections.add(self)  # type: ignore[arg-type] # uvicorn names its own classes, and calls ``shutdown`` only
        self._addresses = addresses(transport)
        self._wait(self.limits.head_seconds, for_head=True)
        if len(self._server.connections) > self.limits.connections:
            self._say(503, f"this gateway has {self.limits.connections:,} connections open, which is all that it may have")

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.connections.discard(self)
        self._deadline.close()
        for timer in (self._write_timer, self._linger_timer):
            if timer is not None:
                timer.cancel()
        self._parser = self._transport = None  # the parser holds this object in turn
        self.resume_writing()
        turn, self._serving, self._arriving = self._serving, None, None
        self._queue.clear()
        if turn is not None and not turn.complete:
            turn.gone = True
            turn.arrived()

    def data_received(self, data: bytes) -> None:
        if self._deaf or self._parser is None:
            return
        self._large = self._head_bytes + len(data) > self.limits.head_bytes
        heads, in_body = self._heads, self._arriving is not None
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._deaf = True  # whoever wants another protocol is answered in this one
        except httptools.HttpParserError:
            status, message = self._refusal or (400, "this is not an HTTP/1.1 request that can be read")
            self._say(status, message)
            return
        if self._in_head and not in_body and heads == self._heads:  # else it began somewhere in ``data``, which is no long piece
            self._head_bytes += len(data)
            if self._head_bytes > self.limits.head_bytes:
                self._say(431, self._too_large())
                return
        if self._serving is None and not self._for_head:  # a head that comes in pieces, or bytes that begin none
            self._wait(self.limits.head_seconds, for_head=True)

    def pause_writing(self) -> None:
        self.blocked = asyncio.Event()
        if self._transport is not None and self._write_timer is None:
            self._write_timer = self._loop.call_later(self.limits.write_seconds, self._transport.abort)

    def resume_writing(self) -> None:
        if self.blocked is not None:
            self.blocked.set()
            self.blocked = None
            if self._write_timer is not None:
                self._write_timer.cancel()
                self._write_timer = None

    # -- called by the parser ------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._in_head = True
        self._url = b""
        self._headers = []

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:  # else it is a trailer
            self._headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        parser = self._parser
        if parser is None:
            return
        self._in_head = False
        self._heads += 1
        self._head_bytes = 0
        self._deadline.clear()
        headers = self._headers
        if len(headers) > self.limits.headers:
            self._refuse(431, f"the request has more than the {self.limits.headers} headers that this gateway takes")
        if self._large and len(self._url) + sum(len(name) + len(value) + 4 for name, value in headers) > self.limits.head_bytes:
            self._refuse(431, self._too_large())
        method, version = parser.get_method(), parser.get_http_version()
        scope = request_scope(method, self._url, version, headers, self._addresses)
        keep_alive = version == "1.1" and parser.should_keep_alive() and not parser.should_upgrade()
        turn = self._arriving = Turn(self, scope, bodiless=method == b"HEAD", keep_alive=keep_alive)
        if (expected := headers_by_name(scope).get(b"expect")) is not None:
            turn.expects_continue = expected.lower() == b"100-continue"
        if self._serving is None:
            self._serve(turn)
        else:
            self._queue.append(turn)
            self._pause_reading()

    def on_body(self, body: bytes) -> None:
        turn = self._arriving
        if turn is None or turn.complete:
            return
        turn.pieces.append(body)
        turn.held += len(body)
        if turn.held > _MOST_HELD:
            self._pause_reading()
        turn.arrived()

    def on_message_complete(self) -> None:
        turn, self._arriving = self._arriving, None
        if turn is None or turn.complete:
            return
        turn.more_body = False
        if not turn.pieces:
            turn.pieces.append(b"")  # so that whoever waits learns of the end
        turn.arrived()
        if not turn.keep_alive:
            self._deaf = True

    # -- within --------------------------------------------------------------------------------

    def _serve(self, turn: Turn) -> None:
        self._serving = turn
        task = self._loop.create_task(turn.run(self._app))
        tasks = self._server.tasks  # which uvicorn awaits, and cancels when they take too long
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    def _pause_reading(self) -> None:
        if self._reading and self._transport is not None:
            self._reading = False
            self._transport.pause_reading()

    def _linger(self, transport: asyncio.Transport) -> None:
        self._deaf = True
        self.resume_reading()
        if transport.can_write_eof():
            transport.write_eof()
        self._linger_timer = self._loop.call_later(_LINGER, transport.close)

    def _wait(self, seconds: float, *, for_head: bool) -> None:
        self._for_head = for_head
        self._deadline.set(seconds)

    def _late(self) -> None:
        if self._serving is not None:
            return  # the end of the response sets the next wait
        if self._in_head:
            self._say(408, f"the request's head did not arrive within {self.limits.head_seconds:g} s")
        else:
            self.close()

    def _refuse(self, status: int, message: str) -> None:
        self._refusal = (status, message)
        raise _Refused

    def _too_large(self) -> str:
        return f"the request's head is larger than the {self.limits.head_bytes:,} bytes that this gateway takes"

    def _say(self, status: int, message: str) -> None:
        """Ends the connection, with an answer if none has begun."""
        self._deaf = True
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if self._serving is None or not self._serving.started:
            body = json.encode({"error": {"message": message, "type": "invalid_request_error", "code": None, "param": None}})
            head = b"%bcontent-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n"
            transport.write(head % (STATUS_LINES[status], len(body)) + body)
        transport.close()


def connection_class(limits: Limits) -> type[CallerConnection]:
    """The class with ``limits``: uvicorn makes one for each connection and takes no other arguments."""
    return type("LimitedCallerConnection", (CallerConnection,), {"limits": limits})
