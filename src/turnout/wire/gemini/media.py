"""Images, sounds, films and documents, towards the wire. Each must say what it is, and be bytes or a file that Google can open.

https://ai.google.dev/gemini-api/docs/file-input-methods (read 2026-11-21)
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from turnout.errors import Unsupported
from turnout.receipt import approximated, dropped
from turnout.types import Audio, DataSource, Document, FileSource, Image, ReceiptLine, Source, TextSource, UrlSource, Video
from turnout.wire.gemini.words import Spelled

Media = Image | Audio | Video | Document

# The first characters of a file's base64, for sources that do not say what they are.
_MAGIC = {
    "iVBORw0KGgo": "image/png",
    "/9j/": "image/jpeg",
    "R0lGOD": "image/gif",
    "JVBERi": "application/pdf",
    "SUQz": "audio/mp3",
    "T2dnUw": "audio/ogg",
    "ZkxhQw": "audio/flac",
}
_SUFFIXES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "mp3": "audio/mp3",
    "wav": "audio/wav",
    "ogg": "audio/ogg",
    "flac": "audio/flac",
    "mp4": "video/mp4",
    "webm": "video/webm",
    "mov": "video/quicktime",
    "pdf": "application/pdf",
    "txt": "text/plain",
    "html": "text/html",
    "csv": "text/csv",
}
_USUAL = {Image: "image/jpeg", Audio: "audio/wav", Video: "video/mp4", Document: "application/pdf"}


def write_media(part: Media, path: str, *, own: bool, theirs: bool, spelled: Spelled, lines: list[ReceiptLine]) -> dict[str, Any]:
    """``own``: the part is of this protocol, ``theirs``: of this provider, so that its files mean something.

    Raises Unsupported for a file that only another provider can open.
    """
    source = part.source
    media_type = None if isinstance(source, TextSource) else source.media_type
    if media_type is None and not own:
        media_type = _media_type(part, source, path, lines)
    if not own:
        _report(part, path, lines)
    said = {} if media_type is None else {spelled.get("mimeType", "mimeType"): media_type}
    match source:
        case DataSource(data=data):
            if spelled.get("data") == "urlsafe":
                data = data.replace("+", "-").replace("/", "_")
            return {spelled.get("inlineData", "inlineData"): said | {"data": data}}
        case UrlSource(url=url):
            return {spelled.get("fileData", "fileData"): said | {spelled.get("fileUri", "fileUri"): url}}
        case FileSource(id=id) if theirs:
            return {spelled.get("fileData", "fileData"): said | {spelled.get("fileUri", "fileUri"): id}}
        case TextSource(text=text):
            return {"inlineData": {"mimeType": source.media_type, "data": b64encode(text.encode()).decode()}}
    raise Unsupported(
        f"{path}: this {type(part).__name__.lower()} is a file that another provider holds; send its bytes or a URL instead"
    )


def _media_type(part: Media, source: Source, path: str, lines: list[ReceiptLine]) -> str:
    if isinstance(part, Audio) and part.format:
        return f"audio/{part.format}"
    known: str | None = None
    if isinstance(source, DataSource):
        known = next((kind for magic, kind in _MAGIC.items() if source.data.startswith(magic)), None)
        if known is None and source.data.startswith("UklGR"):  # RIFF, which holds sound and images
            known = "audio/wav" if isinstance(part, Audio) else "image/webp"
    if isinstance(source, UrlSource):
        known = _SUFFIXES.get(source.url.partition("?")[0].rpartition(".")[2].lower())
    if known is None and isinstance(part, Document) and part.filename:
        known = _SUFFIXES.get(part.filename.rpartition(".")[2].lower())
    if known is None:
        known = _USUAL[type(part)]
        lines.append(approximated("request", path, f"it does not say what it is, and this protocol asks: sent as {known}"))
    return known


def _report(part: Media, path: str, lines: list[ReceiptLine]) -> None:
    if isinstance(part, Document):
        named = [name for name in ("filename", "title", "context", "citations") if getattr(part, name)]
        lines += [dropped("request", f"{path}.{name}", f"this protocol's documents have no {name}") for name in named]
    elif isinstance(part, Image) and part.detail not in (None, "auto"):
        lines.append(dropped("request", f"{path}.detail", "this protocol chooses the resolution of all media together"))
