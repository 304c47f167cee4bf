"""Which restrictions hold for a model, and what they come to."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from turnout.catalog.schema import Limit, Limits, Model, Provider, Restriction
from turnout.types import Target


def narrowed(
    rows: Iterable[Restriction], provider: Provider, model: Model | None, target: Target
) -> tuple[Provider, Model | None]:
    """``provider`` with the names it has for fields of this model, and ``model`` with its limits.

    A model that nobody knows becomes known by its limits alone. What ``model`` already says of itself goes before the rows.
    """
    holding = [row for row in rows if holds(row, provider.id, provider.wire, target.model)]
    if not holding:
        return provider, model
    rename: dict[str, str] = {}
    supports: set[str] = set()
    for row in holding:
        rename |= row.rename
        supports |= set(row.supports)
    if rename.keys() - provider.quirks.rename.keys():
        provider = replace(provider, quirks=replace(provider.quirks, rename=rename | provider.quirks.rename))
    limits = _merged(holding, model.limits if model is not None else None)
    if limits is None and (model is None or supports <= model.supports):
        return provider, model
    if model is None:
        return provider, Model(target=target, supports=frozenset(supports), limits=limits)
    return provider, replace(model, supports=model.supports | supports, lacks=model.lacks - supports, limits=limits)


def holds(row: Restriction, provider: str, wire: str, model: str) -> bool:
    """True if ``row`` is about ``model``, the provider's own name for it in any case."""
    if (row.providers and provider not in row.providers) or (row.wires and wire not in row.wires):
        return False
    name = model.lower()
    return any(_matches(name, glob) for glob in row.models) and not any(_matches(name, glob) for glob in row.but)


def _matches(name: str, glob: str) -> bool:
    """``*`` stands for any characters, also none. The standard library's globs bring the regular expressions: 8 ms."""
    first, *others = glob.split("*")
    if not others:
        return name == glob
    if not name.startswith(first):
        return False
    at = len(first)
    *inner, last = others
    for piece in inner:
        found = name.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    return len(name) - at >= len(last) and name.endswith(last)


def _merged(rows: Iterable[Restriction], own: Limits | None) -> Limits | None:
    fields: dict[str, dict[tuple[bool, str], Limit]] = {}
    thinking = None
    for row in rows:
        for name, limit in row.fields.items():
            fields.setdefault(name, {})[limit.thinking, limit.beside] = replace(limit, source=limit.source or row.source)
        if row.thinking is not None:
            thinking = replace(row.thinking, source=row.thinking.source or row.source)
    merged = {name: tuple(limits.values()) for name, limits in fields.items()}
    if own is not None:
        merged |= own.fields
        thinking = own.thinking or thinking
    return Limits(fields=merged, thinking=thinking) if merged or thinking is not None else None
