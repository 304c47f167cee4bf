"""What was counted, as a value that can be written down, read again and added up."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct, field

Key = tuple[str, ...]


class Histogram(Struct):
    """``counts`` has one more place than there are bounds, for what lies above them all."""

    counts: list[int]
    total: float = 0.0

    def plus(self, other: Histogram) -> Histogram:
        return Histogram(
            [mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True)], self.total + other.total
        )


class Gauges(Struct, frozen=True, kw_only=True):
    """How things stand now, in one process."""

    in_flight: int = 0
    waiting: int = 0

    def plus(self, other: Gauges) -> Gauges:
        return Gauges(in_flight=self.in_flight + other.in_flight, waiting=self.waiting + other.waiting)


class Counts(Struct, kw_only=True):
    """Everything since the process began. The keys are label values, in the order of ``prometheus.FAMILIES``."""

    calls: dict[Key, int] = field(default_factory=dict)
    requests: dict[Key, Histogram] = field(default_factory=dict)
    to_first: dict[Key, Histogram] = field(default_factory=dict)
    per_token: dict[Key, Histogram] = field(default_factory=dict)
    attempts: dict[Key, Histogram] = field(default_factory=dict)
    tokens: dict[Key, Histogram] = field(default_factory=dict)
    cost: dict[Key, Decimal] = field(default_factory=dict)  # US dollars
    unpriced: dict[Key, int] = field(default_factory=dict)
    fates: dict[Key, int] = field(default_factory=dict)
    refused: int = 0
    dropped: int = 0
    reloads: dict[Key, int] = field(default_factory=dict)
    gauges: Gauges = Gauges()

    def plus(self, other: Counts) -> Counts:
        return Counts(**{name: _sum(getattr(self, name), getattr(other, name)) for name in self.__struct_fields__})


def _sum(mine: Any, theirs: Any) -> Any:
    if isinstance(mine, dict):
        return mine | {key: _sum(mine[key], value) if key in mine else value for key, value in theirs.items()}
    return mine + theirs if isinstance(mine, (int, Decimal)) else mine.plus(theirs)


def write_counts(counts: Counts) -> bytes:
    return msgspec.msgpack.encode(counts)


def read_counts(data: bytes) -> Counts:
    """Raises msgspec.DecodeError for anything that ``write_counts`` did not write."""
    return msgspec.msgpack.decode(data, type=Counts)
