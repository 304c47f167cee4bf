"""HTTP libraries side by side on loopback: time and CPU for a call, time for a chunk, import time, and two faults.

    python -m venv /tmp/http && /tmp/http/bin/pip install -e . pyreqwest aiohttp httpx2
    /tmp/http/bin/python benchmarks/http_libraries.py

Each library runs in a process of its own against a server in another; what is not installed is left out.
"""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

CALLS = 4000
CONCURRENT = 32
STREAMS = 10
CHUNKS = 1000  # of a stream
FAULT_SECONDS = 3.0  # after which a connection counts as not closed

REQUEST_HEADERS = {"content-type": "application/json", "authorization": "Bearer " + "k" * 48, "user-agent": "benchmark"}
REQUEST_BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "a" * 500}]}).encode()
LIMIT_HEADERS = b"".join(b"x-ratelimit-%d: 1000\r\n" % number for number in range(8))
ANSWER = b'{"choices":[{"message":{"role":"assistant","content":"%s"}}]}' % (b"a" * 600)
EVENT = b'data: {"choices":[{"delta":{"content":"token"}}]}\n\n'
WHOLE = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n%scontent-length: %d\r\n\r\n%s" % (
    LIMIT_HEADERS,
    len(ANSWER),
    ANSWER,
)
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n%stransfer-encoding: chunked\r\n\r\n" % LIMIT_HEADERS

Answer = tuple[int, dict[str, str], bytes]
Send = Callable[[str], Answer]
SendAsync = Callable[[str], Awaitable[Answer]]
Drain = Callable[[str], Awaitable[int]]


# Each library: how to send, how to send on a loop, how to read a stream on a loop and count its bytes.


def turnout_sync() -> Send:
    from turnout.transport.http import HttpTransport
    from turnout.types import HttpRequest, Timeouts

    transport, timeouts = HttpTransport(), Timeouts()

    def send(url: str) -> Answer:
        request = HttpRequest(method="POST", url=url, headers=REQUEST_HEADERS, body=REQUEST_BODY)
        answered = transport.send(request, timeouts=timeouts, deadline=time.monotonic() + 60)
        return answered.status, dict(answered.headers), answered.body

    return send


def turnout_async() -> tuple[SendAsync, Drain]:
    from turnout.transport.http_async import AsyncHttpTransport
    from turnout.types import HttpRequest, Timeouts

    transport, timeouts = AsyncHttpTransport(), Timeouts()

    async def send(url: str) -> Answer:
        request = HttpRequest(method="POST", url=url, headers=REQUEST_HEADERS, body=REQUEST_BODY)
        answered = await transport.send(request, timeouts=timeouts, deadline=time.monotonic() + 60)
        return answered.status, dict(answered.headers), answered.body

    async def drain(url: str) -> int:
        request = HttpRequest(method="POST", url=url, headers=REQUEST_HEADERS, body=REQUEST_BODY)
        count = 0
        async with transport.open(request, timeouts=timeouts, deadline=time.monotonic() + 60) as body:
            while data := await body.read(60.0):
                count += len(data)
        return count

    return send, drain


def pyreqwest_sync() -> Send:
    from pyreqwest.client import SyncClientBuilder

    client = SyncClientBuilder().no_proxy().build()

    def send(url: str) -> Answer:
        request = client.post(url).headers(REQUEST_HEADERS).body_bytes(REQUEST_BODY).timeout(timedelta(seconds=60)).build()
        answered = request.send()
        return answered.status, dict(answered.headers.items()), bytes(answered.bytes())

    return send


def pyreqwest_async() -> tuple[SendAsync, Drain]:
    from pyreqwest.client import ClientBuilder

    client = ClientBuilder().no_proxy().build()

    async def send(url: str) -> Answer:
        request = client.post(url).headers(REQUEST_HEADERS).body_bytes(REQUEST_BODY).timeout(timedelta(seconds=60)).build()
        answered = await request.send()
        return answered.status, dict(answered.headers.items()), bytes(await answered.bytes())

    async def drain(url: str) -> int:
        count = 0
        request = client.post(url).body_bytes(REQUEST_BODY).streamed_read_buffer_limit(0).build_streamed()
        async with request as answered:
            while (data := await answered.body_reader.read_chunk()) is not None:
                count += len(data)
        return count

    return send, drain


