"""What the gateway writes down anywhere: no key, whether the caller's or the provider's, and nothing of what was said."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from raw_http import exchange, get, post
from running_gateway import running

from turnout.errors import TransportFailed
from turnout.gateway import Settings
from turnout.gateway.jsonl import JsonlSink
from turnout.testing.transport import Script, ScriptedStream
from turnout.types import HttpResponse

PROVIDERS_KEY, TEAM_KEY = "gsk-9f2c41d07b3e4a68", "team-51c0ffee77aa"
ASKED, SAID = "where the zircon lies buried", "beneath the old larch tree"
ANSWER = HttpResponse(
    status=200,
    body=b'{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",'
    b'"content":"%b"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}'
    % SAID.encode(),
)
HEAD = b'data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"%b"},'
BROKEN = ScriptedStream(chunks=(HEAD % SAID.encode() + b'"finish_reason":null}]}\n\n',))
REFUSED = HttpResponse(
    status=401, body=json.dumps({"error": {"message": f"Incorrect API key provided: {PROVIDERS_KEY}", "type": "x"}}).encode()
)
NO_JSON = HttpResponse(status=200, body=SAID.encode())


def asked(number: int, stream: bool = False) -> bytes:
    """Each of a model of its own, so that no breaker is in the way."""
    body = {"model": f"groq/llama-{number}", "messages": [{"role": "user", "content": ASKED}], "stream": stream}
    return post("/v1/chat/completions", json.dumps(body).encode(), f"authorization: Bearer {TEAM_KEY}")


@pytest.mark.parametrize("lane", ["fast", "full"])
def test_no_key_and_nothing_that_was_said_is_written_down_anywhere(
    lane: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """At the most talkative level, over answers, refusals, streams that break, nonsense, and a fault of our own."""
    caplog.set_level(logging.DEBUG)
    failure = TransportFailed("connection refused")
    script = Script(ANSWER, BROKEN, REFUSED, NO_JSON, NO_JSON, NO_JSON, failure, failure, failure)  # the next is not in it
    sink = JsonlSink(str(tmp_path / "records"))
    with running(script, Settings(lane=lane, api_key=TEAM_KEY), GROQ_API_KEY=PROVIDERS_KEY) as (url, gateway):
        gateway.records._sinks = (*gateway.records._sinks, sink)
        answers = [exchange(url, asked(number, stream=number == 1)) for number in range(6)]
        answers.append(exchange(url, asked(6).replace(TEAM_KEY.encode(), b"not-the-key-0000")))
        pages = exchange(url, get("/metrics", f"authorization: Bearer {TEAM_KEY}"))[2].decode()
        kept = [gateway.records.get(headers["x-request-id"]) for _, headers, _ in answers]
    sink.close()
    written = (tmp_path / "records").read_text()
    assert len(written.splitlines()) == len(answers)
    assert [status for status, _, _ in answers] == [200, 200, 401, 502, 502, 502, 401]
    assert "failed inside the gateway" in caplog.text, "our own fault is told"
    for place in (caplog.text, written, pages, repr(kept), repr(gateway.settings)):
        for secret in (PROVIDERS_KEY, TEAM_KEY, ASKED, SAID, "not-the-key"):
            assert secret not in place
    told = b"".join(body + repr(headers).encode() for _, headers, body in answers).decode()
    assert PROVIDERS_KEY not in told
    assert TEAM_KEY not in told
