"""Whole answers: what a provider said, understood, and given to a caller of the same protocol again."""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings, strategies as st
from ollama_wire import AT, CODEC, TARGET, answer, decode, encode, render, unexplained

from turnout.errors import Error, ServerFault
from turnout.types import (
    ChatRequest,
    DataSource,
    FinishReason,
    HttpResponse,
    Image,
    Message,
    Opaque,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    Usage,
)

CALL = {"function": {"name": "f", "arguments": {"a": 1}}}

ANSWERS: list[dict[str, Any]] = [
    answer({"content": "Hi"}, total_duration=5, load_duration=4, prompt_eval_count=3, eval_count=2, eval_duration=1),
    answer({"content": "Hi", "thinking": "hm"}, eval_count=2),
    answer({"tool_calls": [CALL, CALL]}),
    answer({"tool_calls": [{"id": "c1", "function": {"index": 0, "name": "f", "arguments": {}}}]}),
    answer({"tool_calls": [{"type": "function", "function": {"name": "f"}}, {"function": {"arguments": 1}}, 7]}),
    answer({"content": "cut"}, done_reason="length"),
    answer({}, done_reason="load"),
    answer({}, done_reason="unload"),
    answer({}, done_reason=""),
    {"model": "q", "created_at": AT, "message": {"role": "assistant", "content": "old server"}, "done": True},
    {"model": "", "message": {"role": "assistant", "content": "bare"}},
    answer({"content": "Hi", "thinking": "", "images": ["AAAA"], "novel": {"x": 1}}, remote_model="up", remote_host="https://h"),
    answer({"content": None}, created_at="yesterday", done=False, prompt_eval_count="many"),
    answer({"content": "Hi"}, logprobs=[{"token": "Hi", "logprob": -0.5, "bytes": [72, 105], "top_logprobs": []}]),
]


@pytest.mark.parametrize("body", ANSWERS, ids=lambda body: str(body["message"])[:40])
def test_a_caller_of_this_protocol_gets_what_the_provider_said(body: dict[str, Any]) -> None:
    assert render(decode(body)) == body


@pytest.mark.parametrize("body", [*ANSWERS[:4], *ANSWERS[5:8]], ids=lambda body: str(body["message"])[:40])
def test_the_conformance_kit_agrees(body: dict[str, Any]) -> None:
    assert unexplained(msgspec.json.encode(body), framing="json") == []


def test_thinking_comes_first_and_calls_last() -> None:
    said = decode(answer({"content": "Hi", "thinking": "hm", "images": ["/9j/4A"], "tool_calls": [CALL]})).message
    assert [type(part) for part in said.parts] == [Reasoning, Image, Text, ToolCall]
    assert said.parts[1] == Image(DataSource("/9j/4A", "image/jpeg"))
    assert said.text == "Hi"


def test_arguments_are_an_object_here_and_its_text_in_ours() -> None:
    body = answer({"tool_calls": [{"id": "c", "function": {"name": "f", "arguments": {"b": [1, 2.5], "a": "é"}}}]})
    assert decode(body).tool_calls[0].arguments == '{"b":[1,2.5],"a":"é"}'


def test_calls_without_ids_get_distinct_and_stable_ones_that_go_back_to_nobody() -> None:
    body = answer({"tool_calls": [CALL, CALL]})
    first, second = decode(body).tool_calls
    assert first.id
    assert second.id
    assert first.id != second.id
    assert [call.id for call in decode(body).tool_calls] == [first.id, second.id]
    assert decode(answer({"tool_calls": [CALL]}, created_at="2025-08-14T07:15:38Z")).tool_calls[0].id != first.id
    conversation = (decode(body).message, Message("tool", (ToolResult(second.id, (Text("2"),)),)))
    asked, result = encode(ChatRequest(model="q", messages=conversation))["messages"]
    assert asked["tool_calls"] == [CALL, CALL]
    assert result == {"role": "tool", "content": "2", "tool_name": "f"}


def test_an_id_that_the_server_gave_comes_back_to_it_with_the_result() -> None:
    said = decode(answer({"tool_calls": [{"id": "c1"} | CALL]})).message
    result = Message("tool", (ToolResult("c1", (Text("2"),)),))
    asked, answered = encode(ChatRequest(model="q", messages=(said, result)))["messages"]
    assert asked["tool_calls"][0]["id"] == "c1"
    assert answered == {"role": "tool", "content": "2", "tool_name": "f", "tool_call_id": "c1"}


