"""Recorded rerankings: what the bodies of all protocols say, read a second time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from turnout.testing.difference import Difference
from turnout.testing.exchange import Exchange
from turnout.testing.operations.queries import Meant, Query, Reading, examined
from turnout.testing.routes import Route
from turnout.types import Ranking, RerankRequest
from turnout.wire import Wire


def differences(exchange: Exchange, wire: Wire, route: Route) -> Iterator[Difference]:
    yield from examined(Query(exchange, wire, route, READING))


def _asked(body: Mapping[str, Any]) -> Any:
    return [body["query"], body["documents"], body.get("top_n", body.get("top_k"))]


def _request(request: RerankRequest) -> Any:
    return [request.query, list(request.documents), request.top_n]


def _said(body: Mapping[str, Any], headers: Mapping[str, str]) -> Meant:
    results = body["results"] if "results" in body else body["data"]
    values = [[item["index"], item.get("relevance_score", item.get("relevanceScore"))] for item in results]
    usage = body.get("usage") or {}
    used = usage.get("prompt_tokens", usage.get("total_tokens"))
    units = ((body.get("meta") or {}).get("billed_units") or {}).get("search_units")
    return Meant(values=[values, units], input_tokens=frozenset((used,)))


def _answer(ranking: Ranking) -> Meant:
    values = [[item.index, item.relevance_score] for item in ranking.results]
    return Meant(values=[values, ranking.search_units], input_tokens=frozenset((ranking.usage.input_tokens,)))


READING = Reading(
    unknown=RerankRequest(model="", query="", documents=()), asked=_asked, request=_request, said=_said, answer=_answer
)
