"""Citations: this protocol's list beside the content, to ours on the text they belong to, and back.

A citation names the sources of a span, of which ours has room for one address: all of them stay verbatim in its ``extra``.
https://docs.cohere.com/docs/rag-citations (read 2026-11-21)
"""

from __future__ import annotations

from typing import Any

from turnout.types import Citation, Part, Text

PLAN = {"text": "tool_plan"}  # how the text of a tool plan is spelled


def is_plan(part: Part) -> bool:
    return isinstance(part, Text) and (part.spelled or {}).get("text") == "tool_plan"


def read_citation(raw: dict[str, Any], *, counted: bool) -> Citation:
    """``counted``: its start and end count the characters of the text it is put on."""
    fields = dict(raw)
    known: dict[str, Any] = {}
    for name in ("start", "end"):
        if counted and type(fields.get(name)) is int:
            known[name] = fields.pop(name)
    url, title = _told(raw, "url"), _told(raw, "title")
    return Citation(url=url, title=title, extra=fields or None, **known)


def _told(raw: dict[str, Any], name: str) -> str | None:
    """What the first source that says it says."""
    for source in raw["sources"] if isinstance(raw.get("sources"), list) else ():
        held = source.get("document") or source.get("tool_output") if isinstance(source, dict) else None
        if isinstance(held, dict) and isinstance(held.get(name), str) and held[name]:
            return str(held[name])
    return None


class Places:
    """Which part a citation belongs to, by what has come so far: the text its ``content_index`` means, or the last one.

    A place is a number that whoever asks gave to a part. One that cites a plan belongs to the plan.
    """

    def __init__(self) -> None:
        self._contents: list[tuple[int, bool]] = []  # place of each content part, and whether it is a text
        self._plan: int | None = None

    def content(self, place: int, *, is_text: bool) -> None:
        self._contents.append((place, is_text))

    def plan(self, place: int) -> None:
        self._plan = place

    def of(self, raw: dict[str, Any]) -> tuple[int | None, bool]:
        """The place, None where there is no text at all, and whether start and end count that text's characters."""
        kind, index = raw.get("type"), raw.get("content_index")
        if kind == "PLAN" and self._plan is not None:
            return self._plan, True
        texts = [place for place, is_text in self._contents if is_text]
        if kind not in ("PLAN", "THINKING_CONTENT"):
            if type(index) is int and 0 <= index < len(self._contents):
                place, is_text = self._contents[index]
                if is_text:
                    return place, True
            elif texts:
                return texts[-1], True
        return (texts[-1] if texts else self._plan), False


def put_citations(parts: list[Part], raw: Any) -> list[Part] | None:
    """``parts``, content first, with the citations of ``raw`` on them; None where the list would not come out again."""
    from msgspec.structs import replace

    if not isinstance(raw, list) or not raw or not all(isinstance(item, dict) for item in raw):
        return None
    places = Places()
    for at, part in enumerate(parts):
        if is_plan(part):
            places.plan(at)
        else:
            places.content(at, is_text=isinstance(part, Text))
    put: dict[int, list[Citation]] = {}
    last = 0
    for item in raw:
        place, counted = places.of(item)
        if place is None or place < last:
            return None
        put.setdefault(place, []).append(read_citation(item, counted=counted))
        last = place
    return [replace(part, citations=tuple(put[at])) if at in put else part for at, part in enumerate(parts)]


def write_citation(citation: Citation, own: bool, text: str, content_index: int | None) -> dict[str, Any]:
    """``text``: what the citation counts in, as far as it has come; ``content_index``: where that stands."""
    if own:
        span = {"start": citation.start, "end": citation.end}
        return {name: at for name, at in span.items() if at is not None} | (citation.extra or {})
    start, end = citation.start or 0, citation.end if citation.end is not None else len(text)
    told = {"title": citation.title, "url": citation.url, "text": citation.cited_text}
    document = {name: value for name, value in told.items() if value is not None}
    id = citation.url or citation.title or "source"
    written: dict[str, Any] = {"start": start, "end": end, "text": text[start:end]}
    written["sources"] = [{"type": "document", "id": id, "document": {"id": id} | document}]
    written["type"] = "TEXT_CONTENT" if content_index is not None else "PLAN"
    return written if content_index is None else written | {"content_index": content_index}
