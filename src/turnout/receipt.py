"""Writes receipts: one line for each field that a translation could not carry exactly."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from turnout.types import ChatRequest, Completion, Receipt, ReceiptLine, Side

_REQUEST_FIELDS = tuple(name for name in ChatRequest.__struct_fields__ if name not in ("origin", "spelled", "extra"))
_RESPONSE_FIELDS = ("id", "model", "created", "choices", "usage", "service_tier")


def mapped(side: Side, field: str, reason: str) -> ReceiptLine:
    """The same meaning under another name or in another place."""
    return ReceiptLine(side, field, "mapped", reason)


def approximated(side: Side, field: str, reason: str) -> ReceiptLine:
    """The nearest thing the target can do, which is not the same."""
    return ReceiptLine(side, field, "approximated", reason)


def dropped(side: Side, field: str, reason: str) -> ReceiptLine:
    """Not sent, because the target has no place for it."""
    return ReceiptLine(side, field, "dropped", reason)


def compose(request: ChatRequest | None, completion: Completion | None, departures: Iterable[ReceiptLine]) -> Receipt:
    """The receipt of one call: the departures, and the fields that were present at all on the sides there are."""
    return Receipt(
        departures=tuple(departures),
        request_fields=_present(request, _REQUEST_FIELDS),
        response_fields=_present(completion, _RESPONSE_FIELDS),
    )


def _present(value: ChatRequest | Completion | None, names: tuple[str, ...]) -> tuple[str, ...]:
    if value is None:
        return ()
    fields = [name for name in names if getattr(value, name) is not None]
    if value.extra:
        fields += [f"extra.{name}" for name in value.extra]
    return tuple(fields)


_BESIDE = frozenset(("origin", "spelled", "extra", "target", "attempts", "cost", "receipt", "headers", "parts"))


def of_fields(request: Struct, answer: Struct, departures: Iterable[ReceiptLine]) -> Receipt:
    """As ``compose``, of any request and its answer: what they have in common with those of chat is ``extra``."""
    return Receipt(departures=tuple(departures), request_fields=_said(request), response_fields=_said(answer))


def _said(value: Struct) -> tuple[str, ...]:
    fields = [name for name in value.__struct_fields__ if name not in _BESIDE and getattr(value, name) not in (None, "", ())]
    extra: dict[str, Any] = getattr(value, "extra", None) or {}
    return (*fields, *(f"extra.{name}" for name in extra))
