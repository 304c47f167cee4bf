"""The candidates of one call, as the policies of its plan order them."""

from __future__ import annotations

from collections.abc import Sequence

from turnout.engine.plan import Candidate, Ordering, Plan
from turnout.engine.policy.asked import Asked, Request
from turnout.engine.policy.health import Health
from turnout.errors import ConfigError, Error
from turnout.types import Target
from turnout.wire.relaying import Passing


class Ordered:
    """Made once for a call. ``candidates``: in the order to try them."""

    def __init__(self, plan: Plan, request: Request | Passing | None, stream: bool) -> None:
        """Raises ConfigError for a policy that fails, or gives what is none of its candidates."""
        self._asked = Asked(request, stream)
        self._health = Health(plan.breakers, plan.latencies, plan.clock())
        self._by: dict[Target, Ordering] = {}
        self.candidates: list[Candidate] = []
        done = 0
        for ordering in plan.orderings:
            self.candidates += plan.candidates[done : ordering.first]
            listed = plan.candidates[ordering.first : ordering.end]
            self.candidates += self._by_policy(ordering, listed, plan)
            self._by |= {candidate.target: ordering for candidate in listed}
            done = ordering.end
        self.candidates += plan.candidates[done:]
        if not self.candidates:
            raise ConfigError(f"the policy {plan.orderings[0].name!r} left no candidate to be tried")

    def because(self, candidate: Candidate) -> str | None:
        """What put it in its place: "cheapest: free"; None where no policy did."""
        ordering = self._by.get(candidate.target)
        if ordering is None:
            return None
        why = getattr(ordering.policy, "why", None)
        if why is None:
            return ordering.name
        try:
            return f"{ordering.name}: {why(candidate, self._asked, self._health)}"
        except Exception as error:
            raise _failed(ordering, error) from error

    def _by_policy(self, ordering: Ordering, listed: Sequence[Candidate], plan: Plan) -> list[Candidate]:
        try:
            ordered = list(ordering.policy.order(listed, self._asked, self._health, plan.draw))
        except Exception as error:
            raise _failed(ordering, error) from error
        if not {id(candidate) for candidate in ordered} <= {id(candidate) for candidate in listed}:
            raise ConfigError(f"the policy {ordering.name!r} gave something that is none of the candidates it was given")
        return ordered


def _failed(ordering: Ordering, error: Exception) -> Error:
    return ConfigError(f"the policy {ordering.name!r} failed: {type(error).__name__}: {error}")
