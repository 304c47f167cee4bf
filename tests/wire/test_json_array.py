"""JSON values one after the other: whole as soon as they are complete, however the bytes are cut."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from turnout.errors import ServerFault
from turnout.wire.json_array import JsonArrayDecoder


def items(*chunks: bytes) -> list[Any]:
    decoder = JsonArrayDecoder()
    return [json.loads(item) for chunk in chunks for item in decoder.feed(chunk)]


BODY = b'[{"a": "}]\\"{\\\\"}\r\n,\r\n{"b": [1, {"c": {}}]},{}]'
WHOLE = [{"a": '}]"{\\'}, {"b": [1, {"c": {}}]}, {}]


@pytest.mark.parametrize("size", range(1, len(BODY) + 1))
def test_items_are_the_same_however_the_bytes_are_cut(size: int) -> None:
    assert items(*(BODY[at : at + size] for at in range(0, len(BODY), size))) == WHOLE


@given(
    st.lists(st.dictionaries(st.text(max_size=3), st.text(max_size=5) | st.lists(st.integers(), max_size=2)), max_size=4),
    st.integers(1, 9),
)
def test_any_list_of_objects_comes_out_as_it_went_in(objects: list[Any], size: int) -> None:
    body = json.dumps(objects, ensure_ascii=False).encode()
    assert items(*(body[at : at + size] for at in range(0, len(body), size))) == objects


def test_an_item_is_there_before_the_next_one_begins() -> None:
    decoder = JsonArrayDecoder()
    assert list(decoder.feed(b'[{"a": 1}')) == [b'{"a": 1}']
    assert decoder.within
    assert list(decoder.feed(b"\n]")) == []
    assert not decoder.within


def test_a_single_object_needs_no_array() -> None:
    assert items(b'{"error": 1}') == [{"error": 1}]


@pytest.mark.parametrize("body", [b"[1]", b"[]]", b'"x"', b"[{} x]", b"[["])
def test_what_is_no_list_of_objects_is_the_servers_fault(body: bytes) -> None:
    with pytest.raises(ServerFault):
        items(body)


def test_an_item_that_never_ends_is_refused() -> None:
    decoder = JsonArrayDecoder(max_item_bytes=10)
    with pytest.raises(ServerFault, match="10 bytes"):
        list(decoder.feed(b'[{"a": "' + b"x" * 20))
