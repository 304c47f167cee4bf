"""Embeddings, rankings and counts through the gateway: their records, callers that leave, and what a strict gateway refuses.

Chats stand beside them where all operations must do the same.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from raw_http import connect, exchange, post
from running_gateway import running

from turnout.errors import TransportFailed
from turnout.gateway import Gateway, Settings
from turnout.testing.transport import Script
from turnout.types import HttpResponse

EMBED = {"model": "openai/text-embedding-3-small", "input": "The Loire"}
RERANK = {"model": "cohere/rerank-v3.5", "query": "a river", "documents": ["The Loire", "a hill"]}
COUNT = {"model": "anthropic/claude-sonnet-4-5", "messages": [{"role": "user", "content": "Name a river"}]}
CHAT = {"model": "openai/gpt-4o-mini", "messages": [{"role": "user", "content": "Name a river"}]}
ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    "embed": ("/v1/embeddings", EMBED),
    "rerank": ("/v2/rerank", RERANK),
    "count": ("/v1/messages/count_tokens", COUNT),
    "chat": ("/v1/chat/completions", CHAT),
    "stream": ("/v1/chat/completions", CHAT | {"stream": True}),
}
EMBEDDED = HttpResponse(
    status=200,
    body=b'{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5,-1.0]}],"model":"text-embedding-3-small",'
    b'"usage":{"prompt_tokens":4,"total_tokens":4}}',
)
RANKED = HttpResponse(
    status=200,
    body=b'{"id":"r1","results":[{"index":0,"relevance_score":0.9},{"index":1,"relevance_score":0.1}],'
    b'"meta":{"api_version":{"version":"2"},"billed_units":{"search_units":1}}}',
)
COUNTED = HttpResponse(status=200, body=b'{"input_tokens":11}')
BUSY = HttpResponse(status=503, headers={"retry-after": "0"}, body=b'{"error":{"message":"busy"},"message":"busy"}')
ANSWERS = {"embed": EMBEDDED, "rerank": RANKED, "count": COUNTED}


def recorded(gateway: Gateway, headers: dict[str, str]) -> Any:
    record = gateway.records.get(headers["x-request-id"])
    assert record is not None
    return record


def asking(operation: str) -> bytes:
    path, body = ASKED[operation]
    return post(path, json.dumps(body).encode(), "x-request-id: mine-1")


@pytest.mark.parametrize("operation", ["embed", "rerank", "count"])
def test_a_failed_operations_record_names_its_target_and_every_attempt(operation: str) -> None:
    failure = TransportFailed("connection refused")
    with running(Script(failure, BUSY, failure)) as (url, gateway):
        status, headers, _ = exchange(url, asking(operation))
    record = recorded(gateway, headers)
    model = ASKED[operation][1]["model"]
    assert (record.operation, record.outcome, record.status, record.model) == (operation, "TransportFailed", status, model)
    assert str(record.target) == model == headers["x-turnout-target"]
    assert [str(attempt.target) for attempt in record.attempts] == [model] * 3
    assert [(attempt.error, attempt.status) for attempt in record.attempts] == [
        ("TransportFailed", None),
        ("Overloaded", 503),
        ("TransportFailed", None),
    ]


@pytest.mark.parametrize("operation", ["embed", "rerank", "count"])
def test_an_operation_that_was_answered_at_the_second_attempt_has_both_in_its_record(operation: str) -> None:
    with running(Script(BUSY, ANSWERS[operation])) as (url, gateway):
        status, headers, body = exchange(url, asking(operation))
    record = recorded(gateway, headers)
    assert (status, record.outcome, record.operation) == (200, "ok", operation)
    assert [attempt.error for attempt in record.attempts] == ["Overloaded", None]
    assert json.loads(body)
    assert headers["x-turnout-attempts"] == "2"
    assert headers["x-turnout-target"] == str(record.target) == ASKED[operation][1]["model"]
    assert headers["x-turnout-receipt"] == "exact"


def test_embeddings_are_priced_and_counted_under_their_operation() -> None:
    with running(Script(EMBEDDED)) as (url, gateway):
        _, headers, _ = exchange(url, asking("embed"))
        _, _, page = exchange(url, b"GET /metrics HTTP/1.1\r\nhost: gateway\r\nconnection: close\r\n\r\n")
    record = recorded(gateway, headers)
    assert record.usage.input_tokens == 4
    assert headers["x-turnout-cost"] == f"{record.cost.total.normalize():f}" == "0.00000008"
    assert b'gen_ai_operation_name="embeddings",gen_ai_provider_name="openai"' in page


def test_a_count_says_what_of_the_request_was_not_counted() -> None:
    """OpenAI's count takes the fields that the model reads, and no others."""
    asked = {**COUNT, "model": "openai/gpt-4o-mini", "thinking": {"type": "enabled", "budget_tokens": 1024}}
    counted = HttpResponse(status=200, body=b'{"object":"response.input_tokens","input_tokens":7}')
    with running(Script(counted)) as (url, gateway):
        status, headers, body = exchange(url, post("/v1/messages/count_tokens", json.dumps(asked).encode()))
    record = recorded(gateway, headers)
    assert (status, json.loads(body)) == (200, {"input_tokens": 7})
    assert record.receipt
    assert headers["x-turnout-receipt"] != "exact"
    assert record.usage is None


