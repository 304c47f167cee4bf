"""The numbers in a provider's usage object, and totals with details inside them taken apart into buckets that do not overlap."""

from __future__ import annotations

from typing import Any


def count(counts: Any, name: str) -> int | None:
    """``counts[name]`` if it is a count: a whole number from zero on. True and false are none, and what is no object has none."""
    value = counts.get(name) if isinstance(counts, dict) else None
    return value if type(value) is int and value >= 0 else None


def details(raw: dict[str, Any], name: str) -> dict[str, Any]:
    """The object at ``name``, or an empty one."""
    value = raw.get(name)
    return value if isinstance(value, dict) else {}


def split(total: int | None, *inside: int | None) -> tuple[int | None, tuple[int | None, ...]]:
    """What remains of ``total`` beside its details. Details that exceed it are cut: the total is what is billed."""
    if total is None:
        return None, inside
    counted = sum(filter(None, inside))
    if counted <= total:
        return total - counted, inside
    left, kept = total, []
    for detail in inside:
        if detail is not None:
            detail = min(detail, left)
            left -= detail
        kept.append(detail)
    return left, tuple(kept)
