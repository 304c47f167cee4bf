"""The protocol's words and ours: stop reasons, tool ids, and what may travel verbatim."""

from __future__ import annotations

import re
from typing import Any

from turnout.types import FinishReason, Origin, Unified
from turnout.wire.bookkeeping import said_in as said_in
from turnout.wire.json_body import called as called, deep_merge as deep_merge

WIRE_NAME = "anthropic-messages"

# https://docs.claude.com/en/api/handling-stop-reasons (read 2026-11-21). "pause_turn" and "compaction" want the answer
# sent back to be continued.
_UNIFIED: dict[str, Unified] = {
    "end_turn": "stop",
    "stop_sequence": "stop_sequence",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "pause_turn": "pause",
    "compaction": "pause",
    "refusal": "refusal",
}

# A caller must never read a truncated or refused answer as a whole one: what has no word here keeps its own.
_RAW: dict[Unified, str] = {
    "stop": "end_turn",
    "stop_sequence": "stop_sequence",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "pause": "pause_turn",
    "refusal": "refusal",
    "content_filter": "refusal",
}


def finish_reason(raw: str, stop_sequence: str | None = None) -> FinishReason:
    return FinishReason(_UNIFIED.get(raw, "other"), raw, stop_sequence)


def stop_reason(finish: FinishReason, origin: Origin | None, *, called_tools: bool) -> str:
    """The protocol's word for ``finish``, whoever said it. An answer of another protocol that calls tools stopped in order to."""
    if finish.raw is not None and is_own(origin):
        return finish.raw
    if called_tools and finish.unified == "stop":
        return "tool_use"
    return _RAW.get(finish.unified) or finish.raw or finish.unified


def take_finish(fields: dict[str, Any]) -> FinishReason | None:
    """The stop reason, taken out of ``fields``; a null, or a form nobody knows, stays there."""
    if not isinstance(fields.get("stop_reason"), str):
        return None
    sequence = fields.pop("stop_sequence") if isinstance(fields.get("stop_sequence"), str) else None
    return finish_reason(fields.pop("stop_reason"), sequence)


def is_own(origin: Origin | None, provider: str | None = None) -> bool:
    """True if what came from ``origin`` may be said verbatim here; see ``Origin.returns_to``."""
    return origin is not None and origin.returns_to(WIRE_NAME, provider)


_NOT_IN_IDS = re.compile(r"[^a-zA-Z0-9_-]")


def tool_id(id: str) -> str:
    """``id`` if the protocol accepts it, else one that it does: the same for the same id, another for another.

    Ids must match ^[a-zA-Z0-9_-]+$: https://docs.claude.com/en/api/messages (read 2026-11-21).
    """
    if id and not _NOT_IN_IDS.search(id):
        return id
    from hashlib import sha256  # ids that need rewriting are rare

    digest = sha256(id.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{_NOT_IN_IDS.sub('_', id)[:40]}_{digest}"
