"""Token counts: this protocol's two, to our buckets and back. Its durations are no usage and stay in ``extra``.

A count of zero is left out, which a prompt that was wholly cached has: absent is then unknown, not zero
(``omitempty`` on ``Metrics``, https://github.com/ollama/ollama/blob/main/api/types.go, read 2026-11-21).
"""

from __future__ import annotations

from typing import Any

from turnout.types import Usage
from turnout.wire.ollama.words import WIRE_NAME

_COUNTS = ("prompt_eval_count", "eval_count")


def take_usage(fields: dict[str, Any]) -> Usage | None:
    """The counts, taken out of an answer's ``fields``; None if there is none. Thinking is counted in ``eval_count``."""
    raw = {name: fields.pop(name) for name in _COUNTS if type(count := fields.get(name)) is int and count >= 0}
    if not raw:
        return None
    return Usage(
        uncached_input_tokens=raw.get("prompt_eval_count"),
        text_output_tokens=raw.get("eval_count"),
        raw=raw,
        wire=WIRE_NAME,
    )


def write_usage(usage: Usage) -> dict[str, Any]:
    if usage.wire == WIRE_NAME and usage.raw is not None:
        return usage.raw
    counts = {"prompt_eval_count": usage.input_tokens, "eval_count": usage.output_tokens}
    return {name: count for name, count in counts.items() if count is not None}
