"""One request of a connection and its response: what an ASGI application is called with, and bytes towards the caller."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from turnout.gateway.asgi import App, Message, Scope

if TYPE_CHECKING:
    from turnout.gateway.protocol import CallerConnection

_PHRASES = {status.value: status.phrase for status in HTTPStatus}  # providers have more, such as Anthropic's 529, which need none
STATUS_LINES = {status: f"HTTP/1.1 {status} {_PHRASES.get(status, '')}\r\n".encode() for status in range(100, 1000)}
_BODILESS = frozenset({204, 304})
_log = logging.getLogger("turnout.gateway")


class Turn:
    """``receive`` gives what has arrived of the body, at first at once, even if that is nothing: whoever reads sets the time.

    ``send`` keeps the head until the first piece of the body is there: both leave in one write.
    """

    __slots__ = (
        "_asked",
        "_awaiting",
        "_chunked",
        "_connection",
        "_expected",
        "_head",
        "bodiless",
        "complete",
        "expects_continue",
        "gone",
        "held",
        "keep_alive",
        "more_body",
        "pieces",
        "scope",
        "started",
    )

    def __init__(self, connection: CallerConnection, scope: Scope, *, bodiless: bool, keep_alive: bool) -> None:
        self._connection = connection
        self.scope = scope
        self.bodiless = bodiless  # a HEAD request
        self.keep_alive = keep_alive
        self.expects_continue = False
        # of the request
        self.pieces: list[bytes] = []
        self.held = 0  # bytes of the body that nobody has received yet
        self.more_body = True  # some has not arrived
        self._asked = False
        self._awaiting: list[asyncio.Future[None]] = []
        # of the response
        self.started = False
        self.complete = False
        self.gone = False  # the caller has closed the connection
        self._head: bytes | None = None
        self._chunked = False
        self._expected = 0  # bytes of the body that were announced and not sent yet; -1: none were announced

    async def run(self, app: App) -> None:
        try:
            await app(self.scope, self.receive, self.send)
        except Exception:  # noqa: BLE001 - what fails in one request ends that one
            _log.exception("a request failed outside its call")
            if not self.started:
                await self._fail()
        finally:
            if not self.complete and not self.gone:
                self._connection.close()  # half an answer ends with the connection, so that nobody takes it for a whole one

    async def receive(self) -> Message:
        if self.expects_continue:
            self.expects_continue = False
            if not self.started:
                self._connection.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while self._asked and not (self.pieces or self.gone or self.complete):
            self._connection.resume_reading()
            awaiting = asyncio.get_running_loop().create_future()
            self._awaiting.append(awaiting)
            await awaiting
        if self.gone or self.complete:
            return {"type": "http.disconnect"}
        pieces = self.pieces
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self.held = 0
        self._asked = True
        return {"type": "http.request", "body": body, "more_body": self.more_body}

    def arrived(self) -> None:
        """More of the body is there, or its end, or the end of the connection: wakes whoever waits for it."""
        for awaiting in self._awaiting:
            if not awaiting.done():
                awaiting.set_result(None)
        self._awaiting.clear()

    async def send(self, message: Message) -> None:
        connection = self._connection
        if connection.blocked is not None:
            await connection.blocked.wait()
        if self.gone:
            return
        if self.complete:
            raise RuntimeError(f"{message['type']} came after the end of the response")
        if message["type"] == "http.response.start":
            if self.started:
                raise RuntimeError("a response starts once")
            self.started = True
            self.expects_continue = False
            self._head = self._written(message["status"], message.get("headers", ()))
            return
        if not self.started or message["type"] != "http.response.body":
            raise RuntimeError(f"http.response.start is due, and then http.response.body; {message['type']} came")
        body: bytes = b"" if self.bodiless else message.get("body", b"")
        last = not message.get("more_body", False)
        if self._chunked:
            if body:
                body = b"%x\r\n%b\r\n" % (len(body), body)
            if last:
                body += b"0\r\n\r\n"
        elif self._expected >= 0:
            self._expected -= len(body)
            if self._expected < 0 or (last and self._expected > 0):
                raise RuntimeError("the body has another length than the response's head says")
        head = self._head
        if head is not None:
            self._head = None
            body = head + body
        if body:
            connection.write(body)
        if last:
            self.complete = True
            if self._awaiting:
                self.arrived()
            connection.answered(self)

    def _written(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
        """The head, checked: no name or value ends its line early."""
        before = self._connection.server_headers()
        pieces = [STATUS_LINES.get(status) or STATUS_LINES[502], before]  # a provider may say what is no status
        length = -1
        for name, value in headers:
            pieces += (name, b": ", value, b"\r\n")
            if name == b"content-length":
                length = int(value)
            elif name == b"connection" and value == b"close":
                self.keep_alive = False
        if self.bodiless or status in _BODILESS:
            self.bodiless, length = True, 0
        elif length < 0 and self.scope["http_version"] != "1.1":
            self.keep_alive = False  # the end of the connection is the end of the body
        elif length < 0:
            self._chunked = True
            pieces += (b"transfer-encoding: ", b"chunked", b"", b"\r\n")
        self._expected = length
        if not self.keep_alive:
            pieces += (b"connection: ", b"close", b"", b"\r\n")
        pieces.append(b"\r\n")
        head = b"".join(pieces)
        ends = (len(pieces) - 3) // 4 + 2 + before.count(b"\n")
        if head.count(b"\n") != ends or head.count(b"\r") != ends or b"\0" in head:
            raise RuntimeError("a header of the response has a line end or a zero byte in it")
        return head

    async def _fail(self) -> None:
        head = {"type": "http.response.start", "status": 500, "headers": [(b"content-length", b"0"), (b"connection", b"close")]}
        await self.send(head)
        await self.send({"type": "http.response.body"})
