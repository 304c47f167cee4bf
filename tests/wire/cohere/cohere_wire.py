"""What the tests of this wire share: both directions of it, and streams written down event by event."""

from __future__ import annotations

import json
from typing import Any

from both_directions import BothDirections

from turnout.catalog.schema import Provider
from turnout.registry import Registry
from turnout.types import Target
from turnout.wire.cohere_chat import WIRE

ACME = Provider(id="acme", name="Acme", wire=WIRE.name, base_url="https://acme.test/v2")
TARGET = Target("acme", "command")
BOTH = BothDirections(WIRE, ACME, TARGET)
CODEC, SERVER = BOTH.codec, BOTH.server
parse, encode, lines, departures = BOTH.parse, BOTH.encode, BOTH.lines, BOTH.departures
there_and_back, decode, render = BOTH.there_and_back, BOTH.decode, BOTH.render
events, rendered = BOTH.events, BOTH.rendered
WIRES = Registry(environ={}).wires


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


def unexplained(body: bytes, *, status: int = 200, framing: Any = "sse", request: Any = None) -> list[str]:
    """What the conformance kit finds wrong with this wire's treatment of an exchange."""
    return BOTH.unexplained(body, "https://h/v2/chat", framing, status, request)
