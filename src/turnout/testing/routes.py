"""Which wire speaks a recorded exchange, told from its address. Covering one more protocol is one more row."""

from __future__ import annotations

import re

from msgspec import Struct

from turnout.testing.exchange import Exchange, Framing


class Route(Struct, frozen=True, kw_only=True):
    """``address`` is searched in host and path; ``asks`` in the request body, where one address serves several protocols.

    ``suffix`` is what the wire adds to a base URL, with {model} where it puts the model; None where a host has a scheme of its
    own. ``model`` finds the model in the address, for hosts that name it there and not in the body. ``streams``: the address
    and not the body says whether the answer is streamed, and so. ``array``: a stream whose body is recorded as JSON is an
    array of its events.
    """

    wire: str
    address: re.Pattern[str]
    framings: frozenset[Framing] = frozenset({"json", "sse", "text"})
    asks: bytes = b""
    suffix: str | None = None
    model: re.Pattern[str] | None = None
    streams: bool | None = None
    array: bool = False

    def takes(self, exchange: Exchange) -> bool:
        return (
            exchange.framing in self.framings
            and self.address.search(address(exchange)) is not None
            and self.asks in exchange.request.body
        )


ROUTES = (
    Route(wire="openai-chat", address=re.compile(r"/chat/completions$"), suffix="/chat/completions"),
    Route(wire="openai-chat", address=re.compile(r"^api\.writer\.com/v1/chat$")),
    Route(wire="openai-responses", address=re.compile(r"/responses$"), suffix="/responses"),
    Route(wire="anthropic-messages", address=re.compile(r"^(?!.*/threads/).*/messages$"), suffix="/messages"),
    # https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude/use-claude (read 2026-11-21)
    Route(
        wire="anthropic-messages",
        address=re.compile(r"/publishers/anthropic/models/[^/]+:(streamRawPredict|rawPredict)$"),
        model=re.compile(r"/models/([^/:]+):"),
    ),
    # https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html (read 2026-11-21)
    Route(
        wire="anthropic-messages",
        address=re.compile(r"/model/[^/]+/invoke$"),
        asks=b'"anthropic_version"',
        model=re.compile(r"/model/([^/]+)/invoke$"),
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
)


def route_of(exchange: Exchange, routes: tuple[Route, ...] = ROUTES) -> Route | None:
    """The row that covers ``exchange``, or None: not covered yet."""
    return next((route for route in routes if route.takes(exchange)), None)


def address(exchange: Exchange) -> str:
    """Host and path, without scheme or query."""
    return exchange.request.url.partition("?")[0].partition("://")[2]
