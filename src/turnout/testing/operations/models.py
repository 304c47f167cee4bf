"""Lists of models, and single ones: decoded with nothing lost, rendered as they came, asked for at the same address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import msgspec

from turnout.catalog.schema import Provider
from turnout.errors import Error
from turnout.testing.difference import Difference, compared, leaves
from turnout.testing.exchange import Exchange
from turnout.testing.neutral import Holdings
from turnout.testing.routes import Route, address
from turnout.types import HttpRequest, ListedModel, ModelPage
from turnout.wire import ModelsCodec, Wire


def differences(exchange: Exchange, wire: Wire, route: Route) -> Iterator[Difference]:
    codec = wire.models
    if codec is None:
        yield Difference("decodes", "", "a list of models", f"the wire {wire.name} has none")
        return
    named = route.model.search(address(exchange)) if route.model is not None else None
    provider = provider_of(exchange, wire, route)
    id = unquote(named[1]) if named is not None else _asked_in(exchange) if route.method == "POST" else None
    yield from _requested(exchange, codec.encode(provider) if id is None else codec.encode_one(provider, id))
    outcome = _outcome(exchange, codec, provider, id)
    if isinstance(outcome, Exception):
        yield from refused(exchange, outcome)
        return
    if not exchange.succeeded:
        yield Difference("decodes", "", "an Error", "an answer")
        return
    body = msgspec.json.decode(exchange.response.body)
    held = Holdings([outcome])
    yield from (Difference("complete", path, leaf, "nowhere") for path, leaf in leaves(body) if not held.holds(leaf))
    if (server := wire.models_server) is not None:
        rendered = server.render(outcome) if isinstance(outcome, ModelPage) else server.render_one(outcome)
        yield from compared("renders", body, msgspec.json.decode(rendered))


def provider_of(exchange: Exchange, wire: Wire, route: Route) -> Provider:
    """A row whose base URL is what stands before the part of the address that the wire adds."""
    suffix = (route.suffix or "").partition("{")[0]
    base = exchange.request.url.partition("?")[0].rpartition(suffix)[0] if suffix else ""
    return Provider(id=exchange.provider, name=exchange.provider, wire=wire.name, base_url=base)


def refused(exchange: Exchange, outcome: Exception) -> Iterator[Difference]:
    """An Error where the provider refused, with its status; nothing else is right, and nowhere else is it."""
    if not isinstance(outcome, Error) or exchange.succeeded:
        yield Difference("decodes", "", "an answer" if exchange.succeeded else "an Error", outcome)
    elif outcome.status != exchange.response.status:
        yield Difference("decodes", "error.status", exchange.response.status, outcome.status)


def _outcome(exchange: Exchange, codec: ModelsCodec, provider: Provider, id: str | None) -> ModelPage | ListedModel | Exception:
    try:
        if not exchange.succeeded:
            return codec.decode_error(exchange.response, provider)
        if id is None:
            return codec.decode(exchange.response, provider)
        return codec.decode_one(exchange.response, provider, id)
    except Exception as error:  # noqa: BLE001 - whatever a wire raises is a finding, not a crash of the kit
        return error


def _requested(exchange: Exchange, request: HttpRequest) -> Iterator[Difference]:
    if request.method != exchange.request.method:
        yield Difference("requests", "method", exchange.request.method, request.method)
    expected, got = (unquote(url.partition("?")[0]) for url in (exchange.request.url, request.url))
    if expected != got:
        yield Difference("requests", "address", expected, got)


def _asked_in(exchange: Exchange) -> str:
    """The model that a body asks for: Ollama's "model", or "name" as older clients write it."""
    body: Any = msgspec.json.decode(exchange.request.body)
    return str(body.get("model") or body.get("name"))
