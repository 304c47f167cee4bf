"""What both clients know of a call before it is made, and who is told after it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from msgspec.structs import replace

from turnout.errors import ConfigError
from turnout.prompt import Options, Prompt, build
from turnout.records import CallRecord
from turnout.types import ChatRequest, Completion, EmbedRequest, RerankRequest, Timeouts

if TYPE_CHECKING:
    from turnout.adapt import Translation
    from turnout.client.answer_cache import Cache, Kept
    from turnout.config.dotenv import EnvFile
    from turnout.engine.plan import Plan, Retry
    from turnout.registry import Operation, Registry
    from turnout.registry.orderings import Chosen
    from turnout.structured import AnswerType

Model = str | Sequence[str]
Sink = Callable[[CallRecord], None]
Q = TypeVar("Q", EmbedRequest, RerankRequest)


class Performed(Protocol):
    """One call of any operation, as whoever performs its steps knows it."""

    @property
    def deadline(self) -> float: ...

    @property
    def recorded(self) -> bool: ...

    def record(self, outcome: str) -> CallRecord: ...


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
        translation: Translation = "lenient",
        env_file: EnvFile | None = None,
        fetch_urls: bool = False,
        policy: Chosen | None = None,
        mode: str | None = None,
        cache: Cache | None = None,
    ) -> None:
        if registry is None:
            from turnout.registry import Registry

            registry = Registry(env_file=env_file)
        elif env_file is not None:
            raise ConfigError("env_file belongs to the registry when you pass one: Registry(env_file=…)")
        if model is None and (api_key is not None or base_url is not None):
            raise ConfigError("api_key and base_url belong to one provider: say which with model='provider/model'")
        self.registry = registry
        self.translation = translation
        self.fetch_urls = fetch_urls
        self.mode = mode
        self.cache = cache
        self._policy = policy
        self._model = model
        self._api_key = api_key
        self._base_url = base_url
        self._retry = retry
        self._timeouts = timeout if isinstance(timeout, Timeouts) else None
        self._total = timeout if isinstance(timeout, (int, float)) else None
        self._sinks = tuple(sinks)
        self.latest_type: tuple[Any, AnswerType[Any]] | None = None
        self._latest: tuple[str, Plan] | None = None  # most clients ask for the same model over and over

    def request(
        self, model: Model | None, prompt: Prompt, options: Options, api_key: str | None = None
    ) -> tuple[ChatRequest, Plan]:
        """The request and the plan that serves it. Raises ConfigError or RequestError before anything is sent."""
        wanted, request = self._built(model, prompt, options)
        if api_key is not None:
            return request, self._plan(wanted, api_key=api_key)
        latest = self._latest
        if latest is not None and latest[0] == wanted:
            return request, latest[1]
        plan = self._plan(wanted)
        if isinstance(wanted, str):
            self._latest = (wanted, plan)
        return request, plan

    def kept(
        self,
        request: ChatRequest,
        plan: Plan,
        api_key: str | None,
        *more: Any,
        read: Callable[[Completion], Completion | None] | None = None,
    ) -> Kept | None:
        """The call's place in the client's cache; None if there is none, or the call has a key of its own: it is another's.

        ``more``: what else its answer depends on. ``read``: see ``Kept``.
        """
        if self.cache is None or api_key is not None:
            return None
        from turnout.client.answer_cache import Kept, key_of

        key = key_of(request, plan, self.fetch_urls, *more)
        return None if key is None else Kept(self.cache, key, plan, request.model, read or (lambda answer: answer))

    def counting(
        self, model: Model | None, prompt: Prompt, options: Options, api_key: str | None = None
    ) -> tuple[ChatRequest, Plan]:
        """As ``request``, with a plan of those who can count the tokens of it."""
        wanted, request = self._built(model, prompt, options)
        return request, self._plan(wanted, "count", api_key)

    def query(
        self, model: Model | None, operation: Operation, given: Q | Callable[[str], Q], api_key: str | None = None
    ) -> tuple[Q, Plan]:
        """A whole request, or the one that ``given`` makes for the name of a model, and a plan of those who do ``operation``.

        There is no default: a model that chats does not embed. Raises ConfigError, which says so.
        """
        whole = given if isinstance(given, (EmbedRequest, RerankRequest)) else None
        wanted = model or (whole.model if whole is not None else None) or self._model
        if wanted is None:
            raise ConfigError(f"say which model to {operation} with: model='provider/model'")
        name = wanted if isinstance(wanted, str) else wanted[0]
        request = replace(given, model=name) if isinstance(given, (EmbedRequest, RerankRequest)) else given(name)
        return request, self._plan(wanted, operation, api_key)

    def listing(self, provider: str) -> Plan:
        """A plan to ask ``provider`` (id or alias) what it serves. Raises UnknownName for one that nobody knows."""
        return self._plan(f"{self.registry.provider(provider).id}/models", "models")

    def keeping(self, provider: str) -> Plan:
        """A plan to give ``provider`` (id or alias) a file. Raises UnknownName for one that nobody knows."""
        return self._plan(f"{self.registry.provider(provider).id}/files", "files")

    def _built(self, model: Model | None, prompt: Prompt, options: Options) -> tuple[Model, ChatRequest]:
        wanted = model or (prompt.model if isinstance(prompt, ChatRequest) else None) or self._model
        wanted = wanted or self.registry.default_model()
        return wanted, build(wanted if isinstance(wanted, str) else wanted[0], prompt, options)

    def _plan(self, wanted: Model, operation: Operation = "chat", api_key: str | None = None) -> Plan:
        """``api_key``: this call's own, which counts more than any other."""
        own = self._is_own(wanted)
        if api_key is None and own:
            api_key = self._api_key
        plan = self.registry.plan(
            wanted,
            api_key=api_key,
            base_url=self._base_url if own else None,
            timeouts=self._timeouts,
            retry=self._retry,
            operation=operation,
            policy=self._policy,
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
