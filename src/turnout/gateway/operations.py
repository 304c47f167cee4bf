"""What each operation of a route does. One row adds one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from msgspec.structs import replace

from turnout.engine.counting import Counting
from turnout.engine.plan import Plan
from turnout.engine.query import Query
from turnout.errors import ModelNotFound
from turnout.gateway.chat import MODELS_HEADER, chat, chosen
from turnout.gateway.exchange import Exchange
from turnout.gateway.settings import Settings
from turnout.gateway.snapshot import Snapshot
from turnout.registry import Operation
from turnout.types import Completion, Receipt

Serve = Callable[[Exchange, bytes, Snapshot, Settings], Awaitable[None]]


async def embed(exchange: Exchange, body: bytes, snapshot: Snapshot, settings: Settings) -> None:
    server = snapshot.wire(exchange.route.wire).embed_server
    assert server is not None
    asked = server.parse(body)
    plan = _plan(exchange, asked.model, snapshot, "embed")
    query = exchange.call = Query(replace(asked, model=exchange.model), plan, settings.translation)
    embeddings = await exchange.awaited(snapshot.client.line(query, plan), query.embed())
    await exchange.answer(server.render(embeddings, asked), embeddings)
    exchange.note("ok", None, embeddings)


async def rerank(exchange: Exchange, body: bytes, snapshot: Snapshot, settings: Settings) -> None:
    server = snapshot.wire(exchange.route.wire).rerank_server
    assert server is not None
    asked = server.parse(body)
    plan = _plan(exchange, asked.model, snapshot, "rerank")
    query = exchange.call = Query(replace(asked, model=exchange.model), plan, settings.translation)
    ranking = await exchange.awaited(snapshot.client.line(query, plan), query.rerank())
    await exchange.answer(server.render(ranking, asked), ranking)
    exchange.note("ok", None, ranking)


async def count(exchange: Exchange, body: bytes, snapshot: Snapshot, settings: Settings) -> None:
    server = snapshot.wire(exchange.route.wire).count_server
    assert server is not None
    asked = server.parse(body)
    plan = _plan(exchange, asked.model, snapshot, "count")
    counting = exchange.call = Counting(replace(asked, model=exchange.model), plan)
    counted = await exchange.awaited(snapshot.client.line(counting, plan), counting.count())
    record = counting.record("ok")
    receipt = Receipt(counted.lines)
    told = Completion(
        id="", model=exchange.model, choices=(), target=record.target, attempts=record.attempts, receipt=receipt
    )  # who counted, and what could not be
    await exchange.answer(server.render(counted), told)
    exchange.note("ok", record, told)


async def models(exchange: Exchange, body: bytes, snapshot: Snapshot, settings: Settings) -> None:
    page = await snapshot.listing.page(snapshot.wire(exchange.route.wire), exchange.scope["query_string"].decode("latin-1"))
    await exchange.answer(page, None)
    exchange.note("ok")


async def model(exchange: Exchange, body: bytes, snapshot: Snapshot, settings: Settings) -> None:
    server = snapshot.wire(exchange.route.wire).models_server
    assert server is not None
    exchange.model = exchange.path_model
    found = (await snapshot.listing.models()).get(exchange.path_model)
    if found is None:
        raise ModelNotFound(
            f"no model {exchange.path_model!r} can be called here; the list of models has those that can",
            status=404,
            code="model_not_found",
            param="model",
        )
    await exchange.answer(server.render_one(found), None)
    exchange.note("ok")


def _plan(exchange: Exchange, said: str, snapshot: Snapshot, operation: Operation) -> Plan:
    named = exchange.header(MODELS_HEADER) or exchange.path_model or said
    return chosen(exchange, named, snapshot, snapshot.wire(exchange.route.wire), operation).plan


OPERATIONS: Mapping[str, Serve] = {
    "chat": chat,
    "embed": embed,
    "rerank": rerank,
    "count": count,
    "models": models,
    "model": model,
}
