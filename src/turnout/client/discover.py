"""Discovery as it is used: with the files, the environment and the cache of this machine."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from turnout.config.provider_lists import ProviderLists, data_folder, read_lists, with_lists
from turnout.errors import ConfigError
from turnout.types import Target

if TYPE_CHECKING:
    from turnout.client.discovering import Discovery, Report
    from turnout.discovery.outcomes import Discovered


def provider_lists(data_directory: str | None = None, environ: Mapping[str, str] | None = None) -> ProviderLists:
    """The lists of a data directory as they hold here. Raises ConfigError for files that are not as they should be."""
    environ = os.environ if environ is None else environ
    folder = data_folder(environ, data_directory)
    if folder is None:
        raise ConfigError("there is no home folder for the lists of providers: say where they are with --data-directory")
    return read_lists(folder, environ)


def find_model(name: str, *, data_directory: str | None = None, environ: Mapping[str, str] | None = None) -> list[Target]:
    """Every provider's best match for ``name`` in the lists: an exact name, long or short, before a part of one, in any case.

    Asks nobody. Empty when no model is like it.
    """
    known = provider_lists(data_directory, environ).known
    return [Target(found.id, long) for found, long in known.find_model(name)]


def resolve_model(name: str, *, data_directory: str | None = None, environ: Mapping[str, str] | None = None) -> Target:
    """The model of the lists that ``name`` is, with its long name; see ``KnownProviders.resolve``. Raises UnknownName."""
    return provider_lists(data_directory, environ).known.resolve(name)


def discovery_here(
    data_directory: str | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    lists: ProviderLists | None = None,
    seconds: float | None = None,
    report: Report | None = None,
) -> Discovery:
    """A Discovery over this machine's configuration and the lists of a data directory, which it writes. ``async with`` it."""
    from turnout.client.discovering import EXCHANGE_SECONDS, Discovery
    from turnout.client.list_cache import ListCache, cache_folder
    from turnout.config.files import read_config
    from turnout.config.provider_lists_writing import save_findings
    from turnout.registry import Registry

    environ = os.environ if environ is None else environ
    lists = lists or provider_lists(data_directory, environ)
    folder = lists.folder
    # what an endpoint lists as "gpt-4o" is that model, although somebody calls another one so
    config = replace(with_lists(read_config(environ), lists), short_names={})
    return Discovery(
        Registry(environ=environ, config=config),
        lists.known,
        environ=environ,
        cache=ListCache(cache_folder(environ)),
        save=lambda findings: save_findings(folder, findings),
        seconds=EXCHANGE_SECONDS if seconds is None else seconds,
        report=report,
    )


def discover(
    providers: Sequence[str] | None = None,
    *,
    data_directory: str | None = None,
    force_refresh: bool = False,
    ask_models: bool = True,
    persist: bool = True,
    environ: Mapping[str, str] | None = None,
    report: Report | None = None,
) -> Discovered:
    """``Discovery.discover`` with the set-up of this machine, for programs without an event loop of their own.

    Raises ConfigError for a set-up that is wrong, or inside an event loop; what a provider does is in what comes back.
    """

    if asyncio._get_running_loop() is not None:
        raise ConfigError("discover() runs an event loop of its own; inside one, `async with discovery_here() as discovery`")

    async def go() -> Discovered:
        async with discovery_here(data_directory, environ=environ, report=report) as discovery:
            return await discovery.discover(providers, force_refresh=force_refresh, ask_models=ask_models, persist=persist)

    return asyncio.run(go())
