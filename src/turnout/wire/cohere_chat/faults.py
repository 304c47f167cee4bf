"""Errors: this protocol's ``{"message": text}`` to our classes and back.

https://docs.cohere.com/reference/errors (read 2026-11-21)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from turnout.errors import ContextTooLong, Error, QuotaExhausted, RateLimited, ServerFault, Unsupported
from turnout.types import Target
from turnout.wire.cohere_chat.words import WIRE_NAME
from turnout.wire.faults import BY_STATUS, for_all_targets, made, of_status, place, reader, told_status, words
from turnout.wire.response_headers import request_id

# The vendor's own sentences, where the status says less than they do.
_TOO_LONG = ("too many tokens", "context length", "context window")
_CANNOT = ("not supported", "does not support", "unsupported")
_NO_QUOTA = ("calls / month", "monthly", "billing", "payment", "credits")
_BY_STATUS = {**BY_STATUS, 499: ServerFault}  # the request was cancelled


def error_of(body: Any, status: int | None, target: Target, *, headers: Mapping[str, str] | None = None, text: str = "") -> Error:
    """The error that ``body`` (parsed JSON, or None) and ``status`` (None inside a stream) mean."""
    said = body if isinstance(body, dict) else {}
    kind = said.get("error_type") if isinstance(said.get("error_type"), str) else None
    message = _message(body) or text or "no message"
    id = request_id(headers or {})
    return made(
        _class(status, kind or "", message.lower()),
        message,
        where=place(status),
        wire=WIRE_NAME,
        target=target,
        status=status,
        headers=headers,
        body=body,
        type=kind,
        id=id if id is not None or not isinstance(said.get("id"), str) else said["id"],
    )


read_error = reader(error_of)


def _class(status: int | None, kind: str, said: str) -> type[Error]:
    if status in (None, 400, 413, 422) and (kind == "TOO_MANY_TOKENS" or any(phrase in said for phrase in _TOO_LONG)):
        return ContextTooLong
    if status in (400, 422) and any(phrase in said for phrase in _CANNOT):
        return Unsupported
    found = of_status(status, _BY_STATUS)
    return QuotaExhausted if found is RateLimited and any(phrase in said for phrase in _NO_QUOTA) else found


def _message(body: Any) -> str:
    """The words of the error, wherever a server or what stands before it puts them."""
    said = body.get("message", body.get("error")) if isinstance(body, dict) else body
    return words(said.get("message", said) if isinstance(said, dict) else said)


# -- towards callers -------------------------------------------------------------------------------


def write_error(error: Error) -> tuple[int, Any]:
    """Status and body for a caller of this protocol: the provider's own where it spoke it, else ours in its words."""
    error = for_all_targets(error)
    status = told_status(error, WIRE_NAME, own=((Unsupported, 422),))
    if error.wire == WIRE_NAME and isinstance(error.body, dict) and error.body.get("message"):
        return status, error.body
    body = {"message": str(error)}
    if isinstance(error, ContextTooLong):
        body["error_type"] = "TOO_MANY_TOKENS"
    return status, body if error.request_id is None else body | {"id": error.request_id}
