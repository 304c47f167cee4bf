"""How far one choice of a stream has come: its deltas to events.

Parts are indexed by kind, so that a fold puts them in the order in which a whole answer holds them: reasoning, content
in segments of one kind, refusal, audio, tool calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from turnout.events import (
    AudioDelta,
    CitationAdded,
    Event,
    ExtraReported,
    PartAdded,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    ToolCallDelta,
)
from turnout.types import Opaque, Origin, Reasoning, Refusal, Text, ToolCall
from turnout.wire.openai_chat.messages import has_text, is_legacy_call
from turnout.wire.openai_chat.parts import read_annotations, read_part, read_tool_call

REASONING, CONTENT, REFUSAL, AUDIO, CALLS = 0, 1, 100_000, 100_001, 200_000
_REASONING_FIELDS = ("reasoning_content", "reasoning")


class Progress:
    """One choice."""

    def __init__(self) -> None:
        self.finished = False
        self.calls = 0  # tool calls begun
        self.said: dict[str, Any] = {}  # the choice's other fields as last reported
        self.at = CONTENT - 1
        self.kind: type | None = None
        self.reasoning: str | None = None  # the field this dialect reasons in
        self.last_call = 0
        self.slots: dict[int | None, int] = {}  # the server's number -> which call it means now
        self._ids: dict[int, str] = {}

    def segment(self, kind: type) -> int:
        """The index of the content part that a piece of ``kind`` belongs to: a change of kind begins a new one."""
        if kind is not self.kind:
            self.kind = kind
            self.at += 1
        return self.at

    def delta(self, fields: dict[str, Any], choice: int, origin: Origin) -> Iterator[Event]:
        if fields.get("role") == "assistant":
            del fields["role"]
        if "reasoning_content" in fields or "reasoning" in fields:
            yield from self._reason(fields, choice, origin)
        if "content" in fields or "annotations" in fields:
            yield from self._content(fields, choice, origin)
        if isinstance(fields.get("refusal"), str) and (refusal := fields.pop("refusal")):
            yield RefusalDelta(refusal, REFUSAL, choice)
        if isinstance(fields.get("audio"), dict):
            yield self._audio(dict(fields.pop("audio")), choice)
        if isinstance(fields.get("tool_calls"), list):
            for at, call in enumerate(fields.pop("tool_calls")):
                yield from self._call(call, at, choice, origin)
        legacy = fields.get("function_call")
        if isinstance(legacy, dict) and any(legacy.values()) and is_legacy_call(legacy):
            del fields["function_call"]
            yield from self._legacy_call(legacy, choice, origin)
        rest = {name: value for name, value in fields.items() if value is not None and value != ""}
        if rest:
            yield ExtraReported(rest, "message", choice)

    def _reason(self, fields: dict[str, Any], choice: int, origin: Origin) -> Iterator[Event]:
        """One of the two fields is the reasoning; should both come, the other is a copy and stays an extra."""
        name = self.reasoning or next((it for it in _REASONING_FIELDS if has_text(fields, it)), None)
        if name is None or not isinstance(fields.get(name), str):
            return
        text = fields.pop(name)
        if self.reasoning is None:
            self.reasoning = name
            yield PartAdded(REASONING, Reasoning("", origin=origin, spelled={"reasoning": name}), choice)
        if text:
            yield ReasoningDelta(text, REASONING, choice)

    def _content(self, fields: dict[str, Any], choice: int, origin: Origin) -> Iterator[Event]:
        content = fields.get("content")
        if isinstance(content, str):
            del fields["content"]
            if content:
                yield TextDelta(content, self.segment(Text), choice)
        elif isinstance(content, list):
            del fields["content"]
            for item in content:
                yield from self._item(read_part(item, origin), choice)
        citations = read_annotations(fields.get("annotations"))
        if citations is not None:
            del fields["annotations"]
            at = self.segment(Text)
            for citation in citations:
                yield CitationAdded(citation, at, choice)

    def _item(self, part: Any, choice: int) -> Iterator[Event]:
        """A content part inside a delta continues the part before it when it is text of the same kind."""
        begins = type(part) is not self.kind
        if isinstance(part, (Text, Reasoning, Refusal)):
            index = self.segment(type(part))
            if begins and (part.extra or part.spelled or part.origin):
                yield PartAdded(index, part, choice)
                return
            if isinstance(part, Text):
                yield TextDelta(part.text, index, choice)
            elif isinstance(part, Reasoning):
                yield ReasoningDelta(part.text, index, choice)
            else:
                yield RefusalDelta(part.text, index, choice)
            extra = {name: value for name, value in (part.extra or {}).items() if name != "thinking"}  # read above
            if extra:
                yield ExtraReported(extra, "part", choice, index)
        else:
            self.kind = None
            yield PartAdded(self.segment(type(part)), part, choice)
            self.kind = None

    def _audio(self, fields: dict[str, Any], choice: int) -> Event:
        data = fields.pop("data") if isinstance(fields.get("data"), str) else ""
        transcript = fields.pop("transcript") if isinstance(fields.get("transcript"), str) else ""
        return AudioDelta(AUDIO, data, transcript, choice, fields or None)

    def _call(self, raw: Any, at: int, choice: int, origin: Origin) -> Iterator[Event]:
        """The first delta of a call may carry more than a later one can; ``index`` says which call a delta continues.

        Servers that leave ``index`` out send one call after another: a new id begins the next.
        """
        call = read_tool_call(raw, origin)
        if isinstance(call, Opaque):
            self.calls += 1
            yield PartAdded(CALLS + self.calls - 1, call, choice)
            return
        extra = _without_nulls(call.extra or {})
        number = extra.pop("index", None)
        first, slot = self._slot(number if type(number) is int else None, call)
        at = CALLS + slot
        if first and (extra or call.custom):
            begun = msgspec.structs.replace(call, extra=extra or None, origin=origin if extra else None)
            yield PartAdded(at, begun, choice)
        else:
            yield ToolCallDelta(at, call.id, call.name, call.arguments, choice)
            if extra:
                yield ExtraReported(extra, "part", choice, at)

    def _slot(self, number: int | None, call: ToolCall) -> tuple[bool, int]:
        """Whether a delta begins a call, and which call, from 0, it belongs to.

        ``number`` says so where a server numbers its calls. Some leave it out, or number them all alike: there a new id
        with a name begins the next call, and a delta without them continues the last.
        """
        known = self.slots.get(number)
        begins = known is None if number is not None and number >= 0 else bool(call.id) or not self.calls
        if known is not None and call.id and call.name and call.id != self._ids.get(known):
            begins = True
        if begins:
            known = self.calls
            self.calls += 1
            self._ids[known] = call.id
        slot = known if known is not None else self.last_call
        self.slots[number] = slot
        self.last_call = slot
        return begins, slot

    def _legacy_call(self, raw: dict[str, Any], choice: int, origin: Origin) -> Iterator[Event]:
        name, arguments = raw.get("name"), raw.get("arguments")
        if not self.calls:
            self.calls = 1
            call = ToolCall("", name or "", arguments or "", spelled={"type": "function_call"}, origin=origin)
            yield PartAdded(CALLS, call, choice)
        else:
            yield ToolCallDelta(CALLS, name=name or "", arguments=arguments or "", choice=choice)


def _without_nulls(fields: dict[str, Any]) -> dict[str, Any]:
    """A null in a delta says only that this delta has nothing to add."""
    pruned = {name: _without_nulls(value) if isinstance(value, dict) else value for name, value in fields.items()}
    return {name: value for name, value in pruned.items() if value is not None and value != {}}
