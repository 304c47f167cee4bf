"""The shapes of ASGI, and answers in them (https://asgi.readthedocs.io/en/latest/specs/www.html, read 2026-11-21)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


class CallerLeft(Exception):
    """The client closed its connection: nobody is left to answer."""


def headers_by_name(scope: Scope) -> Mapping[bytes, bytes]:
    """The first header of each name (lower case)."""
    by_name: Mapping[bytes, bytes] | None = scope.get("turnout.headers")
    if by_name is None:  # looked at several times in each call; our own server has made it
        by_name = scope["turnout.headers"] = dict(reversed(scope["headers"]))
    return by_name


def header(scope: Scope, name: bytes) -> str | None:
    """The first header of that name (lower case), as text."""
    value = headers_by_name(scope).get(name)
    return None if value is None else str(value, "latin-1")


async def reply(
    send: Send, status: int, body: bytes, headers: Sequence[tuple[bytes, bytes]], kind: bytes = b"application/json"
) -> None:
    """A whole answer."""
    headers = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), *headers]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
