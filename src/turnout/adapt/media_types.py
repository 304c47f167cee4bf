"""What a medium is, by what it says and by its first bytes; data: URLs; text that travels as data."""

from __future__ import annotations

from base64 import b64decode, b64encode

from turnout.types import Audio, DataSource, Document, Image, Video

# The first characters of a file's base64: https://en.wikipedia.org/wiki/List_of_file_signatures
_MAGIC = {
    "iVBORw0KGgo": "image/png",
    "/9j/": "image/jpeg",
    "R0lGOD": "image/gif",
    "JVBERi": "application/pdf",
    "SUQz": "audio/mpeg",
    "T2dnUw": "audio/ogg",
    "ZkxhQw": "audio/flac",
}
_OTHER_NAMES = {"image/jpg": "image/jpeg"}
_TEXTS = ("application/json", "application/xml", "application/javascript", "application/csv", "application/rtf")


def media_type_of(part: Image | Audio | Video | Document, source: DataSource) -> str | None:
    """In lower case and without parameters; None when neither the source nor its first bytes say."""
    if source.media_type:
        stated = source.media_type.partition(";")[0].strip().lower()
        return _OTHER_NAMES.get(stated, stated)
    if isinstance(part, Audio) and part.format:
        return f"audio/{part.format.lower()}"
    known = sniffed(source.data)
    if known is None and source.data.startswith("UklGR"):  # RIFF, which holds sound and images
        known = "audio/wav" if isinstance(part, Audio) else "image/webp" if isinstance(part, Image) else None
    return known


def sniffed(data: str) -> str | None:
    """What the first bytes of ``data``, which is base64, say it is."""
    return next((kind for magic, kind in _MAGIC.items() if data.startswith(magic)), None)


def matches(media_type: str, types: tuple[str, ...]) -> bool:
    """``types`` may hold "image/*" for a whole kind."""
    return any(media_type == known or (known.endswith("/*") and media_type.startswith(known[:-1])) for known in types)


def split_data_url(url: str) -> tuple[str | None, str] | None:
    """Media type and base64 of a data: URL (RFC 2397); None for what is none."""
    head, comma, data = url[5:].partition(",")
    if not comma:
        return None
    words = [word.strip() for word in head.split(";")]
    media_type = words[0].lower() or None
    if words[-1].lower() == "base64":
        return media_type, data
    from urllib.parse import unquote_to_bytes

    return media_type or "text/plain", encoded(unquote_to_bytes(data))


def as_text(source: DataSource, media_type: str | None) -> str | None:
    """The text that ``source`` holds; None when it is not text in UTF-8."""
    if media_type is None or not (media_type.startswith("text/") or media_type in _TEXTS):
        return None
    try:
        return b64decode(source.data, validate=True).decode()
    except ValueError:
        return None


def encoded(data: bytes) -> str:
    return b64encode(data).decode("ascii")
