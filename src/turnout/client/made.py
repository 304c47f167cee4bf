"""Turnout's own clients as a provider registry makes them: bound to one model, or to one provider's key and address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from turnout.catalog.schema import Provider
from turnout.config import Config, ConfigFile
from turnout.registry import Registry


def factory_of(registry: Registry, row: Provider) -> Callable[..., Any]:
    """A factory of ``Client`` and ``AsyncClient``. What it is called with beside these names, their own ``__init__`` takes."""

    def create_client(
        *,
        api_key: str | None = None,
        model: str | None = None,
        mode: str | None = None,
        async_client: bool = False,
        base_url: str | None = None,
        **settings: Any,
    ) -> Any:
        if async_client:
            from turnout.client.aio import AsyncClient as chosen
        else:
            from turnout.client.sync import Client as chosen  # type: ignore[assignment]
        if model is not None:
            name = f"{row.id}/{model}"
            registry.plan(name, api_key=api_key, base_url=base_url)  # what is wrong with it is raised now
            return chosen(registry, model=name, api_key=api_key, base_url=base_url, **settings)
        said = {"api_key": api_key, "base_url": base_url}
        given = {name: value for name, value in said.items() if value is not None}
        own = registry
        if given:  # for any model of this provider, and for no other provider
            file = ConfigFile("argument of", "create_client", {"providers": {row.id: given}})
            own = registry.remade(config=Config((*registry.config.files, file)))
        own.check_usable(row.id)
        return chosen(own, **settings)

    return create_client
