"""Lines of JSON out of bytes, however they are cut."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from turnout.errors import ServerFault
from turnout.wire.ndjson import NdjsonDecoder


def lines(data: bytes, size: int, most: int = 1000) -> list[bytes]:
    decoder = NdjsonDecoder(most)
    found = [line for at in range(0, len(data), size) for line in decoder.feed(data[at : at + size])]
    return [*found, *decoder.close()]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_lines_end_in_lf_or_crlf_and_blank_ones_are_passed_over(size: int) -> None:
    data = b'\xef\xbb\xbf{"a":1}\n\r\n  \n{"b":"\xc3\xa9"}\r\n{"c":3} \n'
    assert lines(data, size) == [b'{"a":1}', b'{"b":"\xc3\xa9"}', b'{"c":3}']


def test_a_line_is_given_as_soon_as_it_is_complete_and_not_before() -> None:
    decoder = NdjsonDecoder()
    assert list(decoder.feed(b'{"a"')) == []
    assert list(decoder.feed(b':1}\n{"b"')) == [b'{"a":1}']
    assert list(decoder.feed(b":2}\n")) == [b'{"b":2}']
    assert list(decoder.close()) == []


def test_the_last_line_may_lack_its_newline() -> None:
    assert lines(b'{"a":1}\n{"b":2}', 4) == [b'{"a":1}', b'{"b":2}']


@pytest.mark.parametrize("size", [1, 5, 12, 1000])
@pytest.mark.parametrize("data", [b"x" * 11, b"x" * 11 + b"\n", b"ok\n" + b"x" * 11 + b"\nok\n"])
def test_an_oversized_line_is_refused_however_it_is_cut(data: bytes, size: int) -> None:
    with pytest.raises(ServerFault, match="a line grew beyond 10 bytes"):
        lines(data, size, most=10)


@pytest.mark.parametrize("size", [1, 4, 1000])
def test_many_lines_within_the_bound_are_not_one_that_exceeds_it(size: int) -> None:
    assert lines(b"1234567890\n" * 50, size, most=10) == [b"1234567890"] * 50


@given(st.lists(st.binary(max_size=12).filter(lambda line: b"\n" not in line)), st.integers(1, 20))
def test_any_cutting_of_any_bytes_gives_the_same_lines(written: list[bytes], size: int) -> None:
    data = b"\n".join(written)
    assert lines(data, size) == lines(data, max(1, len(data)))
