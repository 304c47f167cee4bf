"""Streams to callers: events of any wire to this protocol's, one content block at a time."""

from __future__ import annotations

from typing import Any

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
from turnout.wire.bedrock_converse.block_writer import BlockWriter
from turnout.wire.bedrock_converse.blocks import Block
from turnout.wire.bedrock_converse.citations import write_citation
from turnout.wire.bedrock_converse.faults import write_exception
from turnout.wire.bedrock_converse.stream_events import (
    announced,
    block_delta,
    block_stop,
    event as said,
    exception,
    text_delta,
    unannounced,
)
from turnout.wire.bedrock_converse.usage import write_usage
from turnout.wire.bedrock_converse.words import WIRE_NAME, is_own, stop_reason, tool_id
from turnout.wire.block_stream import BlockRenderer, OpenBlock, PartEvent
from turnout.wire.claude_turns import spoken

_BESIDE_STOP = ("additionalModelResponseFields",)  # what messageStop says next to its reason


class BedrockConverseRenderer(BlockRenderer[OpenBlock]):
    def __init__(self) -> None:
        super().__init__(WIRE_NAME)
        self._writer = BlockWriter(None, None, [])
        self._called = False

    def finish(self) -> bytes:
        written = [self._begin(), self._drain(to_the_end=True), self._close()]
        stop: dict[str, Any] = {}
        if (reason := stop_reason(self._finish, self._started.origin, called_tools=self._called)) is not None:
            stop["stopReason"] = reason
        metadata: dict[str, Any] = {}
        if (usage := write_usage(self._usage, own=self._own)) is not None:
            metadata["usage"] = usage
        if self._own:
            if self._started.service_tier is not None:
                metadata["serviceTier"] = {"type": self._started.service_tier}
            for name, value in self._extra.items():
                (stop if name in _BESIDE_STOP else metadata)[name] = value
        written.append(said("messageStop", stop))
        if metadata:
            written.append(said("metadata", metadata))
        return b"".join(written)

    def fail(self, error: Error) -> bytes:
        kind, body = write_exception(error)
        return exception(kind, body)

    # -- the message ---------------------------------------------------------------------------

    def _meet(self, event: Started) -> None:
        self._own = is_own(event.origin)
        self._writer = BlockWriter(event.origin, None, [])

    def _begin(self) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        return said("messageStart", {"role": "assistant"})

    def _stop(self, open: OpenBlock) -> bytes:
        return block_stop(open.index)

    # -- blocks --------------------------------------------------------------------------------

    def _call_id(self, part: int) -> str:
        """Of a call that its own protocol gave none."""
        return f"tooluse_{self._started.id}_{part}"

    def _start(self, event: PartEvent) -> bytes:
        opening = self._opening(event)
        if opening is None:
            return b""
        kind, start = opening
        open = OpenBlock(event.index, self._next, kind, in_json=kind == "tool")
        written = [self._turn_to(open)]
        self._called = self._called or kind == "tool"
        if start:
            written.append(said("contentBlockStart", {"start": start, "contentBlockIndex": open.index}))
        if kind == "text" and (blank := self._blank.pop(event.index, "")):
            written.append(self._text(open, blank))
        written.append(self._continue(open, event))
        return b"".join(written)

    def _opening(self, event: PartEvent) -> tuple[str, Block] | None:
        """The kind of block that ``event`` begins, and what its start says: text and reasoning start without a word."""
        late = event.index in self._closed  # its block is behind us: only more text can begin another
        match event:
            case TextDelta(text=text) | RefusalDelta(text=text) | AudioDelta(transcript=text):
                return ("text", {}) if self._own or not self._is_blank(event.index, text) else None
            case ReasoningDelta():
                return "reasoning", {}
            case SignatureDelta() if not late:
                return "reasoning", {}
            case CitationAdded() if not late:
                return "text", {}
            case ToolCallDelta() if not late:
                id = event.id if self._own else tool_id(event.id or self._call_id(event.index))
                return "tool", {"toolUse": {"toolUseId": id, "name": event.name}}
            case ExtraReported() if self._own and not late:
                return "", {}
            case PartAdded(part=part):
                return self._opening_whole(part, event.index)
        return None

    def _opening_whole(self, part: Any, index: int) -> tuple[str, Block] | None:
        part = part if self._own else spoken(part, self._call_id(index))
        match part:
            case Text(text=text) | Refusal(text=text):
                return ("text", {}) if self._own or text.strip() else None
            case Reasoning():
                return ("reasoning", {}) if self._own or part.text or part.encrypted is not None else None
        block = self._writer.write(part, "")
        if not isinstance(block, dict):
            return None
        if isinstance(part, ToolCall):
            return "tool", {"toolUse": {name: value for name, value in block["toolUse"].items() if name != "input"}}
        return "whole", announced(block)

    def _continue(self, open: OpenBlock, event: PartEvent) -> bytes:
        match event:
            case TextDelta(text=text) | RefusalDelta(text=text) | AudioDelta(transcript=text) if open.kind == "text":
                return self._text(open, text)
            case ReasoningDelta(text=text) if open.kind == "reasoning":
                return self._thought(open, "text", text)
            case SignatureDelta(signature=signature) if open.kind == "reasoning":
                return self._thought(open, "signature", signature)
            case ToolCallDelta(arguments=arguments) if open.kind == "tool":
                return self._input(open, arguments) if arguments else b""
            case CitationAdded(citation=citation) if open.kind == "text":
                return self._piece(open, {"citation": write_citation(citation, own=self._own)})
            case ExtraReported(fields=fields) if self._own:
                return self._piece(open, fields)
            case PartAdded(part=part):
                return self._fill(open, part if self._own else spoken(part, self._call_id(open.part)))
        return b""

    def _fill(self, open: OpenBlock, part: Any) -> bytes:
        """What a part that came whole says beyond its block's start."""
        match part:
            case Text() | Refusal() if open.kind == "text":
                written = self._text(open, part.text)
                cited = part.citations if isinstance(part, Text) else ()
                return written + b"".join(self._piece(open, {"citation": write_citation(it, own=self._own)}) for it in cited)
            case Reasoning() if open.kind == "reasoning":
                if part.encrypted is not None:
                    return self._thought(open, "redactedContent", part.encrypted)
                written = self._thought(open, "text", part.text) if part.text else b""
                return written + (self._thought(open, "signature", part.signature) if part.signature is not None else b"")
            case ToolCall() if open.kind == "tool":
                return self._input(open, part.arguments) if part.arguments else b""
        rest = unannounced(self._writer.write(part, "")) if open.kind == "whole" else None
        return b"" if rest is None else self._piece(open, rest)

    def _input(self, open: OpenBlock, text: str) -> bytes:
        open.text.append(text)
        return self._piece(open, {"toolUse": {"input": text}})

    def _thought(self, open: OpenBlock, name: str, text: str) -> bytes:
        return self._piece(open, {"reasoningContent": {name: text}})

    def _piece(self, open: OpenBlock, delta: Block) -> bytes:
        return block_delta(open.index, delta)

    def _text(self, open: OpenBlock, text: str) -> bytes:
        return text_delta(open.index, text) if text or self._own else b""
