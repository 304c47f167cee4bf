"""Token counts: this protocol's ``usageMetadata`` to disjoint buckets, and back.

The prompt's count holds the cached tokens; thoughts and the prompts of Google's own tools are counted beside:
https://ai.google.dev/api/generate-content#UsageMetadata (read 2026-11-21).
"""

from __future__ import annotations

from typing import Any

from turnout.types import Usage
from turnout.wire.gemini.words import WIRE_NAME
from turnout.wire.usage_counts import count

_AUDIO = ("AUDIO", 4)  # the number where enums come as numbers


def read_usage(raw: dict[str, Any]) -> Usage:
    """Details that exceed their total are cut: the total is what is billed."""
    prompt, cached, answer = (
        count(raw, name) for name in ("promptTokenCount", "cachedContentTokenCount", "candidatesTokenCount")
    )
    if prompt is not None and cached is not None:
        cached = min(cached, prompt)
    heard = _audio(raw, "promptTokensDetails")
    if heard is not None:
        heard = max(0, min(heard - (_audio(raw, "cacheTokensDetails") or 0), (prompt or 0) - (cached or 0)))
    spoken = _audio(raw, "candidatesTokensDetails")
    if spoken is not None:
        spoken = min(spoken, answer or 0)
    return Usage(
        uncached_input_tokens=None if prompt is None else prompt - (cached or 0) - (heard or 0),
        cache_read_tokens=cached,
        audio_input_tokens=heard,
        tool_use_tokens=count(raw, "toolUsePromptTokenCount"),
        text_output_tokens=None if answer is None else answer - (spoken or 0),
        reasoning_tokens=count(raw, "thoughtsTokenCount"),
        audio_output_tokens=spoken,
        raw=raw,
        wire=WIRE_NAME,
    )


def service_tier(raw: Any) -> str | None:
    tier = raw.get("serviceTier") if isinstance(raw, dict) else None
    return tier if isinstance(tier, str) else None


def write_usage(usage: Usage) -> dict[str, Any] | None:
    """The protocol's usage object; the provider's own if it was written in this protocol. None if nothing was reported."""
    if usage.wire == WIRE_NAME and usage.raw is not None:
        return usage.raw
    if usage.total_tokens is None:
        return None
    answered = [count for count in (usage.text_output_tokens, usage.audio_output_tokens) if count is not None]
    written = {
        "promptTokenCount": (usage.input_tokens or 0) - (usage.tool_use_tokens or 0),
        "cachedContentTokenCount": usage.cache_read_tokens,
        "candidatesTokenCount": sum(answered) if answered else None,
        "thoughtsTokenCount": usage.reasoning_tokens,
        "toolUsePromptTokenCount": usage.tool_use_tokens,
        "totalTokenCount": usage.total_tokens,
    }
    return {name: count for name, count in written.items() if count is not None}


def _audio(raw: dict[str, Any], name: str) -> int | None:
    details = raw.get(name)
    counts = [
        detail["tokenCount"]
        for detail in (details if isinstance(details, list) else ())
        if isinstance(detail, dict) and detail.get("modality") in _AUDIO and count(detail, "tokenCount") is not None
    ]
    return sum(counts) if counts else None
