"""Optional properties where every property is required: null says that one is left out, and is taken out of the answer again."""

from __future__ import annotations

from typing import Any

from turnout.adapt.schemas.references import References
from turnout.adapt.schemas.vocabulary import Schema, branches, members, required, types

_DEPTH = 100


def takes_null(schema: Any, references: References, depth: int = 0) -> bool:
    """True if null may be a value of it. In doubt True, so that a null that means something is never taken for an absence."""
    if not isinstance(schema, dict):
        return schema is not False
    if depth > _DEPTH:
        return True
    if (kinds := types(schema)) and "null" not in kinds:
        return False
    if isinstance(schema.get("enum"), list) and None not in schema["enum"]:
        return False
    if schema.get("const") is not None:
        return False
    if "$ref" in schema and not takes_null(references.target(schema["$ref"]), references, depth + 1):
        return False
    for key in ("anyOf", "oneOf"):
        alternatives = branches(schema, key)
        if alternatives and not any(takes_null(branch, references, depth + 1) for branch in alternatives):
            return False
    return all(takes_null(part, references, depth + 1) for part in branches(schema, "allOf"))


def or_null(schema: Schema, *, type_lists: bool) -> Schema:
    """``schema``, or null."""
    kind = schema.get("type")
    if type_lists and isinstance(kind, (str, list)) and "const" not in schema and "anyOf" not in schema:
        written = schema | {"type": [*types(schema), "null"]}
        if isinstance(schema.get("enum"), list):
            written["enum"] = [*schema["enum"], None]
        return written
    if isinstance(schema.get("anyOf"), list) and not set(schema) - {"anyOf", "title", "description", "default"}:
        return schema | {"anyOf": [*schema["anyOf"], {"type": "null"}]}
    notes = {key: value for key, value in schema.items() if key in ("title", "description", "default")}
    return {"anyOf": [{key: value for key, value in schema.items() if key not in notes}, {"type": "null"}], **notes}


def without_nulls(value: Any, schema: Any, references: References) -> Any:
    """``value`` without the nulls that stand for properties left out; the same object if there are none.

    Where alternatives disagree, a null stays.
    """
    return _visit(value, [schema], references, 0)


def _visit(value: Any, schemas: list[Any], references: References, depth: int) -> Any:
    if depth > _DEPTH or not isinstance(value, (dict, list)):
        return value
    views = [view for schema in schemas for view in _views(schema, references, value, 0)]
    if isinstance(value, list):
        items = [_items(view, at) for at in range(len(value)) for view in views]
        width = len(views)
        listed = [
            _visit(item, items[at * width : (at + 1) * width], references, depth + 1) if width else item
            for at, item in enumerate(value)
        ]
        return listed if any(new is not old for new, old in zip(listed, value, strict=True)) else value
    kept: dict[str, Any] = {}
    changed = False
    for name, member in value.items():
        defined = [members(view, "properties")[name] for view in views if name in members(view, "properties")]
        needed = any(name in required(view) for view in views)
        if member is None and defined and not needed and not any(takes_null(it, references) for it in defined):
            changed = True
            continue
        kept[name] = _visit(member, defined or [view.get("additionalProperties") for view in views], references, depth + 1)
        changed = changed or kept[name] is not member
    return kept if changed else value


def _items(view: Schema, at: int) -> Any:
    prefix = branches(view, "prefixItems")
    return prefix[at] if at < len(prefix) else view.get("items")


def _views(schema: Any, references: References, value: Any, depth: int) -> list[Schema]:
    """The schemas without alternatives that speak of ``value``, as far as their required names and constants show."""
    if not isinstance(schema, dict) or depth > _DEPTH:
        return []
    own: list[Schema] = [schema]
    if "$ref" in schema:
        own += _views(references.target(schema["$ref"]), references, value, depth + 1)
    for part in branches(schema, "allOf"):
        own += _views(part, references, value, depth + 1)
    for key in ("anyOf", "oneOf"):
        likely = [branch for branch in branches(schema, key) if _may_be(branch, references, value)]
        whole = [branch for branch in likely if _names_all(branch, references, value)]
        for branch in whole or likely:
            own += _views(branch, references, value, depth + 1)
    return own


def _names_all(schema: Any, references: References, value: Any) -> bool:
    return isinstance(value, dict) and members(references.resolved(schema), "properties").keys() == value.keys()


def _may_be(schema: Any, references: References, value: Any) -> bool:
    schema = references.resolved(schema)
    if not isinstance(schema, dict):
        return schema is not False
    kinds = types(schema)
    if isinstance(value, list):
        return not kinds or "array" in kinds
    if (kinds and "object" not in kinds) or any(name not in value for name in required(schema)):
        return False
    properties = members(schema, "properties")
    if schema.get("additionalProperties") is False and any(name not in properties for name in value):
        return False
    for name, member in properties.items():
        if isinstance(member, dict) and isinstance(value.get(name), str):
            allowed = [member["const"]] if "const" in member else member.get("enum")
            if isinstance(allowed, list) and value[name] not in allowed:
                return False
    return True
