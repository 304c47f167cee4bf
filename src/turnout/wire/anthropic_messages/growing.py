"""One content block of a stream, from its start over its deltas to its stop."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from turnout.events import (
    CitationAdded,
    Event,
    ExtraReported,
    PartAdded,
    ReasoningDelta,
    SignatureDelta,
    TextDelta,
    ToolCallDelta,
)
from turnout.types import Origin, Part, Reasoning, Text, ToolCall
from turnout.wire.anthropic_messages.blocks import read_block
from turnout.wire.anthropic_messages.citations import read_citation
from turnout.wire.json_text import is_json, read_json


class GrowingBlock:
    """``kind`` is "text", "thinking" or "tool_use", whose deltas become events as they come, or "whole".

    Everything else (server tools, their results, redacted thinking, what is still unknown) grows in here and comes out
    at its stop. ``index`` is that of our events.
    """

    __slots__ = ("_fields", "_input", "_origin", "_signed", "begun", "index", "kind")

    def __init__(self, index: int, fields: Any, origin: Origin) -> None:
        self.index = index
        self.begun = False  # some event has created the part
        self._fields: Any = fields
        self._origin = origin
        self._input: list[str] = []
        self._signed = False
        self.kind = self._kind()

    def _kind(self) -> str:
        match self._fields:
            case {"type": "text", "text": str()}:
                return "text"
            case {"type": "thinking", "thinking": str()}:
                return "thinking"
            case {"type": "tool_use", "id": str(), "name": str()}:
                return "tool_use"
            case _:
                return "whole"

    def whole(self) -> Part:
        """The part that the block is as it stands."""
        return read_block(self._fields, self._origin)

    # -- start ---------------------------------------------------------------------------------

    def begin(self) -> Iterator[Event]:
        """Only what the deltas cannot say; a block that starts empty says nothing yet."""
        match self.kind:
            case "text":
                rest = {name: value for name, value in self._fields.items() if name not in ("type", "text")}
                if self._fields["text"] or rest.get("citations"):
                    self.begun = True
                    yield PartAdded(self.index, self.whole())
                elif rest:
                    self.begun = True
                    yield ExtraReported(rest, "part", index=self.index)
            case "thinking":
                bare = not self._fields["thinking"] and not self._fields.get("signature")
                if not bare or self._fields.keys() - {"type", "thinking", "signature"}:
                    self.begun = self._signed = True
                    yield PartAdded(self.index, self.whole())
            case "tool_use":
                rest = {name: value for name, value in self._fields.items() if name not in ("type", "id", "name", "input")}
                id, name = self._fields["id"], self._fields["name"]
                if rest:
                    yield PartAdded(self.index, ToolCall(id, name, "", extra=rest, origin=self._origin))
                else:
                    yield ToolCallDelta(self.index, id, name)

    # -- deltas --------------------------------------------------------------------------------

    def grow(self, delta: dict[str, Any]) -> Iterator[Event]:
        rest = dict(delta)
        kind = rest.pop("type", None)
        if self.kind == "whole":
            self._grow_whole(kind, rest)
            return
        match self.kind, kind:
            case "text", "text_delta" if isinstance(rest.get("text"), str):
                self.begun = True
                yield TextDelta(rest.pop("text"), self.index)
            case "text", "citations_delta" if isinstance(rest.get("citation"), dict):
                self.begun = True
                yield CitationAdded(read_citation(rest.pop("citation")), self.index)
            case "thinking", "thinking_delta" if isinstance(rest.get("thinking"), str):
                self.begun = True
                yield ReasoningDelta(rest.pop("thinking"), self.index)
            case "thinking", "signature_delta" if isinstance(rest.get("signature"), str):
                self.begun = self._signed = True
                yield SignatureDelta(rest.pop("signature"), self.index)
            case "tool_use", "input_json_delta" if isinstance(rest.get("partial_json"), str):
                piece = rest.pop("partial_json")
                if piece:
                    self.begun = True
                    yield ToolCallDelta(self.index, arguments=piece)
        if rest:
            if not self.begun and self.kind == "thinking":
                self.begun = True
                yield PartAdded(self.index, Reasoning("", origin=self._origin))
            yield ExtraReported(rest, "part", index=self.index)

    def _grow_whole(self, kind: Any, rest: dict[str, Any]) -> None:
        fields = self._fields = dict(self._fields)
        match kind, rest:
            case "input_json_delta", {"partial_json": str(piece)}:
                self._input.append(piece)
            case "citations_delta", {"citation": citation}:
                fields["citations"] = [*(fields.get("citations") or ()), citation]
            case (("text_delta" | "thinking_delta" | "signature_delta"), _):
                for name, value in rest.items():
                    old = fields.get(name)
                    fields[name] = old + value if isinstance(old, str) and isinstance(value, str) else value
            case _:
                fields.update(rest)

    # -- stop ----------------------------------------------------------------------------------

    def end(self) -> Iterator[Event]:
        match self.kind:
            case "text" if not self.begun:
                yield PartAdded(self.index, Text(""))
            case "thinking":
                if "signature" in self._fields and not self._signed:
                    yield SignatureDelta("", self.index)
                elif not self.begun:
                    yield PartAdded(self.index, Reasoning("", origin=self._origin))
            case "tool_use" if not self.begun:
                yield ToolCallDelta(self.index, arguments=msgspec.json.encode(self._fields.get("input", {})).decode())
            case "whole":
                text = "".join(self._input)
                if text:
                    self._fields["input"] = read_json(text) if is_json(text) else text
                yield PartAdded(self.index, self.whole())
