"""The protocol's words and ours: finish reasons, field spellings, tool ids, model names, and what may travel verbatim."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from turnout.types import FinishReason, Origin, Unified
from turnout.wire.bookkeeping import said_in as said_in
from turnout.wire.json_body import called as called, deep_merge as deep_merge

WIRE_NAME = "gemini"
ORIGIN = Origin(WIRE_NAME)

# https://ai.google.dev/api/generate-content#FinishReason, and those that only Vertex AI has:
# https://cloud.google.com/vertex-ai/docs/reference/rest/v1/GenerateContentResponse (both read 2026-11-21)
_UNIFIED: dict[str, Unified] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "LANGUAGE": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
    "MALFORMED_FUNCTION_CALL": "error",
    "MALFORMED_RESPONSE": "error",
    "UNEXPECTED_TOOL_CALL": "error",
    "TOO_MANY_TOOL_CALLS": "error",
    "MISSING_THOUGHT_SIGNATURE": "error",
    "NO_IMAGE": "error",
}

# With $alt=json;enum-encoding=int the words come as numbers, which mean the same everywhere only as far as this.
_NUMBERED = ("FINISH_REASON_UNSPECIFIED", "STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "OTHER")

# A caller must never read a truncated or refused answer as a whole one: what has no word here is OTHER.
_RAW: dict[Unified, str] = {
    "stop": "STOP",
    "stop_sequence": "STOP",
    "tool_calls": "STOP",
    "length": "MAX_TOKENS",
    "content_filter": "SAFETY",
    "refusal": "SAFETY",
}


def finish_reason(raw: str | int, *, called_tools: bool) -> FinishReason:
    """The protocol says STOP beside function calls; an answer that calls tools finished in order to."""
    if isinstance(raw, int):
        raw = _NUMBERED[raw] if 0 <= raw < len(_NUMBERED) else str(raw)
    unified = _UNIFIED.get(raw, "other")
    if called_tools and unified == "stop":
        unified = "tool_calls"
    return FinishReason(unified, raw)


def blocked(reason: str) -> FinishReason:
    """Why a prompt was not answered at all. https://ai.google.dev/api/generate-content#BlockReason (read 2026-11-21)."""
    return FinishReason("content_filter", reason)


def raw_finish(finish: FinishReason, origin: Origin | None) -> str:
    if finish.raw is not None and is_own(origin):
        return finish.raw
    return _RAW.get(finish.unified, "OTHER")


def is_own(origin: Origin | None, provider: str | None = None) -> bool:
    """True if what came from ``origin`` may be said verbatim here; see ``Origin.returns_to``."""
    return origin is not None and origin.returns_to(WIRE_NAME, provider)


# -- two spellings ---------------------------------------------------------------------------------

Spelled = dict[str, str]


@lru_cache(maxsize=128)
def snake(name: str) -> str:
    return re.sub("[A-Z]", lambda found: "_" + found[0].lower(), name)


def find(fields: dict[str, Any], name: str, spelled: Spelled) -> str | None:
    """The key under which ``fields`` hold ``name``: camelCase or, which ``spelled`` then remembers, snake_case.

    Both are accepted: https://protobuf.dev/programming-guides/json (read 2026-11-21).
    """
    if name in fields:
        return name
    other = snake(name)
    if other in fields and other != name:
        spelled[name] = other
        return other
    return None


def take(fields: dict[str, Any], name: str, kind: type | tuple[type, ...], spelled: Spelled) -> Any:
    """``name`` taken out of ``fields`` if it is of ``kind``; anything else stays where it is, to be kept verbatim."""
    mine: Spelled = {}
    key = find(fields, name, mine)
    if key is None or not isinstance(fields[key], kind) or (isinstance(fields[key], bool) and kind is not bool):
        return None
    spelled.update(mine)
    return fields.pop(key)


# -- models, ids, extras ---------------------------------------------------------------------------

_GENERATION = re.compile(r"gemini-(\d+)")


def generation(model: str) -> int | None:
    """2 of "gemini-2.5-flash"; None for a name without one ("gemini-flash-latest", "gemma-3")."""
    found = _GENERATION.search(model)
    return int(found[1]) if found else None


def call_id(answer: str, number: int, choice: int, name: str, arguments: str) -> str:
    """An id for a call that came without one: the same for the same answer, however its bytes were cut."""
    if not answer:
        from hashlib import sha256  # answers without an id are rare

        answer = sha256(f"{name}\0{arguments}".encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"call_{answer}_{number}" if not choice else f"call_{answer}_{choice}_{number}"
