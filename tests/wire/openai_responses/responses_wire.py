"""What the tests of this wire share: both directions of it, and streams written down event by event."""

from __future__ import annotations

import json
from typing import Any

from both_directions import BothDirections

from turnout.catalog.schema import Provider
from turnout.testing.frames import sse_frames
from turnout.testing.reference import reference_for
from turnout.types import Target
from turnout.wire.openai_responses import WIRE

ACME = Provider(id="acme", name="Acme", wire=WIRE.name, base_url="https://acme.test/v1")
TARGET = Target("acme", "m")
BOTH = BothDirections(WIRE, ACME, TARGET)
CODEC, SERVER = BOTH.codec, BOTH.server
parse, encode, lines, departures = BOTH.parse, BOTH.encode, BOTH.lines, BOTH.departures
there_and_back, decode, render = BOTH.there_and_back, BOTH.decode, BOTH.render
events, rendered = BOTH.events, BOTH.rendered
events_until_failure = BOTH.events_until_failure

_reference = reference_for(WIRE.name)
assert _reference is not None
REFERENCE = _reference


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


def kinds(stream: bytes) -> list[str]:
    return [frame.value["type"] for frame in sse_frames(stream)]


def merged(stream: bytes) -> dict[str, Any]:
    """The whole answer that a stream stands for, by the documentation."""
    frames = sse_frames(stream)
    assert list(REFERENCE.violations(frames)) == []
    return REFERENCE.merge(frames)
