"""What a target refuses is left out for the gateway's callers too, in either lane."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from running_gateway import running

from turnout.gateway import Settings
from turnout.testing.transport import Script, ScriptedStream
from turnout.types import HttpResponse

NO_SEED = HttpResponse(
    status=400, body=b'{"error":{"message":"property \'seed\' is unsupported","type":"invalid_request_error"}}'
)
NO_TOOLS = HttpResponse(
    status=400, body=b'{"error":{"message":"property \'tools\' is unsupported","type":"invalid_request_error"}}'
)
NO_SCHEMA = HttpResponse(
    status=400, body=b'{"error":{"message":"This response_format type is unavailable now","type":"invalid_request_error"}}'
)
CALLED = HttpResponse(
    status=200,
    body=b'{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",'
    b'"content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"river","arguments":'
    b'"{\\"river\\":\\"Loire\\"}"}}]},"finish_reason":"tool_calls"}]}',
)
ANSWER = HttpResponse(
    status=200,
    body=b'{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",'
    b'"content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}}',
)


def asked(url: str, **fields: Any) -> tuple[int, dict[str, Any]]:
    body = {"model": "groq/new-model", "messages": [{"role": "user", "content": "hello"}], **fields}
    request = urllib.request.Request(
        f"{url}/v1/chat/completions", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def seeds(script: Script) -> list[Any]:
    return [json.loads(request.body or b"").get("seed") for request in script.sent]


@pytest.mark.parametrize("lane", ["fast", "full"])
def test_a_refused_field_is_left_out_and_later_calls_do_not_bring_it(lane):
    script = Script(NO_SEED, ANSWER, ANSWER)
    with running(script, Settings(lane=lane)) as (url, _):
        assert asked(url, seed=7)[0] == 200
        assert asked(url, seed=7)[1]["choices"][0]["message"]["content"] == "hi"
        assert seeds(script) == [7, None, None]


@pytest.mark.parametrize("lane", ["fast", "full"])
def test_a_refused_schema_is_asked_for_as_a_tool_and_the_caller_reads_text(lane):
    shape = {"type": "json_schema", "json_schema": {"name": "river", "schema": {"type": "object", "properties": {}}}}
    script = Script(NO_SCHEMA, CALLED, CALLED)
    with running(script, Settings(lane=lane)) as (url, _):
        answers = [asked(url, response_format=shape) for _ in range(2)]
    for status, body in answers:
        assert (status, body["choices"][0]["finish_reason"]) == (200, "stop")
        assert body["choices"][0]["message"]["content"] == '{"river":"Loire"}'
        assert not body["choices"][0]["message"].get("tool_calls")
    sent = [json.loads(request.body or b"") for request in script.sent]
    assert ["response_format" in body for body in sent] == [True, False, False]


@pytest.mark.parametrize("lane", ["fast", "full"])
def test_what_may_not_be_left_out_is_the_callers_to_change(lane):
    tools = [{"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}]
    script = Script(NO_TOOLS)
    with running(script, Settings(lane=lane)) as (url, _):
        status, body = asked(url, tools=tools)
    assert (status, body["error"]["message"]) == (400, "property 'tools' is unsupported")


@pytest.mark.parametrize("lane", ["fast", "full"])
def test_a_stream_is_opened_again_without_the_field_and_its_record_has_both_attempts(lane):
    stream = ScriptedStream(
        chunks=[
            b'data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":'
            b'{"content":"hi"},"finish_reason":null}]}\n\n',
            b'data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},'
            b'"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
        ]
    )
    script = Script(NO_SEED, stream)
    with running(script, Settings(lane=lane)) as (url, _):
        body = {"model": "groq/new-model", "messages": [{"role": "user", "content": "hello"}], "seed": 7, "stream": True}
        request = urllib.request.Request(
            f"{url}/v1/chat/completions", json.dumps(body).encode(), {"content-type": "application/json", "x-request-id": "call1"}
        )
        with urllib.request.urlopen(request, timeout=20) as response:
            answer = response.read()
        with urllib.request.urlopen(f"{url}/calls/call1", timeout=20) as response:
            record = json.load(response)
    assert b'"content":"hi"' in answer
    assert answer.endswith(b"data: [DONE]\n\n")
    assert seeds(script) == [7, None]
    assert [attempt.get("status") for attempt in record["attempts"]] == [400, None]


def test_a_strict_gateway_passes_the_refusal_on():
    script = Script(NO_SEED)
    with running(script, Settings(translation="strict")) as (url, _):
        assert asked(url, seed=7)[0] == 400
    assert script.finished


def test_only_bodies_that_hold_what_was_refused_are_read_from_then_on():
    script = Script(NO_SEED, ANSWER, ANSWER, ANSWER)
    with running(script) as (url, gateway):
        assert asked(url, seed=7)[0] == 200
        assert asked(url, temperature=0.5, max_tokens=9)[0] == 200
        assert asked(url, seed=7, temperature=0.5)[0] == 200
    lanes = [record.lane for record in gateway.records._latest.values()]
    assert lanes == ["full", "fast", "full"]
    assert seeds(script) == [7, None, None, None]
