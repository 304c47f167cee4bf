"""A tool loop in which the model thinks, through a running gateway: the vendors' SDKs hand back what they were given."""

from __future__ import annotations

import json
from typing import Any

import anthropic
import openai
import pytest
from google import genai
from running_gateway import running

from turnout.gateway import Settings
from turnout.testing.transport import Script, ScriptedStream
from turnout.types import HttpResponse
from turnout.wire.seals import MARK

SIGNED, CALL = "EqQBCg+/aA==", "Y2Fs+/A="
CLAUDE, GEMINI = "anthropic/claude-sonnet-4-5", "gemini/gemini-3-pro-preview"
THOUGHT = [
    {"type": "thinking", "thinking": "The tool knows.", "signature": SIGNED},
    {"type": "redacted_thinking", "data": "EmwKAhg="},
    {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Paris"}},
]


def message(content: list[dict[str, Any]], stop: str) -> dict[str, Any]:
    said = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5", "content": content}
    return said | {"stop_reason": stop, "stop_sequence": None, "usage": {"input_tokens": 5, "output_tokens": 9}}


def whole(body: Any) -> HttpResponse:
    return HttpResponse(status=200, body=json.dumps(body).encode())


def events(*said: dict[str, Any]) -> ScriptedStream:
    return ScriptedStream(chunks=[f"event: {it['type']}\ndata: {json.dumps(it)}\n\n".encode() for it in said])


def block(index: int, start: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    grown = [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
    begun = {"type": "content_block_start", "index": index, "content_block": start}
    return [begun, *grown, {"type": "content_block_stop", "index": index}]


THINKS = whole(message(THOUGHT, "tool_use"))
THINKS_IN_A_STREAM = events(
    {"type": "message_start", "message": message([], "tool_use") | {"stop_reason": None}},
    *block(
        0,
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "thinking_delta", "thinking": "The tool "},
        {"type": "thinking_delta", "thinking": "knows."},
        {"type": "signature_delta", "signature": SIGNED},
    ),
    *block(1, THOUGHT[1]),
    *block(2, THOUGHT[2] | {"input": {}}, {"type": "input_json_delta", "partial_json": '{"city": "Paris"}'}),
    {"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": None}, "usage": {"output_tokens": 9}},
    {"type": "message_stop"},
)
ANSWERS = whole(message([{"type": "text", "text": "18 degrees."}], "end_turn"))
TOOL = {"type": "object", "properties": {"city": {"type": "string"}}}
ASKED = "How warm is it in Paris?"


def heard(script: Script) -> Any:
    """What Claude hears of its own turn, in the second request."""
    body = json.loads(script.sent[1].body)
    assert body["messages"][2]["content"][0]["type"] == "tool_result"
    return body["messages"][1]["content"]


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_the_responses_sdk_gives_claude_its_thoughts_back(stream: bool) -> None:
    script = Script(THINKS_IN_A_STREAM if stream else THINKS, ANSWERS)
    tools: Any = [{"type": "function", "name": "weather", "parameters": TOOL, "strict": False}]
    with running(script) as (url, _), openai.OpenAI(base_url=f"{url}/v1", api_key="-") as client:
        said: Any = [{"role": "user", "content": ASKED}]
        if stream:
            with client.responses.stream(model=CLAUDE, input=said, tools=tools) as arriving:
                first = arriving.get_final_response()
        else:
            first = client.responses.create(model=CLAUDE, input=said, tools=tools)
        said += [item.to_dict() for item in first.output]
        said.append({"type": "function_call_output", "call_id": "toolu_1", "output": "18"})
        assert client.responses.create(model=CLAUDE, input=said, tools=tools).output_text == "18 degrees."
    assert heard(script) == THOUGHT


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_the_chat_sdk_gives_claude_its_thoughts_back_where_the_message_is_appended_as_it_was_given(stream: bool) -> None:
    script = Script(THINKS_IN_A_STREAM if stream else THINKS, ANSWERS)
    tools: Any = [{"type": "function", "function": {"name": "weather", "parameters": TOOL}}]
    with running(script) as (url, _), openai.OpenAI(base_url=f"{url}/v1", api_key="-") as client:
        said: Any = [{"role": "user", "content": ASKED}]
        if stream:
            with client.chat.completions.stream(model=CLAUDE, messages=said, tools=tools) as arriving:
                first = arriving.get_final_completion().choices[0].message
        else:
            first = client.chat.completions.create(model=CLAUDE, messages=said, tools=tools).choices[0].message
        given = first.model_dump(exclude_none=True)
        for call in given["tool_calls"]:
            call["function"].pop("parsed_arguments", None)  # which the SDK adds for the program
        said += [given, {"role": "tool", "tool_call_id": "toolu_1", "content": "18"}]
        assert (
            client.chat.completions.create(model=CLAUDE, messages=said, tools=tools).choices[0].message.content == "18 degrees."
        )
    assert heard(script) == THOUGHT


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_geminis_chat_gives_claude_its_thoughts_back(stream: bool) -> None:
    script = Script(THINKS_IN_A_STREAM if stream else THINKS, ANSWERS)
    declared: Any = [{"function_declarations": [{"name": "weather", "parameters_json_schema": TOOL}]}]
    with running(script) as (url, _):
        client = genai.Client(api_key="-", http_options={"base_url": url})
        config: Any = {"tools": declared, "automatic_function_calling": {"disable": True}}
        chat = client.chats.create(model=CLAUDE, config=config)
        if stream:
            assert [call.name for chunk in chat.send_message_stream(ASKED) for call in chunk.function_calls or ()] == ["weather"]
        else:
            assert chat.send_message(ASKED).function_calls
        result = genai.types.Part.from_function_response(name="weather", response={"output": "18"})
        result.function_response.id = "toolu_1"  # type: ignore[union-attr]
        assert chat.send_message(result).text == "18 degrees."
        client.close()
    assert heard(script) == THOUGHT


def test_the_anthropic_sdk_gives_gemini_its_signature_back() -> None:
    parts = [
        {"text": "The tool knows.", "thought": True},
        {"functionCall": {"id": "call_1", "name": "weather", "args": {"city": "Paris"}}, "thoughtSignature": CALL},
    ]

    def answered(*parts: dict[str, Any]) -> HttpResponse:
        return whole(
            {
                "candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}],
                "modelVersion": "gemini-3-pro-preview",
                "responseId": "r1",
            }
        )

    script = Script(answered(*parts), answered({"text": "18 degrees."}))
    with running(script) as (url, _), anthropic.Anthropic(base_url=url, api_key="-") as client:
        tools: Any = [{"name": "weather", "input_schema": TOOL}]
        said: Any = [{"role": "user", "content": ASKED}]
        first = client.messages.create(model=GEMINI, max_tokens=99, messages=said, tools=tools)
        result = {"type": "tool_result", "tool_use_id": "call_1", "content": "18"}
        said += [{"role": "assistant", "content": first.content}, {"role": "user", "content": [result]}]
        last = client.messages.create(model=GEMINI, max_tokens=99, messages=said, tools=tools)
        assert last.content[0].text == "18 degrees."  # type: ignore[union-attr]
    assert json.loads(script.sent[1].body)["contents"][1]["parts"] == parts


def test_a_conversation_that_moves_on_to_another_provider_leaves_the_seals_behind_and_says_so() -> None:
    chat = {"id": "1", "object": "chat.completion", "created": 1, "model": "m"}
    choice = {"index": 0, "message": {"role": "assistant", "content": "18 degrees."}, "finish_reason": "stop"}
    script = Script(THINKS, whole(chat | {"choices": [choice]}))
    tools: Any = [{"type": "function", "name": "weather", "parameters": TOOL, "strict": False}]
    with running(script, Settings(lane="full")) as (url, gateway), openai.OpenAI(base_url=f"{url}/v1", api_key="-") as client:
        said: Any = [{"role": "user", "content": ASKED}]
        first = client.responses.create(model=CLAUDE, input=said, tools=tools)
        said += [item.to_dict() for item in first.output]
        said.append({"type": "function_call_output", "call_id": "toolu_1", "output": "18"})
        raw = client.responses.with_raw_response.create(model="groq/llama-3.3-70b-versatile", input=said, tools=tools)
    record = gateway.records.get(raw.headers["x-request-id"])
    assert SIGNED not in script.sent[1].body.decode()
    assert MARK not in script.sent[1].body.decode()
    assert record is not None
    assert any(line.fate == "dropped" and "reasoning" in line.reason for line in record.receipt)


@pytest.mark.parametrize("lane", ["fast", "full"])
def test_a_provider_of_the_callers_own_protocol_never_hears_an_envelope_of_another(lane: str) -> None:
    """Its bytes would be passed on as they are: Claude would take it for a signature of its own, and refuse it."""
    parts = [{"text": "Hm.", "thought": True}, {"text": "Which city?", "thoughtSignature": CALL}]
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP", "index": 0}
    script = Script(whole({"candidates": [candidate], "modelVersion": "m", "responseId": "r1"}), ANSWERS, ANSWERS)
    with running(script, Settings(lane=lane)) as (url, gateway), anthropic.Anthropic(base_url=url, api_key="-") as client:
        said: Any = [{"role": "user", "content": ASKED}]
        first = client.messages.create(model=GEMINI, max_tokens=99, messages=said)
        assert MARK in first.to_json()
        said += [{"role": "assistant", "content": first.content}, {"role": "user", "content": "Paris"}]
        raw = client.messages.with_raw_response.create(model=CLAUDE, max_tokens=99, messages=said)
        plain = client.messages.with_raw_response.create(model=CLAUDE, max_tokens=99, messages=[said[0]])
    assert MARK not in script.sent[1].body.decode()
    assert "Which city?" in script.sent[1].body.decode()
    lanes = [gateway.records.get(it.headers["x-request-id"]) for it in (raw, plain)]
    assert [record and record.lane for record in lanes] == ["full", lane]
