"""Counts of tokens: the request understood and written again as it was, the answer decoded and rendered as it came."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote

import msgspec
from msgspec.structs import replace

from turnout.errors import Error
from turnout.testing.difference import Difference, compared, leaves
from turnout.testing.exchange import Exchange
from turnout.testing.neutral import Holdings
from turnout.testing.operations.models import provider_of, refused
from turnout.testing.routes import Route, address
from turnout.types import Target, TokenCount
from turnout.wire import CountCodec, Wire


def differences(exchange: Exchange, wire: Wire, route: Route) -> Iterator[Difference]:
    codec = wire.count
    if codec is None:
        yield Difference("decodes", "", "a count", f"the wire {wire.name} has none")
        return
    yield from _requested(exchange, wire, codec, route)
    outcome = _outcome(exchange, codec)
    if isinstance(outcome, Exception):
        yield from refused(exchange, outcome)
        return
    body = msgspec.json.decode(exchange.response.body)
    held = Holdings([outcome])
    yield from (Difference("complete", path, leaf, "nowhere") for path, leaf in leaves(body) if not held.holds(leaf))
    if wire.count_server is not None:
        yield from compared("renders", body, msgspec.json.decode(wire.count_server.render(outcome)))


def _outcome(exchange: Exchange, codec: CountCodec) -> TokenCount | Exception:
    target = Target(exchange.provider, "conformance")
    try:
        if not exchange.succeeded:
            return codec.decode_error(exchange.response, target)
        return codec.decode(exchange.response, target)
    except Exception as error:  # noqa: BLE001 - whatever a wire raises is a finding, not a crash of the kit
        return error


def _requested(exchange: Exchange, wire: Wire, codec: CountCodec, route: Route) -> Iterator[Difference]:
    """Parsed and encoded again, the request is the same. Not judged without a server: nothing then reads requests."""
    if wire.count_server is None or not exchange.request.body:
        return
    try:
        request = wire.count_server.parse(exchange.request.body)
        named = route.model.search(address(exchange)) if route.model is not None else None
        request = replace(request, model=unquote(named[1])) if named is not None else request
        encoded = codec.encode(request, provider_of(exchange, wire, route))
    except Error as error:
        yield Difference("requests", "", "a request that is understood", error)
        return
    expected, got = (unquote(url.partition("?")[0]) for url in (exchange.request.url, encoded.http.url))
    if expected != got:
        yield Difference("requests", "address", expected, got)
    yield from compared("requests", msgspec.json.decode(exchange.request.body), msgspec.json.decode(encoded.http.body))
