"""Streams from providers: this protocol's events to ours (https://docs.cohere.com/docs/streaming, read 2026-11-21).

Parts are indexed so that a fold puts them in the order in which ours has them: content, tool plan, tool calls.
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
    LogprobsDelta,
    PartAdded,
    ReasoningDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from turnout.types import Opaque, Origin, Reasoning, Target, Text
from turnout.wire.cohere_chat.citations import Places, read_citation
from turnout.wire.cohere_chat.faults import error_of
from turnout.wire.cohere_chat.messages import plan
from turnout.wire.cohere_chat.parts import read_part, read_tool_call
from turnout.wire.cohere_chat.usage import read_usage
from turnout.wire.cohere_chat.words import WIRE_NAME, finish_reason, take
from turnout.wire.json_text import read_json
from turnout.wire.sse import SseDecoder

_CONTENT, _PLAN, _CALLS = 0, 100_000, 200_000
_ENDS = ("content-end", "tool-call-end", "citation-end")  # which say nothing but their index


class _Piece(Struct, forbid_unknown_fields=True):
    text: str | None = None
    thinking: str | None = None


class _Content(Struct, forbid_unknown_fields=True):
    content: _Piece


class _ContentMessage(Struct, forbid_unknown_fields=True):
    message: _Content


class _ContentDelta(Struct, tag="content-delta", tag_field="type", forbid_unknown_fields=True):
    index: int
    delta: _ContentMessage


class _Function(Struct, forbid_unknown_fields=True):
    arguments: str


class _Call(Struct, forbid_unknown_fields=True):
    function: _Function


class _Calls(Struct, forbid_unknown_fields=True):
    tool_calls: _Call


class _CallMessage(Struct, forbid_unknown_fields=True):
    message: _Calls


class _CallDelta(Struct, tag="tool-call-delta", tag_field="type", forbid_unknown_fields=True):
    index: int
    delta: _CallMessage


class _Planned(Struct, forbid_unknown_fields=True):
    tool_plan: str


class _PlanMessage(Struct, forbid_unknown_fields=True):
    message: _Planned


class _PlanDelta(Struct, tag="tool-plan-delta", tag_field="type", forbid_unknown_fields=True):
    delta: _PlanMessage


# The events that most of a stream consists of. Any other takes the general way.
_decode_common = msgspec.json.Decoder(Union[_ContentDelta, _CallDelta, _PlanDelta]).decode


class CohereChatDecoder:
    def __init__(self, target: Target) -> None:
        self._target = target
        self._origin = Origin(WIRE_NAME, target.provider)
        self._sse = SseDecoder()
        self._started = False
        self._ended = False
        self._places = Places()
        self._texts: dict[int, bool] = {}  # content part -> whether it is text, or thinking
        self._planned = False
        self._calls: set[int] = set()
        self._said: dict[str, Any] = {}

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
            raise TransportFailed(f"{self._target}: the stream ended before message-end", target=self._target)

    def _common(self, data: bytes) -> Event | None:
        """The one event of a delta that continues what was begun, else None."""
        try:
            event = _decode_common(data)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return None
        if type(event) is _ContentDelta:
            piece, is_text = event.delta.message.content, self._texts.get(event.index)
            if is_text and piece.text is not None and piece.thinking is None:
                return TextDelta(piece.text, _CONTENT + event.index)
            if is_text is False and piece.thinking is not None and piece.text is None:
                return ReasoningDelta(piece.thinking, _CONTENT + event.index)
        elif type(event) is _CallDelta:
            if event.index in self._calls:
                return ToolCallDelta(_CALLS + event.index, arguments=event.delta.message.tool_calls.function.arguments)
        elif type(event) is _PlanDelta and self._planned:
            return TextDelta(event.delta.message.tool_plan, _PLAN)
        return None

    # -- any event -----------------------------------------------------------------------------

    def _read(self, name: str | None, data: bytes) -> Iterator[Event]:
        if data.strip() in (b"", b"[DONE]"):
            return
        try:
            fields = read_json(data)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise ServerFault(f"{self._target}: a stream event is not JSON: {error}", target=self._target) from error
        if not isinstance(fields, dict):
            raise ServerFault(f"{self._target}: a stream event is no JSON object", target=self._target)
        kind = fields.pop("type", None)
        if kind in (None, "error") or name == "error":
            body = fields if kind is None else {"type": kind} | fields
            raise error_of(body, None, self._target)
        index = fields.pop("index") if type(fields.get("index")) is int else 0
        delta = dict(fields.pop("delta")) if isinstance(fields.get("delta"), dict) else {}
        message = dict(delta.pop("message")) if isinstance(delta.get("message"), dict) else {}
        match kind:
            case "message-start":
                yield from self._start(fields, message)
            case "content-start" | "content-delta" if isinstance(message.get("content"), dict):
                yield from self._content(index, dict(message.pop("content")), fields, begins=kind == "content-start")
            case "tool-plan-delta" if isinstance(message.get("tool_plan"), str):
                yield from self._plan(message.pop("tool_plan"))
            case "tool-call-start" | "tool-call-delta" if isinstance(message.get("tool_calls"), dict):
                yield from self._call(index, message.pop("tool_calls"))
            case "citation-start" if isinstance(message.get("citations"), dict):
                yield self._citation(message.pop("citations"))
            case "message-end":
                yield from self._end(fields, delta, message)
                return
            case _ if kind not in _ENDS:
                message = {str(kind): fields | ({"delta": delta} if delta else {}) | message}
                fields, delta = {}, {}
        yield from self._rest(fields | delta, message)

    def _rest(self, fields: dict[str, Any], message: dict[str, Any]) -> Iterator[Event]:
        """What nobody has a word for."""
        news = {name: value for name, value in fields.items() if value is not None and self._said.get(name) != value}
        if news:
            self._said |= news
            yield ExtraReported(news)
        more = {name: value for name, value in message.items() if value not in (None, "", [], {})}
        if more:
            yield ExtraReported(more, "message")

    def _start(self, fields: dict[str, Any], message: dict[str, Any]) -> Iterator[Event]:
        if message.get("role") == "assistant":
            del message["role"]
        id = take(fields, "id")
        if not self._started:
            self._started = True
            yield Started(id or "", self._target.model, None, self._origin)

    def _content(self, index: int, fields: dict[str, Any], beside: dict[str, Any], *, begins: bool) -> Iterator[Event]:
        at = _CONTENT + index
        if "type" not in fields:  # a delta says its kind by its field
            fields = {"type": "thinking" if "thinking" in fields else "text"} | fields
        if begins or index not in self._texts:
            part = read_part(fields, self._origin)
            is_text = isinstance(part, Text)
            self._places.content(at, is_text=is_text)
            if isinstance(part, Opaque):
                yield PartAdded(at, part)
                return
            self._texts[index] = is_text
            if part.extra:
                yield PartAdded(at, part)
            elif isinstance(part, Text):
                yield TextDelta(part.text, at)
            elif isinstance(part, Reasoning):
                yield ReasoningDelta(part.text, at)
            else:
                yield PartAdded(at, part)
        else:
            del fields["type"]
            if (text := take(fields, "text")) is not None:
                yield TextDelta(text, at)
            if (thinking := take(fields, "thinking")) is not None:
                yield ReasoningDelta(thinking, at)
            if fields := {name: value for name, value in fields.items() if value is not None}:
                yield ExtraReported(fields, "part", 0, at)
        if isinstance(beside.get("logprobs"), dict):
            yield LogprobsDelta([beside.pop("logprobs")])

    def _plan(self, text: str) -> Iterator[Event]:
        if self._planned:
            yield TextDelta(text, _PLAN)
        elif text:
            self._planned = True
            self._places.plan(_PLAN)
            yield PartAdded(_PLAN, plan(text))

    def _call(self, index: int, raw: dict[str, Any]) -> Iterator[Event]:
        at = _CALLS + index
        if index in self._calls:
            function = raw.get("function")
            arguments = function.get("arguments") if isinstance(function, dict) else None
            yield ToolCallDelta(at, arguments=arguments if isinstance(arguments, str) else "")
            return
        self._calls.add(index)
        call = read_tool_call(raw, self._origin)
        if isinstance(call, Opaque) or call.extra or not call.id:
            yield PartAdded(at, call)
        else:
            yield ToolCallDelta(at, call.id, call.name, call.arguments)

    def _citation(self, raw: dict[str, Any]) -> Event:
        place, counted = self._places.of(raw)
        if place is None:
            return ExtraReported({"citations": [raw]}, "message")
        return CitationAdded(read_citation(raw, counted=counted), place)

    def _end(self, fields: dict[str, Any], delta: dict[str, Any], message: dict[str, Any]) -> Iterator[Event]:
        """An error that the end tells of is raised after what else it tells."""
        self._ended = True
        reason = take(delta, "finish_reason")
        usage = delta.pop("usage") if isinstance(delta.get("usage"), dict) else None
        failed = take(delta, "error")
        fields.pop("id", None)  # said at the start
        yield from self._rest(fields | delta, message)
        if usage is not None:
            yield UsageReported(read_usage(usage))
        if failed:
            raise error_of({"message": failed, "finish_reason": reason}, None, self._target)
        if reason is not None:
            yield Finished(finish_reason(reason))
