"""The client with which every command calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from turnout.client import Client
    from turnout.registry import Registry
    from turnout.types import Timeouts


def calling_registry() -> Registry:
    """One that keeps what targets refuse, so that the next command leaves it out at once."""
    from turnout.registry import Registry

    return Registry(remembers=True)


def open_client(
    registry: Registry | None = None, *, model: Sequence[str] | None = None, timeout: float | Timeouts | None = None
) -> Client:
    """To be closed by the caller. ``registry``: one that was needed before the call; ``calling_registry()`` made it."""
    from turnout.client.sync import Client

    return Client(registry or calling_registry(), model=model, timeout=timeout)
