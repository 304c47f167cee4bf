"""Nothing in these tests may leak a socket, or meet a proxy that it did not set itself."""

from __future__ import annotations

import asyncio
import gc
import os
import ssl
from collections.abc import Iterator
from typing import Any

import pytest
from transport_drive import Drive


@pytest.fixture(autouse=True, scope="package")
def _earlier_tests_are_not_looked_at() -> None:
    """Each test here collects garbage, which takes as long as there are objects that others left."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def no_socket_is_leaked() -> Iterator[None]:
    before = _open_files()
    yield
    gc.collect()
    assert _open_files() == before


def _open_files() -> int:
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0


@pytest.fixture(autouse=True)
def no_proxy_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture(params=["sync", "async"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def make_drive(kind: str) -> Iterator[Any]:
    made: list[Drive] = []
    with asyncio.Runner() as runner:

        def make(*, tls: ssl.SSLContext | None = None, **options: Any) -> Drive:
            made.append(Drive(kind, runner, tls=tls, **options))
            return made[-1]

        yield make
        for drive in made:
            drive.close()


@pytest.fixture
def drive(make_drive: Any) -> Drive:
    transport: Drive = make_drive()
    return transport
