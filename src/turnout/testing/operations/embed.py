"""Recorded embeddings: what the bodies of all protocols say, read a second time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from turnout.testing.difference import Difference
from turnout.testing.exchange import Exchange
from turnout.testing.operations.queries import Meant, Query, Reading, examined
from turnout.testing.routes import Route
from turnout.types import Content, Embeddings, EmbedRequest, Text
from turnout.wire import Wire

_SIZES = ("dimensions", "output_dimension", "outputDimensionality", "output_dimensionality", "embeddingDimension")


def differences(exchange: Exchange, wire: Wire, route: Route) -> Iterator[Difference]:
    yield from examined(Query(exchange, wire, route, READING))


def _asked(body: Mapping[str, Any]) -> Any:
    """The texts, and how long the vectors shall be."""
    sizes = {value for place in _places(body) for name in _SIZES if type(value := place.get(name)) is int}
    return {"texts": [text for value in _inputs(body) for text in _texts(value)], "dimensions": next(iter(sizes), None)}


def _places(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The objects that hold settings."""
    yield body
    for name in ("parameters", "singleEmbeddingParams", "embedContentConfig"):
        if isinstance(body.get(name), dict):
            yield from _places(body[name])
    for item in body.get("requests") or ():
        yield from _places(item)


def _inputs(body: Mapping[str, Any]) -> Iterator[Any]:
    for name in ("input", "texts", "prompt", "inputText", "content", "requests", "instances", "inputs"):
        if name in body:
            yield from body[name] if isinstance(body[name], list) else [body[name]]
    if "singleEmbeddingParams" in body:
        yield body["singleEmbeddingParams"]["text"]["value"]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value["parts"] if "parts" in value else [value.get("text"), value.get("content")]:
            yield from _texts(part)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _request(request: EmbedRequest) -> Any:
    texts: list[str] = []
    for value in request.input:
        if isinstance(value, Content):
            texts += [part.text for part in value.parts if isinstance(part, Text)]
        elif isinstance(value, str):
            texts.append(value)
    return {"texts": texts, "dimensions": request.dimensions}


def _said(body: Mapping[str, Any], headers: Mapping[str, str]) -> Meant:
    return Meant(values=_vectors(body), input_tokens=_tokens(body, headers))


def _vectors(body: Mapping[str, Any]) -> list[Any]:
    if "data" in body:
        return [item["embedding"] for item in body["data"]]
    if "predictions" in body:
        return [item["embeddings"]["values"] for item in body["predictions"]]
    if "embedding" in body:
        whole = body["embedding"]
        return [whole["values"] if isinstance(whole, dict) else whole]
    items = body["embeddings"]
    if isinstance(items, dict):
        items = next(iter(items.values()))
    return [item.get("values", item.get("embedding")) if isinstance(item, dict) else item for item in items]


def _tokens(body: Mapping[str, Any], headers: Mapping[str, str]) -> frozenset[int | None]:
    usage, meta = body.get("usage") or {}, body.get("meta") or {}
    counts = [
        usage.get("prompt_tokens", usage.get("total_tokens")),
        (meta.get("billed_units") or {}).get("input_tokens"),
        (body.get("usageMetadata") or {}).get("promptTokenCount"),
        body.get("prompt_eval_count"),
        body.get("inputTextTokenCount"),
        int(headers["x-amzn-bedrock-input-token-count"]) if "x-amzn-bedrock-input-token-count" in headers else None,
    ]
    inside = [item["embeddings"].get("statistics", {}).get("token_count") for item in body.get("predictions") or ()]
    counts += [sum(inside)] if inside and None not in inside else []
    return frozenset(count for count in counts if count is not None) or frozenset((None,))


def _answer(embeddings: Embeddings) -> Meant:
    used = embeddings.usage.input_tokens
    if used is None and embeddings.usage.billed is not None:
        used = embeddings.usage.billed.input_tokens
    return Meant(values=[next(iter(item.forms.values())) for item in embeddings.data], input_tokens=frozenset((used,)))


READING = Reading(unknown=EmbedRequest(model="", input=()), asked=_asked, request=_request, said=_said, answer=_answer)
