"""What telemetry can say about a call, as a value."""

from __future__ import annotations

from msgspec import Struct

from turnout.types import Attempt, Cost, Target, Usage


class CallRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One finished call. ``outcome`` is "ok" or the name of the error class; no content and no key is ever in it."""

    model: str  # as the caller asked
    outcome: str
    started: float  # on the driver's monotonic clock, seconds
    seconds: float
    stream: bool = False
    target: Target | None = None
    attempts: tuple[Attempt, ...] = ()
    usage: Usage | None = None
    cost: Cost | None = None
