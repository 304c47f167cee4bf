"""Transports that pass everything on and write down what they saw, without keys, for Replay."""

from __future__ import annotations

import os
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from types import TracebackType

from turnout.errors import ConfigError
from turnout.transport import AsyncBody, AsyncTransport, Body, Transport
from turnout.transport.exchange import Exchange, encode_line, write_exchanges
from turnout.types import HttpRequest, HttpResponse, Timeouts

MAX_RECORDED_BYTES = 256 * 1024 * 1024


class _Lines:
    def __init__(self, path: str | os.PathLike[str], max_bytes: int) -> None:
        self._path = path
        self._max_bytes = max_bytes
        self._size = 0
        self._lines: list[bytes] = []

    def add(self, exchange: Exchange) -> None:
        line = encode_line(exchange)
        self._size += len(line)
        if self._size > self._max_bytes:
            raise ConfigError(
                f"the recording for {os.fspath(self._path)} grew over {self._max_bytes} bytes; record less at a time"
            )
        self._lines.append(line)

    def save(self) -> None:
        write_exchanges(self._path, self._lines)


class Recorder:
    """A Transport around another. The file is written by ``close`` or ``save``, and replaces one of that name.

    A call that failed is not recorded. Of a stream that was left early, what had been read is.
    """

    def __init__(self, transport: Transport, path: str | os.PathLike[str], *, max_bytes: int = MAX_RECORDED_BYTES) -> None:
        self._transport = transport
        self._lines = _Lines(path, max_bytes)

    def send(self, request: HttpRequest, *, timeouts: Timeouts, deadline: float) -> HttpResponse:
        response = self._transport.send(request, timeouts=timeouts, deadline=deadline)
        self._lines.add(Exchange(request=request, response=response))
        return response

    def open(self, request: HttpRequest, *, timeouts: Timeouts, deadline: float) -> RecordedBody:
        return RecordedBody(self._transport.open(request, timeouts=timeouts, deadline=deadline), request, self._lines)

    def save(self) -> None:
        """Writes what was recorded so far."""
        self._lines.save()

    def close(self) -> None:
        self._transport.close()
        self._lines.save()


class AsyncRecorder:
    """As Recorder, an AsyncTransport."""

    def __init__(self, transport: AsyncTransport, path: str | os.PathLike[str], *, max_bytes: int = MAX_RECORDED_BYTES) -> None:
        self._transport = transport
        self._lines = _Lines(path, max_bytes)

    async def send(self, request: HttpRequest, *, timeouts: Timeouts, deadline: float) -> HttpResponse:
        response = await self._transport.send(request, timeouts=timeouts, deadline=deadline)
        self._lines.add(Exchange(request=request, response=response))
        return response

    def open(self, request: HttpRequest, *, timeouts: Timeouts, deadline: float) -> AsyncRecordedBody:
        return AsyncRecordedBody(self._transport.open(request, timeouts=timeouts, deadline=deadline), request, self._lines)

    def save(self) -> None:
        self._lines.save()

    async def aclose(self) -> None:
        await self._transport.aclose()
        self._lines.save()


class RecordedBody:
    """A Body that keeps what is read of it."""

    head: HttpResponse

    def __init__(self, opening: AbstractContextManager[Body], request: HttpRequest, lines: _Lines) -> None:
        self._opening = opening
        self._request = request
        self._lines = lines
        self._pieces: list[bytes] = []
        self._failed = False

    def __enter__(self) -> RecordedBody:
        self._body = self._opening.__enter__()
        self.head = self._body.head
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self._opening.__exit__(kind, error, traceback)
        if not self._failed:
            self._lines.add(_streamed(self._request, self.head, self._pieces))

    def read(self, timeout: float) -> bytes:
        try:
            data = self._body.read(timeout)
        except BaseException:
            self._failed = True
            raise
        if data:
            self._pieces.append(data)
        return data


class AsyncRecordedBody:
    """An AsyncBody that keeps what is read of it."""

    head: HttpResponse

    def __init__(self, opening: AbstractAsyncContextManager[AsyncBody], request: HttpRequest, lines: _Lines) -> None:
        self._opening = opening
        self._request = request
        self._lines = lines
        self._pieces: list[bytes] = []
        self._failed = False

    async def __aenter__(self) -> AsyncRecordedBody:
        self._body = await self._opening.__aenter__()
        self.head = self._body.head
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._opening.__aexit__(kind, error, traceback)
        if not self._failed:
            self._lines.add(_streamed(self._request, self.head, self._pieces))

    async def read(self, timeout: float) -> bytes:  # noqa: ASYNC109 - the seam's signature
        try:
            data = await self._body.read(timeout)
        except BaseException:
            self._failed = True
            raise
        if data:
            self._pieces.append(data)
        return data


def _streamed(request: HttpRequest, head: HttpResponse, pieces: list[bytes]) -> Exchange:
    response = HttpResponse(status=head.status, headers=head.headers, body=b"".join(pieces))
    return Exchange(request=request, response=response, chunks=tuple(map(len, pieces)))
