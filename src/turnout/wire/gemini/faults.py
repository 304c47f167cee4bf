"""Errors: this protocol's error objects, and what a status means when there is none, to our classes and back.

https://ai.google.dev/gemini-api/docs/troubleshooting and https://cloud.google.com/apis/design/errors (read 2026-11-21)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from turnout.errors import (
    AuthenticationFailed,
    BudgetExceeded,
    CircuitOpen,
    ContextTooLong,
    DeadlineExceeded,
    Error,
    ModelNotFound,
    Overloaded,
    QuotaExhausted,
    RateLimited,
    RequestError,
    ServerFault,
    TargetError,
    TimedOut,
    TransportFailed,
    UnknownName,
    Unsupported,
)
from turnout.types import Target
from turnout.wire.faults import first_words, for_all_targets, made, of_status, place, reader, told
from turnout.wire.gemini.words import WIRE_NAME

_BY_WORD: dict[str, type[Error]] = {
    "INVALID_ARGUMENT": RequestError,
    "FAILED_PRECONDITION": TargetError,  # a country or a billing state that this account's endpoint does not serve
    "OUT_OF_RANGE": RequestError,
    "UNAUTHENTICATED": AuthenticationFailed,
    "PERMISSION_DENIED": AuthenticationFailed,
    "NOT_FOUND": RequestError,
    "RESOURCE_EXHAUSTED": RateLimited,
    "UNIMPLEMENTED": Unsupported,
    "ABORTED": ServerFault,
    "CANCELLED": ServerFault,
    "INTERNAL": ServerFault,
    "UNKNOWN": ServerFault,
    "DATA_LOSS": ServerFault,
    "UNAVAILABLE": Overloaded,
    "DEADLINE_EXCEEDED": TimedOut,
}
_BY_STATUS: dict[int, type[Error]] = {
    401: AuthenticationFailed,
    402: QuotaExhausted,
    403: AuthenticationFailed,
    404: TargetError,  # nothing answers at this address; a missing model says so
    408: TimedOut,
    409: ServerFault,
    429: RateLimited,
    499: ServerFault,
    503: Overloaded,
    504: TimedOut,
    529: Overloaded,
}
_BAD_KEY = ("API_KEY_INVALID", "API_KEY_SERVICE_BLOCKED", "ACCESS_TOKEN_EXPIRED", "CREDENTIALS_MISSING")
_TOO_LONG = ("input token count", "exceeds the maximum number of tokens", "token limit")
_NO_CREDIT = ("billing", "credits are depleted", "limit: 0")
_A_DAY = "PerDay"  # waiting the few seconds that such an answer names does not help


def error_of(body: Any, status: int | None, target: Target, *, headers: Mapping[str, str] | None = None, text: str = "") -> Error:
    """The error that ``body`` (parsed JSON, or None) and ``status`` (None inside a stream) mean."""
    said = _said(body)
    word = said["status"] if isinstance(said.get("status"), str) else None
    code = said.get("code")
    number = status if status is not None else code if type(code) is int and 400 <= code < 600 else None
    message = first_words(said, ("message", "detail", "error"), text)
    reasons = [detail["reason"] for detail in _details(said) if isinstance(detail.get("reason"), str)]
    return made(
        _class(word, number, message, reasons, said),
        message,
        where=place(status),
        wire=WIRE_NAME,
        target=target,
        status=number,
        headers=headers,
        body=body,
        code=reasons[0] if reasons else None,
        type=word,
        param=_field(said),
        delay=_delay(said),
    )


read_error = reader(error_of)


def _class(word: str | None, status: int | None, message: str, reasons: list[str], said: dict[str, Any]) -> type[Error]:
    lower = message.lower()
    if any(reason in _BAD_KEY for reason in reasons) or "api key not valid" in lower or "api key expired" in lower:
        return AuthenticationFailed
    found = _BY_WORD.get(word or "") or of_status(status, _BY_STATUS)
    if found is RateLimited and (_is_daily(said) or any(phrase in lower for phrase in _NO_CREDIT[1:])):
        return QuotaExhausted
    if found is TargetError and _NO_CREDIT[0] in lower:
        return QuotaExhausted
    if (word == "NOT_FOUND" or found is TargetError) and "model" in lower:
        return ModelNotFound
    if found is RequestError and any(phrase in lower for phrase in _TOO_LONG):
        return ContextTooLong
    return found


def _said(body: Any) -> dict[str, Any]:
    """The error object: alone, or the only item of a list, which is how a stream without alt=sse is refused."""
    if isinstance(body, list) and body:
        body = body[0]
    if not isinstance(body, dict):
        return {"message": body} if isinstance(body, str) else {}
    error = body.get("error")
    if isinstance(error, dict):
        return error
    return {"message": error} if isinstance(error, str) else body


def _details(said: dict[str, Any]) -> Iterator[dict[str, Any]]:
    details = said.get("details")
    return (detail for detail in (details if isinstance(details, list) else ()) if isinstance(detail, dict))


def _delay(said: dict[str, Any]) -> float | None:
    """Seconds of ``RetryInfo.retryDelay``, "48.9s"."""
    for detail in _details(said):
        delay = detail.get("retryDelay")
        if isinstance(delay, str) and delay.endswith("s"):
            try:
                seconds = float(delay[:-1])
            except ValueError:
                continue
            if 0 <= seconds < float("inf"):
                return seconds
    return None


def _field(said: dict[str, Any]) -> str | None:
    """``BadRequest.fieldViolations``: where the request is wrong."""
    for detail in _details(said):
        match detail.get("fieldViolations"):
            case [{"field": str(field)}, *_]:
                return field
    return None


def _is_daily(said: dict[str, Any]) -> bool:
    for detail in _details(said):
        violations = detail.get("violations")
        for violation in violations if isinstance(violations, list) else ():
            if isinstance(violation, dict) and _A_DAY in str(violation.get("quotaId")):
                return True
    return False


# -- towards callers -------------------------------------------------------------------------------

# class -> (status, word) of this protocol; the first that matches
_TOLD: tuple[tuple[type[Error], tuple[int, str]], ...] = (
    (RequestError, (400, "INVALID_ARGUMENT")),
    (AuthenticationFailed, (401, "UNAUTHENTICATED")),
    (QuotaExhausted, (429, "RESOURCE_EXHAUSTED")),
    (BudgetExceeded, (429, "RESOURCE_EXHAUSTED")),
    (ModelNotFound, (404, "NOT_FOUND")),
    (UnknownName, (404, "NOT_FOUND")),
    (Unsupported, (400, "FAILED_PRECONDITION")),
    (RateLimited, (429, "RESOURCE_EXHAUSTED")),
    (CircuitOpen, (503, "UNAVAILABLE")),
    (Overloaded, (503, "UNAVAILABLE")),
    (TimedOut, (504, "DEADLINE_EXCEEDED")),
    (DeadlineExceeded, (504, "DEADLINE_EXCEEDED")),
    (TransportFailed, (503, "UNAVAILABLE")),
)


def write_error(error: Error) -> tuple[int, Any]:
    """Status and body for a caller of this protocol: the provider's own where it spoke it, else ours in its words."""
    error = for_all_targets(error)
    if error.wire == WIRE_NAME and error.body is not None:
        return error.status or 500, error.body
    status, word = told(error, _TOLD, (500, "INTERNAL"))
    if isinstance(error, AuthenticationFailed) and error.status == 403:
        status, word = 403, "PERMISSION_DENIED"
    if error.status is not None and (error.wire == WIRE_NAME or (error.wire is None and error.target is None)):
        status = error.status  # the last: whoever serves callers says it himself, of a request that went no further
    body: dict[str, Any] = {"code": status, "message": str(error), "status": word}
    if error.retry_after is not None:
        delay = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{error.retry_after:g}s"}
        body["details"] = [delay]
    return status, {"error": body}
