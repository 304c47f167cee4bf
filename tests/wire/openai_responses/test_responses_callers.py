"""Callers of this protocol answered by others, and callers of others answered by this one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from responses_wire import (
    SERVER,
    TARGET,
    answer,
    begun,
    call,
    completed,
    decode,
    events,
    message,
    output_text,
    parse,
    rendered,
    said,
    sse,
)

from turnout.catalog.schema import Provider
from turnout.events import PartAdded, Started, TextDelta, ToolCallDelta, fold
from turnout.testing.frames import sse_frames
from turnout.testing.reference import reference_for
from turnout.types import (
    ChatRequest,
    HttpResponse,
    Origin,
    ToolCall,
)
from turnout.wire import ChatCodec, ChatServer, Wire
from turnout.wire.anthropic_messages import WIRE as ANTHROPIC
from turnout.wire.openai_chat import WIRE as CHAT

FOREIGN = Origin("openai-chat", "other")


def both(wire: Wire) -> tuple[ChatCodec, ChatServer]:
    assert wire.chat is not None
    assert wire.server is not None
    return wire.chat, wire.server


def asked_in(wire: Wire, body: dict[str, Any]) -> ChatRequest:
    return both(wire)[1].parse(json.dumps(body).encode())[0]


def said_in(wire: Wire, request: ChatRequest) -> dict[str, Any]:
    provider = Provider(id="other", name="Other", wire=wire.name, base_url="https://other.test/v1")
    body: dict[str, Any] = json.loads(both(wire)[0].encode(request, provider, stream=False).http.body)
    return body


def test_a_responses_callers_conversation_reads_in_chat_and_anthropic() -> None:
    request = parse(
        {
            "model": "m",
            "instructions": "Be brief.",
            "input": [
                {"role": "user", "content": "Weather?"},
                {"type": "reasoning", "summary": [], "encrypted_content": "sealed"},
                {"role": "assistant", "content": "I look."},
                {"type": "function_call", "call_id": "1", "name": "look", "arguments": '{"a":1}'},
                {"type": "function_call", "call_id": "2", "name": "look", "arguments": '{"a":2}'},
                {"type": "function_call_output", "call_id": "1", "output": "18"},
                {"type": "function_call_output", "call_id": "2", "output": [{"type": "input_text", "text": "19"}]},
            ],
        }
    )
    chat = said_in(CHAT, request)["messages"]
    assert [message["role"] for message in chat] == ["system", "user", "assistant", "tool", "tool"]
    assert (chat[2]["content"], [call["id"] for call in chat[2]["tool_calls"]]) == ("I look.", ["1", "2"])
    anthropic = said_in(ANTHROPIC, request)
    assert anthropic["system"] == "Be brief."
    assert [message["role"] for message in anthropic["messages"]] == ["user", "assistant", "user"]
    assert [block["type"] for block in anthropic["messages"][1]["content"]] == ["text", "tool_use", "tool_use"]
    assert [block["tool_use_id"] for block in anthropic["messages"][2]["content"]] == ["1", "2"]


def test_a_plan_never_reads_as_the_answer_in_chat() -> None:
    plan, spoken = message(output_text("I shall look."), phase="commentary"), message(output_text("It is 18."), id="msg_2")
    whole = json.loads(both(CHAT)[1].render(decode(answer(plan, spoken))))["choices"][0]["message"]
    assert (whole["content"], whole["reasoning_content"]) == ("It is 18.", "I shall look.")
    happened = events(
        sse(*begun(), *said(0, plan, "I shall", " look."), *said(1, spoken, "It", " is 18."), completed(plan, spoken))
    )
    renderer = both(CHAT)[1].renderer(ChatRequest(model="m", messages=()))
    stream = b"".join(renderer.render(event) for event in happened) + renderer.finish()
    reference = reference_for("openai-chat")
    assert reference is not None
    streamed = reference.merge(sse_frames(stream))["choices"][0]["message"]
    assert (streamed["content"], streamed["reasoning_content"]) == ("It is 18.", "I shall look.")


def test_reasoning_in_its_own_words_is_reasoning_in_chat() -> None:
    thought = {"type": "reasoning", "id": "rs", "summary": [], "content": [{"type": "reasoning_text", "text": "Hm."}]}
    happened = events(sse(*begun(), completed(thought, message(output_text("x")))))
    renderer = both(CHAT)[1].renderer(ChatRequest(model="m", messages=()))
    stream = b"".join(renderer.render(event) for event in happened)
    deltas = [frame.value["choices"][0]["delta"] for frame in sse_frames(stream)]
    assert {"reasoning_content": "Hm."} in deltas


def test_free_text_of_a_tool_streams_as_an_object_to_an_anthropic_caller() -> None:
    happened = [Started("r", "m"), PartAdded(0, ToolCall("c", "sql", "", custom=True)), ToolCallDelta(0, arguments='a"')]
    renderer = both(ANTHROPIC)[1].renderer(ChatRequest(model="m", messages=()))
    stream = b"".join(renderer.render(event) for event in [*happened, ToolCallDelta(0, arguments="\nb")]) + renderer.finish()
    reference = reference_for("anthropic-messages")
    assert reference is not None
    (block,) = reference.merge(sse_frames(stream))["content"]
    assert block["input"] == {"input": 'a"\nb'}


def test_a_citation_without_a_page_is_not_made_up_for_a_chat_caller() -> None:
    file = {"type": "file_citation", "file_id": "f", "filename": "a.pdf", "index": 1}
    completion = decode(answer(message(output_text("x", file))))
    assert "annotations" not in json.loads(both(CHAT)[1].render(completion))["choices"][0]["message"]


@pytest.mark.parametrize("wire", [CHAT, ANTHROPIC])
def test_an_answer_says_the_same_to_a_caller_of_another_protocol(wire: Wire) -> None:
    thought = {
        "type": "reasoning",
        "id": "rs",
        "summary": [{"type": "summary_text", "text": "Hm."}],
        "encrypted_content": "sealed",
    }
    completion = decode(answer(thought, message(output_text("x")), call("c", '{"a":1}')))
    raw = both(wire)[1].render(completion)
    reference = reference_for(wire.name)
    assert reference is not None
    (meaning,) = reference.meaning(json.loads(raw))
    assert (meaning.reasoning, meaning.text) == ("Hm.", "x")
    assert [(id, name, json.loads(arguments)) for id, name, arguments in meaning.calls] == [("c", "look", {"a": 1})]
    assert meaning.finish == {"tool_calls"}
    assert b"sealed" not in raw


def test_an_answer_of_another_protocol_has_the_members_that_this_one_requires() -> None:
    chat = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "x", "refusal": "no"}, "finish_reason": "length"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
        "service_tier": "on_demand",
        "system_fingerprint": "fp",
    }
    completion = both(CHAT)[0].decode(HttpResponse(status=200, body=json.dumps(chat).encode()), TARGET)
    body = json.loads(SERVER.render(completion))
    assert body == {
        "id": "chatcmpl-1",
        "object": "response",
        "created_at": 0,
        "model": "m",
        "status": "incomplete",
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"},
        "instructions": None,
        "metadata": {},
        "parallel_tool_calls": True,
        "temperature": None,
        "top_p": None,
        "tool_choice": "auto",
        "tools": [],
        "output": [
            {
                "id": "msg_chatcmpl-1_0",
                "type": "message",
                "status": "completed",
                "role": "assistant",
                "content": [
                    {"type": "output_text", "text": "x", "annotations": []},
                    {"type": "refusal", "refusal": "no"},
                ],
            }
        ],
        "usage": {
            "input_tokens": 3,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": 2,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 5,
        },
    }


def test_what_a_caller_is_told_in_this_protocol_can_be_sent_back_to_another_provider() -> None:
    happened = [Started("r", "m", origin=FOREIGN), TextDelta("x", 0), ToolCallDelta(1, "c", "look", '{"a":1}')]
    output = sse_frames(rendered(happened))[-1].value["response"]["output"]
    result = {"type": "function_call_output", "call_id": "c", "output": "ok"}
    request = parse({"model": "m", "input": [{"role": "user", "content": "?"}, *output, result]})
    chat = said_in(CHAT, request)["messages"]
    assert (chat[1]["content"], chat[1]["tool_calls"][0]["id"], chat[2]["tool_call_id"]) == ("x", "c", "c")
    assert fold(happened).text == "x"
