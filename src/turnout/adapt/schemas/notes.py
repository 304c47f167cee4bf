"""What became of one schema, place by place, as receipt lines."""

from __future__ import annotations

from turnout.types import Fate, ReceiptLine

_MOST = 30  # lines a schema; further places are counted


class Notes:
    """``field`` names the schema in the request: "tools[0].parameters"."""

    def __init__(self, field: str) -> None:
        self._field = field
        self._found: dict[tuple[str, Fate], list[str]] = {}
        self.path: list[str] = []
        self.relaxed = False  # the target may answer what the schema does not allow
        self.quiet = 0  # above 0 for a schema that was told of before
        self.nulls = False  # null stands for a property left out

    def said_otherwise(self, what: str) -> None:
        """The same, or nothing that the schema does not allow."""
        self._add("mapped", what)

    def narrowed(self, what: str) -> None:
        """Every answer is one that the schema allows, but not every one that it allows can be given."""
        self._add("approximated", what)

    def left_out(self, what: str) -> None:
        self._add("dropped", what)

    def weakened(self, what: str) -> None:
        self.relaxed = True
        self._add("approximated", what)

    def of_all(self, what: str) -> None:
        """Of the whole schema: narrowed."""
        reasons = self._found.setdefault(("", "approximated"), [])
        reasons += [what] if what not in reasons else []

    def lines(self) -> list[ReceiptLine]:
        """In the order in which the places were come to."""
        lines = [
            ReceiptLine("request", self._field + place, fate, "; ".join(dict.fromkeys(reasons)))
            for (place, fate), reasons in self._found.items()
        ]
        if len(lines) <= _MOST:
            return lines
        rest = sorted({line.fate for line in lines[_MOST:]}, key=("mapped", "approximated", "dropped").index)
        return lines[:_MOST] + [
            ReceiptLine("request", self._field, fate, f"{count} more places in the schema")
            for fate in rest
            if (count := sum(line.fate == fate for line in lines[_MOST:]))
        ]

    def _add(self, fate: Fate, what: str) -> None:
        if not self.quiet:
            self._found.setdefault(("".join(self.path), fate), []).append(what)
