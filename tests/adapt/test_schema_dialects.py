"""Each dialect by literal tables: a schema, what is sent for it, and what the receipt says."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest

from turnout.adapt.schemas.demands import Inexpressible
from turnout.adapt.schemas.rewriting import Rewriting
from turnout.errors import RequestError
from turnout.rules import Dialect, dialects

STRICT: Dialect = dialects.OPENAI.strict_output or Dialect()
CLAUDE: Dialect = dialects.ANTHROPIC.output
CLOSED = {"additionalProperties": False}


def write(schema: dict[str, Any], dialect: Dialect) -> tuple[dict[str, Any], list[str], Rewriting]:
    """What is sent, and the departures as "place fate: reason"."""
    rewriting = Rewriting(schema, dialect, "s")
    written = rewriting.write()
    lines = [f"{line.field} {line.fate}: {line.reason}" for line in rewriting.notes.lines()]
    return written, lines, rewriting


def obj(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties)} | CLOSED


# -- one property, in each dialect -----------------------------------------------------------------

ONE_PROPERTY: list[tuple[str, Dialect, dict[str, Any], dict[str, Any], bool]] = [
    # name, dialect, the property's schema, what is sent for it, whether the answer must be checked
    (
        "strict keeps bounds",
        STRICT,
        {"type": "integer", "minimum": 1, "maximum": 9},
        {"type": "integer", "minimum": 1, "maximum": 9},
        False,
    ),
    ("strict keeps a pattern", STRICT, {"type": "string", "pattern": "^a"}, {"type": "string", "pattern": "^a"}, False),
    ("strict keeps a known format", STRICT, {"type": "string", "format": "uuid"}, {"type": "string", "format": "uuid"}, False),
    (
        "strict has no format uri",
        STRICT,
        {"type": "string", "format": "uri"},
        {"type": "string", "description": '(format: "uri")'},
        True,
    ),
    (
        "strict has no lengths",
        STRICT,
        {"type": "string", "minLength": 2, "maxLength": 5, "description": "Code."},
        {"type": "string", "description": "Code. (minLength: 2; maxLength: 5)"},
        True,
    ),
    ("strict types its values", STRICT, {"enum": ["a", 2]}, {"enum": ["a", 2], "type": ["string", "integer"]}, False),
    ("strict keeps a default", STRICT, {"type": "string", "default": "x"}, {"type": "string", "default": "x"}, False),
    (
        "strict says oneOf as anyOf",
        STRICT,
        {"oneOf": [{"type": "string"}, {"type": "null"}]},
        {"anyOf": [{"type": "string"}, {"type": "null"}]},
        False,
    ),
    (
        "oneOf whose branches overlap is checked",
        STRICT,
        {"oneOf": [{"type": "number"}, {"type": "integer"}]},
        {"anyOf": [{"type": "number"}, {"type": "integer"}]},
        True,
    ),
    (
        "allOf is merged",
        STRICT,
        {"allOf": [{"type": "integer", "minimum": 1}, {"minimum": 3, "maximum": 5}]},
        {"type": "integer", "minimum": 3, "maximum": 5},
        False,
    ),
    (
        "what stands beside a union moves into it",
        STRICT,
        {"type": "object", "properties": {"a": {"type": "string"}}, **CLOSED, "anyOf": [{"required": ["a"]}], "title": "T"},
        {"title": "T", "anyOf": [{"type": "object", "properties": {"a": {"type": "string"}}, **CLOSED, "required": ["a"]}]},
        False,
    ),
    (
        "a tuple is a list of any of its items",
        STRICT,
        {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "items": False},
        {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}},
        True,
    ),
    (
        "a list of anything is a list of scalars",
        STRICT,
        {"type": "array"},
        {"type": "array", "items": {"type": ["string", "number", "boolean", "null"]}},
        False,
    ),
    (
        "anthropic has no bounds",
        CLAUDE,
        {"type": "number", "minimum": 0.5},
        {"type": "number", "description": "(minimum: 0.5)"},
        True,
    ),
    (
        "anthropic keeps a plain pattern",
        CLAUDE,
        {"type": "string", "pattern": r"^\d{3}-\w+$"},
        {"type": "string", "pattern": r"^\d{3}-\w+$"},
        False,
    ),
    (
        "anthropic has no look-ahead",
        CLAUDE,
        {"type": "string", "pattern": "(?=a)"},
        {"type": "string", "description": '(pattern: "(?=a)")'},
        True,
    ),
    (
        "anthropic counts items to one",
        CLAUDE,
        {"type": "array", "items": {"type": "string"}, "minItems": 3},
        {"type": "array", "items": {"type": "string"}, "minItems": 1},
        True,
    ),
    (
        "anthropic keeps minItems 1",
        CLAUDE,
        {"type": "array", "items": {"type": "string"}, "minItems": 1},
        {"type": "array", "items": {"type": "string"}, "minItems": 1},
        False,
    ),
    (
        "anthropic enumerates scalars only",
        CLAUDE,
        {"enum": [[1], "b"]},
        {"type": ["array", "string"], "description": '(enum: [[1],"b"])'},
        True,
    ),
    (
        "bedrock has no patterns",
        dialects.BEDROCK.output,
        {"type": "string", "pattern": "a"},
        {"type": "string", "description": '(pattern: "a")'},
        True,
    ),
    ("gemini says const as enum", dialects.GEMINI.output, {"const": "a"}, {"enum": ["a"]}, False),
    (
        "gemini is sent what it does not heed",
        dialects.GEMINI.output,
        {"type": "string", "maxLength": 3},
        {"type": "string", "maxLength": 3},
        True,
    ),
    (
        "gemini has inclusive bounds only",
        dialects.GEMINI.output,
        {"type": "integer", "exclusiveMinimum": 0},
        {"type": "integer", "minimum": 1},
        False,
    ),
    (
        "gemini keeps tuples",
        dialects.GEMINI.output,
        {"type": "array", "prefixItems": [{"type": "string"}]},
        {"type": "array", "prefixItems": [{"type": "string"}]},
        False,
    ),
    (
        "cohere has no lists of types",
        dialects.COHERE.output,
        {"type": ["string", "null"]},
        {"anyOf": [{"type": "string"}, {"type": "null"}]},
        False,
    ),
    (
        "cohere has no anchors",
        dialects.COHERE.output,
        {"type": "string", "pattern": "^a$"},
        {"type": "string", "description": '(pattern: "^a$")'},
        True,
    ),
    (
        "ollama wants anchors",
        dialects.OLLAMA.output,
        {"type": "string", "pattern": "^a$"},
        {"type": "string", "pattern": "^a$"},
        False,
    ),
    (
        "ollama heeds bounds of integers",
        dialects.OLLAMA.output,
        {"type": "integer", "minimum": 1},
        {"type": "integer", "minimum": 1},
        False,
    ),
    (
        "ollama heeds no bounds of numbers",
        dialects.OLLAMA.output,
        {"type": "number", "minimum": 1},
        {"type": "number", "minimum": 1},
        True,
    ),
]


@pytest.mark.parametrize(("name", "dialect", "schema", "sent", "checked"), ONE_PROPERTY, ids=[row[0] for row in ONE_PROPERTY])
def test_a_property_in_each_dialect(
    name: str, dialect: Dialect, schema: dict[str, Any], sent: dict[str, Any], checked: bool
) -> None:
    written, lines, rewriting = write(obj(p=schema), dialect)
    assert written == obj(p=sent)
    assert list(written["properties"]["p"]) == list(sent), "the keywords are in another order"
    assert rewriting.notes.relaxed is checked
    assert not checked or any(line.startswith("s.p approximated") for line in lines)


@pytest.mark.parametrize("dialect", [STRICT, CLAUDE, dialects.GEMINI.output, dialects.COHERE.output, dialects.OLLAMA.output])
def test_a_schema_that_the_dialect_understands_goes_as_the_same_object_without_a_line(dialect: Dialect) -> None:
    schema = obj(name={"type": "string", "description": "Full name"}, tags={"type": "array", "items": {"type": "string"}})
    written, lines, _ = write(schema, dialect)
    assert written is schema
    assert lines == []


# -- objects ---------------------------------------------------------------------------------------


def test_strict_requires_every_property_and_says_null_for_the_optional_ones() -> None:
    schema = {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "unit": {"type": "string", "enum": ["C", "F"]},
            "near": {"$ref": "#/$defs/Place"},
            "note": {"type": ["string", "null"]},
        },
        "required": ["city"],
        "$defs": {"Place": obj(x={"type": "number"})},
    }
    written, lines, rewriting = write(schema, STRICT)
    assert written == {
        "type": "object",
        "properties": {
            "city": {"type": "string"},
            "unit": {"type": ["string", "null"], "enum": ["C", "F", None]},
            "near": {"anyOf": [{"$ref": "#/$defs/Place"}, {"type": "null"}]},
            "note": {"type": ["string", "null"]},
        },
        "required": ["city", "unit", "near", "note"],
        "$defs": {"Place": obj(x={"type": "number"})},
        "additionalProperties": False,
    }
    assert lines == [
        's mapped: sent with "additionalProperties": false: only the properties that are named can be answered; '
        "unit, near: null where left out, which is taken out of the answer again; "
        "note: null where left out"
    ]
    assert rewriting.notes.nulls
    assert not rewriting.notes.relaxed


def test_anthropic_closes_objects_and_leaves_optional_properties_optional() -> None:
    written, lines, rewriting = write({"type": "object", "properties": {"a": {"type": "string"}}}, CLAUDE)
    assert written == {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": False}
    assert [line.partition(":")[0] for line in lines] == ["s mapped"]
    assert not rewriting.notes.relaxed


def test_cohere_wants_one_required_property_in_every_object() -> None:
    written, _, rewriting = write(
        {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}, dialects.COHERE.output
    )
    assert written["properties"]["a"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}
    assert written["required"] == ["a"]
    assert rewriting.notes.nulls


def test_an_object_that_names_more_than_it_was_asked_for_is_narrowed_with_a_line() -> None:
    schema = obj(a={"type": "string"}) | {"additionalProperties": {"type": "integer"}}
    written, lines, _ = write(schema, CLAUDE)
    assert written == obj(a={"type": "string"})
    assert lines == ["s approximated: only the properties that are named can be answered"]


@pytest.mark.parametrize("dialect", [STRICT, CLAUDE])
@pytest.mark.parametrize("member", [{"type": "object"}, {"type": "object", "additionalProperties": {"type": "integer"}}])
def test_an_object_with_names_of_its_own_choosing_cannot_be_closed(dialect: Dialect, member: dict[str, Any]) -> None:
    with pytest.raises(Inexpressible, match=r"names of its own choosing at \.scores"):
        write(obj(scores=member), dialect)


def test_what_a_pattern_of_names_allowed_is_not_forbidden_when_the_pattern_goes() -> None:
    schema = {"type": "object", "properties": {}, "patternProperties": {"^x": {"type": "integer"}}, "additionalProperties": False}
    written, _, rewriting = write(schema, dialects.OLLAMA.output)
    assert "additionalProperties" not in written
    assert rewriting.notes.relaxed


# -- the root --------------------------------------------------------------------------------------


def test_a_union_at_the_root_becomes_one_object_that_may_be_any_of_them() -> None:
    schema = {
        "anyOf": [
            {
                "type": "object",
                "properties": {"kind": {"const": "cat"}, "meow": {"type": "number"}},
                "required": ["kind", "meow"],
            },
            {"$ref": "#/$defs/Dog"},
        ],
        "$defs": {"Dog": {"type": "object", "properties": {"kind": {"const": "dog"}}, "required": ["kind"]}},
    }
    written, lines, rewriting = write(schema, dialects.ANTHROPIC.tools)
    assert written == {
        "type": "object",
        "properties": {"kind": {"anyOf": [{"const": "cat"}, {"const": "dog"}]}, "meow": {"type": "number"}},
        "required": ["kind"],
        "$defs": schema["$defs"],
    }
    assert lines == ["s approximated: anyOf is not allowed at the root: sent as one object that may be any of them"]
    assert rewriting.notes.relaxed


def test_a_reference_at_the_root_is_replaced_and_its_recursion_stays() -> None:
    node = {
        "type": "object",
        "properties": {"next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]}},
        "required": ["next"],
        **CLOSED,
    }
    written, _, rewriting = write({"$ref": "#/$defs/Node", "$defs": {"Node": node}}, STRICT)
    assert written == {**node, "$defs": {"Node": node}}
    assert not rewriting.notes.relaxed


def test_a_root_without_a_type_is_sent_as_an_object() -> None:
    written, lines, _ = write({"properties": {"a": {"type": "string"}}}, dialects.OPENAI.tools)
    assert written == {"type": "object", "properties": {"a": {"type": "string"}}}
    assert lines == ['s mapped: sent with "type": "object", which it did not say']


@pytest.mark.parametrize("dialect", [STRICT, dialects.OPENAI.tools, dialects.OPENAI.output, dialects.COHERE.output])
def test_a_root_that_is_no_object_cannot_be_said(dialect: Dialect) -> None:
    with pytest.raises(Inexpressible, match="the root is of type array, and must be an object"):
        write({"type": "array", "items": {"type": "string"}}, dialect)


def test_openai_wants_the_items_of_every_array_of_a_tool() -> None:
    written, lines, _ = write({"type": "object", "properties": {"a": {"type": "array"}}}, dialects.OPENAI.tools)
    assert written["properties"] == {"a": {"type": "array", "items": {}}}
    assert lines == ["s.a mapped: an array must say its items: any are allowed"]


# -- references ------------------------------------------------------------------------------------

TREE: dict[str, Any] = {
    "type": "object",
    "properties": {"value": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#"}}},
    "required": ["value", "children"],
    "additionalProperties": False,
}


def test_recursion_stays_where_it_is_understood() -> None:
    assert write(TREE, STRICT)[0] is TREE
    assert write(TREE, dialects.OLLAMA.output)[0] is TREE


def test_recursion_is_written_out_where_it_is_not_understood_and_ends() -> None:
    written, lines, rewriting = write(TREE, CLAUDE)
    below = obj(value={"type": "string"}, children={"type": "array", "items": {"type": "object", "properties": {}, **CLOSED}})
    assert written == obj(value={"type": "string"}, children={"type": "array", "items": below})
    assert lines == ["s approximated: # contains itself, which is not understood: answers nest at most 2 deep"]
    assert not rewriting.notes.relaxed


def test_gemini_recurs_only_through_properties_that_are_not_required() -> None:
    written, lines, rewriting = write(TREE, dialects.GEMINI.output)
    assert written == TREE | {"required": ["value"]}
    assert lines == ["s approximated: a property that leads back to its own schema may not be required"]
    assert rewriting.notes.relaxed


def test_a_reference_that_is_required_but_leads_to_no_cycle_stays_required_for_gemini() -> None:
    schema = obj(who={"$ref": "#/$defs/Name"}) | {"$defs": {"Name": {"type": "string"}}}
    assert write(schema, dialects.GEMINI.output)[0] is schema


def test_a_dialect_without_references_has_them_replaced_and_recursion_opened() -> None:
    dialect = Dialect(keywords=frozenset({"type", "properties", "items", "required"}), refs="none")
    schema = {
        "type": "object",
        "properties": {"n": {"$ref": "#/$defs/N"}},
        "$defs": {"N": {"type": "object", "properties": {"n": {"$ref": "#/$defs/N"}}}},
    }
    written, lines, rewriting = write(schema, dialect)
    assert written == {"type": "object", "properties": {"n": {"type": "object", "properties": {"n": {"type": "object"}}}}}
    assert lines == ["s.n.n approximated: recursion is not understood: anything is allowed from here on"]
    assert rewriting.notes.relaxed


def test_definitions_are_renamed_where_only_the_newer_name_is_understood() -> None:
    schema = obj(a={"$ref": "#/definitions/A"}) | {"definitions": {"A": {"type": "string"}}}
    assert write(schema, dialects.GEMINI.output)[0] == obj(a={"$ref": "#/$defs/A"}) | {"$defs": {"A": {"type": "string"}}}


def test_a_description_beside_a_reference_is_kept_by_replacing_the_reference() -> None:
    schema = obj(a={"$ref": "#/$defs/A", "description": "first"}) | {"$defs": {"A": {"type": "string", "description": "any"}}}
    assert write(schema, STRICT)[0]["properties"]["a"] == {"description": "first", "type": "string"}


@pytest.mark.parametrize("ref", ["https://example.com/schema.json", "other.json#/a", "#/$defs/Missing", "#anchor", 3])
def test_a_reference_out_of_the_schema_or_to_nothing_is_refused_and_nothing_is_fetched(ref: Any) -> None:
    with pytest.raises(RequestError, match=r"s: \$ref"):
        write(obj(a={"$ref": ref}), STRICT)


def test_references_that_only_lead_to_each_other_are_refused() -> None:
    schema = obj(a={"$ref": "#/$defs/A"}) | {"$defs": {"A": {"$ref": "#/$defs/B"}, "B": {"$ref": "#/$defs/A"}}}
    with pytest.raises(RequestError, match=r"without end"):
        write(schema, CLAUDE)


def test_expanding_references_that_double_at_every_step_is_refused() -> None:
    schema = obj(a={"$ref": "#/$defs/L0"}) | {
        "$defs": {f"L{at}": obj(x={"$ref": f"#/$defs/L{at + 1}"}, y={"$ref": f"#/$defs/L{at + 1}"}) for at in range(40)}
        | {"L40": {"type": "string"}}
    }
    with pytest.raises(RequestError, match="holds more than 10000 schemas"):
        write(schema, Dialect(keywords=frozenset({"type", "properties"}), refs="none"))


def test_a_schema_that_nests_without_measure_is_refused() -> None:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(5000):
        schema = {"type": "array", "items": schema}
    with pytest.raises(RequestError, match="nests deeper than 100 levels"):
        write(obj(a=schema), STRICT)


# -- size, and lines -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        (obj(**{f"p{at}": {"type": "string"} for at in range(5001)}), "5001 properties, and may have 5000"),
        (obj(a={"type": "integer", "enum": list(range(1001))}), "1001 enum values, and may have 1000"),
        (obj(a={"type": "string", "enum": ["x" * 121_000]}), "121001 characters of names and values, and may have 120000"),
    ],
)
def test_a_schema_larger_than_strict_mode_takes_cannot_be_said(schema: dict[str, Any], why: str) -> None:
    with pytest.raises(Inexpressible, match=why):
        write(schema, STRICT)


def test_objects_nested_deeper_than_strict_mode_takes_cannot_be_said() -> None:
    schema = obj(leaf={"type": "string"})
    for _ in range(10):
        schema = obj(inner=schema)
    with pytest.raises(Inexpressible, match="11 levels of objects, and may have 10"):
        write(schema, STRICT)


def test_a_schema_with_many_departures_has_a_bounded_number_of_lines() -> None:
    _, lines, _ = write(obj(**{f"p{at}": {"type": "string", "minLength": 1} for at in range(100)}), STRICT)
    assert len(lines) == 31
    assert lines[-1] == "s approximated: 70 more places in the schema"


def test_what_is_no_schema_at_all_goes_as_it_is() -> None:
    for broken in (
        {"type": 3},
        {"type": "object", "properties": []},
        {"type": "object", "required": "a"},
        {"anyOf": 3},
        {"allOf": [3]},
    ):
        for dialect in (
            STRICT,
            CLAUDE,
            dialects.GEMINI.output,
            dialects.COHERE.output,
            dialects.OLLAMA.output,
            dialects.OPENAI.tools,
        ):
            with contextlib.suppress(Inexpressible, RequestError):
                assert isinstance(write({"type": "object", "properties": {"a": broken}} | broken, dialect)[0], dict)
