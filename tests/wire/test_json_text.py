"""JSON as deep as anything sensible is nested, and no deeper; brackets within strings are text."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, strategies as st

from turnout.wire.json_text import MAX_DEPTH, GrowingObject, read_json

FULL = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH


def depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


def test_128_levels_are_read_and_one_more_is_refused() -> None:
    assert depth(read_json(FULL)) == 128
    with pytest.raises(RecursionError, match="nested deeper than 128 levels"):
        read_json(b"[" + FULL + b"]")


def test_lists_and_objects_count_alike() -> None:
    assert depth(read_json(b'[{"a":' * 64 + b"1" + b"}]" * 64)) == 128
    with pytest.raises(RecursionError):
        read_json(b'[{"a":' * 64 + b"[]" + b"}]" * 64)


def test_many_values_beside_one_another_are_not_deep() -> None:
    assert len(read_json(b"[" + b'{"a":[]},' * 1000 + b"{}]")) == 1001


@pytest.mark.parametrize(
    "text",
    [
        '["' + "[" * 500 + '"]',
        '["\\"' + "{" * 500 + '"]',
        '["\\\\", "' + "[" * 500 + '"]',
        '{"' + "{" * 500 + '": "' + "\\" * 6 + '"}',
    ],
    ids=["a text", "after a quote in a text", "after a backslash at a text's end", "a name"],
)
def test_brackets_within_a_string_are_text(text: str) -> None:
    assert read_json(text) == json.loads(text)


@pytest.mark.parametrize("text", [b"[" * 200, b'{"a":' * 200, b'["x",' * 200 + b'"'])
def test_depth_that_never_closes_is_refused_as_depth(text: bytes) -> None:
    with pytest.raises(RecursionError):
        read_json(text)


def test_a_hundred_thousand_levels_never_reach_the_stack() -> None:
    with pytest.raises(RecursionError, match="128"):
        read_json(b"[" * 100_000 + b"]" * 100_000)


@pytest.mark.parametrize("text", [b"", b"{", b'{"a" 1}', b"]" * 300, b"nul"])
def test_what_is_no_json_is_refused_as_such(text: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        read_json(text)


def test_what_is_no_utf_8_is_refused_as_such() -> None:
    with pytest.raises(UnicodeError):
        read_json(b'"\xff"')
    with pytest.raises(UnicodeError):
        read_json('"\ud800"')


TEXTS = st.text(st.sampled_from('[]{}\\",a'), max_size=6)


@given(
    st.recursive(
        TEXTS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=20,
    ),
    st.lists(st.tuples(TEXTS, st.booleans()), min_size=110, max_size=140),
)
def test_the_depth_of_the_value_decides_whatever_its_texts_hold(core: Any, around: list[tuple[str, bool]]) -> None:
    value = core
    for name, is_list in around:
        value = [name, value] if is_list else {name: value}
    text = json.dumps(value)
    if depth(value) > MAX_DEPTH:
        with pytest.raises(RecursionError):
            read_json(text)
    else:
        assert read_json(text) == value


JSON_VALUES = st.recursive(
    st.none() | st.integers() | st.text('ab"\\{}[]', max_size=5), lambda inner: st.lists(inner, max_size=3), max_leaves=6
)
OBJECTS = st.dictionaries(st.text('a"\\{', max_size=4), JSON_VALUES, max_size=3)
TAILS = st.sampled_from(["", " ", "\n", "{}", "x", "}", '"'])


@given(OBJECTS, TAILS, st.lists(st.integers(1, 5), max_size=40))
def test_an_object_that_comes_in_pieces_is_whole_when_its_pieces_are_one_object(value: Any, tail: str, cuts: list[int]) -> None:
    text, pieces = json.dumps(value) + tail, []
    growing = GrowingObject(pieces)
    for size in [*cuts, len(text)]:
        piece, text = text[:size], text[size:]
        pieces.append(piece)
        assert growing.is_whole is is_object("".join(pieces))


@pytest.mark.parametrize("text", ["", "1", "[]", '"{}"', "}", "{]", "{'a':1}", '{"a":1}}', "{" * 300 + "}" * 300, '\\"{}'])
def test_what_is_no_object_never_is_whole(text: str) -> None:
    assert GrowingObject([text]).is_whole is False
    assert GrowingObject(list(text)).is_whole is False


def test_an_object_is_read_once_however_often_it_is_asked_for() -> None:
    """A hundred thousand looks at a hundred thousand pieces: in one go, or not within the patience of a test."""
    pieces: list[str] = ['{"a":[']
    growing = GrowingObject(pieces)
    for _ in range(100_000):
        pieces.append("{},")
        assert not growing.is_whole
    pieces.append("{}]}")
    assert growing.is_whole


def is_object(text: str) -> bool:
    try:
        return isinstance(read_json(text), dict)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return False
