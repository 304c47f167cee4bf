"""HTTP by hand: bytes to a gateway, and what it says to them."""

from __future__ import annotations

import json
import socket
from typing import Any
from urllib.parse import urlsplit


def connect(url: str) -> socket.socket:
    place = urlsplit(url)
    assert place.hostname is not None
    return socket.create_connection((place.hostname, place.port or 80), timeout=20)


def exchange(url: str, data: bytes) -> tuple[int, dict[str, str], bytes]:
    """What comes back until the connection closes: status, headers, body. ``data`` should ask for that, or be refused."""
    with connect(url) as connection:
        connection.sendall(data)
        return read(connection)


def read(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    received = b""
    while piece := connection.recv(65536):
        received += piece
    return parsed(received)


def until(connection: socket.socket, end: bytes) -> bytes:
    received = b""
    while not received.endswith(end):
        piece = connection.recv(65536)
        assert piece, f"closed before {end!r}: {received!r}"
        received += piece
    return received


def parsed(received: bytes) -> tuple[int, dict[str, str], bytes]:
    head, _, body = received.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    return int(status.split()[1]), headers, body


def post(path: str, body: bytes, *headers: str) -> bytes:
    head = [f"POST {path} HTTP/1.1", "host: gateway", "connection: close", f"content-length: {len(body)}", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


def get(path: str, *headers: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "host: gateway", "connection: close", *headers, "", ""]).encode()


def fetched(url: str, path: str, *headers: str) -> tuple[int, Any]:
    status, _, body = exchange(url, get(path, *headers))
    return status, json.loads(body)
