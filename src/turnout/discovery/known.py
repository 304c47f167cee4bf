"""What a person's lists say of providers and their models, and which model a name means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from turnout.auth.secrets import Secret
from turnout.catalog.names import nearest, suggestion
from turnout.discovery.tables import provider_fields
from turnout.errors import UnknownName, UnknownProviderError
from turnout.types import Target

OPENAI_CHAT = "openai-chat"  # what a provider of these lists speaks unless it says otherwise


class KnownProvider(Struct, frozen=True, kw_only=True):
    """One provider: where it is, and which of its models are known to chat and which are known not to.

    ``valid_models``: long name (what a request calls the model) -> short name (what a person calls it). What only this run knows,
    such as when the provider was asked, is not in here: all of it but the key may be written to a file.
    """

    id: str  # in lower case
    name: str = ""
    base_api_url: str = ""
    api_key: Secret | None = None  # None: none that is real
    wire: str = OPENAI_CHAT
    valid_models: dict[str, str] = {}
    invalid_models: tuple[str, ...] = ()

    @property
    def available(self) -> dict[str, str]:
        """The valid models without those known to be invalid: a model that a person listed stays listed, but is not offered."""
        return {long: short for long, short in self.valid_models.items() if long not in self.invalid_models}

    def find_model(self, name: str) -> str | None:
        """The long name of the valid model that ``name``, in any case, is or is a part of; None if there is none.

        An exact long name comes first, then an exact short one, a part of a long name, a part of a short one.
        """
        wanted = name.strip().lower()
        if not wanted:
            return None
        names = [(long, long.lower(), short.lower()) for long, short in self.valid_models.items()]
        return next(
            (
                found
                for fits in (
                    lambda long, short: wanted == long,
                    lambda long, short: wanted == short,
                    lambda long, short: wanted in long,
                    lambda long, short: wanted in short,
                )
                for found, long, short in names
                if fits(long, short)
            ),
            None,
        )

    def exact(self, name: str) -> str | None:
        """The long name of the model whose long or short name ``name`` is."""
        if name in self.valid_models:
            return name
        return next((long for long, short in self.valid_models.items() if short == name), None)

    def keyed(self, key: Secret) -> KnownProvider:
        return replace(self, api_key=key)

    def with_valid(self, long_names: Iterable[str]) -> KnownProvider:
        """With these models too: a new one's short name is its long name, and what was known stays as it was."""
        new = {long: long for long in long_names if long not in self.valid_models}
        return replace(self, valid_models=self.valid_models | new)


