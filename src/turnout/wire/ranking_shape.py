"""Reranking in the shape that Cohere gave it and others took over, both directions, with the words that differ as data.

https://docs.cohere.com/reference/rerank (read 2026-11-21)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from turnout.catalog.schema import Provider
from turnout.errors import RequestError, ServerFault
from turnout.receipt import approximated, dropped, mapped
from turnout.types import Origin, Ranked, RankedDocument, Ranking, ReceiptLine, RerankRequest, Target, Usage
from turnout.wire.input_usage import read_usage
from turnout.wire.json_body import count, merge_extra, take, take_model, with_quirks


class RerankDialect(Struct, frozen=True, kw_only=True):
    """What a protocol of this shape calls its fields; "" where it has none.

    ``objects``: documents may be objects. ``returns``: it can give documents back, and does so unasked if
    ``returns_unasked``; as an object with ``text`` if ``document_object``. ``list_object``: answers say ``object: list``;
    ``says_model``: they name the model.
    """

    wire: str
    top_n: str = "top_n"
    max_tokens_per_doc: str = ""
    truncate: str = ""
    objects: bool = False
    returns: bool = True
    returns_unasked: bool = False
    document_object: bool = True
    results: str = "results"
    list_object: bool = False
    says_model: bool = True
    usage: str = "usage"
    read_usage: Callable[[dict[str, Any], str], Usage] = read_usage


# -- requests --------------------------------------------------------------------------------------


def read_request(raw: dict[str, Any], dialect: RerankDialect) -> RerankRequest:
    """Raises RequestError that says what is wrong where."""
    fields = dict(raw)
    model = take_model(fields)
    query = fields.pop("query", None)
    if not isinstance(query, (str, dict)):
        raise RequestError("query: expected a text", param="query")
    documents = fields.pop("documents", None)
    if not isinstance(documents, list) or not all(isinstance(document, (str, dict)) for document in documents):
        raise RequestError("documents: expected a list of texts or objects", param="documents")
    return RerankRequest(
        model=model,
        query=query,
        documents=tuple(documents),
        top_n=take(fields, dialect.top_n, int),
        return_documents=take(fields, "return_documents", bool),
        max_tokens_per_doc=take(fields, dialect.max_tokens_per_doc, int) if dialect.max_tokens_per_doc else None,
        truncate=take(fields, dialect.truncate, bool) if dialect.truncate else None,
        extra=fields or None,
        origin=Origin(dialect.wire),
    )


def write_request(request: RerankRequest, provider: Provider, dialect: RerankDialect, lines: list[ReceiptLine]) -> dict[str, Any]:
    """The body. Each field that could not go exactly gets a line in ``lines``."""
    own = _is_own(request.origin, dialect)
    body: dict[str, Any] = {"model": request.model} if request.model else {}
    body["query"] = request.query if own or dialect.objects else _text(request.query, "query", lines)
    body["documents"] = [
        document if own or dialect.objects else _text(document, f"documents[{at}]", lines)
        for at, document in enumerate(request.documents)
    ]
    if request.top_n is not None:
        body[dialect.top_n] = request.top_n
    if request.return_documents is not None:
        if own or dialect.returns:
            body["return_documents"] = request.return_documents
        elif request.return_documents:
            why = f"{dialect.wire} gives only their places; the documents are added from the request"
            lines.append(mapped("request", "return_documents", why))
    for ours, theirs in (("max_tokens_per_doc", dialect.max_tokens_per_doc), ("truncate", dialect.truncate)):
        value = getattr(request, ours)
        if value is not None and theirs:
            body[theirs] = value
        elif value is not None:
            lines.append(dropped("request", ours, f"{dialect.wire} has no field that says where documents are cut"))
    merge_extra(body, request.extra, request.origin, dialect.wire, lines)
    return with_quirks(body, provider, lines)


def _text(document: RankedDocument, path: str, lines: list[ReceiptLine]) -> str:
    """A document of several fields as JSON, which is what a model that reads texts makes the most of."""
    if isinstance(document, str):
        return document
    if len(document) == 1 and isinstance(document.get("text"), str):
        lines.append(mapped("request", path, "an object of one text is said as that text"))
        return str(document["text"])
    lines.append(approximated("request", path, "an object is said as its JSON: documents are texts here"))
    try:
        return msgspec.json.encode(document).decode()
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise RequestError(f"{path} cannot be written as JSON: {error}", param="documents") from error


# -- answers ---------------------------------------------------------------------------------------


def read_answer(
    raw: dict[str, Any], request: RerankRequest, target: Target, dialect: RerankDialect, headers: dict[str, str] | None
) -> Ranking:
    """Raises ServerFault when there are no results to read."""
    fields, spelled = dict(raw), dict[str, str]()
    name = dialect.results if dialect.results in fields else "results"
    items = fields.pop(name, None)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise ServerFault(f"{target}: the answer has no list of results in {dialect.results}", body=raw, target=target)
    if name != dialect.results:
        spelled["results"] = name
    if dialect.list_object:
        if fields.get("object") == "list":
            del fields["object"]
        elif "object" not in fields:
            spelled["object"] = "absent"
    score = "relevanceScore" if any("relevanceScore" in item for item in items) else "relevance_score"  # Bedrock's Rerank API
    if score != "relevance_score":
        spelled["relevance_score"] = score
    for known in ("id", "model"):
        if known in fields:
            spelled[known] = "present"
    fills = request.return_documents is True and not _is_own(request.origin, dialect)
    results = tuple(_read_result(item, at, request, target, score, fills) for at, item in enumerate(items))
    usage = fields.pop(dialect.usage) if isinstance(fields.get(dialect.usage), dict) else None
    return Ranking(
        results=results,
        model=take(fields, "model", str) or "",
        id=take(fields, "id", str) or "",
        usage=dialect.read_usage(usage, dialect.wire) if usage is not None else Usage(),
        search_units=_search_units(usage),
        extra=fields or None,
        origin=Origin(dialect.wire, target.provider),
        spelled=spelled or None,
        headers=headers,
    )


def _read_result(raw: dict[str, Any], at: int, request: RerankRequest, target: Target, score: str, fills: bool) -> Ranked:
    fields = dict(raw)
    index, relevance = take(fields, "index", int), take(fields, score, (int, float))
    if index is None or relevance is None:
        raise ServerFault(f"{target}: results[{at}] lacks an index or a score", body=raw, target=target)
    document = fields.pop("document") if isinstance(fields.get("document"), (str, dict)) else None
    if document is None and fills and 0 <= index < len(request.documents):
        document = request.documents[index]
    return Ranked(index=index, relevance_score=relevance, document=document, extra=fields or None)


def _search_units(usage: dict[str, Any] | None) -> float | None:
    """Beside the tokens (OpenRouter), or among what Cohere bills."""
    for counts in (usage, usage.get("billed_units") if usage is not None else None):
        if (units := count(counts, "search_units")) is not None:
            return units
    return None


def write_answer(
    ranking: Ranking, request: RerankRequest, dialect: RerankDialect, usage: dict[str, Any] | None
) -> dict[str, Any]:
    """The answer for a caller of this protocol, whoever gave it; ``usage`` as this protocol says it."""
    own = _is_own(ranking.origin, dialect)
    spelled = (ranking.spelled or {}) if own else {}
    body: dict[str, Any] = {"object": "list"} if dialect.list_object and spelled.get("object") != "absent" else {}
    if spelled.get("id") == "present" or (not own and ranking.id):
        body["id"] = ranking.id
    if spelled.get("model") == "present" or (dialect.says_model and not own):
        body["model"] = ranking.model or request.model
    wanted = request.return_documents if request.return_documents is not None else dialect.returns_unasked
    body[spelled.get("results", dialect.results)] = [
        _write_result(item, request, dialect, spelled.get("relevance_score", "relevance_score"), own, bool(wanted))
        for item in ranking.results
    ]
    if usage is not None:
        body[dialect.usage] = usage
    return body | (ranking.extra or {}) if own else body


def _write_result(
    item: Ranked, request: RerankRequest, dialect: RerankDialect, score: str, own: bool, wanted: bool
) -> dict[str, Any]:
    written: dict[str, Any] = {"index": item.index, score: item.relevance_score}
    document = item.document
    if own:
        return (written if document is None else written | {"document": document}) | (item.extra or {})
    if not wanted:
        return written
    if document is None and 0 <= item.index < len(request.documents):
        document = request.documents[item.index]
    if document is None:
        return written
    if dialect.document_object and isinstance(document, str):
        document = {"text": document}
    elif not dialect.document_object:
        document = _text(document, "document", [])
    return written | {"document": document}


def _is_own(origin: Origin | None, dialect: RerankDialect) -> bool:
    return origin is not None and origin.returns_to(dialect.wire)
