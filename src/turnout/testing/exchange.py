"""Recorded exchanges: one HTTP request and its response, read from JSON Lines.

One exchange a line::

    {"id": "<provider>.<endpoint>.<hash>", "source": "where it was recorded",
     "request":  {"method", "url", "headers", "json" | "text" | neither},
     "response": {"status", "headers", "json" | "sse" | "ndjson" | "base64" | "text"},
     "tags":     [...]}

``sse`` and ``ndjson`` hold the raw text of a stream, ``base64`` the bytes of a binary body, ``json`` a whole body; a
request whose ``json`` is null is not known. A file named ``<provider>__<endpoint>.jsonl`` names both for its lines.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from turnout.errors import ConfigError
from turnout.types import HttpRequest, HttpResponse

Framing = Literal["json", "sse", "ndjson", "base64", "text"]


class Exchange(Struct, frozen=True, kw_only=True):
    """``request`` has an empty body when the recording does not hold it; ``framing`` says what the response body is."""

    id: str
    provider: str
    endpoint: str
    request: HttpRequest
    response: HttpResponse
    framing: Framing
    source: str = ""
    tags: frozenset[str] = frozenset()

    @property
    def succeeded(self) -> bool:
        return 200 <= self.response.status < 300


class _Request(Struct):
    method: str
    url: str
    headers: dict[str, str] = {}
    json: msgspec.Raw = msgspec.Raw()
    text: str | None = None


class _Response(Struct):
    status: int
    headers: dict[str, str] = {}
    json: msgspec.Raw = msgspec.Raw()
    sse: str | None = None
    ndjson: str | None = None
    base64: bytes | None = None
    text: str | None = None


class _Line(Struct):
    id: str
    request: _Request
    response: _Response
    source: str = ""
    tags: list[str] = []


_decode_line = msgspec.json.Decoder(_Line).decode


def read_exchanges(path: Path) -> Iterator[Exchange]:
    """The exchanges of one file, in order. Raises ConfigError that names the file and line of what is not an exchange."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                yield _exchange(_decode_line(line), path)
            except (msgspec.MsgspecError, ValueError) as error:
                raise ConfigError(f"{path}:{number} is not a recorded exchange: {error}") from error


def exchange_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.jsonl"))


def _exchange(line: _Line, path: Path) -> Exchange:
    provider, separator, endpoint = path.stem.partition("__")
    if not separator:
        provider, _, rest = line.id.partition(".")
        endpoint = rest.rpartition(".")[0]
    framing, body = _body(line.response)
    request = line.request
    known = bytes(request.json) if bytes(request.json) not in (b"", b"null") else (request.text or "").encode()
    return Exchange(
        id=line.id,
        provider=provider,
        endpoint=endpoint,
        source=line.source,
        request=HttpRequest(method=request.method, url=request.url, headers=_lower(request.headers), body=known),
        response=HttpResponse(status=line.response.status, headers=_lower(line.response.headers), body=body),
        framing=framing,
        tags=frozenset(line.tags),
    )


def _body(response: _Response) -> tuple[Framing, bytes]:
    if bytes(response.json):
        return "json", bytes(response.json)
    if response.sse is not None:
        return "sse", response.sse.encode()
    if response.ndjson is not None:
        return "ndjson", response.ndjson.encode()
    if response.base64 is not None:
        return "base64", response.base64
    if response.text is not None:
        return "text", response.text.encode()
    raise ValueError("its response has no body: expected one of json, sse, ndjson, base64, text")


def _lower(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