class KnownProviders:
    """KnownProvider by id, in the order of the lists; a plain table of the same fields counts as one. Ids in any case.

    Never changes: whoever learns something makes a new one.
    """

    def __init__(self, providers: Mapping[str, KnownProvider | Mapping[str, Any]] | Iterable[KnownProvider] = ()) -> None:
        """Raises ConfigError for a table whose values have the wrong type."""
        pairs = providers.items() if isinstance(providers, Mapping) else ((known.id, known) for known in providers)
        self._known: dict[str, KnownProvider] = {}
        for id, given in pairs:
            known = given if isinstance(given, KnownProvider) else known_provider(id, given)
            self._known[id.lower()] = known

    def get(self, id: str) -> KnownProvider | None:
        return self._known.get(id.lower())

    def __getitem__(self, id: str) -> KnownProvider:
        """Raises UnknownProviderError for a provider that is in no list."""
        found = self.get(id)
        if found is None:
            near = nearest(id, self._known)
            raise UnknownProviderError(f"Provider '{id}' not found{suggestion(near) or self._all_of_them()}", nearest=near)
        return found

    def __contains__(self, id: str) -> bool:
        return id.lower() in self._known

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)

    def keys(self) -> list[str]:
        return list(self._known)

    def values(self) -> list[KnownProvider]:
        return list(self._known.values())

    def items(self) -> list[tuple[str, KnownProvider]]:
        return list(self._known.items())

    def with_provider(self, known: KnownProvider) -> KnownProviders:
        return KnownProviders({**self._known, known.id: known})

    # Models

    def merged_models(self) -> list[tuple[str, tuple[str, str]]]:
        """(provider, (long, short)) of every available model."""
        return [(id, pair) for id, known in self._known.items() for pair in known.available.items()]

    def scoped_models(self) -> list[str]:
        """Every available model as "provider/long (short)", for a person to choose from."""
        return [f"{id}/{long} ({short})" for id, (long, short) in self.merged_models()]

    def available_models(self, provider: str | None = None) -> list[str]:
        """Long names; of one provider, or of all."""
        chosen = self._known.values() if provider is None else (self[provider],)
        return [long for known in chosen for long in known.available]

    def find_model(self, name: str) -> list[tuple[KnownProvider, str]]:
        """The best match of each provider that has one; see ``KnownProvider.find_model``."""
        found = ((known, known.find_model(name)) for known in self._known.values())
        return [(known, long) for known, long in found if long is not None]

    def resolve(self, name: str) -> Target:
        """The model that ``name`` is: "provider/model" or a model's name alone, long or short, always with its long name.

        The whole of ``name`` is tried before what stands in front of its first "/" counts as a provider: "Qwen/QwQ-32B" is a
        model. But a provider's own model under that provider's name comes first: "openai/gpt-4o" is never another provider's
        model of that whole name. Raises UnknownName.
        """
        name = name.strip()
        prefix, model = split_first_slash(name)
        scoped = self.get(prefix) if prefix else None
        if scoped is not None and (long := scoped.exact(model)) is not None:
            return Target(scoped.id, long)
        for known in self._known.values():
            if (long := known.exact(name)) is not None:
                return Target(known.id, long)
        if scoped is not None:
            raise self._invalid(f"Invalid model for provider {scoped.id}: {model}", model, [scoped])
        raise self._invalid(f"Invalid model: {name}", name, list(self._known.values()))

    def _invalid(self, text: str, name: str, among: list[KnownProvider]) -> UnknownName:
        matches = [f"{known.id}/{long}" for known in among if (long := known.find_model(name)) is not None][:3]
        if not matches:
            spelled = {long: f"{known.id}/{long}" for known in among for long in known.valid_models}
            matches = [spelled[long] for long in nearest(name, spelled)]
        return UnknownName(f"{text}{suggestion(matches)}", nearest=matches)

    def _all_of_them(self) -> str:
        return f"; known are {', '.join(self._known)}" if self._known else "; no providers are configured"


def known_provider(id: str, table: Mapping[str, Any], where: str = "") -> KnownProvider:
    """One provider from a table as the files hold it. Raises ConfigError, which says ``where``, for a value of the wrong type."""
    from turnout.auth.secrets import is_placeholder

    fields = provider_fields(id, table, where)
    key = fields.pop("api_key", None)
    secret = Secret(key.strip(), where or "a list of providers") if key is not None and not is_placeholder(key) else None
    return KnownProvider(id=id.lower(), api_key=secret, **{"name": id, **fields})


def split_first_slash(text: str) -> tuple[str, str]:
    """("openai", "gpt-4o") of "openai/gpt-4o", and ("", text) where there is no slash."""
    prefix, slash, rest = text.partition("/")
    return (prefix, rest) if slash else ("", text)


def listing(known: KnownProviders, provider: str | None = None) -> list[str]:
    """The available models as lines for a person. Raises UnknownProviderError for a provider that is in no list."""
    chosen = known.values() if provider is None else [known[provider]]
    lines: list[str] = []
    for one in chosen:
        if lines:
            lines.append("")
        if not one.available:
            lines += [f"**{one.id.upper()}:**", "No models configured"]
            continue
        lines.append(f"**{one.id.upper()} - Available Models:**")
        lines += [f"• {one.id}/{long}" + (f" ({short})" if short != long else "") for long, short in one.available.items()]
    return lines or ["No providers configured"]
