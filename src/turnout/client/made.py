"""Turnout's own clients as a provider registry makes them: bound to one model, or to one provider's key and address."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from turnout.catalog.schema import Provider
from turnout.config import Config, ConfigFile
from turnout.registry import Registry
from turnout.registry.addressing import address_names, addressed
from turnout.registry.factories import mode_of


def factory_of(registry: Registry, row: Provider) -> Callable[..., Any]:
    """A factory of ``Client`` and ``AsyncClient``. What it is called with beside these names, their own ``__init__`` takes, or
    the provider's address needs (``registry.addressing``).
    """

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
        places = {name: settings.pop(name) for name in address_names(row) if name in settings}
        own = addressed(registry, row, places)
        if mode is not None and mode != mode_of(row, model, None):  # the default is the client's too, and follows the model
            settings["mode"] = mode
        if model is not None:
            name = f"{row.id}/{model}"
            plan = own.plan(name, api_key=api_key, base_url=base_url)  # what is wrong with it is raised now
            if "mode" in settings:
                from turnout.client.typed import check_mode

                check_mode(mode, plan.candidates)
            return chosen(own, model=name, api_key=api_key, base_url=base_url, **settings)
        said = {"api_key": api_key, "base_url": base_url}
        given = {name: value for name, value in said.items() if value is not None}
        if given:  # for any model of this provider, and for no other provider
            file = ConfigFile("argument of", "create_client", {"providers": {row.id: given}})
            own = own.remade(config=Config((*own.config.files, file)))
        own.check_usable(row.id)
        return chosen(own, **settings)

    create_client.takes_our_modes = True  # type: ignore[attr-defined]
    return create_client
