"""The wires under judgement, each with the provider whose SDK judges it; and the recorded traffic they are judged by."""

from __future__ import annotations

import json
import os
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
from turnout.testing.checks.subject import Subject, subjects
from turnout.testing.exchange import exchange_files, read_exchanges
from turnout.testing.routes import route_of
from turnout.types import ChatRequest, Completion, HttpRequest, Target
from turnout.wire import Wire

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "open"
ALL = os.environ.get("TURNOUT_JUDGES") == "all"  # every recorded answer, not only those that show something new

# Whose row in the catalog stands for a wire: the vendor that made both the protocol and the SDK.
_VENDORS = {
    "anthropic-messages": "anthropic",
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
    "anthropic-messages": ("claude-sonnet-4-5",),
    "bedrock-converse": ("eu.anthropic.claude-sonnet-4-5-20250929-v1:0",),
    "cohere-chat": ("command-a-reasoning-08-2025", "command-a-03-2025"),
    "gemini": ("gemini-2.5-flash",),
    "mistral-chat": ("mistral-medium-latest",),
    "ollama": ("qwen3",),
    "openai-chat": ("gpt-5.1", "gpt-4.1"),
    "openai-responses": ("gpt-5.1", "gpt-4.1"),
}

JUDGED = tuple(sorted(_VENDORS.keys() & WIRES.keys()))
SERVED = tuple(name for name in JUDGED if name != "mistral-chat")  # those that a caller may speak to us
needs_corpus = pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of recorded traffic is not at ../shared/corpus/open")


_CATALOG = Catalog()
_REGISTRY = Registry(environ={}, config=Config(), catalog=_CATALOG)


def wire(name: str) -> Wire:
    return _REGISTRY.wires.get(name)


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
    for exchange in _recorded():
        route = route_of(exchange)
        if route is None or route.wire not in SERVED or not exchange.request.body:
            continue
        server = wire(route.wire).server
        assert server is not None
        key = (route.wire, exchange.request.body)
        if key not in found:
            said = _with_model(exchange.request.body)
            try:
                request, stream = server.parse(said)
            except RequestError:
                continue  # no conversation: an embedding asked for at a chat's address, say
            found[key] = Conversation(route.wire, said, request, stream if route.streams is None else route.streams)
    return tuple(found.values())


def _with_model(body: bytes) -> bytes:
    """Hosts that name the model in the address: the vendor's own API names it in the body, where its SDK looks for it."""
    if b'"anthropic_version"' not in body:
        return body
    return json.dumps(
        {"model": "m"} | {name: said for name, said in json.loads(body).items() if name != "anthropic_version"}
    ).encode()


class Answer(Struct, frozen=True):
    """An answer as its wire decoded it. ``said``: the vendor's own bytes."""

    wire: str
    mode: str
    said: bytes
    subject: Subject
    completion: Completion
    id: str


@cache
def answers() -> tuple[Answer, ...]:
    """Every different answer of the recorded traffic that came whole; unless ALL, only those that show something new."""
    seen: set[tuple[str, bytes]] = set()
    shown: set[tuple[str, str, str]] = set()
    found: list[Answer] = []
    for exchange in _recorded():
        route = route_of(exchange)
        if route is None or route.wire not in SERVED or (route.wire, exchange.response.body) in seen:
            continue
        seen.add((route.wire, exchange.response.body))
        for subject in subjects(exchange, wire(route.wire), None, route):
            if subject.broken or not isinstance(subject.outcome, Completion):
                continue
            mode = "stream" if subject.streamed else "whole"
            features = {(route.wire, mode, feature) for feature in _features(subject.answer)}
            if ALL or not features <= shown:
                shown |= features
                found.append(Answer(route.wire, mode, _as_sdks_ask(subject), subject, subject.outcome, exchange.id))
    return tuple(found)


def _as_sdks_ask(subject: Subject) -> bytes:
    """The vendor's bytes; a stream in the framing that its SDK asks for, where a vendor has two."""
    if subject.framing == "array" and subject.streamed:
        return b"".join(b"data: " + json.dumps(frame.value).encode() + b"\n\n" for frame in subject.frames)
    return subject.exchange.response.body


def _recorded() -> Iterator[Any]:
    for path in exchange_files(CORPUS):
        for exchange in read_exchanges(path):
            if "recorded" in exchange.tags and exchange.succeeded:
                yield exchange


_WORDS = ("type", "role", "finish_reason", "stop_reason", "stopReason", "finishReason", "status", "done_reason")


def _features(value: Any, path: str = "") -> Iterator[str]:
    """The members that an answer has, by path, and the words it uses to say of what kind they are."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield f"{path}.{name}"
            if name in _WORDS and isinstance(member, str):
                yield f"{path}.{name}={member}"
            if name not in ("input", "args", "arguments", "json"):  # what a model wrote for a tool is no part of the protocol
                yield from _features(member, f"{path}.{name}")
    elif isinstance(value, list):
        for item in value:
            yield from _features(item, f"{path}[]")
