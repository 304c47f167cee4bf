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
from turnout.wire.openai_responses import WIRE

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


def answer(*output: Any, **fields: Any) -> dict[str, Any]:
    """A whole answer, as the protocol's documentation shows one."""
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 7,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "model": "gpt",
        "output": list(output),
        "usage": {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15},
    } | fields


def message(*content: Any, id: str = "msg_1", **fields: Any) -> dict[str, Any]:
    return {"id": id, "type": "message", "status": "completed", "role": "assistant", "content": list(content)} | fields


def output_text(text: str, *annotations: Any) -> dict[str, Any]:
    return {"type": "output_text", "annotations": list(annotations), "logprobs": [], "text": text}


def call(id: str, arguments: str = "{}", **fields: Any) -> dict[str, Any]:
    known = {"id": f"fc_{id}", "type": "function_call", "status": "completed", "call_id": id, "name": "look"}
    return known | {"arguments": arguments} | fields


def sse(*events: dict[str, Any]) -> bytes:
    numbered = ({**event, "sequence_number": number} for number, event in enumerate(events))
    return b"".join(b"event: %b\ndata: %b\n\n" % (event["type"].encode(), json.dumps(event).encode()) for event in numbered)


def begun() -> list[dict[str, Any]]:
    body = answer(status="in_progress", usage=None)
    return [{"type": "response.created", "response": body}, {"type": "response.in_progress", "response": body}]


def added(index: int, item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "response.output_item.added", "output_index": index, "item": item}


def done(index: int, item: dict[str, Any]) -> dict[str, Any]:
    return {"type": "response.output_item.done", "output_index": index, "item": item}


def text_deltas(index: int, id: str, *pieces: str) -> list[dict[str, Any]]:
    at = {"item_id": id, "output_index": index, "content_index": 0}
    part = {"type": "response.content_part.added", **at, "part": output_text("")}
    return [part, *({"type": "response.output_text.delta", **at, "delta": piece, "logprobs": []} for piece in pieces)]


def said(index: int, item: dict[str, Any], *pieces: str) -> list[dict[str, Any]]:
    """A message of one text from added to done."""
    start = {**item, "status": "in_progress", "content": []}
    return [added(index, start), *text_deltas(index, item["id"], *pieces), done(index, item)]


def completed(*output: Any, kind: str = "response.completed", **fields: Any) -> dict[str, Any]:
    return {"type": kind, "response": answer(*output, **fields)}


def hello() -> bytes:
    """The shortest whole stream."""
    item = message(output_text("Hello, world"))
    return sse(*begun(), *said(0, item, "Hello", ", world"), completed(item))


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


def rendered(happened: list[Event]) -> bytes:
    renderer = SERVER.renderer(ChatRequest(model="m", messages=()))
    return b"".join(renderer.render(event) for event in happened) + renderer.finish()


def kinds(stream: bytes) -> list[str]:
    return [frame.value["type"] for frame in sse_frames(stream)]


def merged(stream: bytes) -> dict[str, Any]:
    """The whole answer that a stream stands for, by the documentation."""
    frames = sse_frames(stream)
    assert list(REFERENCE.violations(frames)) == []
    return REFERENCE.merge(frames)
