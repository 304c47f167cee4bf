"""How it is said: pure codecs between our types and bytes. No I/O, clock or environment.

A codec speaks a protocol to a provider (encode, decode); a server understands it from a caller (parse, render).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from msgspec import Struct

from turnout.catalog.schema import Provider
from turnout.errors import Error
from turnout.events import Event
from turnout.types import ChatRequest, Completion, HttpRequest, HttpResponse, ReceiptLine, Target


class Encoded(Struct, frozen=True):
    """The request as bytes, and what encoding did to its fields (only departures: what is not named went exactly)."""

    http: HttpRequest
    lines: tuple[ReceiptLine, ...] = ()


class StreamDecoder(Protocol):
    """Bytes in, events out; any cutting of the same bytes gives the same events."""

    def feed(self, chunk: bytes) -> Iterable[Event]:
        """Raises the Error that an error event inside the stream means; ServerFault for what is not the protocol."""
        ...

    def close(self) -> Iterable[Event]:
        """The bytes ended. Raises TransportFailed if the protocol's own end was not among them."""
        ...


class ChatCodec(Protocol):
    def encode(self, request: ChatRequest, provider: Provider, *, stream: bool) -> Encoded:
        """``request.model`` is the provider's own name for the model. The HTTP request carries no credential yet."""
        ...

    def decode(self, response: HttpResponse, target: Target) -> Completion:
        """Of a 2xx response. Raises ServerFault when the body is not the protocol."""
        ...

    def decode_error(self, response: HttpResponse, target: Target) -> Error:
        """Of any other response. Never raises."""
        ...

    def decoder(self, target: Target) -> StreamDecoder: ...


class StreamRenderer(Protocol):
    """Events in, bytes out, in the caller's protocol."""

    def render(self, event: Event) -> bytes: ...

    def finish(self) -> bytes:
        """The protocol's own terminal event, after the last event of a stream that ended well."""
        ...

    def fail(self, error: Error) -> bytes:
        """The protocol's own way to say that the stream broke; nothing may follow it."""
        ...


class ChatServer(Protocol):
    def parse(self, body: bytes) -> tuple[ChatRequest, bool]:
        """The request, and whether the answer shall be streamed. Raises RequestError that says what is wrong where."""
        ...

    def render(self, completion: Completion) -> bytes: ...

    def renderer(self, request: ChatRequest) -> StreamRenderer: ...

    def render_error(self, error: Error) -> tuple[int, bytes]:
        """HTTP status and body."""
        ...


class Wire(Struct, frozen=True, kw_only=True):
    """One protocol. Absent is None: a capability is data, not an exception."""

    name: str
    chat: ChatCodec | None = None
    server: ChatServer | None = None
