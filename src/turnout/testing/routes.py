"""Which wire speaks a recorded exchange, told from its address. Covering one more protocol is one more row."""

from __future__ import annotations

import re
from typing import Literal

from msgspec import Struct

from turnout.testing.exchange import Exchange, Framing

Operation = Literal["chat", "generate", "embed", "rerank", "models", "count", "files"]


class Route(Struct, frozen=True, kw_only=True):
    """``address`` is searched in host and path; ``asks`` in the request body, where one address serves several protocols.

    ``suffix`` is what the wire adds to a base URL, with {model} where it puts the model; None where a host has a scheme of its
    own. ``model`` finds the model in the address, for hosts that name it there and not in the body. ``streams``: the address
    and not the body says whether the answer is streamed, and so. ``array``: a stream whose body is recorded as JSON is an
    array of its events. ``operation``: what is asked for there; of ``method``, where one address serves several.
    """

    wire: str
    address: re.Pattern[str]
    operation: Operation = "chat"
    method: str = ""
    framings: frozenset[Framing] = frozenset({"json", "sse", "text"})
    asks: bytes = b""
    suffix: str | None = None
    model: re.Pattern[str] | None = None
    streams: bool | None = None
    array: bool = False

    def takes(self, exchange: Exchange) -> bool:
        return (
            exchange.framing in self.framings
            and self.method in ("", exchange.request.method)
            and self.address.search(address(exchange)) is not None
            and self.asks in exchange.request.body
        )


# Lists at the same path in forms of their own: of speech and of pictures, and of whatever is uploaded.
_OTHER_LISTS = r"api\.deepgram\.com|api\.elevenlabs\.io|api\.replicate\.com|huggingface\.co/api"

