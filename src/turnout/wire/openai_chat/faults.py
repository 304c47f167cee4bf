"""Errors: this protocol's error objects, and what a status means when there is none, to our classes and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from turnout.errors import ContextTooLong, Error, ModelNotFound, Overloaded, QuotaExhausted
from turnout.types import Target
from turnout.wire.faults import BY_STATUS, first_words, made, of_status, place, reader
from turnout.wire.openai_chat.words import WIRE_NAME
from turnout.wire.openai_faults import MESSAGES, in_our_words, word

# OpenAI: https://platform.openai.com/docs/guides/error-codes (read 2026-11-21)
_QUOTA = ("insufficient_quota", "billing_not_active", "credit_balance_too_low")
# the last is llama.cpp's: https://github.com/ggml-org/llama.cpp/tree/master/tools/server (read 2026-11-21)
_CONTEXT = ("context_length_exceeded", "context_window_exceeded", "string_above_max_length", "exceed_context_size_error")
_MODEL = ("model_not_found", "model_not_available", "model_decommissioned")
_BY_STATUS = {**BY_STATUS, 498: Overloaded}  # Groq's flex capacity, https://console.groq.com/docs/errors (read 2026-11-21)


def error_of(
    body: Any, status: int | None, target: Target | None, *, headers: Mapping[str, str] | None = None, text: str = ""
) -> Error:
    """The error that ``body`` (parsed JSON, or None) and ``status`` (None inside a stream) mean."""
    said = _said(body)
    code, kind = word(said.get("code")), word(said.get("type"))
    if status is None:
        status = next((at for at in (said.get("status_code"), said.get("code")) if _is_status(at)), None)
    message = first_words(said, MESSAGES, text)
    return made(
        _class(status, code or "", kind or "", message),
        message,
        where=place(status),
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
    if code in _QUOTA or kind in _QUOTA or status == 402:
        return QuotaExhausted
    if code in _CONTEXT or kind in _CONTEXT or (status in (400, 413, 422) and "context length" in message.lower()):
        return ContextTooLong
    if code in _MODEL:
        return ModelNotFound
    return of_status(status, _BY_STATUS)


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


def _is_status(value: Any) -> bool:
    return isinstance(value, int) and 400 <= value < 600


# -- towards callers -------------------------------------------------------------------------------


def is_flat(body: Any) -> bool:
    """Mistral's form, with the members of ``error`` at the top, which OpenAI's clients cannot read."""
    return isinstance(body, dict) and body.get("object") == "error" and "error" not in body and "message" in body


def write_error(error: Error) -> tuple[int, Any]:
    """Status and body for a caller of this protocol: the provider's own where it spoke it, else ours in its words."""
    if error.wire == WIRE_NAME and error.body is not None and not is_flat(error.body):
        return error.status or 502, error.body
    return in_our_words(error, WIRE_NAME)
