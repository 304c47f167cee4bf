"""The binary framing of AWS: literal messages, any cutting, damage noticed, sizes bounded."""

from __future__ import annotations

import struct
from zlib import crc32

import pytest
from hypothesis import given, strategies as st

from turnout.errors import ServerFault
from turnout.wire.aws_events import MAX_PAYLOAD_BYTES, AwsEvent, AwsEventDecoder, encode_event

EMPTY = bytes.fromhex("00000010 00000000 05c248eb 7d98c8ff")
JSON = (
    bytes.fromhex("0000003d 00000020 07fd8396")
    + b"\x0ccontent-type\x07\x00\x10application/json"
    + b"{'foo':'bar'}"
    + bytes.fromhex("8d9c08b1")
)
BOTH = [AwsEvent({}, b""), AwsEvent({"content-type": "application/json"}, b"{'foo':'bar'}")]


def decoded(data: bytes, size: int | None = None) -> list[AwsEvent]:
    decoder = AwsEventDecoder()
    pieces = [data] if size is None else [data[at : at + size] for at in range(0, len(data), size)]
    return [event for piece in pieces for event in decoder.feed(piece)]


def message(headers: bytes, payload: bytes = b"", *, total: int | None = None, claimed: int | None = None) -> bytes:
    """A message with right checksums around what is given, which may be wrong."""
    lengths = struct.pack(">II", total or 16 + len(headers) + len(payload), len(headers) if claimed is None else claimed)
    body = lengths + struct.pack(">I", crc32(lengths)) + headers + payload
    return body + struct.pack(">I", crc32(body))


@pytest.mark.parametrize("size", [None, 1, 2, 7, 64])
def test_messages_mean_the_same_however_they_are_cut(size: int | None) -> None:
    assert decoded(EMPTY + JSON, size) == BOTH


def test_a_message_is_written_as_the_format_says() -> None:
    assert encode_event({}, b"") == EMPTY
    assert encode_event({"content-type": "application/json"}, b"{'foo':'bar'}") == JSON


def test_every_type_of_header_is_read() -> None:
    headers = (
        b"\x01a\x00\x01b\x01\x01c\x02\xff\x01d\x03\xff\xfe\x01e\x04\x00\x00\x00\x05"
        b"\x01f\x05\xff\xff\xff\xff\xff\xff\xff\xfa\x01g\x06\x00\x02\x00\x01\x01h\x07\x00\x02\xc3\xa9"
        b"\x01i\x08\x00\x00\x01\x8b\xcf\xe5\x68\x00\x01j\x09" + bytes(range(16))
    )
    assert decoded(message(headers))[0].headers == {
        "a": True,
        "b": False,
        "c": -1,
        "d": -2,
        "e": 5,
        "f": -6,
        "g": b"\x00\x01",
        "h": "é",
        "i": 1700000000000,
        "j": bytes(range(16)),
    }


def test_a_header_that_is_no_text_is_not_taken_for_one() -> None:
    (event,) = decoded(encode_event({"n": 7, "t": "seven"}, b""))
    assert (event.text("n"), event.text("t"), event.text("absent")) == (None, "seven", None)


@pytest.mark.parametrize("at", range(len(JSON)))
def test_a_byte_that_changed_on_the_way_is_noticed(at: int) -> None:
    damaged = bytearray(EMPTY + JSON)
    damaged[len(EMPTY) + at] ^= 0x01
    decoder = AwsEventDecoder()
    seen: list[AwsEvent] = []
    with pytest.raises(ServerFault, match="checksum"):
        seen.extend(decoder.feed(bytes(damaged)))
    assert seen == BOTH[:1]


@pytest.mark.parametrize(
    ("total", "claimed"),
    [(15, 0), (16, 1), (0xFFFFFFFF, 0), (MAX_PAYLOAD_BYTES + 17, 0), (200_000, 150_000)],
    ids=["shorter than a message", "headers beyond the end", "4 GiB", "a payload too large", "headers too large"],
)
def test_lengths_that_no_service_sends_are_refused_before_their_bytes_come(total: int, claimed: int) -> None:
    with pytest.raises(ServerFault, match="claims"):
        decoded(message(b"", total=total, claimed=claimed)[:12])


@pytest.mark.parametrize(
    "headers",
    [
        b"\x05ab",
        b"\x01a",
        b"\x01a\x0a",
        b"\x01a\x07\x00\x05abc",
        b"\x01a\x07\x00",
        b"\x01a\x04\x00",
        b"\x01a\x09abc",
        b"\x01\xff\x00",
    ],
)
def test_headers_that_cannot_be_read_are_a_fault_of_the_server(headers: bytes) -> None:
    with pytest.raises(ServerFault):
        decoded(message(headers))


def test_a_header_that_comes_twice_is_a_fault_of_the_server() -> None:
    with pytest.raises(ServerFault, match="two headers 'a'"):
        decoded(message(b"\x01a\x00\x01a\x01"))


def test_the_end_of_the_bytes_is_clean_only_between_events() -> None:
    decoder = AwsEventDecoder()
    assert list(decoder.feed(EMPTY)) == BOTH[:1]
    assert decoder.is_between_events
    assert list(decoder.feed(JSON[:-1])) == []
    assert not decoder.is_between_events


@pytest.mark.parametrize(
    ("headers", "payload", "said"),
    [
        ({}, bytes(MAX_PAYLOAD_BYTES + 1), "payload"),
        ({"a": "x" * 70_000}, b"", "65,535"),
        ({"a" * 256: ""}, b"", "1 to 255 bytes"),
        ({"": ""}, b"", "1 to 255 bytes"),
        ({"a": 2**63}, b"", "eight bytes"),
        ({str(number): "x" * 60_000 for number in range(3)}, b"", "131,072"),
    ],
)
def test_what_no_reader_would_take_is_not_written(headers: dict[str, str], payload: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        encode_event(headers, payload)


HEADERS = st.dictionaries(
    st.text(min_size=1, max_size=20),
    st.one_of(st.booleans(), st.integers(-(2**63), 2**63 - 1), st.binary(max_size=50), st.text(max_size=50)),
    max_size=4,
)


@given(st.lists(st.tuples(HEADERS, st.binary(max_size=200)), max_size=4), st.lists(st.integers(1, 40), min_size=1))
def test_what_was_written_is_read_again_at_any_cutting(events: list[tuple[dict[str, str], bytes]], sizes: list[int]) -> None:
    data = b"".join(encode_event(headers, payload) for headers, payload in events)
    decoder = AwsEventDecoder()
    seen: list[AwsEvent] = []
    at = step = 0
    while at < len(data):
        size = sizes[step % len(sizes)]
        seen += decoder.feed(data[at : at + size])
        at, step = at + size, step + 1
    assert [(dict(event.headers), event.payload) for event in seen] == events
    assert decoder.is_between_events


@given(st.binary(max_size=300), st.integers(1, 50))
def test_whatever_bytes_come_only_a_fault_of_the_server_leaves(data: bytes, size: int) -> None:
    try:
        decoded(EMPTY + data, size)
    except ServerFault:
        return


@given(st.binary(max_size=60), st.binary(max_size=20))
def test_whatever_headers_come_in_a_sound_message_only_a_fault_of_the_server_leaves(headers: bytes, payload: bytes) -> None:
    try:
        (event,) = decoded(message(headers, payload))
    except ServerFault:
        return
    assert event.payload == payload