def aiohttp_async() -> tuple[SendAsync, Drain]:
    import aiohttp

    sessions: list[Any] = []
    limit = aiohttp.ClientTimeout(total=60)

    def session() -> Any:
        if not sessions:
            sessions.append(aiohttp.ClientSession(timeout=limit))
        return sessions[0]

    async def send(url: str) -> Answer:
        async with session().post(url, headers=REQUEST_HEADERS, data=REQUEST_BODY, allow_redirects=False) as answered:
            body = await answered.read()
            return answered.status, {name.lower(): value for name, value in answered.headers.items()}, body

    async def drain(url: str) -> int:
        async with session().post(url, headers=REQUEST_HEADERS, data=REQUEST_BODY) as answered:
            return sum([len(data) async for data in answered.content.iter_any()])

    return send, drain


def httpx2_sync() -> Send:
    import httpx2

    client = httpx2.Client(timeout=60)

    def send(url: str) -> Answer:
        answered = client.post(url, headers=REQUEST_HEADERS, content=REQUEST_BODY)
        return answered.status_code, dict(answered.headers), answered.content

    return send


def httpx2_async() -> tuple[SendAsync, Drain]:
    import httpx2

    client = httpx2.AsyncClient(timeout=60)

    async def send(url: str) -> Answer:
        answered = await client.post(url, headers=REQUEST_HEADERS, content=REQUEST_BODY)
        return answered.status_code, dict(answered.headers), answered.content

    async def drain(url: str) -> int:
        async with client.stream("POST", url, headers=REQUEST_HEADERS, content=REQUEST_BODY) as answered:
            return sum([len(data) async for data in answered.aiter_raw()])

    return send, drain


def http_client_sync() -> Send:
    import http.client
    from urllib.parse import urlsplit

    connections: dict[str, http.client.HTTPConnection] = {}

    def send(url: str) -> Answer:
        parts = urlsplit(url)
        connection = connections.setdefault(parts.netloc, http.client.HTTPConnection(parts.netloc, timeout=60))
        try:
            connection.request("POST", parts.path, REQUEST_BODY, REQUEST_HEADERS)
            answered = connection.getresponse()
            body = answered.read()
        except BaseException:
            connection.close()
            raise
        return answered.status, {name.lower(): value for name, value in answered.getheaders()}, body

    return send


LIBRARIES: dict[str, tuple[str, Callable[[], Send] | None, Callable[[], tuple[SendAsync, Drain]] | None]] = {
    "turnout (httptools)": ("httptools", turnout_sync, turnout_async),
    "pyreqwest": ("pyreqwest.client", pyreqwest_sync, pyreqwest_async),
    "aiohttp": ("aiohttp", None, aiohttp_async),
    "httpx2": ("httpx2", httpx2_sync, httpx2_async),
    "http.client": ("http.client", http_client_sync, None),
}


