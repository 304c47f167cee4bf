"""What a policy may know of targets at the moment of a call. To look at only."""

from __future__ import annotations

from turnout.engine.breaker import Breakers, State
from turnout.engine.policy.latencies import Latencies
from turnout.types import Target


class Health:
    """Of all targets, as it is at ``now`` (seconds on the plan's clock)."""

    __slots__ = ("_breakers", "_latencies", "_now")

    def __init__(self, breakers: Breakers, latencies: Latencies | None, now: float) -> None:
        self._breakers = breakers
        self._latencies = latencies
        self._now = now

    def state(self, target: Target) -> State:
        """Of its breaker. One that is "open" is passed over, wherever a policy puts it."""
        return self._breakers.state(target, self._now)

    def failures(self, target: Target) -> int:
        """How many there were in a row, up to now."""
        return self._breakers.failures(target)

    def latency(self, target: Target, stream: bool) -> float | None:
        """Average seconds to a stream's first event, or to a whole answer; None when nothing was measured lately.

        Only calls that a policy put in order are measured.
        """
        return self._latencies.average(target, stream, self._now) if self._latencies is not None else None

    def since_tried(self, target: Target) -> float | None:
        """Seconds since such a call last went there; None if none did."""
        return self._latencies.since_tried(target, self._now) if self._latencies is not None else None
