"""What the tests of most wires do to a wire: both directions of it, with bodies as Python values."""

from __future__ import annotations

import json
from typing import Any

from turnout.catalog.schema import Provider
from turnout.errors import Error
from turnout.events import Event
from turnout.testing import Exchange, examine
from turnout.testing.routes import route_of
from turnout.types import ChatRequest, Completion, HttpRequest, HttpResponse, ReceiptLine, Target
from turnout.wire import Wire


class BothDirections:
    """``wire`` spoken to ``provider``, and understood from a caller."""

    def __init__(self, wire: Wire, provider: Provider, target: Target) -> None:
        assert wire.chat is not None
        assert wire.server is not None
        self.wire, self.codec, self.server, self.provider, self.target = wire, wire.chat, wire.server, provider, target

    def parse(self, body: Any) -> ChatRequest:
        return self.server.parse(written(body))[0]

    def encode(self, request: ChatRequest, *, stream: bool = False, provider: Provider | None = None) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.codec.encode(request, provider or self.provider, stream=stream).http.body)
        return body

    def lines(self, request: ChatRequest) -> tuple[ReceiptLine, ...]:
        return self.codec.encode(request, self.provider, stream=False).lines

    def departures(self, request: ChatRequest) -> dict[str, str]:
        """Field to fate, of what encoding could not carry exactly."""
        return {line.field: line.fate for line in self.lines(request)}

    def there_and_back(self, body: dict[str, Any]) -> dict[str, Any]:
        """What a provider hears of what a caller said."""
        request, stream = self.server.parse(written(body))
        return self.encode(request, stream=stream)

    def decode(self, body: Any, status: int = 200) -> Completion:
        return self.codec.decode(HttpResponse(status=status, body=written(body)), self.target)

    def render(self, completion: Completion) -> dict[str, Any]:
        body: dict[str, Any] = json.loads(self.server.render(completion))
        return body

    def events(self, stream: bytes, size: int | None = None) -> list[Event]:
        """What the decoder makes of ``stream``, in pieces of ``size`` bytes."""
        decoder = self.codec.decoder(self.target)
        pieces = [stream] if size is None else [stream[at : at + size] for at in range(0, len(stream), size)]
        out = [event for piece in pieces for event in decoder.feed(piece)]
        return [*out, *decoder.close()]

    def events_until_failure(self, stream: bytes) -> tuple[list[Event], Error]:
        decoder = self.codec.decoder(self.target)
        seen: list[Event] = []
        try:
            seen.extend(decoder.feed(stream))
            seen.extend(decoder.close())
        except Error as error:
            return seen, error
        raise AssertionError("the stream was to fail")

    def rendered(self, said: list[Event]) -> bytes:
        """The stream a caller gets."""
        renderer = self.server.renderer(ChatRequest(model=self.target.model, messages=()))
        return b"".join([*map(renderer.render, said), renderer.finish()])

    def unexplained(self, body: bytes, url: str, framing: Any, status: int, request: Any) -> list[str]:
        """What the conformance kit finds wrong with this wire's treatment of an exchange."""
        exchange = Exchange(
            id="rare",
            provider="acme",
            endpoint="rare",
            request=HttpRequest(method="POST", url=url, body=json.dumps(request).encode() if request else b""),
            response=HttpResponse(status=status, body=body),
            framing=framing,
        )
        route = route_of(exchange)
        assert route is not None
        assert route.wire == self.wire.name
        return [str(difference) for difference in examine(exchange, self.wire, route=route).unexplained]


def written(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()
