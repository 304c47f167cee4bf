"""The shapes of ASGI, and answers in them (https://asgi.readthedocs.io/en/latest/specs/www.html, read 2026-11-21)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any

from turnout.errors import RequestError
from turnout.gateway.settings import Limits

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


class CallerLeft(Exception):
    """The client closed its connection: nobody is left to answer."""


class BodyTooLarge(RequestError):
    """The request's body is larger than the gateway takes."""


async def read_body(scope: Scope, receive: Receive, limits: Limits) -> bytes:
    """Raises BodyTooLarge before the body is read when its length says so, RequestError when it takes too long."""
    announced = header(scope, b"content-length")
    if announced is not None and announced.isdigit() and int(announced) > limits.body_bytes:
        raise _too_large(limits)
    message = await receive()
    if message["type"] == "http.disconnect":
        raise CallerLeft
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body
    try:
        async with asyncio.timeout(limits.body_seconds):
            return await _rest(body, receive, limits)
    except TimeoutError:
        raise RequestError(f"the request's body did not arrive within {limits.body_seconds:g} s", status=408) from None


async def _rest(first: bytes, receive: Receive, limits: Limits) -> bytes:
    pieces = [first]
    size = len(first)
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise CallerLeft
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        if size > limits.body_bytes:
            raise _too_large(limits)
        if not message.get("more_body"):
            return b"".join(pieces)


def _too_large(limits: Limits) -> BodyTooLarge:
    return BodyTooLarge(f"the request's body is larger than the {limits.body_bytes:,} bytes that this gateway takes", status=413)


def header(scope: Scope, name: bytes) -> str | None:
    """The first header of that name (lower case), as text."""
    by_name = scope.get("turnout.headers")
    if by_name is None:  # looked at several times in each call
        by_name = scope["turnout.headers"] = dict(reversed(scope["headers"]))
    value = by_name.get(name)
    return None if value is None else str(value, "latin-1")


async def reply(
    send: Send, status: int, body: bytes, headers: Sequence[tuple[bytes, bytes]], kind: bytes = b"application/json"
) -> None:
    """A whole answer."""
    length = str(len(body)).encode()
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-type", kind), (b"content-length", length), *headers],
        }
    )
    await send({"type": "http.response.body", "body": body})
