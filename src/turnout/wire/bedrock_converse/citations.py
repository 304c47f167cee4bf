"""Citations: this protocol's to ours, and back.

Its positions count in the cited source, not in the answer, so they stay in ``extra``:
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Citation.html (read 2026-11-21).
"""

from __future__ import annotations

from typing import Any

from turnout.types import Citation
from turnout.wire.bedrock_converse.texts import join_texts
from turnout.wire.bedrock_converse.words import deep_merge

_WEB = ("https://", "http://")


def read_citation(raw: dict[str, Any]) -> Citation:
    """``url`` is that of a page of the web, or a ``source`` that is one."""
    fields = dict(raw)
    title = fields.pop("title") if isinstance(fields.get("title"), str) else None
    url: str | None = None
    match fields:
        case {"location": {"web": {"url": str(url), **web}, **location}}:
            fields["location"] = {**location, "web": web}  # stays even when empty: it tells where the URL stood
        case {"source": str(source)} if source.startswith(_WEB) and not _is_web(fields.get("location")):
            url = fields.pop("source")
    cited = join_texts(fields.get("sourceContent"))
    if cited is not None and cited[1] is None:
        del fields["sourceContent"]
    return Citation(url=url, title=title, cited_text=cited[0] if cited is not None else None, extra=fields or None)


def write_citation(citation: Citation, *, own: bool) -> dict[str, Any]:
    extra = (citation.extra or {}) if own else {}
    written: dict[str, Any] = {}
    if citation.title is not None:
        written["title"] = citation.title
    if citation.cited_text is not None and "sourceContent" not in extra:
        written["sourceContent"] = [{"text": citation.cited_text}]
    if citation.url is not None:
        if own and not _is_web(extra.get("location")):
            written["source"] = citation.url
        else:
            written["location"] = {"web": {"url": citation.url}}
    return deep_merge(written, extra)


def _is_web(location: Any) -> bool:
    return isinstance(location, dict) and "web" in location
