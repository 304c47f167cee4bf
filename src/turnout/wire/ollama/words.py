"""The protocol's words and ours: reasons to stop, times, ids that it may leave out, and what may travel verbatim."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from turnout.types import FinishReason, Origin, Unified
from turnout.wire.bookkeeping import said_in as said_in
from turnout.wire.json_body import deep_merge as deep_merge

WIRE_NAME = "ollama"

# "load" and "unload" answer a request without messages, which only moves a model in or out of memory:
# https://docs.ollama.com/api/chat (read 2026-11-21).
_UNIFIED: dict[str, Unified] = {"stop": "stop", "length": "length"}

# A caller must never read a truncated or refused answer as a whole one: what has no word here keeps its own.
_RAW: dict[Unified, str] = {
    "stop": "stop",
    "stop_sequence": "stop",
    "tool_calls": "stop",
    "length": "length",
    "pause": "length",
}


def finish_reason(raw: str | None, *, called_tools: bool) -> FinishReason:
    """The protocol says "stop" beside tool calls too. Servers before 0.1.38 give no reason at all: that is not "stop"."""
    unified = _UNIFIED.get(raw or "", "other")
    if called_tools and (unified == "stop" or raw is None):
        unified = "tool_calls"
    return FinishReason(unified, raw)


def done_reason(finish: FinishReason, origin: Origin | None) -> str | None:
    """None only where this very protocol gave none."""
    if is_own(origin):
        return finish.raw
    return _RAW.get(finish.unified) or finish.raw or finish.unified


def is_own(origin: Origin | None, provider: str | None = None) -> bool:
    """True if what came from ``origin`` may be said verbatim here; see ``Origin.returns_to``."""
    return origin is not None and origin.returns_to(WIRE_NAME, provider)


def read_time(text: Any) -> int | None:
    """Seconds since 1970 of an RFC 3339 time; None for one that is unreadable, or that a server never set."""
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return int(at.timestamp()) if at.tzinfo is not None and at.year >= 1970 else None


def write_time(seconds: int) -> str | None:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, ValueError, OSError):
        return None


def made_up_id(*facts: Any) -> str:
    """An id for a call that came without one: the same for the same facts, another for others."""
    from hashlib import sha256  # newer servers give ids

    digest = sha256("\0".join(map(str, facts)).encode("utf-8", "surrogatepass")).hexdigest()
    return f"call_{digest[:12]}"
