"""What a discovery tells while it runs, and what it comes to."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from turnout.discovery.verdicts import Verdict

Source = Literal["endpoint", "memory", "disk", "known"]  # "known": the lists, for the endpoint said nothing


class Step(Struct, frozen=True, kw_only=True):
    """One thing that happened. ``text`` is for a person and holds no key; a model that was asked is a "."."""

    kind: Literal["skipped", "listed", "asking", "asked", "done", "failed", "saved"]
    text: str
    provider: str = ""
    total: int = 0  # models that will be asked, in "asking"
    verdict: Verdict | None = None  # in "asked"


class Outcome(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One provider. ``models`` is what it serves by ``source``; the others say which of them chat, of those that were asked.

    ``error``: why it could not be asked to the end. ``models`` are then what was known before, and nothing was learned: an error
    is never an empty list. ``skipped``: why it was not asked at all.
    """

    provider: str
    name: str
    source: Source
    models: tuple[str, ...] = ()
    valid: tuple[str, ...] = ()
    invalid: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    error: str | None = None
    skipped: str | None = None


class Discovered(Struct, frozen=True, kw_only=True):
    """All of them, in the order of asking. ``saved``: the file that was changed."""

    providers: tuple[Outcome, ...]
    saved: str | None = None

    @property
    def success(self) -> bool:
        """Every provider that was asked answered. One that was skipped is no failure."""
        return all(outcome.error is None for outcome in self.providers)


def skipped(name: str, reason: str) -> str:
    return f"Skipping {name}: No valid API key configured" + (f" ({reason})" if reason else "")


def done(name: str, valid: int, invalid: int, unknown: int) -> str:
    text = f"Successfully discovered {valid} valid and {invalid} invalid models for {name}"
    return text + (f"; {unknown} could not be asked and stay as they were" if unknown else "")
