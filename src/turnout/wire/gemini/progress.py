"""How far one candidate of a stream has come."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from turnout.events import (
    CitationAdded,
    Event,
    ExtraReported,
    Finished,
    LogprobsDelta,
    PartAdded,
    ReasoningDelta,
    TextDelta,
)
from turnout.types import Citation, FinishReason, Origin, Reasoning, Text, ToolCall
from turnout.wire.gemini.candidates import USUAL_CONTENT, split_content, take_finish
from turnout.wire.gemini.grounding import read_citations
from turnout.wire.gemini.partial import PartialCall, begins_in_pieces, continues
from turnout.wire.gemini.parts import read_part
from turnout.wire.gemini.words import call_id

# Sources found so far, of which an object may bring only the new ones.
_GROWING = ("groundingMetadata", "citationMetadata", "urlContextMetadata")


class Progress:
    """``read`` the candidate of every object. ``kind`` is that of the text being continued at part ``at``, if one is."""

    def __init__(self, index: int, origin: Origin, answer: str) -> None:
        self.at = -1
        self.kind: type | None = None
        self.finish: FinishReason | None = None
        self.texts: list[tuple[int, list[str]]] = []  # what was said, by part
        self._index = index
        self._origin = origin
        self._answer = answer
        self._calls = 0
        self._partial: PartialCall | None = None
        self._said: dict[str, Any] = {}  # the candidate's other fields as last reported
        self._content: dict[str, Any] | None = None  # what contents say beside their parts
        self._cited: list[tuple[int, Citation]] = []

    def read(self, fields: dict[str, Any]) -> Iterator[Event]:
        if isinstance(fields.get("content"), dict):
            rest, parts = split_content(fields.pop("content"))
            self._content = rest if self._content is None else self._content | rest
            for part in parts:
                yield from self._part(part)
        if isinstance(fields.get("logprobsResult"), dict):
            yield LogprobsDelta(fields.pop("logprobsResult"), self._index)
        finish = take_finish(fields, called_tools=False)
        if news := brought_up_to_date(self._said, fields):
            yield ExtraReported(news, "choice", self._index)
        if finish is not None:
            yield from self._end(finish)

    def _part(self, raw: Any) -> Iterator[Event]:
        if self._partial is not None:
            if continues(raw):
                self._partial.feed(raw["functionCall"])
                if not self._partial.open:
                    yield from self._flush()
                return
            yield from self._flush()
        if begins_in_pieces(raw):
            self._partial = PartialCall(raw)
            if not self._partial.open:
                yield from self._flush()
            return
        yield from self._whole(raw)

    def _flush(self) -> Iterator[Event]:
        """The call that came in pieces, as far as it came."""
        if self._partial is not None:
            part = self._partial.part()
            self._partial = None
            yield from self._whole(part)

    def _whole(self, raw: Any) -> Iterator[Event]:
        """Pieces of the same text continue one part. A part that says more, a signature too, stands alone.

        https://ai.google.dev/gemini-api/docs/thought-signatures (read 2026-11-21)
        """
        part = read_part(raw, self._origin, self._new_id)
        plain = isinstance(part, (Text, Reasoning)) and raw.keys() <= {"text", "thought"} and not part.extra
        if not plain or type(part) is not self.kind:
            self.at += 1
            self.kind = type(part) if plain else None
            if isinstance(part, Text):
                self.texts.append((self.at, []))
        elif not raw["text"]:
            return
        if isinstance(part, Text):
            self.texts[-1][1].append(part.text)
        if isinstance(part, Text) and plain:
            yield TextDelta(part.text, self.at, self._index)
        elif isinstance(part, Reasoning) and plain:
            yield ReasoningDelta(part.text, self.at, self._index)
        else:
            self._calls += isinstance(part, ToolCall)
            yield PartAdded(self.at, part, self._index)

    def _new_id(self, name: str, arguments: str) -> str:
        return call_id(self._answer, self._calls, self._index, name, arguments)

    def _end(self, finish: FinishReason) -> Iterator[Event]:
        yield from self._flush()
        content = self._content
        if content is not None and self.at >= 0:
            content = {name: value for name, value in content.items() if name != "parts"}  # an empty list says nothing now
        if content is not None and (self.at < 0 or content != USUAL_CONTENT):
            news = brought_up_to_date(self._said, {"content": content})
            if news:
                yield ExtraReported(news, "choice", self._index)
        texts = [(at, "".join(pieces)) for at, pieces in self.texts]
        for place in read_citations(self._said, texts):
            if place not in self._cited:
                self._cited.append(place)
                yield CitationAdded(place[1], place[0], self._index)
        if self._calls and finish.unified == "stop":
            finish = FinishReason("tool_calls", finish.raw)
        if finish != self.finish:
            self.finish = finish
            yield Finished(finish, self._index)


def brought_up_to_date(said: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """What of ``fields`` is new, as it now stands; ``said`` is brought up to date. A null has nothing to add."""
    news: dict[str, Any] = {}
    for name, value in fields.items():
        if name in said:
            value = _later(said[name], value, grow=name in _GROWING)
        if value is not None and (name not in said or said[name] != value):
            said[name] = news[name] = value
    return news


def _later(old: Any, new: Any, *, grow: bool) -> Any:
    if isinstance(old, dict) and isinstance(new, dict):
        return old | {name: _later(old[name], value, grow=grow) if name in old else value for name, value in new.items()}
    if grow and isinstance(old, list) and isinstance(new, list):
        return new if new[: len(old)] == old else [*old, *(item for item in new if item not in old)]
    return old if new is None else new
