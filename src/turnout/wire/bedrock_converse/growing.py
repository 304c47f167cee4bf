"""One content block of a stream, while it grows.

A block that is text or reasoning begins without a word: its kind is that of its first delta. A tool call, a result of the
provider's own tool, or an image is announced. What no delta of ours can say is put together and told whole when the block stops.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator
from typing import Any, Literal

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
from turnout.wire.bedrock_converse.blocks import read_block
from turnout.wire.bedrock_converse.citations import read_citation
from turnout.wire.json_text import is_json, read_json

Kind = Literal["", "text", "reasoning", "tool", "whole"]


class GrowingBlock:
    """``kind`` is "" until something says it."""

    __slots__ = ("_input", "_origin", "_redacted", "_whole", "index", "kind")

    def __init__(self, index: int, origin: Origin) -> None:
        self.index = index
        self.kind: Kind = ""
        self._origin = origin
        self._whole: dict[str, Any] = {}
        self._input: list[str] = []
        self._redacted: list[str] = []

    # -- start ---------------------------------------------------------------------------------

    def start(self, fields: dict[str, Any]) -> Iterator[Event]:
        use = fields.get("toolUse")
        if len(fields) == 1 and isinstance(use, dict) and _is_ours(use):
            self.kind = "tool"
            rest = {name: value for name, value in use.items() if name not in ("toolUseId", "name")}
            if rest:
                call = ToolCall(use["toolUseId"], use["name"], "", extra={"toolUse": rest}, origin=self._origin)
                yield PartAdded(self.index, call)
            else:
                yield ToolCallDelta(self.index, use["toolUseId"], use["name"])
        elif fields:
            self.kind = "whole"
            self._whole = {name: dict(inner) if isinstance(inner, dict) else inner for name, inner in fields.items()}

    # -- deltas --------------------------------------------------------------------------------

    def grow(self, delta: dict[str, Any]) -> Iterator[Event]:
        if self.kind == "whole":
            self._grow_whole(delta)
            return
        rest = dict(delta)
        match rest:
            case {"text": str(text)} if self._becomes("text"):
                del rest["text"]
                yield TextDelta(text, self.index)
            case {"citation": dict(citation)} if self._becomes("text"):
                del rest["citation"]
                yield CitationAdded(read_citation(citation), self.index)
            case {"reasoningContent": dict(thought)} if self._becomes("reasoning"):
                yield from self._think(dict(thought), rest)
            case {"toolUse": {"input": str(piece), **beside}} if not beside and self.kind == "tool":
                del rest["toolUse"]
                if piece:
                    self._input.append(piece)
                    yield ToolCallDelta(self.index, arguments=piece)
        if rest and self.kind == "":
            self.kind = "whole"
            self._grow_whole(rest)
        elif rest:
            yield ExtraReported(rest, "part", index=self.index)

    def note_input(self, piece: str) -> None:
        """A piece that was told without ``grow``."""
        self._input.append(piece)

    def _becomes(self, kind: Kind) -> bool:
        if self.kind == "":
            self.kind = kind
        return self.kind == kind

    def _think(self, thought: dict[str, Any], rest: dict[str, Any]) -> Iterator[Event]:
        if isinstance(thought.get("text"), str):
            yield ReasoningDelta(thought.pop("text"), self.index)
        if isinstance(thought.get("signature"), str):
            yield SignatureDelta(thought.pop("signature"), self.index)
        if isinstance(thought.get("redactedContent"), str):
            self._redacted.append(thought.pop("redactedContent"))
        if thought:
            rest["reasoningContent"] = thought
        else:
            del rest["reasoningContent"]

    def _grow_whole(self, delta: dict[str, Any]) -> None:
        """A list continues a result's content, the pieces of an input its text, those of a file its bytes; the rest replaces."""
        for name, more in delta.items():
            inner = self._whole.setdefault(name, {})
            if isinstance(inner, dict) and isinstance(more, list):
                inner["content"] = [*(inner.get("content") or ()), *more]
            elif isinstance(inner, dict) and isinstance(more, dict):
                if name == "toolUse" and isinstance(more.get("input"), str):
                    more = dict(more)
                    self._input.append(more.pop("input"))
                self._whole[name] = _grown(inner, more)
            else:
                self._whole[name] = more

    # -- stop ----------------------------------------------------------------------------------

    def end(self) -> Iterator[Event]:
        match self.kind:
            case "":
                yield PartAdded(self.index, Text(""))
            case "tool" if not self._input:
                yield ToolCallDelta(self.index, arguments="{}")
            case "reasoning" if self._redacted:
                yield PartAdded(self.index, Reasoning("", encrypted=joined_base64(self._redacted), origin=self._origin))
            case "whole":
                yield PartAdded(self.index, self._put_together())

    def _put_together(self) -> Part:
        if isinstance(use := self._whole.get("toolUse"), dict):
            text = "".join(self._input)
            use["input"] = {} if not text else read_json(text) if is_json(text) else text
        return read_block(self._whole, self._origin, role="assistant")


def _is_ours(use: dict[str, Any]) -> bool:
    """True for a call that the caller is to make, and not the provider itself."""
    named = isinstance(use.get("toolUseId"), str) and isinstance(use.get("name"), str)
    return named and use.get("type") in (None, "tool_use")


def _grown(inner: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    grown = dict(inner)
    for name, value in more.items():
        old = grown.get(name)
        if isinstance(old, dict) and isinstance(value, dict):
            grown[name] = _grown(old, value)
        elif name == "bytes" and isinstance(old, str) and isinstance(value, str):
            grown[name] = joined_base64([old, value])
        else:
            grown[name] = value
    return grown


def joined_base64(pieces: list[str]) -> str:
    """One text for bytes that came in pieces, each of which is base64 on its own."""
    if len(pieces) == 1:
        return pieces[0]
    try:
        return b64encode(b"".join(b64decode(piece, validate=True) for piece in pieces)).decode()
    except ValueError:
        return "".join(pieces)
