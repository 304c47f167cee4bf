"""Errors as OpenAI's protocols tell callers of them, Chat Completions and Responses alike.

https://platform.openai.com/docs/guides/error-codes (read 2026-11-21)
"""

from __future__ import annotations

from typing import Any

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
from turnout.wire.faults import told

# where an error says what happened, in this protocol and its dialects; the first that does
MESSAGES = ("message", "detail", "error", "title")

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
_FALLBACK = (500, "server_error", None)


def word(value: Any) -> str | None:
    """A code or type, which some write as a number."""
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else None


def in_our_words(error: Error, wire: str) -> tuple[int, Any]:
    """Status and body for a caller of ``wire``; the provider's own status where it spoke the same protocol."""
    message = str(error)
    if isinstance(error, AllTargetsFailed):
        error = error.telling or error
    status, kind, code = told(error, _TOLD, _FALLBACK)
    if error.wire == wire and error.status is not None:
        status = error.status
    body = {"message": message, "type": kind, "param": error.param, "code": error.code or code}
    return status, {"error": body}
