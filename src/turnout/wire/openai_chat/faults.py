"""Errors: this protocol's error objects, and what a status means when there is none, to our classes and back."""

from __future__ import annotations

from typing import Any

import msgspec

from turnout.errors import (
    AllTargetsFailed,
    AuthenticationFailed,
    BudgetExceeded,
    CircuitOpen,
    ConfigError,
    ContextTooLong,
    DeadlineExceeded,
    Error,
    ModelNotFound,
    Overloaded,
    QuotaExhausted,
    RateLimited,
    RequestError,
    ServerFault,
    StreamInterrupted,
    TimedOut,
    TransportFailed,
    UnknownName,
    Unsupported,
)
from turnout.types import HttpResponse, Target
from turnout.wire.json_text import read_json
from turnout.wire.openai_chat.words import WIRE_NAME
from turnout.wire.response_headers import kept_headers, request_id
from turnout.wire.retry_after import retry_after

# OpenAI: https://platform.openai.com/docs/guides/error-codes (read 2026-11-21)
_QUOTA = ("insufficient_quota", "billing_not_active", "credit_balance_too_low")
# the last is llama.cpp's: https://github.com/ggml-org/llama.cpp/tree/master/tools/server (read 2026-11-21)
_CONTEXT = ("context_length_exceeded", "context_window_exceeded", "string_above_max_length", "exceed_context_size_error")
_MODEL = ("model_not_found", "model_not_available", "model_decommissioned")


def read_error(response: HttpResponse, target: Target | None) -> Error:
    """What a response that is no answer means. Never raises."""
    body = parsed(response.body)
    text = response.body[:300].decode("utf-8", "replace").strip()
    return error_of(body, response.status, target, headers=kept_headers(response.headers), text=text)


def error_of(
    body: Any, status: int | None, target: Target | None, *, headers: dict[str, str] | None = None, text: str = ""
) -> Error:
    """The error that ``body`` (parsed JSON, or None) and ``status`` (None inside a stream) mean."""
    said = _said(body)
    code, kind = _word(said.get("code")), _word(said.get("type"))
    if status is None:
        status = next((at for at in (said.get("status_code"), said.get("code")) if _is_status(at)), None)
    message = _message(said, text)
    where = f"{target}: " if target is not None else ""
    number = f"HTTP {status}: " if status is not None else "an error inside the stream: "
    return _class(status, code or "", kind or "", message)(
        f"{where}{number}{message}",
        status=status,
        code=code,
        type=kind,
        param=_word(said.get("param")),
        request_id=request_id(headers or {}),
        retry_after=retry_after(headers or {}),
        headers=headers,
        body=body,
        wire=WIRE_NAME,
        target=target,
    )


def _class(status: int | None, code: str, kind: str, message: str) -> type[Error]:
    if code in _QUOTA or kind in _QUOTA or status == 402:
        return QuotaExhausted
    if code in _CONTEXT or kind in _CONTEXT or (status in (400, 413, 422) and "context length" in message.lower()):
        return ContextTooLong
    if code in _MODEL or status == 404:
        return ModelNotFound
    match status:
        case 401 | 403:
            return AuthenticationFailed
        case 408 | 504:
            return TimedOut
        case 429:
            return RateLimited
        case 498 | 503 | 529:  # 498: Groq's flex capacity, https://console.groq.com/docs/errors (read 2026-11-21)
            return Overloaded
        case None:
            return ServerFault
        case int() if 400 <= status < 500 and status not in (409, 425):
            return RequestError
        case _:
            return ServerFault


def _said(body: Any) -> dict[str, Any]:
    """The object that tells of the error, wherever this dialect puts it."""
    if isinstance(body, list) and body:
        body = body[0]
    if not isinstance(body, dict):
        return {"message": body} if isinstance(body, str) else {}
    error = body.get("error")
    if isinstance(error, dict):
        return error
    if isinstance(error, str):
        return {"message": error, **{name: body[name] for name in ("code", "type", "param") if name in body}}
    return body


def _message(said: dict[str, Any], text: str) -> str:
    for name in ("message", "detail", "error", "title"):
        value = said.get(name)
        if isinstance(value, str) and value:
            return value
        if value:
            return msgspec.json.encode(value)[:300].decode("utf-8", "replace")
    return text or "no message"


def parsed(body: bytes) -> Any:
    try:
        return read_json(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _word(value: Any) -> str | None:
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def _is_status(value: Any) -> bool:
    return isinstance(value, int) and 400 <= value < 600


# -- towards callers -------------------------------------------------------------------------------

# class -> (status, type, code) in OpenAI's words; the first that matches
_TOLD: tuple[tuple[type[Error], tuple[int, str, str | None]], ...] = (
    (ContextTooLong, (400, "invalid_request_error", "context_length_exceeded")),
    (RequestError, (400, "invalid_request_error", None)),
    (AuthenticationFailed, (401, "authentication_error", "invalid_api_key")),
    (QuotaExhausted, (429, "insufficient_quota", "insufficient_quota")),
    (ModelNotFound, (404, "invalid_request_error", "model_not_found")),
    (UnknownName, (404, "invalid_request_error", "model_not_found")),
    (Unsupported, (400, "invalid_request_error", "unsupported")),
    (CircuitOpen, (503, "server_error", "circuit_open")),
    (RateLimited, (429, "rate_limit_error", "rate_limit_exceeded")),
    (BudgetExceeded, (429, "insufficient_quota", "budget_exceeded")),
    (Overloaded, (503, "server_error", "overloaded")),
    (TimedOut, (504, "server_error", "timeout")),
    (DeadlineExceeded, (504, "server_error", "timeout")),
    (TransportFailed, (502, "server_error", "upstream_unreachable")),
    (ServerFault, (502, "server_error", "upstream_failed")),
    (StreamInterrupted, (502, "server_error", "stream_interrupted")),
    (AllTargetsFailed, (502, "server_error", "all_targets_failed")),
    (ConfigError, (500, "server_error", "configuration")),
)


def is_flat(body: Any) -> bool:
    """Mistral's form, with the members of ``error`` at the top, which OpenAI's clients cannot read."""
    return isinstance(body, dict) and body.get("object") == "error" and "error" not in body and "message" in body


def write_error(error: Error) -> tuple[int, Any]:
    """Status and body for a caller of this protocol: the provider's own where it spoke it, else ours in its words."""
    if error.wire == WIRE_NAME and error.body is not None and not is_flat(error.body):
        return error.status or 502, error.body
    status, kind, code = next((told for cls, told in _TOLD if isinstance(error, cls)), (500, "server_error", None))
    if error.wire == WIRE_NAME and error.status is not None:
        status = error.status
    body = {"message": str(error), "type": kind, "param": error.param, "code": error.code or code}
    return status, {"error": body}
