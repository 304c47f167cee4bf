"""What exists: providers and models from every layer, and whether they can be called from here."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from turnout.auth import SCHEMES
from turnout.auth.schemes import Factory
from turnout.auth.secrets import Secret, find_key
from turnout.auth.ways import KEYLESS
from turnout.catalog.names import nearest
from turnout.catalog.read import Catalog
from turnout.catalog.schema import Model, Provider
from turnout.config import Config
from turnout.config.endpoint import base_url as filled
from turnout.config.layers import Layered, layered_model, layered_provider
from turnout.config.names import Names
from turnout.config.permits import Permits, allowed_models, model_refusal, permits
from turnout.errors import ConfigError, NotAllowed, UnknownProviderError
from turnout.plugins import Failure, Lazy
from turnout.registry.offered import Offered, not_a_policy, not_a_wire, not_callable
from turnout.registry.wires import WIRES
from turnout.types import Target
from turnout.wire import Wire

if TYPE_CHECKING:
    from turnout.config.checks import Mistake
    from turnout.config.dotenv import EnvFile

_LOCAL_MODEL = "local/smollm2-135m"


class Known:
    """Providers, models, wires and the rest by name. Safe to share between threads.

    The environment and the files are read when a name first needs them and not again: make a new one to see a change.
    """

    def __init__(
        self,
        environ: Mapping[str, str] | None,
        config: Config | None,
        catalog: Catalog | None,
        wires: Mapping[str, str] = WIRES,
        env_file: EnvFile | None = None,
    ) -> None:
        self._env_file = env_file
        self._environ = os.environ if environ is None else environ
        self._config = config
        self._catalog = Offered(self._environ) if catalog is None else catalog
        self.wires: Lazy[Wire] = Lazy("wire", "turnout.wires", wires, faulty=not_a_wire)
        self.auths: Lazy[Factory] = Lazy("auth scheme", "turnout.auths", SCHEMES, faulty=not_callable)
        self.sinks: Lazy[Any] = Lazy("sink", "turnout.sinks", {}, faulty=not_callable)
        self.policies: Lazy[Any] = Lazy("policy", "turnout.policies", {}, faulty=not_a_policy)
        self._forget()

    def _forget(self) -> None:
        """Lets go of all that is made of the configuration and the catalog, to be made when it is asked for next."""
        self._providers: dict[str, Layered] = {}
        self._allowed_models: dict[str, dict[str, frozenset[str]]] = {}
        for made in ("_names", "_permits"):
            vars(self).pop(made, None)

    @property
    def config(self) -> Config:
        if self._config is None:
            from turnout.config.dotenv import surroundings
            from turnout.config.files import read_config

            config = read_config(self._environ)
            self._environ = surroundings(self._environ, config, self._env_file)
            self._config = config
        return self._config

    @cached_property
    def _names(self) -> Names:
        if isinstance(self._catalog, Offered):
            self._catalog.reserved = frozenset(self.config.whole_providers)
            self._catalog.environ = self._environ  # with the variables that the files ask for
        return Names(self._catalog, self.config)

    @cached_property
    def _permits(self) -> Permits:
        return permits(self.config, self.environ, self._names.provider)

    def check_permitted(self, id: str) -> None:
        """Raises NotAllowed for a provider that a list of the environment or of a file keeps from being called."""
        if (sentence := self._permits.refusal(id)) is not None:
            raise NotAllowed(sentence)

    def check_model(self, target: Target) -> None:
        """Raises NotAllowed for a model that PROVIDER_ALLOWED_MODELS leaves out, with PROVIDER any name of its provider."""
        allowed = self.allowed_models(target.provider)
        if allowed and (sentence := model_refusal(target, allowed)) is not None:
            raise NotAllowed(sentence)

    def allowed_models(self, id: str) -> Mapping[str, frozenset[str]]:
        """Variable -> the only models, in lower case, that it allows of this provider; empty when none restricts it."""
        if (found := self._allowed_models.get(id)) is None:
            found = self._allowed_models[id] = allowed_models(self._catalog.names_of(id), self.environ)
        return found

    def is_permitted(self, target: Target) -> bool:
        """Whether no list keeps this model from being called; a call of it may lack something else."""
        try:
            self.check_permitted(target.provider)
            self.check_model(target)
        except ConfigError:
            return False
        return True

    def provider_ids(self) -> list[str]:
        return self._names.provider_ids

    def provider_id(self, name: str) -> str:
        """From an id or alias, in any case. Raises UnknownProviderError with the nearest names."""
        return self._names.provider(name)

    def provider(self, id: str) -> Provider:
        """By id or alias, in any case. Raises UnknownProviderError with the nearest, or ConfigError for a value in a file."""
        return self._layered(id).provider

    def providers(self) -> list[Provider]:
        """All but those of packages that do not load, which ``failures`` then names."""
        catalog = self._catalog
        return [self.provider(id) for id in self.provider_ids() if not (isinstance(catalog, Offered) and catalog.is_broken(id))]

    def provider_sources(self, id: str) -> dict[str, str]:
        """Each field of the provider that any layer set -> where: "built-in models.dev 2026-08-18", "user file PATH:LINE"."""
        return dict(self._layered(id).sources)

    def model(self, target: Target) -> Model | None:
        """None for a model that no layer knows: providers add models daily, so it may well exist."""
        found = layered_model(target, self._catalog, self.config)
        return found.model if found is not None else None

    def models(self, provider: str | None = None) -> list[Model]:
        """Those of one provider (by id or alias), or all. Raises UnknownName for a provider that nobody knows."""
        ids = self.provider_ids() if provider is None else [self.provider(provider).id]
        found: list[Model] = []
        for id in ids:
            if not (added := self._names.added_models(id)):
                found += self._catalog.models(id)
                continue
            for name in sorted({*self._catalog.model_names(id), *added}):
                layered = layered_model(Target(id, name), self._catalog, self.config)
                found += [layered.model] if layered is not None else []
        return found

    def model_sources(self, target: Target) -> dict[str, str]:
        found = layered_model(target, self._catalog, self.config)
        return dict(found.sources) if found is not None else {}

    def serving(self, name: str) -> list[Target]:
        """Every target whose model has this name, without its provider."""
        return list(self._catalog.serving(name))

    def is_redirected(self, provider: str) -> bool:
        """True if a user, not the catalog, said where the provider is."""
        return self._layered(provider).redirected

    def validate(self) -> None:
        """Reads the whole configuration now. Raises ConfigError for the first thing that is wrong with it."""
        for id in self.config.providers:
            self.provider(id)
        for alias in self.config.aliases:
            self.targets(alias)

    def mistakes(self) -> list[Mistake]:
        """Everything that is wrong with the configuration, each with its file and line."""
        from turnout.config.validation import mistakes

        _ = self._names  # settles what the catalog offers beside the files
        return mistakes(self.config, self._catalog, self._environ, wires=self.wires.names(), auths=self.auths.names())

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment, and below it the file of variables that was asked for."""
        _ = self.config
        return self._environ

    def key(self, provider: str, explicit: str | None = None) -> Secret | None:
        """The key that a call would carry; None where none is needed. Raises MissingKey or another ConfigError."""
        layered = self._layered(provider)
        return find_key(layered.provider, self._environ, explicit, layered.key)

    def nearest_models(self, target: Target) -> tuple[str, ...]:
        """Models of the same provider with the most similar names."""
        return nearest(target.model, self._catalog.model_names(target.provider))

    def default_model(self) -> str:
        """TURNOUT_MODEL, else what a file sets, else the embedded model, which needs no key."""
        configured = self.config.default_model  # first, for with the files come the variables that they ask for
        if chosen := self._environ.get("TURNOUT_MODEL", "").strip():
            return chosen
        return configured.value if configured is not None else _LOCAL_MODEL

    def usable(self, provider: str) -> tuple[bool, str]:
        """Whether a call could be sent from here, and what makes it so or what is missing. Imports and sends nothing."""
        try:
            row, secret = self.check_usable(provider)
        except ConfigError as error:
            return False, str(error)
        if secret is not None:
            return True, f"key from {secret.source}"
        if row.module and not _installed(row.module):
            return False, f"{row.name} is not installed: pip install 'turnout[{row.extra}]'"
        return True, KEYLESS.get(row.auth.partition(":")[0], "needs no key")

    def check_usable(self, provider: str) -> tuple[Provider, Secret | None]:
        """The provider, and the key that a call of any of its models would carry. Raises MissingKey or another ConfigError."""
        layered = self._layered(provider)
        row = layered.provider
        self.check_permitted(row.id)
        self._check_wire(row)
        filled(row, row.base_url, "model", self._environ)
        self._check_auth(row)
        return row, find_key(row, self._environ, configured=layered.key)

    def plugin_tables(self) -> dict[str, tuple[Lazy[Any], set[str]]]:
        """Entry-point group -> its table, and the names that no package may take."""
        tables: dict[str, tuple[Lazy[Any], set[str]]] = {
            "turnout.wires": (self.wires, set(WIRES)),
            "turnout.auths": (self.auths, set(SCHEMES)),
            "turnout.policies": (self.policies, set()),
            "turnout.sinks": (self.sinks, set()),
        }
        if isinstance(self._catalog, Offered):
            tables["turnout.providers"] = (self._catalog.offers, self._catalog.builtin_names)
        return tables

    def failures(self) -> list[Failure]:
        """What was asked for and did not load, with whose it is. The rest goes on."""
        tables: list[Lazy[Any]] = [self.wires, self.auths, self.sinks, self.policies]
        offered = self._catalog.failures() if isinstance(self._catalog, Offered) else []
        return [*offered, *(failure for table in tables for failure in table.failures())]

    def resolve(self, name: str) -> Target:
        """ "provider/model" split at its first "/", the provider's id in lower case and its aliases resolved."""
        return self._names.target(name)

    def targets(self, model: str | Sequence[str]) -> tuple[Target, ...]:
        """What a name, an alias or a list of them stands for, in order, each target once."""
        return self._names.targets((model,) if isinstance(model, str) else model)[0]

    def deprecation(self, name: str) -> str | None:
        """Why the provider of this id or alias should be left, and for what; None when it need not."""
        row = self.provider(name)
        instead = row.deprecated_names.get(name.strip().lower()) or row.deprecated
        return f"the provider {name.strip().lower()!r} is deprecated: use {instead} ({row.docs})" if instead else None

    def _check_wire(self, provider: Provider) -> None:
        if not provider.wire:
            raise ConfigError(f"{provider.name} has no wire: ProviderRegistry.create_client makes its clients")
        if provider.wire not in self.wires:
            spoken = ", ".join(self.wires.names())
            raise ConfigError(f"{provider.name} speaks {provider.wire}, which Turnout does not speak yet; it speaks {spoken}")

    def _check_auth(self, provider: Provider) -> None:
        name = provider.auth.partition(":")[0]
        if name not in self.auths:
            known = ", ".join(self.auths.names())
            raise ConfigError(f"{provider.name} signs requests with {name}, which Turnout cannot do yet; it can {known}")

    def _layered(self, name: str) -> Layered:
        layered = self._providers.get(name)
        if layered is None:
            id = self._names.provider(name)
            found = layered_provider(id, self._catalog, self.config, self._environ)
            if found is None:
                raise UnknownProviderError(f"{name!r} stands for provider {id!r}, which nobody knows")
            layered = self._providers[id] = found
        return layered


def _installed(module: str) -> bool:
    from importlib.util import find_spec

    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # the package that a dotted name is in
        return False
