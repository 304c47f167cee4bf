"""Requests of this protocol: understood from a caller, and said to a provider again."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings, strategies as st
from msgspec.structs import replace
from ollama_wire import ACME, CODEC, SERVER, departures, encode, parse, there_and_back

from turnout.catalog.schema import Quirks
from turnout.errors import Error, RequestError
from turnout.types import (
    ChatRequest,
    DataSource,
    Image,
    Message,
    ReasoningConfig,
    ResponseFormat,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)

HI = {"role": "user", "content": "hi"}
LOOK = {"type": "function", "function": {"name": "look", "description": "d", "parameters": {"type": "object"}}}

BODIES: list[dict[str, Any]] = [
    {"model": "q", "messages": [HI]},
    {"model": "q", "messages": [HI], "stream": True},
    {"model": "q", "messages": [HI], "stream": False},
    {"model": "q", "messages": []},
    {"model": "q"},
    {"model": "q", "messages": [HI], "options": {}},
    {"model": "q", "messages": [HI], "options": {"num_ctx": 8192}},
    {
        "model": "q",
        "messages": [HI],
        "options": {"num_predict": 5, "temperature": 0, "top_p": 0.5, "top_k": 4, "seed": 1, "stop": ["x"], "min_p": 0.1},
    },
    {"model": "q", "messages": [HI], "options": {"num_predict": -1, "stop": "x", "temperature": "hot", "think": True}},
    {"model": "q", "messages": [HI], "format": "json", "keep_alive": "5m", "think": True},
    {"model": "q", "messages": [HI], "format": "", "keep_alive": None, "think": None},
    {"model": "q", "messages": [HI], "format": {"type": "object", "$defs": {"a": {}}}, "think": "high"},
    {"model": "q", "messages": [HI], "logprobs": True, "top_logprobs": 0, "truncate": False, "unheard_of": [1, None]},
    {"model": "q", "messages": [HI], "tools": [LOOK | {"name": "beside"}, {"type": "future", "x": 1}]},
    {"model": "q", "messages": [HI], "tools": []},
    {"model": "q", "messages": [HI | {"images": ["iVBORw0KGgo=", "AAAA"], "novel": 1}, {"role": "system", "content": "s"}]},
    {
        "model": "q",
        "messages": [
            {"role": "assistant", "content": "a", "thinking": "t", "tool_calls": [{"function": {"name": "f", "arguments": {}}}]},
            {"role": "tool", "content": "1", "tool_name": "f"},
            {"role": "assistant", "tool_calls": [{"id": "c", "function": {"name": "f", "index": 0, "arguments": {"x": 1.5}}}]},
            {"role": "tool", "content": "2", "tool_call_id": "c", "images": ["/9j/"]},
            {"role": "tool", "tool_call_id": None, "content": ""},
            {"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "f"}}, {"odd": 1}]},
            {"role": "assistant", "content": "", "tool_calls": [{"id": "", "function": {"name": "f", "arguments": "{}"}}]},
        ],
    },
]


@pytest.mark.parametrize("body", BODIES, ids=lambda body: str(list(body.items())[-1])[:40])
def test_a_provider_hears_what_the_caller_said(body: dict[str, Any]) -> None:
    assert there_and_back(body) == body
    assert departures(parse(body)) == {}


@pytest.mark.parametrize(
    ("fields", "stream"), [({}, True), ({"stream": None}, True), ({"stream": True}, True), ({"stream": False}, False)]
)
def test_a_stream_is_what_a_caller_gets_who_does_not_say(fields: dict[str, Any], stream: bool) -> None:
    assert SERVER.parse(json.dumps({"model": "q", "messages": [HI], **fields}).encode())[1] is stream


def test_a_caller_that_did_not_ask_for_a_whole_answer_gets_one_only_if_that_is_said() -> None:
    request = parse({"model": "q", "messages": [HI]})
    assert encode(request, stream=False)["stream"] is False
    assert "stream" not in encode(request, stream=True)


def test_what_steers_the_model_is_found_in_the_options() -> None:
    request = parse(
        {
            "model": "q",
            "messages": [HI],
            "options": {"num_predict": 5, "temperature": 0.5, "top_p": 1, "top_k": 4, "seed": 7, "stop": "x", "num_ctx": 1},
            "format": {"type": "object"},
            "think": "low",
            "tools": [LOOK],
        }
    )
    assert (request.max_output_tokens, request.temperature, request.top_p, request.top_k) == (5, 0.5, 1, 4)
    assert (request.seed, request.stop, request.extra) == (7, ("x",), {"options": {"num_ctx": 1}})
    assert request.response_format == ResponseFormat(kind="json_schema", schema={"type": "object"})
    assert request.reasoning == ReasoningConfig(effort="low")
    assert request.tools is not None
    assert isinstance(request.tools[0], Tool)
    assert request.tools[0].name == "look"


def test_endless_output_is_no_limit() -> None:
    assert parse({"model": "q", "messages": [HI], "options": {"num_predict": -2}}).max_output_tokens is None


def test_an_image_is_base64_and_its_kind_is_recognised() -> None:
    request = parse({"model": "q", "messages": [HI | {"images": ["iVBORw0KGgo=", "/9j/4AAQ", "UklGRg==", "????"]}]})
    kinds = [part.source for part in request.messages[0].parts if isinstance(part, Image)]
    assert kinds == [
        DataSource("iVBORw0KGgo=", "image/png"),
        DataSource("/9j/4AAQ", "image/jpeg"),
        DataSource("UklGRg==", "image/webp"),
        DataSource("????"),
    ]


def call(name: str, id: str | None = None, **arguments: Any) -> dict[str, Any]:
    return ({"id": id} if id else {}) | {"function": {"name": name, "arguments": arguments}}


def ids(*messages: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Of the calls, and of the results."""
    parts = [part for message in parse({"model": "q", "messages": list(messages)}).messages for part in message.parts]
    return [it.id for it in parts if isinstance(it, ToolCall)], [it.call_id for it in parts if isinstance(it, ToolResult)]


