"""What the tests of this wire share: both directions of it, and streams written down event by event."""

from __future__ import annotations

import json
from typing import Any

from both_directions import BothDirections

from turnout.catalog.schema import Provider
from turnout.testing.frames import sse_frames
from turnout.testing.reference import reference_for
from turnout.types import Target
from turnout.wire.anthropic_messages import WIRE

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


def merged(stream: bytes) -> dict[str, Any]:
    """The whole answer that a stream stands for, by the documentation."""
    frames = sse_frames(stream)
    assert list(REFERENCE.violations(frames)) == []
    return REFERENCE.merge(frames)