ROUTES = (
    # https://docs.mistral.ai/api/ (read 2026-11-21)
    Route(wire="mistral-chat", address=re.compile(r"^api\.mistral\.ai/v1/chat/completions$"), suffix="/chat/completions"),
    Route(wire="openai-chat", address=re.compile(r"/chat/completions$"), suffix="/chat/completions"),
    Route(wire="openai-chat", address=re.compile(r"^api\.writer\.com/v1/chat$")),
    Route(wire="openai-responses", address=re.compile(r"/responses$"), suffix="/responses"),
    # The same answers, asked for once more by their id: https://platform.openai.com/docs/api-reference/responses/get
    # (read 2026-11-21)
    Route(wire="openai-responses", method="GET", address=re.compile(r"/responses/resp_[^/]+$")),
    Route(wire="anthropic-messages", address=re.compile(r"^(?!.*/threads/).*/messages$"), suffix="/messages"),
    # https://docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude (read 2026-11-21)
    Route(
        wire="anthropic-vertex",
        address=re.compile(r"/publishers/anthropic/models/[^/]+:rawPredict$"),
        suffix="/models/{model}:rawPredict",
        model=re.compile(r"/models/([^/:]+):"),
        streams=False,
    ),
    Route(
        wire="anthropic-vertex",
        address=re.compile(r"/publishers/anthropic/models/[^/]+:streamRawPredict$"),
        suffix="/models/{model}:streamRawPredict",
        model=re.compile(r"/models/([^/:]+):"),
        streams=True,
    ),
    # https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html (read 2026-11-21)
    Route(
        wire="anthropic-bedrock",
        address=re.compile(r"/model/[^/]+/invoke$"),
        asks=b'"anthropic_version"',
        suffix="/model/{model}/invoke",
        model=re.compile(r"/model/([^/]+)/invoke$"),
        streams=False,
    ),
    Route(
        wire="anthropic-bedrock",
        address=re.compile(r"/model/[^/]+/invoke-with-response-stream$"),
        framings=frozenset({"json", "base64", "text"}),
        asks=b'"anthropic_version"',
        suffix="/model/{model}/invoke-with-response-stream",
        model=re.compile(r"/model/([^/]+)/invoke-with-response-stream$"),
        streams=True,
    ),
    # https://ai.google.dev/api/generate-content (read 2026-11-21); without alt=sse a stream is a JSON array
    Route(
        wire="gemini",
        address=re.compile(r":generateContent$"),
        suffix="/models/{model}:generateContent",
        model=re.compile(r"/models/([^/:]+):"),
        streams=False,
    ),
    Route(
        wire="gemini",
        address=re.compile(r":streamGenerateContent$"),
        suffix="/models/{model}:streamGenerateContent",
        model=re.compile(r"/models/([^/:]+):"),
        streams=True,
        array=True,
    ),
    # https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html (read 2026-11-21)
    Route(
        wire="bedrock-converse",
        address=re.compile(r"/model/[^/]+/converse$"),
        suffix="/model/{model}/converse",
        model=re.compile(r"/model/([^/]+)/converse$"),
        streams=False,
    ),
    Route(
        wire="bedrock-converse",
        address=re.compile(r"/model/[^/]+/converse-stream$"),
        framings=frozenset({"json", "base64", "text"}),
        suffix="/model/{model}/converse-stream",
        model=re.compile(r"/model/([^/]+)/converse-stream$"),
        streams=True,
    ),
    # https://docs.cohere.com/reference/chat (read 2026-11-21)
    Route(wire="cohere-chat", address=re.compile(r"/v2/chat$"), suffix="/chat"),
    # https://docs.ollama.com/api/chat (read 2026-11-21)
    Route(
        wire="ollama",
        address=re.compile(r"/api/chat$"),
        framings=frozenset({"json", "ndjson", "text"}),
        suffix="/api/chat",
    ),
    # https://docs.ollama.com/api/generate (read 2026-11-21): served as a chat, never asked
    Route(
        wire="ollama-generate",
        operation="generate",
        address=re.compile(r"/api/generate$"),
        framings=frozenset({"json", "ndjson", "text"}),
    ),
    # Embeddings and reranking; the protocols of several vendors stand at one address, told apart by their host
    Route(wire="voyage", operation="embed", address=re.compile(r"^api\.voyageai\.com/v1/embeddings$"), suffix="/embeddings"),
    Route(
        wire="voyage",
        operation="embed",
        address=re.compile(r"^api\.voyageai\.com/v1/multimodalembeddings$"),
        suffix="/multimodalembeddings",
    ),
    Route(wire="voyage", operation="rerank", address=re.compile(r"^api\.voyageai\.com/v1/rerank$"), suffix="/rerank"),
    Route(wire="jina", operation="embed", address=re.compile(r"^api\.jina\.ai/v1/embeddings$"), suffix="/embeddings"),
    Route(wire="jina", operation="rerank", address=re.compile(r"^api\.jina\.ai/v1/rerank$"), suffix="/rerank"),
    Route(wire="cohere-chat", operation="embed", address=re.compile(r"/v[12]/embed$"), suffix="/embed"),
    Route(wire="cohere-chat", operation="rerank", address=re.compile(r"^api\.cohere\.(ai|com)/v[12]/rerank$"), suffix="/rerank"),
    Route(wire="openai-chat", operation="embed", address=re.compile(r"(?<!/api)/embeddings$"), suffix="/embeddings"),
    Route(wire="openai-chat", operation="rerank", address=re.compile(r"/v1/rerank$"), suffix="/rerank"),
    Route(wire="ollama", operation="embed", address=re.compile(r"/api/embed$"), suffix="/api/embed"),
    Route(wire="ollama", operation="embed", address=re.compile(r"/api/embeddings$"), suffix="/api/embeddings"),
    Route(
        wire="vertex-predict",
        operation="embed",
        address=re.compile(r"/models/[^/]*embedding[^/]*:predict$"),
        suffix="/models/{model}:predict",
        model=re.compile(r"/models/([^/:]+):"),
    ),
    *(
        Route(
            wire="gemini",
            operation="embed",
            address=re.compile(rf":{method}$"),
            suffix=f"/models/{{model}}:{method}",
            model=re.compile(r"/models/([^/:]+):"),
        )
        for method in ("embedContent", "batchEmbedContents")
    ),
    Route(
        wire="bedrock-converse",
        operation="embed",
        address=re.compile(r"/model/[^/]*(amazon\.titan-embed|amazon\.nova-[^/]*embed|cohere\.embed)[^/]*/invoke$"),
        suffix="/model/{model}/invoke",
        model=re.compile(r"/model/([^/]+)/invoke$"),
    ),
    Route(
        wire="bedrock-converse",
        operation="rerank",
        address=re.compile(r"/model/[^/]*rerank[^/]*/invoke$"),
        suffix="/model/{model}/invoke",
        model=re.compile(r"/model/([^/]+)/invoke$"),
    ),
    # https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_Rerank.html (read 2026-11-21)
    Route(wire="bedrock-converse", operation="rerank", address=re.compile(r"^bedrock-[^/]*(/model/[^/]+)?/rerank$")),
    # Lists of models, and single ones; where each is documented, wire/<name>/listing.py says.
    Route(
        wire="anthropic-messages",
        operation="models",
        method="GET",
        address=re.compile(r"^api\.anthropic\.com/v1/models(/[^/]+)?$"),
        suffix="/models",
        model=re.compile(r"/models/([^/]+)$"),
    ),
    Route(
        wire="gemini",
        operation="models",
        method="GET",
        address=re.compile(r"(^generativelanguage\.googleapis\.com/\w+|/publishers/\w+)/models(/[^/:]+)?$"),
        suffix="/models",
        model=re.compile(r"/models/([^/:]+)$"),
    ),
    Route(
        wire="cohere-chat",
        operation="models",
        method="GET",
        address=re.compile(r"^api\.cohere\.(com|ai)/v1/models(/[^/]+)?$"),
        suffix="/models",
        model=re.compile(r"/models/([^/]+)$"),
    ),
    Route(wire="ollama", operation="models", method="GET", address=re.compile(r"/api/tags$"), suffix="/api/tags"),
    Route(wire="ollama", operation="models", method="POST", address=re.compile(r"/api/show$"), suffix="/api/show"),
    Route(
        wire="bedrock-converse",
        operation="models",
        method="GET",
        address=re.compile(r"/foundation-models(/[^/]+)?$"),
        suffix="/foundation-models",
        model=re.compile(r"/foundation-models/([^/]+)$"),
    ),
    Route(
        wire="openai-chat",
        operation="models",
        method="GET",
        address=re.compile(rf"^(?!({_OTHER_LISTS})/).*/models(/[^/]+){{0,2}}$"),
        suffix="/models",
        model=re.compile(r"/models/(.+)$"),
    ),
    # Counts of tokens; likewise, wire/<name>/counting.py
    Route(
        wire="anthropic-messages",
        operation="count",
        address=re.compile(r"/messages/count_tokens$"),
        suffix="/messages/count_tokens",
    ),
    Route(
        wire="openai-responses",
        operation="count",
        address=re.compile(r"/responses/input_tokens$"),
        suffix="/responses/input_tokens",
    ),
    Route(
        wire="gemini",
        operation="count",
        address=re.compile(r":countTokens$"),
        suffix="/models/{model}:countTokens",
        model=re.compile(r"/models/([^/:]+):"),
    ),
    Route(
        wire="bedrock-converse",
        operation="count",
        address=re.compile(r"/model/[^/]+/count-tokens$"),
        suffix="/model/{model}/count-tokens",
        model=re.compile(r"/model/([^/]+)/count-tokens$"),
    ),
    Route(
        wire="cohere-chat",
        operation="count",
        address=re.compile(r"^api\.cohere\.(com|ai)/v1/tokenize$"),
        suffix="/tokenize",
    ),
    # Uploads of whole files; likewise, wire/<name>/files.py
    *(
        Route(
            wire=wire,
            operation="files",
            method="POST",
            address=re.compile(address),
            framings=frozenset({"json"}),
            suffix="/files",
        )
        for wire, address in (
            ("mistral-chat", r"^api\.mistral\.ai/v1/files$"),
            ("anthropic-messages", r"^api\.anthropic\.com/v1/files$"),
            ("gemini", r"^generativelanguage\.googleapis\.com/upload/v\w+/files$"),
            ("openai-chat", r"/v1/files$"),
        )
    ),
)


def route_of(exchange: Exchange, routes: tuple[Route, ...] = ROUTES) -> Route | None:
    """The row that covers ``exchange``, or None: not covered yet."""
    return next((route for route in routes if route.takes(exchange)), None)


def address(exchange: Exchange) -> str:
    """Host and path, without scheme or query."""
    return exchange.request.url.partition("?")[0].partition("://")[2]
