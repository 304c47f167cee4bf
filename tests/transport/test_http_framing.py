"""Bytes to responses, without a socket: however they are cut."""

from __future__ import annotations

import gzip
from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from turnout.transport.content import Decompressor
from turnout.transport.framing import ResponseReader

WHOLE = {
    "content-length": b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\nhello world",
    "chunked": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\nx-t: 1\r\n\r\n",
    "after interim answers": b"HTTP/1.1 103 Early\r\nlink: a\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\nhello world",
    "gzip": b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n"
    + b"%x\r\n%s\r\n0\r\n\r\n" % (len(coded := gzip.compress(b"hello ") + gzip.compress(b"world")), coded),
    "until the end": b"HTTP/1.1 200 OK\r\n\r\nhello world",
}


def read(pieces: list[bytes]) -> tuple[int, dict[str, str], bytes]:
    reader = ResponseReader("host", 1000)
    reader.expect("POST")
    body = b""
    for piece in pieces:
        reader.feed(piece)
        body += reader.take()
    reader.end()
    assert reader.complete
    assert reader.head is not None
    return reader.head.status, dict(reader.head.headers), body


@pytest.mark.parametrize("framing", WHOLE)
@given(cuts=st.lists(st.integers(0, 200)))
def test_a_response_means_the_same_however_it_is_cut(framing: str, cuts: list[int]) -> None:
    data = WHOLE[framing]
    edges = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pieces = [data[start:end] for start, end in pairwise(edges)]
    assert read(pieces) == read([data])
    assert read(pieces)[2] == b"hello world"


@pytest.mark.parametrize("framing", [framing for framing in WHOLE if framing != "until the end"])
def test_a_response_that_stops_anywhere_is_never_complete(framing: str) -> None:
    data = WHOLE[framing]
    for end in range(len(data)):
        reader = ResponseReader("host", 1000)
        reader.expect("POST")
        reader.feed(data[:end])
        reader.end()
        assert not reader.complete, f"complete after {end} of {len(data)} bytes"
        assert str(reader.failure).startswith("host closed the connection")


@given(garbage=st.binary(min_size=1, max_size=300))
def test_no_bytes_make_the_reader_raise_anything_but_its_failure(garbage: bytes) -> None:
    reader = ResponseReader("host", 100)
    reader.expect("GET")
    reader.feed(garbage)
    reader.feed(b"HTTP/1.1 200 OK\r\ncontent-encoding: deflate\r\n\r\n" + garbage)
    reader.end()
    assert reader.complete or reader.failure is not None


def test_responses_follow_each_other_on_one_connection() -> None:
    reader = ResponseReader("host", 1000)
    for method, data, expected in [
        ("POST", WHOLE["chunked"], b"hello world"),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        ("POST", WHOLE["content-length"], b"hello world"),
    ]:
        reader.expect(method)
        reader.feed(data)
        assert (reader.complete, reader.reusable, reader.take()) == (True, True, expected)


def test_no_more_is_decompressed_than_is_wanted() -> None:
    assert len(Decompressor("gzip").decode(gzip.compress(bytes(1_000_000)), 100)) == 101


def test_ctrl_c_inside_the_parser_is_not_taken_for_a_broken_answer() -> None:
    class Interrupted(ResponseReader):
        def on_header(self, name: bytes, value: bytes) -> None:
            raise KeyboardInterrupt

    reader = Interrupted("host", 1000)
    with pytest.raises(KeyboardInterrupt):
        reader.feed(WHOLE["content-length"])
    assert reader.failure is None
