"""What Tab offers: names that hold what was typed, letter by letter and in order, the closest first."""

from __future__ import annotations

import os
from collections.abc import Iterable

from msgspec import Struct

_MOST_PATHS = 200  # of a folder, on the screen at once


class Offer(Struct, frozen=True):
    """``text`` would replace the line from character ``begin`` on; ``about`` stands beside it."""

    begin: int
    text: str
    about: str = ""

    def applied(self, line: str) -> str:
        return line[: self.begin] + self.text


def closest(query: str, names: Iterable[str]) -> list[str]:
    """The names that hold the letters of ``query`` in this order, in any case; the lowest score first, equals in their order.

    The score is the spread of the first match from the left (its last letter's place less its first's, and one) and the
    name's length; without a query it is 0. White space in ``query`` does not count.
    """
    letters = "".join(query.split()).lower()
    scored = [(score, name) for name in names if (score := _score(letters, name)) is not None]
    return [name for _, name in sorted(scored, key=lambda pair: pair[0])]


def _score(letters: str, name: str) -> int | None:
    """None for a name that does not hold them."""
    if not letters:
        return 0
    text = name.lower()
    at = first = text.find(letters[0])
    for letter in letters[1:]:
        if at < 0:
            return None
        at = text.find(letter, at + 1)
    return None if at < 0 else (at - first + 1) + len(name)


def paths(begin: int, typed: str) -> list[Offer]:
    """The files and folders whose path begins with ``typed``; hidden ones only when a dot was typed."""
    folder, start = os.path.split(typed)
    try:
        with os.scandir(os.path.expanduser(folder) or ".") as entries:
            found = sorted(
                entry.name + (os.sep if entry.is_dir() else "")
                for entry in entries
                if entry.name.startswith(start) and (start or not entry.name.startswith("."))
            )
    except OSError:
        return []
    return [Offer(begin, os.path.join(folder, name)) for name in found[:_MOST_PATHS]]
