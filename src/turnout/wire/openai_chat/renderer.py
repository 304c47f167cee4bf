"""Streams to callers: our events, whichever wire they came from, to ``chat.completion.chunk`` events."""

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
)
from turnout.types import Audio, Citation, DataSource, Opaque, Part, Reasoning, Refusal, Text, ToolCall, Usage
from turnout.wire.openai_chat.faults import write_error
from turnout.wire.openai_chat.parts import write_annotation, write_part, write_tool_call
from turnout.wire.openai_chat.usage import write_usage
from turnout.wire.openai_chat.words import WIRE_NAME, is_own, raw_finish, sealed_detail, service_tier
from turnout.wire.sealing import Sealing
from turnout.wire.seals import DETAILS

_encode = msgspec.json.Encoder().encode


class OpenAIChatRenderer:
    """``usage``: whether the caller asked for the usage chunk."""

    chunked = False  # what was thought may stand in the content, as Mistral says it: OpenAI's clients read a text there

    def __init__(self, usage: bool) -> None:
        self._usage_wanted = usage
        self._usage: Usage | None = None
        self._started = Started("", "")
        self._own = False
        self._constants: dict[str, Any] = {}
        self._once: dict[str, Any] = {}  # top-level fields for the next chunk only
        self._choices: dict[int, _Choice] = {}
        self._head = b""  # what every plain text chunk of choice 0 begins with
        self._sealing = Sealing(WIRE_NAME, gathered=True)
        self._aside: set[int] = set()  # parts of choice 0 whose text is not the answer: commentary of another protocol

    def render(self, event: Event) -> bytes:
        if type(event) is TextDelta and self._head and event.choice == 0 and event.index not in self._aside:
            return b"".join((self._head, _encode(event.text), b'},"finish_reason":null}]}\n\n'))
        if self._own or self.chunked:
            return self._hear(event)
        said = self._sealing.through(event)
        if self._sealing.runs:
            self._head = b""  # the text that ends a row of thoughts has their envelope before it
        return b"".join([self._hear(one) for one in said])

    def _hear(self, event: Event) -> bytes:
        match event:
            case Started():
                self._started = event
                self._own = is_own(event.origin)
                self._head = b""
                return b""
            case UsageReported():
                self._usage = event.usage
                return b""
            case ExtraReported(scope="completion"):
                return self._extra(event.fields)
        choice = self._choices.get(event.choice)
        begun = b""
        if choice is None:
            choice = self._choices[event.choice] = _Choice()
            begun = self._chunk(event.choice, {"role": "assistant", "content": ""})
        written = self._written(event, choice)
        if type(event) is TextDelta and event.choice == 0 and not self._once and event.index not in self._aside:
            self._head = self._chunk(0, {"content": ""}).removesuffix(b'""},"finish_reason":null}]}\n\n')
        return begun + written

    def finish(self) -> bytes:
        end = b""
        if self._usage is not None and self._usage_wanted and (usage := write_usage(self._usage)) is not None:
            end = self._event({"choices": [], "usage": usage})
        elif self._once:
            end = self._event({"choices": []})
        return end + b"data: [DONE]\n\n"

    def fail(self, error: Error) -> bytes:
        return b"data: " + _encode(write_error(error)[1]) + b"\n\n"

    # -- pieces --------------------------------------------------------------------------------

    def _extra(self, fields: dict[str, Any]) -> bytes:
        if self._own:
            for name, value in fields.items():
                (self._once if isinstance(value, (dict, list)) else self._constants)[name] = value
            self._head = b""
        return b""

    def _event(self, body: dict[str, Any]) -> bytes:
        started = self._started
        envelope: dict[str, Any] = {"id": started.id, "object": "chat.completion.chunk", "created": started.created or 0}
        envelope["model"] = started.model
        if (tier := service_tier(started.service_tier, started.origin)) is not None:
            envelope["service_tier"] = tier
        envelope |= self._constants | body | self._once
        if self._once:
            self._once = {}
            self._head = b""
        return b"data: " + _encode(envelope) + b"\n\n"

    def _chunk(self, at: int, delta: dict[str, Any], finish: str | None = None, /, **more: Any) -> bytes:
        choice = {"index": at, "delta": delta, "finish_reason": finish, **more}
        return self._event({"choices": [choice]})

    def _written(self, event: Any, choice: _Choice) -> bytes:
        at = event.choice
        match event:
            case TextDelta() if event.index in self._aside and at == 0:
                return self._chunk(at, {"reasoning_content": event.text})
            case TextDelta():
                return self._chunk(at, {"content": event.text})
            case ToolCallDelta() if event.index in choice.legacy:
                return self._chunk(at, {"function_call": {"arguments": event.arguments}})
            case ToolCallDelta():
                return self._chunk(at, {"tool_calls": [choice.call(event)]})
            case ReasoningDelta():
                return self._chunk(at, choice.reasoning(event.index, event.text))
            case PartAdded():
                delta = self._part(event.part, event.index, choice)
                return self._chunk(at, delta) if delta else b""
            case RefusalDelta():
                return self._chunk(at, {"refusal": event.text})
            case AudioDelta():
                sound = {"data": event.data, "transcript": event.transcript}
                return self._chunk(at, {"audio": {k: v for k, v in sound.items() if v} | (event.extra or {})})
            case CitationAdded() if not self._own and event.citation.url is None:
                return b""  # a place in a document: this protocol cites pages of the web only
            case CitationAdded():
                return self._chunk(at, {"annotations": [choice.annotation(event.citation, self._own)]})
            case Finished():
                return self._chunk(at, {}, raw_finish(event.finish, self._started.origin))
            case LogprobsDelta() if self._own:
                return self._chunk(at, {}, logprobs=event.logprobs)
            case ExtraReported() if self._own:
                return self._more(event, choice)
        return b""  # a signature, an opaque block: another protocol's, with no place in this one

    def _more(self, event: ExtraReported, choice: _Choice) -> bytes:
        if event.scope == "choice":
            return self._chunk(event.choice, {}, **event.fields)
        if event.scope == "message":
            return self._chunk(event.choice, event.fields)
        if (number := choice.calls.get(event.index)) is not None:
            return self._chunk(event.choice, {"tool_calls": [{"index": number, **event.fields}]})
        kind = choice.thinking.get(event.index)
        if kind is not None and not self.chunked:
            return b""
        item = {"type": "thinking", "thinking": []} if kind == "thinking" else {"type": "text", "text": ""}
        return self._chunk(event.choice, {"content": [item | event.fields]})

    def _part(self, part: Part, index: int, choice: _Choice) -> dict[str, Any]:
        own = self._own
        match part:
            case Reasoning(encrypted=str(envelope)) if not own and not self.chunked:
                return {DETAILS: [choice.detail(envelope)]}
            case Reasoning():
                choice.thinking[index] = (
                    (part.spelled or {}).get("reasoning", "reasoning_content") if own else "reasoning_content"
                )
                if choice.thinking[index] == "thinking" and self.chunked:
                    return {"content": [write_part(part, own, [], "")]}
                if choice.thinking[index] == "thinking":
                    choice.thinking[index] = "reasoning_content"
                return choice.reasoning(index, part.text) if part.text else {}
            case ToolCall() if own and (part.spelled or {}).get("type") == "function_call":
                choice.legacy.add(index)
                return {"function_call": {"name": part.name, "arguments": part.arguments}}
            case ToolCall():
                if part.custom:
                    choice.custom.add(index)
                written = write_tool_call(part, own, stream=True)
                return {"tool_calls": [{"index": choice.number(index)} | written]}
            case Opaque(slot="tool_calls"):
                choice.number(index)
                return {"tool_calls": [part.value]} if own else {}
            case Refusal():
                return {"refusal": part.text}
            case Audio(source=DataSource(data=data)):
                return {"audio": {"data": data} | ({"transcript": part.transcript} if part.transcript else {})}
            case Text(phase="commentary") if not own:
                self._aside.add(index)
                return {"reasoning_content": part.text} if part.text else {}
            case Text() if not own or not (part.extra or part.cache_control):
                delta: dict[str, Any] = {"content": part.text} if part.text else {}
                cited = [choice.annotation(citation, own) for citation in part.citations if own or citation.url is not None]
                return delta | ({"annotations": cited} if cited else {})
        if not own:
            return {}  # an image, a file: what an answer of this protocol says is text
        content = write_part(part, own, [], "")
        return {"content": [content]} if content is not None else {}


