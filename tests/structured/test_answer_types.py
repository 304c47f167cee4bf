"""From a type to a schema, and from a text to an object of it."""

from __future__ import annotations

import contextlib
import datetime
import json
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypedDict, TypeVar

import msgspec
import pydantic
import pytest
from hypothesis import given, strategies as st
from people import ANNA, SAID, Asked, Person, Pet, River, Town, completion

from turnout.errors import RequestError
from turnout.structured.answer_type import Unfit, answer_type, json_in


class Node(msgspec.Struct):
    name: str
    children: list[Node] = []


class Citizen(pydantic.BaseModel):
    """A citizen of a town."""

    name: str = pydantic.Field(alias="fullName")
    age: int = pydantic.Field(ge=0)
    town: Literal["Ulm", "Bonn"] = "Ulm"

    @pydantic.field_validator("name")
    @classmethod
    def _capital(cls, name: str) -> str:
        if not name[:1].isupper():
            raise ValueError("a name begins with a capital")
        return name


class Citizens(pydantic.RootModel[list[Citizen]]):
    pass


T = TypeVar("T")


class Box(msgspec.Struct, Generic[T]):
    of: T


@pytest.mark.parametrize(
    ("wanted", "text", "expected"),
    [
        (Person, SAID, ANNA),
        (Town, '{"name":"Ulm","people":5}', Town("Ulm", 5)),
        (River, '{"name":"Rhine","km":1233}', {"name": "Rhine", "km": 1233}),
        (Citizen, '{"fullName":"Ada","age":3}', Citizen(fullName="Ada", age=3)),
        (Citizens, '{"answer":[{"fullName":"Ada","age":3}]}', Citizens([Citizen(fullName="Ada", age=3)])),
        (Node, '{"name":"a","children":[{"name":"b"}]}', Node("a", [Node("b")])),
        (list[Pet], '{"answer":[{"name":"Tom","kind":"cat"}]}', [Pet("Tom", "cat")]),
        (Literal["yes", "no"], '{"answer":"yes"}', "yes"),
        (datetime.date, '{"answer":"1815-12-10"}', datetime.date(1815, 12, 10)),
        (dict[str, int], '{"a":1}', {"a": 1}),
        (Box[int], '{"of":1}', Box(1)),
    ],
)
def test_a_text_becomes_an_object_of_the_type(wanted: Any, text: str, expected: object) -> None:
    found = answer_type(wanted).read(text)
    assert found == expected
    assert type(found) is type(expected)


OF_ALL_KINDS = [Person, Town, River, Citizen, Citizens, Node, list[Pet], Literal["yes", "no"], Box[int], dict]


@pytest.mark.parametrize("wanted", OF_ALL_KINDS)
def test_the_root_of_every_schema_is_an_object_and_its_name_one_that_protocols_take(wanted: Any) -> None:
    made = answer_type(wanted)
    assert made.schema["type"] == "object"
    assert "$ref" not in made.schema
    assert made.name.replace("_", "").isalnum()
    assert len(made.name) <= 64


def test_a_schema_says_the_same_each_time() -> None:
    """So that what a provider cached of a prompt is found again."""
    assert json.dumps(answer_type(Person).schema) == json.dumps(answer_type(Person).schema)


def test_a_type_that_holds_itself_still_does() -> None:
    schema = answer_type(Node).schema
    assert schema["properties"]["children"]["items"] == {"$ref": "#/$defs/Node"}
    assert schema["$defs"]["Node"]["properties"].keys() == {"name", "children"}


def test_what_is_no_object_travels_as_the_only_property_of_one() -> None:
    assert answer_type(list[Pet]).schema["properties"].keys() == {"answer"}
    assert answer_type(list[Pet]).schema["required"] == ["answer"]
    citizens = answer_type(Citizens).schema
    assert citizens["properties"]["answer"]["items"] == {"$ref": "#/$defs/Citizen"}
    assert "Citizen" in citizens["$defs"]


def test_what_a_type_says_of_itself_is_told() -> None:
    asked = Asked("sync", completion(call='{"name":"x","age":1}'))
    asked.chat(response_model=Person)
    assert asked.sent[0]["tools"][0]["function"]["description"] == "Somebody in the text."
    assert answer_type(Citizen).description == "A citizen of a town."


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_model_of_pydantic_makes_its_own_schema_and_reads_its_own_answers(kind: str) -> None:
    wrong, right = '{"fullName":"ada","age":"x"}', '{"fullName":"Ada","age":"36"}'
    asked = Asked(kind, completion(wrong), completion(right))
    done = asked.chat(response_model=Citizen, mode="json_object")
    assert done.parsed == Citizen(fullName="Ada", age=36)
    told = asked.sent[1]["messages"][-1]["content"]
    assert "Value error, a name begins with a capital - at `$.fullName`" in told
    assert "unable to parse string as an integer - at `$.age`" in told
    assert "ada" not in told  # pydantic says the value; the model knows it


