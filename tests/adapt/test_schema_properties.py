"""What a dialect makes of a schema accepts whatever the schema accepts, and comes out the same every time."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given, settings, strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry

from turnout.adapt.schemas.demands import Inexpressible
from turnout.adapt.schemas.nulls import without_nulls
from turnout.adapt.schemas.references import References
from turnout.adapt.schemas.rewriting import Rewriting
from turnout.rules import Dialect, dialects

OPEN: dict[str, Dialect] = {
    "gemini": dialects.GEMINI.output,
    "ollama": dialects.OLLAMA.output,
    "openai tools": dialects.OPENAI.tools,
    "without references": Dialect(
        keywords=frozenset({"type", "properties", "required", "items", "anyOf", "enum", "additionalProperties"}), refs="none"
    ),
}
CLOSED: dict[str, Dialect] = {
    "openai strict": dialects.OPENAI.strict_output or Dialect(),
    "anthropic": dialects.ANTHROPIC.output,
    "bedrock strict tools": dialects.BEDROCK.strict_tools or Dialect(),
    "cohere": dialects.COHERE.output,
}
NAMES = ["a", "b", "c", "x1"]
NODE = {
    "type": "object",
    "properties": {"value": {"type": "integer", "minimum": 0}, "next": {"$ref": "#/$defs/Node"}},
    "required": ["value"],
    "additionalProperties": False,
}
DEFINITIONS = {"Node": NODE, "Short": {"type": "string", "maxLength": 3, "description": "short"}}
Pair = tuple[Any, Any]  # a schema, and a value that it accepts


@st.composite
def strings(draw: st.DrawFn) -> Pair:
    value = draw(st.sampled_from(["", "a", "abc", "2026-01-01", "x@example.com"]))
    schema: dict[str, Any] = {"type": "string"}
    if draw(st.booleans()):
        schema["maxLength"] = len(value) + draw(st.integers(0, 2))
    if draw(st.booleans()):
        schema["pattern"] = draw(st.sampled_from(["^", "^" + re.escape(value) + "$", "(?=)", ""]))
    if draw(st.booleans()):
        schema["minLength"] = min(len(value), draw(st.integers(0, 3)))
    return schema, value


@st.composite
def numbers(draw: st.DrawFn) -> Pair:
    value = draw(st.integers(-5, 5))
    bounds = {"minimum": value, "exclusiveMinimum": value - 1, "maximum": value + 1, "multipleOf": 1}
    schema: dict[str, Any] = {"type": draw(st.sampled_from(["integer", "number"]))}
    schema |= {keyword: bound for keyword, bound in bounds.items() if draw(st.booleans())}
    return schema, value


def scalars() -> st.SearchStrategy[Pair]:
    return st.one_of(
        strings(),
        numbers(),
        st.just(({"type": "null"}, None)),
        st.just(({"type": ["boolean", "null"]}, True)),
        st.sampled_from([({"const": "k"}, "k"), ({"const": 3}, 3), ({"enum": ["p", None, 2]}, 2), ({"enum": [[1], "q"]}, [1])]),
        st.just(({"$ref": "#/$defs/Short"}, "ab")),
        st.just(({"$ref": "#/$defs/Short", "title": "T", "minLength": 1}, "ab")),
        st.just(({"$ref": "#/$defs/Node"}, {"value": 1})),
    )


@st.composite
def lists(draw: st.DrawFn, inner: st.SearchStrategy[Pair]) -> Pair:
    schema, value = draw(inner)
    values = [value] * draw(st.integers(0, 2))
    written: dict[str, Any] = {"type": "array", "items": schema}
    if draw(st.booleans()):
        first, head = draw(inner)
        values = [head, *values]
        written |= {"prefixItems": [first]}
        if len(values) == 1 and draw(st.booleans()):
            written["items"] = False
    if draw(st.booleans()):
        written["minItems"] = len(values)
    if draw(st.booleans()):
        written["maxItems"] = len(values)
    if len(values) < 2 and draw(st.booleans()):
        written["uniqueItems"] = True
    return written, values


@st.composite
def objects(draw: st.DrawFn, inner: st.SearchStrategy[Pair], closed: bool) -> Pair:
    written: dict[str, Any] = {"type": "object", "properties": {}}
    value: dict[str, Any] = {}
    for name in draw(st.lists(st.sampled_from(NAMES[:3]), unique=True, min_size=1)):
        written["properties"][name], member = draw(inner)
        if draw(st.booleans()):
            value[name] = member
            if draw(st.booleans()):
                written.setdefault("required", []).append(name)
    if draw(st.booleans()):
        written["additionalProperties"] = False
    elif not closed and draw(st.booleans()):
        written["patternProperties"], value["x1"] = {"^x": {"type": "integer"}}, 1
        written["additionalProperties"] = False
    elif not closed and draw(st.booleans()):
        written["additionalProperties"], value["x1"] = draw(inner)
    if draw(st.booleans()):
        written["minProperties"] = min(len(value), 1)
    if draw(st.booleans()):
        written["description"] = "an object"
    return written, value


@st.composite
def unions(draw: st.DrawFn, inner: st.SearchStrategy[Pair], closed: bool) -> Pair:
    keyword = draw(st.sampled_from(["anyOf", "oneOf", *([] if closed else ["allOf"])]))
    schema, value = draw(inner)
    if keyword == "allOf":
        return {"allOf": [schema, draw(st.sampled_from([{}, {"title": "t"}, schema]))]}, value
    others = [it for it, _ in draw(st.lists(inner, max_size=2))]
    return {keyword: draw(st.permutations([schema, *others]))}, value


@st.composite
def pairs(draw: st.DrawFn, closed: bool = False) -> Pair:
    inner: st.SearchStrategy[Pair] = st.recursive(
        scalars(),
        lambda deeper: st.one_of(lists(deeper), objects(deeper, closed), unions(deeper, closed)),
        max_leaves=6,
    )
    written, value = draw(objects(inner, closed))
    written |= {"$defs": msgspec.json.decode(msgspec.json.encode(DEFINITIONS))}
    assume(accepts(written, value))
    return written, value


def accepts(schema: Any, value: Any) -> bool:
    return bool(Draft202012Validator(schema, registry=Registry()).is_valid(value))


def rewriting(schema: Any, dialect: Dialect) -> Rewriting:
    return Rewriting(schema, dialect, "response_format.schema")


@pytest.mark.parametrize("name", OPEN)
@settings(max_examples=100)
@given(data=st.data())
def test_what_a_schema_accepts_its_dialect_accepts(name: str, data: st.DataObject) -> None:
    schema, value = data.draw(pairs())
    assert accepts(rewriting(schema, OPEN[name]).write(), value)


@pytest.mark.parametrize("name", CLOSED)
@settings(max_examples=100)
@given(data=st.data())
def test_a_closed_dialect_accepts_what_has_no_names_of_its_own_and_gives_it_back(name: str, data: st.DataObject) -> None:
    schema, value = data.draw(pairs(closed=True))
    one = rewriting(schema, CLOSED[name])
    try:
        written = one.write()
    except Inexpressible:
        assume(False)
    assert departures(written, CLOSED[name]) == []
    asked = [it for it in filled(value, written, written) if accepts(written, it)]
    assert asked, (written, value)
    restored = without_nulls(asked[0], schema, References(schema, ""))
    excluded = one.notes.relaxed and b'"oneOf"' in msgspec.json.encode(schema)  # null in two alternatives; the check tells
    assert accepts(schema, restored) or excluded


@pytest.mark.parametrize("name", [*OPEN, *CLOSED])
@settings(max_examples=80)
@given(data=st.data())
def test_a_schema_in_its_dialect_stays_as_it_is_and_comes_out_the_same_every_time(name: str, data: st.DataObject) -> None:
    dialect = (OPEN | CLOSED)[name]
    schema, _ = data.draw(pairs(closed=name in CLOSED))
    before = msgspec.json.encode(schema)
    try:
        first = rewriting(schema, dialect)
        written = first.write()
    except Inexpressible:
        assume(False)
    second = rewriting(msgspec.json.decode(before), dialect)
    assert msgspec.json.encode(second.write()) == msgspec.json.encode(written)
    assert second.notes.lines() == first.notes.lines()
    assert msgspec.json.encode(schema) == before, "the caller's schema was changed"
    assert rewriting(written, dialect).write() is written


def departures(schema: Any, dialect: Dialect) -> list[str]:
    """What the dialect's rules forbid, found without the code that applies them."""
    if not isinstance(schema, dict):
        return []
    odd = [key for key in schema if key not in (dialect.keywords or ())]
    kinds = schema.get("type", ())
    if kinds == "object" or "object" in kinds:
        named, needed = list(schema.get("properties", ())), schema.get("required", [])
        odd += ["open"] if dialect.closed and schema.get("additionalProperties") is not False else []
        odd += ["optional"] if dialect.required == "all" and sorted(named) != sorted(needed) else []
        odd += ["all optional"] if dialect.required == "some" and named and not needed else []
    if kinds == "array" and dialect.items and "items" not in schema:
        odd.append("no items")
    if isinstance(kinds, list) and not dialect.type_lists:
        odd.append("types")
    if "$ref" in schema and len(schema) > 1:
        odd.append("beside $ref")
    if dialect.typed == "yes" and not {"type", "anyOf", "$ref"} & schema.keys():
        odd.append("no type")
    inner = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values(), *schema.get("anyOf", ())]
    return odd + [it for child in [*inner, schema.get("items")] for it in departures(child, dialect)]


def filled(value: Any, schema: Any, root: Any) -> list[Any]:
    """``value`` as a model must say it that has to name every property: with null for each that is left out."""
    if isinstance(schema, dict) and "$ref" in schema:
        return filled(value, References(root, "").target(schema["$ref"]), root)
    if not isinstance(schema, dict) or not isinstance(value, (dict, list)):
        return [value]
    if "anyOf" in schema:
        return [it for branch in schema["anyOf"] for it in filled(value, branch, root) if valid(it, branch, root)][:5] or [value]
    if isinstance(value, list):
        items = schema.get("items", {})
        return [[next((it for it in filled(item, items, root) if valid(it, items, root)), item) for item in value]]
    members = dict.fromkeys(schema.get("required", ())) | value
    properties = schema.get("properties", {})
    return [
        {
            name: next((it for it in filled(member, properties.get(name), root) if valid(it, properties.get(name), root)), member)
            for name, member in members.items()
        }
    ]


def valid(value: Any, schema: Any, root: Any) -> bool:
    return schema is None or accepts({"$defs": root.get("$defs", {}), "allOf": [schema]}, value)
