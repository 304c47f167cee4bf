"""The models of a chat: which one a name means, which there are, and which is asked when none is named."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

from turnout.errors import ConfigError, UnknownName, UnknownProviderError

if TYPE_CHECKING:
    from turnout.config.provider_lists import ProviderLists


class Models:
    """Over the provider lists of a data directory and all that the registry knows. Asks nobody."""

    def __init__(self, data_directory: str | None = None) -> None:
        """Raises ConfigError for files that are not as they should be."""
        from turnout.cli.calling import calling_registry
        from turnout.config.provider_lists import with_lists

        self.data_directory = data_directory
        self.read_lists()
        registry = calling_registry()
        self.registry = registry.remade(config=with_lists(registry.config, self.lists)) if data_directory else registry

    def read_lists(self) -> None:
        """Again, after a discovery changed them."""
        from turnout.config.provider_lists import ProviderLists, data_folder, read_lists
        from turnout.discovery.known import KnownProviders

        folder = data_folder(os.environ, self.data_directory)
        self.lists: ProviderLists = (
            read_lists(folder, os.environ, lenient=True)
            if folder is not None
            else ProviderLists(folder="", known=KnownProviders())  # a user without a home folder
        )
        self.__dict__.pop("_offered", None)

    def default(self) -> str:
        """TURNOUT_MODEL, else LLMC_DEFAULT_MODEL, else what a file says, else the embedded model."""
        chosen = [os.environ.get(name, "").strip() for name in ("TURNOUT_MODEL", "LLMC_DEFAULT_MODEL")]
        return next(filter(None, chosen), None) or self.registry.default_model()

    def resolve(self, name: str) -> str:
        """What to ask ``Client`` for: "provider/model" with its long name, or an alias as it is.

        A name of the lists comes first, the whole of it before what stands in front of its first "/". Raises what is wrong with
        the name, or with calling the model from here (no key, say).
        """
        name = name.strip()
        full = name
        if name not in self.registry.config.aliases:
            try:
                full = str(self.lists.known.resolve(name))
            except UnknownName as unlisted:
                try:
                    full = str(self.registry.targets(name)[0])
                except UnknownName as unknown:
                    raise UnknownName(f"{str(unlisted).partition(';')[0]}; {unknown}", nearest=unknown.nearest) from None
        self.registry.plan(full)
        return full

    def long_name(self, model: str) -> str:
        """ "gpt-4o-2024-08-06" of "openai/gpt-4o-2024-08-06"; of an alias, the model that it asks first."""
        return self.registry.targets(model)[0].model

    def provider(self, model: str) -> str:
        return self.registry.targets(model)[0].provider

    def listing(self, provider: str | None = None) -> list[str]:
        """Lines for a person: the lists' models, or those of one provider, of the catalog where no list has it.

        Raises UnknownProviderError for a provider that nobody knows.
        """
        from turnout.discovery.known import KnownProvider, KnownProviders, listing

        known = self.lists.known
        if provider is None or provider in known:
            return listing(known, provider)
        try:
            id = self.registry.provider_id(provider)
        except UnknownProviderError as error:
            raise UnknownProviderError(f"Provider '{provider}' not found", nearest=error.nearest) from None
        if id in known:
            return listing(known, id)
        names = [model.target.model for model in self.registry.models(id)]
        return listing(KnownProviders([KnownProvider(id=id, valid_models={name: name for name in names})]), id)

    def offered(self, query: str) -> list[str]:
        """ "provider/long (short)" of what can be called from here and fits ``query``, else of the whole catalog."""
        from turnout.cli.chat.completing import closest

        return closest(query, self._offered) or closest(query, self._scoped(self.registry.provider_ids()))

    def providers(self) -> list[str]:
        return list(dict.fromkeys([*self.lists.known, *self.registry.provider_ids()]))

    @cached_property
    def _offered(self) -> list[str]:
        # where a person's files list a provider's models, these are the ones to choose from
        curated = [self.registry.provider_id(id) for id in self.lists.known if self.lists.files and self._is_known(id)]
        usable = [id for id in self.registry.provider_ids() if id not in curated and self.registry.usable(id)[0]]
        return list(dict.fromkeys([*self.lists.known.scoped_models(), *self._scoped(usable)]))

    def _is_known(self, provider: str) -> bool:
        try:
            self.registry.provider_id(provider)
        except UnknownProviderError:
            return False
        return bool(self.lists.known[provider].available)

    def _scoped(self, providers: Iterable[str]) -> list[str]:
        listed = {f"{id}/{long}" for id, (long, _) in self.lists.known.merged_models()}
        found: list[str] = []
        for id in providers:
            try:
                names = [str(model.target) for model in self.registry.models(id)]
            except ConfigError:  # one broken entry is what `turnout doctor` is for
                continue
            found += [name for name in names if name not in listed]
        return found
