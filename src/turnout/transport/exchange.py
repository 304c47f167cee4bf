"""Recorded exchanges: a request, its answer, and the JSON Lines file that keeps them without a key."""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from turnout.errors import ConfigError
from turnout.types import HttpRequest, HttpResponse

REDACTED = "[redacted]"

# Of a request only these are written, so that an auth scheme nobody thought of cannot leak either.
_REQUEST_HEADERS = frozenset({"accept", "anthropic-beta", "anthropic-version", "content-type", "openai-beta", "user-agent"})
_RESPONSE_SECRETS = frozenset(
    {"anthropic-organization-id", "openai-organization", "openai-project", "proxy-authenticate", "set-cookie", "www-authenticate"}
)
_LEAST_SECRET_LENGTH = 8  # characters; anything shorter would redact ordinary words


class Exchange(Struct, frozen=True, kw_only=True):
    """``chunks``: the sizes in which a streamed body is handed out; without them it comes in one piece."""

    request: HttpRequest
    response: HttpResponse
    chunks: tuple[int, ...] = ()


class _Body(Struct, kw_only=True, omit_defaults=True):
    headers: dict[str, str] = {}
    text: str | None = None
    base64: str | None = None


class _Request(_Body, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    method: str
    url: str
    json: Any = msgspec.UNSET


class _Response(_Body, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    status: int


class _Line(Struct, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    request: _Request
    response: _Response
    chunks: tuple[int, ...] = ()


def redacted(exchange: Exchange) -> Exchange:
    """Without credentials: no query, few request headers, and no copy of what they held anywhere else."""
    request, response = exchange.request, exchange.response
    secrets = list(_secrets(request))
    body = _redact(response.body, secrets)
    return Exchange(
        request=HttpRequest(
            method=request.method,
            url=without_credentials(request.url),
            headers={name: value for name, value in request.headers.items() if name.lower() in _REQUEST_HEADERS},
            body=_redact(request.body, secrets),
        ),
        response=HttpResponse(
            status=response.status,
            headers={
                name: _redact(value.encode(), secrets).decode()
                for name, value in response.headers.items()
                if name not in _RESPONSE_SECRETS
            },
            body=body,
        ),
        chunks=exchange.chunks if len(body) == len(response.body) else (),
    )


def encode_line(exchange: Exchange) -> bytes:
    """One line of the file, redacted."""
    exchange = redacted(exchange)
    request, response = exchange.request, exchange.response
    line = _Line(
        request=_Request(method=request.method, url=request.url, headers=dict(request.headers)),
        response=_Response(status=response.status, headers=dict(response.headers)),
        chunks=exchange.chunks,
    )
    try:
        line.request.json = msgspec.json.decode(request.body)
    except msgspec.DecodeError:
        _set_body(line.request, request.body)
    _set_body(line.response, response.body)
    return msgspec.json.encode(line) + b"\n"


def read_exchanges(path: str | os.PathLike[str]) -> list[Exchange]:
    """Raises ConfigError that names the line which cannot be read."""
    try:
        with open(path, "rb") as file:
            lines = file.read().splitlines()
    except OSError as error:
        raise ConfigError(f"cannot read recorded exchanges from {os.fspath(path)}: {error.strerror}") from None
    exchanges = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            exchanges.append(_decode_line(line))
        except (msgspec.DecodeError, ValueError) as error:
            raise ConfigError(f"{os.fspath(path)}:{number} is not a recorded exchange: {error}") from None
    return exchanges


def write_exchanges(path: str | os.PathLike[str], lines: Iterable[bytes]) -> None:
    """Replaces the file at once or not at all; readable by its owner only."""
    from tempfile import mkstemp  # only those who record pay for it

    target = os.path.abspath(path)
    descriptor, temporary = mkstemp(prefix=f".{os.path.basename(target)}.", dir=os.path.dirname(target))  # mode 600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def _decode_line(line: bytes) -> Exchange:
    decoded = msgspec.json.decode(line, type=_Line)
    request, response = decoded.request, decoded.response
    return Exchange(
        request=HttpRequest(
            method=request.method,
            url=request.url,
            headers=request.headers,
            body=_get_body(request) if request.json is msgspec.UNSET else msgspec.json.encode(request.json),
        ),
        response=HttpResponse(status=response.status, headers=response.headers, body=_get_body(response)),
        chunks=decoded.chunks,
    )


def _set_body(recorded: _Body, body: bytes) -> None:
    try:
        recorded.text = body.decode() or None
    except UnicodeDecodeError:
        recorded.base64 = b64encode(body).decode("ascii")


def _get_body(recorded: _Body) -> bytes:
    if recorded.base64 is not None:
        return b64decode(recorded.base64, validate=True)
    return (recorded.text or "").encode()


def without_credentials(url: str) -> str:
    scheme, mark, rest = url.partition("#")[0].partition("?")[0].partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}{mark}{authority.rpartition('@')[2]}{slash}{path}"


def _secrets(request: HttpRequest) -> Iterable[bytes]:
    for value in _withheld(request.headers, request.url):
        for part in (value, value.rpartition(" ")[2]):  # also without its scheme, as in "Bearer ..."
            if len(part) >= _LEAST_SECRET_LENGTH:
                yield part.encode()


def _withheld(headers: Mapping[str, str], url: str) -> Iterable[str]:
    yield from (value for name, value in headers.items() if name.lower() not in _REQUEST_HEADERS)
    for parameter in url.partition("#")[0].partition("?")[2].split("&"):
        yield parameter.partition("=")[2]
    userinfo = url.partition("://")[2].partition("/")[0].rpartition("@")[0]
    yield userinfo.partition(":")[2]


def _redact(data: bytes, secrets: Iterable[bytes]) -> bytes:
    for secret in secrets:
        data = data.replace(secret, REDACTED.encode())
    return data
