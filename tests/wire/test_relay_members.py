"""Which members of a body may say a field: what the fast lane asks before it passes a body on to a model that refuses some."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import asdict

from turnout.catalog.read import Catalog
from turnout.catalog.schema import Provider
from turnout.registry import Registry
from turnout.types import ChatRequest, Message, ReasoningConfig, ResponseFormat, Text, Tool, ToolChoice
from turnout.wire import Wire

REGISTRY = Registry(environ={})
WIRES = {
    name: wire for name in sorted(REGISTRY.wires.names()) if (wire := REGISTRY.wires.get(name)).relay is not None and wire.server
}
HELLO = (Message("user", (Text("Name a river"),)),)
TOOL = Tool(name="weather", parameters={"type": "object", "properties": {}})
VALUES: dict[str, Any] = {
    "temperature": 0.5,
    "top_p": 0.5,
    "top_k": 5,
    "seed": 7,
    "n": 2,
    "stop": ("END",),
    "max_output_tokens": 50,
    "frequency_penalty": 0.5,
    "presence_penalty": 0.5,
    "logprobs": True,
    "top_logprobs": 2,
    "parallel_tool_calls": False,
    "reasoning": ReasoningConfig(enabled=True, effort="high"),
    "tools": (TOOL,),
    "response_format": ResponseFormat(kind="json_schema", schema={"type": "object", "properties": {}}, name="answer"),
}
# by protocol, each way to say something that some model refuses, as callers write it
SAID: dict[str, list[tuple[str, Any]]] = {
    "openai-chat": [
        *[("temperature", 0.5), ("top_p", 0.5), ("top_k", 5), ("seed", 7), ("random_seed", 7), ("n", 2), ("stop", "END")],
        *[("stop", ["END"]), ("max_tokens", 5), ("max_completion_tokens", 5), ("frequency_penalty", 1), ("logprobs", True)],
        *[("presence_penalty", 1), ("top_logprobs", 2), ("parallel_tool_calls", False), ("reasoning_effort", "low")],
        *[("reasoning", {"effort": "low"}), ("tools", [{"type": "function", "function": {"name": "a"}}])],
        *[("functions", [{"name": "a"}]), ("response_format", {"type": "json_object"})],
    ],
    "openai-responses": [
        *[("temperature", 0.5), ("top_p", 0.5), ("max_output_tokens", 50), ("top_logprobs", 2), ("parallel_tool_calls", False)],
        *[("reasoning", {"effort": "low"}), ("tools", [{"type": "function", "name": "a", "parameters": {}}])],
        ("text", {"format": {"type": "json_object"}}),
    ],
    "anthropic-messages": [
        *[("temperature", 0.5), ("top_p", 0.5), ("top_k", 5), ("max_tokens", 50), ("stop_sequences", ["END"])],
        *[("thinking", {"type": "adaptive"}), ("output_config", {"effort": "low"})],
        *[("output_config", {"format": {"type": "json_schema", "schema": {}}})],
        *[("output_format", {"type": "json_schema", "schema": {}})],
        *[("tools", [{"name": "a", "input_schema": {}}]), ("tool_choice", {"type": "auto", "disable_parallel_tool_use": True})],
    ],
    "cohere-chat": [
        *[("temperature", 0.5), ("p", 0.5), ("k", 5), ("seed", 7), ("max_tokens", 50), ("stop_sequences", ["END"])],
        *[("frequency_penalty", 0.5), ("presence_penalty", 0.5), ("logprobs", True), ("thinking", {"type": "enabled"})],
        *[("tools", [{"type": "function", "function": {"name": "a"}}]), ("response_format", {"type": "json_object"})],
    ],
    "ollama": [
        *[("options", {name: 1}) for name in ("temperature", "top_p", "num_predict", "frequency_penalty", "presence_penalty")],
        *[("options", {"top_k": 5}), ("options", {"seed": 7}), ("options", {"stop": ["END"]}), ("think", True), ("think", "low")],
        *[("logprobs", True), ("top_logprobs", 2), ("tools", [{"type": "function", "function": {"name": "a"}}])],
        *[("format", "json"), ("format", {"type": "object"})],
    ],
    "gemini": [
        *[
            ("generationConfig", {name: 1})
            for name in ("temperature", "topP", "topK", "seed", "maxOutputTokens", "candidateCount")
        ],
        *[("generationConfig", {name: 1}) for name in ("frequencyPenalty", "presencePenalty", "logprobs")],
        *[("generationConfig", {"responseLogprobs": True}), ("generationConfig", {"stopSequences": ["END"]})],
        *[("generation_config", {"max_output_tokens": 5}), ("generationConfig", {"thinkingConfig": {"thinkingBudget": 5}})],
        *[("generationConfig", {"responseMimeType": "application/json"}), ("tools", [{"functionDeclarations": [{"name": "a"}]}])],
    ],
}
BODIES: dict[str, dict[str, Any]] = {
    "openai-responses": {"model": "m", "input": "Name a river"},
    "gemini": {"contents": [{"role": "user", "parts": [{"text": "Name a river"}]}]},
}
HELLO_BODY = {"model": "m", "messages": [{"role": "user", "content": "Name a river"}]}


def provider(wire: Wire) -> Provider:
    return Provider(id="acme", name="Acme", wire=wire.name, base_url="http://127.0.0.1:1")


def encoded(wire: Wire, **fields: Any) -> dict[str, Any]:
    assert wire.chat is not None
    request = ChatRequest(model="m", messages=HELLO, **fields)
    body: dict[str, Any] = json.loads(wire.chat.encode(request, provider(wire), stream=False).http.body or b"")
    return body


def parsed(wire: Wire, body: dict[str, Any]) -> dict[str, Any]:
    assert wire.server is not None
    return asdict(wire.server.parse(json.dumps(body).encode())[0])


@pytest.mark.parametrize("field", VALUES)
@pytest.mark.parametrize("name", WIRES)
def test_what_a_wire_writes_for_a_field_is_among_the_members_that_may_say_it(name: str, field: str) -> None:
    wire = WIRES[name]
    assert wire.relay is not None
    tools = {"tools": (TOOL,), "tool_choice": ToolChoice("auto")} if field == "parallel_tool_calls" else {}
    before, after = encoded(wire, **tools), encoded(wire, **tools, **{field: VALUES[field]})
    changed = {member for member in before.keys() | after.keys() if before.get(member) != after.get(member)}
    members = wire.relay.members_that_say(field)
    assert members is not None
    assert changed <= set(members) | ({"max_tokens"} if field == "reasoning" else set())  # a default that makes room for it


@pytest.mark.parametrize(("name", "member", "value"), [(wire, *said) for wire, all_said in SAID.items() for said in all_said])
def test_whatever_a_caller_says_a_field_by_is_known_to_say_it(name: str, member: str, value: Any) -> None:
    wire = WIRES[name]
    assert wire.relay is not None
    body = BODIES.get(name, HELLO_BODY)
    before, after = parsed(wire, body), parsed(wire, body | {member: value})
    said = {field for field in VALUES if before[field] != after[field]}
    assert said
    for field in said:
        assert member in (wire.relay.members_that_say(field) or ()), field


def test_a_field_that_has_no_word_of_ours_is_said_by_the_member_of_its_name() -> None:
    relay = WIRES["openai-chat"].relay
    assert relay is not None
    assert relay.members_that_say("extra.logit_bias") == ("logit_bias",)
    assert relay.members_that_say("service_tier") == ("service_tier",)
    assert relay.members_that_say("messages") is None


def test_every_field_that_the_catalog_restricts_is_said_by_known_members() -> None:
    rows = Catalog().restrictions
    fields = {field for row in rows for field in row.fields if not field.startswith("extra.")}
    assert {"temperature", "stop", "max_output_tokens"} <= fields <= set(VALUES)
    assert any(row.thinking is not None for row in rows)  # which "reasoning" stands for
