"""What events say in pieces and the vocabulary has no word for, added up."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from turnout.events.extras import Continued, Extras, continue_extra, continued_extras, merge_extra


def added(extras: Extras, *pieces: dict[str, Any]) -> dict[str, Any]:
    for piece in pieces:
        extras.add(piece)
    return extras.value()


def test_objects_are_merged_and_anything_else_is_replaced_by_what_is_newer() -> None:
    seen = {"a": {"b": 1, "c": [1]}, "d": "old"}
    fields = {"a": {"c": [2], "e": None}, "d": "new"}
    assert merge_extra(seen, fields) == added(Extras(), seen, fields) == {"a": {"b": 1, "c": [2], "e": None}, "d": "new"}
    assert seen == {"a": {"b": 1, "c": [1]}, "d": "old"}


def test_a_null_replaces_nothing_and_is_kept_where_nothing_was() -> None:
    assert added(Extras(), {"a": 1, "b": None}, {"a": None, "c": None}) == {"a": 1, "b": None, "c": None}


def test_texts_of_a_message_continue_each_other_but_its_labels_do_not() -> None:
    pieces = ({"type": "t", "reasoning": "I th"}, {"type": "t", "reasoning": "ink"}, {"reasoning": None}, {"reasoning": "."})
    assert added(continued_extras(), *pieces) == {"type": "t", "reasoning": "I think."}


def test_texts_within_objects_of_a_message_are_replaced() -> None:
    assert continue_extra({"about": {"text": "a"}}, {"about": {"text": "b", "at": 1}}) == {"about": {"text": "b", "at": 1}}


def test_pieces_of_one_reasoning_item_become_one_item_with_its_texts_continued() -> None:
    said = [
        {"type": "reasoning.text", "index": 0, "text": "One "},
        {"type": "reasoning.text", "index": 0, "text": "two", "signature": "s"},
        {"type": "reasoning.encrypted", "index": 0, "data": "QQ"},
        {"type": "reasoning.text", "index": 1, "text": "Three", "format": "f"},
        {"type": "reasoning.text", "index": 1, "text": "!", "format": "f"},
    ]
    assert added(continued_extras(), *({"reasoning_details": [item]} for item in said)) == {
        "reasoning_details": [
            {"type": "reasoning.text", "index": 0, "text": "One two", "signature": "s"},
            {"type": "reasoning.encrypted", "index": 0, "data": "QQ"},
            {"type": "reasoning.text", "index": 1, "text": "Three!", "format": "f"},
        ]
    }


def test_a_list_grows_by_what_is_new_in_it() -> None:
    assert continue_extra({"citations": ["a", {"u": 1}]}, {"citations": ["a", {"u": 1}, "b"]}) == {
        "citations": ["a", {"u": 1}, "b"]
    }


@pytest.mark.parametrize("index", [None, [], 1.5, {}])
def test_items_whose_index_is_none_are_whole(index: Any) -> None:
    items = [{"type": "reasoning.text", "index": index, "text": text} for text in "ab"]
    assert added(continued_extras(), *({"r": [item]} for item in items)) == {"r": items}


def test_a_value_that_changes_its_kind_is_replaced_by_the_new_one() -> None:
    for first, second in ((["a"], "b"), ("a", ["b"]), ({"a": 1}, 2), (1, {"a": 1}), ("a", {"b": 1}), ([1], {"a": 1})):
        assert added(continued_extras(), {"x": first}, {"x": second}) == {"x": second}


def test_what_was_given_is_never_changed() -> None:
    first: dict[str, Any] = {"a": {"b": {"c": 1}}, "l": [{"type": "reasoning.text", "index": 0, "text": "x"}]}
    second: dict[str, Any] = {"a": {"b": {"d": 2}}, "l": [{"type": "reasoning.text", "index": 0, "text": "y"}]}
    added(continued_extras(), first, second, second)
    assert first == {"a": {"b": {"c": 1}}, "l": [{"type": "reasoning.text", "index": 0, "text": "x"}]}
    assert second == {"a": {"b": {"d": 2}}, "l": [{"type": "reasoning.text", "index": 0, "text": "y"}]}


def test_logprobs_are_continued_in_each_of_their_lists() -> None:
    held = Continued()
    for piece in ({"content": [1], "refusal": None}, {"content": [2, 3]}, None, {"refusal": [4]}):
        held.add(piece)
    assert held.value() == {"content": [1, 2, 3], "refusal": [4]}


def test_logprobs_that_are_a_list_are_one_list_in_the_end() -> None:
    held = Continued()
    assert held.value() is None
    held.add([1])
    held.add([2])
    assert held.value() == [1, 2]


VALUES = st.recursive(
    st.none() | st.integers(0, 3) | st.sampled_from(["", "a", "bc"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "b", "text", "type"]), inner, max_size=3),
    max_leaves=6,
)
PIECES = st.lists(st.dictionaries(st.sampled_from(["a", "b", "c"]), VALUES, max_size=3), max_size=5)


@given(PIECES)
def test_adding_up_at_once_is_merging_one_after_the_other(pieces: list[dict[str, Any]]) -> None:
    merged: dict[str, Any] = {}
    for piece in pieces:
        merged = merge_extra(merged, piece)
    assert added(Extras(), *pieces) == merged
