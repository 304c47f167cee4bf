"""Several schemas as one: what all of them say together, and what any of them says."""

from __future__ import annotations

from typing import Any

from turnout.adapt.schemas.vocabulary import DEFINITIONS, Schema, members, required, speaks_of, type_of, types

_GREATEST = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
_LEAST = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
_NOTES = frozenset({"title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", *DEFINITIONS})


class Merged:
    """One schema for all of several. ``exact`` is False where it accepts more than they do together."""

    def __init__(self) -> None:
        self.schema: Schema = {}
        self.exact = True

    def add(self, part: Any) -> None:
        if part is False:
            self.exact = False
        if not isinstance(part, dict):
            return
        if not self.schema:
            self.schema = dict(part)
            return
        self._close(part)
        for key, value in part.items():
            if key not in self.schema:
                self.schema[key] = value
            elif self.schema[key] != value and key not in _NOTES:
                self.schema[key] = self._both(key, self.schema[key], value)

    def _close(self, part: Schema) -> None:
        """An object that one part closes may not have what only the other names; here it may."""
        for one, other in ((self.schema, part), (part, self.schema)):
            if "additionalProperties" in one and (
                members(other, "properties").keys() - members(one, "properties").keys() or "patternProperties" in other
            ):
                self.exact = False
        if "additionalProperties" in self.schema or "additionalProperties" in part:
            mine, theirs = self.schema.get("additionalProperties", True), part.get("additionalProperties", True)
            if mine != theirs and False not in (mine, theirs) and True not in (mine, theirs):
                self.exact = False

    def _both(self, key: str, mine: Any, theirs: Any) -> Any:
        match key, mine, theirs:
            case (("properties" | "patternProperties" | "dependentSchemas"), dict(), dict()):
                both = dict(mine)
                for name, schema in theirs.items():
                    both[name] = {"allOf": [both[name], schema]} if name in both and both[name] != schema else schema
                return both
            case "required", list(), list():
                return [*mine, *(name for name in theirs if name not in mine)]
            case "type", _, _:
                return self._types(types({"type": mine}), types({"type": theirs}))
            case "enum", list(), list():
                if both_hold := [value for value in mine if value in theirs]:
                    return both_hold
            case "items", dict(), dict():
                return {"allOf": [mine, theirs]}
            case "allOf", list(), list():
                return [*mine, *theirs]
            case "additionalProperties", _, _:
                return mine if theirs is True else theirs if mine is True or theirs is False else mine
            case _, int() | float(), int() | float() if key in _GREATEST:
                return max(mine, theirs)
            case _, int() | float(), int() | float() if key in _LEAST:
                return min(mine, theirs)
        self.exact = False
        return mine

    def _types(self, mine: tuple[str, ...], theirs: tuple[str, ...]) -> Any:
        both = [kind for kind in mine if kind in theirs or (kind == "integer" and "number" in theirs)]
        both += [kind for kind in theirs if kind == "integer" and "number" in mine and kind not in both]
        if not both:
            self.exact = False
            both = list(mine)
        return both[0] if len(both) == 1 else both


def union_of_objects(base: Schema, branches: list[Any]) -> Schema:
    """One object that may be what ``base`` and any of ``branches`` say together. It may mix them, too."""
    written = dict(base)
    properties: dict[str, list[Any]] = {name: [schema] for name, schema in members(base, "properties").items()}
    needed: list[list[str]] = []
    objects = [it for it in branches if isinstance(it, dict) and (speaks_of(it, "object") or not types(it))]
    for branch in objects:
        for name, schema in members(branch, "properties").items():
            variants = properties.setdefault(name, [])
            if schema not in variants and name not in members(base, "properties"):
                variants.append(schema)
        needed.append(required(branch))
    written["type"] = "object"
    written["properties"] = {name: it[0] if len(it) == 1 else {"anyOf": it} for name, it in properties.items()}
    always = [name for name in needed[0] if all(name in names for names in needed)] if needed else []
    if always or "required" in base:
        mine = required(base)
        written["required"] = [*mine, *(name for name in always if name not in mine)]
    if objects and all(branch.get("additionalProperties") is False for branch in objects):
        written.setdefault("additionalProperties", False)
    return written


def exclusive(branches: list[Any]) -> bool:
    """True if no value can meet two of the branches, as far as their types or a property that tells them apart show."""
    if not all(isinstance(branch, dict) for branch in branches):
        return False
    kinds = [_kinds(branch) for branch in branches]
    if all(kinds) and sum(map(len, kinds)) == len(set().union(*kinds)):
        return True
    if not all(types(branch) == ("object",) for branch in branches):
        return False
    for name in members(branches[0], "properties"):
        seen: list[Any] = []
        for branch in branches:
            values = _values(members(branch, "properties").get(name))
            if not values or name not in required(branch) or any(value in seen for value in values):
                break
            seen += values
        else:
            return True
    return False


def _values(schema: Any) -> list[Any]:
    """The values it names, all text: those of other kinds may be equal without being the same."""
    if not isinstance(schema, dict):
        return []
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    return values if isinstance(values, list) and all(isinstance(value, str) for value in values) else []


def _kinds(schema: Schema) -> set[str]:
    """The types it may have as far as it says, an integer as a number."""
    if named := types(schema):
        return {"number" if kind == "integer" else kind for kind in named}
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    return {type_of(value) for value in values} if isinstance(values, list) else set()
