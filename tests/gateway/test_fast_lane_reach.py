"""Which bodies are passed on as they come: those that say nothing which their model is known to refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest
from raw_http import exchange, post
from running_gateway import running

from turnout.gateway import Settings
from turnout.testing.transport import Script
from turnout.types import HttpResponse
from turnout.wire.seals import MARK, Envelope, Thought, seal

CHAT = HttpResponse(
    status=200,
    body=b'{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",'
    b'"content":"The Loire"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}',
)
MESSAGES = HttpResponse(
    status=200,
    body=b'{"id":"msg_1","type":"message","role":"assistant","model":"c","content":[{"type":"text","text":"The Loire"}],'
    b'"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":2}}',
)
ASKED: dict[str, Any] = {"messages": [{"role": "user", "content": "Name a river"}]}
FUNCTION = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
TOOL = {"name": "weather", "input_schema": {"type": "object", "properties": {}}}
STOPS = ["1", "2", "3", "4", "5"]
KEY = {"MISTRAL_API_KEY": "real-looking-1234567890"}


def served(path: str, model: str, answer: HttpResponse, **more: Any) -> tuple[str, dict[str, Any], int]:
    """The lane, what the provider was sent, and the status."""
    script = Script(answer)
    with running(script, **KEY) as (url, gateway):
        status, headers, _ = exchange(url, post(path, json.dumps({"model": model, **ASKED, **more}).encode()))
    record = gateway.records.get(headers["x-request-id"])
    assert record is not None
    return record.lane, json.loads(script.sent[0].body or b"") if script.sent else {}, status


@pytest.mark.parametrize(
    ("path", "model", "answer", "more"),
    [
        (
            "/v1/chat/completions",
            "openai/gpt-4o-mini",
            CHAT,
            {"temperature": 0.2, "max_completion_tokens": 5, "tools": [FUNCTION]},
        ),
        ("/v1/chat/completions", "openai/gpt-5", CHAT, {"max_completion_tokens": 50, "response_format": {"type": "json_object"}}),
        ("/v1/messages", "anthropic/claude-sonnet-4-5", MESSAGES, {"max_tokens": 50, "tools": [TOOL], "system": "Be brief"}),
        ("/mistral/v1/chat/completions", "mistral/mistral-small-latest", CHAT, {"max_tokens": 50, "safe_prompt": True}),
    ],
    ids=["openai", "a reasoning model", "anthropic", "mistral"],
)
def test_a_body_that_says_nothing_its_model_refuses_is_passed_on(
    path: str, model: str, answer: HttpResponse, more: dict[str, Any]
) -> None:
    lane, sent, status = served(path, model, answer, **more)
    assert (lane, status) == ("fast", 200)
    assert sent == {"model": model.partition("/")[2], **ASKED, **more}


@pytest.mark.parametrize(
    ("path", "model", "answer", "more", "fitted"),
    [
        ("/v1/chat/completions", "openai/gpt-4o-mini", CHAT, {"stop": STOPS}, {"stop": STOPS[:4]}),
        ("/v1/chat/completions", "openai/gpt-5", CHAT, {"temperature": 0.2}, {}),
        ("/v1/chat/completions", "openai/gpt-5", CHAT, {"max_tokens": 50}, {"max_completion_tokens": 50}),
        ("/v1/messages", "anthropic/claude-sonnet-4-5", MESSAGES, {"max_tokens": 9, "temperature": 2}, {"max_tokens": 9}),
        ("/mistral/v1/chat/completions", "mistral/mistral-small-latest", CHAT, {"temperature": 2.0}, {"temperature": 1.5}),
    ],
    ids=["stops", "sampling", "a name", "a range", "mistral"],
)
def test_a_body_that_may_say_what_its_model_refuses_is_read_and_made_to_fit(
    path: str, model: str, answer: HttpResponse, more: dict[str, Any], fitted: dict[str, Any]
) -> None:
    lane, sent, status = served(path, model, answer, **more)
    assert (lane, status) == ("full", 200)
    if more.get("temperature") == 2:
        assert sent.pop("temperature") in (1, 1.5)
        fitted = {name: value for name, value in fitted.items() if name != "temperature"}
    assert sent == {"model": model.partition("/")[2], **ASKED, **fitted}


def test_what_another_provider_sealed_is_never_passed_on_as_it_came() -> None:
    """A caller sends back the envelope that he was given with an answer of Gemini's, and asks Claude now."""
    envelope = seal(Envelope(wire="gemini", provider="google", thoughts=(Thought("A river.", signature="c2lnbmVk"),)))
    assert envelope is not None
    thinking = {"type": "thinking", "thinking": "A river.", "signature": envelope}
    said = [*ASKED["messages"], {"role": "assistant", "content": [thinking, {"type": "text", "text": "The Loire"}]}]
    more = {"messages": [*said, {"role": "user", "content": "Another"}], "max_tokens": 9}
    lane, sent, status = served("/v1/messages", "anthropic/claude-sonnet-4-5", MESSAGES, **more)
    assert (lane, status) == ("full", 200)
    assert MARK not in json.dumps(sent)
    assert "c2lnbmVk" not in json.dumps(sent)


@pytest.mark.parametrize("lane", ["fast", "full"])
def test_tools_for_a_model_that_has_none_are_refused_before_they_are_sent(lane: Any) -> None:
    script = Script()
    asked = json.dumps({"model": "groq/groq/compound-mini", **ASKED, "tools": [FUNCTION]}).encode()
    with running(script, Settings(lane=lane)) as (url, _):
        status, _, body = exchange(url, post("/v1/chat/completions", asked))
    assert status == 400
    assert "has no tools" in json.loads(body)["error"]["message"]
