"""Streams from providers: this protocol's events to ours.

https://docs.claude.com/en/docs/build-with-claude/streaming (read 2026-11-21). Whatever an event says that the vocabulary
has no word for becomes an extra: of its part, or of the completion.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Union

import msgspec
from msgspec import Struct

from turnout.errors import ServerFault, TransportFailed
from turnout.events import (
    Event,
    ExtraReported,
    Finished,
    PartAdded,
    ReasoningDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from turnout.types import Origin, Target
from turnout.wire.anthropic_messages.answers import take_envelope
from turnout.wire.anthropic_messages.faults import error_of
from turnout.wire.anthropic_messages.growing import GrowingBlock
from turnout.wire.anthropic_messages.usage import read_usage, service_tier, update_usage
from turnout.wire.anthropic_messages.words import WIRE_NAME, take_finish
from turnout.wire.json_text import read_json
from turnout.wire.sse import SseDecoder


class _TextPiece(Struct, tag="text_delta", tag_field="type", forbid_unknown_fields=True):
    text: str


class _InputPiece(Struct, tag="input_json_delta", tag_field="type", forbid_unknown_fields=True):
    partial_json: str


class _ThinkingPiece(Struct, tag="thinking_delta", tag_field="type", forbid_unknown_fields=True):
    thinking: str


class _Delta(Struct, tag="content_block_delta", tag_field="type", forbid_unknown_fields=True):
    """The event that most of a stream consists of. Anything else takes the general way."""

    index: int
    delta: Union[_TextPiece, _InputPiece, _ThinkingPiece]


_decode_common = msgspec.json.Decoder(_Delta).decode

_STOPS = ("stop_reason", "stop_sequence")
_KNOWN = frozenset({"id", "model", "type", "role", "content", "usage", "index", *_STOPS})


class AnthropicMessagesDecoder:
    def __init__(self, target: Target) -> None:
        self._target = target
        self._origin = Origin(WIRE_NAME, target.provider)
        self._sse = SseDecoder()
        self._begun = False
        self._ended = False
        self._finished = False
        self._blocks: dict[int, GrowingBlock] = {}  # open ones, by the provider's index
        self._next = 0  # the least index no block has had yet
        self._usage: dict[str, Any] = {}
        self._stop: dict[str, Any] = {}  # stop reason and sequence as last said

    def feed(self, chunk: bytes) -> Iterator[Event]:
        for name, data in self._sse.feed(chunk):
            if name == "content_block_delta" or name is None:
                try:
                    event = _decode_common(data)
                except (msgspec.DecodeError, UnicodeError):
                    yield from self._read(name, data)
                    continue
                block = self._blocks.get(event.index)
                piece = event.delta
                if block is None:
                    yield from self._read(name, data)
                elif type(piece) is _TextPiece and block.kind == "text":
                    block.begun = True
                    yield TextDelta(piece.text, block.index)
                elif type(piece) is _InputPiece and block.kind == "tool_use":
                    if piece.partial_json:
                        block.begun = True
                        yield ToolCallDelta(block.index, arguments=piece.partial_json)
                elif type(piece) is _ThinkingPiece and block.kind == "thinking":
                    block.begun = True
                    yield ReasoningDelta(piece.thinking, block.index)
                else:
                    yield from self._read(name, data)
            else:
                yield from self._read(name, data)

    def close(self) -> Iterator[Event]:
        for name, data in self._sse.close():
            yield from self._read(name, data)
        if not self._ended:
            raise TransportFailed(f"{self._target}: the stream ended before message_stop", target=self._target)

    # -- one event -----------------------------------------------------------------------------

    def _read(self, name: str | None, data: bytes) -> Iterator[Event]:
        if data.strip() in (b"", b"[DONE]"):  # some servers end every stream as OpenAI does
            return
        try:
            event = read_json(data)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise self._fault(f"an event is not JSON: {error}") from error
        if not isinstance(event, dict):
            raise self._fault("an event is no JSON object")
        kind = event.pop("type", name)
        if kind == "error" or name == "error":
            raise error_of({"type": kind, **event} if kind is not None else event, None, self._target)
        match kind:
            case "message_start" if isinstance(event.get("message"), dict):
                yield from self._start(event.pop("message"))
            case "content_block_start" if isinstance(event.get("content_block"), dict) and type(event.get("index")) is int:
                yield from self._open(event.pop("index"), event.pop("content_block"))
            case "content_block_delta" if isinstance(event.get("delta"), dict) and type(event.get("index")) is int:
                yield from self._grow(event.pop("index"), event.pop("delta"))
            case "content_block_stop" if type(event.get("index")) is int:
                yield from self._close(event.pop("index"))
            case "message_delta":
                self._must_be_open(kind)
                yield from self._change(event)
            case "message_stop":
                self._must_be_open(kind)
                yield from self._stop_message()
            case "message_start" | "content_block_start" | "content_block_delta" | "content_block_stop":
                raise self._fault(f"a {kind} event is not formed as documented")
        known = {field: value for field in sorted(_KNOWN & event.keys()) if (value := event.pop(field)) is not None}
        if known and isinstance(kind, str):  # of a kind of event that is not documented; not what these say elsewhere
            event[kind] = known
        if event:
            yield ExtraReported(event)

    def _must_be_open(self, kind: str) -> None:
        if not self._begun:
            raise self._fault(f"{kind} came before message_start")
        if self._ended:
            raise self._fault(f"{kind} came after message_stop")

    def _fault(self, what: str) -> ServerFault:
        return ServerFault(f"{self._target}: the stream does not speak Anthropic Messages: {what}", target=self._target)

    # -- the message ---------------------------------------------------------------------------

    def _start(self, fields: dict[str, Any]) -> Iterator[Event]:
        if self._begun:
            raise self._fault("a second message_start came")
        self._begun = True
        id, model = take_envelope(fields)
        usage = fields.pop("usage") if isinstance(fields.get("usage"), dict) else None
        content = fields.pop("content") if isinstance(fields.get("content"), list) else []
        self._stop = {name: fields.pop(name) for name in _STOPS if name in fields}
        yield Started(id, model, origin=self._origin, service_tier=service_tier(usage or {}))
        if usage is not None:
            yield self._use(usage)
        if fields:
            yield ExtraReported(fields)
        for block in content:  # tools that code calls: the provider has run the beginning of this message before
            yield PartAdded(self._next, GrowingBlock(self._next, block, self._origin).whole())
            self._next += 1

    def _change(self, event: dict[str, Any]) -> Iterator[Event]:
        changes = event.pop("delta") if isinstance(event.get("delta"), dict) else {}
        for name in _STOPS:
            if name in changes and (changes[name] is not None or name not in self._stop):
                self._stop[name] = changes[name]
        rest = {name: value for name, value in changes.items() if name not in _STOPS}
        if rest:
            yield ExtraReported(rest)
        if isinstance(event.get("usage"), dict):
            yield self._use(event.pop("usage"))
        if isinstance(changes.get("stop_reason"), str):
            yield from self._finish()

    def _stop_message(self) -> Iterator[Event]:
        for index in list(self._blocks):
            yield from self._close(index)
        if not self._finished:
            yield from self._finish()
        self._ended = True
        unsaid = dict(self._stop)
        take_finish(unsaid)
        if unsaid:
            yield ExtraReported(unsaid)

    def _finish(self) -> Iterator[Event]:
        finish = take_finish(dict(self._stop))
        if finish is not None:
            self._finished = True
            yield Finished(finish)

    def _use(self, usage: dict[str, Any]) -> UsageReported:
        self._usage = update_usage(self._usage, usage)
        return UsageReported(read_usage(self._usage))

    # -- content blocks ------------------------------------------------------------------------

    def _open(self, index: int, fields: dict[str, Any]) -> Iterator[Event]:
        self._must_be_open("content_block_start")
        if index in self._blocks:
            yield from self._close(index)
        yield from self._begin(index, fields)

    def _begin(self, index: int, fields: dict[str, Any]) -> Iterator[Event]:
        """Blocks keep the provider's index, but one that it gives twice: that would run two blocks into one."""
        own = max(index, self._next)
        self._next = own + 1
        block = self._blocks[index] = GrowingBlock(own, fields, self._origin)
        yield from block.begin()

    def _grow(self, index: int, delta: dict[str, Any]) -> Iterator[Event]:
        self._must_be_open("content_block_delta")
        if index not in self._blocks:  # servers leave out the start of plain blocks
            implied = {"text_delta": {"type": "text", "text": ""}, "thinking_delta": {"type": "thinking", "thinking": ""}}
            if (fields := implied.get(str(delta.get("type")))) is None:
                raise self._fault(f"a delta came for content block {index}, which was not started")
            yield from self._begin(index, fields)
        yield from self._blocks[index].grow(delta)

    def _close(self, index: int) -> Iterator[Event]:
        self._must_be_open("content_block_stop")
        block = self._blocks.pop(index, None)
        if block is not None:
            yield from block.end()
