"""Does the response decode, and does an error come out as the error it is?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from turnout.errors import (
    AuthenticationFailed,
    Error,
    ModelNotFound,
    Overloaded,
    QuotaExhausted,
    RateLimited,
    RequestError,
    TargetError,
    TimedOut,
    TransientError,
)
from turnout.testing.checks.subject import Subject
from turnout.testing.difference import Difference

CHECK = "decodes"

# Whom each status asks to act. 402 and 429 are read in context: the first is also "no credit", the second also "no quota left".
_REMEDIES: Mapping[int, tuple[type[Error], ...]] = {
    401: (AuthenticationFailed,),
    402: (QuotaExhausted,),
    403: (TargetError, RequestError),
    404: (ModelNotFound, RequestError),
    408: (TimedOut,),
    424: (TransientError, RequestError, TargetError),  # what the request depends on failed, as a model behind a gateway
    429: (RateLimited, QuotaExhausted, Overloaded),
}


def decodes(subject: Subject) -> Iterator[Difference]:
    """An answer decodes; an error, also one inside a 200, becomes an Error that says what the provider said."""
    outcome = subject.outcome
    if isinstance(outcome, Exception) and not isinstance(outcome, Error):
        yield Difference(CHECK, "", "an answer or an Error", outcome)
    elif not subject.broken:
        if isinstance(outcome, Error):
            yield Difference(CHECK, "", "an answer", outcome)
    elif not isinstance(outcome, Error):
        yield Difference(CHECK, "", "an Error", "an answer")
    else:
        yield from _facts(subject, outcome)
        if subject.streamed:
            yield from _kept(subject)
        elif not subject.exchange.succeeded:
            yield from _class(subject.exchange.response.status, outcome)
            yield from _wait(subject.exchange.response.headers, subject.reference.said(error_body(subject)).retry_after, outcome)


def error_body(subject: Subject) -> Any:
    """The error object that the provider sent, None if it sent none that can be read."""
    if subject.streamed:
        if subject.fault is None:
            return None
        frame = subject.frames[subject.fault]
        return subject.reference.error(frame.value, frame.event)
    return subject.body if isinstance(subject.body, (dict, list, str)) else None


def _facts(subject: Subject, error: Error) -> Iterator[Difference]:
    said = subject.reference.said(error_body(subject))
    if said.message and said.message not in str(error):
        yield Difference(CHECK, "error.message", said.message, str(error))
    if said.code is not None and error.code != said.code:
        yield Difference(CHECK, "error.code", said.code, error.code)
    if said.type is not None and error.type != said.type:
        yield Difference(CHECK, "error.type", said.type, error.type)
    if not subject.exchange.succeeded and error.status != subject.exchange.response.status:
        yield Difference(CHECK, "error.status", subject.exchange.response.status, error.status)


def _kept(subject: Subject) -> Iterator[Difference]:
    """What came before the error is the caller's: a decoder that sees the error in the same piece must not withhold it."""
    before = max((frame.end for frame in subject.frames[: subject.fault]), default=0)
    kept = subject.decode_stream([subject.exchange.response.body[:before]], close=False).events
    got = subject.decoded.events[: len(kept)]
    if got != kept:
        yield Difference(CHECK, "events before the error", len(kept), len(got))


def _class(status: int, error: Error) -> Iterator[Difference]:
    default: tuple[type[Error], ...] = (TransientError,) if status >= 500 else (RequestError, TargetError)
    if status < 400:
        default = (Error,)  # a redirect, say: nobody's protocol has a word for it
    expected = _REMEDIES.get(status, default)
    if not isinstance(error, expected):
        yield Difference(CHECK, "error class", " or ".join(kind.__name__ for kind in expected), type(error).__name__)


def _wait(headers: Mapping[str, str], in_body: float | None, error: Error) -> Iterator[Difference]:
    """``retry-after`` in seconds, ``retry-after-ms``, and what the body says; a server that says it twice may round one."""
    asked = set() if in_body is None else {round(in_body, 3)}
    asked |= {
        round(seconds / scale, 3)
        for name, scale in (("retry-after", 1.0), ("retry-after-ms", 1000.0))
        if (seconds := _number(headers.get(name))) is not None
    }
    got = None if error.retry_after is None else round(error.retry_after, 3)
    if asked and got not in asked:
        yield Difference(CHECK, "error.retry_after", sorted(asked), got)
    if not asked and got is not None and not any("reset" in name or name == "retry-after" for name in headers):
        yield Difference(CHECK, "error.retry_after", None, got)


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None  # an HTTP date, which nobody can turn into seconds without a clock
