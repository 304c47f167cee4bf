"""Errors: this protocol's ``{"error": text}``, whole or as the last line of a stream, to our classes and back.

https://docs.ollama.com/api/errors (read 2026-11-21). It has no codes: what went wrong is told by the status and the words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from turnout.errors import ContextTooLong, Error, Overloaded, QuotaExhausted, RateLimited, Unsupported
from turnout.types import Target
from turnout.wire.faults import for_all_targets, made, of_status, place, reader, told_status, words
from turnout.wire.ollama.words import WIRE_NAME

# The server's own sentences: https://github.com/ollama/ollama, server/routes.go and server/sched.go (read 2026-11-21)
_TOO_LONG = ("context length", "context window", "exceeds maximum context", "exceeds the available context")
_CANNOT = ("does not support",)  # tools, thinking, chat, images: a matter of the model
_BUSY = ("server busy", "maximum pending requests")
_NO_QUOTA = ("usage limit", "upgrade for higher limits", "subscription")


def error_of(body: Any, status: int | None, target: Target, *, headers: Mapping[str, str] | None = None, text: str = "") -> Error:
    """The error that ``body`` (parsed JSON, or None) and ``status`` (None inside a 200) mean."""
    message = _message(body) or text or "no message"
    return made(
        _class(status, message.lower()),
        message,
        where=place(status, "answer"),
        wire=WIRE_NAME,
        target=target,
        status=status,
        headers=headers,
        body=body,
    )


read_error = reader(error_of)


def _class(status: int | None, said: str) -> type[Error]:
    if status in (None, 400, 413, 422) and any(phrase in said for phrase in _TOO_LONG):
        return ContextTooLong
    if status in (None, 503) and any(phrase in said for phrase in _BUSY):
        return Overloaded
    if status in (None, 400) and any(phrase in said for phrase in _CANNOT):
        return Unsupported
    found = of_status(status)
    return QuotaExhausted if found is RateLimited and any(phrase in said for phrase in _NO_QUOTA) else found


def _message(body: Any) -> str:
    """The words of the error, wherever a server or what stands before it puts them."""
    said = body.get("error", body.get("message")) if isinstance(body, dict) else body
    return words(said.get("message", said) if isinstance(said, dict) else said)


# -- towards callers -------------------------------------------------------------------------------


def write_error(error: Error) -> tuple[int, Any]:
    """Status and body for a caller of this protocol: the provider's own where it spoke it, else ours in its words."""
    error = for_all_targets(error)
    status = told_status(error, WIRE_NAME)
    if error.wire == WIRE_NAME and isinstance(error.body, dict) and error.body.get("error"):
        return status, error.body
    return status, {"error": str(error)}
