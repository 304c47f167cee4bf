"""Requests to Mistral: OpenAI Chat in Mistral's words. Its own client's types say what it takes."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from turnout.catalog.schema import Provider, Quirks
from turnout.types import (
    Audio,
    ChatRequest,
    DataSource,
    Document,
    FileSource,
    HttpResponse,
    Message,
    Origin,
    Reasoning,
    ReasoningConfig,
    Refusal,
    Target,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    UrlSource,
    Video,
)
from turnout.wire.openai_chat.mistral import WIRE

assert WIRE.chat is not None
assert WIRE.server is not None
CODEC, SERVER = WIRE.chat, WIRE.server
MISTRAL = Provider(
    id="mistral", name="Mistral", wire="mistral-chat", base_url="https://api.mistral.ai/v1", quirks=Quirks(stream_usage=False)
)
HELLO = Message("user", (Text("hi"),))
USER = {"role": "user", "content": "hi"}


def encoded(request: ChatRequest, *, stream: bool = False) -> tuple[dict[str, Any], dict[str, str]]:
    """The body, which Mistral's own client must accept, and what the receipt says: field -> fate."""
    written = CODEC.encode(request, MISTRAL, stream=stream)
    assert written.http.url == "https://api.mistral.ai/v1/chat/completions"
    body: dict[str, Any] = json.loads(written.http.body)
    accepted(body)
    return body, {line.field: line.fate for line in written.lines}


def accepted(body: dict[str, Any]) -> None:
    models = pytest.importorskip("mistralai.client.models", reason="the judge, mistralai, is not installed")
    kind = models.ChatCompletionStreamRequest if body.get("stream") else models.ChatCompletionRequest
    assert body.keys() <= kind.model_fields.keys()  # an unknown field is refused with a 422
    kind.model_validate(body)


def ours(*messages: Message, **fields: Any) -> ChatRequest:
    return ChatRequest(model="m", messages=messages or (HELLO,), **fields)


def callers(**fields: Any) -> ChatRequest:
    request, _ = SERVER.parse(json.dumps({"model": "m", "messages": [USER], **fields}).encode())
    return request


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"seed": 7}, {"random_seed": 7}),
        ({"max_output_tokens": 9}, {"max_tokens": 9}),
        ({"tool_choice": ToolChoice("required")}, {"tool_choice": "any"}),
        ({"reasoning": ReasoningConfig(effort="high")}, {"reasoning_effort": "high"}),
        ({"frequency_penalty": 0.5, "presence_penalty": 1, "n": 2}, {"frequency_penalty": 0.5, "presence_penalty": 1, "n": 2}),
        ({"extra": {"safe_prompt": True, "prompt_mode": "reasoning"}}, {"safe_prompt": True, "prompt_mode": "reasoning"}),
    ],
)
def test_what_mistral_has_goes_under_its_name(fields: dict[str, Any], said: dict[str, Any]) -> None:
    tools = (Tool(name="look"),) if "tool_choice" in fields else None
    body, _ = encoded(ours(tools=tools, **fields))
    assert {name: value for name, value in body.items() if name not in ("model", "messages", "tools")} == said


@pytest.mark.parametrize(
    "field",
    [
        {"user": "u"},
        {"service_tier": "flex"},
        {"logit_bias": {"5": 1}},
        {"store": True},
        {"modalities": ["text"]},
        {"web_search_options": {}},
        {"verbosity": "low"},
        {"provider": {"order": ["x"]}},
    ],
)
def test_what_it_would_refuse_is_left_out_and_receipted(field: dict[str, Any]) -> None:
    body, fates = encoded(callers(**field))
    assert body == {"model": "m", "messages": [USER]}
    assert fates == dict.fromkeys(field, "dropped")


