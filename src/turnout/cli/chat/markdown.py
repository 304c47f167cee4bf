"""Answers as formatted Markdown, with highlighted code, by rich: a block is redrawn while it grows, and then printed once."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator

from markdown_it import MarkdownIt  # which rich reads Markdown with
from markdown_it.token import Token
from rich.console import Console, ConsoleOptions
from rich.live import Live
from rich.markdown import Markdown
from rich.segment import Segment, Segments

from turnout.cli.terminal import Printable

_REDRAWS = 15  # a second, at most
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")  # inside a list as far in as its items are
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]")


class MarkdownPage:
    """A ``Page``. Only the end of the block in progress is ever redrawn, and not with every word: nothing that scrolled away is
    printed again, and nothing flickers, however long the answer and however fast it comes."""

    def __init__(self) -> None:
        self._console = Console(file=sys.stdout, highlight=False)
        self._printable = Printable()
        self._growing = ""
        self._shown = False  # a block, after which the next one leaves an empty line
        self._live: _Live | None = None

    def write(self, text: str) -> None:
        self._growing += self._printable.piece(text)
        blocks, self._growing = split_blocks(self._growing)
        for block in blocks:
            self._format(block)
        if not self._growing.strip():
            return
        tail = _Tail(self._growing, max(self._console.height - 3, 1))
        if self._live is None:
            self._live = _Live(tail, console=self._console, refresh_per_second=_REDRAWS, transient=True)
            self._live.start(refresh=True)
        else:
            self._live.update(tail)

    def pause(self) -> None:
        self.end()

    def end(self) -> None:
        rest, self._growing = self._growing, ""
        self._format(rest)

    def _format(self, block: str) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None
        if lines := _drawn(block, self._console, self._console.options):
            if self._shown:
                self._console.print()
            self._console.print(_joined(lines))
            self._shown = True


class _Markdown(Markdown):
    """With what rich leaves out: HTML, and so the types of ``List<String>``, as it stands; the addresses of links and images."""

    def __init__(self, markup: str) -> None:
        super().__init__("")
        self.markup = markup
        self.parsed = MarkdownIt("commonmark", {"html": False}).enable(["strikethrough", "table"]).parse(markup)
        for token in self.parsed:
            if token.children:
                token.children = list(_with_addresses(token.children))


def _with_addresses(tokens: Iterable[Token]) -> Iterator[Token]:
    """Each address in words too: many terminals show no link, and some words of a link hide where it leads."""
    address = words = ""
    for token in tokens:
        if token.type == "image":
            yield Token("text", "", 0, content=f"{token.content} ({token.attrs.get('src', '')})")
            continue
        yield token
        if token.type == "link_open":
            address, words = str(token.attrs.get("href", "")), ""
        elif token.type == "link_close":
            if words not in (address, address.removeprefix("mailto:")):
                yield Token("text", "", 0, content=f" ({address})")
        else:
            words += token.content


class _Live(Live):
    """Draws what has changed, and nothing while it has not: a terminal forgets what is selected in lines that are drawn again."""

    _drawn: object = None

    def refresh(self) -> None:
        growing = self.get_renderable()
        if growing is not self._drawn:
            self._drawn = growing
            super().refresh()


class _Tail:
    """As much of a growing block's end as the screen holds: the cursor can not go back to lines that have scrolled away."""

    def __init__(self, block: str, height: int) -> None:
        self._block = block
        self._height = height

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segments]:
        lines = self._block.split("\n")
        kept = lines[-2 * self._height :]  # no more than may be shown, for a long block is drawn many times
        if len(kept) < len(lines) and _FENCE.match(lines[0]):
            kept.insert(0, lines[0])
        yield _joined(_drawn("\n".join(kept), console, options)[-self._height :])


def _drawn(block: str, console: Console, options: ConsoleOptions) -> list[list[Segment]]:
    """The lines of a block, without the empty ones that rich puts around some kinds of blocks and not around others.

    And without the blanks that fill a line up: they would be copied, and stand in lines of their own in a narrower window.
    """
    drawn = console.render_lines(_Markdown(_with_breaks(block)), options.update(height=None), pad=False)
    lines = [_without_blanks(line) for line in drawn]
    while lines and _is_empty(lines[0]):
        del lines[0]
    while lines and _is_empty(lines[-1]):
        del lines[-1]
    return lines


def _without_blanks(line: list[Segment]) -> list[Segment]:
    kept = list(line)
    while kept and not _is_seen(kept[-1]) and not kept[-1].text.strip():
        kept.pop()
    if kept and not _is_seen(kept[-1]):
        kept[-1] = Segment(kept[-1].text.rstrip(), kept[-1].style, kept[-1].control)
    return kept


def _is_seen(segment: Segment) -> bool:
    """Whether its blanks have a colour or a line."""
    return bool(segment.style and (segment.style.bgcolor or segment.style.underline or segment.style.reverse))


def _is_empty(line: list[Segment]) -> bool:
    """The edge of a code block, which has a colour behind it, is not."""
    return not any(segment.text.strip() or (segment.style and segment.style.bgcolor) for segment in line)


def _joined(lines: list[list[Segment]]) -> Segments:
    return Segments(segment for line in lines for segment in (*line, Segment.line()))


def split_blocks(text: str) -> tuple[list[str], str]:
    """The whole blocks of ``text``, and the rest, which may still grow.

    An empty line ends one, outside a code fence; but what is indented after it belongs to the item of a list before it.
    """
    blocks: list[str] = []
    begin = end = position = 0  # ``end``: where the block from ``begin`` on ends, unless its next line is indented
    for line, is_code in _lines(text):
        if end > begin and line.strip():
            if not (_ITEM.match(text, begin) and line[0] in " \t"):
                blocks.append(text[begin:end])
                begin = end
            end = begin
        position += len(line)
        if line == "\n" and not is_code and text[begin:position].strip():
            end = position
    if end > begin and not _ITEM.match(text, begin):
        blocks.append(text[begin:end])
        begin = end
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
