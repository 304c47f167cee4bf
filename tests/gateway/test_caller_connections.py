"""What an ASGI application sees of a caller's connection, and what the caller sees of its answers: literal bytes both ways."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from raw_http import connect, exchange, parsed, read, until
from running_gateway import served

from turnout.gateway.asgi import App, Message, Receive, Scope, Send
from turnout.gateway.protocol import connection_class
from turnout.gateway.settings import Limits


@contextmanager
def serving(app: App, limits: Limits = Limits()) -> Iterator[str]:  # noqa: B008 - immutable
    config = uvicorn.Config(
        app,
        http=connection_class(limits),
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_level="critical",
        server_header=False,
        timeout_graceful_shutdown=5,
    )
    with served(config) as url:
        yield url


def start(*headers: tuple[bytes, bytes], status: int = 200) -> Message:
    return {"type": "http.response.start", "status": status, "headers": headers}


def piece(body: bytes, *, more: bool = False) -> Message:
    return {"type": "http.response.body", "body": body, "more_body": more}


async def whole_body(receive: Receive) -> bytes:
    pieces = []
    while True:
        message = await receive()
        assert message["type"] == "http.request"
        pieces.append(message["body"])
        if not message["more_body"]:
            return b"".join(pieces)


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    """The path and the body, with their length."""
    body = scope["path"].encode() + b" " + await whole_body(receive)
    await send(start((b"content-length", b"%d" % len(body))))
    await send(piece(body))


async def in_pieces(scope: Scope, receive: Receive, send: Send) -> None:
    await send(start())
    for word in (b"one", b"", b"two"):
        await send(piece(word, more=True))
    await send(piece(b""))


def closing(request: str, body: bytes = b"") -> bytes:
    return request.replace("\n", "\r\n").encode() + b"host: here\r\nconnection: close\r\n\r\n" + body


def test_a_body_of_unknown_length_goes_out_in_chunks_and_the_connection_stays() -> None:
    with serving(in_pieces) as url, connect(url) as caller:
        for _ in range(2):
            caller.sendall(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n")
            status, headers, body = parsed(until(caller, b"\r\n0\r\n\r\n"))
            assert (status, headers["transfer-encoding"], "connection" in headers) == (200, "chunked", False)
            assert body == b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"


def test_a_caller_of_http_1_0_gets_no_chunks_and_the_end_of_the_connection_for_an_end() -> None:
    with serving(in_pieces) as url:
        status, headers, body = exchange(url, b"GET / HTTP/1.0\r\n\r\n")
    assert (status, headers["connection"], body) == (200, "close", b"onetwo")
    assert "transfer-encoding" not in headers


def test_a_head_request_gets_the_length_and_no_body() -> None:
    with serving(echo) as url:
        status, headers, body = exchange(url, closing("HEAD /there HTTP/1.1\n"))
    assert (status, headers["content-length"], body) == (200, "7", b"")


def test_an_answer_that_has_no_body_says_no_length() -> None:
    async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start(status=204))
        await send(piece(b""))

    with serving(nothing) as url:
        status, headers, body = exchange(url, closing("GET / HTTP/1.1\n"))
    assert (status, body) == (204, b"")
    assert headers.keys() == {"date", "connection"}


@pytest.mark.parametrize(
    ("status", "sent"),
    [(200, 200), (418, 418), (429, 429), (499, 499), (529, 529), (599, 599), (999, 999), (0, 502), (1000, 502)],
)
def test_every_status_is_sent_whether_http_has_a_phrase_for_it_or_not(status: int, sent: int) -> None:
    async def answering(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start((b"content-length", b"2"), status=status))
        await send(piece(b"{}"))

    with serving(answering) as url:
        told, _, body = exchange(url, closing("GET / HTTP/1.1\n"))
    assert (told, body) == (sent, b"{}")


def test_three_requests_in_one_packet_are_answered_in_their_order_and_the_third_ends_the_connection() -> None:
    first = b"POST /%d HTTP/1.1\r\nhost: here\r\ncontent-length: 3\r\n\r\nabc"
    with serving(echo) as url:
        status, _, rest = exchange(url, first % 1 + first % 2 + closing("POST /3 HTTP/1.1\ncontent-length: 2\n", b"de"))
    assert status == 200
    answers = [line for line in rest.replace(b"HTTP/1.1", b"\r\nHTTP/1.1").split(b"\r\n") if line.startswith(b"/")]
    assert answers == [b"/1 abc", b"/2 abc", b"/3 de"]


def test_what_comes_after_a_last_request_is_not_looked_at() -> None:
    with serving(echo) as url:
        status, headers, body = exchange(url, closing("GET /last HTTP/1.1\n") + b"GET /never HTTP/1.1\r\nhost: here\r\n\r\n")
    assert (status, headers["connection"], body) == (200, "close", b"/last ")


def test_who_expects_a_hundred_continue_gets_one_when_the_body_is_wanted() -> None:
    with serving(echo) as url, connect(url) as caller:
        caller.sendall(closing("POST /big HTTP/1.1\ncontent-length: 4\nexpect: 100-continue\n"))
        assert until(caller, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        caller.sendall(b"body")
        assert read(caller)[2] == b"/big body"


def test_a_body_larger_than_what_is_held_arrives_whole_from_a_caller_who_is_made_to_wait() -> None:
    sent = bytes(range(256)) * 8 * 1024  # 2 MiB; 64 KiB are held
    with serving(echo) as url:
        _, headers, body = exchange(url, closing(f"POST /large HTTP/1.1\ncontent-length: {len(sent)}\n", sent))
    assert int(headers["content-length"]) == len(sent) + 7
    assert body == b"/large " + sent


def test_a_body_in_chunks_arrives_without_them_and_its_trailers_are_no_headers() -> None:
    seen: list[Scope] = []

    async def look(scope: Scope, receive: Receive, send: Send) -> None:
        await echo(scope, receive, send)
        seen.append(scope)

    with serving(look) as url:
        chunks = b"3\r\nabc\r\n2\r\nde\r\n0\r\nx-trailer: 1\r\n\r\n"
        assert exchange(url, closing("POST /c HTTP/1.1\ntransfer-encoding: chunked\n", chunks))[2] == b"/c abcde"
    assert [name for name, _ in seen[0]["headers"]] == [b"transfer-encoding", b"host", b"connection"]


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        ("/a%20b/%C3%A9?x=1&y=%2F", "/a b/é", b"x=1&y=%2F"),
        ("http://elsewhere/v1/models?limit=2", "/v1/models", b"limit=2"),
        ("/", "/", b""),
        ("/?", "/", b""),
    ],
)
def test_the_application_sees_the_path_decoded_and_the_query_as_it_came(target: str, path: str, query: bytes) -> None:
    seen: list[Scope] = []

    async def look(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)
        await send(start(status=204))
        await send(piece(b""))

    with serving(look) as url:
        assert exchange(url, closing(f"GET {target} HTTP/1.1\n"))[0] == 204
    assert (seen[0]["path"], seen[0]["query_string"], seen[0]["method"], seen[0]["http_version"]) == (path, query, "GET", "1.1")
    assert seen[0]["client"][0] == "127.0.0.1"


def test_a_target_that_is_no_path_is_refused() -> None:
    with serving(echo) as url:
        assert exchange(url, b"CONNECT elsewhere:443 HTTP/1.1\r\nhost: elsewhere:443\r\n\r\n")[0] == 400


def test_who_asks_for_another_protocol_is_answered_in_this_one_and_let_go() -> None:
    asked = b"GET /ws HTTP/1.1\r\nhost: here\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n\x81\x05hello"
    with serving(echo) as url:
        status, headers, body = exchange(url, asked)
    assert (status, headers["connection"], body) == (200, "close", b"/ws ")


@pytest.mark.parametrize("value", [b"a\r\nset-cookie: b", b"a\nb", b"a\rb", b"a\0b"])
def test_a_header_that_would_end_its_line_early_is_never_sent(value: bytes) -> None:
    async def careless(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start((b"x-name", value), (b"content-length", b"0")))

    with serving(careless) as url:
        received = b""
        with connect(url) as caller:
            caller.sendall(closing("GET / HTTP/1.1\n"))
            while data := caller.recv(65536):
                received += data
    assert received == b""


def test_an_application_that_fails_before_its_answer_gets_a_500_sent_for_it() -> None:
    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError("a fault")

    with serving(failing) as url:
        status, headers, body = exchange(url, b"GET / HTTP/1.1\r\nhost: here\r\n\r\n")
    assert (status, headers["connection"], body) == (500, "close", b"")


def test_an_answer_that_breaks_off_ends_with_the_connection_and_without_a_last_chunk() -> None:
    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start())
        await send(piece(b"half", more=True))
        raise ValueError("a fault")

    with serving(failing) as url:
        assert exchange(url, b"GET / HTTP/1.1\r\nhost: here\r\n\r\n")[2] == b"4\r\nhalf\r\n"


@pytest.mark.parametrize("body", [b"too long", b"no"])
def test_a_body_of_another_length_than_announced_is_never_taken_for_whole(body: bytes) -> None:
    async def wrong(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start((b"content-length", b"4")))
        await send(piece(body))

    with serving(wrong) as url, connect(url) as caller:
        caller.sendall(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n")
        received = b""
        while data := caller.recv(65536):
            received += data
    assert received == b""


def test_the_application_learns_that_its_caller_has_gone() -> None:
    told = threading.Event()

    async def waiting(scope: Scope, receive: Receive, send: Send) -> None:
        await whole_body(receive)
        assert (await receive())["type"] == "http.disconnect"
        await send(start())  # which goes nowhere, and hurts nobody
        told.set()

    with serving(waiting) as url:
        with connect(url) as caller:
            caller.sendall(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n")
        assert told.wait(10)


def test_who_reads_slowly_holds_up_the_application_and_not_its_memory() -> None:
    written: list[int] = []
    block = b"x" * 512 * 1024
    number = 64  # many times what the sockets hold

    async def pouring(scope: Scope, receive: Receive, send: Send) -> None:
        await send(start((b"content-length", b"%d" % (number * len(block)))))
        for at in range(number):
            await send(piece(block, more=at < number - 1))
            written.append(at)

    with serving(pouring) as url, connect(url) as caller:
        caller.sendall(b"GET / HTTP/1.1\r\nhost: here\r\n\r\n")
        head = until(caller, b"x").partition(b"\r\n\r\n")
        before = len(written)
        left = number * len(block) - len(head[2])
        while left and (data := caller.recv(1 << 20)):
            left -= len(data)
    assert before < number  # it waited for its reader
    assert (len(written), left) == (number, 0)


def test_a_head_that_begins_behind_a_large_body_is_no_large_head() -> None:
    sent = b"x" * 1500
    with serving(echo, Limits(head_bytes=1000)) as url, connect(url) as caller:
        caller.sendall(b"POST /one HTTP/1.1\r\nhost: here\r\ncontent-length: 1500\r\n\r\n" + sent + b"GET /two HTTP/1.1\r\nho")
        assert until(caller, b"xxx").endswith(b"/one " + sent)
        caller.sendall(b"st: here\r\nconnection: close\r\n\r\n")
        assert read(caller)[2] == b"/two "
