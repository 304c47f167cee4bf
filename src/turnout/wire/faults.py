"""What errors have in common in every wire: how a refusal is read, what a status means, and how an Error is made of both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol, TypeVar

import msgspec

from turnout.errors import (
    AllTargetsFailed,
    AuthenticationFailed,
    BudgetExceeded,
    CircuitOpen,
    DeadlineExceeded,
    Error,
    ModelNotFound,
    Overloaded,
    QuotaExhausted,
    RateLimited,
    RequestError,
    ServerFault,
    TimedOut,
    TransportFailed,
    UnknownName,
    Unsupported,
)
from turnout.types import HttpResponse, Target
from turnout.wire.json_text import read_json
from turnout.wire.response_headers import kept_headers, request_id
from turnout.wire.retry_after import retry_after

T = TypeVar("T")

# What a status means where a protocol does not say otherwise.
BY_STATUS: Mapping[int, type[Error]] = {
    401: AuthenticationFailed,
    402: QuotaExhausted,
    403: AuthenticationFailed,
    404: ModelNotFound,
    408: TimedOut,
    409: ServerFault,  # a conflict with the state of the resource, which may pass
    425: ServerFault,
    429: RateLimited,
    503: Overloaded,
    504: TimedOut,
    529: Overloaded,
}
_SHOWN = 300  # bytes of what a provider sent, at most, in a message


class ErrorOf(Protocol):
    """The error that ``body`` (parsed JSON, or None) and ``status`` mean; ``text`` is how the body begins."""

    def __call__(
        self, body: Any, status: int | None, target: Target, /, *, headers: Mapping[str, str] | None, text: str
    ) -> Error: ...


def reader(error_of: ErrorOf) -> Callable[[HttpResponse, Target], Error]:
    """``read_error`` of a wire whose errors ``error_of`` understands."""

    def read_error(response: HttpResponse, target: Target) -> Error:
        """What a response that is no answer means. Never raises."""
        try:
            body = read_json(response.body)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            body = None
        text = response.body[:_SHOWN].decode("utf-8", "replace").strip()
        return error_of(body, response.status, target, headers=response.headers, text=text)

    return read_error


def of_status(status: int | None, by_status: Mapping[int, type[Error]] = BY_STATUS) -> type[Error]:
    """The class for a status that is all there is to go by; None: an error inside an answer, which had none."""
    if status is None:
        return ServerFault
    return by_status.get(status) or (RequestError if 400 <= status < 500 else ServerFault)


def words(said: Any) -> str:
    """A value of an error's body, as words for a message; "" if it says nothing."""
    if isinstance(said, str):
        return said
    return msgspec.json.encode(said)[:_SHOWN].decode("utf-8", "replace") if said else ""


def first_words(said: Mapping[str, Any], names: Iterable[str], text: str) -> str:
    """The words of the first of ``names`` that says something; else ``text``, how the body begins."""
    return next((found for name in names if (found := words(said.get(name)))), text) or "no message"


def place(status: int | None, inside: str = "stream") -> str:
    """Where the error stood, in words; ``inside`` of what, if it had no status of its own."""
    return f"HTTP {status}" if status is not None else f"an error inside the {inside}"


def made(
    kind: type[Error],
    message: str,
    *,
    where: str,
    wire: str,
    target: Target | None,
    status: int | None,
    headers: Mapping[str, str] | None,
    body: Any,
    code: str | None = None,
    type: str | None = None,
    param: str | None = None,
    id: str | None = None,
    delay: float | None = None,
) -> Error:
    """The error of class ``kind``, with what its headers say: which to keep, the request's id, and when to come back.

    ``id``: the request's, if it is known from elsewhere. ``delay``: seconds to wait, as the body says, if no header does.
    """
    headers = headers or {}
    wait = retry_after(headers)
    return kind(
        f"{target}: {where}: {message}" if target is not None else f"{where}: {message}",
        status=status,
        code=code,
        type=type,
        param=param,
        request_id=id if id is not None else request_id(headers),
        retry_after=delay if wait is None else wait,
        headers=kept_headers(headers),
        body=body,
        wire=wire,
        target=target,
    )


# -- towards callers -------------------------------------------------------------------------------

# class -> status, for protocols that tell callers no more than that; the first that matches
_TOLD: tuple[tuple[type[Error], int], ...] = (
    (RequestError, 400),
    (AuthenticationFailed, 401),
    (QuotaExhausted, 402),
    (BudgetExceeded, 402),
    (ModelNotFound, 404),
    (UnknownName, 404),
    (Unsupported, 400),
    (RateLimited, 429),
    (CircuitOpen, 503),
    (Overloaded, 503),
    (TimedOut, 504),
    (DeadlineExceeded, 504),
    (TransportFailed, 502),
    (ServerFault, 502),
)


def for_all_targets(error: Error) -> Error:
    """The failure that speaks for all where every target failed, else the last one; any other error as it is."""
    while isinstance(error, AllTargetsFailed) and error.failures:
        error = error.telling or error.failures[-1][1]
    return error


def told(error: Error, table: Iterable[tuple[type[Error], T]], otherwise: T) -> T:
    """What ``table`` says of the first class that ``error`` is of."""
    return next((said for kind, said in table if isinstance(error, kind)), otherwise)


def told_status(error: Error, wire: str, own: Iterable[tuple[type[Error], int]] = ()) -> int:
    """The status for a caller of ``wire``: the provider's own where it spoke the same protocol and it is a failure's.

    ``own``: where the protocol says otherwise than most.
    """
    if error.wire == wire and error.status is not None and error.status >= 400:
        return error.status
    return told(error, (*own, *_TOLD), 500)
