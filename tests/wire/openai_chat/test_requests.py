"""OpenAI Chat requests: parsing what callers say, encoding what providers hear."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from turnout.catalog.schema import Provider, Quirks
from turnout.errors import RequestError
from turnout.types import (
    ChatRequest,
    DataSource,
    Image,
    Message,
    Opaque,
    Origin,
    Reasoning,
    ReasoningConfig,
    ResponseFormat,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    UrlSource,
)
from turnout.wire.openai_chat import WIRE

ACME = Provider(id="acme", name="Acme", wire="openai-chat", base_url="https://acme.test/v1")
HELLO = (Message("user", (Text("hello"),)),)


def parse(body: dict[str, Any]) -> tuple[ChatRequest, bool]:
    assert WIRE.server is not None
    return WIRE.server.parse(json.dumps(body).encode())


def encode(request: ChatRequest, provider: Provider = ACME, *, stream: bool = False) -> Any:
    assert WIRE.chat is not None
    return json.loads(WIRE.chat.encode(request, provider, stream=stream).http.body)


def lines(request: ChatRequest, provider: Provider = ACME) -> list[tuple[str, str]]:
    assert WIRE.chat is not None
    return [(line.field, line.fate) for line in WIRE.chat.encode(request, provider, stream=False).lines]


USER = {"role": "user", "content": "hello"}
PDF = "data:application/pdf;base64,JVBE"
CALL = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
FUNCTION = {"type": "function", "function": {"name": "f", "parameters": {"$defs": {}, "type": "object"}, "strict": True}}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"stream": True},
        {"stream": False},
        {"stream": True, "stream_options": {"include_usage": True, "include_obfuscation": False}},
        {"max_tokens": 5},
        {"max_completion_tokens": 5},
        {"max_completion_tokens": 5, "max_tokens": 6},
        {"stop": "x"},
        {"stop": ["x", "y"]},
        {"stop": None, "temperature": None, "tools": None},
        {"temperature": 1, "top_p": 0.5, "top_k": 3, "seed": 1, "n": 2, "logprobs": True, "top_logprobs": 4},
        {"random_seed": 7},
        {"tools": [FUNCTION], "tool_choice": "required", "parallel_tool_calls": False},
        {"tools": [FUNCTION], "tool_choice": {"type": "function", "function": {"name": "f"}}},
        {"tools": [{"type": "custom", "custom": {"name": "sql"}}, {"type": "web_search"}]},
        {"tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}}},
        {"functions": [{"name": "f", "parameters": {}}], "function_call": {"name": "f"}},
        {"functions": [{"name": "f"}], "function_call": "auto"},
        {"response_format": {"type": "json_object"}},
        {"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": {"type": "object"}, "strict": True}}},
        {"response_format": {"type": "grammar", "grammar": "x"}},
        {"reasoning_effort": "low"},
        {"reasoning": {"effort": "high", "max_tokens": 9, "exclude": True}},
        {"user": "u", "service_tier": "flex", "metadata": {"a": "b"}, "logit_bias": {"1": -1}, "provider": {"order": ["x"]}},
        {"temperature": "hot"},
    ],
)
def test_a_request_goes_on_as_it_came(more: dict[str, Any]) -> None:
    body = {"model": "m", "messages": [USER], **more}
    request, stream = parse(body)
    assert encode(request, stream=stream) == body
    assert lines(request) == []


@pytest.mark.parametrize(
    "message",
    [
        {"role": "system", "content": "s", "name": "n"},
        {"role": "developer", "content": [{"type": "text", "text": "d", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]},
        {"role": "user", "content": [{"type": "text", "text": "a"}]},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA==", "detail": "low"}}]},
        {"role": "user", "content": [{"type": "image_url", "image_url": "https://x.test/a.png"}]},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/svg+xml;utf8,<svg/>"}}]},
        {"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "UklG", "format": "wav"}}]},
        {"role": "user", "content": [{"type": "file", "file": {"filename": "a.pdf", "file_data": PDF}}]},
        {"role": "user", "content": [{"type": "file", "file": {"file_id": "file-1"}}]},
        {"role": "user", "content": [{"type": "video_url", "video_url": {"url": "https://x.test/v.mp4"}}]},
        {"role": "user", "content": [{"type": "document_url", "document_url": "https://x.test/d.pdf", "document_name": "d"}]},
        {"role": "user", "content": [{"type": "hologram", "depth": 3}]},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "assistant", "tool_calls": [{"id": "1", "function": {"name": "f", "arguments": "{}"}, "index": 0}]},
        {"role": "assistant", "content": "x", "refusal": None, "reasoning_content": "r", "prefix": True},
        {"role": "assistant", "content": "", "audio": {"id": "audio_1"}},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]},
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "4"},
        {"role": "tool", "tool_call_id": "1", "content": "4"},
        {"role": "tool", "tool_call_id": "1", "content": [{"type": "text", "text": "4"}], "name": "f"},
    ],
)
def test_a_message_goes_on_as_it_came(message: dict[str, Any]) -> None:
    body = {"model": "m", "messages": [message]}
    assert encode(parse(body)[0]) == body


def test_what_a_caller_says_is_read_into_the_vocabulary() -> None:
    request, stream = parse(
        {
            "model": "m",
            "messages": [
                {"role": "system", "content": "be brief"},
                {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]},
                {"role": "assistant", "content": "see", "tool_calls": [CALL]},
                {"role": "tool", "tool_call_id": "1", "content": "4"},
            ],
            "max_completion_tokens": 5,
            "stop": "END",
            "stream": True,
            "stream_options": {"include_usage": True},
            "tool_choice": {"type": "function", "function": {"name": "f"}},
        }
    )
    assert stream
    assert request.messages[1].parts == (Image(DataSource("AA==", "image/png")),)
    assert request.messages[2].parts == (Text("see"), ToolCall("1", "f", "{}"))
    assert request.messages[3].parts == (ToolResult("1", (Text("4"),)),)
    assert (request.max_output_tokens, request.stop, request.stream_usage) == (5, ("END",), True)
    assert request.tool_choice == ToolChoice("named", "f")


def test_a_request_built_by_hand_sends_nothing_that_was_not_said() -> None:
    assert encode(ChatRequest(model="m", messages=HELLO)) == {"model": "m", "messages": [USER]}


def test_a_stream_asks_for_usage_only_when_told_to() -> None:
    request = ChatRequest(model="m", messages=HELLO)
    assert encode(request, stream=True) == {"model": "m", "messages": [USER], "stream": True}
    asking = ChatRequest(model="m", messages=HELLO, stream_usage=True)
    assert encode(asking, stream=True)["stream_options"] == {"include_usage": True}


def test_every_field_of_the_vocabulary_has_its_word() -> None:
    request = ChatRequest(
        model="m",
        messages=HELLO,
        tools=(Tool(name="f", description="d", parameters={"type": "object"}, strict=True),),
        tool_choice=ToolChoice("required"),
        max_output_tokens=9,
        stop=("a",),
        response_format=ResponseFormat(kind="json_schema", schema={"type": "object"}),
        reasoning=ReasoningConfig(effort="low"),
        extra={"logit_bias": {"1": 2}},
    )
    body = encode(request)
    assert body["tools"] == [
        {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}, "strict": True}}
    ]
    assert body["tool_choice"] == "required"
    assert body["max_tokens"] == 9
    assert body["stop"] == ["a"]
    assert body["response_format"] == {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}}
    assert body["reasoning_effort"] == "low"
    assert body["logit_bias"] == {"1": 2}


def test_quirks_rename_and_drop_with_a_line_each() -> None:
    cerebras = Provider(
        id="c",
        name="C",
        wire="openai-chat",
        base_url="https://c.test",
        quirks=Quirks(rename={"max_tokens": "max_completion_tokens"}, drop=("seed",)),
    )
    request = ChatRequest(model="m", messages=HELLO, max_output_tokens=9, seed=1)
    assert encode(request, cerebras) == {"model": "m", "messages": [USER], "max_completion_tokens": 9}
    assert lines(request, cerebras) == [("seed", "dropped"), ("max_tokens", "mapped")]


FOREIGN = Origin("anthropic-messages", "anthropic")


def test_foreign_reasoning_and_blocks_never_leave_and_each_leaves_a_line() -> None:
    said = Message(
        "assistant",
        (
            Reasoning("secret", "sig", origin=FOREIGN),
            Opaque({"type": "server_tool_use"}, origin=FOREIGN),
            Text("answer"),
        ),
        origin=FOREIGN,
    )
    request = ChatRequest(model="m", messages=(*HELLO, said))
    assert encode(request)["messages"][1] == {"role": "assistant", "content": "answer"}
    assert [fate for _, fate in lines(request)] == ["dropped", "dropped"]


def test_extras_of_another_provider_of_the_same_protocol_stay_behind() -> None:
    said = Message(
        "assistant", (Text("a"),), extra={"reasoning_details": [{"data": "sealed"}]}, origin=Origin("openai-chat", "openrouter")
    )
    request = ChatRequest(model="m", messages=(*HELLO, said))
    assert "reasoning_details" not in encode(request)["messages"][1]
    assert lines(request) == [("messages[1].extra", "dropped")]
    openrouter = Provider(id="openrouter", name="O", wire="openai-chat", base_url="https://o.test")
    assert encode(request, openrouter)["messages"][1]["reasoning_details"] == [{"data": "sealed"}]


def test_own_reasoning_returns_within_a_tool_loop_and_not_after_it() -> None:
    own = Origin("openai-chat", "acme")
    thought = Reasoning("hm", origin=own, spelled={"reasoning": "reasoning_content"})
    looping = Message("assistant", (thought, ToolCall("1", "f", "{}")), origin=own)
    finished = Message("assistant", (thought, Text("4")), origin=own)
    assert encode(ChatRequest(model="m", messages=(looping,)))["messages"][0]["reasoning_content"] == "hm"
    request = ChatRequest(model="m", messages=(finished,))
    assert "reasoning_content" not in encode(request)["messages"][0]
    assert [fate for _, fate in lines(request)] == ["dropped"]


def test_tool_results_inside_a_user_turn_become_tool_messages_before_it() -> None:
    turn = Message(
        "user",
        (ToolResult("t1", (Text("4"),)), ToolResult("t2", (Text("bad"),), is_error=True), Text("go on")),
        origin=FOREIGN,
    )
    request = ChatRequest(model="m", messages=(turn,))
    assert encode(request)["messages"] == [
        {"role": "tool", "tool_call_id": "t1", "content": "4"},
        {"role": "tool", "tool_call_id": "t2", "content": "bad"},
        {"role": "user", "content": "go on"},
    ]
    assert lines(request) == [("messages[0].is_error", "approximated")]


def test_the_same_request_gives_the_same_bytes() -> None:
    assert WIRE.chat is not None
    request, _ = parse({"model": "m", "messages": [USER], "tools": [FUNCTION], "zeta": 1, "alpha": 2})
    assert WIRE.chat.encode(request, ACME, stream=False).http.body == WIRE.chat.encode(request, ACME, stream=False).http.body


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[]", "expected a JSON object"),
        (b'{"model": "m"}', "messages: expected a list"),
        (b'{"model": 3, "messages": []}', "model: expected the name"),
        (b'{"model": "m", "messages": [3]}', r"messages\[0\]: expected an object"),
        (b'{"model": "m", "messages": [{"role": "robot", "content": ""}]}', r"messages\[0\].role: expected one of"),
        (b'{"model": "m", "messages": [{"role": "user", "content": 4}]}', r"messages\[0\].content: .* got a number"),
        (b'{"model": "m", "messages": [], "tools": {}}', "tools: expected a list"),
        (b'{"model": "m", "messages": [], "tools": [1]}', r"tools\[0\]: expected an object"),
        (b'{"model": "m", "messages": [], "stream": "yes"}', "stream: expected true or false"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong_where(body: bytes, says: str) -> None:
    assert WIRE.server is not None
    with pytest.raises(RequestError, match=says):
        WIRE.server.parse(body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@given(
    st.fixed_dictionaries(
        {"model": st.just("m"), "messages": st.lists(st.fixed_dictionaries({"role": st.just("user"), "content": json_values}))},
        optional=dict.fromkeys(("tools", "tool_choice", "stop", "response_format", "stream_options", "functions"), json_values),
    )
)
def test_whatever_comes_is_a_request_or_a_request_error(body: dict[str, Any]) -> None:
    try:
        request, stream = parse(body)
    except RequestError:
        return
    encoded = encode(request, stream=stream)
    assert {name: value for name, value in encoded.items() if value is not None} == {
        name: value for name, value in body.items() if value is not None
    }


def test_urls_are_joined_to_the_providers_base() -> None:
    assert WIRE.chat is not None
    http = WIRE.chat.encode(ChatRequest(model="m", messages=HELLO), ACME, stream=False).http
    assert (http.method, http.url) == ("POST", "https://acme.test/v1/chat/completions")
    assert UrlSource("https://x.test").url == "https://x.test"
