"""Streams to callers: events of any wire to this protocol's, one content block at a time.

Another protocol may interleave its parts; here a block is closed before the next begins. A part that begins while a tool
call is still incomplete waits until that call is complete.
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
    SignatureDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    UsageReported,
    merge_extra,
)
from turnout.types import FinishReason, Origin, Reasoning, Refusal, Text, ToolCall, Usage
from turnout.wire.anthropic_messages.answers import spoken, write_envelope
from turnout.wire.anthropic_messages.blocks import BlockWriter, is_json
from turnout.wire.anthropic_messages.citations import write_citation
from turnout.wire.anthropic_messages.faults import write_error
from turnout.wire.anthropic_messages.usage import write_usage
from turnout.wire.anthropic_messages.words import is_own, stop_reason, tool_id
from turnout.wire.asides import Asides, turned

_encode = msgspec.json.Encoder().encode
_BEFORE_TEXT = b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":{"type":"text_delta","text":'
_FREE_TEXT = '{"input":"'
_BESIDE_DELTA = ("context_management",)  # what message_delta says next to its delta

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


class _Open:
    """The block being written: of our part ``part``, at the protocol's ``index``. ``text`` has come so far."""

    __slots__ = ("before_text", "free_text", "index", "kind", "part", "text")

    def __init__(self, part: int, index: int, kind: str, *, free_text: bool = False) -> None:
        self.part = part
        self.index = index
        self.kind = kind
        self.free_text = free_text  # a call whose input is text, which travels as {"input": text}
        self.text: list[str] = []
        self.before_text = _BEFORE_TEXT % index  # the same in each delta of a text, so written once

    @property
    def complete(self) -> bool:
        """True unless it is a tool call whose input is not yet whole: that cannot be taken up again in another block."""
        if self.kind != "tool_use" or self.free_text:
            return True
        text = "".join(self.text).rstrip()
        return text.endswith("}") and is_json(text)


