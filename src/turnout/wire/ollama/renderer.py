"""Streams to callers: events of any wire to this protocol's lines.

A line holds a whole tool call, so calls that come in pieces wait until the answer ends.
"""

from __future__ import annotations

from typing import Any

import msgspec

from turnout.errors import Error
from turnout.events import (
    AudioDelta,
    Event,
    ExtraReported,
    Finished,
    Fold,
    LogprobsDelta,
    PartAdded,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    UsageReported,
    merge_extra,
)
from turnout.types import FinishReason, Message, Origin, Part, ToolCall, Usage
from turnout.wire.asides import Asides, turned
from turnout.wire.ollama.answers import write_envelope
from turnout.wire.ollama.conversation import ConversationWriter
from turnout.wire.ollama.faults import write_error
from turnout.wire.ollama.usage import write_usage
from turnout.wire.ollama.words import done_reason, is_own

_encode = msgspec.json.Encoder().encode
_OF_EVERY_LINE = ("created_at", "remote_model", "remote_host")


class OllamaRenderer:
    def __init__(self) -> None:
        self._origin: Origin | None = None
        self._own = False
        self._envelope: dict[str, Any] = {}
        self._text_head = b""  # what every line of plain text begins with
        self._extra: dict[str, Any] = {}
        self._usage = Usage()
        self._finish: FinishReason | None = None
        self._waiting = Fold()  # calls that come in pieces
        self._calls: set[int] = set()  # their indexes
        self._asides: Asides = set()
        self._begin({})

    def render(self, event: Event) -> bytes:
        if not self._own and (self._asides or type(event) is PartAdded):
            event = turned(event, self._asides)
        if type(event) is TextDelta and event.choice == 0:
            return b"".join((self._text_head, _encode(event.text), b'},"done":false}\n')) if event.text else b""
        match event:
            case Started():
                self._origin, self._own = event.origin, is_own(event.origin)
                self._begin(write_envelope(event.model, event.created, self._own))
            case UsageReported():
                self._usage = event.usage
            case ExtraReported(scope="completion") if self._own:
                self._extra = merge_extra(self._extra, event.fields)
                self._begin({name: event.fields[name] for name in _OF_EVERY_LINE if name in event.fields})
            case ExtraReported():
                return self._more(event)
            case _ if event.choice == 0:
                return self._say(event)
        return b""

    def finish(self) -> bytes:
        line = self._envelope | {"message": {"role": "assistant", "content": ""}, "done": True}
        if self._finish is not None and (reason := done_reason(self._finish, self._origin)) is not None:
            line["done_reason"] = reason
        return self._flush() + self._line(line | self._extra | write_usage(self._usage))

    def fail(self, error: Error) -> bytes:
        return _encode(write_error(error)[1]) + b"\n"

    # -- pieces --------------------------------------------------------------------------------

    def _begin(self, envelope: dict[str, Any]) -> None:
        self._envelope |= envelope
        head = self._envelope | {"message": {"role": "assistant", "content": ""}}
        self._text_head = _encode(head).removesuffix(b'""}}')

    def _say(self, event: Any) -> bytes:
        match event:
            case ReasoningDelta(text=text) if text:
                return self._message({"content": "", "thinking": text})
            case RefusalDelta(text=text) | AudioDelta(transcript=text) if text:
                return self._message({"content": text})
            case ToolCallDelta():
                self._wait(event)
            case PartAdded(part=ToolCall()) if not self._own:
                self._wait(event)
            case PartAdded(part=part):
                return self._part(part)
            case LogprobsDelta(logprobs=logprobs) if self._own:
                return self._message({"content": ""}, logprobs=logprobs)
            case Finished(finish=finish):
                self._finish = finish
        return b""

    def _more(self, event: ExtraReported) -> bytes:
        own = self._own and event.scope == "message" and event.choice == 0
        return self._message({"content": ""} | event.fields) if own else b""

    def _wait(self, event: ToolCallDelta | PartAdded) -> None:
        self._waiting.add(event)
        self._calls.add(event.index)

    def _flush(self) -> bytes:
        calls, self._calls = sorted(self._calls), set()
        return b"".join(self._part(self._waiting.part(index)) for index in calls)

    def _part(self, part: Part) -> bytes:
        message = Message("assistant", (part,), origin=self._origin)
        said = ConversationWriter(None, []).said(message, "message")
        return self._message(said) if said != {"content": ""} else b""

    def _message(self, fields: dict[str, Any], **beside: Any) -> bytes:
        return self._line(self._envelope | {"message": {"role": "assistant"} | fields, "done": False} | beside)

    def _line(self, line: dict[str, Any]) -> bytes:
        return _encode(line) + b"\n"
