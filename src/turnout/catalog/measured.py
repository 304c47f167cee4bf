"""What was found out of one target by asking it, and how that narrows what is sent to it."""

from __future__ import annotations

from datetime import date
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from turnout.catalog.schema import Limit, Limits, Model, Provider
from turnout.types import Target


class Measured(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """``limits``: a field of ChatRequest, or "extra.NAME" -> what the target takes there. ``rename``: as in Quirks.

    ``lacks``: words as in Model. ``found``: what a probe saw of each thing it tried; ``fingerprint``: by what the backend can be
    known. ``learned`` is the day of the latest refusal that taught something, ``probed`` that of the latest probe.
    """

    limits: dict[str, Limit] = {}
    rename: dict[str, str] = {}
    lacks: frozenset[str] = frozenset()
    found: dict[str, Any] = {}
    fingerprint: dict[str, str] = {}
    learned: date | None = None
    probed: date | None = None

    @property
    def narrows(self) -> bool:
        return bool(self.limits or self.rename or self.lacks)


def added(old: Measured, new: Measured) -> Measured:
    """Both; where they speak of the same thing, ``new`` counts."""
    return Measured(
        limits=old.limits | new.limits,
        rename=old.rename | new.rename,
        lacks=old.lacks | new.lacks,
        found=old.found | new.found,
        fingerprint=old.fingerprint | new.fingerprint,
        learned=new.learned or old.learned,
        probed=new.probed or old.probed,
    )


def narrowed_by(measured: Measured, provider: Provider, model: Model | None, target: Target) -> tuple[Provider, Model | None]:
    """``provider`` and ``model`` with what was measured beside what is known of them already. A bound that was measured holds
    together with those that were read: each only narrows.
    """
    if not measured.narrows:
        return provider, model
    if measured.rename.keys() - provider.quirks.rename.keys():
        provider = replace(provider, quirks=replace(provider.quirks, rename=measured.rename | provider.quirks.rename))
    if not (measured.limits or measured.lacks):
        return provider, model
    model = model or Model(target=target, source="measured by turnout doctor probe")
    limits = model.limits or Limits()
    fields = dict(limits.fields)
    for name, limit in measured.limits.items():
        if limit not in fields.get(name, ()):
            fields[name] = (*fields.get(name, ()), limit)
    lacks = model.lacks | measured.lacks
    return provider, replace(model, lacks=lacks, supports=model.supports - lacks, limits=replace(limits, fields=fields))
