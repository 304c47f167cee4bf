"""Gemini's Files API: what was uploaded is named by its address, and some of it has to be prepared before it can be used.

https://ai.google.dev/api/files and https://ai.google.dev/gemini-api/docs/files (read 2026-11-21)
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from turnout.catalog.schema import Provider
from turnout.errors import Error, RequestError, Unsupported
from turnout.types import FileSource, HeldFile, HttpRequest, HttpResponse, Target, Upload
from turnout.wire.file_uploads import FILES as FILES_NAME, answered, boundary_for, clean_type, unlike
from turnout.wire.gemini.faults import read_error

_VERSION = re.compile(r"/v1[a-z0-9]*$")
_NAME = re.compile(r"files/[a-zA-Z0-9_-]+")
_READY = {"ACTIVE": True, "PROCESSING": False}


class GeminiFiles:
    """A FilesCodec. Two gigabytes a file, kept for two days."""

    max_bytes: int | None = 2 * 1024**3

    def encode(self, upload: Upload, provider: Provider) -> HttpRequest:
        boundary = boundary_for(upload.data)
        about = msgspec.json.encode({"file": {"display_name": upload.filename, "mime_type": upload.media_type}})
        body = b"".join(
            (
                f"--{boundary}\r\ncontent-type: application/json; charset=utf-8\r\n\r\n".encode(),
                about,
                f"\r\n--{boundary}\r\ncontent-type: {clean_type(upload.media_type)}\r\n\r\n".encode(),
                upload.data,
                f"\r\n--{boundary}--\r\n".encode(),
            )
        )
        base, version = _split(provider)
        headers = {"content-type": f"multipart/related; boundary={boundary}", "x-goog-upload-protocol": "multipart"}
        return HttpRequest(method="POST", url=f"{base}/upload{version}/files", headers={**headers, **provider.headers}, body=body)

    def encode_check(self, held: HeldFile, provider: Provider) -> HttpRequest:
        base, version = _split(provider)
        return HttpRequest(method="GET", url=f"{base}{version}/{held.name}", headers=dict(provider.headers))

    def decode(self, response: HttpResponse, upload: Upload, provider: Provider) -> HeldFile:
        told = answered(response, provider)
        file: Any = told.get("file", told) if isinstance(told, dict) else None  # a check is answered with the file alone
        match file:
            case {"uri": str(uri), "name": str(name)} if uri and _NAME.fullmatch(name):
                state = file.get("state", "ACTIVE")
                if state == "FAILED":
                    why = file.get("error", {}).get("message") if isinstance(file.get("error"), dict) else None
                    raise RequestError(f"{upload.filename}: {provider.name} could not make use of it{f': {why}' if why else ''}")
                source = FileSource(uri, upload.media_type, provider.id)
                return HeldFile(source=source, ready=_READY.get(state, True) if isinstance(state, str) else True, name=name)
        raise unlike(told, response, provider, read_error)

    def decode_error(self, response: HttpResponse, provider: Provider) -> Error:
        return read_error(response, Target(provider.id, FILES_NAME))


def _split(provider: Provider) -> tuple[str, str]:
    """Before the version of the API, and that. Vertex AI, whose addresses go on, keeps no files: they lie in Cloud Storage."""
    found = _VERSION.search(provider.base_url)
    if found is None:
        raise Unsupported(f"{provider.name} keeps no files; put it into Cloud Storage and send its gs:// address, or its bytes")
    return provider.base_url[: found.start()], found[0]


FILES = GeminiFiles()
