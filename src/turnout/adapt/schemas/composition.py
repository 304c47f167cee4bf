"""Says a schema with the compositions that a dialect has: allOf merged, oneOf as anyOf, unions with nothing beside them."""

from __future__ import annotations

from typing import Any

from turnout.adapt.schemas.merging import Merged, exclusive, union_of_objects
from turnout.adapt.schemas.notes import Notes
from turnout.adapt.schemas.references import References
from turnout.adapt.schemas.vocabulary import CHECKING, DEFINITIONS, TYPE_OF, Schema, branches, type_of, types
from turnout.errors import RequestError
from turnout.rules import Dialect

STEPS = 10_000  # schemas within one, references expanded
DEPTH = 100
_COMPOSED = frozenset(
    {"allOf", "oneOf", "anyOf", "const", "exclusiveMinimum", "exclusiveMaximum", "prefixItems", "patternProperties"}
)


class Composition:
    """One schema's compositions. Each method returns the same object when there is nothing to do."""

    def __init__(self, dialect: Dialect, references: References, notes: Notes, field: str) -> None:
        self.dialect = dialect
        self.references = references
        self.notes = notes
        self.field = field
        self._steps = 0

    def understood(self, keyword: str) -> bool:
        return self.dialect.keywords is None or keyword in self.dialect.keywords

    def step(self, depth: int) -> None:
        """Raises RequestError where expanding a schema does not come to an end worth waiting for."""
        self._steps += 1
        if self._steps > STEPS or depth > DEPTH:
            what = (
                f"nests deeper than {DEPTH} levels"
                if depth > DEPTH
                else f"holds more than {STEPS} schemas with its $refs expanded"
            )
            raise RequestError(f"{self.field}: the schema {what}: make it smaller", param=self.field)

    def compose(self, node: Schema, depth: int) -> Schema:
        if node.keys().isdisjoint(_COMPOSED) and (self.dialect.type_lists or not isinstance(node.get("type"), list)):
            return node
        if "allOf" in node and (self.dialect.closed or not self.understood("allOf")):
            node = self._merged(node, depth)
        if "oneOf" in node and not self.understood("oneOf"):
            node = self._any_of(node)
        if self.dialect.keywords is not None:
            node = self._equivalents(node)
        if len(types(node)) > 1 and not self.dialect.type_lists and "anyOf" not in node:
            node = _by_type(node)
            self.notes.said_otherwise("several types are said as anyOf")
        if self.dialect.lone_unions and "anyOf" in node and any(key in CHECKING for key in node if key != "anyOf"):
            node = self._distributed(node, depth)
        return node

    def flat(self, part: Any, depth: int) -> Any:
        """``part`` without a reference or an allOf at its top."""
        self.step(depth)
        part = self.references.resolved(part)
        if isinstance(part, dict) and "allOf" in part:
            return self._merged(part, depth + 1)
        return part

    def replaced(self, node: Schema, depth: int) -> Any:
        """What the reference of ``node`` points to, with what stands beside the reference."""
        merged = Merged()
        merged.add({key: value for key, value in node.items() if key != "$ref"})
        target = self.flat({"$ref": node["$ref"]}, depth)
        if not merged.schema:
            return target
        merged.add(target)
        if not merged.exact:
            self.notes.weakened("$ref and what stands beside it are merged, which says less")
        return merged.schema

    def plain_root(self, node: Schema) -> Schema:
        """An object without unions, values or negations beside it."""
        flat = self.flat(node, 0)
        if not isinstance(flat, dict):
            return node
        root: Schema = flat
        for keyword in ("anyOf", "oneOf"):
            if alternatives := branches(root, keyword):
                base = {key: value for key, value in root.items() if key != keyword}
                root = union_of_objects(base, [self.flat(branch, 1) for branch in alternatives])
                self.notes.weakened(f"{keyword} is not allowed at the root: sent as one object that may be any of them")
        for keyword in ("enum", "const", "not", "anyOf", "oneOf"):
            if keyword in root:
                root = {key: value for key, value in root.items() if key != keyword}
                self.notes.weakened(f"{keyword} is not allowed at the root")
        return root | {key: node[key] for key in DEFINITIONS if key in node and root is not node}

    def _merged(self, node: Schema, depth: int) -> Schema:
        merged = Merged()
        merged.add({key: value for key, value in node.items() if key != "allOf"})
        for part in branches(node, "allOf"):
            merged.add(self.flat(part, depth + 1))
        if merged.exact:
            self.notes.said_otherwise("allOf is merged")
        else:
            self.notes.weakened("allOf is merged, which says less")
        return merged.schema

    def _any_of(self, node: Schema) -> Schema:
        alternatives = branches(node, "oneOf")
        if "anyOf" in node:
            self.notes.weakened("oneOf cannot be said beside anyOf")
            return {key: value for key, value in node.items() if key != "oneOf"}
        if exclusive([self.references.resolved(branch) for branch in alternatives]):
            self.notes.said_otherwise("oneOf is said as anyOf: no value can be two of them")
        else:
            self.notes.weakened("oneOf is said as anyOf")
        return {"anyOf" if key == "oneOf" else key: value for key, value in node.items()}

    def _distributed(self, node: Schema, depth: int) -> Schema:
        """What stands beside a union moves into each of its branches."""
        notes = {key: value for key, value in node.items() if key not in CHECKING}
        base = {key: value for key, value in node.items() if key in CHECKING and key != "anyOf"}
        alternatives: list[Any] = []
        exact = True
        for branch in branches(node, "anyOf"):
            merged = Merged()
            merged.add(base)
            merged.add(self.flat(branch, depth + 1))
            exact = exact and merged.exact
            alternatives.append(merged.schema)
        if exact:
            self.notes.said_otherwise("what stands beside anyOf is said in each alternative")
        else:
            self.notes.weakened("what stands beside anyOf is said in each alternative, which says less")
        return {**notes, "anyOf": alternatives}

    def _equivalents(self, node: Schema) -> Schema:
        if "const" in node and not self.understood("const") and "enum" not in node and self._is_value(node["const"]):
            node = {"enum" if key == "const" else key: [value] if key == "const" else value for key, value in node.items()}
            self.notes.said_otherwise("const is said as an enum of one value")
        for strict, bound, by in (("exclusiveMinimum", "minimum", 1), ("exclusiveMaximum", "maximum", -1)):
            value = node.get(strict)
            said = bound not in node and not self.understood(strict) and self.understood(bound)
            if said and type(value) is int and types(node) == ("integer",):
                node = {bound if key == strict else key: it + by if key == strict else it for key, it in node.items()}
                self.notes.said_otherwise(f"{strict} is said as {bound}")
        if "prefixItems" in node and not self.understood("prefixItems"):
            node = self._same_items(node)
        lost = "patternProperties" in node and not self.understood("patternProperties") and not self.dialect.closed
        if lost and "additionalProperties" in node:  # it would forbid what the patterns allow
            node = {key: value for key, value in node.items() if key != "additionalProperties"}
            self.notes.weakened("additionalProperties means nothing without patternProperties")
        return node

    def _is_value(self, value: Any) -> bool:
        return self.understood("enum") and (self.dialect.enums is None or type_of(value) in self.dialect.enums)

    def _same_items(self, node: Schema) -> Schema:
        kinds: list[Any] = []
        rest = node.get("items", True)
        for schema in [*branches(node, "prefixItems"), *([rest] if rest is not False else [])]:
            if schema not in kinds:
                kinds.append(schema)
        written = {key: value for key, value in node.items() if key not in ("prefixItems", "items")}
        if True not in kinds and {} not in kinds:
            written["items"] = kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
        self.notes.weakened("prefixItems is not understood: any item may be any of them")
        return written


def _by_type(node: Schema) -> Schema:
    """One alternative for each type, with the keywords that mean something for it."""
    notes = {key: value for key, value in node.items() if key not in CHECKING}
    alternatives: list[Schema] = []
    for kind in types(node):
        general = "number" if kind == "integer" else kind
        branch: Schema = {"type": kind}
        for key, value in node.items():
            if key == "enum" and isinstance(value, list):
                branch[key] = [it for it in value if type_of(it) == general]
            elif key in CHECKING and key != "type" and TYPE_OF.get(key, general) == general:
                branch[key] = value
        if branch.get("enum") != []:
            alternatives.append(branch)
    return {**notes, "anyOf": alternatives}
