"""What a terminal may be sent: colour only where it is wanted, and no control character that a model or a server chose."""

from __future__ import annotations

import os
from typing import TextIO

_STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}

# Left to itself, a model's answer could retitle the window, write the clipboard or rewrite lines above it.
_CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)], "\N{REPLACEMENT CHARACTER}")
del _CONTROLS[ord("\n")], _CONTROLS[ord("\t")]


def is_terminal(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except (AttributeError, ValueError):  # None, as under pythonw, or closed
        return False


def can_redraw(stream: TextIO) -> bool:
    """Whether ``stream`` is a terminal that understands moving the cursor."""
    return is_terminal(stream) and os.environ.get("TERM", "") != "dumb"


def has_colour(stream: TextIO) -> bool:
    """A terminal, and neither NO_COLOR (https://no-color.org, read 2026-11-21) nor TERM=dumb asks for none."""
    return can_redraw(stream) and not os.environ.get("NO_COLOR")


def styled(text: str, style: str, stream: TextIO) -> str:
    """``text`` in ``style`` ("bold", "dim", "red"…) where ``stream`` shows colour, else as it is."""
    return f"\x1b[{_STYLES[style]}m{text}\x1b[0m" if text and has_colour(stream) else text


def printable(text: str) -> str:
    """``text`` with every control character but newline and tab made visible as U+FFFD, and CR LF as a newline."""
    return text.replace("\r\n", "\n").translate(_CONTROLS)


class Printable:
    """Makes a text printable that comes in pieces. A line may end with CR LF, in two pieces too."""

    def __init__(self) -> None:
        self._held = ""

    def piece(self, text: str) -> str:
        text = self._held + text
        self._held = "\r" if text.endswith("\r") else ""
        return printable(text[:-1] if self._held else text)


def write(text: str, out: TextIO) -> None:
    """To a terminal without control characters, which a server may have chosen; into a pipe or a file as it is."""
    out.write(printable(text) if is_terminal(out) else text)


def columns() -> int:
    """The terminal's width in characters; 80 when it is unknown."""
    import shutil

    return shutil.get_terminal_size().columns
