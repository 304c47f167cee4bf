"""One configuration in force: its registry, its client and what its names stand for. Reloading makes a new one."""

from __future__ import annotations

from turnout.client.aio import AsyncClient
from turnout.errors import ConfigError, Error
from turnout.gateway.listing import Listing
from turnout.gateway.names import Names
from turnout.registry import Registry
from turnout.transport import AsyncTransport
from turnout.wire import Wire


def check(registry: Registry) -> None:
    """Raises ConfigError for the first thing that is wrong with a configuration that is to replace one that serves."""
    try:
        registry.validate()
        wrong = registry.mistakes()
    except Error:
        raise
    except Exception as fault:  # whatever reading it came to, the old one goes on
        raise ConfigError(f"the configuration cannot be read: {type(fault).__name__}: {fault}") from fault
    if wrong:
        more = f" (and {len(wrong) - 1} more; see `turnout config validate`)" if len(wrong) > 1 else ""
        raise ConfigError(f"{wrong[0]}{more}")


class Snapshot:
    """``transport`` is shared by the snapshots of one gateway: connections outlive a configuration."""

    def __init__(self, registry: Registry, transport: AsyncTransport | None = None) -> None:
        self.registry = registry
        self.client = AsyncClient(registry, transport)
        self.names = Names(registry)
        self.listing = Listing(registry)
        self._wires: dict[str, Wire] = {}

    def wire(self, name: str) -> Wire:
        wire = self._wires.get(name)
        if wire is None:
            wire = self._wires[name] = self.registry.wires.get(name)
        return wire
