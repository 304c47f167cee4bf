"""AsyncClient: drives a call's steps on asyncio. Its twin for threads is ``sync``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

from turnout.client.line_async import Line as Line
from turnout.client.settings import Model, Performed, Settings, Sink
from turnout.engine.call import Call
from turnout.errors import ConfigError, Error
from turnout.events import Event, TextDelta
from turnout.prompt import Options, Prompt
from turnout.session import StreamSession
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
    from turnout.client.queries import EmbedOptions, Inputs, RerankOptions
    from turnout.config.dotenv import EnvFile
    from turnout.engine.plan import Plan, Retry
    from turnout.registry import Registry
    from turnout.transport import AsyncTransport


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
    ) -> None:
        self._settings = Settings(registry, model, api_key, base_url, timeout, retry, sinks, translation, env_file, fetch_urls)
        self._transport = transport
        self._closed = False

    @property
    def registry(self) -> Registry:
        return self._settings.registry

    async def chat(
        self,
        prompt: Prompt = None,
        *,
        model: Model | None = None,
        translation: Translation | None = None,
        api_key: str | None = None,
        **options: Unpack[Options],
    ) -> Completion:
        """As ``Client.chat``."""
        request, plan = self._settings.request(model, prompt, options, api_key)
        call = Call(request, plan, translation or self._settings.translation, fetch_urls=self._settings.fetch_urls)
        async with Line(call, plan, self._reach(), self._settings) as line:
            return await line.run(call.complete())

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


class AsyncStream:
    """``Stream`` for asyncio."""

    def __init__(self, call: Call, plan: Plan, transport: AsyncTransport, settings: Settings) -> None:
        self._call = call
        self._line = Line(self._call, plan, transport, settings)
        self._session: StreamSession | None = None
        self._whole: Completion | None = None

    async def __aenter__(self) -> Self:
        try:
            self._session = await self._line.run(self._call.open())
        except BaseException:
            await self._line.__aexit__()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._line.__aexit__()

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Every event, once. Raises StreamInterrupted, with what had arrived, if the stream breaks off."""
        session = self._opened()
        for event in tuple(session.seen):
            yield event
        try:
            session.check()
            while not session.ended:
                for event in await self._line.advance(session):
                    yield event
                session.check()
        except Error as cause:
            interrupted = self._call.broke(session, cause)
            self._line.settle(self._call.record(type(interrupted).__name__, session.completion()))
            raise interrupted from cause
        self._whole = self._call.ended(session)
        self._line.settle(self._call.record("ok", self._whole))

    async def text(self) -> AsyncIterator[str]:
        """Only the text of the answer, piece by piece."""
        async for event in self:
            if isinstance(event, TextDelta) and event.choice == 0:
                yield event.text

    def completion(self) -> Completion:
        return self._whole or self._call.priced(self._opened().completion())

    def _opened(self) -> StreamSession:
        if self._session is None:
            raise ConfigError("a stream opens in a with block: `async with client.stream(…) as events:`")
        return self._session
