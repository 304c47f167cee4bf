"""The real llama.cpp server over its three protocols, through our clients and codecs: tools and structured output.

What it says is the small model's; that it says it in this shape is the grammar's, which the schemas become.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from turnout.client import AsyncClient, Client
from turnout.config import Config, ConfigFile
from turnout.errors import ContextTooLong
from turnout.events import Event, Started, TextDelta, ToolCallDelta
from turnout.registry import Registry
from turnout.transport.local_server import Endpoint
from turnout.types import Completion

WIRES = ("openai-chat", "openai-responses", "anthropic-messages")
QUESTION = "What is the colour of an apple?"
COLOUR = {
    "title": "colour",
    "type": "object",
    "properties": {"colour": {"enum": ["red", "green"]}, "weight": {"type": "integer"}},
    "required": ["colour", "weight"],
    "additionalProperties": False,
}
LOOK: dict[str, Any] = {
    "type": "function",
    "function": {"name": "look", "description": "Colour and weight of a thing", "parameters": COLOUR},
}
TOOLS: dict[str, Any] = {"tools": [LOOK], "tool_choice": "required"}
ASKED: dict[str, Any] = {"temperature": 0, "max_output_tokens": 40}  # enough for a call of the tool


@pytest.fixture
def bound(endpoint: Endpoint) -> dict[str, Any]:
    """What both clients are made with: the server as a provider of each of its protocols."""
    tables = {wire: {"wire": wire, "base_url": f"{endpoint.base_url}/v1", "auth": "bearer"} for wire in WIRES}
    config = Config((ConfigFile("user file", "turnout.toml", {"providers": tables}),))
    return {"registry": Registry(environ={}, config=config), "api_key": endpoint.key, "timeout": 60}


def streamed(bound: dict[str, Any], wire: str, prompt: Any, **options: Any) -> tuple[list[Event], Completion]:
    """On an event loop."""

    async def run() -> tuple[list[Event], Completion]:
        async with AsyncClient(model=f"{wire}/smollm2-135m", **bound) as client:
            async with client.stream(prompt, **(ASKED | options)) as events:
                return [event async for event in events], events.completion()

    return asyncio.run(run())


def is_colour(text: str) -> bool:
    said = json.loads(text)
    return set(said) == {"colour", "weight"} and said["colour"] in ("red", "green") and type(said["weight"]) is int


@pytest.mark.parametrize("wire", WIRES)
def test_a_tool_is_called_with_what_its_schema_says_and_its_result_is_heard(bound: dict[str, Any], wire: str) -> None:
    conversation: list[Any] = [{"role": "user", "content": QUESTION}]
    with Client(model=f"{wire}/smollm2-135m", **bound) as client:
        done = client.chat(messages=conversation, **TOOLS, **ASKED)
        (call,) = done.tool_calls
        assert (call.name, done.choices[0].finish.unified) == ("look", "tool_calls")
        assert is_colour(call.arguments)
        assert done.usage.input_tokens
        assert done.usage.output_tokens
        assert str(done.target) == f"{wire}/smollm2-135m"
        conversation += [done.message, {"role": "tool", "tool_call_id": call.id, "content": "It is red and weighs 120"}]
        answer = client.chat(messages=conversation, tools=[LOOK], temperature=0, max_output_tokens=8)
    assert answer.text.strip()
    assert answer.tool_calls == ()


@pytest.mark.parametrize("wire", WIRES)
def test_a_streamed_call_comes_in_pieces_and_folds_to_what_its_schema_says(bound: dict[str, Any], wire: str) -> None:
    events, done = streamed(bound, wire, QUESTION, **TOOLS)
    (call,) = done.tool_calls
    assert (call.name, done.choices[0].finish.unified) == ("look", "tool_calls")
    assert is_colour(call.arguments)
    pieces = [event.arguments for event in events if isinstance(event, ToolCallDelta) and event.arguments]
    assert len(pieces) > 1
    assert "".join(pieces) == call.arguments
    assert isinstance(events[0], Started)
    assert done.usage.output_tokens


def test_responses_stream_text_token_by_token(bound: dict[str, Any]) -> None:
    """Its events name their item and do not number it."""
    events, done = streamed(bound, "openai-responses", "Count to ten", max_output_tokens=8)
    pieces = [event.text for event in events if isinstance(event, TextDelta) and event.text]
    assert len(pieces) > 2
    assert "".join(pieces) == done.text


def test_chat_answers_in_the_form_that_was_asked_for_whole_and_streamed(bound: dict[str, Any]) -> None:
    with Client(model="openai-chat/smollm2-135m", **bound) as client:
        whole = client.chat(QUESTION, response_format=COLOUR, **ASKED)
    _, streamed_answer = streamed(bound, "openai-chat", QUESTION, response_format=COLOUR)
    assert is_colour(whole.text)
    assert is_colour(streamed_answer.text)
    assert [line for line in whole.receipt.lines if line.fate in ("dropped", "approximated")] == []


@pytest.mark.parametrize("wire", WIRES)
def test_a_prompt_larger_than_a_slot_is_an_error_of_its_own(bound: dict[str, Any], wire: str) -> None:
    with Client(model=f"{wire}/smollm2-135m", **bound) as client, pytest.raises(ContextTooLong):
        client.chat("word " * 5000, **ASKED)
