"""The lowest cost first: what is free, then by what this request would cost, then what has no known price, each as listed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from turnout.cost.price import price
from turnout.engine.plan import Candidate
from turnout.engine.policy.asked import Asked
from turnout.engine.policy.health import Health
from turnout.types import Usage

_NOTHING = Decimal(0)


class Cheapest:
    def order(
        self, candidates: Sequence[Candidate], request: Asked, health: Health, draw: Callable[[], float]
    ) -> Sequence[Candidate]:
        costs = [_dollars(candidate, request) for candidate in candidates]
        known = [(cost, at) for at, cost in enumerate(costs) if cost is not None]
        unknown = [at for at, cost in enumerate(costs) if cost is None]
        return [candidates[at] for at in (*(at for _, at in sorted(known)), *unknown)]

    def why(self, candidate: Candidate, request: Asked, health: Health) -> str:
        dollars = _dollars(candidate, request)
        if dollars is None:
            return "no price is known"
        if dollars == _NOTHING:
            return "free"
        return f"about ${dollars:.2g} for {request.input_tokens} tokens in and {request.output_tokens} out"


def _dollars(candidate: Candidate, request: Asked) -> Decimal | None:
    """None when the price of what goes in, or of what comes out, is not known: that is never nothing."""
    known = candidate.model.price if candidate.model is not None else None
    if known is None:
        return None
    cost = price(Usage(uncached_input_tokens=request.input_tokens, text_output_tokens=request.output_tokens), known)
    return cost.total if cost is not None else None


CHEAPEST = Cheapest()
