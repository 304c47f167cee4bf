"""A policy: in which order the candidates of a plan are tried. Pure: what it needs to know comes in as arguments."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from turnout.engine.plan import Candidate


class Cheapest:
    """The lowest price of an output token first; those without a known price last, in the order given."""

    def order(
        self, candidates: Sequence[Candidate], request: object, health: object, draw: Callable[[], float]
    ) -> Sequence[Candidate]:
        return sorted(candidates, key=_output_price)


def _output_price(candidate: Candidate) -> tuple[bool, Decimal]:
    price = candidate.model.price if candidate.model is not None else None
    output = price.output if price is not None else None
    return output is None, output or Decimal(0)


CHEAPEST = Cheapest()
