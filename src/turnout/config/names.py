"""What the names people type stand for: providers, targets, aliases."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from turnout.catalog.names import nearest, suggestion
from turnout.catalog.read import Catalog, unknown_provider
from turnout.config import Config, Rule
from turnout.errors import ConfigError, UnknownName, UnknownProviderError
from turnout.types import Target


class Placed(Struct, frozen=True):
    """How a target came into a list: the rule that orders it there, if any alias says one, and its weight in it."""

    rule: Rule | None = None
    weight: float = 1.0


AUTO = "auto"  # as a model: whoever is set up


class Names:
    """Resolves names against a catalog and a configuration. Every refusal offers the nearest known names."""

    def __init__(
        self,
        catalog: Catalog,
        config: Config,
        auto: Callable[[], tuple[Target, str]] | None = None,
        spelled: Callable[[Target], Target] | None = None,
    ) -> None:
        """``auto`` gives what "auto" stands for and a sentence about it, ``spelled`` a target in its provider's own spelling."""
        self._catalog = catalog
        self._config = config
        self._auto = auto
        self._spelled = spelled
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
            target = Target(self.provider(provider), model)
        except UnknownName as error:
            serving = [str(target) for target in self._catalog.serving(name.strip())[:3]]
            if not serving:
                raise
            raise UnknownProviderError(f"{error}; a model of this name is {' or '.join(serving)}", nearest=serving) from None
        return target if self._spelled is None else self._spelled(target)

    def targets(self, names: Iterable[str]) -> tuple[tuple[Target, ...], tuple[str, ...]]:
        """What names and aliases stand for, each target once and in order, and a sentence for each alias."""
        placed, sentences = self.placed(names)
        return tuple(placed), sentences

    def placed(self, names: Iterable[str]) -> tuple[dict[Target, Placed], tuple[str, ...]]:
        """As ``targets``, with what aliases say of order. Of an alias within another that says one, the outer one's counts."""
        found: dict[Target, Placed] = {}
        sentences: list[str] = []
        for name in names:
            self._expand(name, (), found, sentences, Placed())
        if not found:
            raise ConfigError("no model was named: pass 'provider/model', an alias or a list of them")
        return found, tuple(sentences)

    def _expand(
        self, name: str, within: Sequence[str], found: dict[Target, Placed], sentences: list[str], placed: Placed
    ) -> None:
        alias = self._config.alias(name)
        if alias is None and is_auto(name) and self._auto is not None:
            target, sentence = self._auto()
            found.setdefault(target, placed)
            sentences.append(sentence)
            return
        if alias is None:
            found.setdefault(self.target(name), placed)
            return
        if name in within:
            raise ConfigError(f"{alias.source}: the alias {name!r} stands for itself: {' -> '.join((*within, name))}")
        sentences.append(f"{name!r} stands for {', '.join(alias.value)} ({alias.source})")
        own = self._config.rule(name) if placed.rule is None else None
        for at, inner in enumerate(alias.value):
            place = placed if own is None else Placed(own, own.weights[at] if own.weights else 1.0)
            self._expand(inner, (*within, name), found, sentences, place)

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


def is_auto(name: str) -> bool:
    """True for the word that stands for whoever is set up, unless an alias is called so."""
    return name.strip().lower() == AUTO
