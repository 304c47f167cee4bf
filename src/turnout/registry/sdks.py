"""Vendors' own clients on request, with the key, address and headers that Turnout would use itself.

What each client takes was read in its library's source on 2026-11-21: openai 3.54, anthropic 2.12, google-genai 3.4, cohere 7.3,
mistralai 3.7, ollama 0.6, boto3 1.44; of cerebras-cloud-sdk and writer-sdk in their repositories. groq, fireworks-ai, xai-sdk and
litellm are as their documentation shows them, and untried. Nothing is imported before its client is asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from turnout.config.endpoint import base_url as filled
from turnout.errors import MissingExtra, MissingKey, UnknownName
from turnout.registry.speaking import variable_headers

if TYPE_CHECKING:
    from turnout.catalog.schema import Provider
    from turnout.registry.plans import Registry


class Sdk(Struct, frozen=True, kw_only=True):
    """A vendor's library: what to install, what makes its clients, and what their arguments are called ("a.b": b within a).

    ``key``, ``url`` and ``headers`` are "" where there is no such argument. ``paths``: what Turnout's address ends with and the
    library adds itself. ``variables``: argument -> environment variables, the first that is set.
    """

    package: str  # to install
    client: str  # "module:attribute"
    async_client: str = ""  # "": the same object does both
    aio: str = ""  # the attribute of the client that does the asynchronous calls
    key: str = "api_key"
    url: str = "base_url"
    paths: tuple[str, ...] = ()
    headers: str = ""
    arguments: Mapping[str, Any] = {}
    variables: Mapping[str, tuple[str, ...]] = {}
    keyless: str = ""  # stands for a key where none is needed and the client wants one
    bearer: bool = False  # sends its key as a bearer token, so another way of proving who asks needs a header
    settled: bool = False  # knows its vendor's address, and is told one only when a user has set it
    function: bool = False  # is called to complete, and not to make a client


SDKS: Mapping[str, Sdk] = {
    "anthropic": Sdk(
        package="anthropic",
        client="anthropic:Anthropic",
        async_client="anthropic:AsyncAnthropic",
        paths=("/v1",),
        headers="default_headers",
    ),
    "azure": Sdk(
        package="openai",
        client="openai:AzureOpenAI",
        async_client="openai:AsyncAzureOpenAI",
        url="azure_endpoint",
        paths=("/openai/v1", "/openai/deployments/-"),
        headers="default_headers",
        arguments={"api_version": "2024-10-21"},  # https://learn.microsoft.com/en-us/azure/ai-foundry/openai/reference
        variables={"api_version": ("AZURE_API_VERSION", "OPENAI_API_VERSION")},
    ),
    "bedrock": Sdk(
        package="boto3",
        client="boto3:client",
        key="",
        url="endpoint_url",
        arguments={"service_name": "bedrock-runtime"},
        variables={
            "region_name": ("AWS_REGION", "AWS_DEFAULT_REGION"),
            "aws_access_key_id": ("AWS_ACCESS_KEY_ID",),
            "aws_secret_access_key": ("AWS_SECRET_ACCESS_KEY",),
            "aws_session_token": ("AWS_SESSION_TOKEN",),
        },
        settled=True,
    ),
    "cerebras": Sdk(
        package="cerebras-cloud-sdk",
        client="cerebras.cloud.sdk:Cerebras",
        async_client="cerebras.cloud.sdk:AsyncCerebras",
        paths=("/v1",),
    ),
    "cohere": Sdk(package="cohere", client="cohere:ClientV2", async_client="cohere:AsyncClientV2", paths=("/v2",)),
    "fireworks": Sdk(
        package="fireworks-ai", client="fireworks.client:Fireworks", async_client="fireworks.client:AsyncFireworks", settled=True
    ),
    "google": Sdk(
        package="google-genai",
        client="google.genai:Client",
        aio="aio",
        url="http_options.base_url",
        paths=("/v1beta",),
        headers="http_options.headers",
        arguments={"vertexai": False},  # whatever GOOGLE_GENAI_USE_VERTEXAI says
    ),
    "groq": Sdk(package="groq", client="groq:Groq", async_client="groq:AsyncGroq", paths=("/openai/v1",)),
    "litellm": Sdk(
        package="litellm", client="litellm:completion", async_client="litellm:acompletion", key="", url="", function=True
    ),
    "mistral": Sdk(package="mistralai", client="mistralai.client:Mistral", url="server_url", paths=("/v1",)),
    "ollama": Sdk(
        package="ollama", client="ollama:Client", async_client="ollama:AsyncClient", key="", url="host", headers="headers"
    ),
    "openai": Sdk(
        package="openai",
        client="openai:OpenAI",
        async_client="openai:AsyncOpenAI",
        headers="default_headers",
        keyless="none",
        bearer=True,
    ),
    "vertex": Sdk(
        package="google-genai",
        client="google.genai:Client",
        aio="aio",
        key="",
        url="http_options.base_url",
        headers="http_options.headers",
        arguments={"vertexai": True},
        variables={
            "project": ("GOOGLE_CLOUD_PROJECT", "GOOGLE_VERTEX_PROJECT", "GOOGLE_PROJECT_ID"),
            "location": ("GOOGLE_CLOUD_LOCATION", "GOOGLE_VERTEX_LOCATION"),
        },
        settled=True,
    ),
    "writer": Sdk(package="writer-sdk", client="writerai:Writer", async_client="writerai:AsyncWriter", paths=("/v1",)),
    "xai": Sdk(package="xai-sdk", client="xai_sdk:Client", async_client="xai_sdk:AsyncClient", url=""),
}

# The library of a provider that names none of its own, by the wire that it speaks.
OF_WIRE: Mapping[str, str] = {
    "anthropic-messages": "anthropic",
    "cohere-chat": "cohere",
    "gemini": "google",
    "mistral-chat": "mistral",
    "ollama": "ollama",
    "openai-chat": "openai",
    "openai-responses": "openai",
}


def sdk_client(
    provider: str,
    *,
    api_key: str | None = None,
    base_url: str | None = None,
    async_client: bool = False,
    sdk: str | None = None,
    registry: Registry | None = None,
    **options: Any,
) -> Any:
    """The official client for ``provider`` (id or alias): ``openai.OpenAI`` for those that speak its protocol,
    ``anthropic.Anthropic`` for Anthropic, and so on. ``sdk`` names another library of ``SDKS``. ``options`` go to the client as
    they are, and win.

    Raises MissingExtra, which says what to install, UnknownProviderError, MissingKey or another ConfigError.
    """
    if registry is None:
        from turnout.registry.plans import Registry

        registry = Registry()
    registry.tell_of_deprecated((provider,))
    row = registry.provider(provider)
    registry.check_permitted(row.id)
    known = SDKS.get(name := sdk or row.sdk or OF_WIRE.get(row.wire, ""))
    if known is None:
        raise UnknownName(
            f"no official client is known {'as ' + repr(name) if name else 'for ' + row.name}; known are {', '.join(SDKS)}"
        )
    made = _imported(known, row, async_client)
    if known.function:
        return made
    client = made(**(_arguments(known, row, registry, api_key, base_url) | options))
    return getattr(client, known.aio) if async_client and known.aio else client


def _imported(sdk: Sdk, row: Provider, async_client: bool) -> Any:
    from importlib import import_module

    module, _, attribute = (sdk.async_client if async_client and sdk.async_client else sdk.client).partition(":")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        sentence = f"the {sdk.package} package is required for the official client of {row.name}: pip install {sdk.package}"
        known = f"The {sdk.package} package is required to use the {row.id} provider. Install it with `pip install {sdk.package}`"
        raise MissingExtra(f"{sentence} ({type(error).__name__}: {error})\n{known}. See: {row.docs}") from error


def _arguments(sdk: Sdk, row: Provider, registry: Registry, api_key: str | None, base_url: str | None) -> dict[str, Any]:
    environ = registry.environ
    given = dict(sdk.arguments)
    for argument, names in sdk.variables.items():
        if value := next((value for name in names if (value := environ.get(name, "").strip())), ""):
            given[argument] = value
    secret = registry.key(row.id, api_key)
    headers = {**row.headers, **variable_headers(row, environ)}
    if secret is not None and sdk.key:
        given[sdk.key] = secret.reveal()
        way, _, header = row.auth.partition(":")
        if sdk.bearer and header:
            headers[header] = secret.reveal() if way == "header" else f"Bearer {secret.reveal()}"
    elif sdk.keyless:
        given[sdk.key] = sdk.keyless
    elif sdk.key:
        raise MissingKey(f"the official client of {row.name} needs an API key: set {' or '.join(row.key_env)} or pass api_key")
    if sdk.url and (base_url is not None or not sdk.settled or registry.is_redirected(row.id)):
        url = filled(row, base_url or row.base_url, "-", environ).partition("?")[0].rstrip("/")
        _put(given, sdk.url, next((url.removesuffix(path) for path in sdk.paths if url.endswith(path)), url))
    if headers and sdk.headers:
        _put(given, sdk.headers, headers)
    return given


def _put(given: dict[str, Any], argument: str, value: Any) -> None:
    outer, dot, inner = argument.partition(".")
    if dot:
        given[outer] = {**given.get(outer, {}), inner: value}
    else:
        given[argument] = value
