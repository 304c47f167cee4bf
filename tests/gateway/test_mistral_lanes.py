"""Mistral's own client at Mistral, through both lanes: what it hears is the same, and the fast one changes no byte."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from mistralai.client import Mistral
from mistralai.client.errors import MistralError
from running_gateway import running

from turnout.gateway import Gateway, Settings
from turnout.gateway.routes import ROUTES
from turnout.registry import Registry
from turnout.testing.transport import Script, ScriptedStream
from turnout.types import HttpResponse

KEY = {"MISTRAL_API_KEY": "real-looking-1234567890"}
LIMITS = {"content-type": "application/json", "x-ratelimit-remaining-tokens-minute": "499000"}
WHOLE = (
    b'{"id":"c1","object":"chat.completion","created":1,"model":"mistral-small-latest","choices":[{"index":0,"message":'
    b'{"role":"assistant","tool_calls":null,"content":[{"type":"thinking","thinking":[{"type":"text","text":"A river."}]},'
    b'{"type":"text","text":"The Loire"}]},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":9,"total_tokens":12,"completion_tokens":3}}'
)
HEAD = (
    b'data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"mistral-small-latest","choices":[{"index":0,"delta":'
)
USAGE = b'"usage":{"prompt_tokens":9,"total_tokens":12,"completion_tokens":3}'
STREAM = (
    HEAD + b'{"role":"assistant","content":""},"finish_reason":null}]}\n\n',
    HEAD
    + b'{"content":[{"type":"thinking","thinking":[{"type":"text","text":"A river."}]}]},"finish_reason":null}],"p":"ab"}\n\n',
    HEAD + b'{"content":"The "},"finish_reason":null}],"p":"abcde"}\n\n',
    HEAD + b'{"content":"Loire"},"finish_reason":null}],"p":"a"}\n\n',
    HEAD + b'{"content":""},"finish_reason":"stop"}],' + USAGE + b',"p":"abc"}\n\ndata: [DONE]\n\n',
)
CALLS = (
    HEAD + b'{"role":"assistant","content":""},"finish_reason":null}]}\n\n',
    HEAD + b'{"tool_calls":[{"id":"VzeppoSaq","function":{"name":"weather","arguments":"{\\"city\\": \\"Paris\\"}"},"index":0}]},'
    b'"finish_reason":"tool_calls"}],' + USAGE + b"}\n\ndata: [DONE]\n\n",
)
MODEL = "mistral/mistral-small-latest"
HELLO: Any = [{"role": "user", "content": "Name a river"}]


@pytest.fixture(params=["fast", "full"])
def settings(request: pytest.FixtureRequest) -> Settings:
    return Settings(lane=request.param)


@contextmanager
def served(settings: Settings, *attempts: Any) -> Iterator[tuple[Mistral, Gateway, Script, str]]:
    script = Script(*attempts)
    with running(script, settings, **KEY) as (url, gateway):
        with Mistral(api_key="-", server_url=f"{url}/mistral", timeout_ms=20_000) as client:
            yield client, gateway, script, url


def the_record(gateway: Gateway, script: Script) -> Any:
    """Of the one call that was made: its id is the gateway's own, so it is found among those that are kept."""
    assert script.finished
    (record,) = gateway.records._latest.values()
    return record


def test_mistrals_client_gets_a_whole_answer_with_what_was_thought(settings: Settings) -> None:
    with served(settings, HttpResponse(status=200, headers=LIMITS, body=WHOLE)) as (client, gateway, script, _):
        answer = client.chat.complete(model=MODEL, messages=HELLO, random_seed=7, safe_prompt=True)
    message = answer.choices[0].message
    assert message is not None
    assert [chunk.type for chunk in message.content] == ["thinking", "text"]  # type: ignore[union-attr]
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (9, 3)
    sent = json.loads(script.sent[0].body)
    assert (sent["model"], sent["random_seed"], sent["safe_prompt"]) == ("mistral-small-latest", 7, True)
    record = the_record(gateway, script)
    assert (record.lane, record.outcome, record.usage.output_tokens) == (settings.lane, "ok", 3)
    assert record.cost is not None


