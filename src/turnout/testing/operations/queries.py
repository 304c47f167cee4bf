"""What embeddings and reranking have in common: the checks of one exchange, apart from what its bodies mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import unquote

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from turnout.catalog.schema import Provider
from turnout.errors import ConfigError, Error
from turnout.testing.checks.decodes import _class, _wait
from turnout.testing.checks.requests import departures
from turnout.testing.difference import ABSENT, Difference, as_json, compared, leaves
from turnout.testing.exchange import Exchange
from turnout.testing.neutral import Holdings
from turnout.testing.routes import Route
from turnout.types import Target
from turnout.wire import Wire

# What a neutral type stands for: https://platform.openai.com/docs/api-reference/embeddings/object (read 2026-11-21)
_IMPLIED = frozenset((("object", "list"), ("object", "embedding")))


class Meant(Struct, frozen=True, kw_only=True):
    """What a body says: ``values`` to compare, and the token totals that may be right (empty: not looked at)."""

    values: Any
    input_tokens: frozenset[int | None] = frozenset()


class Reading(Struct, frozen=True, kw_only=True):
    """One operation, read a second time and apart from any wire: recorded bodies, and our values.

    ``unknown`` stands for a request that was not recorded.
    """

    unknown: Any
    asked: Callable[[Mapping[str, Any]], Any]
    request: Callable[[Any], Any]
    said: Callable[[Mapping[str, Any], Mapping[str, str]], Meant]
    answer: Callable[[Any], Meant]


class Query:
    """One exchange, and both sides of the wire under test."""

    def __init__(self, exchange: Exchange, wire: Wire, route: Route, reading: Reading) -> None:
        codec, server = getattr(wire, route.operation), getattr(wire, f"{route.operation}_server")
        if codec is None or server is None:
            raise ConfigError(f"the conformance kit needs both directions of {route.operation} on wire {wire.name!r}")
        self.exchange = exchange
        self.wire = wire
        self.route = route
        self.codec = codec
        self.server = server
        self.reading = reading
        self.target = Target(exchange.provider, "conformance")

    @cached_property
    def asked(self) -> dict[str, Any] | None:
        """The recorded request, None if it was not recorded as a JSON object."""
        body = _json(self.exchange.request.body)
        return body if isinstance(body, dict) else None

    @cached_property
    def body(self) -> Any:
        return _json(self.exchange.response.body)

    @cached_property
    def request(self) -> Any:
        """As the server understands it; the stand-in if it is not known, or not understood, which ``requests`` tells."""
        if self.asked is None:
            return self.reading.unknown
        try:
            return self.server.parse(self.exchange.request.body)
        except Exception:  # noqa: BLE001 - whatever a wire raises is a finding of ``requests``
            return self.reading.unknown

    @cached_property
    def outcome(self) -> Any:
        """An answer, or what the wire raised or returned."""
        response = self.exchange.response
        try:
            if not self.exchange.succeeded:
                return self.codec.decode_error(response, self.target)
            return self.codec.decode(response, self.request, self.target)
        except Exception as error:  # noqa: BLE001 - whatever a wire raises is a finding, not a crash of the kit
            return error

    @property
    def model(self) -> str:
        """The model that the address names, or nothing."""
        found = self.route.model.search(self.exchange.request.url) if self.route.model is not None else None
        return unquote(found[1]) if found else ""

    @property
    def provider(self) -> Provider:
        url = unquote(self.exchange.request.url.partition("?")[0])
        suffix = (self.route.suffix or "/" + url.rpartition("/")[2]).replace("{model}", self.model)
        id = self.exchange.provider
        return Provider(id=id, name=id, wire=self.wire.name, base_url=url.removesuffix(suffix))


def examined(query: Query) -> Iterator[Difference]:
    """What all checks find of one exchange."""
    yield from _guarded("requests", lambda: _requests(query))
    outcome = query.outcome
    if not query.exchange.succeeded:
        yield from _guarded("decodes", lambda: _error(query, outcome))
    elif isinstance(outcome, Exception):
        yield Difference("decodes", "", "an answer", outcome)
    else:
        yield from _guarded("understands", lambda: _understands(query))
        yield from _guarded("complete", lambda: _complete(query))
        yield from _guarded(
            "renders", lambda: compared("renders", query.body, _json(query.server.render(outcome, query.request)))
        )


def _guarded(check: str, run: Callable[[], Iterator[Difference]]) -> Iterator[Difference]:
    try:
        yield from run()
    except Exception as error:  # noqa: BLE001 - whatever a wire raises is a finding, not a crash of the kit
        yield Difference(check, "", "a check that runs to its end", error)


def _requests(query: Query) -> Iterator[Difference]:
    """``encode(parse(body))`` is the body, at the right address, the same bytes every time, with nothing approximated."""
    if query.asked is None:
        return
    parsed = query.server.parse(query.exchange.request.body)
    yield from compared("understands", query.reading.asked(query.asked), query.reading.request(parsed), "request")
    request = parsed if parsed.model else replace(parsed, model=query.model)
    encoded = query.codec.encode(request, query.provider)
    expected = query.asked if "model" in query.asked or query.route.model else {**query.asked, "model": ABSENT}
    yield from compared("requests", expected, _json(encoded.http.body))
    if query.codec.encode(request, query.provider).http != encoded.http:
        yield Difference("requests", "encoded twice", "the same bytes", "other bytes")
    yield from compared("requests", as_json(parsed), as_json(query.server.parse(encoded.http.body)), "parsed again")
    url, recorded = (unquote(address.partition("?")[0]) for address in (encoded.http.url, query.exchange.request.url))
    if query.route.suffix is not None and url != recorded:
        yield Difference("requests", "url", recorded, url)
    yield from departures(encoded.lines)


def _understands(query: Query) -> Iterator[Difference]:
    said = query.reading.said(query.body, query.exchange.response.headers)
    got = query.reading.answer(query.outcome)
    yield from compared("understands", said.values, got.values)
    if said.input_tokens and not said.input_tokens & got.input_tokens:
        yield Difference("usage", "input_tokens", sorted(said.input_tokens, key=str), sorted(got.input_tokens, key=str))


def _complete(query: Query) -> Iterator[Difference]:
    """Every leaf that the provider sent is somewhere in the neutral form."""
    holdings = Holdings([query.outcome])
    for path, leaf in leaves(query.body):
        name = path.rpartition(".")[2]
        implied = (name, leaf) in _IMPLIED if isinstance(leaf, str) else name == "index"
        if not implied and not holdings.holds(leaf):
            yield Difference("complete", path, leaf, ABSENT)


def _error(query: Query, outcome: Any) -> Iterator[Difference]:
    """An error comes out as the error it is, and renders with its own status and body."""
    response = query.exchange.response
    if not isinstance(outcome, Error):
        yield Difference("decodes", "", "an Error", outcome)
        return
    yield from _class(response.status, outcome)
    yield from _wait(response.headers, None, outcome)
    for path, leaf in leaves(query.body):
        if path.rpartition(".")[2] in ("message", "detail") and isinstance(leaf, str) and leaf not in str(outcome):
            yield Difference("decodes", "error.message", leaf, str(outcome))
    if outcome.status != response.status:
        yield Difference("decodes", "error.status", response.status, outcome.status)
    status, body = query.server.render_error(outcome)
    yield from compared("renders", response.status, status, "status")
    yield from compared("renders", query.body, _json(body))


def _json(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        return None
