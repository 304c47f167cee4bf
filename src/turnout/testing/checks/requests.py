"""Does a request survive being understood from a caller and said to a provider in the same wire?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import msgspec
from msgspec.structs import replace

from turnout.catalog.schema import Provider
from turnout.testing.checks.subject import Subject
from turnout.testing.checks.understands import understood
from turnout.testing.difference import ABSENT, Difference, as_json, compared
from turnout.types import ChatRequest, ReceiptLine

CHECK = "requests"


def requests(subject: Subject) -> Iterator[Difference]:
    """``encode(parse(body))`` is the body, at the right address, the same bytes every time, with nothing approximated."""
    body = _body(subject)
    if body is None:
        return
    parsed = False
    try:
        request, stream = subject.server.parse(msgspec.json.encode(body))
        parsed = True
        yield from _round_trip(subject, body, request, stream)
    except Exception as error:  # noqa: BLE001 - whatever a wire raises is a finding, not a crash of the kit
        refused = ", of a request that got 400, 422 or 500" if subject.exchange.response.status in (400, 422, 500) else ""
        yield Difference(CHECK, f"{'encode' if parsed else 'parse'}{refused}", "a request", error)


def _round_trip(subject: Subject, body: dict[str, Any], request: ChatRequest, stream: bool) -> Iterator[Difference]:
    asked = subject.reference.streams if body.get("stream") is None else bool(body["stream"])
    if stream is not asked:
        yield Difference(CHECK, "stream, as parsed", asked, stream)
    yield from understood(subject, body, request)
    parsed = request
    if subject.route is not None and subject.route.streams is not None:
        stream = subject.route.streams
    if not request.model:
        request = replace(request, model=_model(subject))
    provider = _provider(subject)
    encoded = subject.codec.encode(request, provider, stream=stream)
    yield from compared(CHECK, body, msgspec.json.decode(encoded.http.body))
    if subject.codec.encode(request, provider, stream=stream).http != encoded.http:
        yield Difference(CHECK, "encoded twice", "the same bytes", "other bytes")
    again, _ = subject.server.parse(encoded.http.body)
    yield from compared(CHECK, as_json(parsed), as_json(again), "parsed again")
    recorded = subject.exchange.request
    if encoded.http.method != recorded.method:
        yield Difference(CHECK, "method", recorded.method, encoded.http.method)
    # a colon in a model's name may be written as it is or as %3A: the same address (RFC 3986 section 2.2)
    url, recorded_url = (unquote(address.partition("?")[0]) for address in (encoded.http.url, recorded.url))
    if subject.route is not None and subject.route.suffix is not None and url != recorded_url:
        yield Difference(CHECK, "url", recorded_url, url)
    yield from departures(encoded.lines)


def departures(lines: tuple[ReceiptLine, ...]) -> Iterator[Difference]:
    """Within one wire nothing is dropped and nothing approximated."""
    for line in lines:
        if line.fate in ("dropped", "approximated"):
            yield Difference("receipt", line.field, "exact", str(line))


def receipts(subject: Subject) -> Iterator[Difference]:
    completion = subject.completion
    if completion is not None and completion.receipt is not None:
        yield from departures(completion.receipt.lines)


def _body(subject: Subject) -> dict[str, Any] | None:
    """The recorded body, with the model that some hosts of a wire name in the address; None if no JSON object was recorded."""
    try:
        body = msgspec.json.decode(subject.exchange.request.body)
    except msgspec.DecodeError:
        return None
    if not isinstance(body, dict):
        return None
    route = subject.route
    if route is not None and route.model is not None and "{model}" not in (route.suffix or "") and "model" not in body:
        return {**body, "model": _model(subject) or ABSENT}
    return body


def _model(subject: Subject) -> str:
    """The model that the address names, or nothing."""
    pattern = subject.route.model if subject.route is not None else None
    found = pattern.search(subject.exchange.request.url) if pattern is not None else None
    return unquote(found[1]) if found else ""


def _provider(subject: Subject) -> Provider:
    url = unquote(subject.exchange.request.url.partition("?")[0])
    suffix = (subject.route.suffix if subject.route else None) or "/" + url.rpartition("/")[2]
    suffix = suffix.replace("{model}", _model(subject))
    return Provider(
        id=subject.exchange.provider, name=subject.exchange.provider, wire=subject.wire.name, base_url=url.removesuffix(suffix)
    )
