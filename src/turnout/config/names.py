"""What the names people type stand for: providers, targets, aliases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from turnout.catalog.names import nearest, suggestion
from turnout.catalog.read import Catalog, unknown_provider
from turnout.config import Config
from turnout.errors import ConfigError, UnknownName, UnknownProviderError
from turnout.types import Target


class Names:
    """Resolves names against a catalog and a configuration. Every refusal offers the nearest known names."""

    def __init__(self, catalog: Catalog, config: Config) -> None:
        self._catalog = catalog
        self._config = config
        aliases = catalog.aliases
        self._configured = {aliases.get(id, id) for id in config.providers}
        self._added: dict[str, set[str]] = {}
        for name in config.models:
            provider, _, model = name.partition("/")
            self._added.setdefault(aliases.get(provider, provider), set()).add(model)

    @property
    def provider_ids(self) -> list[str]:
        return sorted({*self._catalog.ids, *self._configured})

    def added_models(self, provider: str) -> set[str]:
        """The models of which a file says something."""
        return self._added.get(provider, set())

    def provider(self, name: str) -> str:
        """The id of a provider, from its id or an alias of it, in any case."""
        id = name.strip().lower()
        if id in self._configured or self._catalog.has(id):
            return id
        known = self._catalog.aliases | self._config.provider_aliases
        if (found := known.get(id)) is None:
            ids = self.provider_ids
            raise unknown_provider(name, [*ids, *known], len(ids))
        return found

    def target(self, name: str) -> Target:
        """ "provider/model", split at its first "/"."""
        provider, slash, model = name.strip().partition("/")
        if not slash or not provider or not model:
            raise self._no_target(name.strip().strip("/"))
        try:
            return Target(self.provider(provider), model)
        except UnknownName as error:
            serving = [str(target) for target in self._catalog.serving(name.strip())[:3]]
            if not serving:
                raise
            raise UnknownProviderError(f"{error}; a model of this name is {' or '.join(serving)}", nearest=serving) from None

    def targets(self, names: Iterable[str]) -> tuple[tuple[Target, ...], tuple[str, ...]]:
        """What names and aliases stand for, each target once and in order, and a sentence for each alias."""
        found: dict[Target, None] = {}
        sentences: list[str] = []
        self._expand(names, (), found, sentences)
        if not found:
            raise ConfigError("no model was named: pass 'provider/model', an alias or a list of them")
        return tuple(found), tuple(sentences)

    def _expand(self, names: Iterable[str], within: Sequence[str], found: dict[Target, None], sentences: list[str]) -> None:
        for name in names:
            alias = self._config.alias(name)
            if alias is None:
                found[self.target(name)] = None
            elif name in within:
                raise ConfigError(f"{alias.source}: the alias {name!r} stands for itself: {' -> '.join((*within, name))}")
            else:
                sentences.append(f"{name!r} stands for {', '.join(alias.value)} ({alias.source})")
                self._expand(alias.value, (*within, name), found, sentences)

    def _no_target(self, name: str) -> UnknownName:
        text = f"{name!r} is neither an alias nor 'provider/model' (such as 'groq/llama-3.3-70b-versatile')"
        found: Sequence[str]
        try:
            id = self.provider(name)
        except UnknownName:
            found = [str(target) for target in self._catalog.serving(name)[:3]] or nearest(name, self._everything())
            return UnknownName(f"{text}{suggestion(found)}", nearest=found)
        found = [f"{id}/{model}" for model in self._catalog.model_names(id)[:2]]
        example = f", such as {found[0]!r}" if found else ""
        return UnknownName(f"{text}; {name!r} is a provider: name one of its models too{example}", nearest=found)

    def _everything(self) -> Iterable[str]:
        yield from self._config.aliases
        for id in self._catalog.ids:
            yield from (f"{id}/{model}" for model in self._catalog.model_names(id))
