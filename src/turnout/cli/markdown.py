"""Answers as formatted Markdown, with rich: a block is shown raw while it grows, and formatted once it is whole."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator

from rich.console import Console
from rich.live import Live
from rich.markdown import Markdown
from rich.text import Text

from turnout.cli.terminal import printable

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")


class MarkdownPage:
    """A ``Page``. Only the block in progress is ever redrawn, so an answer of any length scrolls as plain text does."""

    def __init__(self) -> None:
        self._console = Console(file=sys.stdout, highlight=False)
        self._growing = ""
        self._shown = False  # a block, after which the next one leaves an empty line
        self._live: Live | None = None

    def write(self, text: str) -> None:
        self._growing += printable(text)
        blocks, self._growing = split_blocks(self._growing)
        for block in blocks:
            self._format(block)
        if not self._growing.strip():
            return
        if self._live is None:
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        self._live.update(self._tail(), refresh=True)

    def end(self) -> None:
        rest, self._growing = self._growing, ""
        self._format(rest)

    def _format(self, block: str) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None
        if block.strip():
            if self._shown:
                self._console.print()
            self._console.print(Markdown(_with_breaks(block)))
            self._shown = True

    def _tail(self) -> Text:
        """What of the growing block fits the screen: the cursor can not go back to lines that have scrolled away."""
        lines = self._growing.split("\n")
        return Text("\n".join(lines[-max(self._console.height - 3, 1) :]))


def split_blocks(text: str) -> tuple[list[str], str]:
    """The whole blocks of ``text`` (an empty line ends one, outside a code fence), and the rest, which may still grow."""
    blocks: list[str] = []
    begin = position = 0
    for line, is_code in _lines(text):
        position += len(line)
        if line == "\n" and not is_code and text[begin:position].strip():
            blocks.append(text[begin:position])
            begin = position
    return blocks, text[begin:]


def _with_breaks(block: str) -> str:
    """Every line break kept: models end the lines of a poem or an address without the two spaces that Markdown wants."""
    return "".join(line if is_code else line.replace("\n", "  \n") for line, is_code in _lines(block))


def _lines(text: str) -> Iterator[tuple[str, bool]]:
    """Each line, and whether it belongs to fenced code, fences included."""
    fence = ""
    for line in text.splitlines(keepends=True):
        mark = _FENCE.match(line)
        yield line, bool(fence or mark)
        if fence and mark and mark[1].startswith(fence) and line.strip() == mark[1]:
            fence = ""
        elif mark and not fence:
            fence = mark[1]
