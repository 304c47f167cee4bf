"""What the tests of this wire share: both directions of it, and streams written down event by event."""

from __future__ import annotations

import json
from typing import Any

from turnout.catalog.schema import Provider
from turnout.events import Event
from turnout.registry import Registry
from turnout.testing import Exchange, examine
from turnout.testing.routes import route_of
from turnout.types import ChatRequest, Completion, HttpRequest, HttpResponse, ReceiptLine, Target
from turnout.wire.cohere_chat import WIRE

assert WIRE.chat is not None
assert WIRE.server is not None
CODEC, SERVER = WIRE.chat, WIRE.server
ACME = Provider(id="acme", name="Acme", wire=WIRE.name, base_url="https://acme.test/v2")
TARGET = Target("acme", "command")
WIRES = Registry(environ={}).wires


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


USAGE = {"billed_units": {"input_tokens": 8, "output_tokens": 5}, "tokens": {"input_tokens": 500, "output_tokens": 9}}


def answer(message: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A whole answer, as the protocol's documentation shows one."""
    return {"id": "a1", "message": {"role": "assistant"} | message, "finish_reason": "COMPLETE", "usage": USAGE} | fields


def said(text: str = "Hi", **message: Any) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}]} | message


def event(kind: str, index: int | None = None, *, message: Any = None, delta: Any = None, **fields: Any) -> bytes:
    body: dict[str, Any] = {"type": kind} | ({} if index is None else {"index": index}) | fields
    if message is not None or delta is not None:
        body["delta"] = (delta or {}) | ({} if message is None else {"message": message})
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), json.dumps(body).encode())


def start(**fields: Any) -> bytes:
    empty = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
    return event("message-start", message=empty, id="a1", **fields)


def content(index: int, *pieces: str, kind: str = "text") -> bytes:
    begun = event("content-start", index, message={"content": {"type": kind, kind: ""}})
    deltas = (event("content-delta", index, message={"content": {kind: piece}}) for piece in pieces)
    return b"".join((begun, *deltas, event("content-end", index)))


def planned(*pieces: str) -> bytes:
    return b"".join(event("tool-plan-delta", message={"tool_plan": piece}) for piece in pieces)


def called(index: int, id: str, *pieces: str) -> bytes:
    call = {"id": id, "type": "function", "function": {"name": "look", "arguments": ""}}
    deltas = (event("tool-call-delta", index, message={"tool_calls": {"function": {"arguments": piece}}}) for piece in pieces)
    return b"".join((event("tool-call-start", index, message={"tool_calls": call}), *deltas, event("tool-call-end", index)))


def cited(index: int, **citation: Any) -> bytes:
    return event("citation-start", index, message={"citations": citation}) + event("citation-end", index)


def end(reason: str = "COMPLETE", **delta: Any) -> bytes:
    return event("message-end", delta={"finish_reason": reason, "usage": USAGE} | delta) + b"data: [DONE]\n\n"


def events(stream: bytes, size: int | None = None) -> list[Event]:
    """What the decoder makes of ``stream``, in pieces of ``size`` bytes."""
    decoder = CODEC.decoder(TARGET)
    pieces = [stream] if size is None else [stream[at : at + size] for at in range(0, len(stream), size)]
    out = [event for piece in pieces for event in decoder.feed(piece)]
    return [*out, *decoder.close()]


def rendered(events: list[Event]) -> bytes:
    """The stream a caller gets."""
    renderer = SERVER.renderer(ChatRequest(model="command", messages=()))
    return b"".join([*map(renderer.render, events), renderer.finish()])


def unexplained(body: bytes, *, status: int = 200, framing: Any = "sse", request: Any = None) -> list[str]:
    """What the conformance kit finds wrong with this wire's treatment of an exchange."""
    exchange = Exchange(
        id="rare",
        provider="acme",
        endpoint="rare",
        request=HttpRequest(method="POST", url="https://h/v2/chat", body=json.dumps(request).encode() if request else b""),
        response=HttpResponse(status=status, body=body),
        framing=framing,
    )
    route = route_of(exchange)
    assert route is not None
    assert route.wire == WIRE.name
    return [str(difference) for difference in examine(exchange, WIRE, route=route).unexplained]