def test_a_callers_openai_words_become_mistrals() -> None:
    request = callers(seed=3, max_completion_tokens=5, stream=True, stream_options={"include_usage": True})
    body, fates = encoded(request, stream=True)
    assert body == {"model": "m", "messages": [USER], "random_seed": 3, "max_tokens": 5, "stream": True}
    assert set(fates.values()) == {"mapped"}


@pytest.mark.parametrize(
    "fields",
    [
        {"random_seed": 4, "safe_prompt": True, "prompt_mode": "reasoning", "tool_choice": "any"},
        {"tool_choice": "required"},
        {"tools": [{"function": {"name": "look", "parameters": {}}}]},
        {"tools": [{"type": "document_library", "library_ids": ["x"]}]},
        {"a_field_that_is_new": [1]},
    ],
)
def test_a_callers_mistral_words_go_as_they_came(fields: dict[str, Any]) -> None:
    written = CODEC.encode(callers(**fields), MISTRAL, stream=False)
    assert json.loads(written.http.body) == {"model": "m", "messages": [USER], **fields}
    assert written.lines == ()


def test_any_is_required_to_readers_of_the_neutral_form() -> None:
    assert callers(tool_choice="any").tool_choice == ToolChoice("required")


def test_messages_that_mistral_has_no_word_for_are_said_in_those_it_has() -> None:
    body, fates = encoded(
        ours(
            Message("developer", (Text("be brief"),)),
            Message("user", (Text("hi"),), name="ann"),
            Message("assistant", (Refusal("no"),)),
            HELLO,
        )
    )
    assert body["messages"] == [
        {"role": "system", "content": "be brief"},
        USER,
        {"role": "assistant", "content": "no"},
        USER,
    ]
    assert fates == {"messages[0].role": "mapped", "messages[1].name": "dropped", "messages[2].refusal": "approximated"}


def test_its_own_thinking_returns_as_the_chunk_that_it_was() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    answer = {
        "id": "c",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": [thinking, {"type": "text", "text": "5"}]},
                "finish_reason": "stop",
            }
        ],
    }
    target = Target("mistral", "m")
    said = CODEC.decode(HttpResponse(status=200, body=json.dumps(answer).encode()), target).choices[0].message
    assert [type(part) for part in said.parts] == [Reasoning, Text]
    body, fates = encoded(ours(HELLO, said, HELLO))
    assert body["messages"][1]["content"] == [thinking, {"type": "text", "text": "5"}]
    assert fates == {}
    elsewhere = Provider(id="other", name="Other", wire="mistral-chat", base_url="https://other.example")
    lines = CODEC.encode(ours(HELLO, said, HELLO), elsewhere, stream=False).lines
    assert [line.fate for line in lines] == ["dropped"]  # it returns to no other provider


def test_reasoning_that_a_caller_returns_beside_the_content_becomes_a_chunk() -> None:
    request, _ = SERVER.parse(
        json.dumps(
            {"model": "m", "messages": [USER, {"role": "assistant", "content": "5", "reasoning_content": "hm"}, USER]}
        ).encode()
    )
    body, _ = encoded(request)
    assert body["messages"][1] == {
        "role": "assistant",
        "content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "5"}],
    }


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (Document(UrlSource("https://x.example/a.pdf")), {"type": "document_url", "document_url": "https://x.example/a.pdf"}),
        (
            Document(DataSource("aGk=", "application/pdf"), filename="a.pdf"),
            {"type": "document_url", "document_url": "data:application/pdf;base64,aGk=", "document_name": "a.pdf"},
        ),
        (Document(FileSource("f-1")), {"type": "file", "file_id": "f-1"}),
        (Audio(DataSource("aGk=", "audio/wav")), {"type": "input_audio", "input_audio": "aGk="}),
    ],
)
def test_files_and_sound_go_as_mistrals_chunks(part: Any, said: dict[str, Any]) -> None:
    body, _ = encoded(ours(Message("user", (part, Text("?")))))
    assert body["messages"][0]["content"] == [said, {"type": "text", "text": "?"}]


