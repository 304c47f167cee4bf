"""Policies: in which order the candidates of a plan are tried, decided at each call. A policy is pure and keeps nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from turnout.engine.plan import Candidate
    from turnout.engine.policy.asked import Asked
    from turnout.engine.policy.health import Health

LISTED = "listed"  # as they are named; a plan of this policy has none to ask

POLICIES: Mapping[str, str] = {
    LISTED: "turnout.engine.policy.listed:LISTED",
    "cheapest": "turnout.engine.policy.cheapest:CHEAPEST",
    "fastest": "turnout.engine.policy.fastest:FASTEST",
    "weighted": "turnout.engine.policy.weighted:WEIGHTED",
}


class Policy(Protocol):
    """One thing for all calls, shared between threads. It may also have ``why``: see ``Explains``."""

    def order(
        self, candidates: Sequence[Candidate], request: Asked, health: Health, draw: Callable[[], float]
    ) -> Sequence[Candidate]:
        """``candidates`` (two or more, as they are listed) in the order to try them. One that is left out is not tried.

        ``draw`` gives a number in [0, 1), another each time. What is raised ends the call.
        """
        ...


class Explains(Protocol):
    """What a policy may have beside ``order``."""

    def why(self, candidate: Candidate, request: Asked, health: Health) -> str:
        """What put ``candidate`` in its place, in a few words: "first event after 0.21 s". It is kept with the attempt."""
        ...
