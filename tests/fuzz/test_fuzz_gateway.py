"""Whatever bytes a client sends to a running gateway: an error of its own protocol that blames the request, or a closed door."""

from __future__ import annotations

import json
import logging
import re
import socket
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import pytest
from fuzz_gateway import Refusing, refusing
from fuzz_mutation import mutated
from fuzz_seeds import Seed, seeds
from raw_http import connect, exchange, get, post

from turnout.gateway.routes import ROUTES, Route

POSTED = [route for route in ROUTES if route.method == "POST"]
FETCHED = [route for route in ROUTES if route.method == "GET"]
MODELS = {
    "chat": "openai/gpt-4o-mini",
    "embed": "openai/text-embedding-3-small",
    "rerank": "cohere/rerank-v3.5",
    "count": "anthropic/claude-sonnet-4-5",
}
# The form of an error in each protocol, as its clients read it.
SHAPES: dict[str, Callable[[Any, int], Any]] = {
    "openai-chat": lambda body, status: body["error"]["message"],
    "openai-responses": lambda body, status: body["error"]["message"],
    "anthropic-messages": lambda body, status: body["type"] == "error" and body["error"]["type"] and body["error"]["message"],
    "gemini": lambda body, status: body["error"]["code"] == status and body["error"]["status"] and body["error"]["message"],
    "cohere-chat": lambda body, status: body["message"],
    "mistral-chat": lambda body, status: body["message"],
    "ollama": lambda body, status: body["error"],
    "ollama-generate": lambda body, status: body["error"],
    "bedrock-converse": lambda body, status: body["message"],
}
POOL = list(seeds())
MALFORMED = {
    "nothing": b"",
    "half an object": b'{"model": "m", "messages": [',
    "a list": b"[]",
    "null": b"null",
    "a text": b'"x"',
    "an infinite number": b'{"model": 1e999}',
    "no number": b'{"model": NaN}',
    "a number of 5,000 digits": b'{"model": ' + b"9" * 5000 + b"}",
    "no UTF-8": b'{"model": "\xff"}',
    "a lone surrogate": b'{"model": "\\ud800"}',
    "NULs": b"\0" * 64,
    "10,000 levels": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "levels that never close": b"[" * 10_000,
    "another encoding": '{"model": "m"}'.encode("utf-16"),
    "a form": b"model=m&messages=x",
}
WRONG = {
    "an empty object": b"{}",
    "all members wrong": json.dumps(
        dict.fromkeys(("model", "messages", "input", "contents", "query", "documents", "prompt", "tools", "content"), 7)
    ).encode(),
}


@pytest.fixture(scope="module")
def gateway() -> Iterator[tuple[str, Refusing]]:
    with refusing() as running:
        yield running


