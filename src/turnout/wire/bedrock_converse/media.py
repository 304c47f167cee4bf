"""Images, documents, video and sound: their formats and where their bytes are, in this protocol's words and ours.

Bytes travel in the request, or lie in S3; the protocol fetches nothing from the web and holds no files:
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ContentBlock.html (read 2026-11-21).
"""

from __future__ import annotations

import re
from base64 import b64encode
from typing import Any

from turnout.errors import Unsupported
from turnout.types import Audio, DataSource, Document, FileSource, Image, Source, TextSource, UrlSource, Video
from turnout.wire.bedrock_converse.texts import ABSENT, join_texts, split_text

Media = Image | Document | Video | Audio

KINDS: dict[str, type[Media]] = {"image": Image, "document": Document, "video": Video, "audio": Audio}
PARAGRAPHS = "\n\n"  # between the chunks of one document

# format -> media type, where that is not the kind and the format's own name
_MEDIA_TYPES = {
    "pdf": "application/pdf",
    "csv": "text/csv",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "html": "text/html",
    "txt": "text/plain",
    "md": "text/markdown",
    "mkv": "video/x-matroska",
    "mov": "video/quicktime",
    "mpg": "video/mpeg",
    "flv": "video/x-flv",
    "wmv": "video/x-ms-wmv",
    "three_gp": "video/3gpp",
}
_FORMATS = {media_type: format for format, media_type in _MEDIA_TYPES.items() if format != "mpg"} | {
    "image/jpg": "jpeg",
    "audio/mpeg": "mp3",
    "audio/x-wav": "wav",
    "audio/wave": "wav",
    "text/x-markdown": "md",
    "application/csv": "csv",
}
_TAKEN = {
    "image": {"png", "jpeg", "gif", "webp"},
    "document": {"pdf", "csv", "doc", "docx", "xls", "xlsx", "html", "txt", "md"},
    "video": {"mkv", "mov", "mp4", "webm", "flv", "mpeg", "mpg", "wmv", "three_gp"},
    "audio": {"mp3", "opus", "wav", "aac", "flac", "mp4", "ogg", "mkv", "mka", "x-aac", "m4a", "mpeg", "mpga", "pcm", "webm"},
}
# The first characters of a file's base64, for sources that do not say what they are.
_MAGIC = {"iVBORw0KGgo": "png", "/9j/": "jpeg", "R0lGOD": "gif", "UklGR": "webp", "JVBERi": "pdf"}


def kind_of(part: Media) -> str:
    return next(name for name, kind in KINDS.items() if isinstance(part, kind))


# -- from the wire ---------------------------------------------------------------------------------


def read_media(kind: str, raw: Any) -> Media | None:
    """None for what has no neutral form. What is left of ``raw`` stays in ``extra``, at its place in the block."""
    if not isinstance(raw, dict):
        return None
    fields = dict(raw)
    format = fields.pop("format") if isinstance(fields.get("format"), str) else None
    media_type = _media_type(kind, format)
    spelled: dict[str, str] = {}
    source = _take_source(fields, kind, media_type, spelled)
    if source is None:
        return None
    if format is not None and format != _format(kind, media_type):
        spelled["format"] = format
    elif format is None and isinstance(source, TextSource):
        spelled["format"] = ABSENT
    known: dict[str, Any] = {"source": source, "spelled": spelled or None}
    if kind == "document":
        known |= {name: fields.pop(key) for name, key in _NAMED if isinstance(fields.get(key), str)}
        if (citations := _take_enabled(fields)) is not None:
            known["citations"] = citations
    elif kind == "audio":
        known["format"] = format
    return KINDS[kind](**known, extra={kind: fields} if fields else None)


_NAMED = (("title", "name"), ("context", "context"))


def read_search_result(raw: Any) -> Document | None:
    """A search result is a document of text that says where it was found."""
    joined = join_texts(raw.get("content"), PARAGRAPHS) if isinstance(raw, dict) else None
    if joined is None:
        return None
    fields = {name: value for name, value in raw.items() if name != "content"}
    text, cuts = joined
    title = fields.pop("title") if isinstance(fields.get("title"), str) else None
    citations = _take_enabled(fields)
    spelled = {"block": "searchResult"} | ({} if cuts is None else {"content": cuts})
    extra = {"searchResult": fields} if fields else None
    return Document(TextSource(text), title=title, citations=citations, extra=extra, spelled=spelled)


def _take_enabled(fields: dict[str, Any]) -> bool | None:
    match fields.get("citations"):
        case {"enabled": bool(enabled), **rest} if not rest:
            del fields["citations"]
            return enabled
    return None


def _take_source(fields: dict[str, Any], kind: str, media_type: str | None, spelled: dict[str, str]) -> Source | None:
    source = fields.get("source")
    match source:
        case {"bytes": str(data), **rest} if not rest:
            found: Source = DataSource(data, media_type)
        case {"s3Location": {"uri": str(uri), **location}, **rest} if not rest:
            found = UrlSource(uri, media_type)
            if location:
                fields["source"] = {"s3Location": location}
                return found
        case {"text": str(text), **rest} if not rest and kind == "document":
            found = TextSource(text, media_type or "text/plain")
        case {"content": list(items), **rest} if not rest and kind == "document":
            joined = join_texts(items, PARAGRAPHS)
            if joined is None:
                return None
            found = TextSource(joined[0], media_type or "text/plain")
            spelled |= {"source": "content"} | ({} if joined[1] is None else {"content": joined[1]})
        case _:
            return None
    del fields["source"]
    return found


