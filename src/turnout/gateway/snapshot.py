"""One configuration in force: its registry, its client and what its names stand for. Reloading makes a new one."""

from __future__ import annotations

from turnout.client.aio import AsyncClient
from turnout.gateway.listing import Listing
from turnout.gateway.names import Names
from turnout.registry import Registry
from turnout.transport import AsyncTransport
from turnout.wire import Wire


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
