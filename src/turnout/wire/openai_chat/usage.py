"""Usage: totals with details inside them, as this protocol reports it, to disjoint buckets and back."""

from __future__ import annotations

from typing import Any

from turnout.types import Usage
from turnout.wire.openai_chat.words import WIRE_NAME


def read_usage(raw: dict[str, Any]) -> Usage:
    """Buckets that add up to the provider's own totals exactly, whatever details it reports inside them.

    Cached tokens and audio are part of ``prompt_tokens``, reasoning of ``completion_tokens``, except where
    ``total_tokens`` shows that they were counted beside them: reasoning by xAI (https://docs.x.ai/docs/guides/reasoning),
    audio by Mistral (https://docs.mistral.ai/capabilities/audio; both read 2026-11-21).
    """
    into = _details(raw, "prompt_tokens_details")
    out = _details(raw, "completion_tokens_details")
    prompt, completion, total = _count(raw, "prompt_tokens"), _count(raw, "completion_tokens"), _count(raw, "total_tokens")
    read = _count(into, "cached_tokens")
    if read is None:  # DeepSeek
        read = _count(raw, "prompt_cache_hit_tokens")
    if read is None:  # Moonshot
        read = _count(raw, "cached_tokens")
    write = _count(into, "cache_write_tokens")  # OpenRouter
    heard, spoken = _count(into, "audio_tokens"), _count(out, "audio_tokens")
    thought = _count(out, "reasoning_tokens")
    if thought is None:
        thought = _count(raw, "reasoning_tokens")
    beside = total - prompt - completion if total is not None and prompt is not None and completion is not None else 0
    thought_beside = bool(thought) and beside == thought
    if heard and beside == heard and not thought_beside:  # one of them explains the total
        uncached, (read, write) = _split(prompt, read, write)
    else:
        uncached, (read, write, heard) = _split(prompt, read, write, heard)
    if thought_beside:
        said, (spoken,) = _split(completion, spoken)
    else:
        said, (thought, spoken) = _split(completion, thought, spoken)
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


def _split(total: int | None, *details: int | None) -> tuple[int | None, tuple[int | None, ...]]:
    """What remains of ``total`` beside its details. Details that exceed it are cut: the total is what is billed."""
    if total is None:
        return None, details
    inside = sum(filter(None, details))
    if inside <= total:
        return total - inside, details
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
    return value if type(value) is int and value >= 0 else None  # true and false are no counts


def _present(**counts: int | None) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count is not None}
