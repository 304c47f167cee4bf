"""One call on one line: model, tokens, speed, cost and what translation did."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from turnout.types import Completion, Receipt, Usage


class Timing(Struct, frozen=True):
    """Seconds. ``first`` is None when the answer came whole."""

    total: float
    first: float | None = None
    saw_reasoning: bool = False  # reasoning arrived as text, so its tokens were made after ``first``


def summarise(done: Completion, timing: Timing) -> str:
    """``smollm2-135m via local · 34 in · 58 out · 171 tok/s · 0.04 s to first · cost $0 · receipt: 3 fields, all exact``"""
    served = f"{done.target.model} via {done.target.provider}" if done.target else done.model
    facts = [
        served,
        _tokens_in(done.usage),
        _count(done.usage.output_tokens, "out"),
        _speed(done.usage, timing),
        f"{timing.first:.2f} s to first" if timing.first is not None else f"{timing.total:.2f} s",
        cost(done.cost.total if done.cost else None),
        f"{len(done.attempts)} attempts" if len(done.attempts) > 1 else "",
        (done.attempts[-1].because or "") if done.attempts else "",  # what a policy chose it by
        f"receipt: {receipt(done.receipt)}" if done.receipt is not None else "",
    ]
    return " · ".join(fact for fact in facts if fact)


def losses(done: Completion) -> Sequence[str]:
    """A line for each field that translation approximated or dropped."""
    departures = done.receipt.departures if done.receipt else ()
    return [str(line) for line in departures if line.fate in ("approximated", "dropped")]


def cost(dollars: Decimal | None) -> str:
    """ "cost $0.0012", or "cost unknown": a price that nobody knows is not zero."""
    return "cost unknown" if dollars is None else f"cost ${dollars.normalize():f}"


def receipt(done: Receipt) -> str:
    """ "3 fields, all exact", or how many of each fate: "3 fields, 2 exact, 1 dropped"."""
    fates = [line.fate for line in done.lines]
    if not done.departures:
        return f"{len(fates)} fields, all exact"
    counts = ((fates.count(fate), fate) for fate in ("exact", "mapped", "approximated", "dropped"))
    return f"{len(fates)} fields, " + ", ".join(f"{count} {fate}" for count, fate in counts if count)


def _tokens_in(usage: Usage) -> str:
    cached = f" ({usage.cache_read_tokens} cached)" if usage.cache_read_tokens else ""
    return _count(usage.input_tokens, "in") + cached


def _count(tokens: int | None, direction: str) -> str:
    return f"{'?' if tokens is None else tokens} {direction}"


def _speed(usage: Usage, timing: Timing) -> str:
    """Tokens a second, from the first to the last. The first is what the measurement starts with, so it does not count.

    Over the whole call instead when the answer came whole, or when the model thought unseen before its first event.
    """
    tokens = usage.output_tokens
    if not tokens:
        return ""
    unseen = bool(usage.reasoning_tokens) and not timing.saw_reasoning
    whole = timing.first is None or unseen or tokens == 1
    seconds = timing.total if whole else timing.total - (timing.first or 0.0)
    if seconds < 0.001:  # one burst: no speed can be told
        return ""
    return f"{(tokens if whole else tokens - 1) / seconds:.0f} tok/s"
