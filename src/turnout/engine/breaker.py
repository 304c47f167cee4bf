"""Circuit breakers, one per target. Time is an argument, so tests need no clock."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from turnout.types import Target

_MOST_TARGETS = 4096  # whose failures are remembered: a gateway's callers may name any model of a provider that is down

State = Literal["closed", "open", "half_open"]


class _Health(Struct):
    failures: int = 0  # in a row
    retry_at: float = 0.0
    probing: bool = False


class Breakers:
    """Opens after ``threshold`` failures in a row; after ``cooldown`` seconds lets one call through as a probe.

    A success closes it, a failed probe opens it again. Errors that are the caller's fault never count.
    """

    def __init__(self, threshold: int = 3, cooldown: float = 30.0) -> None:
        self._threshold = threshold
        self._cooldown = cooldown
        self._health: dict[Target, _Health] = {}

    def admits(self, target: Target, now: float) -> bool:
        """True if a call may go there now. When that makes the caller the probe, others wait another cooldown."""
        health = self._health.get(target)
        if health is None or health.failures < self._threshold:
            return True
        if now < health.retry_at:
            return False
        health.retry_at = now + self._cooldown
        health.probing = True
        return True

    def failures(self, target: Target) -> int:
        """How many there were in a row, up to now."""
        health = self._health.get(target)
        return health.failures if health is not None else 0

    def retry_at(self, target: Target) -> float:
        health = self._health.get(target)
        return health.retry_at if health is not None else 0.0

    def resting(self, now: float) -> list[tuple[Target, float]]:
        """Those that are left alone -> the seconds until one call is let through."""
        found = [
            (target, health.retry_at - now)
            for target, health in tuple(self._health.items())
            if health.failures >= self._threshold
        ]
        return [(target, seconds) for target, seconds in found if seconds > 0]

    def succeeded(self, target: Target) -> None:
        self._health.pop(target, None)

    def failed(self, target: Target, now: float, retry_after: float | None = None) -> None:
        """``retry_after``: seconds the provider asked for; the longer of it and the cooldown holds."""
        health = self._health.get(target)
        if health is None:
            if len(self._health) >= _MOST_TARGETS:
                del self._health[next(iter(self._health))]  # that failed first
            health = self._health[target] = _Health()
        health.failures += 1
        health.probing = False
        health.retry_at = max(health.retry_at, now + max(self._cooldown, retry_after or 0.0))

    def state(self, target: Target, now: float) -> State:
        health = self._health.get(target)
        if health is None or health.failures < self._threshold:
            return "closed"
        return "half_open" if health.probing or now >= health.retry_at else "open"