def test_results_without_ids_belong_to_the_calls_they_name_in_order() -> None:
    asked = {"role": "assistant", "content": "", "tool_calls": [call("f", a=1), call("g"), call("f", a=2)]}
    results = [{"role": "tool", "content": str(at), "tool_name": name} for at, name in enumerate(["g", "f", "f"])]
    calls, answered = ids(HI, asked, *results)
    assert len(set(calls)) == 3
    assert answered == [calls[1], calls[0], calls[2]]


def test_results_that_name_nothing_answer_the_calls_in_order() -> None:
    asked = {"role": "assistant", "content": "", "tool_calls": [call("f", "x"), call("g")]}
    calls, answered = ids(asked, {"role": "tool", "content": "1"}, {"role": "tool", "content": "2"})
    assert answered == calls
    assert calls[0] == "x"


def test_a_result_with_an_id_leaves_the_other_calls_for_those_without() -> None:
    asked = {"role": "assistant", "content": "", "tool_calls": [call("f", "x"), call("f", "y")]}
    results = [{"role": "tool", "content": "1", "tool_call_id": "y"}, {"role": "tool", "content": "2", "tool_name": "f"}]
    assert ids(asked, *results)[1] == ["y", "x"]


def test_calls_of_two_turns_never_share_a_made_up_id() -> None:
    turn = [{"role": "assistant", "content": "", "tool_calls": [call("f")]}, {"role": "tool", "content": "1"}]
    calls, answered = ids(*turn, *turn)
    assert len(set(calls)) == 2
    assert answered == calls


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "not JSON"),
        (b"[]", "expected a JSON object"),
        (b"{}", "model: expected"),
        (b'{"model":"q","messages":{}}', "messages: expected a list"),
        (b'{"model":"q","messages":[1]}', r"messages\[0\]: expected an object"),
        (b'{"model":"q","messages":[{"role":"bard","content":""}]}', r"messages\[0\].role: expected one of"),
        (b'{"model":"q","messages":[{"role":"user","content":[]}]}', r"messages\[0\].content: expected a string; images go in"),
        (b'{"model":"q","messages":[],"stream":1}', "stream: expected true or false"),
        (b'{"model":"q","messages":[],"tools":{}}', "tools: expected a list"),
        (b'{"model":"q","messages":[],"tools":[1]}', r"tools\[0\]: expected an object"),
    ],
)
def test_a_request_that_is_wrong_is_refused_with_the_place(body: bytes, said: str) -> None:
    with pytest.raises(RequestError, match=said):
        SERVER.parse(body)


def test_the_address_may_be_the_one_of_the_openai_endpoint_or_of_the_api() -> None:
    request = ChatRequest(model="q", messages=(Message("user", (Text("hi"),)),))
    for base_url in ("http://h:1", "http://h:1/v1", "http://h:1/api"):
        http = CODEC.encode(request, replace(ACME, base_url=base_url), stream=False).http
        assert (http.method, http.url) == ("POST", "http://h:1/api/chat")


def test_a_file_says_what_a_provider_refuses() -> None:
    picky = replace(ACME, quirks=Quirks(drop=("keep_alive",), rename={"think": "thinking"}))
    body = encode(parse({"model": "q", "messages": [HI], "keep_alive": 1, "think": True}), provider=picky)
    assert "keep_alive" not in body
    assert body["thinking"] is True


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_odd = st.sampled_from(["role", "content", "images", "thinking", "tool_calls", "tool_name", "tool_call_id", "x"])
messages = st.fixed_dictionaries({"role": st.sampled_from(["user", "assistant", "tool"])}) | st.dictionaries(_odd, json_values)
_field = st.sampled_from(["model", "options", "format", "think", "tools", "stream", "keep_alive", "logprobs", "x"])


@settings(max_examples=300, deadline=None)
@given(st.lists(messages | json_values, max_size=3), st.dictionaries(_field, json_values, max_size=4))
def test_whatever_a_caller_says_is_carried_or_refused(said: list[Any], fields: dict[str, Any]) -> None:
    body = {"model": "q", "messages": said, **fields}
    try:
        request, stream = SERVER.parse(msgspec.json.encode(body))
    except RequestError:
        return
    try:
        again = CODEC.encode(request, ACME, stream=stream).http.body
    except Error:
        return
    expected = {name: value for name, value in body.items() if not (name == "stream" and value is None)}
    assert msgspec.json.decode(again) == msgspec.json.decode(msgspec.json.encode(expected))


@given(st.binary(max_size=60))
def test_whatever_bytes_come_only_a_request_error_leaves(body: bytes) -> None:
    with contextlib.suppress(RequestError):
        SERVER.parse(body)
