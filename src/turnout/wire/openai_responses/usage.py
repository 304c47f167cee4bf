"""Usage: totals with details inside them, as this protocol reports it, to disjoint buckets and back.

https://platform.openai.com/docs/api-reference/responses/object (read 2026-11-21)
"""

from __future__ import annotations

from typing import Any

from turnout.types import Usage
from turnout.wire.openai_responses.words import WIRE_NAME
from turnout.wire.usage_counts import count, details, split


def read_usage(raw: dict[str, Any]) -> Usage:
    """Buckets that add up to the provider's own totals exactly, whatever details it reports inside them.

    Cached tokens are part of ``input_tokens`` and reasoning of ``output_tokens``, except where ``total_tokens`` shows that
    reasoning was counted beside it, as xAI does in Chat Completions (https://docs.x.ai/docs/guides/reasoning, read 2026-11-21).
    """
    into, out = details(raw, "input_tokens_details"), details(raw, "output_tokens_details")
    given, came, total = count(raw, "input_tokens"), count(raw, "output_tokens"), count(raw, "total_tokens")
    thought = count(out, "reasoning_tokens")
    beside = total - given - came if total is not None and given is not None and came is not None else 0
    uncached, (read, write, heard) = split(
        given, count(into, "cached_tokens"), count(into, "cache_write_tokens"), count(into, "audio_tokens")
    )
    spoken = count(out, "audio_tokens")
    if thought and beside == thought:
        said, (spoken,) = split(came, spoken)
    else:
        said, (thought, spoken) = split(came, thought, spoken)
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
