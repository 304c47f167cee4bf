"""A scripted transport for tests of applications: says what was written down, attempt by attempt, and records what was sent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Union

from msgspec import Struct
from msgspec.structs import replace

from turnout.errors import Error
from turnout.types import HttpRequest, HttpResponse, Timeouts

if TYPE_CHECKING:
    from turnout.transport import AsyncTransport, Transport


class ScriptedStream(Struct, frozen=True, kw_only=True):
    """A response that arrives piece by piece. An Error among ``chunks`` is raised when reading comes to it."""

    chunks: Sequence[bytes | Error]
    status: int = 200
    headers: Mapping[str, str] = MappingProxyType({"content-type": "text/event-stream"})


Scripted = Union[HttpResponse, ScriptedStream, Error]


class Script:
    """A Transport whose answers are ``attempts``, one for each exchange: a response, a stream, or an Error to raise.

    ``sent`` holds the requests, in order; ``timeouts`` what was allowed for each. ``open_bodies`` counts streams that were
    entered and not left. An exchange beyond the script raises AssertionError: the test did not expect it. For an
    AsyncClient, pass ``script.asynchronous``, which plays the same script.
    """

    def __init__(self, *attempts: Scripted) -> None:
        self._left = list(attempts)
        self.sent: list[HttpRequest] = []
        self.timeouts: list[Timeouts] = []
        self.open_bodies = 0
        self.closed = False

    @property
    def asynchronous(self) -> AsyncScript:
        return AsyncScript(self)

    @property
    def finished(self) -> bool:
        """Every attempt of the script was used."""
        return not self._left

    def send(self, request: HttpRequest, *, timeouts: Timeouts, deadline: float) -> HttpResponse:
        attempt = self._next(request, timeouts)
        if not isinstance(attempt, ScriptedStream):
            return attempt
        body = ScriptedBody(attempt)
        return replace(body.head, body=b"".join(iter(lambda: body.read(0), b"")))

    @contextmanager
    def open(self, request: HttpRequest, *, timeouts: Timeouts, deadline: float) -> Iterator[ScriptedBody]:
        body = self._opened(request, timeouts)
        try:
            yield body
        finally:
            self.open_bodies -= 1

    def close(self) -> None:
        self.closed = True

    def _next(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse | ScriptedStream:
        self.sent.append(request)
        self.timeouts.append(timeouts)
        if not self._left:
            raise AssertionError(f"exchange {len(self.sent)} is not in the script: {request!r}")
        attempt = self._left.pop(0)
        if isinstance(attempt, Error):
            raise attempt
        return attempt

    def _opened(self, request: HttpRequest, timeouts: Timeouts) -> ScriptedBody:
        attempt = self._next(request, timeouts)
        if isinstance(attempt, HttpResponse):
            attempt = ScriptedStream(chunks=[attempt.body], status=attempt.status, headers=attempt.headers)
        self.open_bodies += 1
        return ScriptedBody(attempt)


class ScriptedBody:
    """A Body: gives the pieces of a ScriptedStream one by one, then b""."""

    def __init__(self, stream: ScriptedStream) -> None:
        self.head = HttpResponse(status=stream.status, headers=stream.headers)
        self._left = [piece for piece in stream.chunks if piece != b""]

    def read(self, timeout: float) -> bytes:
        if not self._left:
            return b""
        piece = self._left.pop(0)
        if isinstance(piece, Error):
            raise piece
        return piece


class AsyncScript:
    """``script`` as an AsyncTransport."""

    def __init__(self, script: Script) -> None:
        self.script = script

    async def send(self, request: HttpRequest, *, timeouts: Timeouts, deadline: float) -> HttpResponse:
        return self.script.send(request, timeouts=timeouts, deadline=deadline)

    @asynccontextmanager
    async def open(self, request: HttpRequest, *, timeouts: Timeouts, deadline: float) -> AsyncIterator[AsyncScriptedBody]:
        with self.script.open(request, timeouts=timeouts, deadline=deadline) as body:
            yield AsyncScriptedBody(body)

    async def aclose(self) -> None:
        self.script.close()


class AsyncScriptedBody:
    """As ScriptedBody."""

    def __init__(self, body: ScriptedBody) -> None:
        self.head = body.head
        self._body = body

    async def read(self, timeout: float) -> bytes:  # noqa: ASYNC109 - the same signature in both worlds
        return self._body.read(timeout)


if TYPE_CHECKING:  # the seam changes: the type checker says so here
    _transport: Transport = Script()
    _async_transport: AsyncTransport = AsyncScript(Script())
