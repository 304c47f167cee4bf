"""What the gateway's fuzzing is run against: a real gateway on loopback, whose providers refuse whatever is asked of them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager

from running_gateway import running

from turnout.gateway import Limits, Settings
from turnout.types import HttpRequest, HttpResponse, Timeouts

# In every protocol's form at once, since what passes between two of the same protocol passes as it is.
_NO = {"message": "refused", "type": "invalid_request_error", "code": 400, "status": "INVALID_ARGUMENT"}
REFUSAL = HttpResponse(
    status=400,
    headers={"content-type": "application/json"},
    body=json.dumps({"type": "error", "message": "refused", "error": _NO}).encode(),
)
# Short waits, so that what never comes is given up within a test.
LIMITS = Limits(body_seconds=0.3, head_seconds=0.3, idle_seconds=0.3, write_seconds=1.0, head_bytes=16 * 1024)


class Refusing:
    """A transport to providers that say no: then nothing but what came in can be at fault, and every answer is a 4xx."""

    asked = 0

    @property
    def asynchronous(self) -> Refusing:
        return self

    async def send(self, request: HttpRequest, *, timeouts: Timeouts, deadline: float) -> HttpResponse:
        self.asked += 1
        return REFUSAL

    @asynccontextmanager
    async def open(self, request: HttpRequest, *, timeouts: Timeouts, deadline: float) -> AsyncIterator[Refused]:
        self.asked += 1
        yield Refused()

    async def aclose(self) -> None:
        pass


class Refused:
    head = REFUSAL

    def __init__(self) -> None:
        self._left = [REFUSAL.body]

    async def read(self, timeout: float) -> bytes:  # noqa: ASYNC109 - the seam's signature
        return self._left.pop() if self._left else b""


@contextmanager
def refusing() -> Iterator[tuple[str, Refusing]]:
    """The base URL of a gateway, and its transport."""
    upstream = Refusing()
    started: AbstractContextManager[tuple[str, object]] = running(upstream, Settings(limits=LIMITS))  # type: ignore[arg-type]
    with started as (url, _):
        yield url, upstream
