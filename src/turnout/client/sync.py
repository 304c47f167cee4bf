"""Client: drives a call's steps with blocking I/O. Its twin for asyncio is ``aio``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar, overload

from turnout.client.line import Line
from turnout.client.settings import Model, Performed, Settings, Sink
from turnout.client.stream import Stream as Stream
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
    from turnout.transport import Transport

T = TypeVar("T")


class Client:
    """Calls any model. Safe to share between threads; close it, or use it in a ``with``, to end its connections.

    ``model`` is what a call without ``model=`` goes to: "provider/model", an alias, or several of them in the order to
    try. ``timeout``: seconds for a whole call, or ``Timeouts``. ``sinks`` are called with the record of every call.
    ``translation`` "strict" refuses, before anything is sent, what a target could not take without loss; another target is
    tried if there is one. "lenient" sends what can be sent; the receipt says what could not. A call may choose otherwise.
    ``fetch_urls``: what a target does not open by its address is fetched for it, from the public internet only. Whoever writes
    the address chooses what this machine connects to, so it is off unless you say so.
    ``env_file``: a file of variables to read for what the environment does not set; True for ./.env. None is read unasked.
    ``policy``: in which order the models of a call are tried, whatever the files say: "cheapest", "fastest", …, or an object
    with an ``order``.
    ``mode``: how an object is asked for where a call brings a ``response_model``; None: as each target takes it best.
    ``cache``: keeps whole answers by what was asked of whom: anything with ``get(key)`` and ``set(key, value)``.
    """

    def __init__(
        self,
        registry: Registry | None = None,
        transport: Transport | None = None,
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
    def chat(
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
    def chat(
        self,
        prompt: Prompt = None,
        *,
        model: Model | None = None,
        translation: Translation | None = None,
        api_key: str | None = None,
        **options: Unpack[Options],
    ) -> Completion: ...

    def chat(
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
        """The whole answer to ``prompt``: a string, a Message, a list of parts, or a whole ChatRequest.

        ``api_key``: for this call alone, instead of any other; whoever pays for it brings it. The model's provider must be one.
        ``response_model``: a type that the answer is to be an object of, as ``.parsed``. ``mode``: how it is asked for;
        ``max_retries``: how often again, with what was wrong, when the answer is none (2 unless said, 10 at most).
        Raises a ``turnout.errors.Error``; its class says who has to act.
        """
        if response_model is not None or mode is not None or max_retries is not None:
            from turnout.client.typed import typed_call

            typed, plan, kept = typed_call(
                self._settings, response_model, mode, max_retries, model, prompt, options, api_key, translation
            )
            return self._answer(typed, typed.answer(), plan, kept)
        request, plan = self._settings.request(model, prompt, options, api_key)
        call = Call(request, plan, translation or self._settings.translation, fetch_urls=self._settings.fetch_urls)
        kept = self._settings.kept(request, plan, api_key, translation or self._settings.translation)
        return self._answer(call, call.complete(), plan, kept)

    def stream(
        self,
        prompt: Prompt = None,
        *,
        model: Model | None = None,
        translation: Translation | None = None,
        api_key: str | None = None,
        **options: Unpack[Options],
    ) -> Stream:
        """The answer as it comes: ``with client.stream("Count to ten") as events: for event in events: …``."""
        request, plan = self._settings.request(model, prompt, options, api_key)
        call = Call(request, plan, translation or self._settings.translation, fetch_urls=self._settings.fetch_urls)
        return Stream(call, plan, self._reach(), self._settings)

    def count_tokens(
        self, prompt: Prompt = None, *, model: Model | None = None, api_key: str | None = None, **options: Unpack[Options]
    ) -> TokenCount:
        """How many tokens the provider counts in what ``chat`` with these arguments would send; nothing is generated.

        Raises Unsupported where the provider has no way to count: there is no estimate.
        """
        from turnout.engine.counting import Counting

        request, plan = self._settings.counting(model, prompt, options, api_key)
        call = Counting(request, plan, fetch_urls=self._settings.fetch_urls)
        with Line(call, plan, self._reach(), self._settings) as line:
            return line.run(call.count())

    def embed(
        self,
        inputs: Inputs | EmbedRequest,
        *,
        model: Model | None = None,
        translation: Translation | None = None,
        api_key: str | None = None,
        **options: Unpack[EmbedOptions],
    ) -> Embeddings:
        """A vector for each input: a text or a list of texts (or of token ids, parts, lists of parts), or a whole EmbedRequest.

        More inputs than a provider takes at once go in several exchanges. Raises a ``turnout.errors.Error``.
        """
        from turnout.client.queries import embed_request
        from turnout.engine.query import Query

        request, plan = self._settings.query(model, "embed", embed_request(inputs, options), api_key)
        call = Query(request, plan, translation or self._settings.translation)
        with Line(call, plan, self._reach(), self._settings) as line:
            return line.run(call.embed())

    def rerank(
        self,
        query: str | RerankRequest,
        documents: Sequence[RankedDocument] = (),
        *,
        model: Model | None = None,
        translation: Translation | None = None,
        api_key: str | None = None,
        **options: Unpack[RerankOptions],
    ) -> Ranking:
        """The documents (texts or objects) in order of relevance to ``query``, which may also be a whole RerankRequest.

        Raises a ``turnout.errors.Error``.
        """
        from turnout.client.queries import rerank_request
        from turnout.engine.query import Query

        request, plan = self._settings.query(model, "rerank", rerank_request(query, documents, options), api_key)
        call = Query(request, plan, translation or self._settings.translation)
        with Line(call, plan, self._reach(), self._settings) as line:
            return line.run(call.rerank())

    def models(self, provider: str) -> tuple[ListedModel, ...]:
        """What ``provider`` (id or alias) says now that it serves, all pages. The built-in list: ``registry.models``."""
        from turnout.engine.listing import Listing

        plan = self._settings.listing(provider)
        call = Listing(plan, str(plan.candidates[0].target))
        with Line(call, plan, self._reach(), self._settings) as line:
            return line.run(call.models())

    def model(self, name: str) -> ListedModel:
        """What its provider says now of one model ("provider/model" or an alias). Raises ModelNotFound if it serves none such."""
        from turnout.engine.listing import Listing

        target = self.registry.resolve(name)
        plan = self._settings.listing(target.provider)
        call = Listing(plan, name)
        with Line(call, plan, self._reach(), self._settings) as line:
            return line.run(call.model(target.model))

    def upload(
        self,
        file: str | PathLike[str] | bytes,
        provider: str,
        *,
        filename: str | None = None,
        media_type: str | None = None,
    ) -> FileSource:
        """Gives a file (a path, or bytes) into the keeping of ``provider`` (id or alias). Put what comes back into a part.

        That part goes to that provider alone. Raises RequestError for a file that cannot be read or is too large, ConfigError for
        a provider that keeps none.
        """
        from turnout.client.uploads import upload_of
        from turnout.engine.uploading import Uploading

        plan = self._settings.keeping(provider)
        call = Uploading(upload_of(file, filename, media_type), plan, str(plan.candidates[0].target))
        with Line(call, plan, self._reach(), self._settings) as line:
            return line.run(call.upload())

    def close(self) -> None:
        """Ends connections and an embedded model. Closing twice is fine; calling after it is an error."""
        self._closed = True
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()

    def _answer(self, call: Performed, steps: Steps[Completion], plan: Plan, kept: Kept | None) -> Completion:
        """From the cache if it is kept there, else by the steps of the call."""
        transport = self._reach()
        if kept is not None and (found := kept.find()) is not None:
            self._settings.emit(kept.record(found))
            return found
        with Line(call, plan, transport, self._settings) as line:
            done = line.run(steps)
        if kept is not None:
            kept.keep(done)
        return done

    def _reach(self) -> Transport:
        if self._closed:
            raise ConfigError("this client is closed; make a new one")
        if self._transport is None:
            from turnout.transport.local import LocalTransport

            self._transport = LocalTransport()
        return self._transport

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
