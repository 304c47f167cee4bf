"""An object comes out of every protocol: as the form of its answer, as the call of a tool, and out of its text."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import pytest
from people import ANNA, KEY, Person, completion

from turnout.client import Client
from turnout.config import Config, ConfigFile
from turnout.registry import Registry
from turnout.testing.transport import Script
from turnout.types import HttpResponse

OBJECT = {"name": "Anna", "age": 31}
WRONG = {"name": "Anna", "age": "young"}


class Protocol(NamedTuple):
    """``text`` and ``call`` make an answer of a text, or of the arguments of a call; ``forced`` is how a call is demanded."""

    model: str
    text: Any
    call: Any
    forced: tuple[str, ...]


def openai_responses(item: dict[str, Any]) -> dict[str, Any]:
    usage = {"input_tokens": 9, "output_tokens": 4, "total_tokens": 13}
    return {
        "id": "r",
        "object": "response",
        "created_at": 1,
        "status": "completed",
        "model": "m",
        "output": [item],
        "usage": usage,
    }


def anthropic(block: dict[str, Any], stop: str) -> dict[str, Any]:
    usage = {"input_tokens": 9, "output_tokens": 4}
    message = {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": [block]}
    return {**message, "stop_reason": stop, "usage": usage}


def gemini(part: dict[str, Any]) -> dict[str, Any]:
    usage = {"promptTokenCount": 9, "candidatesTokenCount": 4, "totalTokenCount": 13}
    return {"candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": "STOP"}], "usageMetadata": usage}


def cohere(message: dict[str, Any], finish: str) -> dict[str, Any]:
    usage = {"billed_units": {"input_tokens": 9, "output_tokens": 4}, "tokens": {"input_tokens": 9, "output_tokens": 4}}
    return {"id": "c", "finish_reason": finish, "message": {"role": "assistant", **message}, "usage": usage}


def ollama(message: dict[str, Any]) -> dict[str, Any]:
    counts = {"prompt_eval_count": 9, "eval_count": 4}
    return {"model": "m", "message": {"role": "assistant", **message}, "done": True, "done_reason": "stop", **counts}


def converse(block: dict[str, Any], stop: str) -> dict[str, Any]:
    usage = {"inputTokens": 9, "outputTokens": 4, "totalTokens": 13}
    return {"output": {"message": {"role": "assistant", "content": [block]}}, "stopReason": stop, "usage": usage}


def function(arguments: Any) -> dict[str, Any]:
    return {"id": "call_1", "type": "function", "function": {"name": "Person", "arguments": arguments}}


PROTOCOLS = [
    Protocol(
        "openai/gpt-4o",
        lambda said: json.loads(completion(json.dumps(said)).body),
        lambda said: json.loads(completion(call=json.dumps(said)).body),
        ("tool_choice", "function", "name"),
    ),
    Protocol(
        "responses/gpt-4o",
        lambda said: openai_responses(
            {
                "type": "message",
                "id": "msg_1",
                "status": "completed",
                "role": "assistant",
                "content": [{"type": "output_text", "text": json.dumps(said), "annotations": []}],
            }
        ),
        lambda said: openai_responses(
            {"type": "function_call", "id": "fc_1", "call_id": "call_1", "name": "Person", "arguments": json.dumps(said)}
        ),
        ("tool_choice", "name"),
    ),
    Protocol(
        "anthropic/claude-sonnet-4-5",
        lambda said: anthropic({"type": "text", "text": json.dumps(said)}, "end_turn"),
        lambda said: anthropic({"type": "tool_use", "id": "toolu_1", "name": "Person", "input": said}, "tool_use"),
        ("tool_choice", "name"),
    ),
    Protocol(
        "google/gemini-2.5-flash",
        lambda said: gemini({"text": json.dumps(said)}),
        lambda said: gemini({"functionCall": {"name": "Person", "args": said}}),
        ("toolConfig", "functionCallingConfig", "allowedFunctionNames"),
    ),
    Protocol(
        "mistral/mistral-large-latest",
        lambda said: json.loads(completion(json.dumps(said)).body),
        lambda said: json.loads(completion(call=json.dumps(said)).body),
        ("tool_choice", "function", "name"),
    ),
    Protocol(
        "cohere/command-a-03-2025",
        lambda said: cohere({"content": [{"type": "text", "text": json.dumps(said)}]}, "COMPLETE"),
        lambda said: cohere({"tool_calls": [function(json.dumps(said))]}, "TOOL_CALL"),
        ("tool_choice",),
    ),
    Protocol(
        "ollama/qwen3:4b",
        lambda said: ollama({"content": json.dumps(said)}),
        lambda said: ollama({"content": "", "tool_calls": [{"function": {"name": "Person", "arguments": said}}]}),
        ("tools",),  # this protocol cannot demand a call
    ),
    Protocol(
        "bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0",
        lambda said: converse({"text": json.dumps(said)}, "end_turn"),
        lambda said: converse({"toolUse": {"toolUseId": "tooluse_1", "name": "Person", "input": said}}, "tool_use"),
        ("toolConfig", "toolChoice", "tool", "name"),
    ),
]
every = pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.model)


def asked(protocol: Protocol, mode: str, *bodies: dict[str, Any]) -> tuple[Any, list[Any]]:
    """What a client gets of these answers for a Person, and what was sent."""
    variables = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "MISTRAL_API_KEY", "COHERE_API_KEY")
    environ = dict.fromkeys(variables, KEY) | {"AWS_BEARER_TOKEN_BEDROCK": KEY, "AWS_REGION": "eu-west-1"}
    own = {"responses": {"wire": "openai-responses", "base_url": "https://api.openai.example/v1", "auth": "none"}}
    registry = Registry(environ=environ, config=Config((ConfigFile("user file", "turnout.toml", {"providers": own}),)))
    script = Script(*(HttpResponse(status=200, body=json.dumps(body).encode()) for body in bodies))
    with Client(registry, script, model=protocol.model) as client:
        done = client.chat("Anna is 31.", response_model=Person, mode=mode)
    assert script.finished
    return done, [json.loads(request.body) for request in script.sent]


@every
@pytest.mark.parametrize("mode", ["json_schema", "text"])
def test_an_object_comes_out_of_the_text_of_an_answer(protocol: Protocol, mode: str) -> None:
    done, (sent,) = asked(protocol, mode, protocol.text(OBJECT))
    assert done.parsed == ANNA
    assert "minimum" in json.dumps(sent)  # the schema, told as a form of the answer or in words
    assert not {"tools", "toolConfig"} & sent.keys()


@every
def test_an_object_comes_out_of_the_call_of_a_tool(protocol: Protocol) -> None:
    done, (sent,) = asked(protocol, "tools", protocol.call(OBJECT))
    assert done.parsed == ANNA
    for step in protocol.forced:
        sent = sent[step]
    assert sent


@every
@pytest.mark.parametrize("mode", ["json_schema", "tools"])
def test_one_that_does_not_fit_is_told_in_the_protocols_own_way_and_the_next_one_does(protocol: Protocol, mode: str) -> None:
    make = protocol.call if mode == "tools" else protocol.text
    done, (first, second) = asked(protocol, mode, make(WRONG), make(OBJECT))
    assert done.parsed == ANNA
    assert len(done.attempts) == 2
    assert done.usage.input_tokens == 2 * done.unfit[0].usage.input_tokens
    told = json.dumps(second)
    assert "Expected `int`, got `str` - at `$.age`" in told
    assert "young" in told
    assert "young" not in json.dumps(first)


@every
def test_a_model_that_says_the_object_where_a_call_was_wanted_has_answered(protocol: Protocol) -> None:
    done, _ = asked(protocol, "tools", protocol.text(OBJECT))
    assert done.parsed == ANNA
