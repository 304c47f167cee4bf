"""Usage times price: exact, or not at all."""

from __future__ import annotations

from decimal import Context, Decimal
from operator import attrgetter
from typing import Any

from turnout.catalog.schema import Price, Rates
from turnout.types import Cost, Usage

# Names under which providers report the service everyone gets unless they ask for another.
_STANDARD = frozenset(("", "default", "standard", "auto", "on_demand"))

# Anthropic bills inference that must stay in the United States at 1.1 times every rate.
# https://platform.claude.com/docs/en/manage-claude/data-residency (read 2026-11-21)
_US_ONLY = Decimal("1.1")

# Usage fields that stand for a fee which is not per token: xAI's and Perplexity's searches, Mistral's seconds of audio,
# Cohere's searches and classifications. https://docs.x.ai/docs/guides/live-search,
# https://docs.perplexity.ai/getting-started/pricing, https://docs.cohere.com/reference/chat (read 2026-11-21)
_APIECE = frozenset(
    ("num_sources_used", "num_search_queries", "search_context_size", "prompt_audio_seconds", "search_units", "classifications")
)

# Fields of a provider's usage that say how tokens are billed, or what is billed beside them.
_SPECIAL = _APIECE | {"server_tool_use", "iterations", "speed", "inference_geo"}

_EXACT = Context(prec=100)  # of our own: a caller's decimal context may round
_PER_MILLION = Decimal(-6)  # as an exponent
_NOTHING = Decimal(0)

_RATE_OF = {  # bucket of Usage -> field of Rates
    "uncached_input_tokens": "input",
    "cache_read_tokens": "cache_read",
    "cache_write_5m_tokens": "cache_write",
    "cache_write_1h_tokens": "cache_write_1h",
    "audio_input_tokens": "audio_input",
    "tool_use_tokens": "input",
    "text_output_tokens": "output",
    "reasoning_tokens": "reasoning",
    "audio_output_tokens": "audio_output",
}
_BUCKETS = tuple(_RATE_OF.items())
_bucket_tokens = attrgetter(*_RATE_OF)
_INPUTS = 6  # of these buckets, the first so many went in
_UNKNOWN_INPUT = (None,) * _INPUTS
_UNKNOWN_OUTPUT = (None,) * (len(_RATE_OF) - _INPUTS)


def price(usage: Usage, at: Price, service_tier: str | None = None) -> Cost | None:
    """What ``usage`` costs ``at`` that price, each bucket exactly; None when any part of it is not known.

    Not known: a bucket with tokens but no rate, a side (input or output) that the provider did not report, a ``service_tier``
    (as the provider reported it) or speed with no rates of its own, and charges that are not for tokens, such as searches.
    """
    if usage.billed is not None:
        usage = usage.billed
    tokens = _bucket_tokens(usage)
    into, out = tokens[:_INPUTS], tokens[_INPUTS:]
    if into == _UNKNOWN_INPUT or out == _UNKNOWN_OUTPUT:
        return None
    mode, factor = service_tier or "", None
    if usage.raw is not None and not _SPECIAL.isdisjoint(usage.raw):
        if _charges_beside_tokens(usage.raw):
            return None
        mode = _speed(usage.raw) or mode
        factor = _US_ONLY if usage.raw.get("inference_geo") == "us" else None
    rates = _rates(at, into, mode)
    if rates is None:
        return None
    buckets: dict[str, Decimal] = {}
    total = _NOTHING
    for (bucket, field), count in zip(_BUCKETS, tokens, strict=True):
        if not count:
            continue
        rate: Decimal | None = getattr(rates, field)
        if rate is None and bucket == "reasoning_tokens":
            rate = rates.output
        if rate is None:
            return None
        share = _EXACT.scaleb(_EXACT.multiply(count, rate), _PER_MILLION)
        if factor is not None:
            share = _EXACT.multiply(share, factor)
        buckets[bucket] = share
        total = _EXACT.add(total, share)
    return Cost(total=total, buckets=buckets, source=at.source)


def _rates(at: Price, into: tuple[int | None, ...], mode: str) -> Rates | None:
    rates: Rates = at
    exceeded = False
    if at.tiers:
        total_input = sum(filter(None, into))
        for tier in at.tiers:
            if total_input > tier.above_input_tokens:
                rates, exceeded = tier, True
    if mode in _STANDARD:
        return rates
    return None if exceeded else at.modes.get(mode)  # sources give a mode's rates for short prompts only


def _speed(raw: dict[str, Any]) -> str:
    # Anthropic reports its fast mode as a speed in the usage, beside a service tier that stays "standard".
    # https://platform.claude.com/docs/en/build-with-claude/fast-mode (read 2026-11-21)
    speed = raw.get("speed")
    return speed if isinstance(speed, str) and speed not in _STANDARD else ""


def _charges_beside_tokens(raw: dict[str, Any]) -> bool:
    """True when something is billed apiece, or in tokens that the totals leave out (a server-side compaction)."""
    if any(raw.get(field) for field in _APIECE):
        return True
    tools, iterations = raw.get("server_tool_use"), raw.get("iterations")
    if isinstance(tools, dict) and tools.get("web_search_requests"):
        return True
    return isinstance(iterations, list) and any(
        isinstance(step, dict) and step.get("type", "message") != "message" for step in iterations
    )
