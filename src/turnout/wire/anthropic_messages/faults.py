"""Errors: this protocol's error objects, and what a status means when there is none, to our classes and back.

https://docs.claude.com/en/api/errors (read 2026-11-21)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
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
from turnout.wire.anthropic_messages.words import WIRE_NAME
from turnout.wire.faults import first_words, for_all_targets, made, of_status, place, reader, told

_BY_TYPE: dict[str, type[Error]] = {
    "invalid_request_error": RequestError,
    "authentication_error": AuthenticationFailed,
    "permission_error": AuthenticationFailed,
    "billing_error": QuotaExhausted,
    "not_found_error": RequestError,
    "request_too_large": RequestError,
    "rate_limit_error": RateLimited,
    "api_error": ServerFault,
    "timeout_error": TimedOut,
    "overloaded_error": Overloaded,
}
_BY_STATUS: dict[int, type[Error]] = {
    401: AuthenticationFailed,
    402: QuotaExhausted,
    403: AuthenticationFailed,
    404: TargetError,  # nothing answers at this address; a missing model says so
    408: TimedOut,
    409: ServerFault,  # a conflict with the state of the resource, which may pass
    429: RateLimited,
    503: Overloaded,
    504: TimedOut,
    529: Overloaded,
}
_TOO_LONG = (
    "prompt is too long",
    "exceed context limit",
    "exceeds the context window",
    "exceeds the maximum context",
    "exceeds the available context",  # llama.cpp
)
_NO_CREDIT = ("credit balance is too low", "reached your specified api usage limits", "spend limit")
_PATH = re.compile(r"([a-z][a-z_]*(?:\.[\w-]+)*): ")


def error_of(body: Any, status: int | None, target: Target, *, headers: Mapping[str, str] | None = None, text: str = "") -> Error:
    """The error that ``body`` (parsed JSON, or None) and ``status`` (None inside a stream) mean."""
    said = _said(body)
    kind = said.get("type") if isinstance(said.get("type"), str) else None
    message = first_words(said, ("message", "Message", "detail"), text)
    path = _PATH.match(message) if kind == "invalid_request_error" else None
    id = body.get("request_id") if isinstance(body, dict) else None
    return made(
        _class(kind, status, message),
        message,
        where=place(status),
        wire=WIRE_NAME,
        target=target,
        status=status,
        headers=headers,
        body=body,
        code=said.get("code") if isinstance(said.get("code"), str) else None,
        type=kind,
        param=path[1] if path else None,
        id=id if isinstance(id, str) else None,
    )


read_error = reader(error_of)


def _class(kind: str | None, status: int | None, message: str) -> type[Error]:
    said = message.lower()
    found = _BY_TYPE.get(kind or "") or of_status(status, _BY_STATUS)
    if found is RequestError and any(phrase in said for phrase in _TOO_LONG):
        return ContextTooLong
    if found in (RequestError, AuthenticationFailed) and any(phrase in said for phrase in _NO_CREDIT):
        return QuotaExhausted
    if (kind == "not_found_error" or found is TargetError) and "model" in said:
        return ModelNotFound
    return found


def _said(body: Any) -> dict[str, Any]:
    """The object that tells of the error, wherever this provider puts it."""
    if not isinstance(body, dict):
        return {"message": body} if isinstance(body, str) else {}
    error = body.get("error")
    if isinstance(error, dict):
        return error
    return {"message": error} if isinstance(error, str) else {name: value for name, value in body.items() if name != "type"}


# -- towards callers -------------------------------------------------------------------------------

# class -> (status, type) in this protocol's words; the first that matches
_TOLD: tuple[tuple[type[Error], tuple[int, str]], ...] = (
    (RequestError, (400, "invalid_request_error")),
    (AuthenticationFailed, (401, "authentication_error")),
    (QuotaExhausted, (402, "billing_error")),
    (BudgetExceeded, (402, "billing_error")),
    (ModelNotFound, (404, "not_found_error")),
    (UnknownName, (404, "not_found_error")),
    (Unsupported, (400, "invalid_request_error")),
    (RateLimited, (429, "rate_limit_error")),
    (CircuitOpen, (529, "overloaded_error")),
    (Overloaded, (529, "overloaded_error")),
    (TimedOut, (504, "timeout_error")),
    (DeadlineExceeded, (504, "timeout_error")),
    (TransportFailed, (502, "api_error")),
)
_NATIVE_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}


def write_error(error: Error) -> tuple[int, Any]:
    """Status and body for a caller of this protocol: the provider's own where it spoke it, else ours in its words."""
    error = for_all_targets(error)
    if error.wire == WIRE_NAME and isinstance(error.body, dict):
        failed = error.status is not None and error.status >= 400  # an error can also stand in a stream, or in a 200
        return error.status if failed and error.status else _NATIVE_STATUS.get(error.type or "", 500), error.body
    status, kind = told(error, _TOLD, (500, "api_error"))
    if isinstance(error, RequestError) and error.status == 413:
        status, kind = 413, "request_too_large"
    if isinstance(error, AuthenticationFailed) and error.status == 403:
        status, kind = 403, "permission_error"
    message = str(error)
    if isinstance(error, ContextTooLong) and _TOO_LONG[0] not in message.lower():
        message = f"{_TOO_LONG[0]}: {message}"  # the words by which clients of this protocol know it
    body: dict[str, Any] = {"type": "error", "error": {"type": kind, "message": message}}
    if error.request_id is not None:
        body["request_id"] = error.request_id
    return status, body
