"""Streams from providers: this protocol's events to ours.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html (read 2026-11-21). Whatever an event says
that the vocabulary has no word for becomes an extra: of its part, or of the completion. An exception may come as an event.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from turnout.errors import ServerFault, TransportFailed
from turnout.events import (
    Event,
    ExtraReported,
    Finished,
    ReasoningDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from turnout.types import Origin, Target
from turnout.wire.aws_events import AwsEvent, AwsEventDecoder
from turnout.wire.bedrock_converse.faults import error_of, exception_type
from turnout.wire.bedrock_converse.growing import GrowingBlock
from turnout.wire.bedrock_converse.usage import read_usage
from turnout.wire.bedrock_converse.words import WIRE_NAME, finish_reason, take_inner
from turnout.wire.json_text import read_json


class _Input(Struct, forbid_unknown_fields=True):
    input: str


class _Thought(Struct, forbid_unknown_fields=True):
    text: str


class _Piece(Struct, forbid_unknown_fields=True):
    text: str | None = None
    toolUse: _Input | None = None
    reasoningContent: _Thought | None = None


class _Delta(Struct, forbid_unknown_fields=True):
    """The event that most of a stream consists of. Anything else takes the general way. ``p`` is padding: see ``_read``."""

    contentBlockIndex: int
    delta: _Piece
    p: str = ""


_decode_common = msgspec.json.Decoder(_Delta).decode

_NAMED = frozenset({"messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"})


class BedrockConverseDecoder:
    """Blocks keep the provider's index. The stream is whole with ``messageStop``; ``metadata`` may stand on either side of it."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._origin = Origin(WIRE_NAME, target.provider)
        self._frames = AwsEventDecoder()
        self._begun = False
        self._stopped = False
        self._blocks: dict[int, GrowingBlock] = {}  # open ones, by the provider's index
        self._next = 0  # the least index no block has had yet

    def feed(self, chunk: bytes) -> Iterator[Event]:
        for frame in self._frames.feed(chunk):
            if frame.headers.get(":event-type") == "contentBlockDelta":
                try:
                    common = _decode_common(frame.payload)
                except (msgspec.DecodeError, UnicodeError):
                    yield from self._read(frame)
                    continue
                block = self._blocks.get(common.contentBlockIndex)
                piece = common.delta
                if block is None or self._stopped:
                    yield from self._read(frame)
                elif piece.text is not None and block.kind == "text":
                    yield TextDelta(piece.text, block.index)
                elif piece.toolUse is not None and block.kind == "tool":
                    if piece.toolUse.input:
                        block.note_input(piece.toolUse.input)
                        yield ToolCallDelta(block.index, arguments=piece.toolUse.input)
                elif piece.reasoningContent is not None and block.kind == "reasoning":
                    yield ReasoningDelta(piece.reasoningContent.text, block.index)
                else:
                    yield from self._read(frame)
            else:
                yield from self._read(frame)

    def close(self) -> Iterator[Event]:
        yield from ()
        if not self._stopped:
            raise TransportFailed(f"{self._target}: the stream ended before messageStop", target=self._target)
        if not self._frames.is_between_events:
            raise TransportFailed(f"{self._target}: the stream ended inside an event", target=self._target)

    # -- one event -----------------------------------------------------------------------------

    def _read(self, frame: AwsEvent) -> Iterator[Event]:
        kind = frame.text(":event-type")
        if frame.headers.get(":message-type", "event") != "event" or kind is None:
            raise self._exception(frame)
        try:
            event = read_json(frame.payload)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise self._fault(f"an event is not JSON: {error}") from error
        if not isinstance(event, dict):
            raise self._fault("an event is no JSON object")
        if isinstance(event.get("p"), str):
            del event["p"]  # letters that hide how long the tokens are; they say nothing
        index = event.get("contentBlockIndex")
        match kind:
            case "messageStart":
                if event.get("role") == "assistant":
                    del event["role"]
                yield from self._begin()
            case "contentBlockStart" if isinstance(event.get("start"), dict) and type(index) is int:
                yield from self._open(event.pop("contentBlockIndex"), event.pop("start"))
            case "contentBlockDelta" if isinstance(event.get("delta"), dict) and type(index) is int:
                yield from self._grow(event.pop("contentBlockIndex"), event.pop("delta"))
            case "contentBlockStop" if type(index) is int:
                yield from self._close(event.pop("contentBlockIndex"))
            case "messageStop":
                yield from self._stop(event)
            case "metadata":
                yield from self._measure(event)
            case "contentBlockStart" | "contentBlockDelta" | "contentBlockStop":
                raise self._fault(f"a {kind} event is not formed as documented")
        if event:
            yield ExtraReported(event if kind in _NAMED else {kind: event})

    def _exception(self, frame: AwsEvent) -> Exception:
        """https://smithy.io/2.0/aws/amazon-eventstream.html (read 2026-11-21): a modeled exception, or an unmodeled error."""
        kind = frame.text(":exception-type") or frame.text(":error-code")
        try:
            body = read_json(frame.payload)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            body = None
        if body is None and (said := frame.text(":error-message")) is not None:
            body = {"message": said}
        text = frame.payload[:300].decode("utf-8", "replace")
        return error_of(body, None, self._target, kind=exception_type(kind) if kind is not None else None, text=text)

    def _fault(self, what: str) -> ServerFault:
        return ServerFault(f"{self._target}: the stream does not speak Bedrock Converse: {what}", target=self._target)

    # -- the message ---------------------------------------------------------------------------

    def _begin(self) -> Iterator[Event]:
        """Once, with whatever event comes first: an answer names neither itself nor its model."""
        if not self._begun:
            self._begun = True
            yield Started("", self._target.model, origin=self._origin)

    def _stop(self, event: dict[str, Any]) -> Iterator[Event]:
        if self._stopped:
            raise self._fault("a second messageStop came")
        yield from self._begin()
        for index in list(self._blocks):
            yield from self._close(index)
        self._stopped = True
        if isinstance(event.get("stopReason"), str):
            yield Finished(finish_reason(event.pop("stopReason")))

    def _measure(self, event: dict[str, Any]) -> Iterator[Event]:
        yield from self._begin()
        if isinstance(event.get("usage"), dict):
            yield UsageReported(read_usage(event.pop("usage")))
        if (tier := take_inner(event, ("serviceTier", "type"), str)) is not None:
            yield Started("", self._target.model, origin=self._origin, service_tier=tier)

    # -- content blocks ------------------------------------------------------------------------

    def _block(self, index: int) -> GrowingBlock:
        """A new one. An index that comes twice would run two blocks into one, so the later gets the next free one."""
        own = max(index, self._next)
        self._next = own + 1
        block = self._blocks[index] = GrowingBlock(own, self._origin)
        return block

    def _open(self, index: int, start: dict[str, Any]) -> Iterator[Event]:
        self._must_be_open("contentBlockStart")
        yield from self._begin()
        if index in self._blocks:
            yield from self._close(index)
        yield from self._block(index).start(start)

    def _grow(self, index: int, delta: dict[str, Any]) -> Iterator[Event]:
        self._must_be_open("contentBlockDelta")
        yield from self._begin()
        block = self._blocks.get(index)
        if block is None:
            if "toolUse" in delta:
                raise self._fault(f"a piece of a tool call came for content block {index}, which was not started")
            block = self._block(index)
        yield from block.grow(delta)

    def _close(self, index: int) -> Iterator[Event]:
        self._must_be_open("contentBlockStop")
        yield from self._begin()
        block = self._blocks.pop(index, None)
        yield from (block or self._block(index)).end()
        self._blocks.pop(index, None)

    def _must_be_open(self, kind: str) -> None:
        if self._stopped:
            raise self._fault(f"{kind} came after messageStop")
