"""HTTP/1.1 towards callers: uvicorn's protocol, with a bound on everything that a slow or lying client can make it hold.

uvicorn bounds neither a request's head nor the time that it takes, and ends the idle timer at the first byte. What is checked
here costs a request that arrives in one piece a few comparisons: timers are set only for what is incomplete.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from msgspec import json
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from turnout.gateway.settings import Limits

_PATIENCE = 1.0  # seconds until whoever reads a body is told that it is slow, and begins to count
_LINGER = 1.0  # seconds that a client may go on sending what nobody reads, so that it reads our answer before the reset


class _Refused(Exception):
    """Raised inside the parser to stop it."""


class GuardedProtocol(HttpToolsProtocol):
    limits: ClassVar[Limits] = Limits()

    _in_head = False
    _head_bytes = 0  # of a head that is incomplete, so far
    _large = False  # what arrived is longer than a head may be
    _refusal: tuple[int, str] | None = None
    _head_timer: asyncio.TimerHandle | None = None
    _body_timer: asyncio.TimerHandle | None = None
    _write_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._head_timer = self.loop.call_later(self.limits.head_seconds, self._late)
        if len(self.connections) > self.limits.connections:
            self._say(503, f"this gateway has {self.limits.connections:,} connections open, which is all that it may have")

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._head_timer, self._body_timer, self._write_timer):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        size = len(data)
        self._large = self._head_bytes + size > self.limits.head_bytes
        super().data_received(data)
        if self.transport.is_closing():
            return
        cycle = self.cycle
        if self._in_head:
            self._head_bytes += size
            if self._head_bytes > self.limits.head_bytes:
                self._say(431, self._too_large())
                return
        elif cycle is not None and not cycle.response_complete:
            if cycle.more_body and self._body_timer is None:
                self._body_timer = self.loop.call_later(min(_PATIENCE, self.limits.body_seconds), self._tell_reader)
            return
        if self._head_timer is None:  # a head that comes in pieces, or bytes that begin none
            self._head_timer = self.loop.call_later(self.limits.head_seconds, self._late)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = True

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._head_bytes = 0
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
        if self._body_timer is not None:
            self._body_timer.cancel()
            self._body_timer = None
        if len(self.headers) > self.limits.headers:
            self._refusal = (431, f"the request has more than the {self.limits.headers} headers that this gateway takes")
            raise _Refused
        if (
            self._large
            and len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers) > self.limits.head_bytes
        ):
            self._refusal = (431, self._too_large())
            raise _Refused
        super().on_headers_complete()

    def on_response_complete(self) -> None:
        unread = self.cycle.more_body
        super().on_response_complete()
        if unread and not self.transport.is_closing():
            self._unset_keepalive_if_required()
            if self.transport.can_write_eof():
                self.transport.write_eof()
            if self._body_timer is not None:
                self._body_timer.cancel()
            self._body_timer = self.loop.call_later(_LINGER, self.transport.close)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._write_timer is None:
            self._write_timer = self.loop.call_later(self.limits.write_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._write_timer is not None:
            self._write_timer.cancel()
            self._write_timer = None

    def send_400_response(self, msg: str) -> None:
        """What the parser could not read, or what was refused inside it."""
        status, message = self._refusal or (400, "this is not an HTTP/1.1 request that can be read")
        self._say(status, message)

    def _late(self) -> None:
        self._head_timer = None
        if self._in_head:
            self._say(408, f"the request's head did not arrive within {self.limits.head_seconds:g} s")
        else:
            self.transport.close()

    def _tell_reader(self) -> None:
        """Whoever waits for the body gets what is there, which may be nothing, and waits for the rest with a deadline."""
        if self.cycle is not None:
            self.cycle.message_event.set()

    def _too_large(self) -> str:
        return f"the request's head is larger than the {self.limits.head_bytes:,} bytes that this gateway takes"

    def _say(self, status: int, message: str) -> None:
        if self.transport.is_closing():
            return
        if self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            body = json.encode({"error": {"message": message, "type": "invalid_request_error", "code": None, "param": None}})
            head = STATUS_LINE[
                status
            ] + b"content-type: application/json\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body)
            self.transport.write(head + body)
        self.transport.close()


def guarded(limits: Limits) -> type[GuardedProtocol]:
    """The protocol with ``limits``: uvicorn makes one for each connection and takes no other arguments."""
    return type("Guarded", (GuardedProtocol,), {"limits": limits})
