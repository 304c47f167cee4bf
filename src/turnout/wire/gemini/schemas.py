"""The protocol's own schema, a subset of OpenAPI's, as JSON Schema (https://ai.google.dev/api/caching#Schema, read 2026-11-21).

Towards providers JSON Schema needs no conversion: there are fields of its own for it.
"""

from __future__ import annotations

from typing import Any

import msgspec

from turnout.wire.gemini.words import Spelled, snake
from turnout.wire.json_text import read_json

_TYPES = ("", "string", "number", "integer", "boolean", "array", "object", "null")  # in the order of their numbers
_COUNTS = ("minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties")
_TWO_WORDS = (*_COUNTS, "anyOf", "propertyOrdering", "additionalProperties")
_CAMEL: dict[str, str] = {"type_": "type", **{snake(name): name for name in _TWO_WORDS}}
_NOT_JSON_SCHEMA = ("nullable", "propertyOrdering")


def read_schema(raw: dict[str, Any], name: str, spelled: Spelled) -> dict[str, Any]:
    """``raw`` as JSON Schema. Where that says it otherwise, ``spelled`` remembers the text of the original as ``name``."""
    schema: dict[str, Any] = json_schema(raw)
    if schema != raw:
        spelled[name] = msgspec.json.encode(raw).decode()
    return schema


def write_schema(schema: dict[str, Any], name: str, spelled: Spelled) -> dict[str, Any] | None:
    """``schema`` in the form it was read from; None if it was changed since, so that only JSON Schema says it."""
    if name not in spelled:
        return schema
    raw = read_json(spelled[name])
    return raw if json_schema(raw) == schema else None


def json_schema(raw: Any) -> Any:
    """``raw`` if it is JSON Schema as it stands, else what it means in it. What is no schema stays as it is."""
    if not isinstance(raw, dict):
        return raw
    schema: dict[str, Any] = {}
    for written, value in raw.items():
        name = _renamed(written)
        if name in _NOT_JSON_SCHEMA:
            continue
        schema[name] = _member(name, value)
    if schema.get("format") == "enum":
        del schema["format"]
    if not schema.get("type", True):
        del schema["type"]
    return _nullable(schema) if raw.get("nullable") is True else schema


def _renamed(name: str) -> str:
    return _CAMEL.get(name, name)


def _member(name: str, value: Any) -> Any:
    match name, value:
        case "type", str():
            return value.lower() if value.lower() in _TYPES else ""
        case "type", int() if 0 <= value < len(_TYPES):
            return _TYPES[value]
        case (("properties" | "$defs" | "defs"), dict()):
            return {key: json_schema(member) for key, member in value.items()}
        case (("items" | "additionalProperties" | "not"), dict()):
            return json_schema(value)
        case (("anyOf" | "oneOf" | "allOf" | "prefixItems"), list()):
            return [json_schema(member) for member in value]
        case _, str() if name in _COUNTS and value.isdecimal():
            return int(value)  # 64-bit numbers are strings in this JSON
    return value


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    if isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
    elif isinstance(schema.get("anyOf"), list):
        schema["anyOf"] = [*schema["anyOf"], {"type": "null"}]
    if isinstance(schema.get("enum"), list) and None not in schema["enum"]:
        schema["enum"] = [*schema["enum"], None]
    return schema
