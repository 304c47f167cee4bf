"""What goes wrong on the way: each fault is a sentence, nothing hangs, nothing leaks, and no key is told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from scripted_server import CHUNKED_HEAD, Peer, ScriptedServer, chunk, refusing_url, response
from transport_drive import Drive

from turnout.errors import TimedOut, TransportFailed
from turnout.transport import connection
from turnout.types import HttpRequest

Script = Callable[[Peer], None]
SHORT = 0.05  # seconds: the limit of a wait that is meant to end


def after_request(*actions: str | bytes) -> Script:
    """Sends the bytes and performs the named actions, once a request has come."""

    def script(peer: Peer) -> None:
        peer.request()
        for action in actions:
            if isinstance(action, bytes):
                peer.send(action)
            else:
                getattr(peer, action)()

    return script


def keyed(url: str) -> HttpRequest:
    return HttpRequest(
        method="POST",
        url=f"{url}/v1/chat?key=sk-in-query",
        headers={"authorization": "Bearer sk-in-header"},
        body=b'{"a":"sk-in-body"}',
    )


BROKEN = {
    "reset before the headers": (after_request("reset"), "reset the connection"),
    "end before the headers": (after_request("close"), "closed the connection before it answered"),
    "end in the headers": (after_request(b"HTTP/1.1 200 OK\r\nx-a: ", "close"), "in the middle of the headers"),
    "reset in the body": (after_request(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfour", "reset"), "reset the connection"),
    "length not reached": (after_request(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfour", "close"), "after 4 of 9 bytes"),
    "chunked cut between chunks": (after_request(CHUNKED_HEAD + chunk(b"four"), "close"), "chunked body, after 4 bytes"),
    "chunked cut in a chunk": (after_request(CHUNKED_HEAD + b"9\r\nfour", "close"), "chunked body, after 4 bytes"),
    "chunked cut before the last line": (after_request(CHUNKED_HEAD + chunk(b"four") + b"0\r\n", "close"), "chunked body"),
    "a chunk without a size": (after_request(CHUNKED_HEAD + b"zz\r\nfour", "hung_up"), "not HTTP/1.1"),
    "two lengths": (
        after_request(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab", "hung_up"),
        "not HTTP/1.1",
    ),
    "garbage": (after_request(b"SSH-2.0-OpenSSH_9.6\r\n", "hung_up"), "not HTTP/1.1"),
    "HTTP/2": (after_request(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00", "hung_up"), "not HTTP/1.1"),
    "a protocol switch": (
        after_request(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", "hung_up"),
        "switched protocols",
    ),
    "endless headers": (after_request(b"HTTP/1.1 200 OK\r\n" + b"x-a: b\r\n" * 50_000, "hung_up"), "headers of more than"),
    "a coding nobody asked for": (after_request(response(b"x", headers="content-encoding: br\r\n"), "hung_up"), "content coding"),
    "gzip that is none": (after_request(response(b"plain", headers="content-encoding: gzip\r\n"), "hung_up"), "not gzip"),
    "gzip that breaks off": (
        after_request(response(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03K", headers="content-encoding: gzip\r\n"), "hung_up"),
        "breaks off",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_answer_says_who_broke_it_and_how(drive: Drive, fault: str) -> None:
    script, sentence = BROKEN[fault]
    with ScriptedServer(script) as server:
        with pytest.raises(TransportFailed, match=sentence) as failed:
            drive.send(keyed(server.url))
    assert f"127.0.0.1:{server.port}" in str(failed.value)
    assert "sk-in" not in str(failed.value)
    assert server.accepted == 1, "the transport tried again on its own"


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_stream_says_who_broke_it_and_how(drive: Drive, fault: str) -> None:
    script, sentence = BROKEN[fault]
    with ScriptedServer(script) as server:
        with pytest.raises(TransportFailed, match=sentence):
            with drive.open(keyed(server.url)) as body:
                body.rest()
    assert server.accepted == 1, "the transport tried again on its own"


def test_what_arrived_before_a_break_is_read_first_and_the_break_is_told_again(drive: Drive) -> None:
    with ScriptedServer(after_request(CHUNKED_HEAD + chunk(b"one") + b"zz\r\n", "hung_up")) as server:
        with drive.open(server.url) as body:
            assert body.read() == b"one"
            for _ in range(2):
                with pytest.raises(TransportFailed, match="not HTTP"):
                    body.read()


def test_a_refused_connection_says_so(drive: Drive) -> None:
    with refusing_url() as url:
        with pytest.raises(TransportFailed, match=r"127\.0\.0\.1:\d+ refused the connection"):
            drive.send(keyed(url))


def test_an_unknown_host_says_so(drive: Drive, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(TransportFailed, match=r"no address is known for the host nowhere\.invalid"):
        drive.send("http://nowhere.invalid/")


def test_a_name_that_cannot_be_one_is_an_unknown_host(drive: Drive) -> None:
    with pytest.raises(TransportFailed, match=r"no address is known for the host a\.\.invalid"):
        drive.send("http://a..invalid/")


def test_a_name_server_that_does_not_answer_ends_with_the_connect_limit(drive: Drive, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = threading.Event()
    over = threading.Event()

    def silent(*_: object, **__: object) -> None:
        asked.set()
        over.wait(10)
        raise socket.gaierror(socket.EAI_AGAIN, "too late")

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    try:
        with pytest.raises(TimedOut, match=r"slow\.invalid had not accepted a connection after 0\.05 seconds"):
            drive.send("http://slow.invalid/", connect=SHORT)
        assert asked.is_set()
    finally:
        over.set()


@pytest.fixture
def full_port() -> Iterator[int]:
    """Of a server that accepts nobody: its backlog is full, so later connections are not answered."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as waiting:
        port: int = full.getsockname()[1]
        for _ in range(4):
            sock = waiting.enter_context(socket.socket())
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
        yield port


