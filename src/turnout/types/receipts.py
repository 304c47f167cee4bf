"""What a translation did to each field, as values. ``turnout.receipt`` writes them."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Fate = Literal["exact", "mapped", "approximated", "dropped"]
Side = Literal["request", "response"]


class ReceiptLine(Struct, frozen=True, omit_defaults=True):
    """One field's fate. ``reason`` is a sentence for people; empty only when the fate is "exact"."""

    side: Side
    field: str  # a path in the neutral vocabulary: "messages[2].reasoning", "temperature"
    fate: Fate
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.side} {self.field}: {self.fate}" + (f" ({self.reason})" if self.reason else "")


class Receipt(Struct, frozen=True, omit_defaults=True):
    """What was not carried exactly, and the fields that took part: those no departure names went exactly."""

    departures: tuple[ReceiptLine, ...] = ()
    request_fields: tuple[str, ...] = ()
    response_fields: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[ReceiptLine, ...]:
        """Every field's line, request first."""
        return (*self._side("request", self.request_fields), *self._side("response", self.response_fields))

    def _side(self, side: Side, fields: tuple[str, ...]) -> tuple[ReceiptLine, ...]:
        departed = [line for line in self.departures if line.side == side]
        whole = {line.field for line in departed}
        return (*(ReceiptLine(side, field, "exact") for field in fields if field not in whole), *departed)

    @property
    def lossless(self) -> bool:
        """True if nothing was dropped or approximated."""
        return all(line.fate in ("exact", "mapped") for line in self.departures)

    def __str__(self) -> str:
        exact = sum(line.fate == "exact" for line in self.lines)
        if not self.departures:
            return f"{exact} fields, all exact"
        return f"{exact} fields exact; " + "; ".join(map(str, self.departures))
