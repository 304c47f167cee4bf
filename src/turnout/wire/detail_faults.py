"""Errors of services that say them as ``{"detail": text}``, to our classes and back: Voyage, Jina, and what FastAPI itself says.

https://docs.voyageai.com/docs/error-codes and https://api.jina.ai/openapi.json (read 2026-11-21)
"""

from __future__ import annotations

from collections.abc import Callable
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
from turnout.wire.response_headers import kept_headers, request_id
from turnout.wire.retry_after import retry_after

_TOO_LONG = ("context length", "too many tokens", "max allowed tokens", "maximum length")
_NO_MODEL = ("INPUT_MODEL_NOT_FOUND",)
_NO_CREDIT = ("insufficient", "balance", "payment", "quota")


def reader(wire: str) -> Callable[[HttpResponse, Target], Error]:
    """``read_error`` of ``wire``."""

    def read_error(response: HttpResponse, target: Target) -> Error:
        """What a response that is no answer means. Never raises."""
        try:
            body = read_json(response.body)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            body = None
        headers = kept_headers(response.headers)
        message = _message(body) or response.body[:300].decode("utf-8", "replace").strip() or "no message"
        code = _code(body)
        return _class(response.status, code or "", message.lower())(
            f"{target}: HTTP {response.status}: {message}",
            status=response.status,
            code=code,
            request_id=request_id(headers or {}),
            retry_after=retry_after(headers or {}),
            headers=headers,
            body=body,
            wire=wire,
            target=target,
        )

    return read_error


def _class(status: int, code: str, said: str) -> type[Error]:
    if status in (400, 413, 422) and any(words in said for words in _TOO_LONG):
        return ContextTooLong
    if code in _NO_MODEL:
        return ModelNotFound
    match status:
        case 402:
            return QuotaExhausted
        case 403 if any(words in f"{code} {said}".lower() for words in _NO_CREDIT):
            return QuotaExhausted
        case 401 | 403:
            return AuthenticationFailed
        case 404:
            return ModelNotFound
        case 408 | 504:
            return TimedOut
        case 429:
            return RateLimited
        case 503 | 529:
            return Overloaded
        case int() if 400 <= status < 500 and status not in (409, 425):
            return RequestError
    return ServerFault


def _said(body: Any) -> Any:
    if not isinstance(body, dict):
        return body
    return next((body[name] for name in ("detail", "message", "error") if body.get(name)), None)


def _message(body: Any) -> str:
    said = _said(body)
    if isinstance(said, dict):
        said = next((said[name] for name in ("message", "detail", "msg") if isinstance(said.get(name), str)), said)
    if isinstance(said, str):
        return said
    return msgspec.json.encode(said)[:300].decode("utf-8", "replace") if said else ""


def _code(body: Any) -> str | None:
    said = _said(body)
    places = [place for place in (said, body) if isinstance(place, dict)]
    return next((place["code"] for place in places if isinstance(place.get("code"), str)), None)


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


def writer(wire: str) -> Callable[[Error], tuple[int, Any]]:
    """``write_error`` of ``wire``."""

    def write_error(error: Error) -> tuple[int, Any]:
        """Status and body for a caller: the provider's own where it spoke this protocol, else ours in its words."""
        if isinstance(error, AllTargetsFailed) and error.failures:
            return write_error(error.failures[-1][1])
        status = next((told for cls, told in _TOLD if isinstance(error, cls)), 500)
        if error.wire == wire:
            status = error.status if error.status is not None and error.status >= 400 else status
            if error.body is not None:
                return status, error.body
        return status, {"detail": str(error)}

    return write_error
