"""The models that can be called from here, and the pages that list them. Thousands of rows are made in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from msgspec.structs import replace

from turnout.catalog.listed import listed
from turnout.gateway.names import own_aliases, own_targets
from turnout.registry import Registry
from turnout.types import ListedModel
from turnout.wire import Wire


class Listing:
    """One registry's. Both are made when first asked for, once, and kept; a page with a query is written each time."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._models: asyncio.Task[Mapping[str, ListedModel]] | None = None
        self._pages: dict[str, bytes] = {}  # by wire

    async def models(self) -> Mapping[str, ListedModel]:
        """By the name to call each by: "provider/model", or an alias, which is what the first that it stands for is."""
        if self._models is None:
            self._models = asyncio.create_task(asyncio.to_thread(self._list))
        try:
            return await asyncio.shield(self._models)  # one caller that leaves takes nothing from the others
        except Exception:
            self._models = None
            raise

    async def page(self, wire: Wire, query: str) -> bytes:
        if not query and (page := self._pages.get(wire.name)) is not None:
            return page
        models = list((await self.models()).values())
        page = await asyncio.to_thread(_written, wire, models, query)
        if not query:
            self._pages[wire.name] = page
        return page

    def _list(self) -> Mapping[str, ListedModel]:
        rows = [row for target in own_targets(self._registry) if (row := self._registry.model(target)) is not None]
        found = {str(row.target): listed(row) for row in rows}
        for alias, target in own_aliases(self._registry):
            if (meant := found.get(str(target))) is not None:
                found[alias] = replace(meant, id=alias)
        return found


def _written(wire: Wire, models: list[ListedModel], query: str) -> bytes:
    server = wire.models_server
    assert server is not None
    return server.render(server.page(models, query))
