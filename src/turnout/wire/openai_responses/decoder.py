"""Streams from providers: this protocol's events to ours.

https://platform.openai.com/docs/api-reference/responses-streaming (read 2026-11-21). Each item is said three times: in
deltas, whole when it is done, and whole in the last event. Deltas are told as they come, and what the item says beyond
them when it is done, so that nothing that only a whole item says is missed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Union

import msgspec
from msgspec import Struct

from turnout.errors import ServerFault, TransportFailed
from turnout.events import (
    CitationAdded,
    Event,
    ExtraReported,
    Finished,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from turnout.types import Origin, Target
from turnout.wire.json_text import read_json
from turnout.wire.openai_responses.answers import take_envelope
from turnout.wire.openai_responses.content import read_annotation
from turnout.wire.openai_responses.faults import error_of
from turnout.wire.openai_responses.growing import GrowingItem, Told
from turnout.wire.openai_responses.items import PLACES, REASONING_TEXT
from turnout.wire.openai_responses.usage import read_usage
from turnout.wire.openai_responses.words import WIRE_NAME, finish_reason
from turnout.wire.sse import SseDecoder


class _Piece(Struct, tag_field="type", forbid_unknown_fields=True):
    delta: str
    output_index: int = -1  # llama.cpp leaves it out
    item_id: str = ""
    sequence_number: int = 0
    obfuscation: str | None = None  # padding that hides token lengths; says nothing


class _TextPiece(_Piece, tag="response.output_text.delta", forbid_unknown_fields=True):
    content_index: int = 0
    logprobs: list[msgspec.Raw] | None = None


class _CallPiece(_Piece, tag="response.function_call_arguments.delta", forbid_unknown_fields=True):
    pass


class _SummaryPiece(_Piece, tag="response.reasoning_summary_text.delta", forbid_unknown_fields=True):
    summary_index: int = 0


class _ReasoningPiece(_Piece, tag="response.reasoning_text.delta", forbid_unknown_fields=True):
    content_index: int = 0


# The events that most of a stream consists of. Any other takes the general way.
_decode_common = msgspec.json.Decoder(Union[_TextPiece, _CallPiece, _SummaryPiece, _ReasoningPiece]).decode

# the event of a delta -> the kind of item it belongs to, which of its positions tells the part, where such parts begin
_DELTAS: dict[str, tuple[str, str, int]] = {
    "response.output_text.delta": ("message", "content_index", 0),
    "response.refusal.delta": ("refusal", "content_index", 0),
    "response.reasoning_summary_text.delta": ("summary", "summary_index", 0),
    "response.reasoning_text.delta": ("reasoning", "content_index", REASONING_TEXT),
    "response.function_call_arguments.delta": ("function", "", 0),
    "response.custom_tool_call_input.delta": ("custom", "", 0),
}
_EVENT = ("type", "sequence_number", "response")
_LAST = ("response.completed", "response.incomplete", "response.failed", "response.cancelled")


class OpenAIResponsesDecoder:
    def __init__(self, target: Target) -> None:
        self._target = target
        self._origin = Origin(WIRE_NAME, target.provider)
        self._sse = SseDecoder()
        self._started: Started | None = None
        self._said: dict[str, Any] = {}  # the response's fields as last reported
        self._items: dict[int, GrowingItem] = {}
        self._numbers: dict[str, int] = {}  # of items that are named and not numbered, by their id
        self._told: dict[int, Told] = {}  # what was told of each part, by our index
        self._ended = False

    def feed(self, chunk: bytes) -> Iterator[Event]:
        for name, data in self._sse.feed(chunk):
            event = self._common(data)
            if event is not None:
                yield event
            else:
                yield from self._read(name, data)

    def close(self) -> Iterator[Event]:
        for name, data in self._sse.close():
            yield from self._read(name, data)
        if not self._ended:
            raise TransportFailed(
                f"{self._target}: the stream ended before the provider said that it finished", target=self._target
            )

    def _common(self, data: bytes) -> Event | None:
        """The one event of a delta that continues a part that has begun, else None."""
        if b'.delta"' not in data:
            return None
        try:
            piece = _decode_common(data)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return None
        number = piece.output_index if piece.output_index >= 0 else self._numbers.get(piece.item_id, -1)
        if number < 0:
            return None
        at = number * PLACES
        if type(piece) is _TextPiece:
            told = self._told.get(at + piece.content_index)
            if told is None or told.kind != "message" or piece.logprobs:
                return None
            told.pieces.append(piece.delta)
            return TextDelta(piece.delta, at + piece.content_index)
        if type(piece) is _CallPiece:
            told = self._told.get(at)
            if told is None or told.kind != "function":
                return None
            told.pieces.append(piece.delta)
            return ToolCallDelta(at, arguments=piece.delta)
        if type(piece) is _SummaryPiece:
            at += piece.summary_index
        elif type(piece) is _ReasoningPiece:
            at += REASONING_TEXT + piece.content_index
        told = self._told.get(at)
        if told is None or told.kind not in ("summary", "reasoning"):
            return None
        told.pieces.append(piece.delta)
        return ReasoningDelta(piece.delta, at)

    # -- any event -----------------------------------------------------------------------------

    def _read(self, name: str | None, data: bytes) -> Iterator[Event]:
        if self._ended or not data or data.startswith(b"[DONE]"):
            return
        try:
            event = read_json(data)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise ServerFault(f"{self._target}: a stream event is not JSON: {error}", target=self._target) from error
        if not isinstance(event, dict):
            raise ServerFault(f"{self._target}: a stream event is no JSON object", target=self._target)
        kind = event.get("type") or name
        if kind == "error" or (event.get("error") and not isinstance(event.get("response"), dict)):
            raise error_of(event, None, self._target)
        if isinstance(event.get("response"), dict):
            beside = {name: value for name, value in event.items() if name not in _EVENT}  # llama.cpp tells its timings there
            yield from self._restated({**beside, **event["response"]}, last=kind in _LAST)
            if kind == "response.failed":
                raise error_of(event, None, self._target)
        elif isinstance(kind, str) and (number := self._number(event)) is not None:
            yield from self._of_item(kind, self._item(number), event)

    def _number(self, event: dict[str, Any]) -> int | None:
        """Which item an event is about. llama.cpp only names it: such items are numbered in the order in which they come."""
        number = event.get("output_index")
        if type(number) is int:
            return number
        item = event.get("item")
        id = item.get("id") if isinstance(item, dict) else event.get("item_id")
        if not isinstance(id, str) or not id:
            return None
        if id not in self._numbers:
            self._numbers[id] = max(self._items, default=-1) + 1
        return self._numbers[id]

    def _of_item(self, kind: str, item: GrowingItem, event: dict[str, Any]) -> Iterator[Event]:
        """An event about one item. How far a tool that the provider runs has come is told by its item, when that is done."""
        if kind == "response.output_item.added":
            yield from item.added(event.get("item"))
        elif kind == "response.output_item.done":
            yield from item.done(event.get("item"))
        elif kind == "response.content_part.added":
            yield from item.part_added(event.get("part"), _position(event, "content_index"))
        elif kind == "response.reasoning_summary_part.added":
            yield from item.begin("summary", _position(event, "summary_index"))
        elif kind == "response.output_text.annotation.added" and isinstance(event.get("annotation"), dict):
            place = _position(event, "content_index")
            yield from item.begin("message", place)
            item.told[place].citations += 1
            yield CitationAdded(read_annotation(event["annotation"]), item.index(place))
        elif kind in _DELTAS and isinstance(event.get("delta"), str):
            yield from self._delta(item, *_DELTAS[kind], event)

    def _delta(self, item: GrowingItem, kind: str, position: str, base: int, event: dict[str, Any]) -> Iterator[Event]:
        place = base + _position(event, position)
        yield from item.begin(kind, place)
        told, index, piece = item.told[place], item.index(place), event["delta"]
        told.pieces.append(piece)
        told.logprobs += event["logprobs"] if isinstance(event.get("logprobs"), list) else []
        match told.kind:
            case "message":
                yield TextDelta(piece, index)
            case "refusal":
                yield RefusalDelta(piece, index)
            case "summary" | "reasoning":
                yield ReasoningDelta(piece, index)
            case "function" | "custom":
                yield ToolCallDelta(index, arguments=piece)

    def _item(self, number: int) -> GrowingItem:
        item = self._items.get(number)
        if item is None:
            item = self._items[number] = GrowingItem(number, self._origin, self._told)
        return item

    # -- the response --------------------------------------------------------------------------

    def _restated(self, response: dict[str, Any], *, last: bool) -> Iterator[Event]:
        """Several events state the whole response as it then stands; what is new in it is told."""
        fields = dict(response)
        output, usage = fields.pop("output", None), fields.pop("usage", None)
        finish_fields = dict(fields)
        yield from self._start(fields)
        if last:
            for number, item in enumerate(output if isinstance(output, list) else ()):
                growing = self._item(number)
                if not growing.is_done:
                    yield from growing.done(item)
            for growing in list(self._items.values()):
                yield from growing.left()
        news = {name: value for name, value in fields.items() if name not in self._said or self._differs(name, value)}
        if news:
            self._said.update(news)
            yield ExtraReported(news)
        if isinstance(usage, dict):
            yield UsageReported(read_usage(usage))
        if last:
            self._ended = True
            called = any(item.calls for item in self._items.values())
            finish = finish_reason(finish_fields, called_tools=called)
            if finish is not None:
                yield Finished(finish)

    def _differs(self, name: str, value: Any) -> bool:
        return value is not None and self._said[name] != value

    def _start(self, fields: dict[str, Any]) -> Iterator[Event]:
        said, before = take_envelope(fields), self._started or Started("", "")
        started = Started(
            id=before.id or said["id"],
            model=said["model"] or before.model,
            created=before.created if before.created is not None else said["created"],
            origin=self._origin,
            service_tier=said["service_tier"] if said["service_tier"] is not None else before.service_tier,
        )
        if started != self._started:
            self._started = started
            yield started


def _position(event: dict[str, Any], name: str) -> int:
    """Which part of its item an event is about. A position that makes no sense is taken for the first."""
    value = event.get(name, 0) if name else 0
    return value if type(value) is int and 0 <= value < REASONING_TEXT else 0
