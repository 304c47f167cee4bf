"""Through the gateway a policy orders the calls of either lane alike, and what all targets' failures come to is told honestly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from raw_http import exchange, post
from running_gateway import running

from turnout.gateway import Settings
from turnout.testing.transport import Script, ScriptedStream
from turnout.types import HttpResponse

ANSWER = HttpResponse(
    status=200,
    body=b'{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",'
    b'"content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}',
)
STREAM = ScriptedStream(
    chunks=(
        b'data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,'
        b'"delta":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}\n\n',
        b"data: [DONE]\n\n",
    )
)
TOML = """\
[aliases]
thrifty = { models = ["openai/dear", "groq/cheap"], policy = "cheapest" }
quick = { models = ["openai/dear", "groq/cheap"], policy = "fastest" }
[models."openai/dear"]
price = { input = 9, output = 9 }
[models."groq/cheap"]
price = { input = 1, output = 1 }
"""
LANES = pytest.mark.parametrize("lane", ["fast", "full"])


@pytest.fixture
def folder(tmp_path: Path) -> str:
    (tmp_path / "turnout.toml").write_text(TOML)
    return str(tmp_path)


def asked(url: str, model: str, *, path: str = "/v1/chat/completions", **fields: Any) -> tuple[int, dict[str, str], Any]:
    body = {"model": model, "messages": [{"role": "user", "content": "Name a river"}], **fields}
    status, headers, said = exchange(url, post(path, json.dumps(body).encode()))
    return status, headers, None if fields.get("stream") else json.loads(said)


@LANES
@pytest.mark.parametrize("stream", [False, True])
def test_both_lanes_ask_by_the_policy_and_say_why_in_the_record(lane: str, stream: bool, folder: str) -> None:
    script = Script(STREAM if stream else ANSWER)
    with running(script, Settings(lane=lane), TURNOUT_CONFIG_DIR=folder) as (url, gateway):
        status, headers, _ = asked(url, "thrifty", stream=stream)
    record = gateway.records.get(headers["x-request-id"])
    assert record is not None
    assert (status, headers["x-turnout-target"], record.lane) == (200, "groq/cheap", lane)
    assert [(str(attempt.target), attempt.because) for attempt in record.attempts] == [
        ("groq/cheap", "cheapest: about $0.00050 for 4 tokens in and 500 out")
    ]


@LANES
def test_the_bound_of_an_answer_counts_alike_in_both_lanes(lane: str, folder: str) -> None:
    with running(Script(ANSWER), Settings(lane=lane), TURNOUT_CONFIG_DIR=folder) as (url, gateway):
        _, headers, _ = asked(url, "thrifty", max_tokens=16)
    record = gateway.records.get(headers["x-request-id"])
    assert record is not None
    assert record.attempts[0].because == "cheapest: about $0.000020 for 4 tokens in and 16 out"


@LANES
def test_the_gateways_own_calls_measure_who_is_fastest(lane: str, folder: str) -> None:
    with running(Script(ANSWER, ANSWER, ANSWER), Settings(lane=lane), TURNOUT_CONFIG_DIR=folder) as (url, gateway):
        found = [asked(url, "quick")[1] for _ in range(3)]
    assert [headers["x-turnout-target"] for headers in found[:2]] == ["openai/dear", "groq/cheap"]
    record = gateway.records.get(found[2]["x-request-id"])
    assert record is not None
    assert str(record.attempts[0].because).startswith("fastest: answer after ")


def refused(status: int, wait: int | None = None) -> HttpResponse:
    headers = {} if wait is None else {"retry-after": str(wait)}
    return HttpResponse(status=status, headers=headers, body=b'{"error":{"message":"no","type":"theirs"}}')


BOTH = "openai/a, groq/b"
LIMITED, OTHER = refused(429, 120), refused(429, 90)  # longer than a call waits, so each is asked once


@LANES
def test_a_rate_limit_of_every_target_is_429_with_the_shortest_wait(lane: str) -> None:
    with running(Script(LIMITED, OTHER), Settings(lane=lane)) as (url, _):
        status, headers, said = asked(url, BOTH)
    assert (status, headers["retry-after"]) == (429, "90")
    assert (said["error"]["type"], said["error"]["code"]) == ("rate_limit_error", "rate_limit_exceeded")
    assert "openai/a: RateLimited" in said["error"]["message"]
    assert "groq/b: RateLimited" in said["error"]["message"]


@LANES
@pytest.mark.parametrize(
    ("failures", "status", "code"),
    [
        ((401, 401), 401, "invalid_api_key"),
        ((404, 404), 404, "model_not_found"),
        ((404, 401), 502, "all_targets_failed"),
        ((404, 429), 429, "rate_limit_exceeded"),
        ((429, 404), 429, "rate_limit_exceeded"),
        ((429, 503), 503, "overloaded"),
    ],
)
def test_what_all_targets_failures_come_to_is_what_they_have_in_common_or_what_may_pass(
    lane: str, failures: tuple[int, int], status: int, code: str
) -> None:
    with running(Script(*(refused(one, 90) for one in failures)), Settings(lane=lane)) as (url, _):
        found, _, said = asked(url, BOTH)
    assert (found, said["error"]["code"]) == (status, code)


def test_callers_of_other_protocols_are_told_the_same_status() -> None:
    with running(Script(LIMITED, OTHER)) as (url, _):
        status, headers, said = asked(url, BOTH, path="/v1/messages", max_tokens=9)
    assert (status, headers["retry-after"], said["error"]["type"]) == (429, "90", "rate_limit_error")
    with running(Script(refused(429, 90), refused(404))) as (url, _):
        status, headers, said = asked(url, BOTH, path="/v1/messages", max_tokens=9)
    assert (status, headers["retry-after"], said["error"]["type"]) == (429, "90", "rate_limit_error")


@pytest.mark.parametrize(("groq", "helicone", "first"), [("1", "2", "groq"), ("2", "1", "helicone"), ("5", "100", "groq")])
def test_of_those_who_serve_a_bare_name_the_one_with_the_lower_priority_is_asked(groq: str, helicone: str, first: str) -> None:
    environ = {
        "TURNOUT_GROQ_PRIORITY": groq,
        "TURNOUT_HELICONE_PRIORITY": helicone,
        "HELICONE_API_KEY": "sk-helicone-real-looking-1234",
    }
    with running(Script(ANSWER), **environ) as (url, _):
        _, headers, _ = asked(url, "llama-3.3-70b-versatile")
    assert headers["x-turnout-target"] == f"{first}/llama-3.3-70b-versatile"
