"""Framings: what was written is read again, however it is cut, ended and commented, and what grows too large is refused.

Of lines of JSON and AWS's events more is asked in tests/wire/test_ndjson.py and tests/wire/test_aws_events.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, strategies as st

from turnout.errors import ServerFault
from turnout.wire.aws_events import MAX_PAYLOAD_BYTES, AwsEventDecoder, encode_event
from turnout.wire.json_array import JsonArrayDecoder
from turnout.wire.ndjson import NdjsonDecoder
from turnout.wire.sse import SseDecoder

Sse = tuple[str | None, bytes]

LINE = st.text(st.sampled_from('a:é😀 {}"\\\t'), max_size=6).map(str.encode)  # of one to four bytes each
NAME = st.none() | st.sampled_from(["message_start", "error", "é"])
EVENTS = st.lists(st.tuples(NAME, st.lists(LINE, min_size=1, max_size=3)), max_size=5)
NOISE = st.sampled_from([b": ping", b":", b"id: 7", b"retry: 10", b"unknown: x", b"id"])
CUTS = st.lists(st.integers(1, 9), min_size=1, max_size=8)


def cut(data: bytes, sizes: list[int]) -> Iterator[bytes]:
    """``data`` in pieces of these sizes, over and over."""
    at = step = 0
    while at < len(data):
        yield data[at : at + sizes[step % len(sizes)]]
        at, step = at + sizes[step % len(sizes)], step + 1


def read(decoder: Any, pieces: Iterator[bytes]) -> list[Any]:
    found = [item for piece in pieces for item in decoder.feed(piece)]
    return [*found, *(decoder.close() if hasattr(decoder, "close") else ())]


@st.composite
def written(draw: st.DrawFn, events: list[tuple[str | None, list[bytes]]]) -> bytes:
    """Events as some server might write them: with any line ends, noise between the lines, and a byte order mark."""
    lines: list[bytes] = []
    for name, data in events:
        lines += draw(st.lists(NOISE, max_size=1))
        lines += [f"event:{' ' * draw(st.integers(0, 1))}{name}".encode()] if name is not None else []
        for line in data:
            space = b" " if line.startswith(b" ") or draw(st.booleans()) else b""
            lines += [b"data:" + space + line, *draw(st.lists(NOISE, max_size=1))]
        lines += [b""] * draw(st.integers(1, 2))
    out, before = draw(st.sampled_from([b"", b"\xef\xbb\xbf"])), b""
    for line in lines:
        end = draw(st.sampled_from([b"\n", b"\r\n", b"\r"]))
        end = b"\r" if before == b"\r" and not line and end == b"\n" else end  # which would be one end, not two
        out, before = out + line + end, end
    return out


@given(EVENTS, st.data(), CUTS)
def test_server_sent_events_are_read_as_they_were_written(
    events: list[tuple[str | None, list[bytes]]], data: st.DataObject, sizes: list[int]
) -> None:
    body = data.draw(written(events))
    assert read(SseDecoder(), cut(body, sizes)) == [(name, b"\n".join(lines)) for name, lines in events]


@given(st.binary(max_size=60) | st.text(st.sampled_from("\r\ndat: eventi"), max_size=60).map(str.encode), CUTS)
def test_any_bytes_are_the_same_server_sent_events_however_they_are_cut(data: bytes, sizes: list[int]) -> None:
    assert read(SseDecoder(), cut(data, sizes)) == read(SseDecoder(), iter([data]))


@given(EVENTS, CUTS)
def test_the_blank_line_after_the_last_event_may_be_missing(
    events: list[tuple[str | None, list[bytes]]], sizes: list[int]
) -> None:
    whole = b"".join(
        (b"" if name is None else b"event: " + name.encode() + b"\n")
        + b"".join(b"data: " + line + b"\n" for line in lines)
        + b"\n"
        for name, lines in events
    )
    assert read(SseDecoder(), cut(whole[:-1], sizes)) == read(SseDecoder(), iter([whole]))


@given(st.lists(LINE.map(bytes.strip).filter(bool), max_size=6), st.sampled_from([b"\n", b"\r\n"]), st.booleans(), CUTS)
def test_lines_of_json_are_read_as_they_were_written(lines: list[bytes], end: bytes, last: bool, sizes: list[int]) -> None:
    body = b"\xef\xbb\xbf" + (end + end).join(lines) + (end if last else b"")
    assert read(NdjsonDecoder(), cut(body, sizes)) == lines


@given(st.lists(st.binary(max_size=60), max_size=4), CUTS)
def test_a_mark_of_utf_8_cut_in_two_stays_whole_in_an_aws_event(payloads: list[bytes], sizes: list[int]) -> None:
    body = b"".join(encode_event({":event-type": "é"}, payload + "😀".encode()) for payload in payloads)
    assert [event.payload for event in read(AwsEventDecoder(), cut(body, sizes))] == [it + "😀".encode() for it in payloads]


LIMIT = 40
OVERSIZED: dict[str, tuple[Callable[[], Any], Callable[[int], bytes]]] = {
    "one line of data": (lambda: SseDecoder(LIMIT), lambda n: b"data: " + b"x" * n + b"\n\n"),
    "the same with CRLF": (lambda: SseDecoder(LIMIT), lambda n: b"data: " + b"x" * n + b"\r\n\r\n"),
    "many lines of data": (lambda: SseDecoder(LIMIT), lambda n: b"data: xx\n" * (n // 2) + b"\n"),
    "many lines without data": (lambda: SseDecoder(LIMIT), lambda n: b"data\n" * n + b"\n"),
    "a comment": (lambda: SseDecoder(LIMIT), lambda n: b":" + b"x" * n + b"\n\n"),
    "a line of JSON": (lambda: NdjsonDecoder(LIMIT), lambda n: b'"' + b"x" * n + b'"\n'),
    "an item of an array": (lambda: JsonArrayDecoder(LIMIT), lambda n: b'[{"a":"' + b"x" * n + b'"}]'),
}


@pytest.mark.parametrize("kind", OVERSIZED)
@given(st.integers(LIMIT + 1, 200), CUTS | st.just([1000]))
def test_what_grows_too_large_is_refused_however_it_is_cut(kind: str, size: int, sizes: list[int]) -> None:
    decoder, body = OVERSIZED[kind]
    with pytest.raises(ServerFault, match="grew beyond 40 bytes"):
        read(decoder(), cut(body(size), sizes))


@given(st.integers(0, 60), CUTS | st.just([1000]))
def test_whether_an_event_is_too_large_does_not_depend_on_the_cutting(size: int, sizes: list[int]) -> None:
    body = b"event: a\ndata: xx\ndata: " + b"x" * size + b"\n\n"
    outcomes: list[Any] = []
    for pieces in (sizes, [1], [1000]):
        try:
            outcomes.append(read(SseDecoder(LIMIT), cut(body, pieces)))
        except ServerFault:
            outcomes.append(None)
    assert outcomes == [outcomes[0]] * 3
    assert (outcomes[0] is None) == (len(b"data: xxdata: ") + size > LIMIT)


@given(st.integers(1, 50), CUTS | st.just([1000]))
def test_any_number_of_small_events_and_comments_is_not_a_large_one(count: int, sizes: list[int]) -> None:
    body = (b": " + b"x" * 30 + b"\n") * count + b"data: 123456789\n\n" * count
    assert read(SseDecoder(LIMIT), cut(body, sizes)) == [(None, b"123456789")] * count


def test_an_aws_event_is_refused_by_its_length_before_its_bytes_come() -> None:
    event = encode_event({}, bytes(MAX_PAYLOAD_BYTES))
    assert len(read(AwsEventDecoder(), iter([event]))) == 1
    lengths = (len(event) + 1).to_bytes(4, "big") + event[4:8]
    from zlib import crc32

    with pytest.raises(ServerFault, match="claims"):
        read(AwsEventDecoder(), iter([lengths + crc32(lengths).to_bytes(4, "big")]))
