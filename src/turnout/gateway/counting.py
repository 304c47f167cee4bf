"""A worker's counts, and with them those of the workers beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from turnout.gateway.admission import Admission
from turnout.gateway.records import Sink
from turnout.telemetry.counts import Counts, Gauges
from turnout.telemetry.metrics import Metrics
from turnout.telemetry.shared import SharedCounts
from turnout.types import Target


class Counting:
    """``metrics`` counts this worker's calls. ``shared`` is where workers write down theirs, if there are several."""

    def __init__(
        self, known: Callable[[Target], bool], admission: Admission, sinks: Sequence[Sink], shared: SharedCounts | None = None
    ) -> None:
        self._admission = admission
        self._sinks = sinks
        self._shared = shared
        before = shared.earlier() if shared is not None else Counts()
        self.metrics = Metrics(known, before)
        self._refused_before = before.refused
        self._dropped_before = before.dropped

    def write(self) -> None:
        if self._shared is not None:
            self._shared.write(self._own())

    def page(self, accept: str) -> Callable[[], tuple[bytes, str]]:
        """What writes the page of metrics, for a thread to call: thousands of lines would hold up the event loop."""
        own = Counts().plus(self._own())

        def written() -> tuple[bytes, str]:
            from turnout.telemetry.prometheus import render

            counts = own
            for other in self._shared.others() if self._shared is not None else ():
                counts = counts.plus(other)
            return render(counts, accept)

        return written

    def _own(self) -> Counts:
        counts = self.metrics.counts
        counts.refused = self._refused_before + self._admission.refused
        counts.dropped = self._dropped_before + sum(getattr(sink, "dropped", 0) for sink in self._sinks)
        counts.gauges = Gauges(in_flight=self._admission.active, waiting=self._admission.waiting)
        return counts
