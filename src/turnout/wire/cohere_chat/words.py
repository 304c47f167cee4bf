"""The protocol's words and ours: finish reasons, data URLs, and what may travel verbatim."""

from __future__ import annotations

from typing import Any

import msgspec

from turnout.types import FinishReason, Origin, Unified
from turnout.wire.bookkeeping import said_in as said_in
from turnout.wire.data_urls import source as source, url as url
from turnout.wire.json_body import deep_merge as deep_merge
from turnout.wire.json_text import read_json

WIRE_NAME = "cohere-chat"

# https://docs.cohere.com/reference/chat (read 2026-11-21)
_UNIFIED: dict[str, Unified] = {
    "COMPLETE": "stop",
    "STOP_SEQUENCE": "stop_sequence",
    "MAX_TOKENS": "length",
    "TOOL_CALL": "tool_calls",
    "ERROR": "error",
    "TIMEOUT": "error",
}

# A caller must never read a truncated or refused answer as a whole one: what has no word here keeps its own.
_RAW: dict[Unified, str] = {
    "stop": "COMPLETE",
    "stop_sequence": "STOP_SEQUENCE",
    "length": "MAX_TOKENS",
    "pause": "MAX_TOKENS",
    "tool_calls": "TOOL_CALL",
    "error": "ERROR",
}


def finish_reason(raw: str) -> FinishReason:
    return FinishReason(_UNIFIED.get(raw, "other"), raw)


def raw_finish(finish: FinishReason | None, origin: Origin | None, *, called_tools: bool) -> str | None:
    """The protocol's word for ``finish``, whoever said it. An answer of another protocol that calls tools stopped in order to.

    A reason is required here; None only where this very protocol gave none.
    """
    if finish is None:
        return None if is_own(origin) else "OTHER"
    if finish.raw is not None and is_own(origin):
        return finish.raw
    if called_tools and finish.unified == "stop":
        return "TOOL_CALL"
    return _RAW.get(finish.unified) or finish.raw or finish.unified


def is_own(origin: Origin | None, provider: str | None = None) -> bool:
    """True if what came from ``origin`` may be said verbatim here; see ``Origin.returns_to``."""
    return origin is not None and origin.returns_to(WIRE_NAME, provider)


def take(fields: dict[str, Any], name: str) -> str | None:
    """``fields[name]`` taken out if it is a string; anything else stays where it is, to be kept verbatim."""
    return fields.pop(name) if isinstance(fields.get(name), str) else None


def is_object(text: str) -> bool:
    """True if ``text`` is a JSON object."""
    try:
        return isinstance(read_json(text), dict)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return False
