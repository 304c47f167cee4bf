"""Errors: this protocol's error objects, and what a status means when there is none, to our classes and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from turnout.errors import (
    AuthenticationFailed,
    ContextTooLong,
    Error,
    ModelNotFound,
    QuotaExhausted,
    RateLimited,
    RequestError,
    ServerFault,
    TimedOut,
)
from turnout.types import Target
from turnout.wire.faults import first_words, made, of_status, place, reader
from turnout.wire.openai_faults import MESSAGES, in_our_words, word
from turnout.wire.openai_responses.words import WIRE_NAME

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


def error_of(
    body: Any, status: int | None, target: Target | None, *, headers: Mapping[str, str] | None = None, text: str = ""
) -> Error:
    """The error that ``body`` (parsed JSON, or None) and ``status`` (None inside an answer or a stream) mean."""
    said = _said(body)
    code, kind = word(said.get("code")), word(said.get("type"))
    kind = None if kind == "error" else kind  # the type of the event, not of the error
    message = first_words(said, MESSAGES, text)
    return made(
        _class(status, code or "", kind or "", message),
        message,
        where=place(status, "answer"),
        wire=WIRE_NAME,
        target=target,
        status=status,
        headers=headers,
        body=body,
        code=code,
        type=kind,
        param=word(said.get("param")),
    )


read_error = reader(error_of)


def _class(status: int | None, code: str, kind: str, message: str) -> type[Error]:
    known = _CODES.get(code) or _CODES.get(kind)
    if known is not None and (status is None or status < 500) and not (status == 429 and issubclass(known, RequestError)):
        return known
    if status in (400, 413, 422) and "context" in message.lower() and ("window" in message or "length" in message):
        return ContextTooLong
    if status is None and (code.startswith(_AT_FAULT) or kind == "invalid_request_error"):
        return RequestError
    return of_status(status)


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


# -- towards callers -------------------------------------------------------------------------------


def write_error(error: Error) -> tuple[int, Any]:
    """Status and body for a caller of this protocol: the provider's own where it spoke it, else ours in its words."""
    if error.wire == WIRE_NAME and error.body is not None:
        return error.status or 502, error.body
    return in_our_words(error, WIRE_NAME)


def written_inside(error: Error) -> dict[str, Any]:
    """The error object for inside a stream: the provider's own where it spoke this protocol, else ours in its words."""
    said = _said(error.body) if error.wire == WIRE_NAME else {}
    if isinstance(said.get("message"), str):
        return {name: value for name, value in said.items() if name != "sequence_number" and value != "error"}
    told: dict[str, Any] = write_error(error)[1].get("error", {}) if error.wire != WIRE_NAME else {"message": str(error)}
    return told
