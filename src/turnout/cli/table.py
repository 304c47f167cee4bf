"""Rows for people and for scripts: aligned columns on a terminal, tab-separated lines anywhere else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from turnout.cli.terminal import columns, is_terminal, printable, styled, write


def write_table(headings: Sequence[str], rows: Sequence[Sequence[str]], out: TextIO, *, right: Sequence[str] = ()) -> None:
    """Writes ``rows`` to ``out``. Columns named in ``right`` are right-aligned.

    On a terminal the last column gives way, then the widest, so that no row is longer than the terminal is wide.
    Elsewhere there are no headings and nothing is cut.
    """
    if not is_terminal(out):
        out.writelines(_tabbed(row) + "\n" for row in rows)
        return
    cells = [[printable(cell.replace("\n", " ")) for cell in row] for row in rows]
    widths = [max([_width(heading), *(_width(row[at]) for row in cells)]) for at, heading in enumerate(headings)]
    _shrink(widths, columns() - _GAP * (len(widths) - 1), [_width(heading) for heading in headings])
    to_right = [heading in right for heading in headings]
    out.write(styled(_line(headings, widths, to_right), "bold", out) + "\n")
    out.writelines(_line(row, widths, to_right) + "\n" for row in cells)


def _tabbed(row: Sequence[str]) -> str:
    line = "\t".join(row)
    if "\n" in line or line.count("\t") >= len(row):  # a cell holds one of its own
        line = "\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in row)
    return line


_GAP = 2  # spaces between columns
_LEAST = 12  # characters that a shortened column keeps


def _shrink(widths: list[int], room: int, least: Sequence[int]) -> None:
    for at in [len(widths) - 1, *sorted(range(len(widths)), key=lambda at: -widths[at])]:
        excess = sum(widths) - room
        if excess > 0:
            widths[at] = min(widths[at], max(widths[at] - excess, _LEAST, least[at]))


def _line(row: Sequence[str], widths: Sequence[int], to_right: Sequence[bool]) -> str:
    shown = []
    for cell, width, right in zip(row, widths, to_right, strict=True):
        cut = _cut(cell, width)
        padding = " " * (width - _width(cut))
        shown.append(padding + cut if right else cut + padding)
    return (" " * _GAP).join(shown).rstrip()


def _cut(text: str, width: int) -> str:
    if _width(text) <= width:
        return text
    kept = text[: width - 1]
    while _width(kept) > width - 1:
        kept = kept[:-1]
    return kept + "…"


def _width(text: str) -> int:
    """Terminal cells: East Asian wide characters take two, combining marks none."""
    if text.isascii():
        return len(text)
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 0 if unicodedata.combining(c) else 1 for c in text)


def write_json(values: Iterable[Any], out: TextIO) -> None:
    """A JSON array with one element a line, so that both ``jq`` and ``grep`` can read it. Money is written as a number."""
    import msgspec

    encode = msgspec.json.Encoder(decimal_format="number", order="deterministic").encode
    lines = ",\n".join(encode(value).decode() for value in values)
    write(f"[\n{lines}\n]\n" if lines else "[]\n", out)


def write_json_line(value: Any, out: TextIO) -> None:
    """Any JSON value on a line of its own."""
    import msgspec

    write(msgspec.json.Encoder(decimal_format="number").encode(value).decode() + "\n", out)
