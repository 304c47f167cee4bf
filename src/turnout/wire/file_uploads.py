"""Giving a file into a provider's keeping, as most protocols have it: a form with the file and perhaps what it is for.

A protocol gives its facts to ``FileUploads`` (``wire/<name>/files.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from turnout.catalog.schema import Provider
from turnout.errors import Error, RequestError, ServerFault
from turnout.types import FileSource, HeldFile, HttpRequest, HttpResponse, Target, Upload
from turnout.wire.json_body import answer_json

FILES = "files"  # stands for a model's name where a file is spoken of


class FileUploads(Struct, frozen=True, kw_only=True):
    """A FilesCodec. ``fields`` stand before the file in the form. An upload is answered with the file's ``id``."""

    read_error: Callable[[HttpResponse, Target], Error]
    fields: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    max_bytes: int | None = None

    def encode(self, upload: Upload, provider: Provider) -> HttpRequest:
        boundary = boundary_for(upload.data)
        pieces = [_field(boundary, name, value) for name, value in self.fields.items()]
        disposition = f'form-data; name="file"; filename="{_quoted(upload.filename)}"'
        head = f"--{boundary}\r\ncontent-disposition: {disposition}\r\ncontent-type: {clean_type(upload.media_type)}\r\n\r\n"
        body = b"".join((*pieces, head.encode(), upload.data, f"\r\n--{boundary}--\r\n".encode()))
        headers = {"content-type": f"multipart/form-data; boundary={boundary}", **self.headers, **provider.headers}
        return HttpRequest(method="POST", url=below(provider.base_url), headers=headers, body=body)

    def encode_check(self, held: HeldFile, provider: Provider) -> HttpRequest:
        return HttpRequest(method="GET", url=below(provider.base_url, held.name), headers={**self.headers, **provider.headers})

    def decode(self, response: HttpResponse, upload: Upload, provider: Provider) -> HeldFile:
        told = answered(response, provider)
        match told:
            case {"id": str(id)} if id:
                return HeldFile(source=FileSource(id, upload.media_type, provider.id), name=id)
        raise unlike(told, response, provider, self.read_error)

    def decode_error(self, response: HttpResponse, provider: Provider) -> Error:
        return self.read_error(response, Target(provider.id, FILES))


def below(base_url: str, id: str = "") -> str:
    """The address of all files, or of one."""
    from urllib.parse import quote

    one = f"/{quote(id, safe='')}" if id else ""
    return f"{base_url}/files{one}"


def boundary_for(data: bytes) -> str:
    """A line that ``data`` does not hold; the same for the same data."""
    from hashlib import sha256

    digest = sha256(data).hexdigest()
    boundary = f"turnout-{digest[:32]}"
    while boundary.encode() in data:
        digest = sha256(digest.encode()).hexdigest()
        boundary = f"turnout-{digest[:32]}"
    return boundary


def clean_type(media_type: str) -> str:
    """``media_type`` as it may stand in a header. Raises RequestError for what cannot."""
    if not media_type.isascii() or not media_type.isprintable() or "/" not in media_type:
        raise RequestError(f"{media_type!r} is no media type; expected something like application/pdf", param="media_type")
    return media_type


def answered(response: HttpResponse, provider: Provider) -> Any:
    target = Target(provider.id, FILES)
    return answer_json(response, target)


def unlike(told: Any, response: HttpResponse, provider: Provider, read_error: Callable[[HttpResponse, Target], Error]) -> Error:
    """What an answer means that names no file."""
    target = Target(provider.id, FILES)
    if isinstance(told, dict) and told.get("error"):
        return read_error(response, target)
    return ServerFault(f"{target}: the answer names no file", status=response.status, target=target)


def _field(boundary: str, name: str, value: str) -> bytes:
    return f'--{boundary}\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()


def _quoted(name: str) -> str:
    """As browsers do: https://html.spec.whatwg.org/multipage/form-control-infrastructure.html#multipart-form-data."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A").replace("\0", "")