@pytest.fixture(autouse=True)
def _no_fault_of_our_own(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


def path_of(route: Route) -> str:
    return route.path.replace("{model}", "m")


def check(route: Route, answer: tuple[int, dict[str, str], bytes], sent: bytes) -> None:
    status, headers, body = answer
    assert 400 <= status < 500, (status, body, sent)
    assert b"Traceback" not in body
    assert b'File "' not in body
    assert headers["content-type"].startswith("application/json"), (headers, sent)
    assert SHAPES[route.wire](json.loads(body), status), (body, sent)


@pytest.mark.parametrize("route", POSTED, ids=lambda route: route.path)
def test_a_malformed_body_gets_the_protocols_own_error_and_is_never_sent_on(route: Route, gateway: tuple[str, Refusing]) -> None:
    url, upstream = gateway
    before = upstream.asked
    for body in MALFORMED.values():
        check(route, exchange(url, post(path_of(route), body, f"x-turnout-model: {MODELS[route.operation]}")), body)
    assert upstream.asked == before


@pytest.mark.parametrize("route", POSTED, ids=lambda route: route.path)
def test_a_body_whose_members_are_wrong_or_missing_gets_the_protocols_own_error(
    route: Route, gateway: tuple[str, Refusing]
) -> None:
    for body in WRONG.values():
        check(route, exchange(gateway[0], post(path_of(route), body, f"x-turnout-model: {MODELS[route.operation]}")), body)


@pytest.mark.parametrize("named", [b"", b" ", b",", b", ,", b"a," * 100, b"\xff", b"a/b/c/d", b"/", b"x" * 5000])
@pytest.mark.parametrize("route", POSTED, ids=lambda route: route.path)
def test_a_header_that_names_no_model_gets_the_protocols_own_error(
    route: Route, named: bytes, gateway: tuple[str, Refusing]
) -> None:
    body = bodies(route)[0].data
    sent = post(path_of(route), body, "x-turnout-model: HERE").replace(b"HERE", named, 1)
    check(route, exchange(gateway[0], sent), sent)


def bodies(route: Route) -> list[Seed]:
    """Requests of this route's protocol."""
    kind = "request" if route.operation == "chat" else f"{route.operation}_server"
    names = (route.wire, route.wire.replace("mistral-chat", "openai-chat"))
    return [seed for seed in POOL if seed.wire in names and seed.kind == kind]


@pytest.mark.parametrize("route", POSTED, ids=lambda route: route.path)
def test_a_request_made_wrong_anywhere_gets_the_protocols_own_error(route: Route, gateway: tuple[str, Refusing]) -> None:
    """Providers refuse what is understood, so that whatever is asked there is an error to be told."""
    url, upstream = gateway
    pool = bodies(route)
    assert pool, f"no seed for {route.path}"
    before = upstream.asked
    for number in range(25):
        sent = mutated(pool[number % len(pool)], pool, Random(number)) if number >= len(pool) else pool[number].data
        check(route, exchange(url, post(path_of(route), sent, f"x-turnout-model: {MODELS[route.operation]}")), sent)
    assert upstream.asked > before, "not one of them was understood"


@pytest.mark.parametrize("route", [route for route in ROUTES if "{model}" in route.path], ids=lambda it: f"{it.method} {it.path}")
def test_a_model_that_nobody_has_is_said_in_the_protocols_own_error(route: Route, gateway: tuple[str, Refusing]) -> None:
    header = (f"{route.header.decode()}: 1",) if route.header else ()
    for model in ("%00", "%0d%0ax:%201", "%ff%fe", "..%2f..%2fetc", "a" * 4000, "%F0%9F%98%80", "acme/none", "%20", "%", "%2C"):
        path = route.path.replace("{model}", model)
        sent = post(path, bodies(route)[0].data) if route.method == "POST" else get(path, *header)
        check(route, exchange(gateway[0], sent), sent)


@pytest.mark.parametrize("route", FETCHED, ids=lambda route: f"{route.wire} {route.path}")
@pytest.mark.parametrize("query", ["limit=-1", "limit=9e9", "pageSize=x", "pageToken=%ff", "after_id=%00", "&&==", "a" * 5000])
def test_a_list_is_given_or_refused_whatever_the_query_says(route: Route, query: str, gateway: tuple[str, Refusing]) -> None:
    url, _ = gateway
    header = (f"{route.header.decode()}: 1",) if route.header else ()
    status, _, body = exchange(url, get(f"{path_of(route)}?{query}", *header))
    assert status == 200 or SHAPES[route.wire](json.loads(body), status), body
    assert status < 500


@pytest.mark.parametrize(
    ("method", "path", "wire"),
    [
        ("PUT", "/v1/messages", "anthropic-messages"),
        ("GET", "/v2/chat", "cohere-chat"),
        ("POST", "/nowhere", "openai-chat"),
        ("HEAD", "/nowhere", "openai-chat"),
    ],
)
def test_what_no_route_takes_is_said_so(method: str, path: str, wire: str, gateway: tuple[str, Refusing]) -> None:
    status, _, body = exchange(gateway[0], get(path).replace(b"GET", method.encode(), 1))
    assert status in (404, 405)
    assert method == "HEAD" or SHAPES[wire](json.loads(body), status)


# -- below the routes: HTTP itself -------------------------------------------------------------------

CHAT = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n"
HIDDEN = b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n"  # a second request that a careless server would find in a body
SMUGGLED = {
    "a length and chunks": CHAT + b"content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "chunks and a length": CHAT + b"transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n" + HIDDEN,
    "two lengths": CHAT + b"content-length: 2\r\ncontent-length: 50\r\n\r\n{}" + HIDDEN,
    "a list of lengths": CHAT + b"content-length: 2, 50\r\n\r\n{}" + HIDDEN,
    "a signed length": CHAT + b"content-length: +2\r\n\r\n{}" + HIDDEN,
    "a negative length": CHAT + b"content-length: -1\r\n\r\n{}" + HIDDEN,
    "a length in hexadecimal": CHAT + b"content-length: 0x2\r\n\r\n{}" + HIDDEN,
    "a length of 30 digits": CHAT + b"content-length: " + b"9" * 30 + b"\r\n\r\n{}" + HIDDEN,
    "chunked twice": CHAT + b"transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n" + HIDDEN,
    "an unknown coding": CHAT + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "a space before the colon": CHAT + b"content-length : 2\r\n\r\n{}" + HIDDEN,
    "a folded header": CHAT + b"x: 1\r\n content-length: 50\r\ncontent-length: 2\r\n\r\n{}" + HIDDEN,
    "a chunk size that is none": CHAT + b"transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n" + HIDDEN,
    "a negative chunk size": CHAT + b"transfer-encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n" + HIDDEN,
    "a chunk size of 30 digits": CHAT + b"transfer-encoding: chunked\r\n\r\n" + b"f" * 30 + b"\r\n{}\r\n0\r\n\r\n" + HIDDEN,
    "a chunk longer than it says": CHAT + b"transfer-encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n" + HIDDEN,
    "a NUL in a header": CHAT + b"x: a\0b\r\ncontent-length: 2\r\n\r\n{}" + HIDDEN,
    "a NUL in the target": b"GET /he\0alth HTTP/1.1\r\nhost: x\r\n\r\n",
    "a bare CR in a header": CHAT + b"x: a\rcontent-length: 50\r\ncontent-length: 2\r\n\r\n{}" + HIDDEN,
    "a header without a name": CHAT + b": 1\r\ncontent-length: 2\r\n\r\n{}" + HIDDEN,
    "a line of 20,000 bytes": b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
    "a header of 20,000 bytes": CHAT + b"x: " + b"a" * 20_000 + b"\r\n\r\n",
    "1,000 headers": CHAT + b"".join(b"x-%d: 1\r\n" % number for number in range(1000)) + b"\r\n",
    "a version nobody speaks": b"GET /health HTTP/7.3\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(64)),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
    "NULs": b"\0" * 500,
}
UNFINISHED = {
    "half a method": b"POS",
    "half a head": CHAT + b"content-le",
    "half a body": CHAT + b"content-length: 100\r\n\r\n{",
    "half a chunk": CHAT + b"transfer-encoding: chunked\r\n\r\n10\r\n{",
    "no last chunk": CHAT + b"transfer-encoding: chunked\r\n\r\n2\r\n{}\r\n",
}


def statuses(url: str, data: bytes, *, close: bool) -> tuple[list[int], bytes]:
    """Of every response that comes until the gateway closes the connection. ``close``: our side ends after ``data``."""
    received = b""
    with connect(url) as connection:
        connection.settimeout(10)  # a hang, not a measure: the gateway gives up after 0.3 s
        try:
            connection.sendall(data)
            if close:
                connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65536):
                received += piece
        except (ConnectionError, BrokenPipeError):
            pass  # closed while we still spoke
    return [int(found) for found in re.findall(rb"(?:\A|\n|\})HTTP/1\.1 (\d+)", received)], received


