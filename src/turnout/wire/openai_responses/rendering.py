"""One output item of a stream to a caller: which events say it, from when it is added until it is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec.structs import replace

from turnout.events import Fold
from turnout.types import Audio, Part, Reasoning, Refusal, Text, ToolCall
from turnout.wire.json_text import is_json
from turnout.wire.openai_responses.answers import is_closed, write_item
from turnout.wire.openai_responses.content import write_output
from turnout.wire.openai_responses.items import Item, is_sealed, kind_of, write_own_item

_encode = msgspec.json.Encoder().encode
_EMPTY: Item = {"content": [], "summary": [], "arguments": "", "input": ""}  # what deltas fill

Write = Callable[[str, dict[str, Any]], bytes]  # the event's type and fields, to bytes


class OpenItem:
    """An item from its first event on. ``number`` is its output_index; ``last`` the part that it ends with so far."""

    def __init__(self, number: int, first: Part, fold: Fold, write: Write, *, own: bool, answer_id: str) -> None:
        self.number = number
        self.kind = kind_of(first)
        self.last = first
        self.own = own
        self.is_done = False
        self.text_head = b""  # what every plain delta of the open text begins with
        self._id = ""
        self._fold = fold
        self._write = write
        self._answer_id = answer_id
        self._parts: dict[int, int] = {}  # our index of each part -> where in its text this item begins
        self._open: _OpenPart | None = None
        self._counts: dict[str, int] = {}
        self._whole: Any = None

    def takes(self, index: int) -> bool:
        """True while deltas of the part ``index`` can be said."""
        return self._open is not None and self._open.index == index

    def item(self) -> Any:
        """The item as far as it has come, or as it was when it was done."""
        if self._whole is not None:
            return self._whole
        parts = [_since(self._fold.part(index), since) for index, since in self._parts.items()]
        return write_own_item(parts) if self.own else write_item(parts, self._answer_id, self.number)

    @property
    def is_closed(self) -> bool:
        """True once it holds an envelope."""
        return self.kind == "reasoning" and is_closed(self._fold.part(next(reversed(self._parts))))

    @property
    def is_complete(self) -> bool:
        """False for what may change after the next item has begun: a call in the middle of its arguments, a block."""
        return self.kind != "whole" and (
            self.kind != "call" or not isinstance(self.last, ToolCall) or self.last.custom or self._has_arguments()
        )

    def _has_arguments(self) -> bool:
        (index,) = self._parts
        call = self._fold.part(index)
        return isinstance(call, ToolCall) and is_json(call.arguments)

    def add(self, index: int, since: int) -> bytes:
        """The item as it begins: without what its deltas will say."""
        self._parts[index] = since
        item = self.item()
        self._id = item.get("id") or "" if isinstance(item, dict) else ""
        if self.kind != "whole":
            item = {name: _EMPTY.get(name, value) for name, value in item.items() if name != "encrypted_content"}
            if "status" in item:
                item["status"] = "in_progress"
        return self._write("response.output_item.added", {"output_index": self.number, "item": item})

    def begin(self, index: int, part: Part, since: int) -> bytes:
        """The next part of the item."""
        closed = self._close_part()
        self.last = part
        self._parts[index] = since
        if self.kind == "whole" or (isinstance(part, Reasoning) and is_sealed(part)):
            return closed
        self._open = _OpenPart(index, part, self._next(part), self)
        if isinstance(part, (Text, Audio)):
            self.text_head = self._open.text_head()
        return closed + self._open.added()

    def delta(self, text: str) -> bytes:
        return self._open.delta(text) if self._open is not None else b""

    def annotation(self, annotation: dict[str, Any]) -> bytes:
        return self._open.annotation(annotation) if self._open is not None else b""

    def done(self) -> bytes:
        if self.is_done:
            return b""
        closed = self._close_part()
        self._whole = self.item()
        self.is_done = True
        return closed + self._write("response.output_item.done", {"output_index": self.number, "item": self._whole})

    def write(self, kind: str, fields: dict[str, Any]) -> bytes:
        return self._write(kind, {"item_id": self._id, "output_index": self.number, **fields})

    def head(self, kind: str, position: str, at: int) -> bytes:
        written = _encode({"type": kind, "item_id": self._id, "output_index": self.number, position: at})
        return b'event: %b\ndata: %b,"delta":' % (kind.encode(), written[:-1])

    def _close_part(self) -> bytes:
        if self._open is None:
            return b""
        index = self._open.index
        written = self._open.done(_since(self._fold.part(index), self._parts[index]))
        self._open = None
        return written

    def _next(self, part: Part) -> int:
        """Summaries and content are counted apart."""
        counted = "summary" if isinstance(part, Reasoning) and not _in_content(part) else "content"
        at = self._counts.get(counted, 0)
        self._counts[counted] = at + 1
        return at


class _OpenPart:
    """A part that deltas are said of."""

    def __init__(self, index: int, part: Part, at: int, item: OpenItem) -> None:
        self.index = index
        self._item = item
        self._annotations = 0
        self._name, self._field, position = _grammar(part)
        self._position = {position: at} if position else {}

    def added(self) -> bytes:
        match self._name:
            case "reasoning_summary_text":
                part: dict[str, Any] = {"type": "summary_text", "text": ""}
                return self._item.write("response.reasoning_summary_part.added", self._position | {"part": part})
            case "output_text":
                part = {"type": "output_text", "annotations": [], "logprobs": [], "text": ""}
            case "reasoning_text":
                part = {"type": "reasoning_text", "text": ""}
            case "refusal":
                part = {"type": "refusal", "refusal": ""}
            case _:
                return b""
        return self._item.write("response.content_part.added", self._position | {"part": part})

    def delta(self, text: str) -> bytes:
        if not text or not self._name:
            return b""
        fields: dict[str, Any] = {"delta": text}
        if self._name == "output_text":
            fields["logprobs"] = []
        return self._item.write(f"response.{self._name}.delta", self._position | fields)

    def text_head(self) -> bytes:
        ((position, at),) = self._position.items()
        return self._item.head("response.output_text.delta", position, at)

    def annotation(self, annotation: dict[str, Any]) -> bytes:
        fields = {"annotation_index": self._annotations, "annotation": annotation}
        self._annotations += 1
        return self._item.write("response.output_text.annotation.added", self._position | fields)

    def done(self, part: Part) -> bytes:
        fields: dict[str, Any]
        match part:
            case ToolCall():
                fields = {self._field: part.arguments} | ({} if part.custom else {"name": part.name})
                return self._item.write(f"response.{self._name}.done", fields)
            case Reasoning() if self._name == "reasoning_summary_text":
                whole = {"type": "summary_text", "text": part.text}
                said = self._item.write("response.reasoning_summary_text.done", self._position | {"text": part.text})
                return said + self._item.write("response.reasoning_summary_part.done", self._position | {"part": whole})
            case Reasoning():
                content: Any = {"type": "reasoning_text", "text": part.text}
            case _:
                content = write_output(part, own=self._item.own)
        if not isinstance(content, dict) or not self._name:
            return b""
        fields = {self._field: content.get(self._field, "")}
        if self._name == "output_text":
            fields["logprobs"] = content.get("logprobs") or []
        said = self._item.write(f"response.{self._name}.done", self._position | fields)
        return said + self._item.write("response.content_part.done", self._position | {"part": content})


def _grammar(part: Part) -> tuple[str, str, str]:
    """What its events are called, the field that holds the whole text when it is done, and how its place is told."""
    match part:
        case Text() | Audio():
            return "output_text", "text", "content_index"
        case Refusal():
            return "refusal", "refusal", "content_index"
        case Reasoning():
            if _in_content(part):
                return "reasoning_text", "text", "content_index"
            return "reasoning_summary_text", "text", "summary_index"
        case ToolCall(custom=True):
            return "custom_tool_call_input", "input", ""
        case ToolCall():
            return "function_call_arguments", "arguments", ""
    return "", "", "content_index"


def _in_content(part: Reasoning) -> bool:
    return (part.spelled or {}).get("reasoning") == "content"


def _since(part: Part, since: int) -> Part:
    """``part`` without the beginning of its text, which an earlier item said."""
    if not since or not isinstance(part, (Text, Reasoning, Refusal)):
        return part
    return replace(part, text=part.text[since:])
