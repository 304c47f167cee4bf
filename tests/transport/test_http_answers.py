"""Whole answers and streams that arrive as they should."""

from __future__ import annotations

import gzip
import threading
import zlib

import pytest
from scripted_server import CHUNKED_HEAD, WAIT_SECONDS, Peer, ScriptedServer, chunk, response
from transport_drive import Drive

from turnout.errors import ConfigError, TransportFailed
from turnout.types import HttpRequest


def answering(*answers: bytes):
    """A script that gives each answer to one request, on whichever connection it comes."""
    remaining = list(answers)

    def script(peer: Peer) -> None:
        while True:
            peer.request()
            peer.send(remaining.pop(0))

    return script


def test_a_request_arrives_as_it_was_written(drive: Drive) -> None:
    with ScriptedServer(answering(response())) as server:
        request = HttpRequest(
            method="POST",
            url=f"{server.url}/v1/chat?alt=sse",
            headers={"authorization": "Bearer key", "x-note": "caf\xe9"},
            body=b'{"a":1}',
        )
        drive.send(request)
    received = server.requests[0]
    assert (received.method, received.target, received.body) == ("POST", "/v1/chat?alt=sse", b'{"a":1}')
    assert received.headers["authorization"] == "Bearer key"
    assert received.headers["x-note"] == "caf\xe9"
    assert received.headers["content-length"] == "7"
    assert received.headers["host"] == server.url.removeprefix("http://")


def test_an_answer_has_its_status_lower_case_headers_and_body(drive: Drive) -> None:
    answer = response(b'{"id":1}', "429 Too Many", "Retry-After: 3\r\nX-Limit: a\r\nx-limit: b\r\nX-Empty:\r\n")
    with ScriptedServer(answering(answer)) as server:
        answered = drive.send(server.url)
    assert answered.status == 429
    assert answered.body == b'{"id":1}'
    assert answered.headers == {"retry-after": "3", "x-limit": "a, b", "x-empty": "", "content-length": "8"}


def test_a_host_header_of_the_caller_replaces_ours(drive: Drive) -> None:
    with ScriptedServer(answering(response())) as server:
        drive.send(HttpRequest(method="GET", url=server.url, headers={"host": "virtual.example", "content-length": "99"}))
    lines = server.requests[0].lines
    assert [line for line in lines if line.lower().startswith(("host:", "content-length:"))] == ["host: virtual.example"]


def test_a_url_without_a_path_asks_for_the_root_and_keeps_its_query(drive: Drive) -> None:
    with ScriptedServer(answering(response(), response(), response())) as server:
        for url in (server.url, f"{server.url}?a=/b#fragment", f"{server.url}/caf\xe9 x#fragment"):
            drive.send(url)
    assert [received.target for received in server.requests] == ["/", "/?a=/b", "/caf%C3%A9%20x"]


def test_a_user_name_in_the_url_becomes_basic_authorization(drive: Drive) -> None:
    with ScriptedServer(answering(response())) as server:
        drive.send(server.url.replace("http://", "http://user:p%40ss@"))
    assert server.requests[0].headers["authorization"] == "Basic dXNlcjpwQHNz"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", id="204"),
        pytest.param(response(b""), id="content-length 0"),
        pytest.param(CHUNKED_HEAD + chunk(b""), id="no chunk"),
        pytest.param(b"HTTP/1.1 304 Not Modified\r\ncontent-length: 10\r\n\r\n", id="304"),
    ],
)
def test_an_empty_answer_leaves_the_connection_usable(drive: Drive, answer: bytes) -> None:
    with ScriptedServer(answering(answer, response(b"next"))) as server:
        assert drive.send(server.url).body == b""
        assert drive.send(server.url).body == b"next"
    assert server.accepted == 1


