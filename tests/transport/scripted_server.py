"""A loopback server that does exactly what a test says, byte for byte, faults included. No sleeps: it waits for events.

    def script(peer):
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\\r\\ncontent-length: 2\\r\\n\\r\\nhi")

    with ScriptedServer(script) as server:
        ... server.url ...

The script runs once for each connection, in its own thread. Its connection is closed when it returns.
"""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

WAIT_SECONDS = 10.0  # what a test that is about to fail waits for


class HungUp(Exception):
    """The client closed, or the server was stopped: the script has nothing more to do."""


class Received:
    """One request as it came."""

    def __init__(self, head: bytes, body: bytes) -> None:
        first, *self.lines = head.decode("latin-1").split("\r\n")
        self.method, self.target, _ = first.split(" ")
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in self.lines)}
        self.body = body


class Peer:
    """The server's end of one connection."""

    def __init__(self, server: ScriptedServer, sock: socket.socket, number: int) -> None:
        self._server = server
        self._sock = sock
        self._unread = b""
        self.number = number  # 0 for the first connection

    def request(self) -> Received:
        """The next request, whole. Raises HungUp when the client closed instead."""
        while b"\r\n\r\n" not in self._unread:
            self._receive()
        head, _, self._unread = self._unread.partition(b"\r\n\r\n")
        received = Received(head, b"")
        length = int(received.headers.get("content-length", "0"))
        while len(self._unread) < length:
            self._receive()
        received.body, self._unread = self._unread[:length], self._unread[length:]
        self._server.requests.append(received)
        return received

    def send(self, data: bytes) -> None:
        try:
            self._sock.sendall(data)
        except OSError:
            raise HungUp from None

    def send_until_stuck(self, data: bytes, times: int) -> int:
        """How many bytes of ``data``, sent again and again, are taken before half a second passes in vain."""
        self._sock.settimeout(0.5)
        taken = 0
        try:
            for _ in range(times):
                view = memoryview(data)
                while view:
                    sent = self._sock.send(view)
                    view = view[sent:]
                    taken += sent
        except TimeoutError:
            pass
        except OSError:
            raise HungUp from None
        self._sock.settimeout(None)
        return taken

    def reset(self) -> None:
        """Close so that the client sees a reset, not an end."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()

    def close(self) -> None:
        self._sock.close()

    def hung_up(self) -> None:
        """Returns when the client has closed, and lets ``server.saw_hang_up`` know."""
        try:
            while self._sock.recv(65536):
                pass
        except OSError:
            pass
        if not self._server.stopping.is_set():
            self._server.hang_ups.release()
        raise HungUp

    def drip(self, data: bytes) -> None:
        """Send ``data`` again and again, a little at a time, until the client closes."""
        while not self._server.stopping.wait(0.005):
            self.send(data)
        raise HungUp

    def start_tls(self, context: ssl.SSLContext) -> None:
        try:
            self._sock = context.wrap_socket(self._sock, server_side=True)
        except OSError:
            raise HungUp from None
        self._server.replace(self._sock)

    def _receive(self) -> None:
        try:
            data = self._sock.recv(1 << 20)
        except OSError:
            raise HungUp from None
        if not data:
            raise HungUp
        self._unread += data


class ScriptedServer:
    def __init__(self, script: Callable[[Peer], None], *, host: str = "127.0.0.1") -> None:
        self._script = script
        self._listener = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._failures: list[Exception] = []
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://{host}:{self.port}"
        self.requests: list[Received] = []
        self.accepted = 0
        self.stopping = threading.Event()
        self.hang_ups = threading.Semaphore(0)

    def saw_hang_up(self) -> bool:
        """True once a script in ``peer.hung_up()`` saw the client close."""
        return self.hang_ups.acquire(timeout=WAIT_SECONDS)

    def replace(self, sock: socket.socket) -> None:
        self._sockets.append(sock)

    def __enter__(self) -> ScriptedServer:
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        _shut(self._listener)
        self._acceptor.join(WAIT_SECONDS)
        for sock in self._sockets:
            _shut(sock)
        for thread in self._threads:
            thread.join(WAIT_SECONDS)
            assert not thread.is_alive(), "a script did not end"
        if self._failures:
            raise self._failures[0]

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                self._listener.close()
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets.append(sock)
            thread = threading.Thread(target=self._serve, args=(Peer(self, sock, self.accepted),), daemon=True)
            self.accepted += 1
            self._threads.append(thread)
            thread.start()

    def _serve(self, peer: Peer) -> None:
        try:
            self._script(peer)
        except HungUp:
            pass
        except Exception as failure:  # noqa: BLE001 - a test's own mistake must be seen in the test
            self._failures.append(failure)
        finally:
            peer.close()


def _shut(sock: socket.socket) -> None:
    """Wakes whoever waits on it."""
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


@contextmanager
def refusing_url() -> Iterator[str]:
    """A URL on a port that is taken, but on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


def response(body: bytes = b"ok", status: str = "200 OK", headers: str = "") -> bytes:
    """A whole response with a content-length."""
    return f"HTTP/1.1 {status}\r\n{headers}content-length: {len(body)}\r\n\r\n".encode() + body


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body; of b"" the last one."""
    return b"%x\r\n%s\r\n" % (len(data), data)


CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
