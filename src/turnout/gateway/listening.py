"""Sockets to listen on: one for each worker and address, bound before anything else starts."""

from __future__ import annotations

import socket
import sys

from turnout.errors import ConfigError

# Linux shares connections out evenly among sockets of one port; elsewhere the workers take turns at one socket.
_SHARES_OUT = sys.platform == "linux"


def bind(host: str, port: int, workers: int = 1) -> list[list[socket.socket]]:
    """For each worker its sockets, one for each address of ``host``. Raises ConfigError when the port cannot be had."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise ConfigError(f"cannot listen on {host!r}: {error.strerror}; --host takes an address of this machine") from None
    addresses = sorted({(family, address) for family, _, _, _, address in found}, key=lambda pair: pair[0])
    bound: list[list[socket.socket]] = []
    try:
        first = [_bound(family, address, port) for family, address in addresses[:1]]
        port = first[0].getsockname()[1]
        first += [_bound(family, address, port) for family, address in addresses[1:]]
        if workers == 1 or not _SHARES_OUT:
            return [first] * workers
        for taken in first:  # which a port shared from the beginning could not be: another gateway would join in unseen
            taken.close()
        bound = [[_bound(family, address, port, shared=True) for family, address in addresses] for _ in range(workers)]
    except OSError as error:
        raise ConfigError(
            f"cannot listen on {host}:{port}: {error.strerror}; is another gateway there? --port takes another"
        ) from None
    return bound


def names(sockets: list[socket.socket]) -> list[str]:
    """The base URLs that answer there."""
    pairs = [listening.getsockname()[:2] for listening in sockets]
    return [f"http://{f'[{address}]' if ':' in address else address}:{port}" for address, port in pairs]


def _bound(family: socket.AddressFamily, address: tuple[object, ...], port: int, *, shared: bool = False) -> socket.socket:
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if shared:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listening.bind((address[0], port, *address[2:]))
        listening.set_inheritable(True)
    except BaseException:
        listening.close()
        raise
    return listening