def test_pydantic_is_not_imported_for_who_does_not_use_it() -> None:
    import subprocess
    import sys

    script = (
        "import sys, msgspec\n"
        "from turnout.structured import answer_type\n"
        "class A(msgspec.Struct):\n    a: int\n"
        "assert answer_type(A).read('{\"a\":1}') == A(1)\n"
        "print('pydantic' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "it is empty"),
        ("  \n", "it is empty"),
        ("Anna is 31.", "it is not JSON"),
        ('{"name":"Anna"', "it is not JSON"),
        ("[]", "Expected `object`, got `array`"),
        ('{"name":"Anna","age":1.5}', "Expected `int`, got `float` - at `$.age`"),
        ("[" * 200 + "]" * 200, "it is nested deeper than 128 levels"),
        ('{"name":"Anna","age":1,"pets":[{"name":"T","kind":"ox"}]}', "Invalid enum value - at `$.pets[0].kind`"),
        ('{"name":"\ud800","age":1}', "it is not JSON"),
    ],
)
def test_what_is_no_object_of_the_type_says_where_and_why(text: str, problem: str) -> None:
    with pytest.raises(Unfit) as raised:
        answer_type(Person).read(text)
    assert str(raised.value) == problem


PIECES = st.sampled_from([*'{}[]":,1-', "```", "json\n", '"name"', '"answer"', '"age"', "e9", "null", "\\u"])


@given(st.one_of(st.text(), st.lists(PIECES, max_size=30).map("".join)), st.sampled_from(OF_ALL_KINDS))
def test_any_text_is_an_object_of_the_type_or_unfit(text: str, wanted: Any) -> None:
    with contextlib.suppress(Unfit):
        answer_type(wanted).read(text)


def test_what_is_wrong_is_told_to_a_bound() -> None:
    class Many(pydantic.BaseModel):
        items: list[int]

    with pytest.raises(Unfit) as raised:
        answer_type(Many).read('{"items":[' + ",".join(['"x"'] * 500) + "]}")
    assert str(raised.value).endswith("; and 480 more")
    assert len(str(raised.value)) < 5000


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a":1}', '{"a":1}'),
        (' {"a":1}\n', '{"a":1}'),
        ('```json\n{"a":1}\n```', '{"a":1}'),
        ('```\n{"a":1}\n```', '{"a":1}'),
        ('```{"a":1}```', '{"a":1}'),
        ('Here:\n```json\n{"a":1}\n```\nDone.', '{"a":1}'),
        ('Not ```this``` but\n```json\n{"a":1}\n```', '{"a":1}'),
        ('The answer is {"a":{"b":2}}, as asked.', '{"a":{"b":2}}'),
        ('{"code":"```x```"}', '{"code":"```x```"}'),
        ("no JSON {at} all", "no JSON {at} all"),
        ("}{", "}{"),
        ("", ""),
    ],
)
def test_json_is_found_where_models_put_it(text: str, found: str) -> None:
    assert json_in(text) == found


@dataclass
class Odd:
    when: complex


class Mixed(TypedDict):
    one: Citizen


@pytest.mark.parametrize("wanted", [Odd, Mixed, Person | Town, lambda: None, 3, None.__class__.__call__, Any.__class__])
def test_a_type_that_no_schema_can_be_made_of_is_refused_before_anything_is_sent(wanted: Any) -> None:
    asked = Asked("sync")
    with pytest.raises(RequestError, match="response_model takes") as raised:
        asked.chat(response_model=wanted)
    assert raised.value.param == "response_model"
    assert asked.sent == []


@pytest.mark.parametrize("wanted", [{"type": "object"}, "Person"])
def test_a_schema_is_no_type(wanted: Any) -> None:
    with pytest.raises(RequestError, match="a JSON Schema goes into response_format"):
        answer_type(wanted)


def test_a_dataclass_of_pydantic_is_refused_because_its_rules_would_not_hold() -> None:
    @pydantic.dataclasses.dataclass
    class Old:
        age: int = pydantic.Field(ge=18)

    with pytest.raises(RequestError, match="make it a BaseModel"):
        answer_type(Old)
