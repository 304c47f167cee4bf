"""From what a person hands to ``upload`` to a file with a name and a type."""

from __future__ import annotations

import os
from base64 import b64encode

from turnout.adapt.media_types import sniffed
from turnout.errors import RequestError
from turnout.types import Upload


def upload_of(file: str | os.PathLike[str] | bytes, filename: str | None, media_type: str | None) -> Upload:
    """Reads a path. Raises RequestError for a file that cannot be read, or whose type nothing tells."""
    if isinstance(file, (bytes, bytearray, memoryview)):
        data = bytes(file)
    elif isinstance(file, (str, os.PathLike)):
        try:
            with open(file, "rb") as opened:
                data = opened.read()
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            raise RequestError(f"cannot read {os.fspath(file)}: {why}", param="file") from None
        filename = filename or os.path.basename(os.fspath(file))
    else:
        raise RequestError(f"a file is a path or bytes, not {type(file).__name__}", param="file")
    if not data:
        raise RequestError(f"{filename or 'the file'} is empty; providers refuse empty files", param="file")
    media_type = media_type or _type_of(filename, data)
    if media_type is None:
        raise RequestError("it is not known what the file is; say it with media_type='application/pdf', say", param="media_type")
    return Upload(data=data, filename=filename or "file", media_type=media_type)


def _type_of(filename: str | None, data: bytes) -> str | None:
    from mimetypes import guess_type  # 5 ms

    named = guess_type(filename)[0] if filename else None
    return named or sniffed(b64encode(data[:12]).decode("ascii"))