def test_a_server_that_accepts_nobody_ends_with_the_connect_limit(drive: Drive, full_port: int) -> None:
    with pytest.raises(TimedOut, match=r"had not accepted a connection after 0\.05 seconds"):
        drive.send(f"http://127.0.0.1:{full_port}/", connect=SHORT)


@pytest.mark.parametrize("first", ["refuses", "is silent"])
def test_a_host_is_reached_at_its_second_address_when_the_first_fails(
    drive: Drive, monkeypatch: pytest.MonkeyPatch, full_port: int, first: str
) -> None:
    monkeypatch.setattr(connection, "_LEAST_DIAL_SECONDS", SHORT)
    with refusing_url() as refusing, ScriptedServer(after_request(response(b"second"))) as server:
        ports = [int(refusing.rpartition(":")[2]) if first == "refuses" else full_port, server.port]

        def two_addresses(*_: object, **__: object) -> list[tuple[object, ...]]:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)) for port in ports]

        monkeypatch.setattr(socket, "getaddrinfo", two_addresses)
        assert drive.send("http://two.invalid/", connect=2.0).body == b"second"


STALLS = {
    "no answer": after_request("hung_up"),
    "half a head": after_request(b"HTTP/1.1 200 OK\r\n", "hung_up"),
    "half a body": after_request(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfour", "hung_up"),
}


@pytest.mark.parametrize("stall", STALLS)
def test_a_whole_answer_ends_with_the_deadline(drive: Drive, stall: str) -> None:
    with ScriptedServer(STALLS[stall]) as server:
        with pytest.raises(TimedOut, match="had not answered in full when the call's time was up"):
            drive.send(keyed(server.url), seconds=SHORT)
        assert server.saw_hang_up()


def test_a_stream_without_a_head_ends_with_the_first_event_limit(drive: Drive) -> None:
    with ScriptedServer(STALLS["no answer"]) as server:
        with pytest.raises(TimedOut, match=r"had not answered after 0\.05 seconds"):
            with drive.open(server.url, first_event=SHORT):
                pytest.fail("opened without a head")
        assert server.saw_hang_up()


def test_a_stall_between_chunks_ends_with_the_limit_of_that_read(drive: Drive) -> None:
    with ScriptedServer(after_request(CHUNKED_HEAD + chunk(b"one"), "hung_up")) as server:
        with drive.open(server.url) as body:
            assert body.read() == b"one"
            with pytest.raises(TimedOut, match=r"had not sent the next bytes of its answer after 0\.05 seconds"):
                body.read(SHORT)
            assert server.saw_hang_up()
            with pytest.raises(TimedOut):
                body.read()


def test_a_read_ends_with_the_deadline_of_the_stream(drive: Drive) -> None:
    with ScriptedServer(after_request(CHUNKED_HEAD + chunk(b"one"), "hung_up")) as server:
        with drive.open(server.url, seconds=4 * SHORT) as body:
            assert body.read() == b"one"
            with pytest.raises(TimedOut, match="when the call's time was up"):
                body.read(60.0)


def test_a_later_read_may_have_a_longer_or_a_shorter_limit(drive: Drive) -> None:
    go_on = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED_HEAD + chunk(b"one"))
        assert go_on.wait(10)
        peer.send(chunk(b"two"))
        peer.hung_up()

    with ScriptedServer(script) as server, drive.open(server.url) as body:
        assert body.read(5.0) == b"one"
        threading.Timer(2 * SHORT, go_on.set).start()
        assert body.read(8.0) == b"two"
        with pytest.raises(TimedOut):
            body.read(SHORT)


