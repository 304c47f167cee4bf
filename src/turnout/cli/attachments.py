"""Files and addresses to send along with a prompt: each becomes the part that its media type asks for."""

from __future__ import annotations

import os

from turnout.cli.failures import WrongUsage
from turnout.types import Audio, DataSource, Document, Image, Part, Source, Text, UrlSource, Video

MOST_BYTES = 50 * 1024 * 1024  # more than any known provider takes in one request; protects memory, not their limits

_MEDIA_TYPES = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
    "heic": "image/heic",
    "bmp": "image/bmp",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "pdf": "application/pdf",
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "flac": "audio/flac",
    "ogg": "audio/ogg",
    "opus": "audio/opus",
    "m4a": "audio/mp4",
    "aac": "audio/aac",
    "mp4": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
    "mpeg": "video/mpeg",
}

# First bytes speak for a file whose name is wrong or says nothing: (offset, bytes, ending)
_SIGNATURES = (
    (0, b"\x89PNG\r\n\x1a\n", "png"),
    (0, b"\xff\xd8\xff", "jpg"),
    (0, b"GIF8", "gif"),
    (8, b"WEBP", "webp"),
    (0, b"%PDF-", "pdf"),
    (8, b"WAVE", "wav"),
    (0, b"ID3", "mp3"),
    (0, b"fLaC", "flac"),
    (0, b"OggS", "ogg"),
)


def attachment(name: str) -> Part:
    """The part for the file or http(s) address ``name``.

    Images, sound, video and PDF go as they are; anything else must be UTF-8 text and goes as text under its file name.
    An address is handed to the provider, which fetches it.
    """
    if name.startswith(("http://", "https://")):
        ending = _ending(name.partition("?")[0].partition("#")[0])
        if ending not in _MEDIA_TYPES:
            raise WrongUsage(f"cannot tell what {name} is: its path must end in one of {', '.join(_MEDIA_TYPES)}")
        media_type = _MEDIA_TYPES[ending]
        return _part(UrlSource(name, media_type), media_type, ending, name.rpartition("/")[2])
    return _from_file(name, _read(name))


def _read(name: str) -> bytes:
    try:
        with open(name, "rb") as file:
            data = file.read(MOST_BYTES + 1)
            size = max(os.fstat(file.fileno()).st_size, len(data))
    except OSError as error:
        raise WrongUsage(f"cannot attach '{name}': {error.strerror}") from error
    if not data:
        raise WrongUsage(f"cannot attach '{name}': it is empty")
    if len(data) > MOST_BYTES:
        raise WrongUsage(f"cannot attach '{name}': it has {megabytes(size)}, and {megabytes(MOST_BYTES)} is the most")
    return data


def _from_file(name: str, data: bytes) -> Part:
    base = os.path.basename(name)
    ending = next((kind for at, magic, kind in _SIGNATURES if data.startswith(magic, at)), _ending(name))
    if ending in _MEDIA_TYPES:
        from base64 import b64encode

        media_type = _MEDIA_TYPES[ending]
        return _part(DataSource(b64encode(data).decode(), media_type), media_type, ending, base)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise WrongUsage(
            f"cannot attach '{name}' ({megabytes(len(data))}): it is neither UTF-8 text nor one of {', '.join(_MEDIA_TYPES)}"
        ) from error
    return Text(f"{base}:\n\n{text}")


def _part(source: Source, media_type: str, ending: str, filename: str) -> Part:
    match media_type.partition("/")[0]:
        case "image":
            return Image(source)
        case "audio":
            return Audio(source, format=ending)
        case "video":
            return Video(source)
        case _:
            return Document(source, filename=filename)


def _ending(name: str) -> str:
    return os.path.splitext(name)[1].lstrip(".").lower()


def megabytes(size: int) -> str:
    """``size`` bytes as people read it: "812 bytes", "3.1 MB"."""
    return f"{size} bytes" if size < 100_000 else f"{size / 1_000_000:.1f} MB"
