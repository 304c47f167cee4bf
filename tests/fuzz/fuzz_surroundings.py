"""What every fuzzed thing is given: bytes in a response, a provider, a target; and what becomes of its errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple
from zlib import crc32

from fuzz_seeds import Seed

from turnout.catalog.schema import Provider
from turnout.errors import Error
from turnout.types import HttpResponse, Target
from turnout.wire import Wire

TARGET = Target("acme", "m")
_STATUSES = (400, 401, 402, 403, 404, 408, 409, 413, 422, 424, 429, 500, 502, 503, 504, 529, 302, 101)
_HEADERS = ("retry-after", "retry-after-ms", "x-ratelimit-reset-requests", "x-amzn-errortype", "date", "x-request-id")


class Fuzzed(NamedTuple):
    """``run`` raises nothing for any bytes, unless they have found a defect. ``takes`` says which seeds are of use."""

    name: str
    run: Callable[[bytes], None]
    takes: Callable[[Seed], bool]


def http(data: bytes) -> HttpResponse:
    return HttpResponse(status=200, body=data)


def provider(wire: Wire) -> Provider:
    return Provider(id=TARGET.provider, name="Acme", wire=wire.name, base_url="https://acme.test/v1")


def tell(wire: Wire, error: Error) -> None:
    if wire.server is not None:
        wire.server.render_error(error)


def errors_of(wire: Wire, codec: Any, asked: Any) -> Callable[[bytes], None]:
    """An error's body, with the same bytes as its headers. Reading it may not raise at all. ``asked``: the second argument."""

    def run(data: bytes) -> None:
        number = crc32(data)
        value = data[number % 64 :][:40].decode("latin-1")
        headers = {_HEADERS[number % len(_HEADERS)]: value, _HEADERS[(number >> 8) % len(_HEADERS)]: value[::-1]}
        response = HttpResponse(status=_STATUSES[number % len(_STATUSES)], headers=headers, body=data)
        error = codec.decode_error(response, asked)
        if not isinstance(error, Error):
            raise TypeError(f"decode_error gave {error!r}")
        str(error)
        tell(wire, error)

    return run
