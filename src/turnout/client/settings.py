"""What both clients know of a call before it is made, and who is told after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from turnout.errors import ConfigError
from turnout.prompt import Options, Prompt, build
from turnout.records import CallRecord
from turnout.types import ChatRequest, Timeouts

if TYPE_CHECKING:
    from turnout.engine.plan import Plan, Retry
    from turnout.registry import Registry

Model = str | Sequence[str]
Sink = Callable[[CallRecord], None]


class Settings:
    """A client's defaults, and the registry that turns names into plans."""

    def __init__(
        self,
        registry: Registry | None,
        model: Model | None,
        api_key: str | None,
        base_url: str | None,
        timeout: float | Timeouts | None,
        retry: Retry | None,
        sinks: Sequence[Sink],
    ) -> None:
        if registry is None:
            from turnout.registry import Registry

            registry = Registry()
        if model is None and (api_key is not None or base_url is not None):
            raise ConfigError("api_key and base_url belong to one provider: say which with model='provider/model'")
        self.registry = registry
        self._model = model
        self._api_key = api_key
        self._base_url = base_url
        self._retry = retry
        self._timeouts = timeout if isinstance(timeout, Timeouts) else None
        self._total = timeout if isinstance(timeout, (int, float)) else None
        self._sinks = tuple(sinks)
        self._latest: tuple[str, Plan] | None = None  # most clients ask for the same model over and over

    def request(self, model: Model | None, prompt: Prompt, options: Options) -> tuple[ChatRequest, Plan]:
        """The request and the plan that serves it. Raises ConfigError or RequestError before anything is sent."""
        wanted = model or (prompt.model if isinstance(prompt, ChatRequest) else None) or self._model
        wanted = wanted or self.registry.default_model()
        request = build(wanted if isinstance(wanted, str) else wanted[0], prompt, options)
        latest = self._latest
        if latest is not None and latest[0] == wanted:
            return request, latest[1]
        plan = self._plan(wanted)
        if isinstance(wanted, str):
            self._latest = (wanted, plan)
        return request, plan

    def _plan(self, wanted: Model) -> Plan:
        own = self._is_own(wanted)
        plan = self.registry.plan(
            wanted,
            api_key=self._api_key if own else None,
            base_url=self._base_url if own else None,
            timeouts=self._timeouts,
            retry=self._retry,
        )
        if self._total is not None:  # the other waits stay as the provider has them
            plan = replace(plan, timeouts=replace(plan.timeouts, total=self._total))
        return plan

    def _is_own(self, wanted: Model) -> bool:
        """True if the client's key and address are meant for ``wanted``: a key never reaches another provider."""
        if self._model is None or (self._api_key is None and self._base_url is None) or wanted == self._model:
            return True
        own = {target.provider for target in self.registry.targets(self._model)}
        return {target.provider for target in self.registry.targets(wanted)} <= own

    def emit(self, record: CallRecord) -> None:
        """Tells every sink. A sink that fails is logged and never fails the call."""
        for sink in self._sinks:
            try:
                sink(record)
            except Exception:
                import logging

                logging.getLogger("turnout").warning("a sink failed on a call record", exc_info=True)
