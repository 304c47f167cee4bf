"""Samples to figures: medians, how far they spread, and differences taken within each round."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple


class Figure(NamedTuple):
    """The median of some samples, and the least and the greatest of them."""

    median: float
    least: float
    most: float


def figure(samples: Sequence[float]) -> Figure:
    return Figure(median(samples), min(samples), max(samples))


def over(samples: Sequence[float], floor: Sequence[float]) -> Figure:
    """By how much ``samples`` exceed ``floor``, round by round: what disturbs a whole round cancels out."""
    return figure([sample - least for sample, least in zip(samples, floor, strict=True)])


def least_over(samples: Sequence[float], floor: Sequence[float]) -> float:
    """By how much they differ when each was least disturbed: what else runs on a machine only ever adds time."""
    return min(samples) - min(floor)


def ratio(samples: Sequence[float], to: Sequence[float]) -> float:
    """How many times ``to``, round by round, ``samples`` are; the median of it."""
    return median(sample / other for sample, other in zip(samples, to, strict=True))
