"""By chance, each as often as its weight says; the rest, for when that one fails, in the same way. Weight 0: after all others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from turnout.engine.plan import Candidate
from turnout.engine.policy.asked import Asked
from turnout.engine.policy.health import Health


class Weighted:
    def order(
        self, candidates: Sequence[Candidate], request: Asked, health: Health, draw: Callable[[], float]
    ) -> Sequence[Candidate]:
        left = [candidate for candidate in candidates if candidate.weight > 0]
        ordered: list[Candidate] = []
        while left:
            rest = draw() * sum(candidate.weight for candidate in left)
            at = 0
            while at < len(left) - 1 and (rest := rest - left[at].weight) >= 0:
                at += 1
            ordered.append(left.pop(at))
        return [*ordered, *(candidate for candidate in candidates if candidate.weight <= 0)]

    def why(self, candidate: Candidate, request: Asked, health: Health) -> str:
        return f"drawn with weight {candidate.weight:g}" if candidate.weight > 0 else "weight 0"


WEIGHTED = Weighted()
