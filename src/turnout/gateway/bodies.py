"""The bodies of requests: read with a bound on each, on the time it takes, and on all that are held together."""

from __future__ import annotations

import asyncio

from turnout.errors import RateLimited, RequestError
from turnout.gateway.asgi import CallerLeft, Receive, Scope, headers_by_name
from turnout.gateway.settings import Limits

_WAIT = 1.0  # seconds after which there may be room again


class BodyTooLarge(RequestError):
    """The request's body is larger than the gateway takes."""


class Bodies:
    """``read`` one, and ``release`` it when its call is over."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.held = 0  # bytes, of all callers together

    async def read(self, scope: Scope, receive: Receive) -> bytes:
        """Raises BodyTooLarge before a body is read whose length says so, RequestError when it takes too long, RateLimited when
        all that are held leave no room for it.
        """
        limits = self._limits
        announced = headers_by_name(scope).get(b"content-length")
        if announced is not None and announced.isdigit() and int(announced) > limits.body_bytes:
            raise _too_large(limits)
        message = await receive()
        if message["type"] == "http.disconnect":
            raise CallerLeft
        body: bytes = message.get("body", b"")
        if not message.get("more_body"):
            self._hold(len(body), len(body))
            return body
        try:
            async with asyncio.timeout(limits.body_seconds):
                return await self._rest(body, receive)
        except TimeoutError:
            raise RequestError(f"the request's body did not arrive within {limits.body_seconds:g} s", status=408) from None

    def release(self, body: bytes) -> None:
        self.held -= len(body)

    async def _rest(self, first: bytes, receive: Receive) -> bytes:
        pieces: list[bytes] = []
        size = 0
        piece, more = first, True
        try:
            while True:
                self._hold(len(piece), size + len(piece))
                size += len(piece)
                pieces.append(piece)
                if not more:
                    return b"".join(pieces)
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise CallerLeft
                piece, more = message.get("body", b""), message.get("more_body", False)
        except BaseException:
            self.held -= size
            raise

    def _hold(self, more: int, size: int) -> None:
        limits = self._limits
        if size > limits.body_bytes:
            raise _too_large(limits)
        if self.held + more > limits.bodies_bytes:
            what = f"{self.held:,} bytes of other requests are held here, which leaves no room for this one"
            raise RateLimited(f"{what}: try again in {_WAIT:g} s", status=429, retry_after=_WAIT)
        self.held += more


def _too_large(limits: Limits) -> BodyTooLarge:
    return BodyTooLarge(f"the request's body is larger than the {limits.body_bytes:,} bytes that this gateway takes", status=413)
