"""The server that benchmarks run against says what it claims to say, however it is asked."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest
from mock_upstream import TEXT, stream_events, stream_text, whole_body

MOCK = Path(__file__).parents[2] / "benchmarks" / "mock_upstream.py"
CHUNKS = 6


@pytest.fixture
def connection() -> Iterator[HTTPConnection]:
    with subprocess.Popen(
        [sys.executable, str(MOCK), str(CHUNKS), "0"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as mock:
        assert mock.stdin is not None
        assert mock.stdout is not None
        connection = HTTPConnection("127.0.0.1", int(mock.stdout.readline()), timeout=30)
        yield connection
        connection.close()
        mock.stdin.close()
        assert mock.wait(timeout=30) == 0


def test_each_kind_of_answer_comes_whole_on_one_connection(connection: HTTPConnection) -> None:
    stream = b"".join(stream_events(CHUNKS))
    for path, expected in (
        ("/whole/v1", whole_body()),
        ("/paced/v1", stream),
        ("/burst/v1", stream),
        ("/whole/v1", whole_body()),
    ):
        connection.request("POST", f"{path}/chat/completions", body=b"{}")
        response = connection.getresponse()
        assert (response.status, response.read()) == (200, expected)


def test_a_request_in_two_segments_is_answered_once_it_is_whole(connection: HTTPConnection) -> None:
    connection.connect()
    connection.sock.sendall(b"POST /whole/v1 HTTP/1.1\r\nhost: x\r\nContent-Length: 4\r\n\r\n{")
    connection.sock.settimeout(0.05)
    with pytest.raises(TimeoutError):
        connection.sock.recv(1)
    connection.sock.settimeout(30)
    connection.sock.sendall(b'"a"')
    assert connection.sock.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_stream_has_as_many_chunks_as_asked_and_says_its_text() -> None:
    events = stream_events(CHUNKS)
    assert len(events) == CHUNKS
    assert events[-1].endswith(b"data: [DONE]\n\n")
    chunks = [json.loads(event.removeprefix(b"data: ").split(b"\n")[0]) for event in events]
    said = "".join(choice["delta"].get("content", "") for chunk in chunks for choice in chunk["choices"])
    assert said == stream_text(CHUNKS)
    assert json.loads(whole_body())["choices"][0]["message"]["content"] == TEXT


def test_a_stream_too_short_to_say_anything_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 4 chunks"):
        stream_events(3)
