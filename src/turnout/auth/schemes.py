"""Ways to prove who asks: a key in a header, or in the query."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from turnout.auth.secrets import Secret
from turnout.effects import Steps
from turnout.types import HttpRequest

# A scheme is a generator because some need an exchange of their own first (a token to fetch): they yield it as an effect.
Scheme = Callable[[HttpRequest, Secret | None], Steps[HttpRequest]]


def bearer(header: str = "") -> Scheme:
    """``Authorization: Bearer KEY`` (RFC 6750 §2.1), or the same in the header named."""
    return _in_header(header or "authorization", "Bearer ")


def header(name: str) -> Scheme:
    """``NAME: KEY``."""
    return _in_header(name.lower(), "")


def query(name: str) -> Scheme:
    """``?NAME=KEY``."""

    def sign(request: HttpRequest, secret: Secret | None) -> Steps[HttpRequest]:
        yield from ()
        if secret is None:
            return request
        from urllib.parse import quote  # 6 ms; only providers that want the key in the query pay it

        return replace(request, url=f"{request.url}{'&' if '?' in request.url else '?'}{name}={quote(secret.reveal(), safe='')}")

    return sign


def none(argument: str = "") -> Scheme:
    """Nothing is sent, whatever key there is."""

    def sign(request: HttpRequest, secret: Secret | None) -> Steps[HttpRequest]:
        yield from ()
        return request

    return sign


def _in_header(name: str, prefix: str) -> Scheme:
    def sign(request: HttpRequest, secret: Secret | None) -> Steps[HttpRequest]:
        yield from ()
        if secret is None:
            return request
        return replace(request, headers={**request.headers, name: prefix + secret.reveal()})

    return sign
