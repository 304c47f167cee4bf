"""Citations on text: this protocol's locations to ours, and back.

Its character, page and block positions count in the cited source, not in the answer, so they stay in ``extra``:
https://docs.claude.com/en/docs/build-with-claude/citations (read 2026-11-21).
"""

from __future__ import annotations

from typing import Any

from turnout.types import Citation, Text

_IN_DOCUMENTS = ("char_location", "page_location", "content_block_location")


def read_citations(fields: dict[str, Any]) -> tuple[Citation, ...]:
    """``citations``, taken out of a text block's ``fields``. An empty list, a null or another form stays there."""
    raw = fields.get("citations")
    if not isinstance(raw, list) or not raw or not all(isinstance(item, dict) for item in raw):
        return ()
    return tuple(read_citation(item) for item in fields.pop("citations"))


def read_citation(raw: dict[str, Any]) -> Citation:
    fields = dict(raw)
    url, title, cited_text = _take(fields, "url"), _take(fields, _title_field(raw)), _take(fields, "cited_text")
    return Citation(url=url, title=title, cited_text=cited_text, extra=fields or None)


def _title_field(raw: dict[str, Any]) -> str:
    return "document_title" if raw.get("type") in _IN_DOCUMENTS else "title"


def _take(fields: dict[str, Any], name: str) -> str | None:
    return fields.pop(name) if isinstance(fields.get(name), str) else None


def write_citations(text: Text, own: bool) -> list[dict[str, Any]]:
    written = (write_citation(citation, text.text, own) for citation in text.citations)
    return [citation for citation in written if citation is not None]


def write_citation(citation: Citation, text: str, own: bool) -> dict[str, Any] | None:
    """Another protocol's citation becomes a web search result, the nearest there is; None if it has no URL.

    ``text``: the answer's text it belongs to, as far as it has come.
    """
    extra = citation.extra or {}
    if own:
        known = {"url": citation.url, _title_field(extra): citation.title, "cited_text": citation.cited_text}
        return {name: value for name, value in known.items() if value is not None} | extra
    if citation.url is None:
        return None
    return {
        "type": "web_search_result_location",
        "url": citation.url,
        "title": citation.title,
        "cited_text": citation.cited_text if citation.cited_text is not None else text[citation.start : citation.end],
        "encrypted_index": "",
    }
