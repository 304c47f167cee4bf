"""What was thought beside a tool call goes back to the models that ask for it, whatever protocol the caller speaks."""

from __future__ import annotations

import json
from typing import Any

import pytest

from turnout.adapt import prepare
from turnout.registry import Registry
from turnout.types import Target
from turnout.wire.anthropic_messages import WIRE as ANTHROPIC
from turnout.wire.openai_responses import WIRE as RESPONSES

TOOL = {"name": "weather", "input_schema": {"type": "object", "properties": {}}}
CALL = {"type": "tool_use", "id": "call_1", "name": "weather", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "call_1", "content": "18 degrees"}


def sent(target: str, blocks: list[Any], then: dict[str, Any] = RESULT) -> dict[str, Any]:
    body: dict[str, Any] = {"model": "m", "max_tokens": 9, "tools": [TOOL]}
    body["messages"] = [
        {"role": "user", "content": "Paris?"},
        {"role": "assistant", "content": blocks},
        {"role": "user", "content": [then]},
    ]
    assert ANTHROPIC.server is not None
    return encoded(target, ANTHROPIC.server.parse(json.dumps(body).encode())[0])


def encoded(target: str, request: Any) -> dict[str, Any]:
    provider, wire, model = Registry(environ={}).spoken(Target(*target.split("/", 1)))
    assert wire.chat is not None
    prepared = prepare(request, wire, provider, model)
    written: dict[str, Any] = json.loads(wire.chat.encode(prepared.request, provider, stream=False).http.body)
    return written


def thinking(text: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": text, "signature": "sealed-by-somebody"}


@pytest.mark.parametrize("target", ["deepseek/deepseek-reasoner", "deepseek/deepseek-v4-pro"])
def test_a_model_that_wants_its_thoughts_back_gets_them_beside_the_call_and_without_a_seal(target: str) -> None:
    body = sent(target, [thinking("The tool knows."), CALL])
    assert body["messages"][1]["reasoning_content"] == "The tool knows."
    assert "sealed" not in json.dumps(body)


def test_a_caller_of_responses_gives_them_back_too() -> None:
    items = [
        {"role": "user", "content": "Paris?"},
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "The tool knows."}]},
        {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "weather", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "call_1", "output": "18 degrees"},
    ]
    assert RESPONSES.server is not None
    request, _ = RESPONSES.server.parse(json.dumps({"model": "m", "input": items}).encode())
    assert encoded("deepseek/deepseek-reasoner", request)["messages"][1]["reasoning_content"] == "The tool knows."


def test_thoughts_of_a_finished_turn_stay_behind() -> None:
    body = sent(
        "deepseek/deepseek-reasoner", [thinking("Done."), {"type": "text", "text": "Sunny."}], {"type": "text", "text": "Thanks"}
    )
    assert "Done." not in json.dumps(body)


@pytest.mark.parametrize("target", ["deepseek/deepseek-chat", "openai/gpt-4o"])
def test_a_model_that_does_not_ask_for_them_gets_none(target: str) -> None:
    assert "The tool knows." not in json.dumps(sent(target, [thinking("The tool knows."), CALL]))


@pytest.mark.parametrize(
    ("model", "asked"), [("o3", ["reasoning.encrypted_content"]), ("gpt-4o", None), ("gpt-5", ["reasoning.encrypted_content"])]
)
def test_a_model_that_thinks_unasked_is_asked_for_the_seal_of_it_where_nothing_is_stored(model: str, asked: Any) -> None:
    provider, _, row = Registry(environ={}).spoken(Target("openai", model))
    assert ANTHROPIC.server is not None
    assert RESPONSES.chat is not None
    body = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Paris?"}]}
    request, _ = ANTHROPIC.server.parse(json.dumps(body).encode())
    prepared = prepare(request, RESPONSES, provider, row)
    written = json.loads(RESPONSES.chat.encode(prepared.request, provider, stream=False).http.body)
    assert written.get("include") == asked
    assert "reasoning" not in written