@pytest.mark.parametrize(
    ("message", "fields", "finish"),
    [
        ({"content": "x"}, {"done_reason": "stop"}, FinishReason("stop", "stop")),
        ({"content": "x"}, {"done_reason": "length"}, FinishReason("length", "length")),
        ({"tool_calls": [CALL]}, {"done_reason": "stop"}, FinishReason("tool_calls", "stop")),
        ({"tool_calls": [CALL]}, {"done_reason": "length"}, FinishReason("length", "length")),
        ({"tool_calls": [CALL]}, {"done_reason": None}, FinishReason("tool_calls")),
        ({}, {"done_reason": "load"}, FinishReason("other", "load")),
        ({}, {"done_reason": "unload"}, FinishReason("other", "unload")),
        ({}, {"done_reason": "novel"}, FinishReason("other", "novel")),
        ({"content": "x"}, {"done_reason": None}, FinishReason("other")),
        ({"content": "x"}, {"done": False}, None),
    ],
)
def test_why_it_stopped_is_never_a_plain_stop_unless_it_was(
    message: dict[str, Any], fields: dict[str, Any], finish: FinishReason | None
) -> None:
    assert decode(answer(message, **fields)).finish == finish


def test_a_count_that_is_left_out_is_not_zero() -> None:
    used = decode(answer({"content": "x"}, eval_count=7, total_duration=5)).usage
    assert used == Usage(text_output_tokens=7, raw={"eval_count": 7}, wire="ollama")
    assert (used.input_tokens, used.output_tokens) == (None, 7)
    assert decode(answer({"content": "x"})).usage == Usage()


def test_durations_and_the_exact_time_stay_beside_the_answer() -> None:
    completion = decode(answer({"content": "x"}, total_duration=5_000_000_000, eval_duration=7))
    assert completion.extra == {"created_at": AT, "total_duration": 5_000_000_000, "eval_duration": 7}
    assert completion.created == 1755155737


@pytest.mark.parametrize("created_at", ["0001-01-01T00:00:00Z", "2025-08-14T07:15:37", "soon", 7, None])
def test_a_time_that_means_nothing_is_kept_and_not_believed(created_at: Any) -> None:
    completion = decode(answer({"content": "x"}, created_at=created_at))
    assert completion.created is None
    assert render(completion)["created_at"] == created_at


def test_a_call_that_is_none_is_kept_whole_in_its_place() -> None:
    odd = {"function": {"arguments": {}}}
    parts = decode(answer({"tool_calls": [odd, CALL]})).parts
    assert isinstance(parts[0], Opaque)
    assert parts[0].value == odd
    assert isinstance(parts[1], ToolCall)


def test_headers_that_say_something_about_the_call_are_kept() -> None:
    response = HttpResponse(status=200, headers={"x-request-id": "r", "server": "x"}, body=msgspec.json.encode(answer({})))
    assert CODEC.decode(response, TARGET).headers == {"x-request-id": "r"}


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"7", b'{"choices":[]}', b'{"message":"hi"}'])
def test_what_is_not_the_protocol_is_the_servers_fault(body: bytes) -> None:
    with pytest.raises(ServerFault):
        decode(body)


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
_said = st.dictionaries(st.sampled_from(["role", "content", "thinking", "images", "tool_calls", "x"]), json_values)
_beside = st.dictionaries(
    st.sampled_from(["model", "created_at", "done", "done_reason", "logprobs", "prompt_eval_count", "eval_count", "x"]),
    json_values,
)


@settings(max_examples=300, deadline=None)
@given(_said, _beside)
def test_whatever_an_answer_holds_comes_out_again(message: dict[str, Any], beside: dict[str, Any]) -> None:
    def shown(body: dict[str, Any]) -> dict[str, Any]:
        return body | {"message": {"role": "assistant"} | body["message"]}

    body = {"message": message, **beside}
    assert shown(render(decode(body))) == shown(body)


@given(st.binary(max_size=60))
def test_whatever_bytes_come_only_our_errors_leave(body: bytes) -> None:
    with contextlib.suppress(Error):
        decode(body)
