"""What exists: providers and models from every layer, and whether they can be called from here."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec.structs import replace

from turnout.auth.secrets import Secret, find_key
from turnout.auth.ways import KEYLESS
from turnout.catalog.names import nearest, own_name
from turnout.catalog.read import Catalog
from turnout.catalog.schema import Model, Provider
from turnout.config import Config
from turnout.config.endpoint import base_url as filled
from turnout.config.layers import Layered, layered_model, layered_provider
from turnout.config.names import AUTO, Names
from turnout.config.permits import Permits, allowed_models, model_refusal, permits
from turnout.errors import ConfigError, NotAllowed, UnknownProviderError
from turnout.registry.offered import Offered
from turnout.registry.speaking import variable_headers
from turnout.registry.tables import Tables, installed as _installed
from turnout.registry.wires import WIRES
from turnout.types import Target

if TYPE_CHECKING:
    from turnout.config.checks import Mistake
    from turnout.config.dotenv import EnvFile

_LOCAL_MODEL = "local/smollm2-135m"


class Known(Tables):
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
        super().__init__(Offered(self._environ) if catalog is None else catalog, wires)
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
        return Names(self._catalog, self.config, auto=self.auto, spelled=self.spelled)

    @cached_property
    def _permits(self) -> Permits:
        return permits(self.config, self.environ, self._names.provider, self._catalog.switches)

    def check_permitted(self, id: str) -> None:
        """Raises NotAllowed for a provider that a list of the environment or of a file keeps from being called."""
        if (sentence := self._permits.refusal(id)) is not None:
            raise NotAllowed(sentence)

    @property
    def allows_by_list(self) -> bool:
        """Whether some list names the only providers that may be called."""
        return bool(self._permits.allowed)

    def check_model(self, target: Target) -> None:
        """Raises NotAllowed for a model that PROVIDER_ALLOWED_MODELS leaves out, with PROVIDER any name of its provider."""
        allowed = self.allowed_models(target.provider)
        if allowed and (sentence := model_refusal(target, allowed)) is not None:
            raise NotAllowed(sentence)

    def allowed_models(self, id: str) -> Mapping[str, frozenset[str]]:
        """Variable -> the only models, in lower case, that it allows of this provider; empty when none restricts it."""
        if (found := self._allowed_models.get(id)) is None:
            found = allowed_models(self.names_of(id), self.environ, self._catalog.model_aliases(id))
            self._allowed_models[id] = found
        return found

    def names_of(self, id: str) -> tuple[str, ...]:
        """The provider's id and its other names."""
        return self._catalog.names_of(id)

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
        if found is None and (plain := self._without_suffix(target)) != target:
            model = self.model(plain)  # its price may be another there
            return replace(model, target=target, price=None) if model is not None else None
        return found.model if found is not None else None

    def _without_suffix(self, target: Target) -> Target:
        if ":" not in target.model:
            return target
        try:
            suffix = self._layered(target.provider).provider.model_suffix
        except ConfigError:
            return target
        return Target(target.provider, target.model.removesuffix(suffix)) if suffix else target

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
        names = Names(self._catalog, self.config, auto=lambda: (Target(AUTO, AUTO), ""))  # whom it means is for a call to find
        for alias in self.config.aliases:
            names.targets((alias,))

    def mistakes(self) -> list[Mistake]:
        """Everything that is wrong with the configuration, each with its file and line."""
        from turnout.config.validation import mistakes

        _ = self._names  # settles what the catalog offers beside the files
        known = {"wires": self.wires.names(), "auths": self.auths.names(), "policies": self.policies.names()}
        return mistakes(self.config, self._catalog, self._environ, **known)

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment, and below it the file of variables that was asked for."""
        _ = self.config
        return self._environ

    def key(self, provider: str, explicit: str | None = None) -> Secret | None:
        """The key that a call would carry; None where none is needed. Raises MissingKey or another ConfigError."""
        layered = self._layered(provider)
        return find_key(layered.provider, self._environ, explicit, layered.key)

    def spelled(self, target: Target) -> Target:
        """``target`` as its provider spells it (``own_name``); unknown names are left as they are, but for a suffix."""
        try:
            row = self._layered(target.provider).provider
        except ConfigError:  # what is wrong with it is told where it is called
            return target
        known = {*self._catalog.model_names(row.id), *self._names.added_models(row.id)}
        return Target(row.id, own_name(row, target.model, known))

    def preferred_model(self, provider: str) -> Target | None:
        """The model of ``provider`` (id or alias) that is taken where none is named; None where no model of it is known."""
        from turnout.registry.choosing import preferred

        chosen = preferred(self, self.provider(provider).id)
        return chosen[0] if chosen is not None else None

    def auto(self) -> tuple[Target, str]:
        """What "auto" stands for, and a sentence about it. Raises MissingKey when nobody is set up, or NotAllowed."""
        from turnout.registry.choosing import auto

        return auto(self)

    def nearest_models(self, target: Target) -> tuple[str, ...]:
        """Models of the same provider with the most similar names."""
        return nearest(target.model, self._catalog.model_names(target.provider))

    def default_model(self) -> str:
        """TURNOUT_MODEL, else what a file sets, else DEFAULT_MODEL where that names a model, else the embedded model."""
        configured = self.config.default_model  # first, for with the files come the variables that they ask for
        if chosen := self._environ.get("TURNOUT_MODEL", "").strip():
            return chosen
        if configured is not None:
            return str(configured.value)
        if "DEFAULT_MODEL" not in self._environ:
            return _LOCAL_MODEL
        from turnout.registry.choosing import default_of_others

        return default_of_others(self) or _LOCAL_MODEL

    def usable(self, provider: str) -> tuple[bool, str]:
        """Whether a call could be sent from here, and what makes it so or what is missing. Imports and sends nothing."""
        from turnout.registry.choosing import doubts

        try:
            row, secret = self.check_usable(provider)
        except ConfigError as error:
            return False, str(error)
        if secret is None and row.module and not _installed(row.module):
            return False, f"{row.name} is not installed: pip install 'turnout[{row.extra}]'"
        reason = f"key from {secret.source}" if secret is not None else KEYLESS.get(row.auth.partition(":")[0], "needs no key")
        return True, "; ".join([reason, *doubts(self, row.id)])

    def check_usable(self, provider: str) -> tuple[Provider, Secret | None]:
        """The provider, and the key that a call of any of its models would carry. Raises MissingKey or another ConfigError."""
        layered = self._layered(provider)
        row = layered.provider
        self.check_permitted(row.id)
        self._check_wire(row)
        filled(row, row.base_url, "model", self._environ)
        self._check_auth(row)
        secret = find_key(row, self._environ, configured=layered.key)
        variable_headers(row, self._environ)
        return row, secret

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
        called = repr(name.strip().lower())
        return f"The {called} provider is deprecated. Use {instead} instead. See {row.docs}" if instead else None

    def _layered(self, name: str) -> Layered:
        layered = self._providers.get(name)
        if layered is None:
            id = self._names.provider(name)
            found = layered_provider(id, self._catalog, self.config, self._environ)
            if found is None:
                raise UnknownProviderError(f"{name!r} stands for provider {id!r}, which nobody knows")
            layered = self._providers[id] = found
        return layered
