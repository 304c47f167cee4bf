"""A policy: in which order the candidates of a plan are tried. Pure: what it needs to know comes in as arguments."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from turnout.engine.plan import Candidate
from turnout.engine.policy.asked import Asked
from turnout.engine.policy.health import Health


class Steadiest:
    """Who has not failed of late first, the lowest price of an output token among equals; an unknown price is the highest."""

    def order(
        self, candidates: Sequence[Candidate], request: Asked, health: Health, draw: Callable[[], float]
    ) -> Sequence[Candidate]:
        return sorted(candidates, key=lambda candidate: (health.failures(candidate.target), *_output_price(candidate)))

    def why(self, candidate: Candidate, request: Asked, health: Health) -> str:
        unknown, price = _output_price(candidate)
        cost = "no known price" if unknown else f"${price} for a million tokens out"
        return f"{health.failures(candidate.target)} failures in a row, {cost}"


def _output_price(candidate: Candidate) -> tuple[bool, Decimal]:
    price = candidate.model.price if candidate.model is not None else None
    output = price.output if price is not None else None
    return output is None, output or Decimal(0)


STEADIEST = Steadiest()
