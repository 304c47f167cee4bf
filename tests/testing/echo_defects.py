"""The echo protocol spoken wrongly, in every way that the kit must notice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

import msgspec
from echo_wire import Codec, Decoder, Renderer, Server, sent
from msgspec.structs import replace

from turnout.catalog.schema import Provider
from turnout.errors import Error, ServerFault
from turnout.events import Event, ExtraReported, Started, TextDelta
from turnout.types import ChatRequest, Completion, HttpResponse, ReceiptLine, Target
from turnout.wire import Encoded, Wire


def broken(*, codec: type | None = None, server: type | None = None) -> Wire:
    return Wire(name="echo", chat=(codec or Codec)(), server=(server or Server)())


class CrashingCodec(Codec):
    """Raises what no caller can catch as an Error."""

    def decode(self, response: HttpResponse, target: Target) -> Completion:
        raise KeyError("said")


class BlindCodec(Codec):
    """Takes an error in a 200 for an answer."""

    def decode(self, response: HttpResponse, target: Target) -> Completion:
        body = msgspec.json.decode(response.body)
        if "wrong" not in body:
            return super().decode(response, target)
        return Completion(id="", model="", choices=(), extra=body)


class VagueCodec(Codec):
    """Loses what the provider said about the error, and how long to wait."""

    def decode_error(self, response: HttpResponse, target: Target) -> Error:
        return ServerFault("something went wrong", body=msgspec.json.decode(response.body), wire="echo")


class ForgetfulCodec(Codec):
    """Drops the members that it has no word for, and remembers them beside the completion for its own server."""

    remembered: ClassVar[dict[str, Any]] = {}

    def decode(self, response: HttpResponse, target: Target) -> Completion:
        completion = super().decode(response, target)
        ForgetfulCodec.remembered = completion.extra or {}
        return replace(completion, extra=None)


class RememberingServer(Server):
    def render(self, completion: Completion) -> bytes:
        return msgspec.json.encode({**msgspec.json.decode(super().render(completion)), **ForgetfulCodec.remembered})


class CarelessServer(Server):
    """Renders without the members that it has no word for, and errors with a status and text of its own."""

    def render(self, completion: Completion) -> bytes:
        return super().render(replace(completion, extra=None))

    def render_error(self, error: Error) -> tuple[int, bytes]:
        return 500, msgspec.json.encode({"wrong": {"text": "?", "kind": "?"}})

    def renderer(self, request: ChatRequest) -> Renderer:
        return CarelessRenderer()


class CarelessRenderer(Renderer):
    """Leaves out every second piece, and ends a broken stream as if it were whole."""

    def __init__(self) -> None:
        self._pieces = 0

    def render(self, event: Event) -> bytes:
        if isinstance(event, TextDelta):
            self._pieces += 1
            if self._pieces % 2 == 0:
                return b""
        return super().render(event)

    def fail(self, error: Error) -> bytes:
        return sent({"why": "end"})


class LateRenderer(Renderer):
    """Says the id last."""

    def __init__(self) -> None:
        self._first = b""

    def render(self, event: Event) -> bytes:
        if isinstance(event, Started):
            self._first = super().render(event)
            return b""
        return super().render(event)

    def finish(self) -> bytes:
        return self._first


class LateServer(Server):
    def renderer(self, request: ChatRequest) -> Renderer:
        return LateRenderer()


class StreamCodec(Codec):
    """A codec with another decoder."""

    decoder_type: type[Decoder] = Decoder

    def decoder(self, target: Target) -> Decoder:
        return self.decoder_type()


class MisplacingDecoder(Decoder):
    """Loses nothing, but says of the choice what the whole answer says of the completion."""

    def said(self, data: bytes) -> Iterator[Event]:
        for event in super().said(data):
            yield replace(event, scope="choice") if isinstance(event, ExtraReported) else event


class PieceDecoder(Decoder):
    """Gives one event for each piece of bytes, so that its events depend on the cutting."""

    def feed(self, chunk: bytes) -> Iterator[Event]:
        yield from super().feed(chunk)
        if not self._ended:
            yield ExtraReported({})


class HopefulDecoder(Decoder):
    """Takes any end for the end."""

    def close(self) -> Iterable[Event]:
        return ()


class WithholdingDecoder(Decoder):
    """Loses the events of a piece of bytes in which an error comes too."""

    def feed(self, chunk: bytes) -> Iterator[Event]:
        return iter(list(super().feed(chunk)))


def decoding_with(decoder: type[Decoder]) -> Wire:
    return broken(codec=type("Broken", (StreamCodec,), {"decoder_type": decoder}))


class ForgettingServer(Server):
    """Loses the stream flag and what else was asked."""

    def parse(self, body: bytes) -> tuple[ChatRequest, bool]:
        return replace(super().parse(body)[0], extra=None), False


class ElsewhereCodec(Codec):
    """Sends to another address, and never the same bytes twice."""

    count = 0

    def encode(self, request: ChatRequest, provider: Provider, *, stream: bool) -> Encoded:
        ElsewhereCodec.count += 1
        http = super().encode(request, provider, stream=stream).http
        return Encoded(replace(http, url="https://elsewhere.example/echo", body=http.body + b" " * ElsewhereCodec.count))


class ApproximatingCodec(Codec):
    def encode(self, request: ChatRequest, provider: Provider, *, stream: bool) -> Encoded:
        line = ReceiptLine("request", "messages[0]", "approximated", "said more quietly")
        return Encoded(super().encode(request, provider, stream=stream).http, (line,))


class MiscountingCodec(Codec):
    """Counts cached tokens twice, and reports zero where nothing was reported."""

    def decode(self, response: HttpResponse, target: Target) -> Completion:
        completion = super().decode(response, target)
        raw = completion.usage.raw or {}
        if "in" not in raw:
            return completion
        counted = replace(completion.usage, uncached_input_tokens=raw["in"], cache_read_tokens=raw.get("cached", 0))
        return replace(completion, usage=counted)
