"""Asks providers for their models, and the models whether they chat. What that means is decided in ``turnout.discovery``."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from turnout.auth.secrets import is_placeholder
from turnout.client.aio import AsyncClient
from turnout.client.list_cache import ListCache, name_of
from turnout.client.saving import Save, Saving
from turnout.discovery.findings import Finding, to_ask, updated
from turnout.discovery.known import KnownProvider, KnownProviders
from turnout.discovery.outcomes import Discovered, Outcome, Source, Step, done, skipped
from turnout.discovery.verdicts import Verdict, eased, ends_all, ping, verdict
from turnout.engine.plan import Retry
from turnout.errors import ConfigError, Error, NotAllowed, Unsupported
from turnout.types import ListedModel, Target

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from turnout.registry import Registry
    from turnout.transport import AsyncTransport

T = TypeVar("T")

EXCHANGE_SECONDS = 10.0  # for a list, and for a model's answer
WHOLE_SECONDS = 600.0  # after which no further model is asked
AT_ONCE = 16  # exchanges
AT_ONCE_WITH_ONE = 4  # of them with one provider: many limit the rate

Report = Callable[[Step], None]


class Discovery:
    """Finds out what providers serve. For one event loop; any number of ``discover`` may run at once, and share all bounds.

    ``known`` are the lists as they are now, with what was found since. ``save`` makes findings part of a file and may take its
    time: it runs in a thread, and what several discoveries found meanwhile is saved together.
    """

    def __init__(
        self,
        registry: Registry,
        known: KnownProviders | None = None,
        *,
        environ: Mapping[str, str],
        transport: AsyncTransport | None = None,
        cache: ListCache | None = None,
        save: Save | None = None,
        seconds: float = EXCHANGE_SECONDS,
        whole: float = WHOLE_SECONDS,
        at_once: int = AT_ONCE,
        report: Report | None = None,
    ) -> None:
        """``seconds`` bounds each exchange, a second try included; ``whole`` each ``discover``."""
        self.known = known or KnownProviders()
        self.registry = registry
        retry = Retry(attempts=2, per_target=2, backoff=0.2, retry_after_max=2.0)
        self._client = AsyncClient(registry, transport, timeout=seconds, retry=retry)
        self._environ = environ
        self._cache = cache or ListCache()
        self._saving = Saving(save) if save is not None else None
        self._whole = whole
        self._exchanges = asyncio.Semaphore(at_once)
        self._tell = report or (lambda step: None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._client.aclose()

    def configured(self) -> list[str]:
        """The providers somebody set up: those of the lists, of the configuration, and those whose key a variable holds.

        Of several that read the same variable, only the first in priority: the key is most likely its own.
        """
        chosen = {self.registry.provider(id).id: None for id in (*self.known, *self.registry.config.providers)}
        taken: dict[str, tuple[int, int, str]] = {}
        for id in self.registry.provider_ids():
            row = self.registry.provider(id)
            variable = next((name for name in row.key_env if not is_placeholder(self._environ.get(name, ""))), None)
            if id not in chosen and variable is not None and self.registry.usable(id)[0]:
                rank = (row.priority, len(id), id)
                taken[variable] = min(taken.get(variable, rank), rank)
        own = {name for id in chosen for name in self.registry.provider(id).key_env}
        return [*chosen, *sorted(id for variable, (_, _, id) in taken.items() if variable not in own)]

    async def discover(
        self,
        providers: Sequence[str] | None = None,
        *,
        force_refresh: bool = False,
        ask_models: bool = True,
        persist: bool = True,
    ) -> Discovered:
        """Asks these providers (ids or aliases), or every one that is set up, all at once.

        What was found becomes known, and is saved with ``persist``, only if every one of them answered. ``force_refresh`` takes
        no kept list, and asks models that are known to be invalid again. ``ask_models`` False only lists. Raises
        UnknownProviderError before anything is sent, and what ``save`` raises; what a provider does is an Outcome.
        """
        ids = self.configured() if providers is None else list(dict.fromkeys(self.registry.provider(id).id for id in providers))
        until = asyncio.get_running_loop().time() + self._whole
        found: dict[str, Finding] = {}
        outcomes = await _all([self._provider(id, found, until, force_refresh, ask_models) for id in ids])
        discovered = Discovered(providers=tuple(outcomes))
        if not discovered.success or not found:
            return discovered
        findings = [found[id] for id in ids if id in found]
        for finding in findings:
            known = self.known.get(finding.provider) or KnownProvider(id=finding.provider, name=finding.name)
            self.known = self.known.with_provider(updated(known, finding))
        if not persist or self._saving is None:
            return discovered
        saved = await self._saving.save(findings)
        if saved is not None:
            self._tell(Step(kind="saved", text="Provider configurations persisted to YAML"))
        return Discovered(providers=discovered.providers, saved=saved)

    async def models(self, provider: str, *, force_refresh: bool = False) -> tuple[tuple[ListedModel, ...], Source]:
        """What ``provider`` serves, kept for a while, and where it was read. Raises what asking it raises: nothing is made up."""
        row = self.registry.provider(provider)
        name = self._kept_as(row.id)
        if not force_refresh and (kept := self._cache.get(name)) is not None:
            return kept[0].models, kept[1]
        async with self._exchanges:
            models = await self._client.models(row.id)
        await asyncio.to_thread(self._cache.put, name, models)
        return models, "endpoint"

    async def chats(self, target: Target) -> Verdict:
        """Whether the model answers "ping". Raises AuthenticationFailed when the provider refuses the key, whatever the model."""
        request = ping(target)
        while True:
            try:
                async with self._exchanges:
                    answer = await self._client.chat(request)
            except Error as error:
                if ends_all(error):
                    raise
                easier = eased(request, error)
                if easier is None:
                    return verdict(error)
                request = easier
            else:
                return verdict(answer)

    async def _provider(self, id: str, found: dict[str, Finding], until: float, force: bool, ask_models: bool) -> Outcome:
        known, row = self._listed(id), self.registry.provider(id)
        name, called = row.name, known.id
        if (text := self._reason_to_skip(id, called)) is not None:
            self._tell(Step(kind="skipped", text=text, provider=called))
            return Outcome(provider=called, name=name, source="known", models=tuple(known.available), skipped=text)
        try:
            listed, source = await self.models(id, force_refresh=force)
            names = list(dict.fromkeys(model.id for model in listed))
            self._tell(Step(kind="listed", text=f"Discovered {len(names)} models for {called}", provider=called))
            verdicts = await self._ask(id, called, to_ask(known, names, force=force), until) if ask_models else {}
        except Error as error:
            text = str(error)
            self._tell(Step(kind="failed", text=f"Error discovering models for {called}: {text}", provider=called))
            return self._failed(called, name, known, text)
        if not ask_models:
            return Outcome(provider=called, name=name, source=source, models=tuple(names), unknown=tuple(names))
        valid = tuple(model for model in names if verdicts.get(model) == "valid")
        invalid = tuple(model for model in names if verdicts.get(model, "invalid") == "invalid")  # not asked: it was before
        unknown = tuple(model for model in names if verdicts.get(model) == "unknown")
        short = known.with_valid(valid).valid_models
        found[id] = Finding(
            provider=called,
            name=name,
            base_api_url=self._address(id),
            wire=row.wire,
            valid={model: short[model] for model in valid},
            invalid=invalid,
        )
        self._tell(Step(kind="done", text=done(called, len(valid), len(invalid), len(unknown)), provider=called))
        return Outcome(
            provider=called, name=name, source=source, models=tuple(names), valid=valid, invalid=invalid, unknown=unknown
        )

    def _reason_to_skip(self, id: str, called: str) -> str | None:
        """For a provider that cannot be asked from here: it may not be, there is no key, or its protocol has no list. That is no
        failure.
        """
        try:
            self.registry.check_permitted(id)
        except NotAllowed as error:
            return f"Skipping {called}: {error}"
        usable, reason = self.registry.usable(id)
        if not usable:
            return skipped(called, reason)
        try:
            self.registry.plan(f"{id}/models", operation="models")
        except (ConfigError, Unsupported) as error:
            return f"Skipping {called}: {error}"
        return None

    async def _ask(self, id: str, called: str, models: Sequence[str], until: float) -> dict[str, Verdict]:
        """What each says; those that time ran out for are unknown. Raises what one says for all."""
        self._tell(Step(kind="asking", text=f"Validating models for {called}", provider=called, total=len(models)))
        verdicts: dict[str, Verdict] = {}
        left = iter(models)
        failures: list[Error] = []
        clock = asyncio.get_running_loop().time

        async def work() -> None:
            for model in left:
                if failures:
                    return
                try:
                    verdicts[model] = await self.chats(Target(id, model)) if clock() < until else "unknown"
                except Error as error:
                    failures.append(error)
                    return
                self._tell(Step(kind="asked", text=".", provider=called, verdict=verdicts[model]))

        await _all([work() for _ in range(min(AT_ONCE_WITH_ONE, len(models)))])
        if failures:
            raise failures[0]
        return verdicts

    def _failed(self, called: str, name: str, known: KnownProvider, error: str) -> Outcome:
        kept = self._cache.get(self._kept_as(called), stale=True)
        if kept is not None:
            models = tuple(model.id for model in kept[0].models)
            return Outcome(provider=called, name=name, source=kept[1], models=models, error=error)
        return Outcome(provider=called, name=name, source="known", models=tuple(known.available), error=error)

    def _listed(self, id: str) -> KnownProvider:
        """What the lists say of the provider, under whichever of its names."""
        for name in (id, *self.registry.provider(id).aliases):
            if (known := self.known.get(name)) is not None:
                return known
        return KnownProvider(id=id)

    def _address(self, id: str) -> str:
        """Its base URL, for a file. What the environment says today is not for tomorrow: then the built-in one, or none."""
        row = self.registry.provider(id)
        if not self.registry.provider_sources(id).get("base_url", "").startswith("environment"):
            return row.base_url
        from turnout.catalog.read import Catalog

        catalog = Catalog()
        return catalog.provider(id).base_url if catalog.has(id) else ""

    def _kept_as(self, id: str) -> str:
        row = self.registry.provider(id)
        key = self._listed(row.id).api_key
        value = key.reveal() if key is not None else "\0".join(self._environ.get(name, "") for name in row.key_env)
        return name_of(row.id, row.base_url, value)


async def _all(work: Sequence[Coroutine[None, None, T]]) -> list[T]:
    """What each comes to, in order. The first that fails ends the others, and its own error is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one) for one in work]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
