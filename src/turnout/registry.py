"""Names to plans: the place where catalog, configuration, keys and wires meet. Nothing is read before its name is asked for."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from msgspec.structs import replace

from turnout.auth import SCHEMES, signer
from turnout.auth.schemes import Scheme
from turnout.auth.secrets import Secret, find_key
from turnout.catalog.names import nearest
from turnout.catalog.read import Catalog
from turnout.catalog.schema import Model, Provider
from turnout.config import Config
from turnout.config.endpoint import base_url as filled
from turnout.config.layers import Layered, layered_model, layered_provider
from turnout.config.names import Names
from turnout.engine.breaker import Breakers
from turnout.engine.plan import Candidate, Plan, Retry
from turnout.errors import ConfigError, UnknownName
from turnout.plugins import Lazy
from turnout.types import Target, Timeouts
from turnout.wire import ChatCodec, Wire

WIRES: Mapping[str, str] = {
    "anthropic-messages": "turnout.wire.anthropic_messages:WIRE",
    "bedrock-converse": "turnout.wire.bedrock_converse:WIRE",
    "cohere-chat": "turnout.wire.cohere_chat:WIRE",
    "gemini": "turnout.wire.gemini:WIRE",
    "ollama": "turnout.wire.ollama:WIRE",
    "openai-chat": "turnout.wire.openai_chat:WIRE",
    "openai-responses": "turnout.wire.openai_responses:WIRE",
}

# How the protocols are signed where a model speaks another one than its provider's others.
_AUTH_OF_WIRE: Mapping[str, str] = {
    "anthropic-messages": "header:x-api-key",
    "bedrock-converse": "sigv4:bedrock",
    "gemini": "header:x-goog-api-key",
    "openai-chat": "bearer",
    "openai-responses": "bearer",
}

# What proves who asks where no key does. Looking for it may read files or ask the network, so it is not looked for in advance.
_KEYLESS: Mapping[str, str] = {"sigv4": "signs with the AWS credentials that are found when it is called"}

_LOCAL_MODEL = "local/smollm2-135m"
_MOST_PLANS = 1024  # kept; a gateway passes on whatever names its callers write


class Registry:
    """Knows every provider and model, and makes plans. Safe to share between threads.

    The environment and the files are read when a name first needs them and not again: make a new Registry to see a change.
    """

    def __init__(
        self,
        *,
        environ: Mapping[str, str] | None = None,
        config: Config | None = None,
        catalog: Catalog | None = None,
        clock: Callable[[], float] = time.monotonic,
        draw: Callable[[], float] | None = None,
        breakers: Breakers | None = None,
        wires: Mapping[str, str] = WIRES,
    ) -> None:
        self._environ = os.environ if environ is None else environ
        self._config = config
        self._catalog = catalog or Catalog()
        self._clock = clock
        self._draw = draw or _random
        self.breakers = breakers or Breakers()
        self.wires: Lazy[Wire] = Lazy("wire", "turnout.wires", wires)
        self.auths: Lazy[Callable[[str], Scheme]] = Lazy("auth scheme", "turnout.auths", SCHEMES)
        self._providers: dict[str, Layered] = {}
        self._plans: dict[Any, Plan] = {}

    @property
    def config(self) -> Config:
        if self._config is None:
            from turnout.config.files import read_config

            self._config = read_config(self._environ)
        return self._config

    @cached_property
    def _names(self) -> Names:
        return Names(self._catalog, self.config)

    # What exists

    def provider_ids(self) -> list[str]:
        return self._names.provider_ids

    def provider(self, id: str) -> Provider:
        """By id or alias, in any case. Raises UnknownName with the nearest names, or ConfigError for a value in a file."""
        return self._layered(id).provider

    def providers(self) -> list[Provider]:
        return [self.provider(id) for id in self.provider_ids()]

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

    def nearest_models(self, target: Target) -> tuple[str, ...]:
        """Models of the same provider with the most similar names."""
        return nearest(target.model, self._catalog.model_names(target.provider))

    def default_model(self) -> str:
        """TURNOUT_MODEL, else what a file sets, else the embedded model, which needs no key."""
        if chosen := self._environ.get("TURNOUT_MODEL", "").strip():
            return chosen
        configured = self.config.default_model
        return configured.value if configured is not None else _LOCAL_MODEL

    def usable(self, provider: str) -> tuple[bool, str]:
        """Whether a call could be sent from here, and what makes it so or what is missing. Imports and sends nothing."""
        try:
            layered = self._layered(provider)
            row = layered.provider
            self._check_wire(row)
            filled(row, row.base_url, "model", self._environ)
            self._check_auth(row)
            secret = find_key(row, self._environ, configured=layered.key)
        except ConfigError as error:
            return False, str(error)
        if secret is not None:
            return True, f"key from {secret.source}"
        if row.module and not _installed(row.module):
            return False, f"{row.name} is not installed: pip install 'turnout[{row.extra}]'"
        return True, _KEYLESS.get(row.auth.partition(":")[0], "needs no key")

    # Plans

    def resolve(self, name: str) -> Target:
        """ "provider/model" split at its first "/", the provider's id in lower case and its aliases resolved."""
        return self._names.target(name)

    def targets(self, model: str | Sequence[str]) -> tuple[Target, ...]:
        """What a name, an alias or a list of them stands for, in order, each target once."""
        return self._names.targets((model,) if isinstance(model, str) else model)[0]

    def plan(
        self,
        model: str | Sequence[str],
        *,
        api_key: str | Secret | None = None,
        base_url: str | None = None,
        timeouts: Timeouts | None = None,
        retry: Retry | None = None,
    ) -> Plan:
        """Candidates for ``model``: one name, an alias, or several to be tried in order. Kept, so that asking again is cheap.

        A candidate that cannot be called (no key, say) is left out with a reason if another can. ``api_key`` and ``base_url``
        go to one provider only. An explicit ``base_url`` gets whatever key is found: that is what passing one means.
        Raises UnknownName, MissingKey or another ConfigError, before anything is sent.
        """
        key: Any = model
        if api_key is not None or base_url is not None or timeouts is not None or retry is not None or type(model) is not str:
            if isinstance(api_key, str):
                api_key = Secret(api_key, "api_key")
            key = (model if isinstance(model, str) else tuple(model), api_key, base_url, timeouts, retry)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plan(model, api_key, base_url, timeouts, retry)
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            self._plans[key] = plan
        return plan

    def _plan(
        self,
        model: str | Sequence[str],
        api_key: str | Secret | None,
        base_url: str | None,
        timeouts: Timeouts | None,
        retry: Retry | None,
    ) -> Plan:
        targets, sentences = self._names.targets((model,) if isinstance(model, str) else model)
        if (api_key is not None or base_url is not None) and len({target.provider for target in targets}) > 1:
            names = ", ".join(map(str, targets))
            raise ConfigError(f"api_key and base_url belong to one provider, but {model!r} names several: {names}")
        candidates: list[Candidate] = []
        failures: list[tuple[Target, ConfigError]] = []
        notes = list(sentences)
        for target in targets:
            try:
                candidates.append(self._candidate(target, api_key, base_url, notes))
            except ConfigError as error:
                failures.append((target, error))
        if not candidates:
            raise _none_usable(failures)
        notes += [f"{target} left out: {error}" for target, error in failures]
        between = max(candidate.provider.timeout for candidate in candidates)
        return Plan(
            candidates=tuple(candidates),
            breakers=self.breakers,
            clock=self._clock,
            draw=self._draw,
            retry=retry or Retry(),
            timeouts=timeouts or Timeouts(between_events=between),
            reasons=tuple(notes),
        )

    def _candidate(self, target: Target, api_key: str | Secret | None, base_url: str | None, notes: list[str]) -> Candidate:
        layered = self._layered(target.provider)
        provider, model = layered.provider, self.model(target)
        template = base_url or provider.base_url
        own = model is not None and base_url is None and not layered.redirected
        if own and model is not None and model.wire is not None:
            if model.wire in self.wires:
                provider = replace(provider, wire=model.wire, auth=_AUTH_OF_WIRE.get(model.wire, provider.auth))
            else:
                own = False
                notes.append(f"{target} is listed with the wire {model.wire}; asked in {provider.wire} instead")
        if own and model is not None and model.base_url is not None:
            template = model.base_url
        codec = self._codec(provider)
        scheme = self._scheme(provider)
        url = filled(provider, template, target.model, self._environ)
        secret = find_key(provider, self._environ, api_key, layered.key)
        provider = replace(provider, base_url=url, headers=provider.headers | self._headers(provider))
        return Candidate(target=target, provider=provider, codec=codec, sign=signer(provider, scheme, secret), model=model)

    def _codec(self, provider: Provider) -> ChatCodec:
        self._check_wire(provider)
        codec = self.wires.get(provider.wire).chat
        if codec is None:
            raise ConfigError(f"{provider.name} speaks {provider.wire}, which has no chat")
        return codec

    def _check_wire(self, provider: Provider) -> None:
        if provider.wire not in self.wires:
            spoken = ", ".join(self.wires.names())
            raise ConfigError(f"{provider.name} speaks {provider.wire}, which Turnout does not speak yet; it speaks {spoken}")

    def _scheme(self, provider: Provider) -> Scheme:
        self._check_auth(provider)
        name, _, argument = provider.auth.partition(":")
        return self.auths.get(name)(argument)

    def _check_auth(self, provider: Provider) -> None:
        name = provider.auth.partition(":")[0]
        if name not in self.auths:
            known = ", ".join(self.auths.names())
            raise ConfigError(f"{provider.name} signs requests with {name}, which Turnout cannot do yet; it can {known}")

    def _headers(self, provider: Provider) -> dict[str, str]:
        """Headers whose value a variable holds. Not for keys: those are found by ``find_key``."""
        found: dict[str, str] = {}
        for header, names in provider.header_env.items():
            value = next((value for name in names if (value := self._environ.get(name, "").strip())), None)
            if value is not None and value.isascii() and value.isprintable():
                found[header] = value
        return found

    def _layered(self, name: str) -> Layered:
        layered = self._providers.get(name)
        if layered is None:
            id = self._names.provider(name)
            found = layered_provider(id, self._catalog, self.config, self._environ)
            if found is None:
                raise UnknownName(f"{name!r} stands for provider {id!r}, which nobody knows")
            layered = self._providers[id] = found
        return layered


def _none_usable(failures: Sequence[tuple[Target, ConfigError]]) -> ConfigError:
    """The first failure, with the others' below it when there are any."""
    first = failures[0][1]
    if len(failures) == 1:
        return first
    lines = "".join(f"\n  {target}: {error}" for target, error in failures)
    return type(first)(f"none of the {len(failures)} targets can be called:{lines}")


def _installed(module: str) -> bool:
    from importlib.util import find_spec

    return find_spec(module) is not None


def _random() -> float:
    from random import random  # 5 ms; only a retry draws

    return random()  # noqa: S311 - jitter, not a secret
