"""Both clients ask the models of a call in the order of its policy, whatever the operation."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from turnout import AsyncClient, Client
from turnout.config import Config, ConfigFile
from turnout.errors import UnknownName
from turnout.registry import Registry
from turnout.testing.transport import Script, ScriptedStream
from turnout.types import HttpResponse

OK = HttpResponse(
    status=200,
    body=b'{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",'
    b'"content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}',
)
STREAM = ScriptedStream(
    chunks=(
        b'data: {"id":"1","model":"m","choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}\n\n',
        b"data: [DONE]\n\n",
    )
)
EMBEDDED = HttpResponse(status=200, body=b'{"id":"1","embeddings":{"float":[[0.5]]},"texts":["x"]}')
RANKED = HttpResponse(status=200, body=b'{"id":"1","results":[{"index":0,"relevance_score":0.5}],"meta":{}}')
COUNTED = HttpResponse(status=200, body=b'{"input_tokens":11}')
_KEYS = ("GROQ_API_KEY", "CEREBRAS_API_KEY", "OPENAI_API_KEY", "COHERE_API_KEY", "ANTHROPIC_API_KEY")
ENVIRON = dict.fromkeys(_KEYS, "k-real-looking-1234")
PRICES = {"groq/dear": 9, "cerebras/cheap": 1, "openai/dear": 9, "cohere/cheap": 1, "anthropic/dear": 9, "anthropic/cheap": 1}
TWO = ["groq/dear", "cerebras/cheap"]


def names(**tables: Any) -> Registry:
    models = {name: {"price": {"input": price, "output": price}} for name, price in PRICES.items()}
    return Registry(environ=ENVIRON, config=Config((ConfigFile("user file", "turnout.toml", {"models": models, **tables}),)))


def ran(kind: str, registry: Registry, script: Script, operation: str, *words: Any, **options: Any) -> Any:
    settings = {name: options.pop(name) for name in ("policy",) if name in options}
    if kind == "blocking":
        return getattr(Client(registry, script, **settings), operation)(*words, **options)

    async def go() -> Any:
        return await getattr(AsyncClient(registry, script.asynchronous, **settings), operation)(*words, **options)

    return asyncio.run(go())


BOTH = pytest.mark.parametrize("kind", ["blocking", "on a loop"])


@BOTH
def test_a_client_asks_by_the_policy_it_was_made_with_by_that_of_the_alias_or_by_the_usual_one(kind: str) -> None:
    for registry, options in (
        (names(), {"policy": "cheapest", "model": TWO}),
        (names(policy="cheapest"), {"model": TWO}),
        (names(aliases={"fast": {"models": TWO, "policy": "cheapest"}}), {"model": "fast"}),
    ):
        script = Script(OK)
        done = ran(kind, registry, script, "chat", "x", **options)
        assert [sent.url.split("/")[2] for sent in script.sent] == ["api.cerebras.ai"]
        assert str(done.target) == "cerebras/cheap"
        assert [attempt.because for attempt in done.attempts] == ["cheapest: about $0.00050 for 2 tokens in and 500 out"]


def test_without_a_policy_a_client_asks_as_it_is_told() -> None:
    script = Script(OK)
    assert str(Client(names(), script).chat("x", model=TWO).target) == "groq/dear"


def test_a_stream_is_ordered_too_and_its_first_event_measured() -> None:
    registry, script = names(), Script(STREAM, STREAM, STREAM)
    client = Client(registry, script, policy="fastest")
    found = []
    for _ in range(3):
        with client.stream("x", model=TWO) as events:
            list(events)
            found.append(events.completion())
    assert [str(done.target) for done in found[:2]] == TWO
    assert found[0].attempts[0].because == "fastest: not measured lately"
    assert found[2].attempts[0].because.startswith("fastest: first event after ")


@BOTH
@pytest.mark.parametrize(
    ("operation", "words", "models", "answer"),
    [
        ("embed", ("x",), ["openai/dear", "cohere/cheap"], EMBEDDED),
        ("rerank", ("x", ["y"]), ["cohere/unpriced", "cohere/cheap"], RANKED),
    ],
)
def test_embeddings_and_rankings_are_asked_by_the_policy(
    kind: str, operation: str, words: tuple[Any, ...], models: list[str], answer: HttpResponse
) -> None:
    done = ran(kind, names(), Script(answer), operation, *words, model=models, policy="cheapest")
    assert str(done.target) == "cohere/cheap"
    assert done.attempts[0].because.endswith("tokens in and 0 out")


@BOTH
def test_a_count_is_asked_by_the_policy(kind: str) -> None:
    script = Script(COUNTED)
    ran(kind, names(), script, "count_tokens", "x", model=["anthropic/dear", "anthropic/cheap"], policy="cheapest")
    assert b'"cheap"' in script.sent[0].body


def test_a_client_with_a_policy_that_nobody_knows_says_so_before_anything_is_sent() -> None:
    with pytest.raises(UnknownName, match="argument: unknown policy 'cheepest'; did you mean 'cheapest'"):
        Client(names(), Script(), policy="cheepest").chat("x", model=TWO)
