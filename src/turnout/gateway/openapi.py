"""The gateway's description of itself, OpenAPI 3.1, made from the table of routes.

https://spec.openapis.org/oas/v3.1.1.html (read 2026-11-21)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from msgspec import json

from turnout.gateway.openapi_bodies import body_of, error_of, stream_of
from turnout.gateway.routes import ROUTES, Route

Fields = dict[str, Any]

_SUMMARIES = {
    "chat": "Answer a conversation",
    "embed": "Make embeddings",
    "rerank": "Order documents by a query",
    "count": "Count a request's tokens",
    "models": "List the models that can be called",
    "model": "Describe one model",
}
_STATUSES = {
    "400": "The request is wrong; the message says where and what to do",
    "401": "The gateway's key is missing or wrong, or the provider refuses ours",
    "404": "No such model can be called here",
    "408": "The body did not arrive in time",
    "413": "The body is larger than the gateway takes",
    "405": "The path takes another method",
    "429": "Too many calls are waiting, or the provider says so; retry-after says how long to wait",
    "502": "The provider failed",
    "503": "The provider is overloaded, or left alone for a while after failing",
    "504": "The provider took too long",
    "default": "What else the protocol has a status for, or the provider says",
}
_HEADERS = {
    "x-request-id": "The call's id: the caller's own, if it sent one of letters, digits, - and _",
    "x-turnout-target": "The provider and model that answered",
    "x-turnout-attempts": "How many HTTP exchanges with providers there were, the one that answered included",
    "x-turnout-cost": "US dollars; absent when no price is known, and from streams, which are not over yet",
    "x-turnout-receipt": "What translation did: 'exact', or a count of what was mapped, approximated and dropped",
}
_REFUSALS = {"retry-after": "Of a refusal that ends by itself: the seconds to wait"}
_ASKING = {
    "x-turnout-model": "What to call instead of the model that the request names: a name, or a list 'a, b'",
    "x-turnout-receipt": "'full': the answer's header of that name holds the whole receipt, as JSON",
    "x-request-id": "An id of your own for the call",
}
_KEYS = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "x-api-key": {"type": "apiKey", "in": "header", "name": "x-api-key"},
    "x-goog-api-key": {"type": "apiKey", "in": "header", "name": "x-goog-api-key"},
}
_LOCKED: list[Fields] = [{}, *({name: []} for name in _KEYS)]  # {}: a gateway without a key wants none


@cache
def document() -> bytes:
    from turnout import __version__

    paths: dict[str, Fields] = dict(_pages())
    for (path, method), routes in _by_path().items():
        paths.setdefault(path, {})[method.lower()] = _operation(routes)
    return json.encode(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Turnout gateway",
                "version": __version__,
                "description": "Any client's protocol in, any provider out. Each path speaks its vendor's protocol.",
            },
            "paths": paths,
            "components": {
                "securitySchemes": _KEYS,
                "schemas": {f"{wire}-error": error_of(wire) for wire in {route.wire: None for route in ROUTES}},
                "headers": {
                    name: {"description": text, "schema": {"type": "string"}} for name, text in (_HEADERS | _REFUSALS).items()
                },
                "parameters": {
                    name: {"name": name, "in": "header", "description": text, "schema": {"type": "string"}}
                    for name, text in _ASKING.items()
                },
            },
        }
    )


def _by_path() -> Mapping[tuple[str, str], list[Route]]:
    """What one path and method may be: first what it is to who sends no header that tells him from others."""
    found: dict[tuple[str, str], list[Route]] = {}
    for route in sorted(ROUTES, key=lambda route: bool(route.header)):
        found.setdefault((route.path, route.method), []).append(route)
    return found


def _operation(routes: Sequence[Route]) -> Fields:
    route, wires = routes[0], [route.wire for route in routes]
    operation: Fields = {
        "operationId": _id(route),
        "summary": f"{_SUMMARIES[route.operation]} ({', '.join(wires)})",
        "tags": wires,
        "security": _LOCKED,
        "parameters": [{"$ref": f"#/components/parameters/{name}"} for name in _ASKING],
        "responses": {"200": _answer(route)} | {status: _error(wires, text) for status, text in _STATUSES.items()},
    }
    for other in routes[1:]:
        text = f"Sent by the clients of {other.wire}, who are answered in that protocol"
        parameter = {"name": other.header.decode(), "in": "header", "description": text, "schema": {"type": "string"}}
        operation["parameters"].append(parameter)
    if "{model}" in route.path:
        operation["parameters"] = [_path_parameter("model", "What the protocol calls a model"), *operation["parameters"]]
    if route.wire == "gemini" and route.streams:
        alt = {"name": "alt", "in": "query", "description": "'sse': events instead of a JSON array", "schema": {"enum": ["sse"]}}
        operation["parameters"].append(alt)
    if route.method == "POST":
        body = {"application/json": {"schema": body_of(route.wire, route.operation)}}
        operation["requestBody"] = {"required": True, "content": body}
    return operation


def _answer(route: Route) -> Fields:
    kinds = ["application/json"]
    if route.operation == "chat" and route.streams is not False:
        kinds.append(stream_of(route.wire))
    if route.streams and route.wire != "gemini":
        del kinds[0]
    return {
        "description": "The answer, as its protocol says it",
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in _HEADERS},
        "content": {
            kind: {"schema": {"type": "object"}} if kind == "application/json" and not route.streams else {} for kind in kinds
        },
    }


def _error(wires: Sequence[str], text: str) -> Fields:
    shapes = [{"$ref": f"#/components/schemas/{wire}-error"} for wire in wires]
    schema = shapes[0] if len(shapes) == 1 else {"anyOf": shapes}
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in ("x-request-id", "retry-after")}
    return {"description": text, "headers": headers, "content": {"application/json": {"schema": schema}}}


def _id(route: Route) -> str:
    words = route.path.replace("{model}", "model")
    return f"{route.method.lower()}_" + "".join(letter if letter.isalnum() else "_" for letter in words).strip("_")


def _path_parameter(name: str, text: str) -> Fields:
    return {"name": name, "in": "path", "required": True, "description": text, "schema": {"type": "string", "minLength": 1}}


def _pages() -> dict[str, Fields]:
    def page(summary: str, kind: str, *, locked: bool = False, **others: str) -> Fields:
        responses = {"200": {"description": summary, "content": {kind: {}}}}
        said = {"application/json": {"schema": {"type": "object"}}}
        responses |= {status.lstrip("_"): {"description": text, "content": said} for status, text in others.items()}
        return {"summary": summary, "tags": ["gateway"], "security": _LOCKED if locked else [], "responses": responses}

    no_key = "The gateway's key is missing or wrong"
    call = page("The record of a call that ended", "application/json", locked=True, _401=no_key, _404="No such call is kept")
    call["parameters"] = [_path_parameter("id", "The x-request-id of the call's answer")]
    return {
        "/": {"get": page("Who is here", "application/json")},
        "/health": {"get": page("Alive", "application/json")},
        "/ready": {"get": page("Whether new work should come here", "application/json", _503="Not while it ends")},
        "/metrics": {"get": page("Counts, for Prometheus", "text/plain", locked=True, _401=no_key)},
        "/openapi.json": {"get": page("This document", "application/json")},
        "/calls/{id}": {"get": call},
    }
