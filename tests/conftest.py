"""Rules of every test: nothing beyond loopback is reached, no key of the developer's is seen, chance is repeatable."""

from __future__ import annotations

import gc
import ipaddress
import itertools
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "repeatable",
    deadline=None,  # timings never gate a test
    derandomize=True,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")

_connect = socket.socket.connect
_folders = itertools.count()


def _is_loopback(address: Any) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket
    try:
        return ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback
    except ValueError:
        return address[0] == "localhost"


def _connect_to_loopback_only(self: socket.socket, address: Any) -> None:
    if not _is_loopback(address):
        raise AssertionError(f"a test tried to reach {address!r}; tests stay on loopback")
    _connect(self, address)


def pytest_collection_finish() -> None:
    """Thousands of collected tests live to the end: a collection of garbage need not look at them each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def _loopback_only() -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", _connect_to_loopback_only)
    yield
    patch.undo()


@pytest.fixture(autouse=True)
def _no_keys_of_the_developer(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A developer's keys, settings and proxies change nothing here."""
    for name in os.environ:
        if name.endswith(("_API_KEY", "_TOKEN", "_BASE_URL", "_proxy", "_PROXY")) or name.startswith("TURNOUT_"):
            monkeypatch.delenv(name)
    # Not made: making a numbered folder lists all that are there, and thousands of tests need none.
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.getbasetemp() / f"config-{next(_folders)}"))
