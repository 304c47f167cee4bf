"""Citations: where ``groundingMetadata`` and ``citationMetadata`` say which source stands behind which text, and back.

The metadata itself stays whole among a choice's extras; citations are read from it where they map exactly, and left out where
not. Positions count bytes of UTF-8: https://ai.google.dev/api/generate-content#GroundingMetadata (read 2026-11-21).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from turnout.types import Citation, Text

Texts = Sequence[tuple[int, str]]  # the answer's text, by the index of its part


def read_citations(fields: dict[str, Any], texts: Texts) -> list[tuple[int, Citation]]:
    """Each with the index of the part it belongs to. ``fields``: of a candidate."""
    spans = [*_grounded(fields.get("groundingMetadata")), *_recited(fields.get("citationMetadata"))]
    if not spans:
        return []
    whole = "".join(text for _, text in texts).encode("utf-8", "surrogatepass")
    found: list[tuple[int, Citation]] = []
    for start, end, text, url, title in spans:
        place = _place(whole, start, end, text, texts)
        if place is not None:
            index, first, last = place
            found.append((index, Citation(url=url, title=title, start=first, end=last, cited_text=None)))
    return found


Span = tuple[int, int, str | None, str, str | None]


def _grounded(raw: Any) -> Iterator[Span]:
    chunks = raw.get("groundingChunks") if isinstance(raw, dict) else None
    supports = raw.get("groundingSupports") if isinstance(raw, dict) else None
    if not isinstance(chunks, list) or not isinstance(supports, list):
        return
    for support in supports:
        segment = support.get("segment") if isinstance(support, dict) else None
        if not isinstance(segment, dict) or not isinstance(support.get("groundingChunkIndices"), list):
            continue
        start, end, text = segment.get("startIndex", 0), segment.get("endIndex"), segment.get("text")
        for at in support["groundingChunkIndices"]:
            chunk = chunks[at] if type(at) is int and 0 <= at < len(chunks) else None
            web = chunk.get("web") if isinstance(chunk, dict) else None
            if isinstance(web, dict) and isinstance(web.get("uri"), str) and type(start) is int and type(end) is int:
                title = web.get("title")
                yield start, end, text if isinstance(text, str) else None, web["uri"], title if isinstance(title, str) else None


def _recited(raw: Any) -> Iterator[Span]:
    """``citationSources`` at the Gemini API, ``citations`` at Vertex AI."""
    for name in ("citationSources", "citations"):
        sources = raw.get(name) if isinstance(raw, dict) else None
        for source in sources if isinstance(sources, list) else ():
            if isinstance(source, dict) and isinstance(source.get("uri"), str):
                start, end, title = source.get("startIndex", 0), source.get("endIndex"), source.get("title")
                if type(start) is int and type(end) is int:
                    yield start, end, None, source["uri"], title if isinstance(title, str) else None


def _place(whole: bytes, start: int, end: int, text: str | None, texts: Texts) -> tuple[int, int, int] | None:
    """Part, first and last character of a span of bytes; None unless it is whole characters of one part, and says ``text``."""
    try:
        span = whole[start:end].decode("utf-8", "surrogatepass")
        before = len(whole[:start].decode("utf-8", "surrogatepass"))
    except UnicodeDecodeError:
        return None
    if not 0 <= start < end <= len(whole) or (text is not None and text != span):
        return None
    for index, said in texts:
        if before < len(said):
            return (index, before, before + len(span)) if before + len(span) <= len(said) else None
        before -= len(said)
    return None


def write_grounding(parts: Sequence[Text]) -> dict[str, Any] | None:
    """``groundingMetadata`` for the citations that another protocol's answer has; None if it has none with a URL."""
    chunks: list[dict[str, Any]] = []
    supports: list[dict[str, Any]] = []
    numbers: dict[tuple[str, str | None], int] = {}  # which chunk a page is
    before = 0
    for part in parts:
        size = _Sizes(part.text)
        for citation in part.citations:
            if citation.url is None:
                continue
            chunk = {"web": {"uri": citation.url} | ({"title": citation.title} if citation.title is not None else {})}
            number = numbers.setdefault((citation.url, citation.title), len(chunks))
            if number == len(chunks):
                chunks.append(chunk)
            start, end = citation.start or 0, len(part.text) if citation.end is None else citation.end
            first = before + size.until(start)
            text = part.text[start:end]
            segment = {"startIndex": first, "endIndex": first + len(text.encode("utf-8", "surrogatepass")), "text": text}
            supports.append({"segment": segment, "groundingChunkIndices": [number]})
        before += len(part.text.encode("utf-8", "surrogatepass"))
    return {"groundingChunks": chunks, "groundingSupports": supports} if chunks else None


class _Sizes:
    """How many bytes of UTF-8 the first characters of a text take; quick for places that ascend, as those of citations do."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = self._bytes = 0

    def until(self, at: int) -> int:
        at = min(at, len(self._text)) if at >= 0 else max(0, at + len(self._text))  # as a slice counts
        if at < self._at:
            self._at = self._bytes = 0
        self._bytes += len(self._text[self._at : at].encode("utf-8", "surrogatepass"))
        self._at = at
        return self._bytes
