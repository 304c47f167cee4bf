"""What makes a provider's clients: Turnout's own, or whatever a registered factory gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from turnout.catalog.schema import Provider
from turnout.errors import ConfigError, ModeError

# Turnout's own clients stand to the right of the registry, so they are named here as wires are.
OWN_CLIENTS = "turnout.client.made:factory_of"

Factory = Any  # called with (api_key, model, mode, async_client, **options), or its create_client is
LazyFactory = Callable[[], Any] | str


def loaded(lazy: LazyFactory) -> Factory:
    """The factory that ``lazy`` stands for. Raises whatever importing it does, and ConfigError for what is no factory."""
    if isinstance(lazy, str):
        from importlib import import_module

        module, _, attribute = lazy.partition(":")
        factory = getattr(import_module(module), attribute)
    else:
        factory = lazy()
    if not callable(getattr(factory, "create_client", factory)):
        raise ConfigError(f"it gave a {type(factory).__name__}, which is neither callable nor has a create_client")
    return factory


def mode_of(row: Provider, model: str | None, asked: str | None, *, ours: bool = False) -> str | None:
    """The mode asked for, else the provider's default for the model. Raises ModeError for one that the provider has not.

    ``ours``: Turnout's own words for modes may be asked for too (``structured.modes``).
    """
    from turnout.structured.modes import MODES, default_mode, word

    if asked is not None:
        mode = word(asked)
        if ours and mode in MODES:
            return asked
        if row.modes and mode not in row.modes and str(getattr(asked, "value", "")).upper() not in row.modes:
            modes = ", ".join(row.modes)
            sentence = f"Invalid mode {mode!r} for provider {row.id!r}. Valid modes: {modes}; the default: {row.default_mode}"
            raise ModeError(f"{sentence}\nMode {mode} not supported by {row.id}. Supported modes: {modes}")
        return asked
    return default_mode(row, model)


def create(
    factory: Factory,
    row: Provider,
    api_key: str | None,
    model: str | None,
    mode: str | None,
    async_client: bool,
    options: Mapping[str, Any],
) -> Any:
    """Calls ``factory``. A coroutine is run to its end for a caller who does not await."""
    import logging

    log = logging.getLogger("turnout")
    call: Any = getattr(factory, "create_client", factory)
    try:
        client = call(api_key=api_key, model=model, mode=mode, async_client=async_client, **options)
        if not async_client:
            client = _finished(client, row)
    except Exception as error:
        log.error("Error creating %s client: %s", row.id, type(error).__name__)  # its message might hold a key
        raise
    log.info("Created %s client", row.id, extra={"provider": row.id, "mode": mode, "async": async_client})
    return client


def _finished(client: Any, row: Provider) -> Any:
    from inspect import iscoroutine

    if not iscoroutine(client):
        return client
    import asyncio

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(client)
    client.close()
    raise ConfigError(f"the factory of {row.id} is async and a loop is running here: await create_client(…, async_client=True)")
