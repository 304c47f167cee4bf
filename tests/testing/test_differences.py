"""Comparing JSON values, looking up leaves, and explaining what differs."""

from __future__ import annotations

import pytest

from turnout.errors import RequestError
from turnout.testing.difference import ABSENT, Difference, compared, leaves, shortened
from turnout.testing.neutral import Holdings
from turnout.testing.rules import RULES, explanation
from turnout.types import Choice, Completion, DataSource, FinishReason, Image, Message, Opaque, Target, Text, ToolCall, Usage


def found(expected, got):
    return [(d.path, d.expected, d.got) for d in compared("check", expected, got)]


def test_a_null_member_equals_an_absent_one_and_nothing_else_does():
    assert found({"a": None}, {}) == []
    assert found({}, {"a": None}) == []
    assert found({"a": []}, {}) == [("a", [], ABSENT)]
    assert found({"a": ""}, {"a": None}) == [("a", "", None)]
    assert found([None], []) == [("[0]", None, ABSENT)]


@pytest.mark.parametrize(("expected", "got"), [(1, 1.0), (1, True), (0, False), ("1", 1), ({}, [])])
def test_values_of_different_kinds_differ_though_python_calls_them_equal(expected, got):
    assert found({"a": expected}, {"a": got}) == [("a", expected, got)]


def test_differences_are_found_at_their_paths_in_any_depth():
    expected = {"a": [{"b": 1}, {"c": "x"}], "d": 2}
    got = {"d": 2, "a": [{"b": 1, "e": 3}, {"c": "y"}, 4]}

    assert found(expected, got) == [("a[0].e", ABSENT, 3), ("a[1].c", "x", "y"), ("a[2]", ABSENT, 4)]


def test_the_kind_of_a_difference_leaves_indexes_out():
    assert Difference("check", "a[0].b[12]", 1, 2).kind == "a[].b[]"


def test_leaves_are_the_scalars_but_null():
    assert list(leaves({"a": [1, None, {"b": "x"}], "c": {}, "d": False})) == [("a[0]", 1), ("a[2].b", "x"), ("d", False)]


def test_long_values_are_shortened_for_people():
    assert shortened("a" * 500) == '"' + "a" * 179 + "… (502 characters)"
    assert shortened(ABSENT) == "<absent>"


def completion():
    parts = (Text("Hello there"), ToolCall("c1", "f", '{"city": "Oslo", "n": 7}'), Opaque({"odd": 1.5}))
    return Completion(
        id="r1",
        model="m1",
        choices=(Choice(message=Message("assistant", parts), finish=FinishReason("stop", "end_turn")),),
        usage=Usage(uncached_input_tokens=41, raw={"input": 42}),
        target=Target("not", "said"),
        headers={"x": "not said"},
    )


@pytest.mark.parametrize("leaf", ["r1", "Hello there", "end_turn", "Oslo", 7, 1.5, 42, 0, False, ""])
def test_what_the_neutral_form_holds_is_found_also_inside_tool_arguments_and_defaults(leaf):
    assert Holdings([completion()]).holds(leaf)


@pytest.mark.parametrize("leaf", ["not", "not said", "stop", 41, True, "Hello"])
def test_what_only_we_say_proves_nothing(leaf):
    assert not Holdings([completion()]).holds(leaf)


def test_data_taken_out_of_a_data_url_is_held_as_that_url():
    image = Image(DataSource("AAAA", "image/png"))

    assert Holdings([image]).holds("data:image/png;base64,AAAA")
    assert not Holdings([image]).holds("data:image/jpeg;base64,AAAA")


def test_a_piece_of_a_text_is_found_in_it():
    assert Holdings([completion()]).holds_piece("lo the")
    assert not Holdings([completion()]).holds_piece("bye")


@pytest.mark.parametrize(
    ("difference", "name"),
    [
        (Difference("complete", "[3].obfuscation", "aZ9", ABSENT), "obfuscation"),
        (Difference("complete", "[3].choices[0].delta.content", "aZ9", ABSENT), None),
        (Difference("complete", "[3].id", "chatcmpl-2", "chatcmpl-1"), "restated constant"),
        (Difference("complete", "[3].id", "chatcmpl-2", ABSENT), None),
        (Difference("renders", "id", "chatcmpl-1", "chatcmpl-2"), None),
        (Difference("complete", "[3].usage.total_tokens", 4, 9), "running total"),
        (Difference("complete", "[3].usage.total_tokens", 4, ABSENT), None),
        (Difference("usage", "usage.raw.total_tokens", 4, 9), None),
        (Difference("complete", "[3].metrics.at", 4, 9), "superseded"),
        (Difference("complete", "[3].choices[0].delta.channel", "a", "b"), None),
        (Difference("complete", "[3].status", "a", "b"), None),
        (Difference("renders", "object", ABSENT, "chat.completion"), "documented constant"),
        (Difference("renders", "object", "chat.completion", ABSENT), None),
        (Difference("renders", "choices[0].message.tool_calls[1].type", ABSENT, "custom"), None),
        (Difference("renders", "", "no JSON", {"error": {}}), "no error body"),
        (
            Difference("requests", "parse, of a request that got 400, 422 or 500", "a request", RequestError("no")),
            "refused by both",
        ),
        (Difference("requests", "parse, of a request that got 400, 422 or 500", "a request", KeyError("no")), None),
        (Difference("requests", "parse", "a request", RequestError("no")), None),
        (Difference("complete", "[0].message.usage.output_tokens", 1, 9), "running total"),
        (Difference("renders", "", ["odd"], {"error": {}}), "no error body"),
        (Difference("renders", "", "no JSON", {"id": "c1"}), None),
        (Difference("renders", "", {"error": {}}, {"error": {}}), None),
        (Difference("one answer", "", 1, 2), "several answers"),
        (Difference("decodes", "", "an answer", ABSENT), None),
    ],
)
def test_each_rule_explains_its_kind_of_difference_and_no_other(difference, name):
    rule = explanation(difference)

    assert (rule.name if rule else None) == name


def test_every_rule_gives_a_reason():
    assert all(len(rule.reason) > 40 for rule in RULES)
    assert len({rule.name for rule in RULES}) == len(RULES)
