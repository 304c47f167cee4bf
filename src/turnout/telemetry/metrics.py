"""Counts finished calls. Plain integers and lists: what a call pays for being counted is a look-up and a few additions."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Protocol

from turnout.telemetry.conventions import (
    OPERATIONS,
    OTHER,
    PROVIDERS,
    SECONDS,
    SECONDS_PER_TOKEN,
    SECONDS_TO_FIRST,
    TOKENS,
)
from turnout.telemetry.counts import Counts, Histogram, Key
from turnout.types import Attempt, Cost, ReceiptLine, Target, Usage

_MOST_SERIES = 2000  # label sets of one metric
_SHORT_CUTS = 4  # times as many, for names that share a label set
_NO_TARGET = Target("", "")


class Finished(Protocol):
    """What is counted of a call: the gateway's record is one."""

    @property
    def wire(self) -> str: ...
    @property
    def operation(self) -> str: ...
    @property
    def outcome(self) -> str: ...
    @property
    def status(self) -> int: ...
    @property
    def seconds(self) -> float: ...
    @property
    def lane(self) -> str: ...
    @property
    def target(self) -> Target | None: ...
    @property
    def attempts(self) -> tuple[Attempt, ...]: ...
    @property
    def first_event_seconds(self) -> float | None: ...
    @property
    def usage(self) -> Usage | None: ...
    @property
    def cost(self) -> Cost | None: ...
    @property
    def receipt(self) -> Sequence[ReceiptLine]: ...


class _Row:
    """The histograms of one operation, target and outcome, found once."""

    __slots__ = ("input", "output", "per_token", "place", "request", "to_first")

    def __init__(self, counts: Counts, place: Key, key: Key) -> None:
        self.place = place
        self.request = _histogram(counts.requests, key, SECONDS)
        self.to_first = _histogram(counts.to_first, key, SECONDS_TO_FIRST)
        self.per_token = _histogram(counts.per_token, key, SECONDS_PER_TOKEN)
        self.input = _histogram(counts.tokens, (*key[:3], "input"), TOKENS)
        self.output = _histogram(counts.tokens, (*key[:3], "output"), TOKENS)


class Metrics:
    """``known`` says whether the registry knows a target's model: only such names become labels.

    ``counts`` goes on from where it stands. Beyond ``most_series`` every new name is "other".
    For one thread: the one that makes the calls.
    """

    def __init__(self, known: Callable[[Target], bool], counts: Counts | None = None, *, most_series: int = _MOST_SERIES) -> None:
        self._most_series = most_series
        self.counts = counts if counts is not None else Counts()
        self._known = known
        self._rows: dict[tuple[str, Target | None, str], _Row] = {}
        self._tried: dict[tuple[str, Target, str | None], Histogram] = {}

    def add(self, record: Finished) -> None:
        counts = self.counts
        operation, outcome, target = record.operation, record.outcome, record.target
        call = (operation, record.wire, record.lane, outcome, str(record.status))
        counts.calls[call] = counts.calls.get(call, 0) + 1
        for line in record.receipt:
            counts.fates[(line.fate,)] = counts.fates.get((line.fate,), 0) + 1
        if operation not in OPERATIONS:
            return
        row = self._rows.get((operation, target, outcome)) or self._row(operation, target, outcome)
        seconds, first = record.seconds, record.first_event_seconds
        _observe(row.request, SECONDS, seconds)
        if first is not None:
            _observe(row.to_first, SECONDS_TO_FIRST, first)
        for attempt in record.attempts:
            tried = self._tried.get((operation, attempt.target, attempt.error)) or self._attempt(operation, attempt)
            _observe(tried, SECONDS, attempt.seconds)
        usage = record.usage
        if usage is None:
            return
        went_in, came_out = usage.input_tokens, usage.output_tokens
        if went_in is not None:
            _observe(row.input, TOKENS, went_in)
        if came_out is not None:
            _observe(row.output, TOKENS, came_out)
            if first is not None and came_out > 1:
                _observe(row.per_token, SECONDS_PER_TOKEN, (seconds - first) / (came_out - 1))
        place = row.place
        if record.cost is not None:
            counts.cost[place] = counts.cost.get(place, Decimal()) + record.cost.total
        elif went_in is not None or came_out is not None:
            counts.unpriced[place] = counts.unpriced.get(place, 0) + 1

    def reloaded(self, outcome: str) -> None:
        self.counts.reloads[(outcome,)] = self.counts.reloads.get((outcome,), 0) + 1

    def _row(self, operation: str, target: Target | None, outcome: str) -> _Row:
        provider, model = self._place(target or _NO_TARGET)
        error = "" if outcome == "ok" else outcome
        key = (OPERATIONS[operation], PROVIDERS.get(provider, provider), model, error)
        if len(self.counts.requests) >= self._most_series and key not in self.counts.requests:
            key, model = (*key[:2], OTHER, error), OTHER
        row = _Row(self.counts, (provider, model), key)
        if len(self._rows) >= self._most_series * _SHORT_CUTS:
            self._rows.clear()
        self._rows[(operation, target, outcome)] = row
        return row

    def _attempt(self, operation: str, attempt: Attempt) -> Histogram:
        provider, model = self._place(attempt.target)
        key = (OPERATIONS[operation], PROVIDERS.get(provider, provider), model, attempt.error or "")
        if len(self.counts.attempts) >= self._most_series and key not in self.counts.attempts:
            key = (*key[:2], OTHER, key[3])
        tried = _histogram(self.counts.attempts, key, SECONDS)
        if len(self._tried) >= self._most_series * _SHORT_CUTS:
            self._tried.clear()
        self._tried[(operation, attempt.target, attempt.error)] = tried
        return tried

    def _place(self, target: Target) -> tuple[str, str]:
        return target.provider, target.model if target.model and self._known(target) else OTHER


def _observe(histogram: Histogram, bounds: Sequence[float], value: float) -> None:
    histogram.counts[bisect_left(bounds, value)] += 1
    histogram.total += value


def _histogram(histograms: dict[Key, Histogram], key: Key, bounds: Sequence[float]) -> Histogram:
    histogram = histograms.get(key)
    if histogram is None:
        histogram = histograms[key] = Histogram([0] * (len(bounds) + 1))
    return histogram
