"""Images and documents: where their bytes are, in this protocol's words and ours."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

from turnout.errors import Unsupported
from turnout.types import DataSource, Document, FileSource, Image, Source, TextSource, UrlSource

# The first characters of a file's base64, for sources that do not say what they are.
_MAGIC = {
    "iVBORw0KGgo": "image/png",
    "/9j/": "image/jpeg",
    "R0lGOD": "image/gif",
    "UklGR": "image/webp",
    "JVBERi": "application/pdf",
}


def read_source(raw: Any) -> Source | None:
    """None for a kind of source that has no neutral form, or for one that says more than ours can hold."""
    match raw:
        case {"type": "base64", "media_type": str(media_type), "data": str(data)} if len(raw) == 3:
            return DataSource(data, media_type)
        case {"type": "base64", "data": str(data)} if len(raw) == 2:
            return DataSource(data)
        case {"type": "url", "url": str(url)} if len(raw) == 2:
            return UrlSource(url)
        case {"type": "file", "file_id": str(id)} if len(raw) == 2:
            return FileSource(id)
        case {"type": "text", "media_type": str(media_type), "data": str(data)} if len(raw) == 3:
            return TextSource(data, media_type)
        case _:
            return None


def write_source(part: Image | Document, path: str, *, own: bool) -> dict[str, Any]:
    """``own``: the part is this protocol's, so that file ids mean something. Raises Unsupported for what cannot be said.

    Documents are PDF, plain text, a URL or a file id: https://docs.claude.com/en/docs/build-with-claude/pdf-support and
    /files (read 2026-11-21).
    """
    match part.source:
        case UrlSource(url=url):
            return {"type": "url", "url": url}
        case FileSource(id=id) if own:
            return {"type": "file", "file_id": id}
        case TextSource(text=text, media_type=media_type) if isinstance(part, Document):
            return {"type": "text", "media_type": media_type if own else "text/plain", "data": text}
        case DataSource(data=data, media_type=media_type):
            if own:
                return {"type": "base64"} | ({} if media_type is None else {"media_type": media_type}) | {"data": data}
            if (foreign := _foreign_data(part, data, media_type)) is not None:
                return foreign
    raise Unsupported(
        f"{path}: Anthropic Messages has no way to say this {type(part).__name__.lower()} ({_described(part.source)}); "
        "send it as an image, a PDF, plain text or a URL, or choose a provider that takes it"
    )


def _foreign_data(part: Image | Document, data: str, media_type: str | None) -> dict[str, Any] | None:
    if media_type is None:
        media_type = next((known for magic, known in _MAGIC.items() if data.startswith(magic)), None)
    if media_type is None:
        return None
    if isinstance(part, Image) or media_type == "application/pdf":
        return {"type": "base64", "media_type": media_type, "data": data}
    if media_type.startswith("text/"):
        try:
            return {"type": "text", "media_type": "text/plain", "data": b64decode(data, validate=True).decode()}
        except ValueError:
            return None
    return None


def _described(source: Source) -> str:
    match source:
        case DataSource(media_type=media_type):
            return media_type or "of no stated media type"
        case FileSource():
            return "a file held by another provider"
        case _:
            return "plain text"
