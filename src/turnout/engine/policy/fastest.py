"""The one that answered soonest of late first: by the seconds to a stream's first event, or to the end of a whole answer.

One that was not measured in the last five minutes is tried first, so that it is; while that call is out, the others go elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from turnout.engine.plan import Candidate
from turnout.engine.policy.asked import Asked
from turnout.engine.policy.health import Health

_BEING_MEASURED = 10.0  # seconds after a call went to a target, in which no other goes there only to find out


class Fastest:
    def order(
        self, candidates: Sequence[Candidate], request: Asked, health: Health, draw: Callable[[], float]
    ) -> Sequence[Candidate]:
        def place(candidate: Candidate) -> tuple[int, float]:
            seconds = health.latency(candidate.target, request.stream)
            if seconds is not None:
                return 1, seconds
            since = health.since_tried(candidate.target)
            return (0 if since is None or since >= _BEING_MEASURED else 2), 0.0

        return sorted(candidates, key=place)

    def why(self, candidate: Candidate, request: Asked, health: Health) -> str:
        seconds = health.latency(candidate.target, request.stream)
        if seconds is None:
            return "not measured lately"
        return f"{'first event' if request.stream else 'answer'} after {seconds:.2f} s on average"


FASTEST = Fastest()
