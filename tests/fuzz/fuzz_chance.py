"""Fuzzing without instrumentation: a number of mutations of each seed that always are the same."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

from fuzz_mutation import mutated
from fuzz_seeds import Seed
from fuzz_surroundings import Fuzzed


class Finding(NamedTuple):
    target: str
    data: bytes
    error: Exception

    @property
    def place(self) -> str:
        """Where it was raised: the same defect is found many times."""
        frame = traceback.extract_tb(self.error.__traceback__)[-1]
        return f"{frame.filename.rpartition('/')[2]}:{frame.lineno}"

    def __str__(self) -> str:
        said = f"{type(self.error).__name__} at {self.place}: {str(self.error)[:300]}"
        return f"{self.target}: {said}\n  for {self.data[:2000]!r}"


def tried(target: Fuzzed, data: bytes) -> Finding | None:
    try:
        target.run(data)
    except Exception as error:  # noqa: BLE001 - whatever is not of the tree is a finding
        return Finding(target.name, data, error)
    return None


def findings(target: Fuzzed, pool: Sequence[Seed], count: int) -> list[Finding]:
    """What ``count`` inputs found: the seeds as they are come first, then mutations of each in turn."""
    used = seeds_of(target, pool)
    found: list[Finding] = []
    for number in range(count):
        seed = used[number % len(used)]
        data = seed.data if number < len(used) else mutated(seed, used, Random(number))
        if (finding := tried(target, data)) is not None:
            found.append(finding)
    return found


def seeds_of(target: Fuzzed, pool: Sequence[Seed]) -> list[Seed]:
    return [seed for seed in pool if target.takes(seed)] or list(pool)
