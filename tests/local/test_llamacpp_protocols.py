"""What the embedded model can do, said in three protocols with plain HTTP: text, streams, tools, structured output."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from embedded_model import post

from turnout.testing.exchange import exchange_files, read_exchanges
from turnout.transport.local_server import Endpoint

WEATHER = "What is the weather in Paris?"
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
COLOUR = {
    "type": "object",
    "properties": {"colour": {"enum": ["red", "green"]}, "weight": {"type": "integer"}},
    "required": ["colour", "weight"],
    "additionalProperties": False,
}
CHAT = {"max_tokens": 64, "temperature": 0, "messages": [{"role": "user", "content": WEATHER}]}
MESSAGES = CHAT
RESPONSES = {"max_output_tokens": 64, "temperature": 0, "input": WEATHER}
CHAT_TOOL = {"type": "function", "function": {"name": "get_weather", "description": "Weather of a city", "parameters": CITY}}
MESSAGES_TOOL = {"name": "get_weather", "description": "Weather of a city", "input_schema": CITY}
RESPONSES_TOOL = {"type": "function", "name": "get_weather", "description": "Weather of a city", "parameters": CITY}


def events(body: bytes) -> list[Any]:
    return [json.loads(line[6:]) for line in body.decode().splitlines() if line.startswith("data: {")]


def is_colour(value: Any) -> bool:
    return set(value) == {"colour", "weight"} and value["colour"] in ("red", "green") and isinstance(value["weight"], int)


def test_chat_gives_json_of_the_schema_whatever_the_model_would_say(endpoint: Endpoint) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "colour", "schema": COLOUR, "strict": True}}
    answer = post(endpoint, "/v1/chat/completions", {**CHAT, "response_format": form}).json
    assert is_colour(json.loads(answer["choices"][0]["message"]["content"]))


def test_chat_calls_a_tool(endpoint: Endpoint) -> None:
    body = {**CHAT, "tools": [CHAT_TOOL], "tool_choice": "required"}
    choice = post(endpoint, "/v1/chat/completions", body).json["choices"][0]
    (call,) = choice["message"]["tool_calls"]
    assert choice["finish_reason"] == "tool_calls"
    assert call["function"]["name"] == "get_weather"
    assert isinstance(json.loads(call["function"]["arguments"])["city"], str)


def test_chat_streams_a_tool_call(endpoint: Endpoint) -> None:
    body = {**CHAT, "tools": [CHAT_TOOL], "tool_choice": "required", "stream": True}
    deltas = [event["choices"][0]["delta"] for event in events(post(endpoint, "/v1/chat/completions", body).body)]
    calls = [delta["tool_calls"][0]["function"] for delta in deltas if "tool_calls" in delta]
    assert calls[0]["name"] == "get_weather"
    assert set(json.loads("".join(call["arguments"] for call in calls))) == {"city"}


def test_chat_answers_in_words_once_it_has_the_tools_result(endpoint: Endpoint) -> None:
    called = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": '{"city":"Paris"}'}}
    conversation = [
        {"role": "user", "content": WEATHER},
        {"role": "assistant", "content": None, "tool_calls": [called]},
        {"role": "tool", "tool_call_id": "call_1", "content": "18 degrees and sunny"},
    ]
    body = {**CHAT, "messages": conversation, "tools": [CHAT_TOOL]}
    message = post(endpoint, "/v1/chat/completions", body).json["choices"][0]["message"]
    assert message["content"]
    assert "tool_calls" not in message


def test_chat_streams_token_by_token_and_reports_usage(endpoint: Endpoint) -> None:
    body = {**CHAT, "max_tokens": 8, "stream": True, "stream_options": {"include_usage": True}, "ignore_eos": True}
    answer = post(endpoint, "/v1/chat/completions", body)
    seen = events(answer.body)
    assert answer.headers["content-type"] == "text/event-stream"
    assert sum(bool(choice["delta"].get("content")) for event in seen for choice in event["choices"]) == 8
    assert seen[-1]["usage"]["completion_tokens"] == 8
    assert answer.body.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize("choice", [{"type": "any"}, {"type": "tool", "name": "get_weather"}])
def test_messages_call_a_tool(endpoint: Endpoint, choice: dict[str, str]) -> None:
    answer = post(endpoint, "/v1/messages", {**MESSAGES, "tools": [MESSAGES_TOOL], "tool_choice": choice}).json
    (use,) = answer["content"]
    assert (answer["stop_reason"], use["type"], use["name"], set(use["input"])) == (
        "tool_use",
        "tool_use",
        "get_weather",
        {"city"},
    )


def test_messages_give_json_of_a_schema_as_a_forced_tool(endpoint: Endpoint) -> None:
    tool = {"name": "colour", "description": "The colour and weight of a thing", "input_schema": COLOUR}
    body = {**MESSAGES, "tools": [tool], "tool_choice": {"type": "tool", "name": "colour"}}
    (use,) = post(endpoint, "/v1/messages", body).json["content"]
    assert is_colour(use["input"])


def test_messages_stream_with_their_own_events(endpoint: Endpoint) -> None:
    answer = post(endpoint, "/v1/messages", {**MESSAGES, "max_tokens": 4, "stream": True})
    kinds = [event["type"] for event in events(answer.body)]
    assert kinds[:2] == ["message_start", "content_block_start"]
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]


def test_responses_call_a_tool(endpoint: Endpoint) -> None:
    answer = post(endpoint, "/v1/responses", {**RESPONSES, "tools": [RESPONSES_TOOL], "tool_choice": "required"}).json
    (call,) = answer["output"]
    assert (call["type"], call["name"], set(json.loads(call["arguments"]))) == ("function_call", "get_weather", {"city"})


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages"])
def test_a_prompt_larger_than_a_slot_is_refused_with_the_sizes(endpoint: Endpoint, path: str) -> None:
    body = {**CHAT, "messages": [{"role": "user", "content": "word " * 5000}]}
    answer = post(endpoint, path, body)
    assert answer.status == 400
    assert answer.json["error"]["type"] == "exceed_context_size_error"
    assert answer.json["error"]["n_ctx"] == 4096


def test_the_recorded_exchanges_are_readable_and_small() -> None:
    files = exchange_files(Path(__file__).parents[1] / "fixtures" / "llamacpp")
    exchanges = [exchange for file in files for exchange in read_exchanges(file)]
    assert {exchange.endpoint for exchange in exchanges} == {"chat.completions", "messages", "responses"}
    assert sum(file.stat().st_size for file in files) < 300_000
    assert not any(name in exchange.request.headers for exchange in exchanges for name in ("authorization", "x-api-key"))
