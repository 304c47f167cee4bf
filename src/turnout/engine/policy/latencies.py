"""How long targets took of late. Kept by whoever keeps the breakers; time is an argument. Bounded."""

from __future__ import annotations

from msgspec import Struct

from turnout.types import Target

MOST_TARGETS = 1000
_NEWEST = 0.2  # the share of the newest measurement in the average
_FRESH = 300.0  # seconds for which a measurement counts


class _Measured(Struct, frozen=True):
    seconds: float
    at: float


class Latencies:
    """Safe to share between threads: each change is one assignment, and a measurement that is lost to another is no loss.

    Streams and whole answers are kept apart: seconds to a first event do not compare with seconds to an end.
    """

    def __init__(self) -> None:
        self._measured: dict[tuple[Target, bool], _Measured] = {}
        self._tried: dict[Target, float] = {}

    def tried(self, target: Target, now: float) -> None:
        """A call goes there now."""
        if len(self._tried) >= MOST_TARGETS and target not in self._tried:
            self._tried.clear()
        self._tried[target] = now

    def answered(self, target: Target, stream: bool, seconds: float, now: float) -> None:
        """``seconds`` from sending to a stream's first event, or to the end of a whole answer."""
        key = target, stream
        old = self._measured.get(key)
        if old is not None and now - old.at < _FRESH:
            seconds = old.seconds + _NEWEST * (seconds - old.seconds)
        elif old is None and len(self._measured) >= MOST_TARGETS:
            self._measured.clear()
        self._measured[key] = _Measured(seconds, now)

    def average(self, target: Target, stream: bool, now: float) -> float | None:
        """Seconds, the later calls counting for more; None when none was measured in the last five minutes."""
        found = self._measured.get((target, stream))
        return found.seconds if found is not None and now - found.at < _FRESH else None

    def since_tried(self, target: Target, now: float) -> float | None:
        """Seconds since a call last went there, whatever came of it; None if none did."""
        found = self._tried.get(target)
        return now - found if found is not None else None
