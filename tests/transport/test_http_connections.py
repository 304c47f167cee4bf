"""Which connection an exchange travels on: kept, dropped, never shared by mistake."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from scripted_server import Peer, ScriptedServer, response
from transport_drive import Drive

from turnout.errors import TransportFailed
from turnout.transport.http import HttpTransport
from turnout.transport.pool import Pool
from turnout.types import HttpRequest, Timeouts


def keep_answering(peer: Peer) -> None:
    while True:
        peer.request()
        peer.send(response(b"%d" % peer.number))


def test_calls_one_after_another_share_a_connection(drive: Drive) -> None:
    with ScriptedServer(keep_answering) as server:
        assert [drive.send(server.url).body for _ in range(3)] == [b"0", b"0", b"0"]


def test_a_connection_that_died_while_idle_is_replaced_unnoticed(drive: Drive) -> None:
    closed = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(response(b"%d" % peer.number))
        if peer.number == 0:
            peer.close()
            closed.set()
        peer.hung_up()

    with ScriptedServer(script) as server:
        assert drive.send(server.url).body == b"0"
        drive.wait_for(closed)
        assert drive.send(server.url).body == b"1"
    assert len(server.requests) == 2


@pytest.mark.parametrize("death", ["close", "reset"])
def test_a_kept_connection_that_dies_before_a_byte_of_answer_is_replaced_once(drive: Drive, death: str) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        if peer.number == 0:
            peer.send(response(b"first"))
            peer.request()
        getattr(peer, death)()

    with ScriptedServer(script) as server:
        assert drive.send(server.url).body == b"first"
        with pytest.raises(TransportFailed):
            drive.send(server.url)
    assert server.accepted == 2
    assert len(server.requests) == 3


def test_a_kept_connection_that_dies_after_a_byte_of_answer_is_a_failure(drive: Drive) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        peer.send(response(b"first"))
        peer.request()
        peer.send(b"HTTP/1.1 ")
        peer.close()

    with ScriptedServer(script) as server:
        drive.send(server.url)
        with pytest.raises(TransportFailed, match="in the middle of the headers"):
            drive.send(server.url)
    assert server.accepted == 1


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(response(b"0", headers="connection: close\r\n"), id="the server says so"),
        pytest.param(b"HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\n0", id="HTTP/1.0"),
        pytest.param(response(b"0") + b"more", id="bytes nobody asked for"),
    ],
)
def test_a_connection_that_cannot_be_kept_is_closed(drive: Drive, answer: bytes) -> None:
    def script(peer: Peer) -> None:
        peer.request()
        if peer.number == 0:
            peer.send(answer)
            peer.hung_up()
        peer.send(response(b"1"))

    with ScriptedServer(script) as server:
        assert drive.send(server.url).body == b"0"
        assert server.saw_hang_up()
        assert drive.send(server.url).body == b"1"


def test_bytes_sent_while_idle_are_no_answer_to_the_next_request(drive: Drive) -> None:
    sent = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(response(b"%d" % peer.number))
        if peer.number == 0:
            peer.send(response(b"forged"))
            sent.set()
            peer.hung_up()

    with ScriptedServer(script) as server:
        assert drive.send(server.url).body == b"0"
        drive.wait_for(sent)
        assert drive.send(server.url).body == b"1"


def test_no_more_connections_are_kept_than_allowed(make_drive) -> None:
    with ScriptedServer(lambda peer: (peer.request(), peer.send(response()), peer.hung_up())) as first:
        with ScriptedServer(keep_answering) as second:
            drive = make_drive(max_idle=1)
            drive.send(second.url)
            drive.send(first.url)
            assert first.saw_hang_up()
            assert drive.send(second.url).body == b"0"


def test_a_closed_transport_still_works_but_keeps_nothing(drive: Drive) -> None:
    with ScriptedServer(lambda peer: (peer.request(), peer.send(response()), peer.hung_up())) as server:
        drive.send(server.url)
        drive.close()
        assert server.saw_hang_up()
        drive.send(server.url)
        assert server.saw_hang_up()


def test_threads_may_share_a_transport() -> None:
    def script(peer: Peer) -> None:
        while True:
            received = peer.request()
            peer.send(response(received.body))

    transport = HttpTransport()

    def call(number: int) -> bool:
        request = HttpRequest(method="POST", url=server.url, body=b"%d" % number)
        return transport.send(request, timeouts=Timeouts(), deadline=time.monotonic() + 10).body == request.body

    with ScriptedServer(script) as server, ThreadPoolExecutor(8) as threads:
        assert all(threads.map(call, range(200)))
        transport.close()
    assert server.accepted <= 8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_does_not_speak_on_its_parents_connection() -> None:
    transport = HttpTransport()

    def send() -> bytes:
        request = HttpRequest(method="POST", url=server.url)
        return transport.send(request, timeouts=Timeouts(), deadline=time.monotonic() + 10).body

    with ScriptedServer(keep_answering) as server:
        assert send() == b"0"
        child = os.fork()
        if child == 0:
            os._exit(0 if send() == b"1" else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert send() == b"0"
        transport.close()


class Idle:
    def __init__(self, *, alive: bool = True) -> None:
        self.is_alive = alive
        self.closed = False

    def alive(self) -> bool:
        return self.is_alive

    def close(self) -> None:
        self.closed = True


def test_a_pool_gives_the_newest_connection_of_its_key() -> None:
    pool: Pool[Idle] = Pool(max_idle=9, max_age=60.0)
    old, new, other = Idle(), Idle(), Idle()
    pool.put("a", old, 0.0)
    pool.put("a", new, 1.0)
    pool.put("b", other, 2.0)
    assert [pool.take("a", 3.0), pool.take("a", 3.0), pool.take("a", 3.0)] == [new, old, None]
    assert pool.count == 1


def test_a_pool_closes_what_is_too_old_or_dead() -> None:
    pool: Pool[Idle] = Pool(max_idle=9, max_age=60.0)
    old, dead, good = Idle(), Idle(alive=False), Idle()
    pool.put("a", good, 50.0)
    pool.put("a", old, 0.0)
    pool.put("a", dead, 50.0)
    assert pool.take("a", 61.0) is good
    assert (old.closed, dead.closed, good.closed) == (True, True, False)


def test_a_full_pool_makes_room_by_closing_what_is_too_old() -> None:
    pool: Pool[Idle] = Pool(max_idle=2, max_age=60.0)
    old, young, late, surplus = Idle(), Idle(), Idle(), Idle()
    pool.put("a", old, 0.0)
    pool.put("b", young, 50.0)
    pool.put("c", late, 61.0)
    pool.put("d", surplus, 61.0)
    assert [idle.closed for idle in (old, young, late, surplus)] == [True, False, False, True]
    assert pool.count == 2


def test_a_closed_pool_keeps_nothing() -> None:
    pool: Pool[Idle] = Pool(max_idle=2, max_age=60.0)
    before, after = Idle(), Idle()
    pool.put("a", before, 0.0)
    pool.close()
    pool.put("a", after, 0.0)
    assert before.closed
    assert after.closed
    assert pool.take("a", 0.0) is None