def test_mistrals_client_gets_a_stream_with_its_usage(settings: Settings) -> None:
    with served(settings, ScriptedStream(chunks=STREAM)) as (client, gateway, script, _):
        with client.chat.stream(model=MODEL, messages=HELLO) as events:
            heard = [event.data for event in events]
    said = [choice.delta.content for chunk in heard for choice in chunk.choices]
    assert "".join(piece for piece in said if isinstance(piece, str)) == "The Loire"
    assert [piece[0].thinking[0].text for piece in said if isinstance(piece, list)] == ["A river."]
    assert [chunk.usage.total_tokens for chunk in heard if chunk.usage is not None] == [12]
    assert heard[-1].choices[0].finish_reason == "stop"
    assert "stream_options" not in json.loads(script.sent[0].body)
    record = the_record(gateway, script)
    assert (record.lane, record.outcome, record.usage.input_tokens) == (settings.lane, "ok", 9)
    assert record.first_event_seconds is not None
    assert script.open_bodies == 0


def test_mistrals_client_gets_a_call_whole_from_a_stream(settings: Settings) -> None:
    with served(settings, ScriptedStream(chunks=CALLS)) as (client, gateway, script, _):
        with client.chat.stream(model=MODEL, messages=HELLO) as events:
            heard = [event.data for event in events]
    (call,) = [call for chunk in heard for choice in chunk.choices for call in choice.delta.tool_calls or ()]
    assert (call.id, call.function.name, json.loads(str(call.function.arguments))) == ("VzeppoSaq", "weather", {"city": "Paris"})
    assert heard[-1].choices[0].finish_reason == "tool_calls"
    assert the_record(gateway, script).outcome == "ok"


def test_mistrals_stream_that_dies_never_ends_cleanly(settings: Settings) -> None:
    with served(settings, ScriptedStream(chunks=STREAM[:3])) as (_, gateway, script, url):
        asked = {"model": MODEL, "messages": HELLO, "stream": True}
        heard = httpx.post(f"{url}/mistral/v1/chat/completions", json=asked).text
    assert "ended before" in heard.rstrip().rpartition("\n")[2]
    assert "[DONE]" not in heard
    assert the_record(gateway, script).outcome == "StreamInterrupted"


def test_mistrals_refusal_reaches_its_client_in_its_own_words(settings: Settings) -> None:
    refusal = b'{"object":"error","message":"Extra inputs are not permitted","type":"invalid_request_error","code":"3051"}'
    with served(settings, HttpResponse(status=422, body=refusal)) as (client, gateway, script, _):
        with pytest.raises(MistralError, match="Extra inputs") as raised:
            client.chat.complete(model=MODEL, messages=HELLO)
    assert raised.value.status_code == 422
    assert json.loads(raised.value.body) == json.loads(refusal)
    assert the_record(gateway, script).lane == settings.lane


def test_mistrals_rate_limits_reach_its_client_with_a_refusal(settings: Settings) -> None:
    told = {"retry-after": "3600", "x-ratelimit-remaining-tokens-minute": "0"}
    busy = HttpResponse(status=429, headers=told, body=b'{"object":"error","message":"slow down","type":"rate_limited"}')
    with served(settings, busy) as (_, _, _, url):
        answer = httpx.post(f"{url}/mistral/v1/chat/completions", json={"model": MODEL, "messages": HELLO})
    assert answer.status_code == 429
    assert told.items() <= dict(answer.headers).items()


def test_the_fast_lane_changes_no_byte_of_mistrals_answers() -> None:
    asked = {"model": MODEL, "messages": HELLO}
    with served(Settings(), HttpResponse(status=200, body=WHOLE), ScriptedStream(chunks=STREAM)) as (_, _, _, url):
        whole = httpx.post(f"{url}/mistral/v1/chat/completions", json=asked)
        stream = httpx.post(f"{url}/mistral/v1/chat/completions", json=asked | {"stream": True})
    assert whole.content == WHOLE
    assert stream.content == b"".join(STREAM)


def test_every_protocol_but_two_has_a_fast_lane() -> None:
    registry = Registry(environ={})
    slow = {route.wire for route in ROUTES if route.operation == "chat" and registry.wires.get(route.wire).relay is None}
    assert slow == {"ollama-generate", "bedrock-converse"}
