"""Streams to callers in the protocols that say one content block at a time: Anthropic's, and Bedrock's, which took its form over.

Another protocol may interleave its parts; here a block is closed before the next begins. A part that begins while a tool call is
still incomplete waits until that call is complete.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from turnout.events import (
    AudioDelta,
    CitationAdded,
    Event,
    ExtraReported,
    Finished,
    LogprobsDelta,
    PartAdded,
    ReasoningDelta,
    RefusalDelta,
    SignatureDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    UsageReported,
    merge_extra,
)
from turnout.types import FinishReason, Usage
from turnout.wire.asides import Asides, turned
from turnout.wire.json_text import GrowingObject
from turnout.wire.sealing import Sealing

PartEvent = (
    PartAdded
    | TextDelta
    | ReasoningDelta
    | SignatureDelta
    | RefusalDelta
    | ToolCallDelta
    | CitationAdded
    | AudioDelta
    | ExtraReported
)


class OpenBlock:
    """The block being written: of our part ``part``, at the protocol's ``index``. ``text`` has come so far.

    ``in_json``: a tool call whose input comes as JSON in pieces.
    """

    __slots__ = ("_input", "index", "kind", "part", "text")

    def __init__(self, part: int, index: int, kind: str, *, in_json: bool) -> None:
        self.part = part
        self.index = index
        self.kind = kind
        self.text: list[str] = []
        self._input = GrowingObject(self.text) if in_json else None

    @property
    def complete(self) -> bool:
        """True unless it is a tool call whose input is not yet whole: that cannot be taken up again in another block."""
        return self._input is None or self._input.is_whole


B = TypeVar("B", bound=OpenBlock)


class BlockRenderer(Generic[B]):
    """What was heard of the answer, and which block is being written. A protocol says how its blocks read."""

    def __init__(self, wire: str) -> None:
        self._started = Started("", "")
        self._sealing = Sealing(wire)
        self._own = False  # the answer came from this protocol
        self._begun = False  # the message's start was written
        self._usage = Usage()
        self._extra: dict[str, Any] = {}
        self._finish: FinishReason | None = None
        self._open: B | None = None
        self._next = 0
        self._closed: set[int] = set()
        self._waiting: dict[int, list[PartEvent]] = {}
        self._blank: dict[int, str] = {}  # white space that a text of another protocol began with, by part
        self._asides: Asides = set()

    def render(self, event: Event) -> bytes:
        if type(event) is TextDelta and event.choice == 0 and not self._asides:  # what most of a stream consists of
            open = self._open
            if open is not None and open.part == event.index and open.kind == "text":
                return self._text(open, event.text)
        if self._own:
            return self._hear(event)
        return b"".join([self._hear(said) for said in self._sealing.through(event)])

    def _hear(self, event: Event) -> bytes:
        if not self._own and (self._asides or type(event) is PartAdded):
            event = turned(event, self._asides)
        match event:
            case Started():
                self._started = event
                self._meet(event)
            case UsageReported():
                self._usage = event.usage
            case ExtraReported(scope="completion"):
                self._extra = merge_extra(self._extra, event.fields)
            case Finished(choice=0):
                self._finish = event.finish
            case LogprobsDelta() | Finished() | ExtraReported(scope="choice" | "message"):
                pass
            case _ if event.choice == 0:
                return self._say(event)
        return b""

    # -- what a protocol says ------------------------------------------------------------------

    def _meet(self, event: Started) -> None:
        """Sets ``_own`` and what else depends on who gives the answer."""
        raise NotImplementedError

    def _begin(self) -> bytes:
        """The message's start, unless it was written."""
        raise NotImplementedError

    def _start(self, event: PartEvent) -> bytes:
        """A block for the part of ``event``, and what ``event`` says in it; nothing where this protocol cannot hold it."""
        raise NotImplementedError

    def _continue(self, open: B, event: PartEvent) -> bytes:
        """``event`` inside the block that is open for its part."""
        raise NotImplementedError

    def _text(self, open: B, text: str) -> bytes:
        """More of the text that ``open`` holds."""
        raise NotImplementedError

    def _stop(self, open: B) -> bytes:
        """The end of ``open``."""
        raise NotImplementedError

    # -- one block at a time -------------------------------------------------------------------

    def _say(self, event: PartEvent) -> bytes:
        """One event of a part: now, or when the open tool call is complete."""
        at = event.index
        if self._open is not None and self._open.part == at:
            written = self._continue(self._open, event)
            return written + self._drain() if self._waiting else written
        if at in self._waiting:
            self._waiting[at].append(event)
            return b""
        if self._open is not None and not self._open.complete:
            self._waiting[at] = [event]
            return b""
        return self._start(event)

    def _drain(self, *, to_the_end: bool = False) -> bytes:
        """What waited for the open block, as far as it may now be written; in the order in which the parts began."""
        written: list[bytes] = []
        while self._waiting and (to_the_end or self._open is None or self._open.complete):
            at = next(iter(self._waiting))
            for event in self._waiting.pop(at):
                open = self._open
                written.append(self._continue(open, event) if open is not None and open.part == at else self._start(event))
        return b"".join(written)

    def _turn_to(self, block: B) -> bytes:
        """``block`` is the open one from now on: what must stand before its start."""
        before = self._begin() + self._close()
        self._open = block
        self._next += 1
        return before

    def _close(self) -> bytes:
        open = self._open
        if open is None:
            return b""
        written = self._stop(open)
        self._closed.add(open.part)
        self._open = None
        return written

    def _is_blank(self, part: int, text: str) -> bool:
        """True while ``part`` is white space only. Such a block would be refused when the caller sends it back."""
        if text.strip():
            return False
        self._blank[part] = self._blank.get(part, "") + text
        return True
