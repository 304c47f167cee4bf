"""What the tests of this wire share: both directions of it, and streams written down event by event."""

from __future__ import annotations

import json
from typing import Any

from turnout.catalog.schema import Provider
from turnout.errors import Error
from turnout.events import Event
from turnout.testing.frames import sse_frames
from turnout.testing.reference import reference_for
from turnout.types import ChatRequest, Completion, HttpResponse, ReceiptLine, Target
from turnout.wire.anthropic_messages import WIRE

assert WIRE.chat is not None
assert WIRE.server is not None
CODEC, SERVER = WIRE.chat, WIRE.server
ACME = Provider(id="acme", name="Acme", wire=WIRE.name, base_url="https://acme.test/v1")
TARGET = Target("acme", "m")

_reference = reference_for(WIRE.name)
assert _reference is not None
REFERENCE = _reference


def parse(body: Any) -> ChatRequest:
    return SERVER.parse(body if isinstance(body, bytes) else json.dumps(body).encode())[0]


def encode(request: ChatRequest, *, stream: bool = False, provider: Provider = ACME) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(CODEC.encode(request, provider, stream=stream).http.body)
    return body


def departures(request: ChatRequest) -> dict[str, str]:
    """Field to fate, of what encoding could not carry exactly."""
    return {line.field: line.fate for line in lines(request)}


def lines(request: ChatRequest) -> tuple[ReceiptLine, ...]:
    return CODEC.encode(request, ACME, stream=False).lines


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


def answer(*content: Any, **fields: Any) -> dict[str, Any]:
    """A whole answer, as the protocol's documentation shows one."""
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": list(content),
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 10, "output_tokens": 5},
    } | fields


def sse(*events: dict[str, Any]) -> bytes:
    return b"".join(b"event: %b\ndata: %b\n\n" % (event["type"].encode(), json.dumps(event).encode()) for event in events)


def start(**message: Any) -> dict[str, Any]:
    """message_start."""
    return {
        "type": "message_start",
        "message": answer(stop_reason=None, usage={"input_tokens": 10, "output_tokens": 1}) | message,
    }


def block(index: int, block: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    """A content block from start to stop."""
    return [
        {"type": "content_block_start", "index": index, "content_block": block},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def text(index: int, *pieces: str) -> list[dict[str, Any]]:
    return block(index, {"type": "text", "text": ""}, *({"type": "text_delta", "text": piece} for piece in pieces))


def tool_use(index: int, id: str, *pieces: str, **fields: Any) -> list[dict[str, Any]]:
    begun = {"type": "tool_use", "id": id, "name": "look", "input": {}} | fields
    return block(index, begun, *({"type": "input_json_delta", "partial_json": piece} for piece in pieces))


def stop(reason: str = "end_turn", usage: dict[str, Any] | None = None, **delta: Any) -> list[dict[str, Any]]:
    """message_delta and message_stop."""
    changes = {"stop_reason": reason, "stop_sequence": None} | delta
    return [
        {"type": "message_delta", "delta": changes, "usage": usage or {"output_tokens": 5}},
        {"type": "message_stop"},
    ]


def events(stream: bytes, size: int | None = None) -> list[Event]:
    """What the decoder makes of ``stream``, in pieces of ``size`` bytes."""
    decoder = CODEC.decoder(TARGET)
    pieces = [stream] if size is None else [stream[at : at + size] for at in range(0, len(stream), size)]
    out = [event for piece in pieces for event in decoder.feed(piece)]
    return [*out, *decoder.close()]


def events_until_failure(stream: bytes) -> tuple[list[Event], Error]:
    decoder = CODEC.decoder(TARGET)
    seen: list[Event] = []
    try:
        seen.extend(decoder.feed(stream))
        seen.extend(decoder.close())
    except Error as error:
        return seen, error
    raise AssertionError("the stream was to fail")


def rendered(said: list[Event]) -> bytes:
    renderer = SERVER.renderer(ChatRequest(model="m", messages=()))
    return b"".join(renderer.render(event) for event in said) + renderer.finish()


def merged(stream: bytes) -> dict[str, Any]:
    """The whole answer that a stream stands for, by the documentation."""
    frames = sse_frames(stream)
    assert list(REFERENCE.violations(frames)) == []
    return REFERENCE.merge(frames)
