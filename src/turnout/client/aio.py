"""AsyncClient: drives a call's steps on asyncio. Its twin for threads is ``sync``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar, overload

from turnout.client.line_async import Line as Line
from turnout.client.settings import Model, Performed, Settings, Sink
from turnout.client.stream_async import AsyncStream as AsyncStream
from turnout.engine.call import Call
from turnout.errors import ConfigError
from turnout.prompt import Options, Prompt
from turnout.types import (
    Completion,
    Embeddings,
    EmbedRequest,
    FileSource,
    ListedModel,
    RankedDocument,
    Ranking,
    RerankRequest,
    Timeouts,
    TokenCount,
)

if TYPE_CHECKING:
    from os import PathLike
    from types import TracebackType
    from typing import Self, Unpack

    from turnout.adapt import Translation
    from turnout.client.answer_cache import Cache, Kept
    from turnout.client.queries import EmbedOptions, Inputs, RerankOptions
    from turnout.config.dotenv import EnvFile
    from turnout.effects import Steps
    from turnout.engine.plan import Plan, Retry
    from turnout.registry import Registry
    from turnout.registry.orderings import Chosen
    from turnout.structured import TypedCompletion
    from turnout.transport import AsyncTransport

T = TypeVar("T")


class AsyncClient:
    """``Client`` for asyncio: the same arguments, the same answers."""

    def __init__(
        self,
        registry: Registry | None = None,
        transport: AsyncTransport | None = None,
        *,
        model: Model | None = None,
        api_key: str | None = None,
        base_url: str | None = None,
        timeout: float | Timeouts | None = None,
        retry: Retry | None = None,
        sinks: Sequence[Sink] = (),
        translation: Translation = "lenient",
        env_file: EnvFile | None = None,
        fetch_urls: bool = False,
        policy: Chosen | None = None,
        mode: str | None = None,
        cache: Cache | None = None,
    ) -> None:
        self._settings = Settings(
            registry, model, api_key, base_url, timeout, retry, sinks, translation, env_file, fetch_urls, policy, mode, cache
        )
        self._transport = transport
        self._closed = False

    @property
    def registry(self) -> Registry:
        return self._settings.registry

    @overload
    async def chat(
        self,
        prompt: Prompt = None,
        *,
        response_model: type[T],
        mode: str | None = None,
        max_retries: int | None = None,
        model: Model | None = None,
        translation: Translation | None = None,
        api_key: str | None = None,
        **options: Unpack[Options],
    ) -> TypedCompletion[T]: ...

    @overload
    async def chat(
        self,
        prompt: Prompt = None,
        *,
        model: Model | None = None,
        translation: Translation | None = None,
        api_key: str | None = None,
        **options: Unpack[Options],
    ) -> Completion: ...

    async def chat(
        self,
        prompt: Prompt = None,
        *,
        response_model: Any = None,
        mode: str | None = None,
        max_retries: int | None = None,
        model: Model | None = None,
        translation: Translation | None = None,
        api_key: str | None = None,
        **options: Unpack[Options],
    ) -> Completion:
        """As ``Client.chat``."""
        if response_model is not None or mode is not None or max_retries is not None:
            from turnout.client.typed import typed_call

            typed, plan, kept = typed_call(
                self._settings, response_model, mode, max_retries, model, prompt, options, api_key, translation
            )
            return await self._answer(typed, typed.answer(), plan, kept)
        request, plan = self._settings.request(model, prompt, options, api_key)
        call = Call(request, plan, translation or self._settings.translation, fetch_urls=self._settings.fetch_urls)
        kept = self._settings.kept(request, plan, api_key, translation or self._settings.translation)
        return await self._answer(call, call.complete(), plan, kept)

    def stream(
        self,
        prompt: Prompt = None,
        *,
        model: Model | None = None,
        translation: Translation | None = None,
        api_key: str | None = None,
        **options: Unpack[Options],
    ) -> AsyncStream:
        """As ``Client.stream``, with ``async with`` and ``async for``."""
        request, plan = self._settings.request(model, prompt, options, api_key)
        call = Call(request, plan, translation or self._settings.translation, fetch_urls=self._settings.fetch_urls)
        return AsyncStream(call, plan, self._reach(), self._settings)

    async def count_tokens(
        self, prompt: Prompt = None, *, model: Model | None = None, api_key: str | None = None, **options: Unpack[Options]
    ) -> TokenCount:
        """As ``Client.count_tokens``."""
        from turnout.engine.counting import Counting

        request, plan = self._settings.counting(model, prompt, options, api_key)
        call = Counting(request, plan, fetch_urls=self._settings.fetch_urls)
        async with Line(call, plan, self._reach(), self._settings) as line:
            return await line.run(call.count())

    async def embed(
        self,
        inputs: Inputs | EmbedRequest,
        *,
        model: Model | None = None,
        translation: Translation | None = None,
        api_key: str | None = None,
        **options: Unpack[EmbedOptions],
    ) -> Embeddings:
        """As ``Client.embed``."""
        from turnout.client.queries import embed_request
        from turnout.engine.query import Query

        request, plan = self._settings.query(model, "embed", embed_request(inputs, options), api_key)
        call = Query(request, plan, translation or self._settings.translation)
        async with Line(call, plan, self._reach(), self._settings) as line:
            return await line.run(call.embed())

    async def rerank(
        self,
        query: str | RerankRequest,
        documents: Sequence[RankedDocument] = (),
        *,
        model: Model | None = None,
        translation: Translation | None = None,
        api_key: str | None = None,
        **options: Unpack[RerankOptions],
    ) -> Ranking:
        """As ``Client.rerank``."""
        from turnout.client.queries import rerank_request
        from turnout.engine.query import Query

        request, plan = self._settings.query(model, "rerank", rerank_request(query, documents, options), api_key)
        call = Query(request, plan, translation or self._settings.translation)
        async with Line(call, plan, self._reach(), self._settings) as line:
            return await line.run(call.rerank())

    async def models(self, provider: str) -> tuple[ListedModel, ...]:
        """As ``Client.models``."""
        from turnout.engine.listing import Listing

        plan = self._settings.listing(provider)
        call = Listing(plan, str(plan.candidates[0].target))
        async with Line(call, plan, self._reach(), self._settings) as line:
            return await line.run(call.models())

    async def model(self, name: str) -> ListedModel:
        """As ``Client.model``."""
        from turnout.engine.listing import Listing

        target = self.registry.resolve(name)
        plan = self._settings.listing(target.provider)
        call = Listing(plan, name)
        async with Line(call, plan, self._reach(), self._settings) as line:
            return await line.run(call.model(target.model))

    async def upload(
        self,
        file: str | PathLike[str] | bytes,
        provider: str,
        *,
        filename: str | None = None,
        media_type: str | None = None,
    ) -> FileSource:
        """As ``Client.upload``."""
        from asyncio import to_thread

        from turnout.client.uploads import upload_of
        from turnout.engine.uploading import Uploading

        plan = self._settings.keeping(provider)
        call = Uploading(await to_thread(upload_of, file, filename, media_type), plan, str(plan.candidates[0].target))
        async with Line(call, plan, self._reach(), self._settings) as line:
            return await line.run(call.upload())

    async def aclose(self) -> None:
        """As ``Client.close``."""
        self._closed = True
        transport, self._transport = self._transport, None
        if transport is not None:
            await transport.aclose()

    def line(self, call: Performed, plan: Plan) -> Line:
        """A hold on this client's transport for ``call``, for who drives a call's steps himself: the gateway."""
        return Line(call, plan, self._reach(), self._settings)

    async def _answer(self, call: Performed, steps: Steps[Completion], plan: Plan, kept: Kept | None) -> Completion:
        """From the cache if it is kept there, else by the steps of the call."""
        transport = self._reach()
        if kept is not None:
            from asyncio import to_thread  # whoever runs a loop has paid for it already

            if (found := await to_thread(kept.find)) is not None:
                self._settings.emit(kept.record(found))
                return found
        async with Line(call, plan, transport, self._settings) as line:
            done = await line.run(steps)
        if kept is not None:
            await to_thread(kept.keep, done)
        return done

    def _reach(self) -> AsyncTransport:
        if self._closed:
            raise ConfigError("this client is closed; make a new one")
        if self._transport is None:
            from turnout.transport.local import AsyncLocalTransport

            self._transport = AsyncLocalTransport()
        return self._transport

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self.aclose()