class _Choice:
    """What the chunks of one choice must agree on."""

    def __init__(self) -> None:
        self.calls: dict[int, int] = {}  # part index -> dense index over tool calls alone
        self.thinking: dict[int, str] = {}  # part index -> the field, or "thinking" for content parts
        self.legacy: set[int] = set()  # part indexes of calls in the function_call field
        self.custom: set[int] = set()  # and of calls whose input is free text
        self.cited = self.sealed = 0

    def number(self, index: int) -> int:
        return self.calls.setdefault(index, len(self.calls))

    def call(self, event: ToolCallDelta) -> dict[str, Any]:
        first = event.index not in self.calls
        written: dict[str, Any] = {"index": self.number(event.index)}
        if event.id:
            written["id"] = event.id
        if event.index in self.custom:
            return written | {"type": "custom", "custom": {"input": event.arguments}}
        if first or event.id:
            written["type"] = "function"
        function = {"name": event.name} if event.name else {}
        written["function"] = function | {"arguments": event.arguments}
        return written

    def annotation(self, citation: Citation, own: bool) -> dict[str, Any]:
        """Numbered, because the official SDK adds up no list whose entries are not (openai 3.54, lib/streaming/_deltas.py)."""
        written = write_annotation(citation, own)
        if own:
            return written
        self.cited += 1
        return {"index": self.cited - 1} | written

    def detail(self, envelope: str) -> dict[str, Any]:
        self.sealed += 1
        return sealed_detail(envelope, self.sealed - 1)

    def reasoning(self, index: int, text: str) -> dict[str, Any]:
        field = self.thinking.get(index, "reasoning_content")
        if field == "thinking":
            return {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": text}]}]}
        return {field: text}
