"""Names to plans: the place where catalog, configuration, keys and wires meet. Nothing is read before its name is asked for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from functools import cached_property
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from turnout.auth import signer
from turnout.auth.schemes import Scheme, Surroundings
from turnout.auth.secrets import Secret, find_key
from turnout.catalog.read import Catalog
from turnout.catalog.schema import Model, Provider
from turnout.config import Config
from turnout.config.endpoint import assumed, base_url as filled
from turnout.engine.breaker import Breakers
from turnout.engine.plan import Candidate, Plan, Retry
from turnout.engine.policy.latencies import Latencies
from turnout.errors import ConfigError, Unsupported
from turnout.registry.known import Known
from turnout.registry.leaving import Leaving
from turnout.registry.orderings import Chosen, orderings, weighed
from turnout.registry.speaking import as_asked, as_counted, variable_headers
from turnout.registry.wires import WIRES, WORDS, Operation
from turnout.types import Target, Timeouts
from turnout.wire import Wire

if TYPE_CHECKING:
    from turnout.config.dotenv import EnvFile
    from turnout.engine.learned import Learned

_MOST_PLANS = 1024  # kept; a gateway passes on whatever names its callers write


class Registry(Known):
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
        env_file: EnvFile | None = None,
        remembers: bool = False,
    ) -> None:
        """``env_file``: a file of variables for what the environment does not set, read with the files of configuration.

        ``remembers``: what targets refuse is kept in the user's folder for the next time; else it is forgotten with this.

        ``clock`` gives monotonic seconds, ``now`` seconds since 1970.

        ``credentials``: provider -> an object of its platform's own library, used instead of what that library finds: a
        TokenCredential of azure.identity, google.auth.credentials.Credentials, or botocore.credentials.Credentials.
        """
        self._told: set[str] = set()
        super().__init__(environ, config, catalog, wires, env_file)
        self._clock = clock
        self._draw = draw or _random
        self.breakers = breakers or Breakers()
        self.latencies = Latencies()
        self._now = now
        self._measures = config is None  # what is given whole is not added to
        self._remembers = remembers
        self._credentials = credentials or {}
        self._kept: dict[Any, Any] = {}  # tokens, for all plans

    def remade(
        self, *, config: Config | None = None, catalog: Catalog | None = None, environ: Mapping[str, str] | None = None
    ) -> Registry:
        """Another one with these in place of its own, and the variables of ``environ`` before its own.

        Breakers, tokens and all else that is not made of them are shared.
        """
        own, _ = self.config, self.learned  # read now, so that both have the same
        other = copy(self)
        other._config = own if config is None else config
        other._catalog = self._catalog if catalog is None else catalog
        if environ is not None:
            other._environ = {**self.environ, **environ}
        other._forget()
        return other

    def _forget(self) -> None:
        super()._forget()
        self._plans: dict[Any, Plan] = {}
        self._leaving = Leaving(self._told)

    @cached_property
    def learned(self) -> Learned:
        """What targets refused before, or were measured not to take: from the user's folder, and since."""
        from turnout.engine.learned import Learned

        if not self._measures:
            return Learned()
        from turnout.config.measuring import keeper, read_measured

        return Learned(read_measured(self.environ), keeper(self.environ) if self._remembers else None)

    def plan(
        self,
        model: str | Sequence[str],
        *,
        api_key: str | Secret | None = None,
        base_url: str | None = None,
        timeouts: Timeouts | None = None,
        retry: Retry | None = None,
        operation: Operation = "chat",
        policy: Chosen | None = None,
    ) -> Plan:
        """Candidates for ``model``: one name, an alias, or several to be tried in order. Kept, so that asking again is cheap.

        ``policy`` (a name, or an object with an ``order``) orders all of them at each call, whatever the files say of that.

        A candidate that cannot be called (no key, say) is left out with a reason if another can. ``api_key`` and ``base_url``
        go to one provider only. An explicit ``base_url`` gets whatever key is found: that is what passing one means.
        Raises UnknownName, MissingKey or another ConfigError, before anything is sent.
        """
        key: Any = model
        plain = api_key is None and base_url is None and timeouts is None and retry is None and operation == "chat"
        if not plain or policy is not None or type(model) is not str:
            whose = Secret(api_key, "api_key") if isinstance(api_key, str) else api_key  # a key that no text shows
            by = policy if isinstance(policy, str) else id(policy)  # which the plan keeps, so no other has its id
            key = (model if isinstance(model, str) else tuple(model), whose, base_url, timeouts, retry, operation, by)
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plan(model, operation, api_key, base_url, timeouts, retry, policy)
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
        policy: Chosen | None,
    ) -> Plan:
        names = (model,) if isinstance(model, str) else model
        targets, sentences = self._names.placed(names)
        if (api_key is not None or base_url is not None) and len({target.provider for target in targets}) > 1:
            several = ", ".join(map(str, targets))
            raise ConfigError(f"api_key and base_url belong to one provider, but {model!r} names several: {several}")
        self.tell_of_deprecated(target.provider for target in targets)
        self.tell_of_deprecated(name.partition("/")[0] for name in names if "/" in name)
        candidates: list[Candidate] = []
        failures: list[tuple[Target, ConfigError | Unsupported]] = []
        notes = list(sentences)
        for target, placed in targets.items():
            try:
                candidates.append(weighed(self._candidate(target, operation, api_key, base_url, notes), placed.weight))
            except (ConfigError, Unsupported) as error:
                failures.append((target, error))
        if not candidates:
            raise _none_usable(failures)
        notes += [f"{target} left out: {error}" for target, error in failures]
        ordered = orderings(candidates, targets, self.config.usual_rule, self.policies, notes, policy)
        return Plan(
            candidates=tuple(candidates),
            breakers=self.breakers,
            clock=self._clock,
            draw=self._draw,
            retry=retry or Retry(),
            timeouts=timeouts or _timeouts([candidate.provider for candidate in candidates]),
            learned=self.learned,
            orderings=ordered,
            latencies=self.latencies,
            reasons=tuple(notes),
        )

    def resting(self) -> list[tuple[Target, float]]:
        """Targets that failed several times in a row -> seconds for which they are left alone from now."""
        return self.breakers.resting(self._clock())

    def tell_of_deprecated(self, providers: Iterable[str]) -> None:
        """Warns of those of these ids and aliases that should be left: of each once, at the line of whoever called Turnout."""
        self._leaving.tell(providers, self.deprecation)

    def _candidate(
        self, target: Target, operation: Operation, api_key: str | Secret | None, base_url: str | None, notes: list[str]
    ) -> Candidate:
        self.check_permitted(target.provider)
        if operation not in ("models", "files"):  # these are about no one model
            self.check_model(target)
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
            provider = as_counted(provider, self.wires)
            template = base_url or provider.base_url
        wire = self._wire(provider, operation)
        scheme = self._scheme(provider)
        url, _, query = filled(provider, template, target.model, self._environ).partition("?")
        notes += assumed(provider, template, self._environ)
        secret = find_key(provider, self._environ, api_key, layered.key)
        provider = replace(
            provider,
            base_url=url.rstrip("/"),
            models_url=url.rstrip("/") if lists_elsewhere else "",
            query=query,
            headers=provider.headers | variable_headers(provider, self._environ),
        )
        provider, model = self._catalog.narrow(provider, model, target)
        candidate = Candidate(
            target=target,
            provider=provider,
            wire=wire,
            sign=signer(provider, scheme, secret),
            refused=getattr(scheme if secret is None else secret, "refused", None),
            secret=secret,
            model=model,
        )
        return self.learned.fitted(candidate) if operation == "chat" else candidate

    def spoken(self, target: Target) -> tuple[Provider, Wire, Model | None]:
        """How ``target`` is asked, whether or not it could be called from here: no key is looked for."""
        model = self.model(target)
        provider = self._as_asked(self._layered(target.provider).provider, model, [])
        self._check_wire(provider)
        provider, model = self._catalog.narrow(provider, model, target)
        return provider, self.wires.get(provider.wire), model

    def _as_asked(self, provider: Provider, model: Model | None, notes: list[str]) -> Provider:
        if model is None or (model.wire is None and model.base_url is None):
            return provider
        derived = f"built-in {self._catalog.source}"
        return as_asked(provider, model, self.wires, self.model_sources(model.target).get("base_url") == derived, notes)

    def _wire(self, provider: Provider, operation: Operation) -> Wire:
        self._check_wire(provider)
        wire = self.wires.get(provider.wire)
        if getattr(wire, operation) is None:
            sentence = f"{provider.name} speaks {provider.wire}, which has no {WORDS[operation]}"
            raise Unsupported(sentence) if operation == "count" else ConfigError(sentence)
        return wire

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


def _timeouts(providers: Sequence[Provider]) -> Timeouts:
    """The waits of the slowest of these."""
    usual = Timeouts().connect or 0.0
    connect = max(usual if provider.connect_timeout is None else provider.connect_timeout for provider in providers)
    return Timeouts(connect=connect, between_events=max(provider.timeout for provider in providers))


def _none_usable(failures: Sequence[tuple[Target, ConfigError | Unsupported]]) -> ConfigError | Unsupported:
    """The first failure, with the others' below it when there are any."""
    first = failures[0][1]
    if len(failures) == 1:
        return first
    lines = "".join(f"\n  {target}: {error}" for target, error in failures)
    return type(first)(f"none of the {len(failures)} targets can be called:{lines}")


def _random() -> float:
    from random import random  # 5 ms; only a retry draws

    return random()  # noqa: S311 - jitter, not a secret
