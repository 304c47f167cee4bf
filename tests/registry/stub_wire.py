"""A wire that only says where it would have sent what."""

from __future__ import annotations

from collections.abc import Iterable

from turnout.catalog.schema import Provider
from turnout.errors import Error, ServerFault
from turnout.events import Event
from turnout.types import ChatRequest, Completion, HttpRequest, HttpResponse, Target
from turnout.wire import Encoded, Wire


class StubDecoder:
    def feed(self, chunk: bytes) -> Iterable[Event]:
        return ()

    def close(self) -> Iterable[Event]:
        return ()


class StubCodec:
    def encode(self, request: ChatRequest, provider: Provider, *, stream: bool) -> Encoded:
        return Encoded(HttpRequest(method="POST", url=f"{provider.base_url}/stub", headers=provider.headers))

    def decode(self, response: HttpResponse, target: Target) -> Completion:
        return Completion(id="stub", model=target.model, choices=())

    def decode_error(self, response: HttpResponse, target: Target) -> Error:
        return ServerFault("stub")

    def decoder(self, target: Target) -> StubDecoder:
        return StubDecoder()


CHAT = Wire(name="chat", chat=StubCodec())
MESSAGES = Wire(name="messages", chat=StubCodec())
MUTE = Wire(name="mute")
