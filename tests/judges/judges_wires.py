"""The wires under judgement, each with the provider whose SDK judges it; and the recorded traffic they are judged by."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace

from turnout.adapt import prepare
from turnout.catalog.read import Catalog
from turnout.catalog.schema import Model, Provider, Quirks
from turnout.config import Config
from turnout.errors import RequestError
from turnout.registry import WIRES, Registry
from turnout.testing.exchange import exchange_files, read_exchanges
from turnout.testing.routes import route_of
from turnout.types import ChatRequest, HttpRequest, Target
from turnout.wire import Wire

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "open"

# Whose row in the catalog stands for a wire: the vendor that made both the protocol and the SDK.
_VENDORS = {
    "anthropic-bedrock": "amazon-bedrock-invoke",
    "anthropic-messages": "anthropic",
    "anthropic-vertex": "google-vertex-anthropic",
    "bedrock-converse": "amazon-bedrock",
    "cohere-chat": "cohere",
    "gemini": "google",
    "mistral-chat": "mistral",
    "ollama": "ollama",
    "openai-chat": "openai",
    "openai-responses": "openai",
}

# A model of each that is told how much to think, and where that is another one, one that is not.
_MODELS = {
    "anthropic-bedrock": ("eu.anthropic.claude-sonnet-4-5-20250929-v1:0",),
    "anthropic-messages": ("claude-sonnet-4-5",),
    "anthropic-vertex": ("claude-sonnet-4-5@20250929",),
    "bedrock-converse": ("eu.anthropic.claude-sonnet-4-5-20250929-v1:0",),
    "cohere-chat": ("command-a-reasoning-08-2025", "command-a-03-2025"),
    "gemini": ("gemini-2.5-flash",),
    "mistral-chat": ("mistral-medium-latest",),
    "ollama": ("qwen3",),
    "openai-chat": ("gpt-5.1", "gpt-4.1"),
    "openai-responses": ("gpt-5.1", "gpt-4.1"),
}

JUDGED = tuple(sorted(_VENDORS.keys() & WIRES.keys()))
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of recorded traffic is not at ../shared/corpus/open")


_CATALOG = Catalog()
_REGISTRY = Registry(environ={}, config=Config(), catalog=_CATALOG)


def wire(name: str) -> Wire:
    return _REGISTRY.wires.get(name)


# Those that a caller may speak to us.
SERVED = tuple(name for name in JUDGED if wire(name).server is not None)


def family(name: str) -> str:
    """The protocol that the wire is a dialect of, or is."""
    return wire(name).dialect_of or name


@cache
def target(name: str, model: str) -> tuple[Provider, Model | None]:
    """The vendor as the catalog has it, with what it is known to refuse for ``model``."""
    row = _CATALOG.provider(_VENDORS[name])
    assert row is not None
    at = Target(row.id, model)
    return _CATALOG.narrow(row if row.wire == name else replace(row, wire=name, quirks=Quirks()), _REGISTRY.model(at), at)


def model_for(request: ChatRequest, name: str) -> str:
    return _MODELS[name][0 if request.reasoning is not None else -1]


def sent(request: ChatRequest, name: str, *, stream: bool) -> HttpRequest:
    """``request`` as the engine sends it to the model that it names. Raises Unsupported or RequestError for what cannot be sent."""  # noqa: E501
    codec = wire(name).chat
    assert codec is not None
    provider, model = target(name, request.model)
    return codec.encode(prepare(request, wire(name), provider, model).request, provider, stream=stream).http


class Conversation(Struct, frozen=True):
    """A request that some wire's server understood. ``said``: its body."""

    wire: str
    said: bytes
    request: ChatRequest
    stream: bool


@cache
def conversations() -> tuple[Conversation, ...]:
    """Every different request of the recorded traffic that was answered."""
    found: dict[tuple[str, bytes], Conversation] = {}
    for exchange in recorded():
        route = route_of(exchange)
        if route is None or route.operation != "chat" or route.wire not in JUDGED or not exchange.request.body:
            continue
        server = wire(route.wire).server
        assert server is not None
        key = (route.wire, exchange.request.body)
        if key not in found:
            said = exchange.request.body
            try:
                request, stream = server.parse(said)
            except RequestError:
                continue  # no conversation: an embedding asked for at a chat's address, say
            found[key] = Conversation(route.wire, said, request, stream if route.streams is None else route.streams)
    return tuple(found.values())


def recorded() -> Iterator[Any]:
    for path in exchange_files(CORPUS):
        for exchange in read_exchanges(path):
            if "recorded" in exchange.tags and exchange.succeeded:
                yield exchange
