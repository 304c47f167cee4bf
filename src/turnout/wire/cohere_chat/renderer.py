"""Streams to callers: events of any wire to this protocol's, one content part at a time.

Content and calls are numbered apart. A content part ends where the next begins; calls end with the answer, because another
protocol may interleave them.
"""

from __future__ import annotations

from typing import Any

import msgspec

from turnout.errors import Error
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
    Started,
    TextDelta,
    ToolCallDelta,
    UsageReported,
    continue_extra,
    merge_extra,
)
from turnout.types import Audio, Citation, FinishReason, Opaque, Origin, Part, Reasoning, Refusal, Text, ToolCall, Usage
from turnout.wire.cohere_chat.citations import is_plan, write_citation
from turnout.wire.cohere_chat.faults import write_error
from turnout.wire.cohere_chat.parts import write_part, write_tool_call
from turnout.wire.cohere_chat.usage import write_usage
from turnout.wire.cohere_chat.words import is_own, raw_finish

_encode = msgspec.json.Encoder().encode


class CohereChatRenderer:
    def __init__(self) -> None:
        self._started = Started("", "")
        self._origin: Origin | None = None
        self._own = False
        self._begun = False  # message-start was written
        self._open: int | None = None  # our part that is the open content
        self._index = -1  # of the content that began last
        self._text: list[str] = []  # of it
        self._contents: dict[int, tuple[int, list[str]]] = {}  # our part -> its index and text, for citations
        self._head = self._tail = b""  # around the pieces of the open content
        self._plans: set[int] = set()  # our parts that are tool plans
        self._calls: dict[int, int] = {}  # our part -> number of the call
        self._silent: set[int] = set()  # calls without arguments so far
        self._cited = 0
        self._extra: dict[str, Any] = {}
        self._message_extra: dict[str, Any] = {}
        self._usage = Usage()
        self._finish: FinishReason | None = None

    def render(self, event: Event) -> bytes:
        if type(event) is TextDelta and event.choice == 0 and event.index == self._open and event.index not in self._plans:
            return self._piece(event.text)
        match event:
            case Started():
                self._started, self._origin, self._own = event, event.origin, is_own(event.origin)
            case UsageReported():
                self._usage = event.usage
            case ExtraReported(scope="completion"):
                self._extra = merge_extra(self._extra, event.fields)
            case Finished(choice=0):
                self._finish = event.finish
            case _ if event.choice == 0:
                return self._say(event)
        return b""

    def finish(self) -> bytes:
        delta: dict[str, Any] = {}
        if (reason := raw_finish(self._finish, self._origin, called_tools=bool(self._calls))) is not None:
            delta["finish_reason"] = reason
        if (usage := write_usage(self._usage)) is not None:
            delta["usage"] = usage
        if self._own:
            delta |= self._extra
        if self._own and self._message_extra:
            delta["message"] = self._message_extra
        return b"".join((self._begin(), self._close(), self._end_calls(), _sse("message-end", delta=delta), b"data: [DONE]\n\n"))

    def fail(self, error: Error) -> bytes:
        said = write_error(error)[1].get("message")
        return _sse("message-end", delta={"error": said if isinstance(said, str) else str(error), "finish_reason": "ERROR"})

    # -- pieces --------------------------------------------------------------------------------

    def _begin(self) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        message = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
        id = {"id": self._started.id} if self._started.id or not self._own else {}
        return _sse("message-start", id, delta={"message": message})

    def _say(self, event: Any) -> bytes:
        match event:
            case TextDelta(text=text) if event.index in self._plans:
                return self._plan(text)
            case TextDelta(text=text) | RefusalDelta(text=text):
                return self._content(event.index, "text", text)
            case AudioDelta(transcript=text) if text:
                return self._content(event.index, "text", text)
            case ReasoningDelta(text=text):
                return self._content(event.index, "thinking", text)
            case ToolCallDelta():
                return self._call(event.index, ToolCall(event.id, event.name, event.arguments))
            case PartAdded(part=part):
                return self._part(event.index, part)
            case CitationAdded(citation=citation):
                return self._cite(event.index, citation)
            case LogprobsDelta(logprobs=[*items]) if self._own:
                empty = {"message": {"content": {"text": ""}}}
                index = max(self._index, 0)
                return b"".join(_sse("content-delta", {"index": index, "logprobs": item}, delta=empty) for item in items)
            case ExtraReported() if self._own:
                return self._more(event)
        return b""

    def _content(self, part: int, kind: str, text: str, extra: dict[str, Any] | None = None) -> bytes:
        """A piece of a content part, which begins here if another is open."""
        if self._open == part:
            return self._piece(text)
        if not text and not extra and not self._own:
            return b""
        return self._start(part, {"type": kind, kind: ""} | (extra or {})) + (self._piece(text) if text else b"")

    def _start(self, part: int, content: dict[str, Any]) -> bytes:
        written = self._begin() + self._close()
        self._open = part
        self._index += 1
        self._text = []
        self._contents[part] = self._index, self._text
        kind = b"thinking" if content.get("type") == "thinking" else b"text"
        head = b'event: content-delta\ndata: {"type":"content-delta","index":%d,"delta":{"message":{"content":{"%b":'
        self._head, self._tail = head % (self._index, kind), b"}}}}\n\n"
        return written + _sse("content-start", {"index": self._index}, delta={"message": {"content": content}})

    def _piece(self, text: str) -> bytes:
        if not text:
            return b""
        self._text.append(text)
        return b"".join((self._head, _encode(text), self._tail))

    def _close(self) -> bytes:
        if self._open is None:
            return b""
        self._open = None
        return _sse("content-end", {"index": self._index})

    def _plan(self, text: str) -> bytes:
        return self._begin() + _sse("tool-plan-delta", delta={"message": {"tool_plan": text}}) if text else b""

    def _call(self, part: int, call: ToolCall) -> bytes:
        """The beginning of a call, or the next piece of its arguments."""
        if part not in self._calls:
            self._calls[part] = len(self._calls)
            written = self._begin() + self._close()
            if not call.arguments:
                self._silent.add(part)
            said = write_tool_call(call, self._own, call.arguments)
            return written + _sse("tool-call-start", {"index": self._calls[part]}, delta={"message": {"tool_calls": said}})
        return self._arguments(part, call.arguments)

    def _arguments(self, part: int, text: str) -> bytes:
        if not text:
            return b""
        self._silent.discard(part)
        message = {"tool_calls": {"function": {"arguments": text}}}
        return _sse("tool-call-delta", {"index": self._calls[part]}, delta={"message": message})

    def _end_calls(self) -> bytes:
        """A call of another protocol that has no arguments has an empty object of them here."""
        written = []
        for part, number in self._calls.items():
            if part in self._silent and not self._own:
                written.append(self._arguments(part, "{}"))
            written.append(_sse("tool-call-end", {"index": number}))
        return b"".join(written)

    def _part(self, index: int, part: Part) -> bytes:
        own = self._own
        match part:
            case ToolCall():
                return self._call(index, part)
            case Opaque(slot="tool_calls") if own:
                self._calls[index] = len(self._calls)
                message = {"tool_calls": part.value}
                return self._begin() + _sse("tool-call-start", {"index": self._calls[index]}, delta={"message": message})
            case Text() if is_plan(part) or (not own and part.phase == "commentary"):
                self._plans.add(index)
                return self._plan(part.text) + self._cites(index, part)
            case Text():
                return self._content(index, "text", part.text, part.extra if own else None) + self._cites(index, part)
            case Reasoning():
                return self._content(index, "thinking", part.text, part.extra if own else None)
            case Refusal():
                return self._content(index, "text", part.text)
            case Audio(transcript=str(text)):
                return self._content(index, "text", text)
        content = part.value if isinstance(part, Opaque) else write_part(part, own)
        if not own:
            return b""
        return self._start(index, content) if isinstance(content, dict) else b""

    def _cites(self, index: int, part: Text) -> bytes:
        return b"".join(self._cite(index, citation) for citation in part.citations)

    def _cite(self, part: int, citation: Citation) -> bytes:
        index, text = self._contents.get(part, (None, []))
        if index is None and not self._own:
            return b""
        message = {"citations": write_citation(citation, self._own, "".join(text), index)}
        number, self._cited = self._cited, self._cited + 1
        start = _sse("citation-start", {"index": number}, delta={"message": message})
        return self._begin() + start + _sse("citation-end", {"index": number})

    def _more(self, event: ExtraReported) -> bytes:
        """What the vocabulary has no word for: of the open part now, of the message at its end."""
        if event.scope == "message":
            self._message_extra = continue_extra(self._message_extra, event.fields)
        elif event.scope == "part" and event.index == self._open:
            return _sse("content-delta", {"index": self._index}, delta={"message": {"content": event.fields}})
        return b""


def _sse(kind: str, fields: dict[str, Any] | None = None, **more: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), _encode({"type": kind} | (fields or {}) | more))
