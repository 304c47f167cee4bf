"""Slow, large, broken and lying clients, over raw sockets: each is answered or let go of, and nobody else notices."""

from __future__ import annotations

import json
import socket
import struct
from typing import Any

import pytest
from raw_http import connect, exchange, get, parsed, post, read, until
from running_gateway import running

from turnout.gateway import Limits, Settings
from turnout.testing.transport import Script
from turnout.types import HttpResponse

ANSWER = HttpResponse(
    status=200,
    body=b'{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",'
    b'"content":"The Loire"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}',
)
ASKED = b'{"model":"groq/llama-3.3-70b-versatile","messages":[{"role":"user","content":"Name a river"}]}'
CHAT = "/v1/chat/completions"


def limited(**limits: Any) -> Settings:
    return Settings(limits=Limits(**limits))


def message(body: bytes) -> str:
    return str(json.loads(body)["error"]["message"])


def test_a_head_that_comes_in_drops_is_given_up() -> None:
    with running(Script(), limited(head_seconds=0.2)) as (url, _), connect(url) as slow:
        slow.sendall(b"GET /health HTTP/1.1\r\nhost: ")
        status, headers, body = read(slow)
    assert (status, headers["connection"]) == (408, "close")
    assert "0.2 s" in message(body)


def test_a_connection_that_says_nothing_is_closed() -> None:
    with running(Script(), limited(head_seconds=0.2)) as (url, _), connect(url) as silent:
        assert silent.recv(1) == b""


def test_a_connection_that_only_sends_empty_lines_is_closed() -> None:
    with running(Script(), limited(head_seconds=0.2)) as (url, _), connect(url) as stalling:
        stalling.sendall(get("/health").replace(b"connection: close\r\n", b""))
        until(stalling, b'{"status":"ok"}')
        stalling.sendall(b"\r\n")
        assert stalling.recv(65536) == b""


def test_an_idle_connection_is_closed() -> None:
    with running(Script(), limited(idle_seconds=0.2)) as (url, _), connect(url) as idle:
        idle.sendall(get("/health").replace(b"connection: close\r\n", b""))
        assert read(idle)[0] == 200


@pytest.mark.parametrize("sizes", [(70_000,), (900,) * 80], ids=["at once", "in pieces"])
def test_a_head_that_is_too_large_is_refused(sizes: tuple[int, ...]) -> None:
    lines = b"".join(b"x-%d: %s\r\n" % (number, b"a" * size) for number, size in enumerate(sizes))
    with running(Script(), limited(head_bytes=64 * 1024)) as (url, _):
        status, _, body = exchange(url, b"GET /health HTTP/1.1\r\n" + lines + b"\r\n")
    assert status == 431
    assert "65,536 bytes" in message(body)


def test_a_head_that_never_ends_is_refused_before_it_fills_memory() -> None:
    with running(Script(), limited(head_bytes=4096)) as (url, _), connect(url) as endless:
        endless.sendall(b"GET /" + b"a" * 5000)
        assert read(endless)[0] == 431


def test_more_headers_than_the_limit_are_refused() -> None:
    with running(Script(), limited(headers=10)) as (url, _):
        status, _, body = exchange(url, get("/health", *(f"x-{number}: 1" for number in range(10))))
    assert status == 431
    assert "10 headers" in message(body)


def test_a_large_body_is_no_large_head() -> None:
    script = Script(ANSWER)
    asked = ASKED.replace(b"Name", b"Name " * 40_000)
    with running(script, limited(head_bytes=4096)) as (url, _):
        assert exchange(url, post(CHAT, asked))[0] == 200


@pytest.mark.parametrize("sent", [b"", b'{"model":'], ids=["nothing of it", "a part of it"])
def test_a_body_that_does_not_come_gets_the_protocols_own_error(sent: bytes) -> None:
    with running(Script(), limited(body_seconds=0.2)) as (url, _), connect(url) as slow:
        slow.sendall(post("/v1/messages", b"x" * 100).removesuffix(b"x" * 100) + sent)
        status, _, body = read(slow)
    assert status == 408
    assert json.loads(body)["type"] == "error"
    assert "0.2 s" in message(body)


def test_a_body_that_says_it_is_too_large_is_refused_before_it_comes() -> None:
    with running(Script(), limited(body_bytes=1000)) as (url, _), connect(url) as large:
        large.sendall(f"POST {CHAT} HTTP/1.1\r\nhost: gateway\r\ncontent-length: 1001\r\n\r\n".encode())
        status, _, body = read(large)
    assert status == 413
    assert "1,000 bytes" in message(body)


def test_a_body_without_a_length_is_refused_once_it_is_too_large() -> None:
    chunk = b"1f4\r\n" + b"x" * 500 + b"\r\n"
    with running(Script(), limited(body_bytes=1000)) as (url, _), connect(url) as large:
        large.sendall(f"POST {CHAT} HTTP/1.1\r\nhost: gateway\r\ntransfer-encoding: chunked\r\n\r\n".encode() + chunk * 3)
        assert read(large)[0] == 413


