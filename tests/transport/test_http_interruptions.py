"""A caller that goes away: cancelled tasks, Ctrl-C, event loops that end."""

from __future__ import annotations

import asyncio
import gc
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import certificates
import pytest
from scripted_server import CHUNKED_HEAD, WAIT_SECONDS, Peer, ScriptedServer, chunk, response

from turnout.transport import connection
from turnout.transport.connection_async import AsyncConnection
from turnout.transport.http import HttpTransport
from turnout.transport.http_async import AsyncHttpTransport
from turnout.types import HttpRequest, HttpResponse, Timeouts


def request(url: str) -> HttpRequest:
    return HttpRequest(method="POST", url=url, body=b"{}")


async def send(transport: AsyncHttpTransport, url: str) -> HttpResponse:
    return await transport.send(request(url), timeouts=Timeouts(), deadline=time.monotonic() + WAIT_SECONDS)


async def stream(transport: AsyncHttpTransport, url: str) -> None:
    async with transport.open(request(url), timeouts=Timeouts(), deadline=time.monotonic() + WAIT_SECONDS) as body:
        while await body.read(WAIT_SECONDS):
            pass


WAITS = {
    "a whole answer": (send, b""),
    "the rest of an answer": (send, b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nfour"),
    "a stream's head": (stream, b""),
    "a stream's next chunk": (stream, CHUNKED_HEAD + chunk(b"one")),
}


@pytest.mark.parametrize("wait", WAITS)
def test_cancelling_a_wait_closes_the_connection_at_once(wait: str) -> None:
    call, beginning = WAITS[wait]
    waiting = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(beginning)
        waiting.set()
        peer.hung_up()

    async def cancel(call: Callable[[AsyncHttpTransport, str], Awaitable[object]], url: str) -> bool:
        transport = AsyncHttpTransport()
        task = asyncio.ensure_future(call(transport, url))
        assert await asyncio.to_thread(waiting.wait, WAIT_SECONDS)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        seen = await asyncio.to_thread(server.saw_hang_up)
        await transport.aclose()
        return seen

    with ScriptedServer(script) as server:
        assert asyncio.run(cancel(call, server.url))


def test_cancelling_one_of_many_calls_leaves_the_others_alone() -> None:
    waiting = threading.Barrier(3, timeout=WAIT_SECONDS)
    go_on = threading.Event()

    def script(peer: Peer) -> None:
        received = peer.request()
        waiting.wait()
        if received.body == b"leaves":
            peer.hung_up()
        assert go_on.wait(WAIT_SECONDS)
        peer.send(response(b"stayed"))

    async def run() -> HttpResponse:
        transport = AsyncHttpTransport()
        limits = {"timeouts": Timeouts(), "deadline": time.monotonic() + WAIT_SECONDS}
        stays = asyncio.ensure_future(transport.send(HttpRequest(method="POST", url=server.url, body=b"stays"), **limits))
        leaves = asyncio.ensure_future(transport.send(HttpRequest(method="POST", url=server.url, body=b"leaves"), **limits))
        await asyncio.to_thread(waiting.wait)
        leaves.cancel()
        assert await asyncio.to_thread(server.saw_hang_up)
        go_on.set()
        answered = await stays
        await transport.aclose()
        return answered

    with ScriptedServer(script) as server:
        assert asyncio.run(run()).body == b"stayed"


CLIENT = """
import sys, time
from turnout.types import HttpRequest, Timeouts

kind, url = sys.argv[1:]
request = HttpRequest(method="POST", url=url, body=b"{}")
limits = {"timeouts": Timeouts(), "deadline": time.monotonic() + 60}

def read_all(transport):
    with transport.open(request, **limits) as body:
        while body.read(60):
            pass

async def read_all_async(transport):
    async with transport.open(request, **limits) as body:
        while await body.read(60):
            pass

try:
    if kind.startswith("async"):
        import asyncio
        from turnout.transport.http_async import AsyncHttpTransport
        transport = AsyncHttpTransport()
        asyncio.run(transport.send(request, **limits) if kind == "async send" else read_all_async(transport))
    else:
        from turnout.transport.http import HttpTransport
        transport = HttpTransport()
        transport.send(request, **limits) if kind == "sync send" else read_all(transport)
except KeyboardInterrupt:
    sys.stdin.read()  # the process lives on: it is the transport that must have closed the connection
    print("interrupted")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
@pytest.mark.parametrize("beginning", [b"", CHUNKED_HEAD + chunk(b"one")], ids=["before the head", "in the body"])
@pytest.mark.parametrize("kind", ["sync send", "sync open", "async send", "async open"])
def test_ctrl_c_ends_a_wait_and_closes_the_connection(kind: str, beginning: bytes) -> None:
    waiting = threading.Event()

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(beginning)
        waiting.set()
        peer.hung_up()

    with ScriptedServer(script) as server:
        with subprocess.Popen(
            [sys.executable, "-W", "error", "-c", CLIENT, kind, server.url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as client:
            assert waiting.wait(WAIT_SECONDS)
            client.send_signal(signal.SIGINT)
            seen = server.saw_hang_up()
            out, err = client.communicate("", timeout=WAIT_SECONDS)
    assert seen
    assert (out, err) == ("interrupted\n", "")


@pytest.mark.parametrize("secured", [False, True], ids=["plain", "TLS"])
def test_a_blocking_wait_in_many_slices_is_one_wait(secured: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_SLICE_SECONDS", 0.001)
    context = certificates.server_context(tmp_path)
    go_on = threading.Event()

    def script(peer: Peer) -> None:
        if secured:
            peer.start_tls(context)
        peer.request()
        go_on.wait(0.1)
        peer.send(response(b"late"))

    with ScriptedServer(script) as server:
        transport = HttpTransport(tls=certificates.client_context())
        url = f"https://localhost:{server.port}/" if secured else server.url
        limits = {"timeouts": Timeouts(), "deadline": time.monotonic() + WAIT_SECONDS}
        assert transport.send(request(url), **limits).body == b"late"
        transport.close()


async def finished(wait: Awaitable[None]) -> None:
    done, _ = await asyncio.wait({asyncio.ensure_future(wait)}, timeout=WAIT_SECONDS)
    assert done, "the wait did not end in time"
    await done.pop()


def test_a_wait_on_a_loop_may_last_longer_than_the_one_before_it() -> None:
    async def run() -> None:
        waiting = AsyncConnection("host", 1000)
        loop = asyncio.get_running_loop()
        loop.call_later(0.0, waiting.data_received, b"HTTP/1.1 200 OK\r\n")
        await finished(waiting.arrival(time.monotonic() + 0.02))
        loop.call_later(0.1, waiting.data_received, b"x-a: b\r\n")
        await finished(waiting.arrival(time.monotonic() + WAIT_SECONDS))
        waiting.close()

    asyncio.run(run())


def test_a_wait_on_a_loop_may_be_shorter_than_the_one_before_it() -> None:
    async def run() -> None:
        waiting = AsyncConnection("host", 1000)
        asyncio.get_running_loop().call_later(0.0, waiting.data_received, b"HTTP/1.1 200 OK\r\n")
        await finished(waiting.arrival(time.monotonic() + 3600))
        with pytest.raises(TimeoutError):
            await finished(waiting.arrival(time.monotonic() + 0.02))
        waiting.close()

    asyncio.run(run())


LOOKING_UP = """
import os, socket, time
from turnout.transport.http import HttpTransport
from turnout.types import HttpRequest, Timeouts

def silent(*_, **__):
    os.write(1, b"asked\\n")  # not print: this thread may still hold its lock when the interpreter ends
    time.sleep(60)

socket.getaddrinfo = silent
try:
    request = HttpRequest(method="GET", url="http://slow.invalid")
    HttpTransport().send(request, timeouts=Timeouts(), deadline=time.monotonic() + 60)
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_ctrl_c_ends_the_wait_for_a_name_server() -> None:
    with subprocess.Popen([sys.executable, "-c", LOOKING_UP], stdout=subprocess.PIPE, text=True) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == "asked\n"
        client.send_signal(signal.SIGINT)
        assert client.communicate(timeout=WAIT_SECONDS)[0] == "interrupted\n"


def keep_answering(peer: Peer) -> None:
    while True:
        peer.request()
        peer.send(response(b"%d" % peer.number))


def test_a_transport_made_outside_a_loop_works_in_one_loop_after_another() -> None:
    transport = AsyncHttpTransport()

    async def twice() -> list[bytes]:
        return [(await send(transport, server.url)).body, (await send(transport, server.url)).body]

    with ScriptedServer(keep_answering) as server:
        assert [asyncio.run(twice()) for _ in range(3)] == [[b"0", b"0"], [b"1", b"1"], [b"2", b"2"]]


def test_a_loop_that_was_not_shut_down_properly_does_not_disturb_the_next() -> None:
    transport = AsyncHttpTransport()
    with ScriptedServer(keep_answering) as server:
        first = asyncio.new_event_loop()
        assert first.run_until_complete(send(transport, server.url)).body == b"0"
        first.close()  # without shutdown_asyncgens(): its idle connection cannot be closed any more
        assert asyncio.run(send(transport, server.url)).body == b"1"
        del first
        with pytest.warns(ResourceWarning, match="unclosed"):
            gc.collect()


def test_two_loops_in_two_threads_may_share_a_transport() -> None:
    transport = AsyncHttpTransport()
    both = threading.Barrier(2, timeout=WAIT_SECONDS)
    bodies: list[bytes] = []

    async def twice() -> None:
        await send(transport, server.url)
        await asyncio.to_thread(both.wait)
        bodies.append((await send(transport, server.url)).body)

    with ScriptedServer(keep_answering) as server:
        threads = [threading.Thread(target=asyncio.run, args=(twice(),)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(bodies) == [b"0", b"1"]


def test_a_transport_that_is_dropped_closes_its_idle_connections() -> None:
    async def run() -> bool:
        transport = AsyncHttpTransport()
        await send(transport, server.url)
        del transport
        gc.collect()
        return await asyncio.to_thread(server.saw_hang_up)

    with ScriptedServer(lambda peer: (peer.request(), peer.send(response()), peer.hung_up())) as server:
        assert asyncio.run(run())


LAZY = """
import sys
before = set(sys.modules)
from turnout.transport.http import HttpTransport
HttpTransport()
print(sorted({"httptools", "socket", "ssl", "asyncio", "urllib.request"} & (set(sys.modules) - before)))
"""


def test_making_a_transport_does_not_import_what_only_a_call_needs() -> None:
    printed = subprocess.run([sys.executable, "-c", LAZY], capture_output=True, text=True, check=True).stdout
    assert printed == "[]\n"