def test_a_head_request_has_no_body_whatever_length_it_announces(drive: Drive) -> None:
    with ScriptedServer(answering(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n")) as server:
        answered = drive.send(HttpRequest(method="HEAD", url=server.url))
    assert (answered.body, answered.headers) == (b"", {"content-length": "10"})
    assert "content-length" not in server.requests[0].headers


def test_a_chunked_answer_is_joined_and_its_trailers_are_no_headers(drive: Drive) -> None:
    answer = CHUNKED_HEAD + b"5;note=1\r\nhello\r\n" + chunk(b" world") + b"0\r\nx-trailer: 1\r\n\r\n"
    with ScriptedServer(answering(answer)) as server:
        answered = drive.send(server.url)
    assert answered.body == b"hello world"
    assert "x-trailer" not in answered.headers


def test_an_answer_without_a_length_ends_with_the_connection(drive: Drive) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.0 200 OK\r\n\r\nuntil the end")

    with ScriptedServer(script) as server:
        assert drive.send(server.url).body == b"until the end"


def test_interim_answers_are_passed_over(drive: Drive) -> None:
    early = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n"
    with ScriptedServer(answering(early + response(b"late"))) as server:
        answered = drive.send(server.url)
    assert (answered.status, answered.body) == (200, b"late")
    assert "link" not in answered.headers


def test_a_redirect_is_returned_and_not_followed(drive: Drive) -> None:
    with ScriptedServer(answering(response(b"ok"))) as elsewhere:
        moved = response(b"", "307 Temporary Redirect", f"location: {elsewhere.url}/\r\n")
        with ScriptedServer(answering(moved)) as server:
            answered = drive.send(HttpRequest(method="POST", url=server.url, headers={"authorization": "Bearer key"}))
    assert answered.status == 307
    assert answered.headers["location"] == f"{elsewhere.url}/"
    assert elsewhere.accepted == 0


def test_headers_of_100_kilobytes_are_read(drive: Drive) -> None:
    value = "v" * 100_000
    with ScriptedServer(answering(response(b"ok", headers=f"x-long: {value}\r\n"))) as server:
        assert drive.send(server.url).headers["x-long"] == value


def test_a_body_of_50_megabytes_arrives_whole(drive: Drive) -> None:
    body = bytes(range(256)) * (50 * 1024 * 1024 // 256)
    with ScriptedServer(answering(response(body))) as server:
        assert drive.send(server.url).body == body


def test_a_stream_of_50_megabytes_arrives_whole(drive: Drive) -> None:
    piece = bytes(range(256)) * 4096
    with ScriptedServer(answering(CHUNKED_HEAD + chunk(piece) * 50 + chunk(b""))) as server:
        with drive.open(server.url) as body:
            assert body.rest() == piece * 50


def test_a_request_of_50_megabytes_arrives_whole(drive: Drive) -> None:
    body = bytes(range(256)) * (50 * 1024 * 1024 // 256)
    with ScriptedServer(answering(response())) as server:
        drive.send(HttpRequest(method="POST", url=server.url, body=body))
    assert server.requests[0].body == body


def raw_deflate(data: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-15)
    return compressor.compress(data) + compressor.flush()


@pytest.mark.parametrize(
    ("coding", "coded"),
    [
        pytest.param("gzip", gzip.compress(b"plain text"), id="gzip"),
        pytest.param("gzip", gzip.compress(b"plain ") + gzip.compress(b"text"), id="gzip in two members"),
        pytest.param("deflate", zlib.compress(b"plain text"), id="deflate"),
        pytest.param("Deflate", raw_deflate(b"plain text"), id="raw deflate"),
        pytest.param("identity", b"plain text", id="identity"),
    ],
)
def test_a_coded_body_is_decoded_and_its_headers_no_longer_speak_of_the_coding(drive: Drive, coding: str, coded: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        answer = response(coded, headers=f"content-encoding: {coding}\r\n")
        for at in range(len(answer)):
            peer.send(answer[at : at + 1])

    with ScriptedServer(script) as server:
        answered = drive.send(server.url)
    assert answered.body == b"plain text"
    assert coding == "identity" or not {"content-encoding", "content-length"} & answered.headers.keys()


def test_compression_is_asked_for_whole_answers_and_not_for_streams(drive: Drive) -> None:
    with ScriptedServer(answering(response(), response())) as server:
        drive.send(server.url)
        with drive.open(server.url) as body:
            body.rest()
    assert [received.headers["accept-encoding"] for received in server.requests] == ["gzip, deflate", "identity"]


def test_a_streams_bytes_are_readable_before_the_next_ones_are_sent(drive: Drive) -> None:
    pieces = [b"one", b"two", b"three"]

    acknowledged = [threading.Event() for _ in pieces]

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED_HEAD)
        for piece, read in zip(pieces, acknowledged, strict=True):
            peer.send(chunk(piece))
            assert read.wait(WAIT_SECONDS)
        peer.send(chunk(b""))

    with ScriptedServer(script) as server, drive.open(server.url) as body:
        assert body.head.status == 200
        assert body.head.body == b""
        for piece, read in zip(pieces, acknowledged, strict=True):
            assert body.read() == piece
            read.set()
        assert body.read() == b""
        assert body.read() == b""


def test_a_stream_read_to_its_end_leaves_the_connection_usable(drive: Drive) -> None:
    with ScriptedServer(answering(CHUNKED_HEAD + chunk(b"one") + chunk(b""), response(b"next"))) as server:
        with drive.open(server.url) as body:
            assert body.rest() == b"one"
            assert drive.send(server.url).body == b"next"
            assert body.read() == b""
    assert server.accepted == 1


@pytest.mark.parametrize("url", ["ftp://host/", "host/path", "http://", "http:///path", "http://host:port/", "http://ho st/"])
def test_what_is_no_http_url_is_refused_with_its_form(drive: Drive, url: str) -> None:
    with pytest.raises(ConfigError, match="starts with http:// or https://"):
        drive.send(url)


@pytest.mark.parametrize("value", ["sk-secret\n", "sk-secret\r\nx-injected: 1", "sk-secret\0", "sk-s\u0435cret"])
def test_a_header_that_http_cannot_say_is_refused_without_its_value(drive: Drive, value: str) -> None:
    with ScriptedServer(answering(response())) as server:
        with pytest.raises(ConfigError, match="'authorization'") as refused:
            drive.send(HttpRequest(method="POST", url=server.url, headers={"authorization": value}))
    assert "secret" not in str(refused.value)
    assert server.requests == []


def test_a_body_over_the_limit_is_refused_by_its_announced_length(make_drive) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n")
        peer.hung_up()

    with ScriptedServer(script) as server:
        with pytest.raises(TransportFailed, match="more than 1000 bytes, the limit"):
            make_drive(max_body_bytes=1000).send(server.url)
        assert server.saw_hang_up()


def test_a_body_over_the_limit_is_refused_while_it_grows(make_drive) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED_HEAD)
        peer.drip(chunk(b"x" * 300))

    with ScriptedServer(script) as server:
        with pytest.raises(TransportFailed, match="more than 1000 bytes, the limit"):
            make_drive(max_body_bytes=1000).send(server.url)


def test_a_small_body_that_decompresses_over_the_limit_is_refused(make_drive) -> None:
    bomb = gzip.compress(b"\0" * 10_000_000)
    with ScriptedServer(answering(response(bomb, headers="content-encoding: gzip\r\n"))) as server:
        with pytest.raises(TransportFailed, match="more than 100000 bytes, the limit"):
            make_drive(max_body_bytes=100_000).send(server.url)
