"""Usage: totals with details inside them, as this protocol reports it, to disjoint buckets and back."""

from __future__ import annotations

from typing import Any

from turnout.types import Usage
from turnout.wire.openai_chat.words import WIRE_NAME
from turnout.wire.usage_counts import count, details, split


def read_usage(raw: dict[str, Any]) -> Usage:
    """Buckets that add up to the provider's own totals exactly, whatever details it reports inside them.

    Cached tokens and audio are part of ``prompt_tokens``, reasoning of ``completion_tokens``, except where
    ``total_tokens`` shows that they were counted beside them: reasoning by xAI (https://docs.x.ai/docs/guides/reasoning),
    audio by Mistral (https://docs.mistral.ai/capabilities/audio; both read 2026-11-21).
    """
    into = details(raw, "prompt_tokens_details")
    out = details(raw, "completion_tokens_details")
    prompt, completion, total = count(raw, "prompt_tokens"), count(raw, "completion_tokens"), count(raw, "total_tokens")
    read = count(into, "cached_tokens")
    if read is None:  # DeepSeek
        read = count(raw, "prompt_cache_hit_tokens")
    if read is None:  # Moonshot
        read = count(raw, "cached_tokens")
    write = count(into, "cache_write_tokens")  # OpenRouter
    heard, spoken = count(into, "audio_tokens"), count(out, "audio_tokens")
    thought = count(out, "reasoning_tokens")
    if thought is None:
        thought = count(raw, "reasoning_tokens")
    beside = total - prompt - completion if total is not None and prompt is not None and completion is not None else 0
    thought_beside = bool(thought) and beside == thought
    if heard and beside == heard and not thought_beside:  # one of them explains the total
        uncached, (read, write) = split(prompt, read, write)
    else:
        uncached, (read, write, heard) = split(prompt, read, write, heard)
    if thought_beside:
        said, (spoken,) = split(completion, spoken)
    else:
        said, (thought, spoken) = split(completion, thought, spoken)
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
    """The usage object; the provider's own if it was written in this protocol. None if nothing was reported."""
    if usage.raw is not None and usage.wire == WIRE_NAME:
        return usage.raw
    into, out = usage.input_tokens, usage.output_tokens
    if into is None and out is None:
        return None
    written: dict[str, Any] = {"prompt_tokens": into or 0, "completion_tokens": out or 0}
    written["total_tokens"] = (into or 0) + (out or 0)
    inside = _present(cached_tokens=usage.cache_read_tokens, cache_write_tokens=usage.cache_write_tokens)
    inside |= _present(audio_tokens=usage.audio_input_tokens)
    if inside:
        written["prompt_tokens_details"] = inside
    outside = _present(reasoning_tokens=usage.reasoning_tokens, audio_tokens=usage.audio_output_tokens)
    if outside:
        written["completion_tokens_details"] = outside
    return written


def _present(**counts: int | None) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count is not None}
