"""Usage times price: exact, or not at all."""

from __future__ import annotations

from decimal import Context, Decimal
from operator import attrgetter

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
    if into == _UNKNOWN_INPUT or out == _UNKNOWN_OUTPUT or _charges_beside_tokens(usage):
        return None
    total_input = sum(filter(None, into))
    rates = _rates(at, total_input, _mode(usage, service_tier))
    if rates is None:
        return None
    factor = _US_ONLY if _raw(usage, "inference_geo") == "us" else None
    buckets: dict[str, Decimal] = {}
    total = _NOTHING
    for (bucket, field), count in zip(_RATE_OF.items(), tokens, strict=True):
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


def _rates(at: Price, total_input: int, mode: str) -> Rates | None:
    rates: Rates = at
    exceeded = False
    for tier in at.tiers:
        if total_input > tier.above_input_tokens:
            rates, exceeded = tier, True
    if mode in _STANDARD:
        return rates
    return None if exceeded else at.modes.get(mode)  # sources give a mode's rates for short prompts only


def _mode(usage: Usage, service_tier: str | None) -> str:
    # Anthropic reports its fast mode as a speed in the usage, beside a service tier that stays "standard".
    # https://platform.claude.com/docs/en/build-with-claude/fast-mode (read 2026-11-21)
    speed = _raw(usage, "speed")
    if isinstance(speed, str) and speed not in _STANDARD:
        return speed
    return service_tier or ""


def _charges_beside_tokens(usage: Usage) -> bool:
    """True when something is billed apiece, or in tokens that the totals leave out (a server-side compaction)."""
    if usage.raw is None:
        return False
    if not _APIECE.isdisjoint(usage.raw) and any(usage.raw.get(field) for field in _APIECE):
        return True
    tools, iterations = usage.raw.get("server_tool_use"), usage.raw.get("iterations")
    if isinstance(tools, dict) and tools.get("web_search_requests"):
        return True
    return isinstance(iterations, list) and any(
        isinstance(step, dict) and step.get("type", "message") != "message" for step in iterations
    )


def _raw(usage: Usage, field: str) -> object:
    return usage.raw.get(field) if usage.raw is not None else None