@pytest.mark.parametrize("name", SMUGGLED)
def test_what_two_readers_might_read_differently_is_refused_and_nothing_behind_it_is_answered(
    name: str, gateway: tuple[str, Refusing]
) -> None:
    answered, received = statuses(gateway[0], SMUGGLED[name], close=False)
    assert all(400 <= status < 500 for status in answered), received
    assert len(answered) <= 1, received
    assert b'{"status":"ok"}' not in received


@pytest.mark.parametrize("close", [True, False], ids=["that closes", "that waits"])
@pytest.mark.parametrize("name", UNFINISHED)
def test_a_client_that_stops_in_the_middle_is_let_go_of(name: str, close: bool, gateway: tuple[str, Refusing]) -> None:
    answered, received = statuses(gateway[0], UNFINISHED[name], close=close)
    assert all(400 <= status < 500 for status in answered), received


def test_a_request_without_a_host_is_served_or_refused_and_no_more(gateway: tuple[str, Refusing]) -> None:
    assert statuses(gateway[0], b"GET /health HTTP/1.1\r\nconnection: close\r\n\r\n", close=False)[0] in ([200], [400])


def test_a_head_that_comes_byte_by_byte_is_read(gateway: tuple[str, Refusing]) -> None:
    with connect(gateway[0]) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in get("/health"):
            connection.sendall(bytes((byte,)))
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")


_SPOIL = (
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b"\xff",
    b":",
    b" ",
    b"\t",
    b"HTTP/1.1",
    b"transfer-encoding: chunked\r\n",
    b"%00",
    b"\r\n\r\n",
)


def test_heads_spoiled_by_chance_are_answered_or_closed(gateway: tuple[str, Refusing]) -> None:
    url, _ = gateway
    whole = post("/v1/messages", b'{"model":"m"}', "anthropic-version: 1", "accept: */*")
    for number in range(250):
        draw, data = Random(number), whole
        for _ in range(draw.randrange(1, 4)):
            at = draw.randrange(len(data))
            data = draw.choice((data[:at], data[:at] + draw.choice(_SPOIL) + data[at + draw.randrange(3) :], data[at:]))
            data = data or b"x"
        answered, received = statuses(url, data, close=True)
        assert all(status < 500 for status in answered), (data, received)
        assert b"Traceback" not in received
    assert exchange(url, get("/health"))[0] == 200
