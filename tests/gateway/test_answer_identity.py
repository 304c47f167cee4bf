"""An answer that its provider gave no id gets the call's: clients tell answers apart by it, and some their chunks."""

from __future__ import annotations

import json
import time

import httpx
import pytest
from running_gateway import running

from turnout.testing.transport import Script, ScriptedStream
from turnout.types import HttpResponse

LINE = b'{"model":"qwen3","created_at":"2026-11-21T12:00:00Z","message":{"role":"assistant","content":"Yes"},"done":false}\n'
END = (
    b'{"model":"qwen3","created_at":"2026-11-21T12:00:01Z","message":{"role":"assistant","content":"%s"},"done":true,'
    b'"done_reason":"stop","prompt_eval_count":3,"eval_count":1}\n'
)
CONVERSE = (
    b'{"output":{"message":{"role":"assistant","content":[{"text":"Yes"}]}},"stopReason":"end_turn",'
    b'"usage":{"inputTokens":3,"outputTokens":1,"totalTokens":4},"metrics":{"latencyMs":5}}'
)
ASKED = {"messages": [{"role": "user", "content": "Yes or no?"}], "stream_options": {"include_usage": True}}
BEDROCK = {"AWS_BEARER_TOKEN_BEDROCK": "bedrock-real-looking-1234", "AWS_REGION": "eu-west-1"}


@pytest.mark.parametrize(
    ("model", "answer"),
    [("ollama/qwen3", END % b"Yes"), ("amazon-bedrock/amazon.nova-lite-v1:0", CONVERSE)],
    ids=["ollama", "bedrock"],
)
def test_a_whole_answer_without_an_id_has_the_calls_and_a_time(model: str, answer: bytes) -> None:
    before = int(time.time())
    with running(Script(HttpResponse(status=200, body=answer)), **BEDROCK) as (url, _):
        response = httpx.post(f"{url}/v1/chat/completions", json={"model": model, **ASKED})
    body = response.json()
    assert body["choices"][0]["message"]["content"] == "Yes"
    assert body["id"] == response.headers["x-request-id"] != ""
    assert body["created"] > 0
    if "bedrock" in model:  # Ollama says when
        assert body["created"] >= before


def test_every_chunk_of_a_stream_without_an_id_has_the_calls() -> None:
    stream = ScriptedStream(chunks=(LINE, END % b""), headers={"content-type": "application/x-ndjson"})
    with running(Script(stream)) as (url, _):
        response = httpx.post(f"{url}/v1/chat/completions", json={"model": "ollama/qwen3", "stream": True, **ASKED})
    chunks = [json.loads(line[6:]) for line in response.text.splitlines() if line.startswith("data: {")]
    assert {chunk["id"] for chunk in chunks} == {response.headers["x-request-id"]}
    assert chunks[-1]["usage"]["total_tokens"] == 4


def test_an_id_that_the_provider_gave_stays() -> None:
    answer = (
        b'{"id":"msg_1","type":"message","role":"assistant","model":"c","content":[{"type":"text","text":"Yes"}],'
        b'"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":1}}'
    )
    with running(Script(HttpResponse(status=200, body=answer))) as (url, _):
        body = httpx.post(f"{url}/v1/chat/completions", json={"model": "anthropic/claude-sonnet-4-5", **ASKED}).json()
    assert body["id"] == "msg_1"