def test_video_is_left_out_and_receipted() -> None:
    body, fates = encoded(ours(Message("user", (Video(UrlSource("https://x.example/v.mp4")), Text("?")))))
    assert body["messages"][0]["content"] == [{"type": "text", "text": "?"}]
    assert fates == {"messages[0]": "dropped"}


def test_tools_of_others_are_left_out_and_a_custom_call_becomes_a_function_call() -> None:
    request, _ = SERVER.parse(
        json.dumps(
            {
                "model": "m",
                "messages": [
                    USER,
                    {
                        "role": "assistant",
                        "tool_calls": [{"id": "abcdefghi", "type": "custom", "custom": {"name": "sh", "input": "ls"}}],
                    },
                    {"role": "tool", "tool_call_id": "abcdefghi", "content": "a"},
                ],
                "tools": [
                    {"type": "custom", "custom": {"name": "sh"}},
                    {
                        "type": "function",
                        "function": {"name": "look", "parameters": {"type": "object"}},
                        "cache_control": {"type": "ephemeral"},
                    },
                ],
            }
        ).encode()
    )
    body, fates = encoded(request)
    assert body["tools"] == [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}]
    (call,) = body["messages"][1]["tool_calls"]
    assert call == {"id": "abcdefghi", "type": "function", "function": {"name": "sh", "arguments": '{"input":"ls"}'}}
    assert fates["tools[sh]"] == "dropped"
    assert fates["messages[1].tool_calls"] == "approximated"


def test_a_choice_among_some_tools_sends_those_alone() -> None:
    request = callers(
        tools=[{"type": "function", "function": {"name": name, "parameters": {}}} for name in ("a", "b")],
        tool_choice={
            "type": "allowed_tools",
            "allowed_tools": {"mode": "auto", "tools": [{"type": "function", "function": {"name": "b"}}]},
        },
    )
    body, fates = encoded(request)
    assert [tool["function"]["name"] for tool in body["tools"]] == ["b"]
    assert (body["tool_choice"], fates["tool_choice"]) == ("auto", "approximated")


def test_encoding_changes_nothing_of_the_request_and_says_the_same_bytes_again() -> None:
    request = callers(
        tools=[{"type": "document_library", "library_ids": [], "cache_control": {"type": "ephemeral"}}],
        messages=[{"role": "user", "content": [{"type": "odd", "cache_control": {"type": "ephemeral"}}]}],
        metadata={"a": {"b": 1}},
    )
    before = copy.deepcopy(request)
    first = CODEC.encode(request, MISTRAL, stream=False).http
    assert request == before
    assert CODEC.encode(request, MISTRAL, stream=False).http == first


@pytest.mark.parametrize("raw", ["model_length", "error"])
def test_its_ways_to_stop_are_no_plain_stop(raw: str) -> None:
    answer = {
        "id": "c",
        "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "a"}, "finish_reason": raw}],
    }
    finish = CODEC.decode(HttpResponse(status=200, body=json.dumps(answer).encode()), Target("mistral", "m")).finish
    assert finish is not None
    assert (finish.unified, finish.raw) == ({"model_length": "length", "error": "error"}[raw], raw)


def test_ids_of_other_protocols_are_for_mistral_to_be_rewritten() -> None:
    from turnout.adapt import prepare

    call = ToolCall("toolu_01A09q90qw90lq917835lq9", "look", "{}", origin=Origin("anthropic-messages", "anthropic"))
    request = ours(HELLO, Message("assistant", (call,)), Message("tool", (ToolResult(call.id, (Text("a"),)),)))
    prepared = prepare(request, WIRE, MISTRAL, None)
    body, _ = encoded(prepared.request)
    id = body["messages"][1]["tool_calls"][0]["id"]
    assert len(id) == 9
    assert id.isalnum()
    assert body["messages"][2]["tool_call_id"] == id
