"""Streams to callers: events of any wire to this protocol's, one content block at a time.

Another protocol may interleave its parts; here a block is closed before the next begins. A part that begins while a tool call is
still incomplete waits until that call is complete.
"""

from __future__ import annotations

from typing import Any

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
from turnout.wire.asides import Asides, turned
from turnout.wire.bedrock_converse.answers import spoken
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
from turnout.wire.bedrock_converse.words import is_own, stop_reason, tool_id
from turnout.wire.json_text import is_json

_BESIDE_STOP = ("additionalModelResponseFields",)  # what messageStop says next to its reason

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
    """The block being written: of our part ``part``, at the protocol's ``index``. ``input`` of a tool call has come so far."""

    __slots__ = ("index", "input", "kind", "part")

    def __init__(self, part: int, index: int, kind: str) -> None:
        self.part = part
        self.index = index
        self.kind = kind
        self.input: list[str] = []

    @property
    def complete(self) -> bool:
        """True unless it is a tool call whose input is not yet whole: that cannot be taken up again in another block."""
        if self.kind != "tool":
            return True
        text = "".join(self.input).rstrip()
        return text.endswith("}") and is_json(text)


class BedrockConverseRenderer:
    def __init__(self) -> None:
        self._id = ""
        self._origin: Origin | None = None
        self._own = False
        self._writer = BlockWriter(None, None, [])
        self._begun = False  # messageStart was written
        self._usage = Usage()
        self._tier: str | None = None
        self._extra: dict[str, Any] = {}
        self._finish: FinishReason | None = None
        self._open: _Open | None = None
        self._next = 0
        self._closed: set[int] = set()
        self._waiting: dict[int, list[PartEvent]] = {}
        self._called = False
        self._blank: dict[int, str] = {}  # white space that a text of another protocol began with, by part
        self._asides: Asides = set()

    def render(self, event: Event) -> bytes:
        if not self._own and (self._asides or type(event) is PartAdded):
            event = turned(event, self._asides)
        match event:
            case TextDelta(choice=0) if self._open is not None and self._open.part == event.index:
                return self._continue(self._open, event)
            case Started():
                self._id, self._origin, self._own = event.id, event.origin, is_own(event.origin)
                self._tier = event.service_tier
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
        stop: dict[str, Any] = {}
        if (reason := stop_reason(self._finish, self._origin, called_tools=self._called)) is not None:
            stop["stopReason"] = reason
        metadata: dict[str, Any] = {}
        if (usage := write_usage(self._usage, own=self._own)) is not None:
            metadata["usage"] = usage
        if self._own:
            if self._tier is not None:
                metadata["serviceTier"] = {"type": self._tier}
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

    def _begin(self) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        return said("messageStart", {"role": "assistant"})

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
        self._closed.add(self._open.part)
        self._open = None
        return block_stop(index)

    # -- blocks --------------------------------------------------------------------------------

    def _start(self, event: PartEvent) -> bytes:
        """A block for the part of ``event``, and what ``event`` says in it; nothing where this protocol cannot hold it."""
        opening = self._opening(event)
        if opening is None:
            return b""
        kind, start = opening
        written = [self._begin(), self._close()]
        self._open = _Open(event.index, self._next, kind)
        self._called = self._called or kind == "tool"
        self._next += 1
        if start:
            written.append(said("contentBlockStart", {"start": start, "contentBlockIndex": self._open.index}))
        if kind == "text" and (blank := self._blank.pop(event.index, "")):
            written.append(self._text(blank))
        written.append(self._continue(self._open, event))
        return b"".join(written)

    def _is_blank(self, part: int, text: str) -> bool:
        """True while ``part`` is white space only. Such a block would be refused when the caller sends it back."""
        if text.strip():
            return False
        self._blank[part] = self._blank.get(part, "") + text
        return True

    def _opening(self, event: PartEvent) -> tuple[str, Block] | None:
        """The kind of block that ``event`` begins, and what its start says: text and reasoning start without a word."""
        late = event.index in self._closed  # its block is behind us: only more text can begin another
        match event:
            case TextDelta(text=text) | RefusalDelta(text=text) | AudioDelta(transcript=text):
                return ("text", {}) if self._own or not self._is_blank(event.index, text) else None
            case ReasoningDelta():
                return "reasoning", {}
            case SignatureDelta() if self._own and not late:
                return "reasoning", {}
            case CitationAdded() if not late:
                return "text", {}
            case ToolCallDelta() if not late:
                id = event.id if self._own else tool_id(event.id or f"tooluse_{self._id}_{event.index}")
                return "tool", {"toolUse": {"toolUseId": id, "name": event.name}}
            case ExtraReported() if self._own and not late:
                return "", {}
            case PartAdded(part=part):
                return self._opening_whole(part, event.index)
        return None

    def _opening_whole(self, part: Any, index: int) -> tuple[str, Block] | None:
        part = part if self._own else spoken(part, self._id, index)
        match part:
            case Text(text=text) | Refusal(text=text):
                return ("text", {}) if self._own or text.strip() else None
            case Reasoning():
                return ("reasoning", {}) if self._own or part.text else None
        block = self._writer.write(part, "")
        if not isinstance(block, dict):
            return None
        if isinstance(part, ToolCall):
            return "tool", {"toolUse": {name: value for name, value in block["toolUse"].items() if name != "input"}}
        return "whole", announced(block)

    def _continue(self, open: _Open, event: PartEvent) -> bytes:
        """``event`` inside the block that is open for its part."""
        match event:
            case TextDelta(text=text) | RefusalDelta(text=text) | AudioDelta(transcript=text) if open.kind == "text":
                return self._text(text) if text or self._own else b""
            case ReasoningDelta(text=text) if open.kind == "reasoning":
                return self._thought("text", text)
            case SignatureDelta(signature=signature) if open.kind == "reasoning" and self._own:
                return self._thought("signature", signature)
            case ToolCallDelta(arguments=arguments) if open.kind == "tool":
                return self._input(open, arguments) if arguments else b""
            case CitationAdded(citation=citation) if open.kind == "text":
                return self._piece({"citation": write_citation(citation, own=self._own)})
            case ExtraReported(fields=fields) if self._own:
                return self._piece(fields)
            case PartAdded(part=part):
                return self._fill(open, part if self._own else spoken(part, self._id, open.part))
        return b""

    def _fill(self, open: _Open, part: Any) -> bytes:
        """What a part that came whole says beyond its block's start."""
        match part:
            case Text() | Refusal() if open.kind == "text":
                written = self._text(part.text) if part.text or self._own else b""
                cited = part.citations if isinstance(part, Text) else ()
                return written + b"".join(self._piece({"citation": write_citation(it, own=self._own)}) for it in cited)
            case Reasoning() if open.kind == "reasoning":
                if self._own and part.encrypted is not None:
                    return self._thought("redactedContent", part.encrypted)
                written = self._thought("text", part.text) if part.text else b""
                signed = self._own and part.signature is not None
                return written + (self._thought("signature", part.signature or "") if signed else b"")
            case ToolCall() if open.kind == "tool":
                return self._input(open, part.arguments) if part.arguments else b""
        rest = unannounced(self._writer.write(part, "")) if open.kind == "whole" else None
        return b"" if rest is None else self._piece(rest)

    def _input(self, open: _Open, text: str) -> bytes:
        open.input.append(text)
        return self._piece({"toolUse": {"input": text}})

    def _thought(self, name: str, text: str) -> bytes:
        return self._piece({"reasoningContent": {name: text}})

    def _piece(self, delta: Block) -> bytes:
        return block_delta(self._index, delta)

    def _text(self, text: str) -> bytes:
        return text_delta(self._index, text)

    @property
    def _index(self) -> int:
        return self._open.index if self._open is not None else 0