class Waiting:
    """A provider that takes one request and answers nothing. ``asked``: it is there; ``left``: it was broken off."""

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self.asked = threading.Event()
        self.left = threading.Event()
        self.thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        connection, _ = self._listening.accept()
        with connection:
            connection.settimeout(20)
            while connection.recv(65536)[-1:] != b"}":  # the end of a body of JSON
                pass
            self.asked.set()
            try:
                if connection.recv(1) == b"":
                    self.left.set()
            except ConnectionError:
                self.left.set()


@contextmanager
def waiting_upstream() -> Iterator[Waiting]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        upstream = Waiting(listening)
        upstream.thread.start()
        try:
            yield upstream
        finally:
            upstream.thread.join(20)


@pytest.mark.parametrize(
    ("operation", "lane"),
    [(operation, lane) for operation in ASKED for lane in (("full",) if operation in ANSWERS else ("fast", "full"))],
)
def test_a_caller_that_leaves_breaks_off_the_call_to_the_provider(operation: str, lane: Any) -> None:
    with waiting_upstream() as upstream:
        urls = {f"TURNOUT_{id}_BASE_URL": f"{upstream.url}/v1" for id in ("OPENAI", "COHERE", "ANTHROPIC")}
        with running(None, Settings(lane=lane), **urls) as (url, gateway):
            with connect(url) as caller:
                caller.sendall(asking(operation))
                assert upstream.asked.wait(20), "the provider was not asked"
            assert upstream.left.wait(20), "the provider still works for nobody"
    record = gateway.records.get("mine-1")
    assert record is not None
    assert (record.outcome, record.status) == ("cancelled", 499)
    assert [attempt.error for attempt in record.attempts] == ["cancelled"]
    assert str(record.target) == ASKED[operation][1]["model"]
    assert gateway.admission.active == 0


STRICT = Settings(translation="strict")


def test_a_strict_gateway_refuses_an_embedding_that_would_lose_a_field() -> None:
    lossy = {"model": "ollama/nomic-embed-text", "input": "The Loire", "user": "u-1"}
    with running(Script(), STRICT) as (url, gateway):
        status, headers, body = exchange(url, post("/v1/embeddings", json.dumps(lossy).encode()))
    assert status == 400
    assert "user" in json.loads(body)["error"]["message"]
    assert recorded(gateway, headers).outcome == "Unsupported"
    assert recorded(gateway, headers).attempts == ()


def test_a_strict_gateway_refuses_a_ranking_that_would_lose_a_field() -> None:
    lossy = RERANK | {"model": "jina/jina-reranker-v2", "max_tokens_per_doc": 100}
    with running(Script(), STRICT, JINA_API_KEY="jina_real_looking_1234") as (url, gateway):
        status, headers, body = exchange(url, post("/v2/rerank", json.dumps(lossy).encode()))
    assert status == 422
    assert "max_tokens_per_doc" in json.loads(body)["message"]
    assert recorded(gateway, headers).attempts == ()


@pytest.mark.parametrize("operation", ["embed", "rerank"])
def test_a_strict_gateway_serves_what_loses_nothing(operation: str) -> None:
    with running(Script(ANSWERS[operation]), STRICT) as (url, _):
        assert exchange(url, asking(operation))[0] == 200


def test_a_lenient_gateway_says_what_an_embedding_lost() -> None:
    lossy = {"model": "ollama/nomic-embed-text", "input": "The Loire", "user": "u-1"}
    answer = HttpResponse(status=200, body=b'{"model":"nomic-embed-text","embeddings":[[0.5,-1.0]],"prompt_eval_count":4}')
    with running(Script(answer)) as (url, gateway):
        status, headers, _ = exchange(url, post("/v1/embeddings", json.dumps(lossy).encode()))
    assert (status, headers["x-turnout-receipt"]) == (200, "1 dropped")
    assert [(line.field, line.fate) for line in recorded(gateway, headers).receipt] == [("user", "dropped")]
