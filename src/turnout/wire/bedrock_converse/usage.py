"""Token counts: this protocol's ``usage`` to disjoint buckets, and back.

Its counts are disjoint already: ``totalTokens`` is the sum of input, output, cache read and cache write
(https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html, read 2026-11-21).
"""

from __future__ import annotations

from typing import Any

from turnout.types import Usage
from turnout.wire.bedrock_converse.words import WIRE_NAME


def read_usage(raw: dict[str, Any]) -> Usage:
    written = _count(raw, "cacheWriteInputTokens", "cacheWriteInputTokenCount")
    one_hour = _one_hour(raw.get("cacheDetails"))
    five_minutes = written
    if one_hour is not None and written is not None and one_hour <= written:
        five_minutes = written - one_hour
    else:
        one_hour = None
    return Usage(
        uncached_input_tokens=_count(raw, "inputTokens"),
        cache_read_tokens=_count(raw, "cacheReadInputTokens", "cacheReadInputTokenCount"),
        cache_write_5m_tokens=five_minutes,
        cache_write_1h_tokens=one_hour,
        text_output_tokens=_count(raw, "outputTokens"),
        raw=raw,
        wire=WIRE_NAME,
    )


def _one_hour(details: Any) -> int | None:
    """Of ``cacheDetails``, a list of what was written for how long; None if nothing is said to live an hour."""
    entries = [entry for entry in details if isinstance(entry, dict)] if isinstance(details, list) else []
    counts = [count for entry in entries if entry.get("ttl") == "1h" and (count := _count(entry, "inputTokens")) is not None]
    return sum(counts) if counts else None


def write_usage(usage: Usage, *, own: bool) -> dict[str, Any] | None:
    """The protocol's usage object; None when an answer of this very protocol came without one.

    The three counts that clients rely on are 0 where another protocol did not report them: the format has no other word.
    """
    if usage.wire == WIRE_NAME and usage.raw is not None:
        return usage.raw
    if own and usage.total_tokens is None:
        return None
    beside = (usage.audio_input_tokens, usage.tool_use_tokens)
    written: dict[str, Any] = {
        "inputTokens": (usage.uncached_input_tokens or 0) + sum(count or 0 for count in beside),
        "outputTokens": usage.output_tokens or 0,
        "totalTokens": usage.total_tokens or 0,
    }
    if usage.cache_read_tokens is not None:
        written["cacheReadInputTokens"] = usage.cache_read_tokens
    if usage.cache_write_tokens is not None:
        written["cacheWriteInputTokens"] = usage.cache_write_tokens
    if usage.cache_write_1h_tokens is not None:
        lives = (("1h", usage.cache_write_1h_tokens), ("5m", usage.cache_write_5m_tokens))
        written["cacheDetails"] = [{"ttl": ttl, "inputTokens": count} for ttl, count in lives if count is not None]
    return written


def _count(counts: dict[str, Any], *names: str) -> int | None:
    """The first of ``names`` that holds a count. The longer names are what some models' answers repeat the counts under."""
    return next((value for name in names if type(value := counts.get(name)) is int and value >= 0), None)