class AnthropicMessagesRenderer:
    def __init__(self) -> None:
        self._started = Started("", "")
        self._origin: Origin | None = None
        self._own = False
        self._writer = BlockWriter(None, None, [])
        self._begun = False  # message_start was written
        self._usage = Usage()
        self._extra: dict[str, Any] = {}
        self._told: dict[str, Any] = {}  # of extra, in message_start
        self._finish: FinishReason | None = None
        self._open: _Open | None = None
        self._next = 0
        self._closed: set[int] = set()
        self._waiting: dict[int, list[PartEvent]] = {}
        self._called = False
        self._blank: dict[int, str] = {}  # white space that a text of another protocol began with, by part
        self._asides: Asides = set()

    def render(self, event: Event) -> bytes:
        if type(event) is TextDelta and event.choice == 0 and not self._asides:  # what most of a stream consists of
            open = self._open
            if open is not None and open.part == event.index and open.kind == "text":
                return self._text(open, event.text)
        if not self._own and (self._asides or type(event) is PartAdded):
            event = turned(event, self._asides)
        match event:
            case Started():
                self._started, self._origin, self._own = event, event.origin, is_own(event.origin)
                self._writer = BlockWriter(event.origin, None, [])
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

    def finish(self) -> bytes:
        written = [self._begin(), self._drain(to_the_end=True), self._close()]
        delta: dict[str, Any] = {}
        if self._finish is not None:
            delta["stop_reason"] = stop_reason(self._finish, self._origin, called_tools=self._called)
        elif not self._own:
            delta["stop_reason"] = None
        if self._finish is not None and self._finish.stop_sequence is not None:
            delta["stop_sequence"] = self._finish.stop_sequence
        elif not self._own:
            delta["stop_sequence"] = None
        event: dict[str, Any] = {"type": "message_delta", "delta": delta}
        for name, value in self._extra.items() if self._own else ():
            if name not in self._told or self._told[name] != value:
                (event if name in _BESIDE_DELTA else delta).setdefault(name, value)
        usage = write_usage(self._usage, own=self._own)
        if usage is not None:
            event["usage"] = usage
        return b"".join((*written, _sse(event), _sse({"type": "message_stop"})))

    def fail(self, error: Error) -> bytes:
        _, body = write_error(error)
        return b"event: error\ndata: " + _encode(body) + b"\n\n"

    # -- the message ---------------------------------------------------------------------------

    def _begin(self) -> bytes:
        """Written as late as possible, so that it can tell the usage and fields that follow the start."""
        if self._begun:
            return b""
        self._begun = True
        message = write_envelope(self._started.id, self._started.model, self._own)
        if self._own:
            self._told = dict(self._extra)
            message |= self._told
        message |= {"content": [], "stop_reason": None, "stop_sequence": None}
        if (usage := write_usage(self._usage, own=self._own)) is not None:
            message["usage"] = usage
        return _sse({"type": "message_start", "message": message})

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
                same = self._open is not None and self._open.part == at
                written.append(self._continue(self._open, event) if same and self._open is not None else self._start(event))
        return b"".join(written)

    def _close(self) -> bytes:
        if self._open is None:
            return b""
        index = self._open.index
        rest = self._end_of_free_text(self._open) if self._open.free_text else b""
        self._closed.add(self._open.part)
        self._open = None
        return rest + b'event: content_block_stop\ndata: {"type":"content_block_stop","index":%d}\n\n' % index

    # -- blocks --------------------------------------------------------------------------------

    def _start(self, event: PartEvent) -> bytes:
        """A block for the part of ``event``, and what ``event`` says in it; nothing where this protocol cannot hold it."""
        block = self._opening(event)
        if block is None:
            return b""
        written = [self._begin(), self._close()]
        kind = block.get("type", "")
        free_text = isinstance(event, PartAdded) and isinstance(event.part, ToolCall) and event.part.custom
        self._open = _Open(event.index, self._next, kind, free_text=free_text)
        self._called = self._called or kind == "tool_use"
        self._next += 1
        given = block.get("input")
        start = block | {"input": {}} if isinstance(given, dict) else block
        written.append(_sse({"type": "content_block_start", "index": self._open.index, "content_block": start}))
        if isinstance(given, dict) and given:
            written.append(self._input(_encode(given).decode()))
        if kind == "text" and (blank := self._blank.pop(event.index, "")):
            written.append(self._continue(self._open, TextDelta(blank, event.index)))
        written.append(self._continue(self._open, event))
        return b"".join(written)

    def _is_blank(self, part: int, text: str) -> bool:
        """True while ``part`` is white space only. Such a block would be refused when the caller sends it back."""
        if text.strip():
            return False
        self._blank[part] = self._blank.get(part, "") + text
        return True

    def _opening(self, event: PartEvent) -> dict[str, Any] | None:
        """The block as it starts: empty where deltas fill it."""
        late = event.index in self._closed  # its block is behind us: only more text can begin another
        match event:
            case TextDelta(text=text) | RefusalDelta(text=text):
                return {"type": "text", "text": ""} if self._own or not self._is_blank(event.index, text) else None
            case AudioDelta(transcript=text):
                return {"type": "text", "text": ""} if text else None
            case ReasoningDelta():
                return {"type": "thinking", "thinking": ""} | ({} if self._own else {"signature": ""})
            case SignatureDelta() if self._own and not late:
                return {"type": "thinking", "thinking": ""}
            case CitationAdded() if not late and write_citation(event.citation, "", self._own) is not None:
                return {"type": "text", "text": ""}
            case ToolCallDelta() if not late:
                id = event.id if self._own else tool_id(event.id or f"toolu_{self._started.id}_{event.index}")
                return {"type": "tool_use", "id": id, "name": event.name, "input": {}}
            case ExtraReported() if self._own and not late:
                return {"type": "text", "text": ""} | event.fields
            case PartAdded():
                return self._added(event)
        return None

    def _added(self, event: PartAdded) -> dict[str, Any] | None:
        part = event.part if self._own else spoken(event.part, self._started.id, event.index)
        block = self._writer.write(part, "")
        if not isinstance(block, dict):
            return None
        block = dict(block)
        if block.get("type") == "text" and isinstance(part, (Text, Refusal)):
            block.pop("citations", None)
            return block | {"text": ""} if part.text or self._own else None
        if block.get("type") == "thinking" and isinstance(part, Reasoning):
            block |= {"thinking": ""}
            return block if not block.get("signature") else {name: it for name, it in block.items() if name != "signature"}
        if isinstance(part, ToolCall):
            block["input"] = {}
        return block

    def _continue(self, open: _Open, event: PartEvent) -> bytes:
        """``event`` inside the block that is open for its part."""
        match event:
            case TextDelta(text=text) | RefusalDelta(text=text) | AudioDelta(transcript=text) if open.kind == "text":
                return self._text(open, text)
            case ReasoningDelta(text=text) if open.kind == "thinking":
                return self._delta(b"thinking_delta", b"thinking", text)
            case SignatureDelta(signature=signature) if open.kind == "thinking" and self._own:
                return self._delta(b"signature_delta", b"signature", signature)
            case ToolCallDelta(arguments=arguments) if open.kind == "tool_use":
                return self._input(arguments) if arguments else b""
            case CitationAdded(citation=citation) if open.kind == "text":
                return self._cite(write_citation(citation, "".join(open.text), self._own))
            case PartAdded(part=part):
                return self._fill(open, part)
        return b""

    def _text(self, open: _Open, text: str) -> bytes:
        open.text.append(text)
        return b"".join((open.before_text, _encode(text), b"}}\n\n")) if text or self._own else b""

    def _fill(self, open: _Open, part: Any) -> bytes:
        """What a part that came whole says beyond its block's start."""
        part = part if self._own else spoken(part, self._started.id, open.part)
        match part:
            case Text() | Refusal() if open.kind == "text":
                open.text.append(part.text)
                written = self._delta(b"text_delta", b"text", part.text) if part.text else b""
                cited = part.citations if isinstance(part, Text) else ()
                return written + b"".join(self._cite(write_citation(it, part.text, self._own)) for it in cited)
            case Reasoning() if open.kind == "thinking":
                written = self._delta(b"thinking_delta", b"thinking", part.text) if part.text else b""
                signed = self._own and part.signature
                return written + self._delta(b"signature_delta", b"signature", part.signature or "") if signed else written
            case ToolCall() if part.arguments:
                return self._input(part.arguments)
        return b""

    def _cite(self, citation: dict[str, Any] | None) -> bytes:
        if citation is None or self._open is None:
            return b""
        delta = {"type": "citations_delta", "citation": citation}
        return _sse({"type": "content_block_delta", "index": self._open.index, "delta": delta})

    def _input(self, text: str) -> bytes:
        if self._open is None:
            return b""
        if self._open.free_text:
            text = ("" if self._open.text else _FREE_TEXT) + _encode(text).decode()[1:-1]
        self._open.text.append(text)
        return self._delta(b"input_json_delta", b"partial_json", text)

    def _end_of_free_text(self, open: _Open) -> bytes:
        return self._delta(b"input_json_delta", b"partial_json", '"}' if open.text else f'{_FREE_TEXT}"}}')

    def _delta(self, kind: bytes, field: bytes, text: str) -> bytes:
        index = self._open.index if self._open is not None else 0
        return (
            b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":{"type":"%b","%b":%b}}\n\n'
            % (index, kind, field, _encode(text))
        )


def _sse(event: dict[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (event["type"].encode(), _encode(event))
