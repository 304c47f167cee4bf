"""Names to plans: the place where catalog, configuration, keys and wires meet. Nothing is read before its name is asked for."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

from msgspec.structs import replace

from turnout.auth import SCHEMES, signer
from turnout.auth.schemes import Factory, Scheme, Surroundings
from turnout.auth.secrets import Secret, find_key
from turnout.auth.ways import KEYLESS, way_of
from turnout.catalog.names import nearest
from turnout.catalog.read import Catalog
from turnout.catalog.schema import Model, Provider
from turnout.config import Config
from turnout.config.endpoint import base_url as filled
from turnout.config.layers import Layered, layered_model, layered_provider
from turnout.config.names import Names
from turnout.engine.breaker import Breakers
from turnout.engine.plan import Candidate, Plan, Retry
from turnout.errors import ConfigError, UnknownName, Unsupported
from turnout.plugins import Lazy
from turnout.types import Target, Timeouts
from turnout.wire import Wire

WIRES: Mapping[str, str] = {
    "anthropic-bedrock": "turnout.wire.anthropic_messages.bedrock:WIRE",
    "anthropic-messages": "turnout.wire.anthropic_messages:WIRE",
    "anthropic-vertex": "turnout.wire.anthropic_messages.vertex:WIRE",
    "bedrock-converse": "turnout.wire.bedrock_converse:WIRE",
    "cohere-chat": "turnout.wire.cohere_chat:WIRE",
    "gemini": "turnout.wire.gemini:WIRE",
    "jina": "turnout.wire.jina:WIRE",
    "mistral-chat": "turnout.wire.openai_chat.mistral:WIRE",
    "ollama": "turnout.wire.ollama:WIRE",
    "openai-chat": "turnout.wire.openai_chat:WIRE",
    "openai-responses": "turnout.wire.openai_responses:WIRE",
    "vertex-predict": "turnout.wire.gemini.predict:WIRE",
    "voyage": "turnout.wire.voyage:WIRE",
}

Operation = Literal["chat", "embed", "rerank", "models", "count", "files"]  # the codecs of a wire, by the name of its field

_WORDS: Mapping[Operation, str] = {
    "chat": "chat",
    "embed": "embeddings",
    "rerank": "reranking",
    "models": "list of models",
    "count": "way to count tokens",
    "files": "place for files",
}

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
        now: Callable[[], float] = time.time,
        breakers: Breakers | None = None,
        wires: Mapping[str, str] = WIRES,
        credentials: Mapping[str, Any] | None = None,
    ) -> None:
        """``clock`` gives monotonic seconds, ``now`` seconds since 1970.

        ``credentials``: provider -> an object of its platform's own library, used instead of what that library finds: a
        TokenCredential of azure.identity, google.auth.credentials.Credentials, or botocore.credentials.Credentials.
        """
        self._environ = os.environ if environ is None else environ
        self._config = config
        self._catalog = catalog or Catalog()
        self._clock = clock
        self._draw = draw or _random
        self.breakers = breakers or Breakers()
        self.wires: Lazy[Wire] = Lazy("wire", "turnout.wires", wires)
        self.auths: Lazy[Factory] = Lazy("auth scheme", "turnout.auths", SCHEMES)
        self._now = now
        self._credentials = credentials or {}
        self._kept: dict[Any, Any] = {}  # tokens, for all plans
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

    def serving(self, name: str) -> list[Target]:
        """Every target whose model has this name, without its provider."""
        return list(self._catalog.serving(name))

    def validate(self) -> None:
        """Reads the whole configuration now. Raises ConfigError for the first thing that is wrong with it."""
        for id in self.config.providers:
            self.provider(id)
        for alias in self.config.aliases:
            self.targets(alias)

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
        return True, KEYLESS.get(row.auth.partition(":")[0], "needs no key")

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
        operation: Operation = "chat",
    ) -> Plan:
        """Candidates for ``model``: one name, an alias, or several to be tried in order. Kept, so that asking again is cheap.

        A candidate that cannot be called (no key, say) is left out with a reason if another can. ``api_key`` and ``base_url``
        go to one provider only. An explicit ``base_url`` gets whatever key is found: that is what passing one means.
        Raises UnknownName, MissingKey or another ConfigError, before anything is sent.
        """
        key: Any = model
        plain = api_key is None and base_url is None and timeouts is None and retry is None and operation == "chat"
        if not plain or type(model) is not str:
            if isinstance(api_key, str):
                api_key = Secret(api_key, "api_key")
            key = (model if isinstance(model, str) else tuple(model), api_key, base_url, timeouts, retry, operation)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plan(model, operation, api_key, base_url, timeouts, retry)
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            self._plans[key] = plan
        return plan

    def _plan(
        self,
        model: str | Sequence[str],
        operation: Operation,
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
        failures: list[tuple[Target, ConfigError | Unsupported]] = []
        notes = list(sentences)
        for target in targets:
            try:
                candidates.append(self._candidate(target, operation, api_key, base_url, notes))
            except (ConfigError, Unsupported) as error:
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

    def _candidate(
        self, target: Target, operation: Operation, api_key: str | Secret | None, base_url: str | None, notes: list[str]
    ) -> Candidate:
        layered = self._layered(target.provider)
        model = self.model(target)
        own = model is not None and base_url is None and not layered.redirected
        provider = self._as_asked(layered.provider, model if own else None, notes)
        template = base_url or provider.base_url
        lists_elsewhere = operation == "models" and base_url is None and bool(provider.models_url)
        if lists_elsewhere and layered.redirected and layered.sources["models_url"].startswith("built-in"):
            lists_elsewhere = False  # whoever moved the provider has its list moved along
        if lists_elsewhere:
            template = provider.models_url
        elif operation == "count":
            provider = self._as_counted(provider)
            template = base_url or provider.base_url
        wire = self._wire(provider, operation)
        scheme = self._scheme(provider)
        url, _, query = filled(provider, template, target.model, self._environ).partition("?")
        secret = find_key(provider, self._environ, api_key, layered.key)
        provider = replace(
            provider,
            base_url=url.rstrip("/"),
            models_url=url.rstrip("/") if lists_elsewhere else "",
            query=query,
            headers=provider.headers | self._headers(provider),
        )
        provider, model = self._catalog.narrow(provider, model, target)
        return Candidate(
            target=target,
            provider=provider,
            wire=wire,
            sign=signer(provider, scheme, secret),
            refused=None if secret is not None else getattr(scheme, "refused", None),
            model=model,
        )

    def spoken(self, target: Target) -> tuple[Provider, Wire, Model | None]:
        """How ``target`` is asked, whether or not it could be called from here: no key is looked for."""
        model = self.model(target)
        provider = self._as_asked(self._layered(target.provider).provider, model, [])
        self._check_wire(provider)
        provider, model = self._catalog.narrow(provider, model, target)
        return provider, self.wires.get(provider.wire), model

    def _as_asked(self, provider: Provider, model: Model | None, notes: list[str]) -> Provider:
        """``provider`` in the wire and at the address that ``model`` has of its own."""
        if model is None:
            return provider
        if model.wire is not None:
            if model.wire not in self.wires:
                notes.append(f"{model.target} is listed with the wire {model.wire}; asked in {provider.wire} instead")
                return provider
            provider = replace(provider, wire=model.wire, auth=way_of(provider.auth, model.wire))
        elsewhere = model.base_url
        if (elsewhere is not None or model.wire is not None) and provider.wire in provider.base_urls:
            said = self.model_sources(model.target).get("base_url", "")
            if elsewhere is None or said == f"built-in {self._catalog.source}":  # derived data yields to the provider's own file
                elsewhere = provider.base_urls[provider.wire]
        return replace(provider, base_url=elsewhere) if elsewhere is not None else provider

    def _as_counted(self, provider: Provider) -> Provider:
        """``provider`` in the wire in which it counts tokens, where its own cannot."""
        other = provider.count_wire
        if other not in self.wires or (provider.wire in self.wires and self.wires.get(provider.wire).count is not None):
            return provider
        return replace(provider, wire=other, base_url=provider.base_urls.get(other, provider.base_url))

    def _wire(self, provider: Provider, operation: Operation) -> Wire:
        self._check_wire(provider)
        wire = self.wires.get(provider.wire)
        if getattr(wire, operation) is None:
            sentence = f"{provider.name} speaks {provider.wire}, which has no {_WORDS[operation]}"
            raise Unsupported(sentence) if operation == "count" else ConfigError(sentence)
        return wire

    def _check_wire(self, provider: Provider) -> None:
        if provider.wire not in self.wires:
            spoken = ", ".join(self.wires.names())
            raise ConfigError(f"{provider.name} speaks {provider.wire}, which Turnout does not speak yet; it speaks {spoken}")

    def _scheme(self, provider: Provider) -> Scheme:
        self._check_auth(provider)
        name, _, argument = provider.auth.partition(":")
        around = Surroundings(
            self._environ,
            clock=self._clock,
            now=self._now,
            credential=self._credentials.get(provider.id),
            kept=self._kept,
        )
        return self.auths.get(name)(argument, around)

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


def _none_usable(failures: Sequence[tuple[Target, ConfigError | Unsupported]]) -> ConfigError | Unsupported:
    """The first failure, with the others' below it when there are any."""
    first = failures[0][1]
    if len(failures) == 1:
        return first
    lines = "".join(f"\n  {target}: {error}" for target, error in failures)
    return type(first)(f"none of the {len(failures)} targets can be called:{lines}")


def _installed(module: str) -> bool:
    from importlib.util import find_spec

    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # the package that a dotted name is in
        return False


def _random() -> float:
    from random import random  # 5 ms; only a retry draws

    return random()  # noqa: S311 - jitter, not a secret
