"""Streams to callers: our events, whichever wire they came from, to this protocol's response objects.

A function call is written when it is whole, for the protocol has no pieces of one that its callers understand everywhere; why
the answer finished is written last, with the usage.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any

import msgspec
from msgspec.structs import replace

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
    merge_extra,
)
from turnout.types import Audio, Citation, DataSource, FinishReason, Origin, Part, Reasoning, Text, ToolCall, Usage
from turnout.wire.asides import Asides, turned
from turnout.wire.gemini.answers import block_reason
from turnout.wire.gemini.candidates import USUAL_CONTENT, Envelopes
from turnout.wire.gemini.faults import write_error
from turnout.wire.gemini.grounding import write_grounding
from turnout.wire.gemini.part_writer import PartWriter
from turnout.wire.gemini.usage import write_usage
from turnout.wire.gemini.words import WIRE_NAME, is_own, raw_finish
from turnout.wire.json_text import GrowingObject
from turnout.wire.sealing import Sealing

_encode = msgspec.json.Encoder().encode

# What Google ends a stream with. A last content without parts makes the whole turn invalid to its SDK's chats, which then
# leave it out of the conversation (google-genai 3.4, chats.py: _validate_content).
_NO_MORE = USUAL_CONTENT | {"parts": [{"text": ""}]}


class GeminiRenderer:
    """``array``: the caller did not ask for alt=sse, and gets a JSON array of the same objects."""

    def __init__(self, array: bool = False) -> None:
        self._array = array
        self._empty = True  # nothing was written yet
        self._started = Started("", "")
        self._origin: Origin | None = None
        self._own = False
        self._writer = PartWriter(None, [])
        self._envelope: dict[str, Any] = {}
        self._usage = Usage()
        self._extra: dict[str, Any] = {}
        self._choices: dict[int, _Choice] = {}
        self._asides: Asides = set()
        self._sealing = Sealing(WIRE_NAME, gathered=True)

    def render(self, event: Event) -> bytes:
        if self._own or (type(event) is TextDelta and not self._sealing.runs):
            return self._hear(event)
        return b"".join([self._hear(said) for said in self._sealing.through(event)])

    def _hear(self, event: Event) -> bytes:
        if not self._own and (self._asides or type(event) is PartAdded):
            event = turned(event, self._asides)
        match event:
            case TextDelta():
                if not self._own:
                    self._choice(event.choice).hear(event.index, event.text)
                return self._say(event.choice, event.index, {"text": event.text}) if event.text or self._own else b""
            case ReasoningDelta():
                return self._say(event.choice, event.index, {"text": event.text, "thought": True}) if event.text else b""
            case ToolCallDelta():
                return self._choice_call(event)
            case Started():
                self._started, self._origin, self._own = event, event.origin, is_own(event.origin)
                named = {"modelVersion": event.model, "responseId": event.id}
                self._envelope = {name: value for name, value in named.items() if value or not self._own}
            case UsageReported():
                self._usage = event.usage
            case ExtraReported(scope="completion"):
                self._extra = merge_extra(self._extra, event.fields)
            case PartAdded():
                return self._added(event)
            case RefusalDelta():
                return self._say(event.choice, event.index, {"text": event.text}) if event.text else b""
            case AudioDelta():
                return self._heard(event)
            case CitationAdded():
                self._choice(event.choice).citations.append((event.index, event.citation))
            case LogprobsDelta() if self._own:
                return self._candidate(event.choice, {"logprobsResult": event.logprobs})
            case Finished():
                self._choice(event.choice).finish = event.finish
            case ExtraReported(scope="choice") if self._own:
                choice = self._choice(event.choice)
                choice.extra = merge_extra(choice.extra, event.fields)
        return b""

    def finish(self) -> bytes:
        """Calls that are still open, then one object with all that is known only at the end."""
        written = [self._flush(number) for number in self._choices]
        for number, choice in self._choices.items():
            written += [self._put(number, part) for part in choice.envelopes.left()]
        body: dict[str, Any] = {}
        reason = block_reason(self._extra) if self._own else None
        candidates = [
            self._last(number, choice) for number, choice in sorted(self._choices.items()) if not choice.is_blocked(reason)
        ]
        if candidates:
            body["candidates"] = candidates
        if (usage := write_usage(self._usage)) is not None:
            body["usageMetadata"] = usage
        return b"".join((*written, self._object(body), self._end()))

    def fail(self, error: Error) -> bytes:
        body = write_error(error)[1]
        return self._framed(body[0] if isinstance(body, list) and body else body) + self._end()

    # -- pieces --------------------------------------------------------------------------------

    def _choice(self, number: int) -> _Choice:
        choice = self._choices.get(number)
        if choice is None:
            choice = self._choices[number] = _Choice()
        return choice

    def _say(self, number: int, index: int, part: Any) -> bytes:
        """A part in an object of its own. Calls that came before it and are complete come before it here, too."""
        choice = self._choice(number)
        before = self._flush(number, only_complete=True) if choice.calls and index not in choice.calls else b""
        return before + self._put(number, part)

    def _put(self, number: int, part: Any) -> bytes:
        choice = self._choice(number)
        choice.spoke = True
        return self._candidate(number, {"content": {"parts": [choice.envelopes.onto(part)], "role": "model"}})

    def _candidate(self, number: int, fields: dict[str, Any]) -> bytes:
        if number or not self._own or "index" in self._choice(number).extra:
            fields = fields | {"index": number}
        return self._object({"candidates": [fields]})

    def _object(self, body: dict[str, Any]) -> bytes:
        return self._framed(body | self._envelope | (self._extra if self._own else {}))

    def _framed(self, body: Any) -> bytes:
        if not self._array:
            return b"data: " + _encode(body) + b"\r\n\r\n"
        before = b"[" if self._empty else b",\r\n"
        self._empty = False
        return before + _encode(body)

    def _end(self) -> bytes:
        return b"]" if self._array else b""

    def _added(self, event: PartAdded) -> bytes:
        part = event.part
        if isinstance(part, Reasoning) and part.encrypted is not None and not self._own:
            before = self._flush(event.choice, only_complete=True) if event.choice in self._choices else b""
            self._choice(event.choice).envelopes.add(part.encrypted)
            return before
        if isinstance(part, ToolCall) and not self._own:  # it may be the beginning of one
            self._choice(event.choice).begin(event.index, part)
            return b""
        if isinstance(part, Text) and not self._own:
            choice = self._choice(event.choice)
            choice.hear(event.index, part.text)
            choice.citations += [(event.index, citation) for citation in part.citations]
        return self._write(event.choice, event.index, part)

    def _write(self, number: int, index: int, part: Part) -> bytes:
        written = self._writer.write(part, "", self._origin)
        if written is None or (not self._own and written == {"text": ""}):
            return b""
        return self._say(number, index, written)

    def _heard(self, event: AudioDelta) -> bytes:
        """Sound with what it is; else, where its format is not told, its transcript."""
        if event.transcript:
            return self._say(event.choice, event.index, {"text": event.transcript})
        kind = (event.extra or {}).get("format")
        if not event.data or not isinstance(kind, str):
            return b""
        return self._write(event.choice, event.index, Audio(DataSource(event.data, f"audio/{kind}")))

    def _choice_call(self, event: ToolCallDelta) -> bytes:
        choice = self._choice(event.choice)
        call = choice.calls.get(event.index)
        before = b""
        if call is None:
            before = self._flush(event.choice, only_complete=True)
            call = choice.begin(event.index, ToolCall(event.id, event.name, ""))
        call.grow(event)
        return before

    def _flush(self, number: int, *, only_complete: bool = False) -> bytes:
        choice = self._choices[number]
        written: list[bytes] = []
        while choice.calls:
            index = choice.order[0]
            if only_complete and not choice.calls[index].is_whole:
                break
            heappop(choice.order)
            call = choice.calls.pop(index)
            written.append(self._put(number, self._writer.write(call.whole(), "", self._origin)))
        return b"".join(written)

    def _last(self, number: int, choice: _Choice) -> dict[str, Any]:
        extra = choice.extra
        candidate: dict[str, Any] = {}
        if choice.spoke or not self._own:
            candidate["content"] = extra.get("content", USUAL_CONTENT) if self._own else _NO_MORE
        if choice.finish is not None and "finishReason" not in extra:
            candidate["finishReason"] = raw_finish(choice.finish, self._origin)
        elif not self._own:
            candidate["finishReason"] = "OTHER"  # it ended, and the provider did not say why
        if number or not self._own:
            candidate["index"] = number
        if not self._own and (grounding := choice.grounding()) is not None:
            candidate["groundingMetadata"] = grounding
        return candidate | extra


class _Call:
    """A tool call, as far as it has come."""

    def __init__(self, begun: ToolCall) -> None:
        self._begun = begun
        self._id = begun.id
        self._name = begun.name
        self._pieces = [begun.arguments]
        self._object = GrowingObject(self._pieces)

    @property
    def is_whole(self) -> bool:
        """True once its arguments are an object."""
        return self._object.is_whole

    def grow(self, event: ToolCallDelta) -> None:
        self._id = self._id or event.id
        self._name = self._name or event.name
        self._pieces.append(event.arguments)

    def whole(self) -> ToolCall:
        return replace(self._begun, id=self._id, name=self._name, arguments="".join(self._pieces))


class _Choice:
    """What of one choice is written only later."""

    def __init__(self) -> None:
        self.finish: FinishReason | None = None
        self.extra: dict[str, Any] = {}
        self.calls: dict[int, _Call] = {}
        self.order: list[int] = []  # their indexes, as a heap
        self.citations: list[tuple[int, Citation]] = []
        self.spoke = False
        self.envelopes = Envelopes()
        self._texts: dict[int, list[str]] = {}

    def begin(self, index: int, begun: ToolCall) -> _Call:
        if index not in self.calls:
            heappush(self.order, index)
        call = self.calls[index] = _Call(begun)
        return call

    def hear(self, index: int, text: str) -> None:
        self._texts.setdefault(index, []).append(text)

    def is_blocked(self, reason: str | None) -> bool:
        """True for the empty choice that stands for a prompt which was not answered: the protocol has no candidate then."""
        return reason is not None and not self.spoke and self.finish is not None and self.finish.raw == reason

    def grounding(self) -> dict[str, Any] | None:
        if not self.citations:
            return None
        cited: dict[int, list[Citation]] = {}
        for at, citation in self.citations:
            cited.setdefault(at, []).append(citation)
        texts = sorted(self._texts.items())
        return write_grounding([Text("".join(pieces), tuple(cited.get(at, ()))) for at, pieces in texts])
