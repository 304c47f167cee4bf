"""What is kept of every call, and who is told. No content, no key."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from turnout.types import Attempt, Cost, Receipt, ReceiptLine, Target, Usage


class GatewayRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call, ended. ``outcome`` is "ok", "cancelled" or an error's class; seconds count from the request's arrival.

    ``model`` is as the caller wrote it. ``lane`` says whether bytes were passed on ("fast") or read and written anew ("full").
    """

    id: str
    time: float  # seconds since 1970, of the arrival
    wire: str
    operation: str
    outcome: str
    status: int  # what the caller was sent; 499 if he left before
    seconds: float
    stream: bool = False
    lane: str = "full"
    model: str = ""
    target: Target | None = None
    attempts: tuple[Attempt, ...] = ()
    first_event_seconds: float | None = None
    usage: Usage | None = None
    cost: Cost | None = None
    receipt: tuple[ReceiptLine, ...] = ()
    receipt_lines_left_out: int = 0  # of a conversation in which each of thousands of messages lost something


Sink = Callable[[GatewayRecord], None]

_BETWEEN_WARNINGS = 60.0  # seconds
_LONGEST = 512  # characters of a model's name: callers write whatever they like
_MOST_LINES = 1000  # of a receipt


class Records:
    """Tells every sink, and keeps the latest to be asked for. A sink that fails is logged once a minute and fails nothing.

    ``counts`` is told first, of records in their whole length: what is kept or written of one is bounded.
    """

    def __init__(self, sinks: Sequence[Sink], kept: int, counts: Sink | None = None) -> None:
        self._counts = counts
        self._sinks = tuple(sinks)
        self._kept = kept
        self._latest: OrderedDict[str, GatewayRecord] = OrderedDict()
        self._warn_again = 0.0

    def add(self, record: GatewayRecord) -> None:
        if self._counts is not None:
            self._tell(self._counts, record)
        if len(record.model) > _LONGEST or len(record.receipt) > _MOST_LINES:
            record = _shortened(record)
        if self._kept:
            self._latest.pop(record.id, None)  # callers choose ids, and may choose one again: the newest is the last to go
            self._latest[record.id] = record
            if len(self._latest) > self._kept:
                self._latest.popitem(last=False)
        for sink in self._sinks:
            self._tell(sink, record)

    def _tell(self, sink: Sink, record: GatewayRecord) -> None:
        try:
            sink(record)
        except Exception:  # noqa: BLE001 - whatever a sink does, the call has its answer
            self._warn()

    def _warn(self) -> None:
        now = time.monotonic()
        if now < self._warn_again:
            return
        self._warn_again = now + _BETWEEN_WARNINGS
        import logging

        logging.getLogger("turnout.gateway").warning("a sink failed on a record", exc_info=True)

    def get(self, id: str) -> GatewayRecord | None:
        return self._latest.get(id)


def _shortened(record: GatewayRecord) -> GatewayRecord:
    model = record.model if len(record.model) <= _LONGEST else record.model[:_LONGEST] + "…"
    left_out = max(0, len(record.receipt) - _MOST_LINES)
    return replace(record, model=model, receipt=record.receipt[:_MOST_LINES], receipt_lines_left_out=left_out)


def summary(receipt: Receipt, more: Sequence[ReceiptLine]) -> str:
    """ "exact", or how many of each fate: "1 mapped, 2 dropped"."""
    fates = [line.fate for line in (*receipt.departures, *more)]
    if not fates:
        return "exact"
    return ", ".join(f"{count} {fate}" for fate in ("mapped", "approximated", "dropped") if (count := fates.count(fate)))