def test_who_expects_a_hundred_continue_is_refused_without_one() -> None:
    with running(Script(), limited(body_bytes=1000)) as (url, _), connect(url) as careful:
        head = f"POST {CHAT} HTTP/1.1\r\nhost: gateway\r\nexpect: 100-continue\r\ncontent-length: 5000\r\n\r\n"
        careful.sendall(head.encode())
        assert read(careful)[0] == 413


def test_who_reads_nothing_is_let_go_of() -> None:
    """The page is larger than what sockets hold: a reader who stands still would hold it for ever."""
    with running(Script(), limited(write_seconds=0.2)) as (url, _):
        with connect(url) as stuck:
            stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            with pytest.raises(OSError, match=r"reset|Broken pipe"):
                stuck.sendall(get("/openapi.json").replace(b"connection: close\r\n", b"") * 1_000_000)
        assert exchange(url, get("/health"))[0] == 200


def test_connections_are_bounded() -> None:
    with running(Script(), limited(connections=1)) as (url, _), connect(url) as first:
        first.sendall(get("/health").replace(b"connection: close\r\n", b""))
        until(first, b'{"status":"ok"}')
        with connect(url) as second:
            assert read(second)[0] == 503


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /health HTTP/1.1\r\nno colon here\r\n\r\n",
        b"POST /v1/messages HTTP/1.1\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
        b"POST /v1/messages HTTP/1.1\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET http://[::1 HTTP/1.1\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nhost: x\r\n\r\n",
    ],
    ids=["TLS", "version", "header", "two lengths", "length and chunks", "address", "bytes in the path"],
)
def test_bytes_that_are_no_request_are_refused_and_the_connection_closed(garbage: bytes) -> None:
    with running(Script()) as (url, _):
        status, _, body = exchange(url, garbage)
        assert exchange(url, get("/health"))[0] == 200
    assert status in (400, 404)
    assert message(body)


BROKEN = [b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b'{"model":1,"messages":3}', b"[" * 100_000]
PATHS = {
    CHAT: lambda said: said["error"]["message"],
    "/v1/responses": lambda said: said["error"]["message"],
    "/v1/messages": lambda said: said["error"]["message"] if said["type"] == "error" else None,
    "/v1beta/models/groq/x:generateContent": lambda said: said["error"]["message"] if said["error"]["status"] else None,
    "/v2/chat": lambda said: said["message"],
    "/api/chat": lambda said: said["error"],
    "/api/generate": lambda said: said["error"],
    "/model/groq%2Fx/converse": lambda said: said["message"],
    "/v1/embeddings": lambda said: said["error"]["message"],
}


@pytest.mark.parametrize("path", PATHS)
def test_a_body_that_is_not_what_the_protocol_wants_gets_the_protocols_own_error(path: str) -> None:
    with running(Script()) as (url, _):
        for body in BROKEN:
            status, _, said = exchange(url, post(path, body))
            assert 400 <= status < 500, (status, body[:50], said)
            assert PATHS[path](json.loads(said)), body[:50]


def test_calls_beyond_the_queue_are_refused_with_an_honest_wait_and_counted() -> None:
    settings = Settings(limits=Limits(concurrent=1, waiting=0))
    with running(Script(), settings) as (url, gateway):
        gateway.admission.active = 1  # as if one were under way
        status, headers, body = exchange(url, post(CHAT, ASKED))
        assert (status, headers["retry-after"]) == (429, "1")
        assert "1 calls are under way here and 0 wait" in message(body)
        assert b"turnout_calls_refused_total 1.0" in exchange(url, get("/metrics"))[2]
        gateway.admission.active = 0


def test_a_client_that_resets_its_connection_leaves_nothing_behind() -> None:
    with running(Script()) as (url, gateway):
        rude = connect(url)
        rude.sendall(post(CHAT, b"x" * 100)[:-50])
        rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        rude.close()
        assert exchange(url, get("/health"))[0] == 200
        assert gateway.admission.active == 0


def test_two_requests_in_one_packet_get_their_answers_in_order() -> None:
    with running(Script()) as (url, _), connect(url) as hasty:
        hasty.sendall(get("/health").replace(b"connection: close\r\n", b"") + get("/ready"))
        received = b""
        while piece := hasty.recv(65536):
            received += piece
    first, _, rest = received.partition(b'{"status":"ok"}')
    assert parsed(first)[0] == 200
    assert parsed(rest)[2] == b'{"status":"ready"}'


def test_bodies_that_are_too_large_together_are_refused_and_room_is_made_when_a_call_is_over() -> None:
    with running(Script(ANSWER, ANSWER), limited(bodies_bytes=len(ASKED) * 3 // 2)) as (url, gateway), connect(url) as first:
        first.sendall(post(CHAT, ASKED)[:-1])
        while not gateway.bodies.held:
            assert exchange(url, get("/health"))[0] == 200
        status, headers, body = exchange(url, post(CHAT, ASKED))
        assert (status, headers["retry-after"]) == (429, "1")
        assert "no room" in message(body)
        first.sendall(post(CHAT, ASKED)[-1:])
        assert read(first)[0] == 200
        assert exchange(url, post(CHAT, ASKED))[0] == 200
        assert gateway.bodies.held == 0
