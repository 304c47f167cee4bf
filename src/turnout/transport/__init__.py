"""How bytes travel: two small protocols, each in a sync and an async form. An adapter imports its library at first use."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Protocol

from turnout.types import HttpRequest, HttpResponse, Timeouts


class Body(Protocol):
    """A response whose head has arrived and whose body is still coming."""

    @property
    def head(self) -> HttpResponse:
        """Status and headers; the body is empty."""
        ...

    def read(self, timeout: float) -> bytes:
        """The next bytes as they come; b"" at the end.

        Raises TimedOut after ``timeout`` seconds, or at the deadline given to ``open``, and TransportFailed when the body breaks
        off: either closes the body. What arrived before a break is returned first.
        """
        ...


class AsyncBody(Protocol):
    """As Body."""

    @property
    def head(self) -> HttpResponse: ...

    async def read(self, timeout: float) -> bytes: ...  # noqa: ASYNC109 - the same signature in both worlds


class Transport(Protocol):
    """One HTTP exchange at a time, tried once: retries belong to the engine.

    A redirect is returned as it is, so that a credential never travels to another host. ``deadline`` is on
    ``time.monotonic()``, seconds; nothing waits past it. Raises only TransportFailed and TimedOut when no whole answer came
    back, and ConfigError for a request that cannot be said in HTTP (a line break in a header, a URL without a host).
    """

    def send(self, request: HttpRequest, *, timeouts: Timeouts, deadline: float) -> HttpResponse:
        """The whole answer. ``timeouts.connect`` and the deadline bound it."""
        ...

    def open(self, request: HttpRequest, *, timeouts: Timeouts, deadline: float) -> AbstractContextManager[Body]:
        """Entered when the head has arrived, at most ``timeouts.first_event`` seconds after sending; leaving it closes the body.

        A body that was not read to its end closes the connection at once, and the server sees it.
        """
        ...

    def close(self) -> None:
        """Closes the idle connections. Calls under way end on their own; later calls work but keep no connection."""
        ...


class AsyncTransport(Protocol):
    """As Transport. Cancelling the task that waits closes the connection at once."""

    async def send(self, request: HttpRequest, *, timeouts: Timeouts, deadline: float) -> HttpResponse: ...

    def open(self, request: HttpRequest, *, timeouts: Timeouts, deadline: float) -> AbstractAsyncContextManager[AsyncBody]: ...

    async def aclose(self) -> None: ...
