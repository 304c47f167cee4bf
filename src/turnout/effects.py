"""The things a call may ask its driver to do. The engine yields them; only drivers perform them."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, Protocol, TypeVar, Union

from msgspec import Struct

from turnout.records import CallRecord
from turnout.types import HttpRequest, HttpResponse, Timeouts

T = TypeVar("T")


class Send(Struct):
    """One whole HTTP exchange. Answered with an HttpResponse; every wait in it ends at the latest at ``deadline``."""

    request: HttpRequest
    timeouts: Timeouts
    deadline: float  # on the driver's monotonic clock, seconds


class Session(Protocol):
    """What an open stream's bytes are fed to."""

    has_output: bool
    ended: bool
    headers: dict[str, str] | None

    def feed(self, chunk: bytes) -> Sequence[Any]: ...
    def end(self) -> Sequence[Any]: ...
    def check(self) -> None: ...


class Open(Struct):
    """Begin a streamed exchange and read it until ``session`` has output.

    Answered with an HttpResponse, body included, when the status is not 2xx; else None, and the stream stays open.
    """

    request: HttpRequest
    session: Session
    timeouts: Timeouts
    deadline: float


class Sleep(Struct):
    seconds: float


class Emit(Struct):
    """Hand a record to whoever listens. Never fails a call."""

    record: CallRecord


class Source(Protocol):
    """What is slow to get and shared by many: a token, credentials. ``make`` may read files and ask the network.

    ``under_way`` belongs to whoever performs ``Obtain``: it keeps there what has begun, so that it begins once.
    """

    under_way: dict[str, Any]

    def make(self) -> Any:
        """The value. Raises a ``turnout.errors.Error`` only."""
        ...


class Obtain(Struct):
    """Have ``source`` make its value away from whoever waits: once, however many ask for it at the same time.

    Answered with the value. The wait ends with the call's deadline, the making does not.
    """

    source: Source


class Fetch(Struct):
    """Get what an address in a request points to, from the public internet and from nowhere else.

    Answered with an HttpResponse: status 200, its content-type, and at most ``max_bytes`` of body.
    """

    url: str
    types: tuple[str, ...]  # media types that are wanted, "image/*" for a whole kind; (): any
    max_bytes: int
    timeouts: Timeouts
    deadline: float  # on the driver's monotonic clock, seconds


Effect = Union[Send, Open, Sleep, Emit, Obtain, Fetch]
Steps = Generator[Effect, Any, T]


def send(request: HttpRequest, timeouts: Timeouts, deadline: float) -> Steps[HttpResponse]:
    response: HttpResponse = yield Send(request, timeouts, deadline)
    return response


def open_stream(request: HttpRequest, session: Session, timeouts: Timeouts, deadline: float) -> Steps[HttpResponse | None]:
    refused: HttpResponse | None = yield Open(request, session, timeouts, deadline)
    return refused


def sleep(seconds: float) -> Steps[None]:
    yield Sleep(seconds)


def emit(record: CallRecord) -> Steps[None]:
    yield Emit(record)


def obtain(source: Source) -> Steps[Any]:
    return (yield Obtain(source))


def fetch(url: str, types: tuple[str, ...], max_bytes: int, timeouts: Timeouts, deadline: float) -> Steps[HttpResponse]:
    response: HttpResponse = yield Fetch(url, types, max_bytes, timeouts, deadline)
    return response
