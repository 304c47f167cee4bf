"""One blocking connection: connect, send, receive. Every wait ends at a given time and lets Ctrl-C through."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from turnout.transport import faults
from turnout.transport.framing import ResponseReader
from turnout.transport.request import encode_connect
from turnout.transport.route import Route, is_loopback

if TYPE_CHECKING:
    from ssl import SSLContext

_RECEIVE_BYTES = 64 * 1024
_SEND_BYTES = 256 * 1024  # at a time, so that a slow reader cannot outlast the deadline
_SLICE_SECONDS = 0.5  # of a wait: a Ctrl-C that strikes just before it is noticed after it, and on Windows every one is
_LEAST_DIAL_SECONDS = 2.0  # per address, while there is that much time

_Addresses = list[tuple[Any, ...]]


class Connection:
    """Raises TimeoutError when a wait ends; what else goes wrong after connecting is the reader's ``failure``."""

    def __init__(self, sock: socket.socket, reader: ResponseReader, host: str) -> None:
        self._sock = sock
        self._host = host
        self._sent = True
        self.reader = reader

    @property
    def reusable(self) -> bool:
        return self._sent and self.reader.reusable

    def alive(self) -> bool:
        """Open and silent: an idle connection on which something can be read was closed by its server, or broken."""
        try:
            self._sock.settimeout(0.0)
            socket.socket.recv(self._sock, 1, socket.MSG_PEEK)  # below TLS, which cannot peek
        except (BlockingIOError, InterruptedError):
            return True
        except OSError:
            return False
        return False

    def send(self, head: bytes, body: bytes, method: str, until: float) -> None:
        """Begin an exchange. A server that stops reading may have answered already, so that is no failure yet."""
        self.reader.expect(method)
        self._sent = False
        try:
            if len(body) <= _SEND_BYTES:
                self._send_all(head + body, until)
            else:
                self._send_all(head, until)
                self._send_all(body, until)
        except OSError as error:
            if _is_wait_end(error):
                raise
        else:
            self._sent = True

    def receive(self, until: float) -> None:
        """Feed the reader with what arrives next."""
        while True:
            self._sock.settimeout(_slice(until))
            try:
                data = self._sock.recv(_RECEIVE_BYTES)
            except OSError as error:
                if _is_wait_end(error):
                    continue
                self.reader.fail(faults.broken(error, self._host))
            else:
                if data:
                    self.reader.feed(data)
                else:
                    self.reader.end()
            return

    def close(self) -> None:
        self._sock.close()
        self.reader.release()

    def _send_all(self, data: bytes, until: float) -> None:
        self._sock.settimeout(_remaining(until))
        sent = self._sock.send(data[:_SEND_BYTES] if len(data) > _SEND_BYTES else data)
        if sent == len(data):
            return
        with memoryview(data) as view:
            while sent < len(data):
                self._sock.settimeout(_remaining(until))
                sent += self._sock.send(view[sent : sent + _SEND_BYTES])


def connect(route: Route, until: float, tls: Callable[[], SSLContext], max_body_bytes: int) -> Connection:
    """Resolve, dial, tunnel and shake hands. Raises TransportFailed, or TimeoutError at ``until``."""
    host, port = route.address
    try:
        addresses = resolve(host, port, until)
    except (socket.gaierror, UnicodeError):  # the latter for a name that cannot be one, as in a..b
        raise faults.unresolved(host) from None
    try:
        sock = _dial(addresses, until)
    except OSError as error:
        if _is_wait_end(error):
            raise
        raise faults.broken(error, route.first_hop) from None
    try:
        if route.proxy is not None and route.tls:
            _tunnel(sock, route, until)
        if route.tls:
            sock = _start_tls(sock, route, until, tls())
    except BaseException:
        sock.close()
        raise
    return Connection(sock, ResponseReader(route.name, max_body_bytes), route.name)


def resolve(host: str, port: int, until: float) -> _Addresses:
    """In a thread, because ``getaddrinfo`` neither ends in time nor lets Ctrl-C through."""
    if is_loopback(host) or _is_address(host):
        return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    found: list[_Addresses | OSError | UnicodeError] = []

    def look_up() -> None:
        try:
            found.append(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            found.append(error)

    thread = threading.Thread(target=look_up, name=f"turnout-dns-{host}", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(_slice(until))
    if isinstance(found[0], (OSError, UnicodeError)):
        raise found[0]
    return found[0]


def _is_address(host: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except OSError:
            continue
        return True
    return False


def _dial(addresses: _Addresses, until: float) -> socket.socket:
    """The first address that accepts. Each gets its share of the time, so that a dead one leaves some for the others."""
    failure: OSError = OSError("no address")
    for index, (family, kind, protocol, _, address) in enumerate(addresses):
        remaining = _remaining(until)
        share = remaining / (len(addresses) - index)
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(min(remaining, max(share, _LEAST_DIAL_SECONDS)))
            sock.connect(address)
            configure(sock)
        except OSError as error:
            sock.close()
            failure = error
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise failure


def configure(sock: socket.socket) -> None:
    """Send at once; and probe a silent connection, since a model may think for longer than a NAT remembers."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_KEEPIDLE"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60)


def _tunnel(sock: socket.socket, route: Route, until: float) -> None:
    reader = ResponseReader(route.first_hop, max_body_bytes=0)
    connection = Connection(sock, reader, route.first_hop)
    connection.send(encode_connect(route), b"", "CONNECT", until)
    while reader.head is None:
        if reader.failure is not None:
            raise reader.failure
        connection.receive(until)
    reader.release()
    if reader.head.status != 200:
        raise faults.tunnel_refused(route.first_hop, route.name, reader.head.status)


def _start_tls(sock: socket.socket, route: Route, until: float, context: SSLContext) -> socket.socket:
    sock.settimeout(_remaining(until))
    secured = context.wrap_socket(sock, server_hostname=route.host, do_handshake_on_connect=False)
    try:
        secured.do_handshake()
    except OSError as error:
        secured.close()
        if _is_wait_end(error):
            raise
        raise faults.broken(error, route.name) from None
    except BaseException:
        secured.close()
        raise
    return secured


def _remaining(until: float) -> float:
    remaining = until - time.monotonic()
    if remaining <= 0:
        raise TimeoutError
    return remaining


def _slice(until: float) -> float:
    return min(_remaining(until), _SLICE_SECONDS)


def _is_wait_end(error: OSError) -> bool:
    """True for our own limit; false for the kernel's ETIMEDOUT, which is a broken connection."""
    return isinstance(error, TimeoutError) and error.errno is None
