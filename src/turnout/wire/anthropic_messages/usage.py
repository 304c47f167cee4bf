"""Token counts: this protocol's ``usage`` to disjoint buckets, and back.

Its three input counts are disjoint already, and ``output_tokens`` holds the thinking ones:
https://docs.claude.com/en/docs/build-with-claude/prompt-caching (read 2026-11-21).
"""

from __future__ import annotations

from typing import Any

from turnout.types import Usage
from turnout.wire.anthropic_messages.words import WIRE_NAME
from turnout.wire.usage_counts import count


def read_usage(raw: dict[str, Any]) -> Usage:
    split = raw.get("cache_creation")
    five_minutes, one_hour = count(split, "ephemeral_5m_input_tokens"), count(split, "ephemeral_1h_input_tokens")
    written = count(raw, "cache_creation_input_tokens")
    if written is not None and written >= (one_hour or 0):  # a stream updates the total and not always its split
        five_minutes = written - (one_hour or 0)
    text = count(raw, "output_tokens")
    thinking = count(raw.get("output_tokens_details"), "thinking_tokens")
    if thinking is not None and text is not None and thinking <= text:
        text -= thinking
    else:
        thinking = None
    return Usage(
        uncached_input_tokens=count(raw, "input_tokens"),
        cache_read_tokens=count(raw, "cache_read_input_tokens"),
        cache_write_5m_tokens=five_minutes,
        cache_write_1h_tokens=one_hour,
        text_output_tokens=text,
        reasoning_tokens=thinking,
        raw=raw,
        wire=WIRE_NAME,
    )


def service_tier(raw: dict[str, Any]) -> str | None:
    tier = raw.get("service_tier")
    return tier if isinstance(tier, str) else None


def update_usage(seen: dict[str, Any], later: dict[str, Any]) -> dict[str, Any]:
    """``seen`` brought up to date: counts are running totals, so a later one replaces; what is not repeated stays."""
    merged = dict(seen)
    for name, value in later.items():
        old = merged.get(name)
        if isinstance(old, dict) and isinstance(value, dict):
            merged[name] = update_usage(old, value)
        elif value is not None or name not in merged:
            merged[name] = value
    return merged


def write_usage(usage: Usage, *, own: bool) -> dict[str, Any] | None:
    """The protocol's usage object; None when an answer of this very protocol came without one.

    The two counts that clients rely on are 0 where another protocol did not report them: the format has no other word.
    """
    if usage.wire == WIRE_NAME and usage.raw is not None:
        return usage.raw
    if own and usage.total_tokens is None:
        return None
    beside = (usage.audio_input_tokens, usage.tool_use_tokens)
    written: dict[str, Any] = {
        "input_tokens": (usage.uncached_input_tokens or 0) + sum(count or 0 for count in beside),
        "output_tokens": usage.output_tokens or 0,
    }
    if usage.cache_read_tokens is not None:
        written["cache_read_input_tokens"] = usage.cache_read_tokens
    if usage.cache_write_tokens is not None:
        written["cache_creation_input_tokens"] = usage.cache_write_tokens
    if usage.cache_write_1h_tokens is not None:
        written["cache_creation"] = {
            "ephemeral_5m_input_tokens": usage.cache_write_5m_tokens or 0,
            "ephemeral_1h_input_tokens": usage.cache_write_1h_tokens,
        }
    if usage.reasoning_tokens is not None:
        written["output_tokens_details"] = {"thinking_tokens": usage.reasoning_tokens}
    return written
