"""The functions that need no client: ``ask``, ``embed``, ``rerank`` and ``from_provider``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeVar, overload

from turnout.client.settings import Model, Sink
from turnout.errors import ConfigError
from turnout.prompt import Options, Prompt
from turnout.types import Completion, Embeddings, RankedDocument, Ranking, Timeouts

if TYPE_CHECKING:
    from typing import Unpack

    from turnout.adapt import Translation
    from turnout.client.aio import AsyncClient
    from turnout.client.answer_cache import Cache
    from turnout.client.queries import EmbedOptions, Inputs, RerankOptions
    from turnout.client.sync import Client
    from turnout.config.dotenv import EnvFile
    from turnout.engine.plan import Retry
    from turnout.registry import Registry
    from turnout.structured import TypedCompletion

T = TypeVar("T")


@overload
def ask(
    model: Model,
    prompt: Prompt,
    *,
    response_model: type[T],
    mode: str | None = None,
    max_retries: int | None = None,
    translation: Translation = "lenient",
    api_key: str | None = None,
    env_file: EnvFile | None = None,
    **options: Unpack[Options],
) -> TypedCompletion[T]: ...


@overload
def ask(
    model: Model,
    prompt: Prompt,
    *,
    translation: Translation = "lenient",
    api_key: str | None = None,
    env_file: EnvFile | None = None,
    **options: Unpack[Options],
) -> Completion: ...


def ask(
    model: Model,
    prompt: Prompt,
    *,
    response_model: Any = None,
    mode: str | None = None,
    max_retries: int | None = None,
    translation: Translation = "lenient",
    api_key: str | None = None,
    env_file: EnvFile | None = None,
    **options: Unpack[Options],
) -> Completion:
    """One question, one answer: ``ask("groq/llama-3.3-70b-versatile", "Name three rivers", temperature=0.2).text``.

    Opens and closes a client of its own; for more than one call a ``Client`` keeps connections and an embedded model.
    ``response_model``, ``mode`` and ``max_retries``: as ``Client.chat``.
    ``env_file``: a file of variables to read for what the environment does not set; True for ./.env.
    """
    from turnout.client.sync import Client

    with Client(env_file=env_file) as client:
        return client.chat(
            prompt,
            response_model=response_model,
            mode=mode,
            max_retries=max_retries,
            model=model,
            translation=translation,
            api_key=api_key,
            **options,
        )


def embed(
    model: Model,
    inputs: Inputs,
    *,
    translation: Translation = "lenient",
    api_key: str | None = None,
    env_file: EnvFile | None = None,
    **options: Unpack[EmbedOptions],
) -> Embeddings:
    """A vector for each text: ``embed("openai/text-embedding-3-small", ["Nile", "Rhine"]).vectors``. As ``ask``."""
    from turnout.client.sync import Client

    with Client(env_file=env_file) as client:
        return client.embed(inputs, model=model, translation=translation, api_key=api_key, **options)


def rerank(
    model: Model,
    query: str,
    documents: Sequence[RankedDocument],
    *,
    translation: Translation = "lenient",
    api_key: str | None = None,
    env_file: EnvFile | None = None,
    **options: Unpack[RerankOptions],
) -> Ranking:
    """Documents in order of relevance: ``rerank("cohere/rerank-v3.5", "longest river", texts).results[0].index``. As ``ask``."""
    from turnout.client.sync import Client

    with Client(env_file=env_file) as client:
        return client.rerank(query, documents, model=model, translation=translation, api_key=api_key, **options)


@overload
def from_provider(
    model: str,
    api_key: str | None = None,
    async_client: Literal[False] = False,
    base_url: str | None = None,
    timeout: float | Timeouts | None = None,
    *,
    retry: Retry | None = None,
    registry: Registry | None = None,
    sinks: Sequence[Sink] = (),
    translation: Translation = "lenient",
    fetch_urls: bool = False,
    env_file: EnvFile | None = None,
    mode: str | None = None,
    cache: Cache | None = None,
    **address: str,
) -> Client: ...


@overload
def from_provider(
    model: str,
    api_key: str | None = None,
    *,
    async_client: Literal[True],
    base_url: str | None = None,
    timeout: float | Timeouts | None = None,
    retry: Retry | None = None,
    registry: Registry | None = None,
    sinks: Sequence[Sink] = (),
    translation: Translation = "lenient",
    fetch_urls: bool = False,
    env_file: EnvFile | None = None,
    mode: str | None = None,
    cache: Cache | None = None,
    **address: str,
) -> AsyncClient: ...


def from_provider(
    model: str,
    api_key: str | None = None,
    async_client: bool = False,
    base_url: str | None = None,
    timeout: float | Timeouts | None = None,
    *,
    retry: Retry | None = None,
    registry: Registry | None = None,
    sinks: Sequence[Sink] = (),
    translation: Translation = "lenient",
    fetch_urls: bool = False,
    env_file: EnvFile | None = None,
    mode: str | None = None,
    cache: Cache | None = None,
    **address: str,
) -> Client | AsyncClient:
    """A client bound to "provider/model". Nothing is sent; what is wrong with the name or the key is raised now.

    The name splits at its first "/", and the provider may be written in any case. ``api_key`` wins over the environment;
    ``base_url`` replaces the provider's own. ``timeout``: seconds for a whole call, or ``Timeouts``. ``mode``: how an
    object is asked for (docs/structured.md), in our words or instructor's. ``cache``: keeps
    whole answers; anything with ``get(key)`` and ``set(key, value)``. ``address``: what the provider's own
    needs, such as region, project, location, azure_endpoint. The rest: see ``Client``.
    Raises UnknownName (with the nearest names), MissingKey (with the variable to set), MissingExtra, ModeError or ConfigError.
    """
    if registry is None:
        from turnout.registry import Registry

        registry = Registry(env_file=env_file)
    elif env_file is not None:
        raise ConfigError("env_file belongs to the registry when you pass one: Registry(env_file=…)")
    from turnout.registry.phrases import phrased

    with phrased(registry, model):
        if address:
            from turnout.registry.addressing import addressed

            registry = addressed(registry, registry.provider(registry.resolve(model).provider), address)
        plan = registry.plan(model, api_key=api_key, base_url=base_url)
    if mode is not None:
        from turnout.client.typed import check_mode

        check_mode(mode, plan.candidates)
    if async_client:
        from turnout.client.aio import AsyncClient as chosen
    else:
        from turnout.client.sync import Client as chosen  # type: ignore[assignment]
    return chosen(
        registry,
        model=model,
        api_key=api_key,
        base_url=base_url,
        timeout=timeout,
        retry=retry,
        sinks=sinks,
        translation=translation,
        fetch_urls=fetch_urls,
        mode=mode,
        cache=cache,
    )
