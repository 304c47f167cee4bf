"""One output item of a stream, from when it is added until it is done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from turnout.events import (
    CitationAdded,
    Event,
    ExtraReported,
    PartAdded,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
)
from turnout.types import Opaque, Origin, Part, Reasoning, Refusal, Text, ToolCall
from turnout.wire.openai_responses.items import PLACES, read_item

_LATER = (
    "type",
    "role",
    "content",
    "summary",
    "encrypted_content",
    "phase",
)  # of an item added: its own words, or said when done
_SPOKEN = ("message", "reasoning")
_GROWS = {"function_call": "arguments", "custom_tool_call": "input"}


class Told:
    """What was told of one part: ``pieces`` of its text, ``extra`` as last reported."""

    __slots__ = ("citations", "extra", "kind", "logprobs", "pieces")

    def __init__(self, kind: str, extra: dict[str, Any] | None = None) -> None:
        self.kind = kind
        self.pieces: list[str] = []
        self.citations = 0
        self.logprobs: list[Any] = []
        self.extra = extra or {}

    def rest_of(self, whole: str) -> str:
        """What ``whole`` says beyond what was told. Where it contradicts that, it comes too late."""
        said = "".join(self.pieces)
        return whole[len(said) :] if whole.startswith(said) else ""


class GrowingItem:
    """``all_told`` is shared by all items and holds what was told, by our index; ``told`` holds this item's, by place."""

    def __init__(self, number: int, origin: Origin, all_told: dict[int, Told]) -> None:
        self._number = number
        self._origin = origin
        self._all_told = all_told
        self._added: Any = None
        self._fields: dict[str, Any] = {}  # of the item as added
        self._phase: str | None = None
        self.told: dict[int, Told] = {}
        self.is_done = False
        self.calls = False
        self._named = False

    def index(self, place: int) -> int:
        return self._number * PLACES + place

    def added(self, item: Any) -> Iterator[Event]:
        """A call is told at once, with its name, and what has no neutral form as it is; the others when they say something."""
        if not isinstance(item, dict):
            return
        self._added = item
        self._fields = {name: value for name, value in item.items() if name not in _LATER and value is not None}
        self._phase = item.get("phase") if isinstance(item.get("phase"), str) else None
        if self.told:
            return
        argument = _GROWS.get(str(item.get("type")))
        if argument is None and item.get("type") not in _SPOKEN:
            yield self._tell(0, "", Opaque(item, origin=self._origin))
        elif argument is not None:
            ((_, part), *_) = read_item({argument: ""} | item, self._origin)
            if isinstance(part, ToolCall):
                yield self._tell(0, "custom" if part.custom else "function", part, part.arguments)
                self.calls = self._named = True

    def part_added(self, part: Any, place: int) -> Iterator[Event]:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "output_text":
            yield from self.begin("message", place)
        elif kind == "refusal":
            yield from self.begin("refusal", place)

    def begin(self, kind: str, place: int) -> Iterator[Event]:
        """Makes sure that the part at ``place`` has begun."""
        if place in self.told:
            return
        spelled: dict[str, str] = {}
        extra: dict[str, Any] | None = None
        if self.told:
            spelled = {"item": "continued"}
        elif self._fields and kind not in ("function", "custom"):
            extra = {"item": self._fields}
        part: Part
        match kind:
            case "message":
                part = Text("", origin=self._origin, phase=self._phase, extra=extra, spelled=spelled or None)
            case "refusal":
                part = Refusal("", origin=self._origin, extra=extra, spelled=spelled or None)
            case "summary":
                part = Reasoning("", origin=self._origin, extra=extra, spelled=spelled or None)
            case "reasoning":
                part = Reasoning("", origin=self._origin, extra=extra, spelled={"reasoning": "content"} | spelled)
            case _:  # a call that was never added: its name comes when it is done
                part = ToolCall("", "", "", custom=kind == "custom", origin=self._origin)
                self.calls = True
                self._tell(place, kind, part)
                return
        yield self._tell(place, kind, part)

    def done(self, item: Any) -> Iterator[Event]:
        """What the whole item says beyond what was told."""
        self.is_done = True
        for place, part in read_item(item, self._origin):
            told = self.told.get(place)
            if told is None or isinstance(part, Opaque):  # a block is told again when it is whole
                self.calls = self.calls or isinstance(part, ToolCall)
                yield self._tell(place, "", part)
            else:
                yield from self._rest(told, part, self.index(place))

    def left(self) -> Iterator[Event]:
        """The item as it was added, when the stream ended well and never came back to it."""
        if not self.is_done and not self.told and self._added is not None:
            yield from self.done(self._added)

    def _tell(self, place: int, kind: str, part: Part, text: str = "") -> PartAdded:
        told = self.told[place] = self._all_told[self.index(place)] = Told(kind, part.extra)
        told.pieces.append(text)
        return PartAdded(self.index(place), part)

    def _rest(self, told: Told, part: Part, index: int) -> Iterator[Event]:
        match part:
            case Text():
                if rest := told.rest_of(part.text):
                    yield TextDelta(rest, index)
                for citation in part.citations[told.citations :]:
                    yield CitationAdded(citation, index)
                if told.logprobs and not (part.extra or {}).get("logprobs"):
                    part = replace(part, extra=(part.extra or {}) | {"logprobs": told.logprobs})
            case Refusal() if rest := told.rest_of(part.text):
                yield RefusalDelta(rest, index)
            case Reasoning() if rest := told.rest_of(part.text):
                yield ReasoningDelta(rest, index)
            case ToolCall() if not self._named:
                yield ToolCallDelta(index, part.id, part.name, told.rest_of(part.arguments))
            case ToolCall() if rest := told.rest_of(part.arguments):
                yield ToolCallDelta(index, arguments=rest)
        news = {name: value for name, value in (part.extra or {}).items() if told.extra.get(name) != value}
        if news:
            yield ExtraReported(news, "part", index=index)
