"""Whatever bytes a caller sends and however they are cut: the same requests, or a refusal, and no exception."""

from __future__ import annotations

import asyncio
import re
from itertools import pairwise
from typing import Any

from hypothesis import given, settings, strategies as st
from uvicorn import Config
from uvicorn.server import ServerState

from turnout.gateway.asgi import Receive, Scope, Send
from turnout.gateway.protocol import connection_class
from turnout.gateway.settings import Limits

LIMITS = Limits(head_bytes=400, headers=8)
FIRST = b"POST /a%20b?c=d HTTP/1.1\r\nhost: here\r\ncontent-length: 5\r\n\r\nhello"
SECOND = b"POST /two HTTP/1.1\r\nhost: here\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nx: y\r\n\r\n"
LAST = b"GET /three HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n"
ANSWERS = b"".join(
    b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n%b\r\n%b" % (len(body), close, body)
    for body, close in ((b"/a b hello", b""), (b"/two abcde", b""), (b"/three ", b"connection: close\r\n"))
)


class Wire(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data: Any) -> None:
        assert not self.closed
        self.written += data

    def close(self) -> None:
        self.closed = True

    abort = close

    def is_closing(self) -> bool:
        return self.closed

    def can_write_eof(self) -> bool:
        return False

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    body = scope["path"].encode() + b" "
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return
        body += message["body"]
        more = message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


def answered(pieces: list[bytes]) -> Wire:
    """What comes back when ``pieces`` arrive one after the other, with time to answer between them, and then the end."""

    async def run() -> Wire:
        config = Config(echo, interface="asgi3", lifespan="off")
        config.load()
        faults: list[Any] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: faults.append(context))
        connection = connection_class(LIMITS)(config, ServerState(), {}, loop)
        wire = Wire()
        connection.connection_made(wire)
        for piece in pieces:
            connection.data_received(piece)
            for _ in range(3):
                await asyncio.sleep(0)
        connection.connection_lost(None)
        for _ in range(3):
            await asyncio.sleep(0)
        assert not faults
        assert asyncio.all_tasks() == {asyncio.current_task()}  # nothing still waits for a caller who has gone
        return wire

    return asyncio.run(run())


def cut(data: bytes, places: list[int]) -> list[bytes]:
    bounds = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(bounds) if start < end]


@settings(max_examples=200)
@given(st.lists(st.integers(0, 10_000), max_size=40))
def test_three_requests_are_the_same_however_their_bytes_are_cut(places: list[int]) -> None:
    wire = answered(cut(FIRST + SECOND + LAST, places))
    assert wire.written == ANSWERS
    assert wire.closed


@settings(max_examples=400)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(
                [FIRST, SECOND, LAST, b"\r\n", b"\0", b"GET ", b"x" * 500, b"content-length: 9\r\n", b"HTTP/1.1\r\n"]
            ),
            st.binary(max_size=60),
        ),
        max_size=6,
    ),
    st.lists(st.integers(0, 10_000), max_size=8),
)
def test_whatever_comes_is_answered_or_refused_in_http(parts: list[bytes], places: list[int]) -> None:
    wire = answered(cut(b"".join(parts), places))
    assert wire.written == b"" or wire.written.startswith(b"HTTP/1.1 ")


@settings(max_examples=200)
@given(st.integers(0, len(FIRST) - 1), st.integers(0, 255))
def test_one_wrong_byte_makes_no_two_answers_of_one_request(at: int, byte: int) -> None:
    wire = answered([FIRST[:at] + bytes([byte]) + FIRST[at + 1 :]])
    assert len(re.findall(rb"HTTP/1\.1 \d{3} ", wire.written)) <= 1
