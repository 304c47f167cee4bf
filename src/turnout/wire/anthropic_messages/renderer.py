"""Streams to callers: events of any wire to this protocol's, one content block at a time."""

from __future__ import annotations

from typing import Any

import msgspec

from turnout.errors import Error
from turnout.events import (
    AudioDelta,
    CitationAdded,
    ExtraReported,
    PartAdded,
    ReasoningDelta,
    RefusalDelta,
    SignatureDelta,
    Started,
    TextDelta,
    ToolCallDelta,
)
from turnout.types import Reasoning, Refusal, Text, ToolCall
from turnout.wire.anthropic_messages.answers import write_envelope
from turnout.wire.anthropic_messages.blocks import BlockWriter
from turnout.wire.anthropic_messages.citations import write_citation
from turnout.wire.anthropic_messages.faults import write_error
from turnout.wire.anthropic_messages.usage import write_usage
from turnout.wire.anthropic_messages.words import WIRE_NAME, is_own, stop_reason, tool_id
from turnout.wire.block_stream import BlockRenderer, OpenBlock, PartEvent
from turnout.wire.claude_turns import spoken

_encode = msgspec.json.Encoder().encode
_BEFORE_TEXT = b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":{"type":"text_delta","text":'
_FREE_TEXT = '{"input":"'
_BESIDE_DELTA = ("context_management",)  # what message_delta says next to its delta


class _Open(OpenBlock):
    """``free_text``: a call whose input is text, which travels as {"input": text}."""

    __slots__ = ("before_text", "free_text")

    def __init__(self, part: int, index: int, kind: str, *, free_text: bool) -> None:
        super().__init__(part, index, kind, in_json=kind == "tool_use" and not free_text)
        self.free_text = free_text
        self.before_text = _BEFORE_TEXT % index  # the same in each delta of a text, so written once


class AnthropicMessagesRenderer(BlockRenderer[_Open]):
    def __init__(self) -> None:
        super().__init__(WIRE_NAME)
        self._writer = BlockWriter(None, None, [])
        self._told: dict[str, Any] = {}  # of extra, in message_start
        self._called = False

    def finish(self) -> bytes:
        written = [self._begin(), self._drain(to_the_end=True), self._close()]
        delta: dict[str, Any] = {}
        if self._finish is not None:
            delta["stop_reason"] = stop_reason(self._finish, self._started.origin, called_tools=self._called)
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

    def _meet(self, event: Started) -> None:
        self._own = is_own(event.origin)
        self._writer = BlockWriter(event.origin, None, [])

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

    def _stop(self, open: _Open) -> bytes:
        left = ('"}' if open.text else f'{_FREE_TEXT}"}}') if open.free_text else ""
        rest = _delta(open, b"input_json_delta", b"partial_json", left) if left else b""
        return rest + b'event: content_block_stop\ndata: {"type":"content_block_stop","index":%d}\n\n' % open.index

    # -- blocks --------------------------------------------------------------------------------

    def _call_id(self, part: int) -> str:
        """Of a call that its own protocol gave none."""
        return f"toolu_{self._started.id}_{part}"

    def _start(self, event: PartEvent) -> bytes:
        block = self._opening(event)
        if block is None:
            return b""
        kind = block.get("type", "")
        free_text = isinstance(event, PartAdded) and isinstance(event.part, ToolCall) and event.part.custom
        open = _Open(event.index, self._next, kind, free_text=free_text)
        written = [self._turn_to(open)]
        self._called = self._called or kind == "tool_use"
        given = block.get("input")
        start = block | {"input": {}} if isinstance(given, dict) else block
        written.append(_sse({"type": "content_block_start", "index": open.index, "content_block": start}))
        if isinstance(given, dict) and given:
            written.append(self._input(open, _encode(given).decode()))
        if kind == "text" and (blank := self._blank.pop(event.index, "")):
            written.append(self._continue(open, TextDelta(blank, event.index)))
        written.append(self._continue(open, event))
        return b"".join(written)

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
            case SignatureDelta() if not late:
                return {"type": "thinking", "thinking": ""} | ({} if self._own else {"signature": ""})
            case CitationAdded() if not late and write_citation(event.citation, "", self._own) is not None:
                return {"type": "text", "text": ""}
            case ToolCallDelta() if not late:
                id = event.id if self._own else tool_id(event.id or self._call_id(event.index))
                return {"type": "tool_use", "id": id, "name": event.name, "input": {}}
            case ExtraReported() if self._own and not late:
                return {"type": "text", "text": ""} | event.fields
            case PartAdded():
                return self._added(event)
        return None

    def _added(self, event: PartAdded) -> dict[str, Any] | None:
        part = event.part if self._own else spoken(event.part, self._call_id(event.index))
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
        match event:
            case TextDelta(text=text) | RefusalDelta(text=text) | AudioDelta(transcript=text) if open.kind == "text":
                return self._text(open, text)
            case ReasoningDelta(text=text) if open.kind == "thinking":
                return _delta(open, b"thinking_delta", b"thinking", text)
            case SignatureDelta(signature=signature) if open.kind == "thinking":
                return _delta(open, b"signature_delta", b"signature", signature)
            case ToolCallDelta(arguments=arguments) if open.kind == "tool_use":
                return self._input(open, arguments) if arguments else b""
            case CitationAdded(citation=citation) if open.kind == "text":
                return self._cite(open, write_citation(citation, "".join(open.text), self._own))
            case PartAdded(part=part):
                return self._fill(open, part)
        return b""

    def _text(self, open: _Open, text: str) -> bytes:
        open.text.append(text)
        return b"".join((open.before_text, _encode(text), b"}}\n\n")) if text or self._own else b""

    def _fill(self, open: _Open, part: Any) -> bytes:
        """What a part that came whole says beyond its block's start."""
        part = part if self._own else spoken(part, self._call_id(open.part))
        match part:
            case Text() | Refusal() if open.kind == "text":
                open.text.append(part.text)
                written = _delta(open, b"text_delta", b"text", part.text) if part.text else b""
                cited = part.citations if isinstance(part, Text) else ()
                return written + b"".join(self._cite(open, write_citation(it, part.text, self._own)) for it in cited)
            case Reasoning() if open.kind == "thinking":
                written = _delta(open, b"thinking_delta", b"thinking", part.text) if part.text else b""
                return written + _delta(open, b"signature_delta", b"signature", part.signature) if part.signature else written
            case ToolCall() if part.arguments:
                return self._input(open, part.arguments)
        return b""

    def _cite(self, open: _Open, citation: dict[str, Any] | None) -> bytes:
        if citation is None:
            return b""
        delta = {"type": "citations_delta", "citation": citation}
        return _sse({"type": "content_block_delta", "index": open.index, "delta": delta})

    def _input(self, open: _Open, text: str) -> bytes:
        if open.free_text:
            text = ("" if open.text else _FREE_TEXT) + _encode(text).decode()[1:-1]
        open.text.append(text)
        return _delta(open, b"input_json_delta", b"partial_json", text)


def _sse(event: dict[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (event["type"].encode(), _encode(event))


def _delta(open: _Open, kind: bytes, field: bytes, text: str) -> bytes:
    return b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,"delta":{"type":"%b","%b":%b}}\n\n' % (
        open.index,
        kind,
        field,
        _encode(text),
    )
