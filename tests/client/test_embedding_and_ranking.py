"""``embed`` and ``rerank`` through both clients: what is sent, what comes back, what it cost, and what is refused before."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from typing import Any

import pytest

from turnout.client.aio import AsyncClient
from turnout.client.sync import Client
from turnout.engine.plan import Retry
from turnout.errors import AuthenticationFailed, ConfigError, Overloaded, RequestError, ServerFault, Unsupported
from turnout.records import CallRecord
from turnout.registry import Registry
from turnout.testing.transport import Script
from turnout.types import Embeddings, HttpResponse, Ranking

KEYS = {
    "OPENAI_API_KEY": "sk-real-looking-1234",
    "COHERE_API_KEY": "co-real-looking-1234",
    "VOYAGE_API_KEY": "pa-real-looking-1234",
    "JINA_API_KEY": "jina-real-looking-1234",
    "GEMINI_API_KEY": "AIza-real-looking-1234",
    "ANTHROPIC_API_KEY": "sk-ant-real-looking-1234",
    "OPENAI_BASE_URL": "",
}
AT_ONCE = Retry(backoff=0.0)
DOCUMENTS = ("Oslo lies on a fjord", "Paris lies on the Seine", "Rome lies on the Tiber")


def answer(body: Any, status: int = 200, **headers: str) -> HttpResponse:
    return HttpResponse(status=status, headers=headers, body=json.dumps(body).encode())


def vectors(*numbers: float, tokens: int = 5) -> HttpResponse:
    """As OpenAI says them: for each number a vector of it and 0."""
    data = [{"object": "embedding", "index": at, "embedding": [number, 0.0]} for at, number in enumerate(numbers)]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return answer({"object": "list", "data": data, "model": "text-embedding-3-small", "usage": usage})


def ask(kind: str, operation: str, script: Script, *arguments: Any, sinks: Any = (), **options: Any) -> Any:
    """``operation`` of the client of that kind."""
    registry = Registry(environ=KEYS)
    if kind == "sync":
        with Client(registry, script, retry=AT_ONCE, sinks=sinks) as client:
            return getattr(client, operation)(*arguments, **options)

    async def run() -> Any:
        async with AsyncClient(registry, script.asynchronous, retry=AT_ONCE, sinks=sinks) as client:
            return await getattr(client, operation)(*arguments, **options)

    return asyncio.run(run())


both = pytest.mark.parametrize("kind", ["sync", "async"])


@both
def test_texts_become_vectors_in_their_order_with_usage_cost_and_a_record(kind: str) -> None:
    records: list[CallRecord] = []
    script = Script(vectors(0.5, 0.25, tokens=8))

    found: Embeddings = ask(
        kind, "embed", script, ["one", "two"], model="openai/text-embedding-3-small", dimensions=2, sinks=[records.append]
    )

    (sent,) = script.sent
    assert (sent.method, sent.url) == ("POST", "https://api.openai.com/v1/embeddings")
    assert sent.headers["authorization"] == f"Bearer {KEYS['OPENAI_API_KEY']}"
    assert json.loads(sent.body) == {"model": "text-embedding-3-small", "input": ["one", "two"], "dimensions": 2}
    assert [list(vector) for vector in found.vectors] == [[0.5, 0.0], [0.25, 0.0]]
    assert found.usage.input_tokens == 8
    assert found.cost is not None
    assert found.cost.total == Decimal("8") * Decimal("0.02") / 1_000_000
    (record,) = records
    assert (record.outcome, str(record.target), record.usage) == ("ok", "openai/text-embedding-3-small", found.usage)


@both
def test_more_inputs_than_a_provider_takes_at_once_go_in_several_exchanges_and_come_back_as_one(kind: str) -> None:
    def of_gemini(count: int, first: int) -> HttpResponse:
        return answer({"embeddings": [{"values": [float(first + at)]} for at in range(count)]})

    script = Script(of_gemini(100, 0), of_gemini(50, 100))

    found = ask(kind, "embed", script, [f"text {number}" for number in range(150)], model="google/gemini-embedding-001")

    assert [len(json.loads(sent.body)["requests"]) for sent in script.sent] == [100, 50]
    assert [list(vector) for vector in found.vectors] == [[float(number)] for number in range(150)]
    assert len(found.attempts) == 2


@both
def test_one_text_is_one_input(kind: str) -> None:
    script = Script(vectors(1.0))
    assert len(ask(kind, "embed", script, "one", model="openai/text-embedding-3-small").vectors) == 1
    assert json.loads(script.sent[0].body)["input"] in ("one", ["one"])


@both
@pytest.mark.parametrize(
    ("model", "url", "said"),
    [
        (
            "cohere/rerank-v3.5",
            "https://api.cohere.com/v2/rerank",
            {"id": "1", "results": [{"index": 2, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.1}]},
        ),
        (
            "voyage/rerank-2.5",
            "https://api.voyageai.com/v1/rerank",
            {"object": "list", "data": [{"index": 2, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.1}]},
        ),
        (
            "jina/jina-reranker-v2-base-multilingual",
            "https://api.jina.ai/v1/rerank",
            {"model": "m", "results": [{"index": 2, "relevance_score": 0.9}, {"index": 0, "relevance_score": 0.1}]},
        ),
    ],
)
def test_documents_come_back_by_relevance_whoever_ranks_them(kind: str, model: str, url: str, said: Any) -> None:
    script = Script(answer(said))

    found: Ranking = ask(kind, "rerank", script, "What lies on the Tiber?", DOCUMENTS, model=model, top_n=2)

    (sent,) = script.sent
    assert sent.url == url
    body = json.loads(sent.body)
    assert body["query"] == "What lies on the Tiber?"
    assert body["documents"] == list(DOCUMENTS)
    assert [(result.index, result.relevance_score) for result in found.results] == [(2, 0.9), (0, 0.1)]


@both
def test_what_fails_is_tried_again_within_one_budget(kind: str) -> None:
    busy = answer({"error": {"message": "busy", "type": "overloaded"}}, 503)
    script = Script(busy, vectors(1.0))
    found = ask(kind, "embed", script, "one", model="openai/text-embedding-3-small")
    assert [attempt.error for attempt in found.attempts] == ["Overloaded", None]
    assert len(found.attempts) == 2

    always = Script(*[busy] * 3)
    with pytest.raises(Overloaded):
        ask(kind, "embed", always, "one", model="openai/text-embedding-3-small")
    assert always.finished


@both
def test_a_refused_key_is_an_error_that_says_so_and_shows_none(kind: str) -> None:
    refused = answer({"error": {"message": "Incorrect API key provided", "code": "invalid_api_key"}}, 401)
    with pytest.raises(AuthenticationFailed) as raised:
        ask(kind, "embed", Script(refused), "one", model="openai/text-embedding-3-small")
    assert KEYS["OPENAI_API_KEY"] not in str(raised.value)


@both
def test_an_answer_without_a_vector_for_each_input_is_the_providers_fault(kind: str) -> None:
    with pytest.raises(ServerFault):
        ask(kind, "embed", Script(*[vectors(1.0)] * 3), ["one", "two"], model="openai/text-embedding-3-small")


@both
@pytest.mark.parametrize("operation", ["embed", "rerank"])
def test_no_model_is_guessed_and_a_provider_without_the_operation_says_so(kind: str, operation: str) -> None:
    arguments = (["one"],) if operation == "embed" else ("one", ["two"])
    script = Script()
    with pytest.raises(ConfigError, match=f"which model to {operation} with"):
        ask(kind, operation, script, *arguments)
    with pytest.raises((ConfigError, Unsupported), match="anthropic-messages"):
        ask(kind, operation, script, *arguments, model="anthropic/claude-haiku-4-5")
    with pytest.raises(RequestError, match="dimension"):
        ask(kind, operation, script, *arguments, model="openai/text-embedding-3-small", dimension=3)
    assert script.sent == []
