"""An answer on its way to the screen: text to stdout, reasoning to stderr, and the time each took."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from contextlib import nullcontext
from typing import Protocol

from turnout.cli.interrupts import uninterrupted
from turnout.cli.summary import Timing
from turnout.cli.terminal import Printable, is_terminal, printable, styled
from turnout.events import Event, ExtraReported, PartAdded, ReasoningDelta, Started, TextDelta, UsageReported
from turnout.types import Completion, Opaque, Reasoning, Refusal, Text


class Page(Protocol):
    """Where the text of an answer is written."""

    def write(self, text: str) -> None: ...
    def pause(self) -> None:
        """Something else is written to the same screen now; text may go on after it."""
        ...

    def end(self) -> None: ...


class PlainPage:
    """Text as it comes. On a terminal without control characters; into a pipe or a file as the model wrote it."""

    def __init__(self) -> None:
        self._to_terminal = is_terminal(sys.stdout)
        self._printable = Printable()
        self._at_line_start = True

    def write(self, text: str) -> None:
        if text:
            self._at_line_start = text.endswith("\n")  # first: Ctrl-C may come as soon as the text is seen
            sys.stdout.write(self._printable.piece(text) if self._to_terminal else text)
            sys.stdout.flush()

    def pause(self) -> None:
        if self._to_terminal:
            self.end()

    def end(self) -> None:
        """Ends the last line, if it was not ended."""
        if not self._at_line_start:
            self.write("\n")


class Answer:
    """Shows the events of one call as they come. ``timing`` can be read at any time."""

    def __init__(self, page: Page, *, reasoning: bool) -> None:
        self._page = page
        self._reasoning = reasoning
        self._thinking = False  # the last thing shown was reasoning
        self._saw_reasoning = False
        self._started = time.perf_counter()
        self._first: float | None = None
        self._ended: float | None = None

    def show(self, events: Iterable[Event]) -> None:
        """Shows every event. Whatever ends it early, the line on the screen is ended."""
        try:
            for event in events:
                self._ended = time.perf_counter()
                if self._first is None and not isinstance(event, (Started, UsageReported, ExtraReported)):
                    self._first = self._ended
                self._show(event)
        finally:
            # a screen must not be left half drawn; the reader of a pipe may never take what is left
            with uninterrupted() if is_terminal(sys.stdout) else nullcontext():
                self._end()

    def show_whole(self, done: Completion) -> None:
        """Shows an answer that came in one piece."""
        self._ended = time.perf_counter()
        self._think(done.reasoning)
        self._write(done.text)
        self._end()

    @property
    def has_begun(self) -> bool:
        """Whether any event has come."""
        return self._ended is not None

    @property
    def timing(self) -> Timing:
        """Up to the last event: what the provider needs to close the connection is not the model's time."""
        ended = time.perf_counter() if self._ended is None else self._ended
        first = None if self._first is None else self._first - self._started
        return Timing(ended - self._started, first, self._saw_reasoning)

    def _show(self, event: Event) -> None:
        match event:
            case TextDelta(text=text, choice=0) | PartAdded(part=Text(text=text), choice=0):
                self._write(text)
            case ReasoningDelta(text=text, choice=0) | PartAdded(part=Reasoning(text=text), choice=0):
                self._think(text)

    def _write(self, text: str) -> None:
        if self._thinking and text:
            self._end_thinking()
        self._page.write(text)

    def _think(self, text: str) -> None:
        self._saw_reasoning = self._saw_reasoning or bool(text)
        if self._reasoning and text:
            if not self._thinking:
                self._page.pause()
            self._thinking = True
            sys.stderr.write(styled(printable(text), "dim", sys.stderr))
            sys.stderr.flush()

    def _end_thinking(self) -> None:
        sys.stderr.write("\n\n")
        sys.stderr.flush()
        self._thinking = False

    def _end(self) -> None:
        if self._thinking:
            self._end_thinking()
        self._page.end()


def remarks(done: Completion, elsewhere: str) -> list[str]:
    """What a reader of the text alone would miss: why it ended early, and parts that are not text, which ``elsewhere`` has."""
    said: list[str] = []
    match done.finish.unified if done.finish else None:
        case "length":
            said.append("the answer is cut off: it reached the most tokens it may have")
        case "content_filter":
            said.append("the provider's content filter ended the answer")
        case "error" | "pause" | "other" as reason:
            said.append(f"the answer ended early, with '{(done.finish and done.finish.raw) or reason}'")
    others = [type(part).__name__.lower() for part in done.parts if not isinstance(part, (Text, Reasoning, Refusal, Opaque))]
    if others:
        said.append(f"the answer also holds what text cannot show ({', '.join(others)}); {elsewhere} has all of it")
    return said
