"""What the gateway says of itself: metrics, its description, the record of a call, and whose limits a call ran into."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from raw_http import exchange, fetched, get, post
from running_gateway import running
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from turnout.config import Config
from turnout.errors import ConfigError, TransportFailed
from turnout.gateway import Gateway, Settings
from turnout.gateway.routes import ROUTES
from turnout.registry import Registry
from turnout.testing.transport import Script, ScriptedStream
from turnout.types import HttpResponse

LIMITS = {"x-ratelimit-remaining-requests": "7", "x-ratelimit-reset-requests": "2s", "server": "theirs", "x-request-id": "theirs"}
BODY = (
    b'{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",'
    b'"content":"The Loire"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}'
)
ANSWER = HttpResponse(status=200, headers=LIMITS, body=BODY)
STREAM = ScriptedStream(
    headers=LIMITS | {"content-type": "text/event-stream"},
    chunks=(
        b'data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"a"},'
        b'"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
    ),
)
TOO_MANY = HttpResponse(status=429, headers={"retry-after": "3600", **LIMITS}, body=b'{"error":{"message":"slow down"}}')
MODEL = "groq/llama-3.3-70b-versatile"
CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"


def asked(**more: Any) -> bytes:
    return json.dumps({"model": MODEL, "messages": [{"role": "user", "content": "Name a river"}], **more}).encode()


class _Broken(Registry):
    def validate(self) -> None:
        raise ConfigError("turnout.toml:3: unknown setting 'wire_name'")


@pytest.fixture(params=["fast", "full"])
def settings(request: pytest.FixtureRequest) -> Settings:
    return Settings(lane=request.param)


def test_every_call_is_counted_under_the_model_that_answered_it(settings: Settings) -> None:
    with running(Script(ANSWER, STREAM), settings) as (url, _):
        exchange(url, post(CHAT, asked()))
        exchange(url, post(CHAT, asked(stream=True)))
        exchange(url, post(CHAT, asked(model="nobody/knows")))
        status, headers, page = exchange(url, get("/metrics"))
    lines = page.decode().splitlines()
    answered = (
        'error_type="",gen_ai_operation_name="chat",gen_ai_provider_name="groq",gen_ai_request_model="llama-3.3-70b-versatile"'
    )
    assert (status, headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    assert f"gen_ai_server_request_duration_seconds_count{{{answered}}} 2.0" in lines
    assert f"gen_ai_client_operation_duration_seconds_count{{{answered}}} 2.0" in lines
    assert f"gen_ai_server_time_to_first_token_seconds_count{{{answered}}} 1.0" in lines
    assert 'turnout_cost_dollars_total{model="llama-3.3-70b-versatile",provider="groq"} 3.35e-06' in lines
    assert (
        f'turnout_calls_total{{lane="{settings.lane}",operation="chat",outcome="ok",status="200",wire="openai-chat"}} 2.0'
        in lines
    )
    assert any('outcome="ModelNotFound",status="404"' in line for line in lines)
    assert "turnout_calls_in_flight 0.0" in lines


def test_a_call_that_failed_is_recorded_with_what_was_tried(settings: Settings) -> None:
    failure = TransportFailed("connection refused")
    with running(Script(failure, failure, failure), settings) as (url, gateway):
        _, headers, _ = exchange(url, post(CHAT, asked()))
    record = gateway.records.get(headers["x-request-id"])
    assert record is not None
    assert (record.outcome, record.status) == ("TransportFailed", 502)
    assert str(record.target) == MODEL
    assert [attempt.error for attempt in record.attempts] == ["TransportFailed"] * 3


def test_the_record_of_a_call_can_be_asked_for_by_its_id() -> None:
    with running(Script(ANSWER)) as (url, _):
        exchange(url, post(MESSAGES, asked(max_tokens=9, metadata={"team": "7"}), "x-request-id: mine-1"))
        status, record = fetched(url, "/calls/mine-1")
        unknown, said = fetched(url, "/calls/mine-2")
    assert (status, record["target"], record["usage"]["text_output_tokens"]) == (200, {"provider": "groq", "model": MODEL[5:]}, 2)
    assert ("extra.metadata", "dropped") in [(line["field"], line["fate"]) for line in record["receipt"]]
    assert "river" not in json.dumps(record).lower()
    assert unknown == 404
    assert "the last 1,000" in said["error"]["message"]


def test_a_whole_receipt_comes_with_the_answer_when_it_is_asked_for() -> None:
    with running(Script(ANSWER)) as (url, _):
        _, headers, _ = exchange(url, post(MESSAGES, asked(max_tokens=9, metadata={"team": "7"}), "x-turnout-receipt: full"))
    assert {line["field"] for line in json.loads(headers["x-turnout-receipt"])} >= {"extra.metadata"}


def test_no_record_is_kept_when_none_is_wanted() -> None:
    with running(Script(ANSWER), Settings(records_kept=0)) as (url, _):
        exchange(url, post(CHAT, asked(), "x-request-id: mine-1"))
        assert fetched(url, "/calls/mine-1")[0] == 404


@pytest.mark.parametrize("path", ["/metrics", "/calls/1"])
def test_what_tells_of_calls_wants_the_key(path: str) -> None:
    with running(Script(), Settings(api_key="team-key")) as (url, _):
        status, said = fetched(url, path)
        assert (status, said["error"]["code"]) == (401, "invalid_api_key")
        assert exchange(url, get(path, "authorization: Bearer team-key"))[0] in (200, 404)


@pytest.mark.parametrize("path", ["/", "/health", "/ready", "/openapi.json"])
def test_what_tells_nothing_of_calls_wants_no_key(path: str) -> None:
    with running(Script(), Settings(api_key="team-key")) as (url, _):
        assert fetched(url, path)[0] == 200


def test_the_description_is_openapi_and_names_every_route() -> None:
    with running(Script()) as (url, _):
        status, described = fetched(url, "/openapi.json")
    assert status == 200
    assert [f"{error.instance_path}: {error.message}" for error in OPENAPI_31_VALIDATOR.iter_errors(described)] == []
    assert {(route.path, route.method.lower()) for route in ROUTES} <= {
        (path, method) for path, operations in described["paths"].items() for method in operations
    }
    bodies = [operation.get("requestBody") for operations in described["paths"].values() for operation in operations.values()]
    assert sum(body is not None for body in bodies) == sum(route.method == "POST" for route in ROUTES)
    ids = [
        operation["operationId"]
        for operations in described["paths"].values()
        for operation in operations.values()
        if "operationId" in operation
    ]
    assert len(ids) == len(set(ids))


def test_a_path_of_several_protocols_is_described_as_the_one_without_a_header_and_names_the_others() -> None:
    with running(Script()) as (url, _):
        _, described = fetched(url, "/openapi.json")
    listed = described["paths"]["/v1/models"]["get"]
    assert listed["tags"] == ["openai-chat", "anthropic-messages", "gemini"]
    named = [parameter["name"] for parameter in listed["parameters"] if "name" in parameter]
    assert named == ["anthropic-version", "x-goog-api-client"]
    shapes = listed["responses"]["401"]["content"]["application/json"]["schema"]["anyOf"]
    assert [shape["$ref"].rpartition("/")[2] for shape in shapes] == [
        "openai-chat-error",
        "anthropic-messages-error",
        "gemini-error",
    ]


@pytest.mark.parametrize("script", [ANSWER, STREAM], ids=["whole", "stream"])
def test_the_providers_rate_limits_reach_a_caller_of_its_own_protocol(
    settings: Settings, script: HttpResponse | ScriptedStream
) -> None:
    with running(Script(script), settings) as (url, _):
        _, headers, _ = exchange(url, post(CHAT, asked(stream=script is STREAM)))
    assert headers["x-ratelimit-remaining-requests"] == "7"
    assert headers["x-request-id"].startswith("req_")
    assert "server" not in headers


@pytest.mark.parametrize("stream", [False, True])
def test_a_caller_of_another_protocol_is_not_told_limits_that_his_client_cannot_read(stream: bool) -> None:
    with running(Script(STREAM if stream else ANSWER)) as (url, _):
        _, headers, _ = exchange(url, post(MESSAGES, asked(max_tokens=9, stream=stream)))
    assert headers["x-turnout-target"] == MODEL
    assert not any("ratelimit" in name for name in headers)


@pytest.mark.parametrize(("path", "limits"), [(CHAT, True), (MESSAGES, False)])
def test_the_wait_that_a_provider_asks_for_is_passed_on_to_everybody(path: str, limits: bool) -> None:
    with running(Script(TOO_MANY)) as (url, _):
        status, headers, _ = exchange(url, post(path, asked(max_tokens=9)))
    assert (status, headers["retry-after"]) == (429, "3600")
    assert ("x-ratelimit-reset-requests" in headers) is limits


def test_a_wait_of_part_of_a_second_is_told_as_the_whole_one_that_it_takes() -> None:
    busy = HttpResponse(status=429, headers={"retry-after-ms": "3600400"}, body=b'{"error":{"message":"slow down"}}')
    with running(Script(busy)) as (url, _):
        _, headers, _ = exchange(url, post(CHAT, asked()))
    assert headers["retry-after"] == "3601"


def test_of_several_waits_the_shortest_is_passed_on() -> None:
    sooner = HttpResponse(status=429, headers={"retry-after": "1800"}, body=b'{"error":{"message":"slow down"}}')
    with running(Script(TOO_MANY, sooner)) as (url, _):
        _, headers, _ = exchange(url, post(CHAT, asked(model=f"{MODEL}, openai/gpt-4o-mini")))
    assert headers["retry-after"] == "1800"


def test_a_bad_configuration_never_replaces_a_good_one() -> None:
    registries = iter(
        [Registry(environ={}, config=Config()), _Broken(environ={}, config=Config()), Registry(environ={}, config=Config())]
    )
    gateway = Gateway(Settings(), registry=lambda: next(registries), transport=Script().asynchronous)
    good = gateway.snapshot
    with pytest.raises(ConfigError, match=r"turnout\.toml:3"):
        gateway.reload()
    assert gateway.snapshot is good
    gateway.reload()
    assert gateway.snapshot is not good
    assert gateway.counting.metrics.counts.reloads == {("refused",): 1, ("ok",): 1}


@pytest.mark.parametrize(
    "bad",
    [
        b'[providers.acme]\nwire = "nobody-speaks-it"\nbase_url = "http://127.0.0.1:1"\n',
        b'[aliases]\nriver = "openai/gpt-4o"\n\xff = 1\n',
        b'[aliases]\nriver = "lake"\nlake = "river"\n',
        b"[providers.groq]\nbase_url = 7\n",
        b'[providers.groq]\nbase_urls = "http://127.0.0.1:1"\n',
        b"a = " + b"[" * 5000,
        b"\0\0\0",
    ],
    ids=["wire", "bytes", "circle", "type", "name", "depth", "NULs"],
)
def test_no_file_that_is_wrong_in_any_way_replaces_a_good_one(tmp_path: Path, bad: bytes) -> None:
    file = tmp_path / "turnout.toml"
    file.write_text('[aliases]\nriver = "openai/gpt-4o-mini"\n')
    environ = {"TURNOUT_CONFIG_DIR": str(tmp_path)}
    gateway = Gateway(Settings(), registry=lambda: Registry(environ=environ), transport=Script().asynchronous)
    gateway.snapshot.registry.validate()
    good = gateway.snapshot
    file.write_bytes(bad)
    with pytest.raises(ConfigError):
        gateway.reload()
    assert gateway.snapshot is good
    assert [str(target) for target in gateway.snapshot.registry.targets("river")] == ["openai/gpt-4o-mini"]


def test_a_gateway_that_ends_is_not_ready_for_new_work() -> None:
    with running(Script()) as (url, gateway):
        assert exchange(url, get("/ready"))[::2] == (200, b'{"status":"ready"}')
        gateway.draining = True
        assert exchange(url, get("/ready"))[::2] == (503, b'{"status":"draining"}')
        assert exchange(url, get("/health"))[0] == 200


def test_thousands_of_models_are_listed_without_holding_up_the_loop() -> None:
    """The lists are made in a thread, and written once: the same bytes answer the next who asks."""
    keys = {"OPENROUTER_API_KEY": "sk-or-real-looking-1234", "MISTRAL_API_KEY": "real-looking-1234567890"}
    with running(Script(), **keys) as (url, gateway):
        first = exchange(url, get("/v1/models"))[2]
        listing = gateway.snapshot.listing
        assert exchange(url, get("/v1/models"))[2] == first
        assert gateway.snapshot.listing is listing
    assert len(json.loads(first)["data"]) > 300


def test_an_embedding_that_failed_is_recorded_under_the_model_that_it_was_for() -> None:
    failure = TransportFailed("connection refused")
    asked_for = b'{"model":"openai/text-embedding-3-small","input":"The Loire"}'
    with running(Script(failure, failure, failure)) as (url, gateway):
        _, headers, _ = exchange(url, post("/v1/embeddings", asked_for))
    record = gateway.records.get(headers["x-request-id"])
    assert record is not None
    assert (record.outcome, str(record.target)) == ("TransportFailed", "openai/text-embedding-3-small")
