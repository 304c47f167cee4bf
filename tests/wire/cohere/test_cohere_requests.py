"""Requests of this protocol: understood from a caller, and said to a provider again."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from cohere_wire import ACME, CODEC, SERVER, departures, encode, parse, there_and_back
from hypothesis import given, settings, strategies as st
from msgspec.structs import replace

from turnout.catalog.schema import Quirks
from turnout.errors import Error, RequestError
from turnout.types import (
    ChatRequest,
    DataSource,
    Document,
    Image,
    Message,
    Opaque,
    Reasoning,
    ReasoningConfig,
    ResponseFormat,
    Text,
    TextSource,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    UrlSource,
)

HI = {"role": "user", "content": "hi"}
LOOK = {"type": "function", "function": {"name": "look", "description": "d", "parameters": {"type": "object"}}}
CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"a": 1}'}}
DOCUMENT = {"type": "document", "document": {"id": "d1", "data": {"title": "T", "text": "words"}}}


def one(**fields: Any) -> dict[str, Any]:
    return {"model": "command", "messages": [HI], **fields}


BODIES: list[dict[str, Any]] = [
    one(),
    one(stream=True),
    one(stream=False),
    one(max_tokens=5, temperature=0.0, p=1.5, k=900, seed=1, frequency_penalty=2, presence_penalty=-1, logprobs=True),
    one(max_tokens=None, p="half", k=1.5, stop_sequences="x"),
    one(stop_sequences=["a", "b", "c", "d", "e", "f"]),
    one(tools=[LOOK], tool_choice="REQUIRED"),
    one(tools=[LOOK | {"beside": 1}, {"type": "future"}], tool_choice="NONE", strict_tools=True),
    one(tools=[LOOK], tool_choice="AUTO", strict_tools=False),
    one(tools=[], strict_tools=True),
    one(response_format={"type": "text"}),
    one(response_format={"type": "json_object"}),
    one(response_format={"type": "json_object", "json_schema": {"type": "object", "$defs": {}}, "novel": 1}),
    one(response_format={"type": "json_object", "schema": {}}),
    one(response_format={"type": "grammar"}),
    one(thinking={"type": "enabled", "token_budget": 500}),
    one(thinking={"type": "disabled", "novel": 1}),
    one(thinking={"type": "auto"}),
    one(safety_mode="STRICT", citation_options={"mode": "FAST"}, priority=1, raw_prompting=False, unheard_of=[None]),
    one(documents=["bare", {"data": "string", "id": "d"}, {"data": {"text": "x", "n": 1.5}}, {"data": {}, "novel": 1}]),
    one(documents=[]),
    one(documents=[{"no": "data"}]),
    {"model": "command", "messages": [{"role": "system", "content": "s"}], "documents": ["nobody asks"]},
    {
        "model": "command",
        "messages": [
            {"role": "system", "content": [{"type": "text", "text": "s"}]},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "a", "novel": 1},
                    {"type": "image_url", "image_url": {"url": "https://h/a.png", "detail": "low", "novel": 1}},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
                    {"type": "video", "x": 1},
                    DOCUMENT,
                ],
            },
            {
                "role": "assistant",
                "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "x"}],
                "tool_plan": "I look",
                "tool_calls": [CALL, {"id": "c2", "function": {"name": "look"}}, {"id": "c3", "type": "custom"}],
                "citations": [{"start": 0, "end": 1, "text": "x", "sources": [], "content_index": 1}],
            },
            {"role": "tool", "tool_call_id": "c1", "content": [DOCUMENT, {"type": "text", "text": "t"}]},
            {"role": "tool", "tool_call_id": "c2", "content": "plain", "novel": 1},
            {"role": "tool", "content": []},
            {"role": "assistant", "tool_plan": "", "tool_calls": [], "content": None},
            {"role": "assistant", "content": ""},
            {"role": "assistant", "content": "x", "citations": [{"start": 0}]},
            {
                "role": "assistant",
                "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": {"a": 1}}}],
            },
        ],
    },
]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: str(list(body.items())[-1])[:40])
def test_a_provider_hears_what_the_caller_said(body: dict[str, Any]) -> None:
    assert there_and_back(body) == body
    assert departures(parse(body)) == {}


def test_the_guides_word_for_a_schema_is_understood_and_goes_back_as_it_was() -> None:
    body = one(response_format={"type": "json_object", "schema": {"type": "object"}})
    assert parse(body).response_format == ResponseFormat(kind="json_schema", schema={"type": "object"})
    assert there_and_back(body) == body


def test_what_steers_the_model_is_understood() -> None:
    request = parse(
        one(
            max_tokens=5,
            temperature=0.5,
            p=0.9,
            k=4,
            stop_sequences=["x"],
            tools=[LOOK],
            strict_tools=True,
            tool_choice="REQUIRED",
            response_format={"type": "json_object", "json_schema": {"type": "object"}},
            thinking={"type": "enabled", "token_budget": 500},
        )
    )
    assert (request.max_output_tokens, request.temperature, request.top_p, request.top_k) == (5, 0.5, 0.9, 4)
    assert (request.stop, request.tool_choice) == (("x",), ToolChoice("required"))
    assert request.response_format == ResponseFormat(kind="json_schema", schema={"type": "object"})
    assert request.reasoning == ReasoningConfig(enabled=True, budget_tokens=500)
    assert request.tools is not None
    assert isinstance(request.tools[0], Tool)
    assert (request.tools[0].name, request.tools[0].strict, request.extra) == ("look", True, None)


def test_messages_are_parts_in_order() -> None:
    _, user, assistant, first, second, *_ = parse(BODIES[-1]).messages
    assert [type(part) for part in user.parts] == [Text, Image, Image, Opaque, Document]
    assert isinstance(user.parts[1], Image)
    assert user.parts[1].source == UrlSource("https://h/a.png")
    assert isinstance(user.parts[2], Image)
    assert user.parts[2].source == DataSource("AAAA", "image/png")
    assert [type(part) for part in assistant.parts] == [Reasoning, Text, Text, ToolCall, ToolCall, Opaque]
    plan = assistant.parts[2]
    assert isinstance(plan, Text)
    assert (plan.text, plan.phase) == ("I look", "commentary")
    assert assistant.text == "x"
    result = first.parts[0]
    assert isinstance(result, ToolResult)
    assert isinstance(result.parts[0], Document)
    assert (result.call_id, result.parts[0].source) == ("c1", TextSource('{"title":"T","text":"words"}'))
    assert second.parts[0] == ToolResult("c2", (Text("plain"),), spelled={"content": "string"})


def test_documents_are_what_the_user_who_asked_last_gave() -> None:
    request = parse(
        one(documents=["bare", {"data": {"text": "x"}}]) | {"messages": [HI, {"role": "assistant", "content": "a"}, HI]}
    )
    assert [type(part) for part in request.messages[0].parts] == [Text]
    asked = request.messages[2].parts
    assert [part.source for part in asked[:2] if isinstance(part, Document)] == [TextSource("bare"), TextSource('{"text":"x"}')]
    assert asked[2] == Text("hi")
    assert request.extra is None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "not JSON"),
        (b"[]", "expected a JSON object"),
        (b"{}", "model: expected"),
        (b'{"model":"c"}', "messages: expected a list"),
        (b'{"model":"c","messages":[1]}', r"messages\[0\]: expected an object"),
        (b'{"model":"c","messages":[{"role":"bard"}]}', r"messages\[0\].role: expected one of"),
        (b'{"model":"c","messages":[{"role":"user","content":{}}]}', r"messages\[0\].content: expected a string or a list"),
        (b'{"model":"c","messages":[],"stream":"yes"}', "stream: expected true or false"),
        (b'{"model":"c","messages":[],"tools":{}}', "tools: expected a list"),
        (b'{"model":"c","messages":[],"tools":[1]}', r"tools\[0\]: expected an object"),
    ],
)
def test_a_request_that_is_wrong_is_refused_with_the_place(body: bytes, words: str) -> None:
    with pytest.raises(RequestError, match=words):
        SERVER.parse(body)


def test_the_address_is_the_base_url_and_chat() -> None:
    http = CODEC.encode(ChatRequest(model="command", messages=(Message("user", (Text("hi"),)),)), ACME, stream=False).http
    assert (http.method, http.url, http.headers["content-type"]) == ("POST", "https://acme.test/v2/chat", "application/json")


def test_a_file_says_what_a_provider_refuses() -> None:
    picky = replace(ACME, quirks=Quirks(drop=("priority",), rename={"k": "top_k"}))
    body = encode(parse(one(priority=1, k=3)), provider=picky)
    assert "priority" not in body
    assert body["top_k"] == 3


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_part = st.dictionaries(st.sampled_from(["type", "text", "thinking", "image_url", "document"]), json_values) | st.sampled_from(
    [DOCUMENT, {"type": "text", "text": "x"}, {"type": "thinking", "thinking": "x"}]
)
_citation = st.dictionaries(st.sampled_from(["start", "end", "sources", "content_index", "type"]), json_values)
messages = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "tool", "system"])},
    optional={
        "content": st.text(max_size=4) | st.lists(_part, max_size=3),
        "tool_plan": json_values,
        "tool_calls": json_values | st.lists(st.just(CALL), max_size=2),
        "citations": json_values | st.lists(_citation, max_size=2),
        "tool_call_id": json_values,
        "x": json_values,
    },
)
_field = st.sampled_from(
    ["documents", "tools", "strict_tools", "tool_choice", "thinking", "response_format", "stream", "p", "stop_sequences", "x"]
)


@settings(max_examples=400, deadline=None)
@given(st.lists(messages | json_values, max_size=3), st.dictionaries(_field, json_values, max_size=4))
def test_whatever_a_caller_says_is_carried_or_refused(written: list[Any], fields: dict[str, Any]) -> None:
    body = {"model": "command", "messages": written, **fields}
    try:
        request, stream = SERVER.parse(msgspec.json.encode(body))
        again = CODEC.encode(request, ACME, stream=stream).http.body
    except Error:
        return
    expected = {name: value for name, value in body.items() if not (name == "stream" and value is None)}
    assert msgspec.json.decode(again) == msgspec.json.decode(msgspec.json.encode(expected))


@given(st.binary(max_size=60))
def test_whatever_bytes_come_only_a_request_error_leaves(body: bytes) -> None:
    try:
        SERVER.parse(body)
    except RequestError:
        return
