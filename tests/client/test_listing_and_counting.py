"""Both clients against the same script: what an endpoint serves, and how many tokens it counts."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from turnout.client import AsyncClient, Client
from turnout.config import Config
from turnout.engine.plan import Retry
from turnout.errors import ConfigError, ModelNotFound, Overloaded, RequestError, ServerFault, UnknownName, Unsupported
from turnout.records import CallRecord
from turnout.registry import Registry
from turnout.testing.transport import Script
from turnout.types import HttpResponse, Text

KEYS = {
    "ANTHROPIC_API_KEY": "sk-ant-real-looking-1234",
    "OPENAI_API_KEY": "sk-real-looking-1234",
    "GROQ_API_KEY": "gsk-real-looking-1234",
    "COHERE_API_KEY": "co-real-looking-1234",
    "PERPLEXITY_API_KEY": "pplx-real-looking-1234",
    "AWS_BEARER_TOKEN_BEDROCK": "bedrock-real-looking-1234",
    "AWS_REGION": "eu-west-1",
}


def registry(**environ: str) -> Registry:
    return Registry(environ={**KEYS, **environ}, config=Config())


def blocking(script: Script, method: str, *given: Any, settings: dict[str, Any] | None = None, **options: Any) -> Any:
    with Client(registry(), script, **(settings or {})) as client:
        return getattr(client, method)(*given, **options)


def on_loop(script: Script, method: str, *given: Any, settings: dict[str, Any] | None = None, **options: Any) -> Any:
    async def go() -> Any:
        async with AsyncClient(registry(), script.asynchronous, **(settings or {})) as client:
            return await getattr(client, method)(*given, **options)

    return asyncio.run(go())


drives = pytest.mark.parametrize("drive", [blocking, on_loop])


def ok(body: str) -> HttpResponse:
    return HttpResponse(status=200, body=body.encode())


@drives
def test_a_list_is_followed_to_its_last_page(drive: Any) -> None:
    script = Script(
        ok('{"data":[{"id":"a"}],"has_more":true,"last_id":"a"}'), ok('{"data":[{"id":"b"}],"has_more":false,"last_id":"b"}')
    )
    assert [model.id for model in drive(script, "models", "claude")] == ["a", "b"]  # an alias of anthropic
    assert [request.url for request in script.sent] == [
        "https://api.anthropic.com/v1/models?limit=1000",
        "https://api.anthropic.com/v1/models?limit=1000&after_id=a",
    ]
    assert all(request.headers["x-api-key"] == KEYS["ANTHROPIC_API_KEY"] for request in script.sent)


@drives
def test_bedrock_lists_its_models_on_another_host_with_the_same_key(drive: Any) -> None:
    script = Script(ok('{"modelSummaries":[{"modelArn":"arn","modelId":"x.y-v1:0"}]}'))
    assert [model.id for model in drive(script, "models", "amazon-bedrock")] == ["x.y-v1:0"]
    assert script.sent[0].url == "https://bedrock.eu-west-1.amazonaws.com/foundation-models"
    assert script.sent[0].headers["authorization"] == f"Bearer {KEYS['AWS_BEARER_TOKEN_BEDROCK']}"


@drives
def test_whoever_moves_a_provider_moves_its_list_along(drive: Any) -> None:
    script = Script(ok('{"data":[]}'))
    settings = {"model": "perplexity/sonar", "api_key": "mine-real-looking-1", "base_url": "https://proxy.example/v1"}
    assert drive(script, "models", "perplexity", settings=settings) == ()
    assert script.sent[0].url == "https://proxy.example/v1/models"
    assert script.sent[0].headers["authorization"] == "Bearer mine-real-looking-1"


@drives
def test_a_clients_key_is_not_sent_to_another_providers_list(drive: Any) -> None:
    script = Script(ok('{"data":[]}'))
    drive(script, "models", "groq", settings={"model": "openai/gpt-x", "api_key": "mine-real-looking-1"})
    assert script.sent[0].headers["authorization"] == f"Bearer {KEYS['GROQ_API_KEY']}"


@drives
def test_a_list_that_fails_is_an_error_and_never_a_shorter_one(drive: Any) -> None:
    script = Script(ok('{"data":[{"id":"a"}],"has_more":true,"last_id":"a"}'), ok("<html>busy</html>"))
    with pytest.raises(ServerFault):
        drive(script, "models", "anthropic", settings={"retry": Retry(per_target=1)})


@drives
def test_an_unknown_provider_is_told_with_the_nearest(drive: Any) -> None:
    with pytest.raises(UnknownName, match="groq"):
        drive(Script(), "models", "gorq")


@drives
def test_one_model_is_asked_of_its_provider(drive: Any) -> None:
    script = Script(ok('{"name":"command-x","context_length":128000,"endpoints":["chat"]}'))
    assert drive(script, "model", "cohere/command-x").context_tokens == 128000
    assert script.sent[0].url == "https://api.cohere.com/v1/models/command-x"


@drives
def test_a_model_that_nobody_serves_is_not_found(drive: Any) -> None:
    body = b'{"error":{"message":"The model does not exist","type":"invalid_request_error","code":"model_not_found"}}'
    with pytest.raises(ModelNotFound, match="does not exist"):
        drive(Script(HttpResponse(status=404, body=body)), "model", "openai/gpt-none")


@drives
def test_the_tokens_of_a_prompt_are_counted_by_its_provider(drive: Any) -> None:
    script = Script(ok('{"input_tokens":43}'))
    counted = drive(script, "count_tokens", "hello", model="anthropic/claude-sonnet-5", system="Be brief")
    assert (counted.input_tokens, str(counted.target), counted.of) == (43, "anthropic/claude-sonnet-5", "request")
    assert script.sent[0].url == "https://api.anthropic.com/v1/messages/count_tokens"
    assert json.loads(script.sent[0].body)["system"] == "Be brief"


@drives
def test_a_provider_may_count_in_another_protocol_than_it_chats_in(drive: Any) -> None:
    script = Script(ok('{"object":"response.input_tokens","input_tokens":11}'))
    assert drive(script, "count_tokens", "hello", model="openai/gpt-4o-mini").input_tokens == 11
    assert script.sent[0].url == "https://api.openai.com/v1/responses/input_tokens"


@drives
def test_where_nobody_counts_nothing_is_guessed(drive: Any) -> None:
    script = Script()
    with pytest.raises(Unsupported, match="Groq speaks openai-chat, which has no way to count tokens"):
        drive(script, "count_tokens", "hello", model="groq/llama-3.3-70b-versatile")
    assert script.sent == []


@drives
def test_the_next_target_counts_where_the_first_cannot(drive: Any) -> None:
    script = Script(ok('{"input_tokens":5}'))
    models = ["groq/llama-3.3-70b-versatile", "anthropic/claude-sonnet-5"]
    assert str(drive(script, "count_tokens", "hello", model=models).target) == "anthropic/claude-sonnet-5"


@drives
def test_a_busy_endpoint_is_asked_again(drive: Any) -> None:
    busy = HttpResponse(status=529, headers={"retry-after": "0"}, body=b'{"type":"error","error":{"type":"overloaded_error"}}')
    script = Script(busy, ok('{"input_tokens":5}'))
    assert drive(script, "count_tokens", "hello", model="anthropic/claude-sonnet-5").input_tokens == 5


def test_an_address_that_only_counts_says_nothing_about_the_health_of_its_model() -> None:
    shared = registry()
    busy = HttpResponse(status=529, body=b'{"type":"error","error":{"type":"overloaded_error"}}')
    target = shared.resolve("anthropic/claude-sonnet-5")
    with Client(shared, Script(*[busy] * 5), retry=Retry(per_target=1)) as client:
        for _ in range(5):
            with pytest.raises(Overloaded):
                client.count_tokens("hello", model="anthropic/claude-sonnet-5")
    assert shared.breakers.state(target, 0.0) == "closed"


@drives
def test_cohere_says_that_it_counts_a_text_only(drive: Any) -> None:
    script = Script(ok('{"tokens":[1,2,3],"token_strings":["a","b","c"]}'))
    counted = drive(script, "count_tokens", [Text("abc")], model="cohere/command-r-plus-08-2024")
    assert (counted.input_tokens, counted.of) == (3, "text")


@drives
def test_sinks_hear_of_lists_and_counts(drive: Any) -> None:
    heard: list[CallRecord] = []
    drive(Script(ok('{"data":[]}')), "models", "groq", settings={"sinks": [heard.append]})
    drive(Script(ok('{"input_tokens":5}')), "count_tokens", "x", model="anthropic/claude-x", settings={"sinks": [heard.append]})
    assert [(record.model, record.outcome, len(record.attempts)) for record in heard] == [
        ("groq/models", "ok", 1),
        ("anthropic/claude-x", "ok", 1),
    ]


@drives
def test_a_closed_client_lists_nothing(drive: Any) -> None:
    with pytest.raises(RequestError):
        drive(Script(), "count_tokens", model="anthropic/claude-x")
    client = Client(registry(), Script())
    client.close()
    with pytest.raises(ConfigError, match="closed"):
        client.models("groq")
