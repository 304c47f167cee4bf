"""The order in which candidates are listed. It is in the table of policies as a name to choose; plans of it ask no policy."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from turnout.engine.plan import Candidate
from turnout.engine.policy.asked import Asked
from turnout.engine.policy.health import Health


class Listed:
    def order(
        self, candidates: Sequence[Candidate], request: Asked, health: Health, draw: Callable[[], float]
    ) -> Sequence[Candidate]:
        return candidates

    def why(self, candidate: Candidate, request: Asked, health: Health) -> str:
        return "as listed"


LISTED = Listed()
