"""Everything that neutral values hold of what a provider said, as one set to look up leaves in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from turnout.types import DataSource, ToolCall, Usage

# Fields that do not come from the body: where it went, what it cost, what the headers said, how a wire spells it.
_NOT_SAID = frozenset({"target", "origin", "attempts", "cost", "receipt", "headers", "spelled", "unified"})
# Normalised counts repeat what ``Usage.raw`` holds, so they prove nothing.
_ONLY_RAW = frozenset({"raw"})


class Holdings:
    """The leaves of some neutral values. ``holds`` finds a leaf as it was said; ``holds_piece`` also finds it inside a text."""

    def __init__(self, values: Iterable[Any]) -> None:
        self._leaves: set[tuple[type, Any]] = set()
        for leaf in (leaf for value in values for leaf in _said(value)):
            self._leaves.add((_kind(leaf), leaf))
        self._text = "\0".join(leaf for kind, leaf in self._leaves if kind is str)

    def holds(self, leaf: Any) -> bool:
        return leaf == "" or (_kind(leaf), leaf) in self._leaves

    def holds_piece(self, leaf: Any) -> bool:
        return self.holds(leaf) or (isinstance(leaf, str) and leaf in self._text)


def _kind(leaf: Any) -> type:
    return bool if isinstance(leaf, bool) else str if isinstance(leaf, str) else float


def _said(value: Any) -> Iterator[Any]:
    if isinstance(value, Struct):
        for name in value.__struct_fields__:
            if name not in _NOT_SAID and (not isinstance(value, Usage) or name in _ONLY_RAW):
                yield from _said(getattr(value, name))
        if isinstance(value, DataSource):
            yield f"data:{value.media_type};base64,{value.data}"  # how protocols of URLs say it
        if isinstance(value, ToolCall):
            try:
                yield from _said(msgspec.json.decode(value.arguments))
            except msgspec.DecodeError:
                return  # free text, or JSON the model got wrong: the text itself is held
    elif isinstance(value, dict):
        for member in value.values():
            yield from _said(member)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _said(item)
    elif value is not None:
        yield value
