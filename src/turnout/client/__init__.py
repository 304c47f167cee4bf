"""What a person holds: Client and AsyncClient, the two drivers of one engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from turnout.client.aio import AsyncClient as AsyncClient, AsyncStream as AsyncStream
    from turnout.client.sync import Client as Client, Stream as Stream

_HOME = {
    "AsyncClient": "turnout.client.aio",
    "AsyncStream": "turnout.client.aio",
    "Client": "turnout.client.sync",
    "Stream": "turnout.client.sync",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOME[name]), name)