def _media_type(kind: str, format: str | None) -> str | None:
    if format is None:
        return None
    return _MEDIA_TYPES.get(format) or (f"application/{format}" if kind == "document" else f"{kind}/{format}")


def _format(kind: str, media_type: str | None) -> str | None:
    """The format that the protocol calls ``media_type``, if it takes it for this kind."""
    if media_type is None:
        return None
    media_type = media_type.partition(";")[0].strip().lower()
    format = _FORMATS.get(media_type) or media_type.rpartition("/")[2]
    return format if format in _TAKEN[kind] else None


# -- towards the wire ------------------------------------------------------------------------------


def write_media(part: Media, path: str, *, own: bool, name: str | None) -> dict[str, Any]:
    """The inside of a block, ``extra`` apart. ``name``: what a document is called. Raises Unsupported for what cannot be said."""
    kind = kind_of(part)
    spelled = (part.spelled or {}) if own else {}
    if spelled.get("block") == "searchResult" and isinstance(part, Document) and isinstance(part.source, TextSource):
        return _search_result(part, part.source, spelled)
    format = spelled.get("format") or _format_of(part, kind)
    if format is None and not own:
        raise _unsupported(part, kind, path)
    written: dict[str, Any] = {} if format in (None, ABSENT) else {"format": format}
    if isinstance(part, Document):
        if name is not None:
            written["name"] = name
        if part.context is not None:
            written["context"] = part.context
        if part.citations is not None:
            written["citations"] = {"enabled": part.citations}
    match part.source:
        case DataSource(data=data):
            written["source"] = {"bytes": data}
        case UrlSource(url=url) if url.startswith("s3://"):
            written["source"] = {"s3Location": {"uri": url}}
        case TextSource(text=text) if own and spelled.get("source") == "content":
            written["source"] = {"content": split_text(text, spelled.get("content"), PARAGRAPHS)}
        case TextSource(text=text) if own:
            written["source"] = {"text": text}
        case TextSource(text=text) if isinstance(part, Document):
            written["source"] = {"bytes": b64encode(text.encode("utf-8", "surrogatepass")).decode()}  # every model takes bytes
        case _:
            raise _unsupported(part, kind, path)
    return written


def _search_result(part: Document, source: TextSource, spelled: dict[str, str]) -> dict[str, Any]:
    written: dict[str, Any] = {"content": split_text(source.text, spelled.get("content"), PARAGRAPHS)}
    if part.title is not None:
        written["title"] = part.title
    if part.citations is not None:
        written["citations"] = {"enabled": part.citations}
    return written


def _format_of(part: Media, kind: str) -> str | None:
    if isinstance(part, Audio) and part.format in _TAKEN["audio"]:
        return part.format
    source = part.source
    if isinstance(source, FileSource):
        return None
    if isinstance(source, TextSource):
        return _format(kind, source.media_type) or "txt"
    found = _format(kind, source.media_type)
    if found is None and source.media_type is None:
        if isinstance(source, DataSource):
            found = next((known for magic, known in _MAGIC.items() if source.data.startswith(magic)), None)
        else:
            ending = source.url.rpartition(".")[2].lower()
            found = {"jpg": "jpeg", "3gp": "three_gp"}.get(ending, ending)
    return found if found in _TAKEN[kind] else None


def _unsupported(part: Media, kind: str, path: str) -> Unsupported:
    match part.source:
        case UrlSource(url=url):
            what = f"by its address ({url.partition(':')[0]}:)" if not url.startswith("s3://") else "of an unknown format"
        case FileSource():
            what = "by a file id of another provider"
        case DataSource(media_type=media_type):
            what = f"as {media_type}" if media_type else "of no stated media type"
        case _:
            what = "as plain text"
    takes = ", ".join(sorted(_TAKEN[kind]))
    return Unsupported(
        f"{path}: Bedrock Converse takes no {kind} {what}; send its bytes, or an s3:// address, in one of: {takes}"
    )


_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9\s()\[\]-]+")
_SPACES = re.compile(r"\s+")
_EXTENSION = re.compile(r"\.[a-zA-Z0-9]{1,5}$")
_LONGEST_NAME = 200


class DocumentNames:
    """Gives each document a name the protocol accepts, and no two the same one.

    Letters, digits, single white spaces, hyphens, parentheses and square brackets:
    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_DocumentBlock.html (read 2026-11-21).
    """

    def __init__(self) -> None:
        self._given: set[str] = set()
        self._numbers: dict[str, int] = {}  # stem -> the last number it was told apart by

    def keep(self, name: str) -> None:
        self._given.add(name)

    def name(self, wanted: str) -> str:
        stem = _SPACES.sub(" ", _NOT_IN_NAMES.sub("-", _EXTENSION.sub("", wanted))).strip(" -")[:_LONGEST_NAME] or "document"
        name, number = stem, self._numbers.get(stem, 1)
        while name in self._given:
            number += 1
            self._numbers[stem] = number
            name = f"{stem[: _LONGEST_NAME - 8]} ({number})"
        self._given.add(name)
        return name
