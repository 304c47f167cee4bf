"""Errors: this protocol's ``{"error": text}``, whole or as the last line of a stream, to our classes and back.

https://docs.ollama.com/api/errors (read 2026-11-21). It has no codes: what went wrong is told by the status and the words.
"""

from __future__ import annotations

from typing import Any

import msgspec

from turnout.errors import (
    AllTargetsFailed,
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
    TimedOut,
    TransportFailed,
    UnknownName,
    Unsupported,
)
from turnout.types import HttpResponse, Target
from turnout.wire.json_text import read_json
from turnout.wire.ollama.words import WIRE_NAME
from turnout.wire.response_headers import kept_headers, request_id
from turnout.wire.retry_after import retry_after

# The server's own sentences: https://github.com/ollama/ollama, server/routes.go and server/sched.go (read 2026-11-21)
_TOO_LONG = ("context length", "context window", "exceeds maximum context", "exceeds the available context")
_CANNOT = ("does not support",)  # tools, thinking, chat, images: a matter of the model
_BUSY = ("server busy", "maximum pending requests")
_NO_QUOTA = ("usage limit", "upgrade for higher limits", "subscription")


def read_error(response: HttpResponse, target: Target) -> Error:
    """What a response that is no answer means. Never raises."""
    try:
        body = read_json(response.body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        body = None
    text = response.body[:300].decode("utf-8", "replace").strip()
    return error_of(body, response.status, target, headers=kept_headers(response.headers), text=text)


def error_of(body: Any, status: int | None, target: Target, *, headers: dict[str, str] | None = None, text: str = "") -> Error:
    """The error that ``body`` (parsed JSON, or None) and ``status`` (None inside a 200) mean."""
    message = _message(body) or text or "no message"
    where = f"HTTP {status}" if status is not None else "an error inside the answer"
    return _class(status, message.lower())(
        f"{target}: {where}: {message}",
        status=status,
        request_id=request_id(headers or {}),
        retry_after=retry_after(headers or {}),
        headers=headers,
        body=body,
        wire=WIRE_NAME,
        target=target,
    )


def _class(status: int | None, said: str) -> type[Error]:
    if status in (None, 400, 413, 422) and any(words in said for words in _TOO_LONG):
        return ContextTooLong
    if status in (None, 503) and any(words in said for words in _BUSY):
        return Overloaded
    if status in (None, 400) and any(words in said for words in _CANNOT):
        return Unsupported
    match status:
        case 401 | 403:
            return AuthenticationFailed
        case 402:
            return QuotaExhausted
        case 404:
            return ModelNotFound
        case 408 | 504:
            return TimedOut
        case 429:
            return QuotaExhausted if any(words in said for words in _NO_QUOTA) else RateLimited
        case 503 | 529:
            return Overloaded
        case int() if 400 <= status < 500 and status not in (409, 425):
            return RequestError
    return ServerFault


def _message(body: Any) -> str:
    """The words of the error, wherever a server or what stands before it puts them."""
    said = body.get("error", body.get("message")) if isinstance(body, dict) else body
    if isinstance(said, dict):
        said = said.get("message", said)
    if isinstance(said, str):
        return said
    return msgspec.json.encode(said)[:300].decode("utf-8", "replace") if said else ""


# -- towards callers -------------------------------------------------------------------------------

# class -> status; the first that matches
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


def write_error(error: Error) -> tuple[int, Any]:
    """Status and body for a caller of this protocol: the provider's own where it spoke it, else ours in its words."""
    if isinstance(error, AllTargetsFailed) and error.failures:
        return write_error(error.failures[-1][1])
    status = next((told for cls, told in _TOLD if isinstance(error, cls)), 500)
    if error.wire == WIRE_NAME:
        status = error.status if error.status is not None and error.status >= 400 else status
        if isinstance(error.body, dict) and error.body.get("error"):
            return status, error.body
    return status, {"error": str(error)}
