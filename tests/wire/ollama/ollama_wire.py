"""What the tests of this wire share: both directions of it, and streams written down line by line."""

from __future__ import annotations

import json
from typing import Any

from both_directions import BothDirections

from turnout.catalog.schema import Provider
from turnout.events import Event
from turnout.registry import Registry
from turnout.types import ChatRequest, Target
from turnout.wire.ollama import WIRE

ACME = Provider(id="acme", name="Acme", wire=WIRE.name, base_url="http://acme.test:11434")
TARGET = Target("acme", "q")
BOTH = BothDirections(WIRE, ACME, TARGET)
CODEC, SERVER = BOTH.codec, BOTH.server
parse, encode, lines, departures = BOTH.parse, BOTH.encode, BOTH.lines, BOTH.departures
there_and_back, decode, render = BOTH.there_and_back, BOTH.decode, BOTH.render
events = BOTH.events
WIRES = Registry(environ={}).wires
AT = "2025-08-14T07:15:37.586448233Z"


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


def rendered(events: list[Event]) -> list[dict[str, Any]]:
    """The lines a caller gets."""
    renderer = SERVER.renderer(ChatRequest(model="q", messages=()))
    written = b"".join([*map(renderer.render, events), renderer.finish()])
    return [json.loads(line) for line in written.splitlines()]


def unexplained(body: bytes, *, status: int = 200, framing: Any = "ndjson", request: Any = None) -> list[str]:
    """What the conformance kit finds wrong with this wire's treatment of an exchange."""
    return BOTH.unexplained(body, "http://h/api/chat", framing, status, request)
