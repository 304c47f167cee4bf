"""Token counts: this protocol's ``usage`` to disjoint buckets, and back.

It counts twice. ``tokens`` is what the model read and wrote, the vendor's own preamble included: our buckets. ``billed_units``
is the smaller number that the vendor prices (https://docs.cohere.com/docs/how-does-cohere-pricing-work, read 2026-11-21):
``Usage.billed``. Both stay in ``Usage.raw``.
"""

from __future__ import annotations

from typing import Any

from turnout.types import Usage
from turnout.wire.cohere_chat.words import WIRE_NAME
from turnout.wire.json_body import count  # the vendor's own types call them floats


def read_usage(raw: dict[str, Any]) -> Usage:
    """``image_tokens`` stand beside ``input_tokens``, ``cached_tokens`` within them; ``reasoning_tokens`` within the output's."""
    tokens = raw.get("tokens")
    texts, images = count(tokens, "input_tokens"), count(tokens, "image_tokens")
    cached, said, thought = count(raw, "cached_tokens"), count(tokens, "output_tokens"), count(tokens, "reasoning_tokens")
    read = None if texts is None and images is None else (texts or 0) + (images or 0)
    if read is not None and cached is not None:
        cached = min(cached, read)
        read -= cached
    if said is not None and thought is not None:
        thought = min(thought, said)
        said -= thought
    return Usage(
        uncached_input_tokens=read,
        cache_read_tokens=cached,
        text_output_tokens=said,
        reasoning_tokens=thought,
        raw=raw,
        wire=WIRE_NAME,
        billed=_billed(raw.get("billed_units")),
    )


def _billed(units: Any) -> Usage | None:
    into, out = count(units, "input_tokens"), count(units, "output_tokens")
    if into is None and out is None:
        return None
    return Usage(uncached_input_tokens=into, text_output_tokens=out, raw=units, wire=WIRE_NAME)


def write_usage(usage: Usage) -> dict[str, Any] | None:
    """The usage object; the provider's own if it was written in this protocol. None if nothing was reported."""
    if usage.raw is not None and usage.wire == WIRE_NAME:
        return usage.raw
    into, out = usage.input_tokens, usage.output_tokens
    if into is None and out is None:
        return None
    counts = {name: count for name, count in (("input_tokens", into), ("output_tokens", out)) if count is not None}
    tokens = counts if usage.reasoning_tokens is None else counts | {"reasoning_tokens": usage.reasoning_tokens}
    written: dict[str, Any] = {"billed_units": counts, "tokens": tokens}
    if usage.cache_read_tokens is not None:
        written["cached_tokens"] = usage.cache_read_tokens
    return written
