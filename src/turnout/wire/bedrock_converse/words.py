"""The protocol's words and ours: stop reasons, tool ids, and what may travel verbatim."""

from __future__ import annotations

import re
from typing import Any

from turnout.types import FinishReason, Origin, Unified
from turnout.wire.bookkeeping import said_in as said_in
from turnout.wire.json_body import called as called, deep_merge as deep_merge

WIRE_NAME = "bedrock-converse"

# https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseResponse.html (read 2026-11-21)
_UNIFIED: dict[str, Unified] = {
    "end_turn": "stop",
    "stop_sequence": "stop_sequence",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "guardrail_intervened": "content_filter",
    "content_filtered": "content_filter",
    "malformed_model_output": "error",
    "malformed_tool_use": "error",
}

# A caller must never read a truncated or refused answer as a whole one: what has no word here keeps its own.
_RAW: dict[Unified, str] = {
    "stop": "end_turn",
    "stop_sequence": "stop_sequence",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "content_filtered",
    "refusal": "content_filtered",
    "error": "malformed_model_output",
}


def finish_reason(raw: str) -> FinishReason:
    return FinishReason(_UNIFIED.get(raw, "other"), raw)


def stop_reason(finish: FinishReason | None, origin: Origin | None, *, called_tools: bool) -> str | None:
    """The protocol's word for ``finish``, whoever said it. An answer of another protocol that calls tools stopped in order to.

    A reason is required here; None only where this very protocol gave none. One that nobody gave is no "end_turn".
    """
    if finish is None:
        return None if is_own(origin) else "other"
    if finish.raw is not None and is_own(origin):
        return finish.raw
    if called_tools and finish.unified == "stop":
        return "tool_use"
    return _RAW.get(finish.unified) or finish.raw or finish.unified


def is_own(origin: Origin | None, provider: str | None = None) -> bool:
    """True if what came from ``origin`` may be said verbatim here; see ``Origin.returns_to``."""
    return origin is not None and origin.returns_to(WIRE_NAME, provider)


_TOOL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_NOT_IN_IDS = re.compile(r"[^a-zA-Z0-9_-]")


def tool_id(id: str) -> str:
    """``id`` if every model accepts it, else one that it does: the same for the same id, another for another.

    The protocol takes [a-zA-Z0-9_.:-]{1,64}, and some models behind it neither dot nor colon:
    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolUseBlock.html (read 2026-11-21).
    """
    if _TOOL_ID.fullmatch(id):
        return id
    from hashlib import sha256  # ids that need rewriting are rare

    digest = sha256(id.encode("utf-8", "surrogatepass")).hexdigest()[:12]
    return f"{_NOT_IN_IDS.sub('_', id)[:40]}_{digest}"


def take_inner(fields: dict[str, Any], path: tuple[str, ...], kind: type | tuple[type, ...]) -> Any:
    """The value at ``path`` taken out of ``fields`` if it is of ``kind``, and every object with it that it leaves empty.

    None where there is none. Nothing but ``fields`` itself is changed: objects on the way are copied.
    """
    outer, *rest = path
    inner = fields.get(outer)
    if not rest:
        if not isinstance(inner, kind) or (isinstance(inner, bool) and kind is not bool):
            return None
        return fields.pop(outer)
    if not isinstance(inner, dict):
        return None
    copy = dict(inner)
    value = take_inner(copy, tuple(rest), kind)
    if value is None:
        return None
    if copy:
        fields[outer] = copy
    else:
        del fields[outer]
    return value
