"""Errors of services that say them as ``{"detail": text}``, to our classes and back: Voyage, Jina, and what FastAPI itself says.

https://docs.voyageai.com/docs/error-codes and https://api.jina.ai/openapi.json (read 2026-11-21)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from turnout.errors import ContextTooLong, Error, ModelNotFound, QuotaExhausted
from turnout.types import HttpResponse, Target
from turnout.wire import faults

_TOO_LONG = ("context length", "too many tokens", "max allowed tokens", "maximum length")
_NO_MODEL = ("INPUT_MODEL_NOT_FOUND",)
_NO_CREDIT = ("insufficient", "balance", "payment", "quota")


def reader(wire: str) -> Callable[[HttpResponse, Target], Error]:
    """``read_error`` of ``wire``."""

    def error_of(body: Any, status: int | None, target: Target, *, headers: Mapping[str, str] | None, text: str) -> Error:
        message = _message(body) or text or "no message"
        code = _code(body)
        return faults.made(
            _class(status, code or "", message.lower()),
            message,
            where=faults.place(status),
            wire=wire,
            target=target,
            status=status,
            headers=headers,
            body=body,
            code=code,
        )

    return faults.reader(error_of)


def _class(status: int | None, code: str, said: str) -> type[Error]:
    if status in (400, 413, 422) and any(words in said for words in _TOO_LONG):
        return ContextTooLong
    if code in _NO_MODEL:
        return ModelNotFound
    if status == 403 and any(words in f"{code} {said}".lower() for words in _NO_CREDIT):
        return QuotaExhausted
    return faults.of_status(status)


def _said(body: Any) -> Any:
    if not isinstance(body, dict):
        return body
    return next((body[name] for name in ("detail", "message", "error") if body.get(name)), None)


def _message(body: Any) -> str:
    said = _said(body)
    if isinstance(said, dict):
        said = next((said[name] for name in ("message", "detail", "msg") if isinstance(said.get(name), str)), said)
    return faults.words(said)


def _code(body: Any) -> str | None:
    said = _said(body)
    places = [place for place in (said, body) if isinstance(place, dict)]
    return next((place["code"] for place in places if isinstance(place.get("code"), str)), None)


# -- towards callers -------------------------------------------------------------------------------


def writer(wire: str) -> Callable[[Error], tuple[int, Any]]:
    """``write_error`` of ``wire``."""

    def write_error(error: Error) -> tuple[int, Any]:
        """Status and body for a caller: the provider's own where it spoke this protocol, else ours in its words."""
        error = faults.for_all_targets(error)
        status = faults.told_status(error, wire)
        return status, error.body if error.wire == wire and error.body is not None else {"detail": str(error)}

    return write_error