class Mock(asyncio.Protocol):
    """Answers at once; the path ending in "stream" streams."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._unread = b""

    def data_received(self, data: bytes) -> None:
        self._unread += data
        while (end := self._unread.find(b"\r\n\r\n")) >= 0:
            head = self._unread[:end].lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
            if len(self._unread) < end + 4 + length:
                return
            self._unread = self._unread[end + 4 + length :]
            if b"stream http/" in head:
                self._streaming = asyncio.ensure_future(self._stream())
            else:
                self._transport.write(WHOLE)

    async def _stream(self) -> None:
        self._transport.write(HEAD)
        for _ in range(CHUNKS):
            self._transport.write(b"%x\r\n%s\r\n" % (len(EVENT), EVENT))
            await asyncio.sleep(0)
        self._transport.write(b"0\r\n\r\n")


async def serve() -> None:
    server = await asyncio.get_running_loop().create_server(Mock, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


def measure(name: str, url: str) -> dict[str, float]:
    """Microseconds."""
    _, make_sync, make_async = LIBRARIES[name]
    figures: dict[str, float] = {}
    if make_sync is not None:
        send = make_sync()
        for _ in range(CALLS // 10):
            send(url)
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(CALLS):
            send(url)
        figures["sync"] = (time.perf_counter() - wall) / CALLS * 1e6
        figures["sync cpu"] = (time.process_time() - cpu) / CALLS * 1e6
    if make_async is not None:
        asyncio.run(measure_async(*make_async(), url, figures))
    return figures


async def measure_async(send: SendAsync, drain: Drain, url: str, figures: dict[str, float]) -> None:
    for _ in range(CALLS // 10):
        await send(url)
    for label, workers in (("async", 1), (f"async x{CONCURRENT}", CONCURRENT)):

        async def work(count: int) -> None:
            for _ in range(count):
                await send(url)

        wall, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*[work(CALLS // workers) for _ in range(workers)])
        figures[label] = (time.perf_counter() - wall) / CALLS * 1e6
        figures[f"{label} cpu"] = (time.process_time() - cpu) / CALLS * 1e6
    cpu = time.process_time()
    for _ in range(STREAMS):
        assert await drain(f"{url}/stream") == CHUNKS * len(EVENT)
    figures["chunk cpu"] = (time.process_time() - cpu) / STREAMS / CHUNKS * 1e6


def abandon(name: str, kind: str, url: str) -> None:
    """In a process of its own: wait for an answer that never comes, be told to stop, and live on."""
    _, make_sync, make_async = LIBRARIES[name]
    if kind == "sync":
        assert make_sync is not None
        send = make_sync()
        print("ready", flush=True)
        try:
            send(url)
        except KeyboardInterrupt:
            sys.stdin.read()
        return

    async def cancelled() -> None:
        assert make_async is not None
        task = asyncio.ensure_future(make_async()[0](url))
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        task.cancel()
        await asyncio.to_thread(sys.stdin.read)

    asyncio.run(cancelled())


def seconds_until_closed(name: str, kind: str) -> float | None:
    """From Ctrl-C (sync) or cancellation (async) until the server sees the connection end; None: not in FAULT_SECONDS."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1/chat"
        with subprocess.Popen(
            [sys.executable, __file__, "abandon", name, kind, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                started = time.monotonic()
                if kind == "sync":
                    process.send_signal(signal.SIGINT)
                else:
                    assert process.stdin is not None
                    process.stdin.write(b"\n")
                    process.stdin.flush()
                connection.settimeout(FAULT_SECONDS)
                try:
                    while connection.recv(65536):
                        pass
                except TimeoutError:
                    return None
                except OSError:
                    pass
                finally:
                    ended = time.monotonic()
                    threading.Timer(0.2, process.kill).start()
                return ended - started


def import_milliseconds(module: str) -> float:
    code = f"import time; t = time.perf_counter(); import {module}; print((time.perf_counter() - t) * 1e3)"
    return min(float(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout) for _ in range(5))


def main() -> None:
    server = subprocess.Popen([sys.executable, __file__, "serve"], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    url = f"http://127.0.0.1:{server.stdout.readline().strip()}/v1/chat"
    columns = ["sync", "sync cpu", "async", "async cpu", f"async x{CONCURRENT}", f"async x{CONCURRENT} cpu", "chunk cpu"]
    print(f"Python {sys.version.split()[0]}; µs but for the import (ms) and until the server sees an abandoned call end (s)\n")
    print("| library | import | " + " | ".join(columns) + " | Ctrl-C | cancel |\n|---|" + "---:|" * (len(columns) + 3))
    try:
        for name, (module, make_sync, make_async) in LIBRARIES.items():
            run = subprocess.run([sys.executable, __file__, "measure", name, url], capture_output=True, text=True)
            if run.returncode:
                print(f"| {name} | left out: {run.stderr.strip().splitlines()[-1]} |")
                continue
            figures = json.loads(run.stdout)
            cells = [f"{import_milliseconds(module):.0f}", *(f"{figures[key]:.1f}" if key in figures else "" for key in columns)]
            for kind, makes in (("sync", make_sync), ("async", make_async)):
                seconds = seconds_until_closed(name, kind) if makes is not None else 0.0
                cells.append("" if makes is None else "never" if seconds is None else f"{seconds:.3f}")
            print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve"]:
            asyncio.run(serve())
        case ["measure", name, url]:
            print(json.dumps(measure(name, url)))
        case ["abandon", name, kind, url]:
            abandon(name, kind, url)
        case _:
            main()
