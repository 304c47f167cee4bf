"""The things a call may ask its driver to do. The engine yields them; only drivers perform them."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeVar, Union

from msgspec import Struct

from turnout.records import CallRecord
from turnout.session import StreamSession
from turnout.types import HttpRequest, HttpResponse, Timeouts

T = TypeVar("T")


class Send(Struct):
    """One whole HTTP exchange. Answered with an HttpResponse; every wait in it ends at the latest at ``deadline``."""

    request: HttpRequest
    timeouts: Timeouts
    deadline: float  # on the driver's monotonic clock, seconds


class Open(Struct):
    """Begin a streamed exchange and read it until ``session`` has output.

    Answered with an HttpResponse, body included, when the status is not 2xx; else None, and the stream stays open.
    """

    request: HttpRequest
    session: StreamSession
    timeouts: Timeouts
    deadline: float


class Sleep(Struct):
    seconds: float


class Emit(Struct):
    """Hand a record to whoever listens. Never fails a call."""

    record: CallRecord


Effect = Union[Send, Open, Sleep, Emit]
Steps = Generator[Effect, Any, T]


def send(request: HttpRequest, timeouts: Timeouts, deadline: float) -> Steps[HttpResponse]:
    response: HttpResponse = yield Send(request, timeouts, deadline)
    return response


def open_stream(request: HttpRequest, session: StreamSession, timeouts: Timeouts, deadline: float) -> Steps[HttpResponse | None]:
    refused: HttpResponse | None = yield Open(request, session, timeouts, deadline)
    return refused


def sleep(seconds: float) -> Steps[None]:
    yield Sleep(seconds)


def emit(record: CallRecord) -> Steps[None]:
    yield Emit(record)
