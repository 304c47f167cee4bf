"""An answer is held to the schema that was asked for, and the nulls that stood for nothing are taken out of it."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from turnout.adapt.schemas import Check, restore, verify
from turnout.types import Choice, Completion, FinishReason, Message, Part, Text, ToolCall

PERSON: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 2},
        "age": {"type": "integer", "minimum": 0},
        "nick": {"type": ["string", "null"]},
        "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
    },
    "required": ["name"],
}


def answering(*parts: Part) -> Completion:
    return Completion(id="1", model="m", choices=(Choice(message=Message("assistant", parts), finish=FinishReason("stop")),))


def calling(arguments: str, name: str = "save") -> Completion:
    return answering(ToolCall(id="c", name=name, arguments=arguments))


OUTPUT = Check(schema=PERSON, relaxed=True)
TOOL = Check(schema=PERSON, tool="save", relaxed=True)


# -- checking --------------------------------------------------------------------------------------


def test_an_answer_that_meets_its_schema_has_no_line() -> None:
    assert verify(answering(Text('{"name": "Ada", "age": 36}')), (OUTPUT,)) == ()
    assert verify(calling('{"name": "Ada"}'), (TOOL,)) == ()


def test_each_place_that_does_not_meet_its_schema_has_a_line() -> None:
    lines = verify(answering(Text('{"name": "A", "age": -1, "tags": ["x", "x"]}')), (OUTPUT,))
    assert sorted(str(line) for line in lines) == [
        "response choices[0].parts[0].text.age: approximated (does not meet minimum: 0)",
        "response choices[0].parts[0].text.name: approximated (does not meet minLength: 2)",
        "response choices[0].parts[0].text.tags: approximated (does not meet uniqueItems: true)",
    ]


def test_the_lines_never_say_what_the_answer_said() -> None:
    lines = verify(calling('{"name": "secret", "age": "very secret", "nick": 7}'), (TOOL,))
    assert [line.field for line in lines] == ["choices[0].parts[0].arguments.age", "choices[0].parts[0].arguments.nick"]
    assert not any("secret" in str(line) for line in lines)


def test_only_calls_of_the_tool_are_held_to_its_schema() -> None:
    assert verify(calling('{"age": 1}', name="other"), (TOOL,)) == ()
    assert len(verify(calling('{"age": 1}'), (TOOL,))) == 1


def test_a_call_without_arguments_is_a_call_with_none() -> None:
    (line,) = verify(calling(""), (TOOL,))
    assert line.reason == 'does not meet required: ["name"]'


def test_an_answer_that_is_no_json_has_a_line() -> None:
    for text in ("", "Sure! Here it is", '{"name": "Ada"'):
        (line,) = verify(answering(Text(text)), (OUTPUT,))
        assert line.reason == "not JSON, which its schema asks for"


def test_a_turn_that_calls_tools_is_not_the_answer_yet() -> None:
    completion = answering(Text("Let me look."), ToolCall(id="c", name="look", arguments="{}"))
    assert verify(completion, (OUTPUT,)) == ()


def test_a_check_of_what_the_target_was_told_whole_checks_nothing() -> None:
    assert verify(answering(Text("no json")), (Check(schema=PERSON, nulls=True),)) == ()


def test_an_answer_with_many_faults_has_a_bounded_number_of_lines() -> None:
    schema = {"type": "array", "items": {"type": "string"}}
    lines = verify(answering(Text(str(list(range(100))))), (Check(schema=schema, relaxed=True),))
    assert len(lines) == 21
    assert lines[-1].reason == "does not meet its schema in more places"


def test_formats_are_checked() -> None:
    check = Check(schema={"type": "string", "format": "ipv4"}, relaxed=True)
    (line,) = verify(answering(Text('"300.1.1.1"')), (check,))
    assert line.reason == 'does not meet format: "ipv4"'


def test_a_schema_of_an_older_draft_is_read_as_it_says() -> None:
    schema = {"$schema": "http://json-schema.org/draft-04/schema#", "type": "integer", "minimum": 1, "exclusiveMinimum": True}
    assert len(verify(answering(Text("1")), (Check(schema=schema, relaxed=True),))) == 1
    assert verify(answering(Text("2")), (Check(schema=schema, relaxed=True),)) == ()


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "https://example.com/schema.json"},
        {"$ref": "#/$defs/missing"},
        {"type": "unheard-of"},
        {"properties": 3},
        {"required": 3},
        {"multipleOf": 0},
        {"minimum": "a"},
        {"pattern": "("},
        {"anyOf": 3},
        {"$ref": "#"},
        {"patternProperties": {"(": {}}},
    ],
)
def test_a_schema_that_cannot_be_read_gives_a_line_and_no_error(schema: dict[str, Any]) -> None:
    for text in ('{"a": 1}', "1", '"x"', "[1]"):
        for line in verify(answering(Text(text)), (Check(schema=schema, relaxed=True),)):
            assert line.side == "response"


def test_a_pattern_that_may_take_time_without_end_is_not_tried() -> None:
    text = Text('"' + "a" * 40 + '!"')
    for pattern in ("^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "^([a-z]+-?)*$", "^(.*a){20}$"):
        (line,) = verify(answering(text), (Check(schema={"pattern": pattern}, relaxed=True),))
        assert line.reason == f"not checked against the pattern {pattern!r}, which may take time without end"
    named = Check(schema={"patternProperties": {"^(a+)+$": {"type": "string"}}, "additionalProperties": False}, relaxed=True)
    (line,) = verify(answering(Text('{"' + "a" * 40 + '!": 1}')), (named,))
    assert line.reason.startswith("not checked against the pattern")


def test_an_ordinary_pattern_is_tried() -> None:
    check = Check(schema={"pattern": r"^(?:\+\d{1,3} )?\(?\d{3}\)?[- ]\d{4}$"}, relaxed=True)
    assert verify(answering(Text('"(555) 1234"')), (check,)) == ()
    assert len(verify(answering(Text('"555"')), (check,))) == 1


def test_without_the_package_the_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    (line,) = verify(answering(Text("{}")), (OUTPUT,))
    assert "pip install 'turnout[schema]'" in line.reason


# -- restoring -------------------------------------------------------------------------------------

NULLED = Check(schema=PERSON, tool="save", nulls=True)


def test_a_null_that_stands_for_a_property_left_out_is_taken_out() -> None:
    completion = restore(calling('{"name":"Ada","age":null,"nick":null,"tags":null}'), (NULLED,))
    assert completion.tool_calls[0].arguments == '{"name":"Ada","nick":null}', "a null that the schema allows stays"


def test_an_answer_in_text_is_restored_too() -> None:
    completion = restore(answering(Text('{"name":"Ada","age":null,"tags":["null"]}')), (Check(schema=PERSON, nulls=True),))
    assert completion.text == '{"name":"Ada","tags":["null"]}'


def test_an_answer_without_such_nulls_is_the_same_object_to_the_byte() -> None:
    for arguments in ('{ "name" : "Ada" }', '{"name":"null"}', '{"name": null}', "null", "not json null", '{"other": null}'):
        completion = calling(arguments)
        assert restore(completion, (NULLED,)) is completion
    assert restore(calling('{"age":null}', name="other"), (NULLED,)).tool_calls[0].arguments == '{"age":null}'


def test_nulls_are_taken_out_of_lists_references_and_the_alternative_that_was_meant() -> None:
    schema = {
        "type": "object",
        "properties": {
            "pets": {"type": "array", "items": {"anyOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}]}},
            "next": {"$ref": "#"},
        },
        "required": ["pets"],
        "$defs": {
            "Cat": {"type": "object", "properties": {"kind": {"const": "cat"}, "meow": {"type": "number"}}, "required": ["kind"]},
            "Dog": {
                "type": "object",
                "properties": {"kind": {"const": "dog"}, "meow": {"type": ["number", "null"]}},
                "required": ["kind", "meow"],
            },
        },
    }
    cat = '{"kind":"cat","meow":null}'
    text = '{"pets":[CAT,{"kind":"dog","meow":null}],"next":{"pets":[CAT],"next":null}}'.replace("CAT", cat)
    completion = restore(answering(Text(text)), (Check(schema=schema, nulls=True),))
    assert completion.text == '{"pets":[{"kind":"cat"},{"kind":"dog","meow":null}],"next":{"pets":[{"kind":"cat"}]}}'


def test_a_null_that_the_alternatives_disagree_about_stays() -> None:
    one = {"type": "object", "properties": {"a": {"type": "string"}}}
    other = {"type": "object", "properties": {"a": {"type": ["integer", "null"]}}, "required": ["a"]}
    completion = answering(Text('{"a":null}'))
    assert restore(completion, (Check(schema={"anyOf": [one, other]}, nulls=True),)) is completion
