"""Token counts of operations that only read: OpenAI's ``usage`` object, and those of protocols that took it over."""

from __future__ import annotations

from typing import Any

from turnout.types import Usage
from turnout.wire.json_body import count


def read_usage(raw: dict[str, Any], wire: str) -> Usage:
    """Some report only a total (https://docs.voyageai.com/reference/embeddings-api, read 2026-11-21)."""
    prompt, total, completion = (count(raw, name) for name in ("prompt_tokens", "total_tokens", "completion_tokens"))
    if prompt is None and total is not None:
        prompt = max(0, total - (completion or 0))
    return Usage(uncached_input_tokens=prompt, text_output_tokens=completion, raw=raw, wire=wire)


def write_usage(usage: Usage, wire: str) -> dict[str, Any] | None:
    """The usage object; the provider's own if it was written in this protocol. None if nothing was reported."""
    if usage.raw is not None and usage.wire == wire:
        return usage.raw
    used = read_tokens(usage)
    return None if used is None else {"prompt_tokens": used, "total_tokens": used}


def read_tokens(usage: Usage) -> int | None:
    """Tokens that were read, or as many as were billed where only that is known."""
    used = usage.input_tokens
    return used if used is not None or usage.billed is None else usage.billed.input_tokens
