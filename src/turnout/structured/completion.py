"""An answer together with the object it says, and the sum of what it took to get it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Context, Decimal
from typing import Any, Generic, TypeVar

from msgspec.structs import replace

from turnout.types import Completion, Cost, Usage

T = TypeVar("T")

_EXACT = Context(prec=100)  # of our own: a caller's decimal context may round
_INPUTS = (
    "uncached_input_tokens",
    "cache_read_tokens",
    "cache_write_5m_tokens",
    "cache_write_1h_tokens",
    "audio_input_tokens",
    "tool_use_tokens",
)
_OUTPUTS = ("text_output_tokens", "reasoning_tokens", "audio_output_tokens")


class TypedCompletion(Completion, Generic[T], frozen=True, omit_defaults=True, kw_only=True):
    """The answer that fitted. ``parsed`` is the object it says.

    ``usage``, ``cost`` and ``attempts`` are of the whole call: of this answer and of those in ``unfit``, the ones before it that
    did not fit, each with its own usage and cost.
    """

    parsed: T
    unfit: tuple[Completion, ...] = ()


def typed(answers: Sequence[Completion], parsed: T) -> TypedCompletion[T]:
    """The last of ``answers`` as the one that fitted."""
    whole = summed(answers)
    fields = {name: getattr(whole, name) for name in Completion.__struct_fields__}
    return TypedCompletion(parsed=parsed, unfit=tuple(answers[:-1]), **fields)


def summed(answers: Sequence[Completion]) -> Completion:
    """The last of ``answers``, with the usage and the cost of all of them."""
    if len(answers) == 1:
        return answers[0]
    return replace(
        answers[-1], usage=_usage([answer.usage for answer in answers]), cost=_cost([answer.cost for answer in answers])
    )


def _usage(usages: Sequence[Usage]) -> Usage:
    """The sum. A side (input or output) that one of them did not report is not known of all; ``raw`` stays with each."""
    counts: dict[str, Any] = {}
    for names, sides in (
        (_INPUTS, [usage.input_tokens for usage in usages]),
        (_OUTPUTS, [usage.output_tokens for usage in usages]),
    ):
        for name in names if None not in sides else ():
            reported = [count for usage in usages if (count := getattr(usage, name)) is not None]
            counts[name] = sum(reported) if reported else None
    billed = None
    if any(usage.billed is not None for usage in usages):
        billed = _usage([usage.billed or replace(usage, billed=None) for usage in usages])
    return Usage(**counts, billed=billed)


def _cost(costs: Sequence[Cost | None]) -> Cost | None:
    """The exact sum; None when one of them is not known."""
    known = [cost for cost in costs if cost is not None]
    if len(known) < len(costs):
        return None
    buckets: dict[str, Decimal] = {}
    total = Decimal(0)
    for cost in known:
        total = _EXACT.add(total, cost.total)
        for name, share in cost.buckets.items():
            buckets[name] = _EXACT.add(buckets.get(name, Decimal(0)), share)
    return Cost(total=total, buckets=buckets, source="; ".join(dict.fromkeys(cost.source for cost in known)))
