"""What the tests of this wire share: both directions of it, and streams written down line by line."""

from __future__ import annotations

import json
from typing import Any

from turnout.catalog.schema import Provider
from turnout.events import Event
from turnout.registry import Registry
from turnout.testing import Exchange, examine
from turnout.testing.routes import route_of
from turnout.types import ChatRequest, Completion, HttpRequest, HttpResponse, ReceiptLine, Target
from turnout.wire.ollama import WIRE

assert WIRE.chat is not None
assert WIRE.server is not None
CODEC, SERVER = WIRE.chat, WIRE.server
ACME = Provider(id="acme", name="Acme", wire=WIRE.name, base_url="http://acme.test:11434")
TARGET = Target("acme", "q")
WIRES = Registry(environ={}).wires
AT = "2025-08-14T07:15:37.586448233Z"


def parse(body: Any) -> ChatRequest:
    return SERVER.parse(body if isinstance(body, bytes) else json.dumps(body).encode())[0]


def encode(request: ChatRequest, *, stream: bool = False, provider: Provider = ACME) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(CODEC.encode(request, provider, stream=stream).http.body)
    return body


def lines(request: ChatRequest) -> tuple[ReceiptLine, ...]:
    return CODEC.encode(request, ACME, stream=False).lines


def departures(request: ChatRequest) -> dict[str, str]:
    """Field to fate, of what encoding could not carry exactly."""
    return {line.field: line.fate for line in lines(request)}


def there_and_back(body: dict[str, Any]) -> dict[str, Any]:
    """What a provider hears of what a caller said."""
    request, stream = SERVER.parse(json.dumps(body).encode())
    return encode(request, stream=stream)


def decode(body: Any, status: int = 200) -> Completion:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return CODEC.decode(HttpResponse(status=status, body=raw), TARGET)


def render(completion: Completion) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(SERVER.render(completion))
    return body


def answer(message: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A whole answer, as the protocol's documentation shows one."""
    said = {"role": "assistant", "content": ""} | message
    return {"model": "q", "created_at": AT, "message": said, "done_reason": "stop", "done": True} | fields


def line(message: dict[str, Any] | None = None, **fields: Any) -> bytes:
    said = {"role": "assistant", "content": ""} | (message or {})
    return json.dumps({"model": "q", "created_at": AT, "message": said, "done": False} | fields).encode() + b"\n"


def last(**fields: Any) -> bytes:
    counts = {"total_duration": 9, "prompt_eval_count": 16, "eval_count": 22}
    return line(None, **({"done_reason": "stop", "done": True} | counts | fields))


def events(stream: bytes, size: int | None = None) -> list[Event]:
    """What the decoder makes of ``stream``, in pieces of ``size`` bytes."""
    decoder = CODEC.decoder(TARGET)
    pieces = [stream] if size is None else [stream[at : at + size] for at in range(0, len(stream), size)]
    out = [event for piece in pieces for event in decoder.feed(piece)]
    return [*out, *decoder.close()]


def rendered(events: list[Event]) -> list[dict[str, Any]]:
    """The lines a caller gets."""
    renderer = SERVER.renderer(ChatRequest(model="q", messages=()))
    written = b"".join([*map(renderer.render, events), renderer.finish()])
    return [json.loads(line) for line in written.splitlines()]


def unexplained(body: bytes, *, status: int = 200, framing: Any = "ndjson", request: Any = None) -> list[str]:
    """What the conformance kit finds wrong with this wire's treatment of an exchange."""
    exchange = Exchange(
        id="rare",
        provider="acme",
        endpoint="rare",
        request=HttpRequest(method="POST", url="http://h/api/chat", body=json.dumps(request).encode() if request else b""),
        response=HttpResponse(status=status, body=body),
        framing=framing,
    )
    route = route_of(exchange)
    assert route is not None
    assert route.wire == WIRE.name
    return [str(difference) for difference in examine(exchange, WIRE, route=route).unexplained]
