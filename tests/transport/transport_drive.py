"""Both HTTP transports behind one blocking face, so that each test is written once."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from turnout.transport.http import HttpTransport
from turnout.transport.http_async import AsyncHttpTransport
from turnout.types import HttpRequest, HttpResponse, Timeouts

CALL_SECONDS = 10.0  # the deadline of a call that should not meet it


class Drive:
    """A transport of either kind, called as if it were blocking."""

    def __init__(self, kind: str, runner: asyncio.Runner, **options: Any) -> None:
        self._runner = runner
        self._sync = HttpTransport(**options) if kind == "sync" else None
        self._async = AsyncHttpTransport(**options) if kind == "async" else None

    def send(self, request: HttpRequest | str, *, seconds: float = CALL_SECONDS, **limits: float | None) -> HttpResponse:
        """``seconds`` until the deadline; ``limits`` as of Timeouts."""
        arguments = {"timeouts": Timeouts(**limits), "deadline": time.monotonic() + seconds}  # type: ignore[arg-type]
        if self._sync is not None:
            return self._sync.send(to_request(request), **arguments)  # type: ignore[arg-type]
        return self._runner.run(self._async.send(to_request(request), **arguments))  # type: ignore[union-attr, arg-type]

    @contextmanager
    def open(self, request: HttpRequest | str, *, seconds: float = CALL_SECONDS, **limits: float | None) -> Iterator[OpenBody]:
        arguments = {"timeouts": Timeouts(**limits), "deadline": time.monotonic() + seconds}  # type: ignore[arg-type]
        if self._sync is not None:
            with self._sync.open(to_request(request), **arguments) as body:  # type: ignore[arg-type]
                yield OpenBody(body, body.read)
            return
        context = self._async.open(to_request(request), **arguments)  # type: ignore[union-attr, arg-type]
        body_async = self._runner.run(context.__aenter__())
        try:
            yield OpenBody(body_async, lambda timeout: self._runner.run(body_async.read(timeout)))
        finally:
            self._runner.run(context.__aexit__(None, None, None))
            self._runner.run(asyncio.sleep(0))

    def wait_for(self, event: threading.Event) -> None:
        """Do nothing, but let the loop run if there is one."""
        if self._sync is not None:
            assert event.wait(CALL_SECONDS)
        else:
            assert self._runner.run(asyncio.to_thread(event.wait, CALL_SECONDS))

    def close(self) -> None:
        if self._sync is not None:
            self._sync.close()
        if self._async is not None:
            self._runner.run(self._async.aclose())


class OpenBody:
    def __init__(self, body: Any, read: Any) -> None:
        self.head: HttpResponse = body.head
        self._read = read

    def read(self, timeout: float = CALL_SECONDS) -> bytes:
        data: bytes = self._read(timeout)
        return data

    def rest(self) -> bytes:
        return b"".join(iter(self.read, b""))


def to_request(request: HttpRequest | str) -> HttpRequest:
    if isinstance(request, HttpRequest):
        return request
    return HttpRequest(method="POST", url=request, headers={"content-type": "application/json"}, body=b"{}")
