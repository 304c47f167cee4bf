"""The protocol's words and ours: why an answer ended, ids, URLs, and what may travel verbatim."""

from __future__ import annotations

import re
from typing import Any

from turnout.types import FinishReason, Origin, Unified
from turnout.wire.bookkeeping import said_in as said_in
from turnout.wire.data_urls import source as source, url as url
from turnout.wire.json_body import called as called, deep_merge as deep_merge

WIRE_NAME = "openai-responses"

# `status` and `incomplete_details.reason`: https://platform.openai.com/docs/api-reference/responses/object (read 2026-11-21).
# "complete" is what some compatible servers write.
_UNIFIED: dict[str, Unified] = {
    "completed": "stop",
    "complete": "stop",
    "max_output_tokens": "length",
    "max_tokens": "length",
    "content_filter": "content_filter",
    "failed": "error",
    "cancelled": "error",
}
_UNFINISHED = ("queued", "in_progress")

# A caller must never read a truncated or refused answer as a whole one.
_INCOMPLETE: dict[Unified, str] = {
    "length": "max_output_tokens",
    "pause": "max_output_tokens",
    "content_filter": "content_filter",
    "refusal": "content_filter",
}


def finish_reason(answer: dict[str, Any], *, called_tools: bool) -> FinishReason | None:
    """Why the answer ended; None while it has not. The protocol says "completed" also beside tool calls."""
    status, details = answer.get("status"), answer.get("incomplete_details")
    if not isinstance(status, str) or status in _UNFINISHED:
        return None
    reason = details.get("reason") if isinstance(details, dict) else None
    raw = reason if status == "incomplete" and isinstance(reason, str) else status
    unified = _UNIFIED.get(raw, "other")
    return FinishReason("tool_calls" if called_tools and unified == "stop" else unified, raw)


def ending(finish: FinishReason | None) -> tuple[str, str | None]:
    """``status`` and ``incomplete_details.reason`` for an answer of another protocol. One that did not say why it ended may have
    been cut off, and is not told as completed."""
    if finish is None:
        return "incomplete", None
    if finish.unified in ("stop", "stop_sequence", "tool_calls"):
        return "completed", None
    if finish.unified == "error":
        return "failed", None
    return "incomplete", _INCOMPLETE.get(finish.unified)  # there are two reasons; for others it is left open


# https://platform.openai.com/docs/api-reference/responses/create, reasoning.effort (read 2026-11-21)
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")

# https://platform.openai.com/docs/api-reference/responses/create, service_tier (read 2026-11-21); the last is Anthropic's word
_TIERS = {"auto": "auto", "default": "default", "flex": "flex", "scale": "scale", "priority": "priority", "standard": "default"}


def service_tier(tier: str) -> str | None:
    """Another protocol's ``tier`` in this one's words; None if it has no word for it."""
    return _TIERS.get(tier)


def is_own(origin: Origin | None, provider: str | None = None) -> bool:
    """True if what came from ``origin`` may be said verbatim here; see ``Origin.returns_to``."""
    return origin is not None and origin.returns_to(WIRE_NAME, provider)


_MOST_ID_CHARACTERS = 64  # longer ids are refused: "string too long. Expected … maximum length 64" (seen 2026-11-21)


def call_id(id: str) -> str:
    """``id`` if the protocol accepts it, else one that it does: the same for the same id, another for another."""
    if len(id) <= _MOST_ID_CHARACTERS:
        return id
    from hashlib import sha256  # ids that need rewriting are rare

    return f"{id[:47]}_{sha256(id.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"


_NOT_IN_IDS = re.compile(r"[^a-zA-Z0-9_-]")


def item_id(prefix: str, answer_id: str, number: int) -> str:
    """An id for item ``number`` of an answer whose protocol gives its parts none: the same whenever it is asked for."""
    return f"{prefix}_{_NOT_IN_IDS.sub('', answer_id)[-48:]}_{number}"


def take(fields: dict[str, Any], name: str, kind: type = str) -> Any:
    """``fields[name]`` taken out if it is of ``kind``; anything else stays where it is, to be kept verbatim."""
    value = fields.get(name)
    if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
        return fields.pop(name)
    return None
