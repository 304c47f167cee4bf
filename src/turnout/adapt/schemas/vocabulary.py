"""The keywords of JSON Schema, by what they do (https://json-schema.org/draft/2020-12, read 2026-11-21)."""

from __future__ import annotations

from typing import Any

import msgspec

Schema = dict[str, Any]

MAPS = frozenset({"properties", "patternProperties", "dependentSchemas"})  # names to schemas
LISTS = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
SINGLES = frozenset({"items", "additionalItems", "additionalProperties", "contains", "propertyNames"})
# Where a weaker schema inside makes a stronger one outside, or one whose meaning hangs on its neighbours.
BRITTLE = frozenset(
    {"not", "if", "then", "else", "contains", "propertyNames", "dependentSchemas", "dependencies", "patternProperties"}
    | {"unevaluatedItems", "unevaluatedProperties", "additionalItems"}
)
RANGES = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"})

_OF_TYPE = {
    "string": {"minLength", "maxLength", "pattern", "format"},
    "number": RANGES | {"multipleOf"},
    "array": {"items", "prefixItems", "additionalItems", "minItems", "maxItems", "uniqueItems", "contains", "minContains"}
    | {"maxContains", "unevaluatedItems"},
    "object": {"properties", "patternProperties", "additionalProperties", "required", "minProperties", "maxProperties"}
    | {"propertyNames", "dependentRequired", "dependentSchemas", "dependencies", "unevaluatedProperties"},
}
TYPE_OF = {keyword: kind for kind, keywords in _OF_TYPE.items() for keyword in keywords}
CHECKING = frozenset(TYPE_OF) | {"type", "enum", "const", "anyOf", "oneOf", "allOf", "not", "if", "then", "else", "$ref"}
CHECKING |= {"$dynamicRef", "$recursiveRef"}
# They say how the schema is written, or again what is said beside them: leaving them out changes nothing.
DECLARATIONS = frozenset({"$schema", "$id", "$comment", "$vocabulary", "$anchor", "$dynamicAnchor", "discriminator"})
DEFINITIONS = ("$defs", "definitions")


def types(schema: Schema) -> tuple[str, ...]:
    """The types it names; empty if it names none."""
    kind = schema.get("type")
    if isinstance(kind, str):
        return (kind,)
    return tuple(it for it in kind if isinstance(it, str)) if isinstance(kind, list) else ()


def type_of(value: Any) -> str:
    """The JSON type of a value; an integer is a "number"."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    return "string" if isinstance(value, str) else "array" if isinstance(value, list) else "object"


def speaks_of(schema: Schema, kind: str) -> bool:
    """True if it names the type, or names none and has keywords that mean something for it."""
    named = types(schema)
    return kind in named if named else any(TYPE_OF.get(keyword) == kind for keyword in schema)


def members(schema: Any, key: str) -> dict[str, Any]:
    """The object at ``key``; empty where there is none."""
    value = schema.get(key) if isinstance(schema, dict) else None
    return value if isinstance(value, dict) else {}


def branches(schema: Any, key: str) -> list[Any]:
    """The list at ``key``; empty where there is none."""
    value = schema.get(key) if isinstance(schema, dict) else None
    return value if isinstance(value, list) else []


def required(schema: Any) -> list[str]:
    return [name for name in branches(schema, "required") if isinstance(name, str)]


def json_text(value: Any) -> str:
    """The value as JSON where a sentence can hold it; empty where it is an object, or long."""
    if isinstance(value, dict):
        return ""
    try:
        text = msgspec.json.encode(value).decode()
    except (TypeError, ValueError, RecursionError):
        return ""
    return text if len(text) <= _SAYABLE else ""


_SAYABLE = 200  # characters
