"""What a dialect wants said of every schema: its type, that an object is closed, that its properties are required."""

from __future__ import annotations

from typing import Any

from turnout.adapt.schemas.notes import Notes
from turnout.adapt.schemas.nulls import or_null, takes_null
from turnout.adapt.schemas.references import References
from turnout.adapt.schemas.vocabulary import TYPE_OF, Schema, members, required, speaks_of, type_of
from turnout.rules import Dialect

_SCALAR: Schema = {"type": ["string", "number", "boolean", "null"]}


class Inexpressible(Exception):
    """The dialect has no way to say this. ``what``, for the receipt or the error that follows."""


class Demands:
    """``within``: the references whose targets are being written."""

    def __init__(self, dialect: Dialect, references: References, notes: Notes, within: list[str]) -> None:
        self._dialect = dialect
        self._references = references
        self._notes = notes
        self._within = within

    def anything(self) -> Schema:
        """What any value is said as."""
        if self._dialect.typed == "no":
            return {}
        self._notes.narrowed("a schema must say its type: any value is said as any text, number, true, false or null")
        return _SCALAR

    def finish(self, written: Schema, node: Schema, root: bool) -> None:
        dialect = self._dialect
        if dialect.typed != "no" and not {"type", "anyOf", "allOf"} & written.keys():
            self._type(written, node)
        if speaks_of(written, "object"):
            if dialect.closed:
                self._close(written, node, root)
            if dialect.required != "any" or dialect.closed or dialect.refs == "optional":
                self._require(written, node)
        if dialect.items and speaks_of(written, "array") and "items" not in written:
            written["items"] = self.anything()

    def _type(self, written: Schema, node: Schema) -> None:
        if self._dialect.typed == "unless_valued" and {"enum", "const"} & written.keys():
            return
        values = [node["const"]] if "const" in node else node.get("enum")
        if isinstance(values, list):
            kinds = list(dict.fromkeys("integer" if type(value) is int else type_of(value) for value in values))
        else:
            kinds = sorted({TYPE_OF[key] for key in node if key in TYPE_OF})
        if not kinds:
            written.update(self.anything())
            return
        written["type"] = kinds[0] if len(kinds) == 1 else kinds
        self._notes.said_otherwise(f"a schema must say its type: sent as {' or '.join(kinds)}")

    def _close(self, written: Schema, node: Schema, root: bool) -> None:
        others = node.get("additionalProperties", node.get("unevaluatedProperties"))
        if others is not False or "patternProperties" in node:
            named = bool(members(written, "properties"))
            asked = others is not None or "patternProperties" in node
            if not named and (asked or not (root or "properties" in node or "maxProperties" in node)):
                raise Inexpressible(f"an object with names of its own choosing{self._at()}: every property must be named")
            if asked and others != {}:
                self._notes.narrowed("only the properties that are named can be answered")
            else:
                self._notes.said_otherwise(
                    'sent with "additionalProperties": false: only the properties that are named can be answered'
                )
        written.setdefault("properties", {})
        written["additionalProperties"] = False

    def _require(self, written: Schema, node: Schema) -> None:
        properties = members(written, "properties")
        needed = required(node)
        if self._dialect.refs == "optional" and self._references.exist:
            kept = [name for name in needed if not self._leads_back(properties.get(name))]
            if kept != needed:
                needed = written["required"] = kept
                self._notes.weakened("a property that leads back to its own schema may not be required")
        if self._dialect.closed:
            unnamed = [name for name in needed if name not in properties]
            if unnamed:
                properties = written["properties"] = properties | {name: self.anything() for name in unnamed}
        if self._dialect.required == "any":
            return
        optional = [name for name in properties if name not in needed]
        if self._dialect.required == "some":
            optional = [] if needed else optional[:1]
        if not optional:
            if "required" not in written and self._dialect.required == "all":
                written["required"] = []
            return
        originals = members(node, "properties")
        nulled = [name for name in optional if not takes_null(originals.get(name), self._references)]
        if nulled:
            lists = self._dialect.type_lists
            written["properties"] = {
                name: or_null(schema, type_lists=lists) if name in nulled else schema for name, schema in properties.items()
            }
            self._notes.nulls = True
            self._notes.said_otherwise(f"{', '.join(nulled)}: null where left out, which is taken out of the answer again")
        if len(nulled) < len(optional):
            others = ", ".join(name for name in optional if name not in nulled)
            self._notes.said_otherwise(f"{others}: null where left out")
        written["required"] = [name for name in properties if name in needed or name in optional]

    def _leads_back(self, schema: Any) -> bool:
        found = self._references.inside(schema)
        return any(self._references.together(ref, outer) for ref in found for outer in self._within)

    def _at(self) -> str:
        return f" at {''.join(self._notes.path)}" if self._notes.path else ""