DRIPS = {"headers": (b"HTTP/1.1 200 OK\r\n", b"x-a: b\r\n"), "body": (CHUNKED_HEAD, chunk(b"."))}


@pytest.mark.parametrize("where", DRIPS)
def test_a_server_that_drips_cannot_outlast_the_deadline(drive: Drive, where: str) -> None:
    beginning, drop = DRIPS[where]

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(beginning)
        peer.drip(drop)

    with ScriptedServer(script) as server:
        with pytest.raises(TimedOut):
            drive.send(server.url, seconds=4 * SHORT)


def test_a_server_that_reads_nothing_cannot_outlast_the_deadline(drive: Drive) -> None:
    stop = threading.Event()
    with ScriptedServer(lambda peer: stop.wait(10) and None) as server:
        request = HttpRequest(method="POST", url=server.url, body=bytes(32 * 1024 * 1024))
        try:
            with pytest.raises(TimedOut):
                drive.send(request, seconds=4 * SHORT)
        finally:
            stop.set()


def test_an_answer_given_before_the_request_was_read_is_still_the_answer(drive: Drive) -> None:
    def script(peer: Peer) -> None:
        peer.send(response(b"too large", "413 Content Too Large", "connection: close\r\n"))
        peer.hung_up()

    with ScriptedServer(script) as server:
        answered = drive.send(HttpRequest(method="POST", url=server.url, body=bytes(8 * 1024 * 1024)))
    assert (answered.status, answered.body) == (413, b"too large")


def test_a_deadline_that_has_passed_ends_the_call_before_it_begins(drive: Drive) -> None:
    with ScriptedServer(after_request(response())) as server:
        with pytest.raises(TimedOut, match="when the call's time was up"):
            drive.send(server.url, seconds=-1.0)
    assert server.requests == []


def test_a_stream_left_early_closes_its_connection_at_once(drive: Drive) -> None:
    with ScriptedServer(after_request(CHUNKED_HEAD + chunk(b"one"), "hung_up")) as server:
        with drive.open(server.url) as body:
            assert body.read() == b"one"
        assert server.saw_hang_up()


def test_a_stream_that_was_left_says_so_when_it_is_read(drive: Drive) -> None:
    with ScriptedServer(after_request(CHUNKED_HEAD + chunk(b"one"), "hung_up")) as server:
        with drive.open(server.url) as body:
            pass
        with pytest.raises(TransportFailed, match="closed before its end"):
            body.read()


def test_a_server_is_made_to_wait_for_a_reader_that_is_slow(drive: Drive) -> None:
    piece = chunk(bytes(1024 * 1024))
    sent: list[int] = []
    over = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(CHUNKED_HEAD)
        sent.append(peer.send_until_stuck(piece, 64))
        over.set()
        peer.hung_up()

    with ScriptedServer(script) as server, drive.open(server.url) as body:
        body.read()
        drive.wait_for(over)
    assert sent[0] < 64 * len(piece)
