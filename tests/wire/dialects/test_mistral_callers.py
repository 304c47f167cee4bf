"""Mistral's callers get what Mistral's own client can read, and their words reach other providers in words that those know."""

from __future__ import annotations

import json
from typing import Any

from turnout.catalog.schema import Provider
from turnout.errors import RateLimited, RequestError
from turnout.events import Event, Finished, PartAdded, ReasoningDelta, Started, TextDelta, ToolCallDelta, UsageReported
from turnout.types import ChatRequest, Choice, Completion, FinishReason, Message, Origin, Reasoning, Text, ToolCall, Usage
from turnout.wire.openai_chat import WIRE as OPENAI
from turnout.wire.openai_chat.mistral import WIRE as MISTRAL

ELSEWHERE = Origin("anthropic-messages", "anthropic")
AT_MISTRAL = Origin("openai-chat", "mistral")
HELLO = ChatRequest(model="m", messages=())
ACME = Provider(id="acme", name="Acme", wire="openai-chat", base_url="https://acme.example/v1")
THINKING = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}


def rendered(parts: tuple[Any, ...], origin: Origin = ELSEWHERE, wire: Any = MISTRAL) -> dict[str, Any]:
    message = Message("assistant", parts, origin=origin)
    choice = Choice(index=0, message=message, finish=FinishReason("stop", "end_turn"))
    body = json.loads(wire.server.render(Completion(id="1", model="m", choices=(choice,), usage=Usage(), origin=origin)))
    said: dict[str, Any] = body["choices"][0]["message"]
    return said


def chunks(*events: Event, wire: Any = MISTRAL) -> list[dict[str, Any]]:
    renderer = wire.server.renderer(HELLO)
    written = b"".join(map(renderer.render, events)) + renderer.finish()
    frames = [line.removeprefix("data: ") for line in written.decode().split("\n\n") if line]
    assert frames.pop() == "[DONE]"
    return [json.loads(frame) for frame in frames]


def test_what_was_thought_stands_before_the_text_in_the_content() -> None:
    said = rendered((Reasoning("Hm."), Text("Yes.")))
    assert said["content"] == [THINKING, {"type": "text", "text": "Yes."}]
    assert "reasoning_content" not in said


def test_a_streamed_call_comes_whole_and_the_last_chunk_has_the_end_and_the_usage() -> None:
    told = chunks(
        Started("1", "m", origin=ELSEWHERE),
        ReasoningDelta("Hm.", 0),
        ToolCallDelta(1, "call_1", "weather", '{"ci'),
        ToolCallDelta(1, arguments='ty":"Paris"}'),
        ToolCallDelta(2, "call_2", "weather", "{}"),
        Finished(FinishReason("tool_calls", "tool_use")),
        UsageReported(Usage(uncached_input_tokens=3, text_output_tokens=2)),
    )
    deltas = [chunk["choices"][0]["delta"] for chunk in told]
    assert {"content": [THINKING]} in deltas
    calls = [call for delta in deltas for call in delta.get("tool_calls", ())]
    assert [(call["index"], call["id"], call["function"]["arguments"]) for call in calls] == [
        (0, "call_1", '{"city":"Paris"}'),
        (1, "call_2", "{}"),
    ]
    assert told[-1]["choices"][0]["finish_reason"] == "tool_calls"
    assert told[-1]["usage"]["total_tokens"] == 5
    assert all("usage" not in chunk for chunk in told[:-1])


def test_an_error_has_mistrals_shape_and_one_of_mistrals_own_is_passed_on() -> None:
    status, body = MISTRAL.server.render_error(RateLimited("slow down", status=429))  # type: ignore[union-attr]
    said = json.loads(body)
    assert (status, said["object"], said["message"]) == (429, "error", "slow down")
    own = {"object": "error", "message": "no", "type": "invalid_request_error", "param": None, "code": "1"}
    error = RequestError("no", status=422, body=own, wire="openai-chat")
    assert json.loads(MISTRAL.server.render_error(error)[1]) == own  # type: ignore[union-attr]
    assert json.loads(OPENAI.server.render_error(error)[1])["error"]["message"] == "no"  # type: ignore[union-attr]


def test_openais_callers_read_a_text_where_mistral_says_a_list() -> None:
    thought = Reasoning("Hm.", origin=AT_MISTRAL, spelled={"reasoning": "thinking"})
    said = rendered((thought, Text("Yes.")), AT_MISTRAL, OPENAI)
    assert (said["content"], said["reasoning_content"]) == ("Yes.", "Hm.")
    told = chunks(
        Started("1", "m", origin=AT_MISTRAL),
        PartAdded(0, thought),
        ReasoningDelta(" Hm!", 0),
        TextDelta("Yes.", 1),
        Finished(FinishReason("stop", "stop")),
        wire=OPENAI,
    )
    deltas = [chunk["choices"][0]["delta"] for chunk in told]
    assert "".join(delta.get("reasoning_content") or "" for delta in deltas) == "Hm. Hm!"
    assert "".join(delta.get("content") or "" for delta in deltas) == "Yes."


def sent(body: dict[str, Any], wire: Any) -> dict[str, Any]:
    request, _ = MISTRAL.server.parse(json.dumps(body).encode())  # type: ignore[union-attr]
    written: dict[str, Any] = json.loads(wire.chat.encode(request, ACME, stream=False).http.body)
    return written


ASKED: dict[str, Any] = {
    "model": "m",
    "random_seed": 7,
    "safe_prompt": True,
    "tool_choice": "any",
    "tools": [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}],
    "messages": [
        {"role": "user", "content": [{"type": "image_url", "image_url": "https://a.example/1.png"}]},
        {
            "role": "assistant",
            "content": [THINKING, {"type": "text", "text": "I look."}],
            "tool_calls": [{"id": "aB3dE5gH7", "type": "function", "function": {"name": "weather", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "aB3dE5gH7", "name": "weather", "content": "18 degrees"},
    ],
}


def test_mistrals_words_are_said_in_openais_to_other_providers() -> None:
    body = sent(ASKED, OPENAI)
    assert (body["seed"], body["tool_choice"]) == (7, "required")
    assert not body.keys() & {"random_seed", "safe_prompt"}
    user, assistant, tool = body["messages"]
    assert user["content"] == [{"type": "image_url", "image_url": {"url": "https://a.example/1.png"}}]
    assert assistant["content"] == [{"type": "text", "text": "I look."}]
    assert "name" not in tool


def test_mistrals_words_reach_mistral_as_they_are() -> None:
    assert sent(ASKED, MISTRAL) == ASKED


def test_a_call_that_came_whole_goes_whole() -> None:
    call = ToolCall("aB3dE5gH7", "weather", "{}", origin=AT_MISTRAL)
    told = chunks(Started("1", "m", origin=AT_MISTRAL), PartAdded(0, call), Finished(FinishReason("tool_calls", "tool_calls")))
    calls = [call for chunk in told for call in chunk["choices"][0]["delta"].get("tool_calls", ())]
    assert [call["id"] for call in calls] == ["aB3dE5gH7"]
