"""JSON bodies of whole exchanges, for every wire: reading them, writing them, and taking known fields out of them."""

from __future__ import annotations

from typing import Any

import msgspec

from turnout.catalog.schema import Provider
from turnout.errors import RequestError, ServerFault
from turnout.receipt import dropped, mapped
from turnout.types import HttpRequest, HttpResponse, Origin, ReceiptLine, Target
from turnout.wire.json_text import read_json

_encode = msgspec.json.Encoder().encode


def post(url: str, body: dict[str, Any], provider: Provider) -> HttpRequest:
    """Raises RequestError for a body that JSON cannot say."""
    return HttpRequest(
        method="POST", url=url, headers={"content-type": "application/json", **provider.headers}, body=write(body, "the request")
    )


def write(body: Any, what: str) -> bytes:
    """Raises RequestError for what JSON cannot say."""
    try:
        return _encode(body)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise RequestError(f"{what} cannot be written as JSON: {error}") from error


def answer_json(response: HttpResponse, target: Target) -> Any:
    """What a provider answered. Raises ServerFault for what is no JSON."""
    try:
        return read_json(response.body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ServerFault(f"{target}: the answer is not JSON: {error}", status=response.status, target=target) from error


def answer_object(response: HttpResponse, target: Target) -> dict[str, Any]:
    """The JSON object that a provider answered. Raises ServerFault for anything else."""
    body = answer_json(response, target)
    if not isinstance(body, dict):
        raise ServerFault(f"{target}: the answer is no JSON object", status=response.status, target=target)
    return body


def request_object(body: bytes, expected: str) -> dict[str, Any]:
    """The JSON object that a caller sent. Raises RequestError, which says what was ``expected``, for anything else."""
    try:
        fields = read_json(body)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise RequestError(f"the request body is not JSON: {error}") from error
    if not isinstance(fields, dict):
        raise RequestError(f"the request body is no JSON object: expected a JSON object with {expected}")
    return fields


def take(fields: dict[str, Any], name: str, kind: type | tuple[type, ...]) -> Any:
    """``fields[name]`` taken out if it is of ``kind``; anything else stays where it is, to be kept verbatim."""
    value = fields.get(name)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        return None
    return fields.pop(name)


def take_model(fields: dict[str, Any]) -> str:
    """The name of the model, "" where the address names it. Raises RequestError for one that is no string."""
    model = fields.pop("model", "")
    if not isinstance(model, str):
        raise RequestError("model: expected the name of a model, as a string", param="model")
    return model


def merge_extra(
    body: dict[str, Any], extra: dict[str, Any] | None, origin: Origin | None, wire: str, lines: list[ReceiptLine]
) -> None:
    """Lays ``extra`` over ``body`` where it may go verbatim, and writes a line for each field of it where it may not."""
    if not extra:
        return
    if origin is None or origin.returns_to(wire):
        deep_merge(body, extra)
        return
    why = f"a field of {origin.wire} with no word in {wire}"  # leaving a null out loses nothing
    lines.extend(dropped("request", f"extra.{name}", why) for name, value in extra.items() if value is not None)


def is_makers(maker: str | None, origin: Origin | None, spelled: dict[str, str] | None, wire: str) -> bool:
    """True if a value came over ``wire`` in the body of ``maker``: on Bedrock each model's maker has a body of its own."""
    return origin is not None and origin.returns_to(wire) and (spelled or {}).get("maker") == maker


def deep_merge(written: dict[str, Any], extra: dict[str, Any] | None) -> dict[str, Any]:
    """``written`` with ``extra`` laid over it; objects on both sides are merged into new ones."""
    for name, value in (extra or {}).items():
        mine = written.get(name)
        written[name] = deep_merge(dict(mine), value) if isinstance(mine, dict) and isinstance(value, dict) else value
    return written


def with_quirks(body: dict[str, Any], provider: Provider, lines: list[ReceiptLine]) -> dict[str, Any]:
    """``body`` as this provider wants it: fields that it refuses left out, others under its own names."""
    quirks = provider.quirks
    for name in quirks.drop:
        if name in body:
            del body[name]
            lines.append(dropped("request", name, f"{provider.name} refuses this field"))
    for name, theirs in quirks.rename.items():
        if name in body and theirs not in body:
            body[theirs] = body.pop(name)
            lines.append(mapped("request", name, f"{provider.name} calls it {theirs}"))
    return body


def count(counts: Any, name: str) -> int | None:
    """A count of tokens or the like: a whole number from zero on; some vendors write it as a float."""
    value = counts.get(name) if isinstance(counts, dict) else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if type(value) is int and value >= 0 else None


def called(value: Any) -> str:
    """What JSON calls the kind of ``value``, for error messages."""
    if value is None:
        return "null"
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean", int: "a number", float: "a number"}
    return names.get(type(value), type(value).__name__)
