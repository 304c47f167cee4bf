"""Usage: totals with details inside them, as this protocol reports it, to disjoint buckets and back.

https://platform.openai.com/docs/api-reference/responses/object (read 2026-11-21)
"""

from __future__ import annotations

from typing import Any

from turnout.types import Usage
from turnout.wire.openai_responses.words import WIRE_NAME


def read_usage(raw: dict[str, Any]) -> Usage:
    """Buckets that add up to the provider's own totals exactly, whatever details it reports inside them.

    Cached tokens are part of ``input_tokens`` and reasoning of ``output_tokens``, except where ``total_tokens`` shows that
    reasoning was counted beside it, as xAI does in Chat Completions (https://docs.x.ai/docs/guides/reasoning, read 2026-11-21).
    """
    into, out = _details(raw, "input_tokens_details"), _details(raw, "output_tokens_details")
    given, came, total = _count(raw, "input_tokens"), _count(raw, "output_tokens"), _count(raw, "total_tokens")
    thought = _count(out, "reasoning_tokens")
    beside = total - given - came if total is not None and given is not None and came is not None else 0
    uncached, (read, write, heard) = _split(
        given, _count(into, "cached_tokens"), _count(into, "cache_write_tokens"), _count(into, "audio_tokens")
    )
    spoken = _count(out, "audio_tokens")
    if thought and beside == thought:
        said, (spoken,) = _split(came, spoken)
    else:
        said, (thought, spoken) = _split(came, thought, spoken)
    return Usage(
        uncached_input_tokens=uncached,
        cache_read_tokens=read,
        cache_write_5m_tokens=write,
        audio_input_tokens=heard,
        text_output_tokens=said,
        reasoning_tokens=thought,
        audio_output_tokens=spoken,
        raw=raw,
        wire=WIRE_NAME,
    )


def write_usage(usage: Usage) -> dict[str, Any] | None:
    """The usage object; the provider's own if it was written in this protocol. None if nothing was reported.

    The protocol's details are required, so a count that another one did not report is 0 there: the format has no other word.
    """
    if usage.raw is not None and usage.wire == WIRE_NAME:
        return usage.raw
    into, out = usage.input_tokens, usage.output_tokens
    if into is None and out is None:
        return None
    inside = {"cached_tokens": usage.cache_read_tokens or 0, "cache_write_tokens": usage.cache_write_tokens or 0}
    return {
        "input_tokens": into or 0,
        "input_tokens_details": inside,
        "output_tokens": out or 0,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens or 0},
        "total_tokens": (into or 0) + (out or 0),
    }


def _split(total: int | None, *details: int | None) -> tuple[int | None, tuple[int | None, ...]]:
    """What remains of ``total`` beside its details. Details that exceed it are cut: the total is what is billed."""
    if total is None:
        return None, details
    left, kept = total, []
    for detail in details:
        if detail is not None:
            detail = min(detail, left)
            left -= detail
        kept.append(detail)
    return left, tuple(kept)


def _details(raw: dict[str, Any], name: str) -> dict[str, Any]:
    value = raw.get(name)
    return value if isinstance(value, dict) else {}


def _count(raw: dict[str, Any], name: str) -> int | None:
    value = raw.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
