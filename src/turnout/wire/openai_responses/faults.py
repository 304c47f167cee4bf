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
from turnout.wire.openai_responses.words import WIRE_NAME
from turnout.wire.response_headers import kept_headers, request_id
from turnout.wire.retry_after import retry_after

# https://platform.openai.com/docs/guides/error-codes and, for those inside an answer or a stream, `error.code` of
# https://platform.openai.com/docs/api-reference/responses/object (both read 2026-11-21)
_CODES: dict[str, type[Error]] = {
    "insufficient_quota": QuotaExhausted,
    "billing_not_active": QuotaExhausted,
    "credit_balance_too_low": QuotaExhausted,
    "context_length_exceeded": ContextTooLong,
    "context_window_exceeded": ContextTooLong,
    "string_above_max_length": ContextTooLong,
    # llama.cpp: https://github.com/ggml-org/llama.cpp/tree/master/tools/server (read 2026-11-21)
    "exceed_context_size_error": ContextTooLong,
    "model_not_found": ModelNotFound,
    "model_not_available": ModelNotFound,
    "rate_limit_exceeded": RateLimited,
    "invalid_api_key": AuthenticationFailed,
    "server_error": ServerFault,
    "vector_store_timeout": TimedOut,
    "invalid_prompt": RequestError,
    "image_content_policy_violation": RequestError,
}
_AT_FAULT = ("invalid_", "unsupported_", "image_", "empty_image_", "failed_to_download_image")  # codes that name the request


def read_error(response: HttpResponse, target: Target | None) -> Error:
    """What a response that is no answer means. Never raises."""
    try:
        body = read_json(response.body)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        body = None
    text = response.body[:300].decode("utf-8", "replace").strip()
    return error_of(body, response.status, target, headers=kept_headers(response.headers), text=text)


def error_of(
    body: Any, status: int | None, target: Target | None, *, headers: dict[str, str] | None = None, text: str = ""
) -> Error:
    """The error that ``body`` (parsed JSON, or None) and ``status`` (None inside an answer or a stream) mean."""
    said = _said(body)
    code, kind = _word(said.get("code")), _word(said.get("type"))
    kind = None if kind == "error" else kind  # the type of the event, not of the error
    message = _message(said, text)
    where = f"{target}: " if target is not None else ""
    number = f"HTTP {status}: " if status is not None else "an error inside the answer: "
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
    known = _CODES.get(code) or _CODES.get(kind)
    if known is not None and (status is None or status < 500) and not (status == 429 and issubclass(known, RequestError)):
        return known
    if status in (400, 413, 422) and "context" in message.lower() and ("window" in message or "length" in message):
        return ContextTooLong
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
            return RateLimited
        case 503 | 529:
            return Overloaded
        case None:
            return RequestError if code.startswith(_AT_FAULT) or kind == "invalid_request_error" else ServerFault
        case int() if 400 <= status < 500 and status not in (409, 425):
            return RequestError
        case _:
            return ServerFault


def _said(body: Any) -> dict[str, Any]:
    """The object that tells of the error: under ``error``, in a failed ``response``, or the body itself."""
    if isinstance(body, list) and body:
        body = body[0]
    if not isinstance(body, dict):
        return {"message": body} if isinstance(body, str) else {}
    if isinstance(body.get("response"), dict):
        body = body["response"]
    error = body.get("error")
    if isinstance(error, dict):
        return dict(error)
    if isinstance(error, str):  # xAI
        return {"message": error, **{name: body[name] for name in ("code", "type", "param") if name in body}}
    said: dict[str, Any] = body
    return said


def _message(said: dict[str, Any], text: str) -> str:
    for name in ("message", "detail", "error", "title"):
        value = said.get(name)
        if isinstance(value, str) and value:
            return value
        if value:
            return msgspec.json.encode(value)[:300].decode("utf-8", "replace")
    return text or "no message"


def _word(value: Any) -> str | None:
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


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


def write_error(error: Error) -> tuple[int, Any]:
    """Status and body for a caller of this protocol: the provider's own where it spoke it, else ours in its words."""
    if error.wire == WIRE_NAME and error.body is not None:
        return error.status or 502, error.body
    status, kind, code = next((told for cls, told in _TOLD if isinstance(error, cls)), (500, "server_error", None))
    if error.wire == WIRE_NAME and error.status is not None:
        status = error.status
    body = {"message": str(error), "type": kind, "param": error.param, "code": error.code or code}
    return status, {"error": body}


def written_inside(error: Error) -> dict[str, Any]:
    """The error object for inside a stream: the provider's own where it spoke this protocol, else ours in its words."""
    said = _said(error.body) if error.wire == WIRE_NAME else {}
    if isinstance(said.get("message"), str):
        return {name: value for name, value in said.items() if name != "sequence_number" and value != "error"}
    told: dict[str, Any] = write_error(error)[1].get("error", {}) if error.wire != WIRE_NAME else {"message": str(error)}
    return told
