"""Counts of several processes: each writes its own to a file of its place, and any of them can add up all.

A process that takes a dead one's place goes on from what that one wrote last, so that no counter ever falls.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import msgspec

from turnout.telemetry.counts import Counts, Gauges, read_counts, write_counts

_SUFFIX = ".counts"


class SharedCounts:
    """``directory`` belongs to the processes that share it; ``place`` is this one's number."""

    def __init__(self, directory: str, place: int) -> None:
        self._directory = directory
        self._own = f"{place}{_SUFFIX}"

    def earlier(self) -> Counts:
        """What this place counted before this process."""
        counts = self._read(self._own) or Counts()
        counts.gauges = Gauges()
        return counts

    def write(self, counts: Counts) -> None:
        path = os.path.join(self._directory, self._own)
        with open(path + ".new", "wb") as file:
            file.write(write_counts(counts))
        os.replace(path + ".new", path)

    def others(self) -> Iterator[Counts]:
        for name in sorted(os.listdir(self._directory)):
            if name.endswith(_SUFFIX) and name != self._own and (counts := self._read(name)) is not None:
                yield counts

    def _read(self, name: str) -> Counts | None:
        try:
            with open(os.path.join(self._directory, name), "rb") as file:
                return read_counts(file.read())
        except (FileNotFoundError, msgspec.DecodeError):
            return None
