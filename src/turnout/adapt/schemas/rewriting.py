"""One schema in one dialect: what the dialect does not understand is relaxed, never tightened without saying so."""

from __future__ import annotations

import re
from typing import Any

from turnout.adapt.schemas.composition import Composition
from turnout.adapt.schemas.demands import Demands, Inexpressible
from turnout.adapt.schemas.measuring import too_large
from turnout.adapt.schemas.notes import Notes
from turnout.adapt.schemas.references import ROOT, References
from turnout.adapt.schemas.understanding import named, say_instead, understands
from turnout.adapt.schemas.vocabulary import (
    BRITTLE,
    CHECKING,
    DECLARATIONS,
    DEFINITIONS,
    LISTS,
    MAPS,
    RANGES,
    SINGLES,
    Schema,
    members,
    speaks_of,
    types,
)
from turnout.rules import Dialect

_LEVELS = 2  # how often a schema may stand within itself where references to itself are not understood
_NOTHING: Schema = {"type": "object", "properties": {}, "additionalProperties": False}
_DEFINITION = re.compile(r"#/(?:\$defs|definitions)/[^/]+")
_BUSY = MAPS | LISTS | SINGLES | BRITTLE | {"$ref", "enum", "const", "format", "pattern", *DEFINITIONS}
_CLOSING = ("additionalProperties", "patternProperties", "unevaluatedProperties")


class _Cut(Exception):
    """No value can stand here, or none that ends: whoever holds this place leaves it out."""


