"""AsyncClient: drives a call's steps on asyncio. Its twin for threads is ``sync``."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec.structs import replace

from turnout.client.obtaining import obtained_async
from turnout.client.settings import Model, Performed, Settings, Sink
from turnout.client.sync import _left
from turnout.effects import Emit, Fetch, Obtain, Open, Send, Sleep, Steps
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
    HttpResponse,
    ListedModel,
    RankedDocument,
    Ranking,
    RerankRequest,
    Timeouts,
    TokenCount,
)
from turnout.wire.response_headers import kept_headers

if TYPE_CHECKING:
    from os import PathLike
    from types import TracebackType
    from typing import Self, Unpack

    from turnout.adapt import Translation
    from turnout.client.queries import EmbedOptions, Inputs, RerankOptions
    from turnout.config.dotenv import EnvFile
    from turnout.effects import Session
    from turnout.engine.plan import Plan, Retry
    from turnout.registry import Registry
    from turnout.transport import AsyncBody, AsyncTransport

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
        **options: Unpack[Options],
    ) -> Completion:
        """As ``Client.chat``."""
        request, plan = self._settings.request(model, prompt, options)
        call = Call(request, plan, translation or self._settings.translation, fetch_urls=self._settings.fetch_urls)
        async with Line(call, plan, self._reach(), self._settings) as line:
            return await line.run(call.complete())

    def stream(
        self,
        prompt: Prompt = None,
        *,
        model: Model | None = None,
        translation: Translation | None = None,
        **options: Unpack[Options],
    ) -> AsyncStream:
        """As ``Client.stream``, with ``async with`` and ``async for``."""
        request, plan = self._settings.request(model, prompt, options)
        call = Call(request, plan, translation or self._settings.translation, fetch_urls=self._settings.fetch_urls)
        return AsyncStream(call, plan, self._reach(), self._settings)

    async def count_tokens(self, prompt: Prompt = None, *, model: Model | None = None, **options: Unpack[Options]) -> TokenCount:
        """As ``Client.count_tokens``."""
        from turnout.engine.counting import Counting

        request, plan = self._settings.counting(model, prompt, options)
        call = Counting(request, plan, fetch_urls=self._settings.fetch_urls)
        async with Line(call, plan, self._reach(), self._settings) as line:
            return await line.run(call.count())

    async def embed(
        self,
        inputs: Inputs | EmbedRequest,
        *,
        model: Model | None = None,
        translation: Translation | None = None,
        **options: Unpack[EmbedOptions],
    ) -> Embeddings:
        """As ``Client.embed``."""
        from turnout.client.queries import embed_request
        from turnout.engine.query import Query

        request, plan = self._settings.query(model, "embed", embed_request(inputs, options))
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
        **options: Unpack[RerankOptions],
    ) -> Ranking:
        """As ``Client.rerank``."""
        from turnout.client.queries import rerank_request
        from turnout.engine.query import Query

        request, plan = self._settings.query(model, "rerank", rerank_request(query, documents, options))
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


class Line:
    """One call's hold on the transport: performs its effects, and lets go of everything at the end."""

    def __init__(self, call: Performed, plan: Plan, transport: AsyncTransport, settings: Settings) -> None:
        self._call = call
        self._plan = plan
        self._transport = transport
        self._settings = settings
        self._held: AbstractAsyncContextManager[AsyncBody] | None = None
        self._body: AsyncBody | None = None
        self._next_by: float | None = None  # when the wait for the next event ends; None while nobody waits

    async def run(self, steps: Steps[T]) -> T:
        answer: Any = None
        failure: Error | None = None
        try:
            while True:
                try:
                    effect = steps.throw(failure) if failure is not None else steps.send(answer)
                except StopIteration as done:
                    return done.value  # type: ignore[no-any-return]
                answer = failure = None
                try:
                    match effect:
                        case Send(request, timeouts, deadline):
                            answer = await self._transport.send(request, timeouts=timeouts, deadline=deadline)
                        case Open():
                            answer = await self._open(effect)
                        case Sleep(seconds):
                            import asyncio  # 35 ms; whoever runs a loop has paid it already

                            await asyncio.sleep(seconds)
                        case Emit(record):
                            self._settings.emit(record)
                        case Obtain(source):
                            answer = await obtained_async(source, self._call.deadline - self._plan.clock())
                        case Fetch():
                            from turnout.transport.fetch_async import fetch  # only those who have addresses fetched pay for it

                            answer = await fetch(effect)
                except Error as error:
                    failure = error
        finally:
            steps.close()

    async def _open(self, effect: Open) -> HttpResponse | None:
        await self._let_go()  # of an earlier attempt's connection
        clock, session = self._plan.clock, effect.session
        first_by = min(clock() + (effect.timeouts.first_event or effect.timeouts.total), effect.deadline)
        held = self._transport.open(effect.request, timeouts=effect.timeouts, deadline=effect.deadline)
        body = self._body = await held.__aenter__()
        self._held = held
        if not 200 <= body.head.status < 300:
            rest = []
            while chunk := await body.read(_left(first_by, clock())):
                rest.append(chunk)
            return replace(body.head, body=b"".join(rest))
        session.headers = kept_headers(body.head.headers)
        while not (session.has_output or session.ended):
            chunk = await body.read(_left(first_by, clock()))
            if chunk:
                session.feed(chunk)
            else:
                session.end()
            if not session.has_output:
                session.check()
        return None

    async def advance(self, session: Session) -> Sequence[Any]:
        """The next events of an open stream; empty when bytes came that complete none."""
        assert self._body is not None
        now = self._plan.clock()
        if self._next_by is None:
            timeouts = self._plan.timeouts
            self._next_by = min(now + (timeouts.between_events or timeouts.total), self._call.deadline)
        chunk = await self._body.read(_left(self._next_by, now))
        events = session.feed(chunk) if chunk else session.end()
        if events:
            self._next_by = None
        return events

    def settle(self, record: Any) -> None:
        self._settings.emit(record)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *why: object) -> None:
        if not self._call.recorded:  # abandoned, or cancelled
            self._settings.emit(self._call.record("cancelled"))
        await self._let_go()

    async def _let_go(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            await held.__aexit__(None, None, None)