class Rewriting:
    """``schema`` in ``dialect``. ``field`` names it in the request."""

    def __init__(self, schema: Schema, dialect: Dialect, field: str) -> None:
        self._schema = schema
        self._dialect = dialect
        self.notes = Notes(field)
        self._references = References(schema, field)
        self._composition = Composition(dialect, self._references, self.notes, field)
        self._understood = self._composition.understood
        self._within: list[str] = [ROOT]  # the definitions that are being written, and those expanded in place
        self._demands = Demands(dialect, self._references, self.notes, self._within)
        self._depth = 0
        self._most = dict(dialect.most)
        self._plain: frozenset[str] | None = None
        if dialect.keywords is not None:
            self._plain = dialect.keywords - _BUSY - self._most.keys() - (RANGES if dialect.ranges is not None else frozenset())

    def write(self) -> Schema:
        """The same object when nothing changes. Raises Inexpressible, or RequestError for a schema that no target can take."""
        dialect = self._dialect
        if dialect.keywords is None and not (dialect.root_object or dialect.plain_root or dialect.items or dialect.closed):
            return self._schema
        try:
            written = self._node(self._rooted(), root=True)
        except _Cut:
            raise Inexpressible("the schema contains itself without an end") from None
        if not isinstance(written, dict):
            return self._schema
        if (why := too_large(written, dialect.bounds)) is not None:
            raise Inexpressible(why)
        return written

    # -- the root ------------------------------------------------------------------------------

    def _rooted(self) -> Schema:
        root, dialect = self._schema, self._dialect
        if "$ref" in root and (dialect.root_object or dialect.plain_root):
            resolved = self._references.resolved(root)
            if isinstance(resolved, dict):
                root = resolved | {key: root[key] for key in DEFINITIONS if key in root}
                self.notes.said_otherwise("$ref at the root is replaced by what it points to")
        if dialect.plain_root and any(key in root for key in ("anyOf", "oneOf", "allOf", "enum", "const", "not")):
            root = self._composition.plain_root(root)
        if dialect.root_object and (kinds := types(root)) != ("object",):
            if kinds and "object" not in kinds:
                raise Inexpressible(f"the root is of type {' or '.join(kinds)}, and must be an object")
            root = {"type": "object"} | root | {"type": "object"}
            self.notes.said_otherwise('sent with "type": "object", which it did not say')
        return root

    def _definitions(self, group: dict[str, Any]) -> dict[str, Any]:
        written: dict[str, Any] = {}
        for name, schema in group.items():
            ref = f"#/$defs/{name}" if name in members(self._schema, "$defs") else f"#/definitions/{name}"
            if self._expanded(ref):
                continue
            self._within.append(ref)
            self.notes.path.append(f".$defs.{name}")
            try:
                written[name] = self._node(schema)
            except _Cut:
                written[name] = self._demands.anything()
            finally:
                self._within.pop()
                self.notes.path.pop()
        return group if _same(written, group) else written

    # -- references ----------------------------------------------------------------------------

    def _expanded(self, ref: str) -> bool:
        """True if the dialect does not understand this reference, so that what it points to is written in its place."""
        refs = self._dialect.refs
        if refs == "none" or not (ref == ROOT or _DEFINITION.fullmatch(ref)):
            return True
        return refs == "acyclic" and self._references.cyclic(ref)

    def _reference(self, node: Schema) -> Any:
        ref = node["$ref"]
        if not isinstance(ref, str) or self._expanded(ref):
            return self._expand(ref, node)
        self._references.target(ref)
        if len(node) > 1 and self._dialect.lone_refs:
            self.notes.said_otherwise("$ref with something beside it is replaced by what it points to")
            return self._node(self._composition.replaced(node, self._depth))
        if ref.startswith("#/definitions/") and not self._understood("definitions"):
            return node | {"$ref": "#/$defs/" + ref.removeprefix("#/definitions/")}
        return node

    def _expand(self, ref: Any, node: Schema) -> Any:
        target = self._references.target(ref)
        before = self._within.count(ref)
        if before >= (_LEVELS if self._dialect.closed else 1):
            if self._dialect.closed:
                self.notes.of_all(f"{ref} contains itself, which is not understood: answers nest at most {_LEVELS} deep")
                raise _Cut
            self.notes.weakened("recursion is not understood: anything is allowed from here on")
            kind = target.get("type", "object" if speaks_of(target, "object") else None) if isinstance(target, dict) else None
            return {} if kind is None else {"type": kind}
        if not self._references.cyclic(ref):
            self.notes.said_otherwise("$ref is replaced by what it points to")
        self._within.append(ref)
        self.notes.quiet += before > 0
        try:
            return self._node(self._composition.replaced(node, self._depth))
        finally:
            self._within.pop()
            self.notes.quiet -= before > 0

    # -- one schema ----------------------------------------------------------------------------

    def _node(self, node: Any, *, root: bool = False) -> Any:
        self._depth += 1
        try:
            self._composition.step(self._depth)
            if not isinstance(node, dict):
                return self._boolean(node)
            if self._is_plain(node):
                return node
            if "$ref" in node and self._dialect.keywords is not None:
                return self._reference(node)
            return self._keywords(self._composition.compose(node, self._depth), node, root)
        finally:
            self._depth -= 1

    def _is_plain(self, node: Schema) -> bool:
        """True for most: a scalar of one type, with nothing that asks for a second look."""
        kind = node.get("type")
        if type(kind) is not str or kind == "object" or kind == "array":
            return False
        return node.keys().isdisjoint(_BUSY) if self._plain is None else node.keys() <= self._plain

    def _boolean(self, node: Any) -> Any:
        if self._dialect.keywords is None or not isinstance(node, bool):
            return node
        if node is False:
            raise _Cut
        return self._demands.anything()

    def _keywords(self, node: Schema, original: Schema, root: bool) -> Schema:
        written: Schema = {}
        unheeded: list[str] = []
        refused: dict[str, Any] = {}
        for key, value in node.items():
            if key in _CLOSING and self._dialect.closed:
                if key == "additionalProperties" and value is False:
                    written[key] = value
                continue  # the rest is told where the object is closed
            if key in DEFINITIONS and (root or self._dialect.keywords is not None):
                self._define(key, value if root else {}, written)
            elif understands(self._dialect, key, value, node):
                if (new := self._member(key, value)) is not None:
                    written[key] = new
                else:
                    refused[key] = value
            elif key not in DECLARATIONS and (self._dialect.unheeded is None or key in self._dialect.unheeded):
                written[key] = value
                unheeded += [key] if key in CHECKING else []
            else:
                refused[key] = value
        if unheeded:
            self.notes.weakened(f"{named(unheeded, node)}: sent, but not heeded")
        if self._dialect.keywords is not None:
            self._demands.finish(written, node, root)
        elif self._dialect.items and speaks_of(node, "array") and not {"items", "prefixItems"} & node.keys():
            written["items"] = {}
            self.notes.said_otherwise("an array must say its items: any are allowed")
        if refused:
            say_instead(refused, written, self.notes, sayable=self._understood("description"))
        return original if _same(written, original) else written

    def _define(self, key: str, group: Any, written: Schema) -> None:
        definitions = self._definitions(group) if isinstance(group, dict) else {}
        if not definitions:
            return
        name = key if self._understood(key) else "$defs"
        if any(written.get(name, {}).get(it, schema) != schema for it, schema in definitions.items()):
            raise Inexpressible("two definitions of one name")
        written[name] = {**written[name], **definitions} if name in written else definitions

    def _member(self, key: str, value: Any) -> Any:
        """``value`` of an understood keyword, in the dialect; None if it cannot be kept."""
        if key == "properties" and isinstance(value, dict):
            return self._properties(value)
        if key in BRITTLE:
            return value if self._dialect.keywords is None or self._unchanged(value) else None
        if key in LISTS and isinstance(value, list):
            return self._list(key, value)
        if key in SINGLES and isinstance(value, dict):
            return self._single(key, value)
        if key in self._most and type(value) is int and value > self._most[key]:
            self.notes.weakened(f"{key} may be at most {self._most[key]}")
            return self._most[key]
        return value

    def _properties(self, group: dict[str, Any]) -> dict[str, Any]:
        written: dict[str, Any] = {}
        for name, schema in group.items():
            self.notes.path.append(f".{name}")
            try:
                written[name] = self._node(schema)
            except _Cut:
                pass  # a property that no value can have is one that is not there
            finally:
                self.notes.path.pop()
        return group if _same(written, group) else written

    def _list(self, key: str, alternatives: list[Any]) -> list[Any] | None:
        written: list[Any] = []
        for at, schema in enumerate(alternatives):
            self.notes.path.append(f".{key}[{at}]")
            try:
                written.append(self._node(schema))
            except _Cut:
                if key not in ("anyOf", "oneOf"):
                    return None
            finally:
                self.notes.path.pop()
        if not written:
            raise _Cut
        same = len(written) == len(alternatives) and all(new is old for new, old in zip(written, alternatives, strict=True))
        return alternatives if same else written

    def _single(self, key: str, schema: Schema) -> Any:
        self.notes.path.append(f".{key}")
        try:
            return self._node(schema)
        except _Cut:
            return _NOTHING if self._dialect.closed else {}
        finally:
            self.notes.path.pop()

    def _unchanged(self, value: Any) -> bool:
        """True if the dialect understands all of it; where a meaning hangs on its neighbours only that is kept."""
        inner = Rewriting({"allOf": value if isinstance(value, list) else [value]}, self._dialect, "")
        try:
            return isinstance(value, bool) or inner._node(value) is value
        except (_Cut, Inexpressible):
            return False


def _same(written: dict[str, Any], original: dict[str, Any]) -> bool:
    """True if both have the same objects under the same names in the same order."""
    return len(written) == len(original) and all(
        a == b and new is old for (a, new), (b, old) in zip(written.items(), original.items(), strict=True)
    )
