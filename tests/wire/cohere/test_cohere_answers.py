"""Whole answers: what a provider said, understood, and given to a caller of the same protocol again."""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec
import pytest
from cohere_wire import CODEC, TARGET, answer, decode, render, said, unexplained
from hypothesis import given, settings, strategies as st

from turnout.errors import Error, ServerFault
from turnout.types import Citation, FinishReason, HttpResponse, Opaque, Reasoning, Text, ToolCall, Usage

CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"a": 1}'}}
THOUGHT = {"type": "thinking", "thinking": "hm"}
SOURCES = [
    {"type": "tool", "id": "c1:0", "tool_output": {"content": "Ruby"}},
    {"type": "document", "id": "d", "document": {"id": "d", "title": "T", "url": "https://a", "text": "words"}},
]


def citation(start: int, end: int, **fields: Any) -> dict[str, Any]:
    return {"start": start, "end": end, "text": "xx", "sources": SOURCES, "type": "TEXT_CONTENT"} | fields


ANSWERS: list[dict[str, Any]] = [
    answer(said()),
    answer({"content": [THOUGHT, {"type": "text", "text": "Hi"}]}),
    answer({"tool_plan": "I look", "tool_calls": [CALL]}, finish_reason="TOOL_CALL"),
    answer({"content": [THOUGHT], "tool_calls": [CALL, CALL | {"id": "c2"}]}, finish_reason="TOOL_CALL"),
    answer(said("Ruby rocks", citations=[citation(0, 4), citation(5, 10)])),
    answer({"content": [THOUGHT, {"type": "text", "text": "Ruby"}], "citations": [citation(0, 4, content_index=1)]}),
    answer(said("a", citations=[citation(0, 1, content_index=0), citation(0, 2, type="PLAN")], tool_plan="plan")),
    answer(
        {
            "content": [THOUGHT, {"type": "text", "text": "R"}],
            "citations": [citation(0, 2, type="THINKING_CONTENT", content_index=0)],
        }
    ),
    answer(said("cut"), finish_reason="MAX_TOKENS", logprobs=[{"text": "cut", "token_ids": [7], "logprobs": [-0.5]}]),
    answer({"tool_plan": "p", "citations": [citation(0, 1, content_index=0)], "tool_calls": [CALL]}),
    answer(
        {
            "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
            "citations": [citation(0, 1, content_index=1), citation(0, 1, content_index=0)],
        }
    ),
    answer({"content": [], "tool_plan": "", "tool_calls": None, "citations": [], "novel": {"x": 1}}, meta={"warnings": ["w"]}),
    answer({"content": [{"type": "chart", "x": 1}, {"type": "text", "text": "b", "novel": 1}], "tool_calls": [7, {"type": "x"}]}),
    {"message": {"role": "assistant", "content": "bare"}},
    answer(said(), finish_reason=None, usage=None, id=7, logprobs="odd"),
]


@pytest.mark.parametrize("body", ANSWERS, ids=lambda body: str(body["message"])[:40])
def test_a_caller_of_this_protocol_gets_what_the_provider_said(body: dict[str, Any]) -> None:
    assert render(decode(body)) == body


@pytest.mark.parametrize("body", ANSWERS[:11], ids=lambda body: str(body["message"])[:40])
def test_the_conformance_kit_agrees(body: dict[str, Any]) -> None:
    assert unexplained(msgspec.json.encode(body), framing="json") == []


def test_thinking_comes_first_then_text_plan_and_calls() -> None:
    message = decode(
        answer({"tool_calls": [CALL], "tool_plan": "p", "content": [THOUGHT, {"type": "text", "text": "x"}]})
    ).message
    assert [type(part) for part in message.parts] == [Reasoning, Text, Text, ToolCall]
    plan = message.parts[2]
    assert isinstance(plan, Text)
    assert (plan.text, plan.phase, message.text) == ("p", "commentary", "x")


def test_the_model_is_the_one_that_was_asked() -> None:
    assert decode(answer(said())).model == "command"
    assert "model" not in render(decode(answer(said())))


def test_a_citation_is_on_the_text_it_counts_in_and_keeps_all_its_sources() -> None:
    text = decode(ANSWERS[5]).parts[1]
    assert text == Text(
        "Ruby",
        (
            Citation(
                url="https://a",
                title="T",
                start=0,
                end=4,
                extra={"text": "xx", "sources": SOURCES, "type": "TEXT_CONTENT", "content_index": 1},
            ),
        ),
    )


def test_a_citation_of_a_plan_is_on_the_plan() -> None:
    text, plan = decode(ANSWERS[6]).parts
    assert isinstance(text, Text)
    assert isinstance(plan, Text)
    assert (len(text.citations), len(plan.citations), plan.citations[0].end) == (1, 1, 2)


def test_a_citation_of_thinking_does_not_count_in_the_text_it_stands_beside() -> None:
    text = decode(ANSWERS[7]).parts[1]
    assert isinstance(text, Text)
    assert (text.citations[0].start, (text.citations[0].extra or {})["start"]) == (None, 0)


def test_citations_whose_order_would_be_lost_stay_as_they_came() -> None:
    completion = decode(ANSWERS[10])
    assert completion.message.extra == {"citations": ANSWERS[10]["message"]["citations"]}


def test_an_unknown_part_is_kept_whole_in_its_place() -> None:
    parts = decode(ANSWERS[12]).parts
    assert [type(part) for part in parts] == [Opaque, Text, Opaque, Opaque]


@pytest.mark.parametrize(
    ("raw", "unified"),
    [
        ("COMPLETE", "stop"),
        ("STOP_SEQUENCE", "stop_sequence"),
        ("MAX_TOKENS", "length"),
        ("TOOL_CALL", "tool_calls"),
        ("ERROR", "error"),
        ("TIMEOUT", "error"),
        ("NOVEL", "other"),
    ],
)
def test_why_it_stopped_is_never_a_plain_stop_unless_it_was(raw: str, unified: Any) -> None:
    assert decode(answer(said(), finish_reason=raw)).finish == FinishReason(unified, raw)


def used(tokens: dict[str, Any] | None, **beside: Any) -> Usage:
    usage = {"billed_units": {"input_tokens": 1, "output_tokens": 1}} | ({} if tokens is None else {"tokens": tokens}) | beside
    return decode(answer(said(), usage=usage)).usage


@pytest.mark.parametrize(
    ("tokens", "beside", "buckets"),
    [
        ({"input_tokens": 500, "output_tokens": 9}, {}, (500, None, 9, None)),
        ({"input_tokens": 500, "output_tokens": 9}, {"cached_tokens": 448}, (52, 448, 9, None)),
        ({"input_tokens": 500, "output_tokens": 9, "reasoning_tokens": 4}, {"cached_tokens": 0}, (500, 0, 5, 4)),
        ({"input_tokens": 34, "output_tokens": 56, "image_tokens": 259}, {"cached_tokens": 0}, (293, 0, 56, None)),
        ({"input_tokens": 502, "output_tokens": 9, "image_tokens": 259}, {"cached_tokens": 480}, (281, 480, 9, None)),
        ({"input_tokens": 5.0, "output_tokens": 2.0}, {}, (5, None, 2, None)),
        ({"input_tokens": 5}, {"cached_tokens": 9}, (0, 5, None, None)),
        ({}, {}, (None, None, None, None)),
        (None, {}, (None, None, None, None)),
    ],
)
def test_buckets_are_disjoint_and_add_up_to_the_tokens_and_not_to_what_is_billed(
    tokens: dict[str, Any] | None, beside: dict[str, Any], buckets: tuple[int | None, ...]
) -> None:
    usage = used(tokens, **beside)
    assert (usage.uncached_input_tokens, usage.cache_read_tokens, usage.text_output_tokens, usage.reasoning_tokens) == buckets
    assert usage.raw is not None
    assert usage.raw["billed_units"] == {"input_tokens": 1, "output_tokens": 1}


def test_headers_that_say_something_about_the_call_are_kept() -> None:
    headers = {"x-request-id": "r", "x-trial-endpoint-call-limit": "20", "server": "x"}
    body = msgspec.json.encode(answer(said()))
    assert CODEC.decode(HttpResponse(status=200, headers=headers, body=body), TARGET).headers == {"x-request-id": "r"}


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"7", b'{"choices":[]}', b'{"message":"hi"}'])
def test_what_is_not_the_protocol_is_the_servers_fault(body: bytes) -> None:
    with pytest.raises(ServerFault):
        decode(body)


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
_citation = st.dictionaries(
    st.sampled_from(["start", "end", "sources", "content_index", "type"]), st.integers(0, 3) | st.just("PLAN") | json_values
)
_message = st.fixed_dictionaries(
    {"role": st.just("assistant")},
    optional={
        "content": json_values
        | st.lists(st.sampled_from([THOUGHT, {"type": "text", "text": "ab"}, {"type": "odd"}, None]), max_size=3),
        "tool_plan": st.text(max_size=3) | json_values,
        "tool_calls": json_values,
        "citations": json_values | st.lists(_citation, max_size=3),
        "x": json_values,
    },
)
_beside = st.dictionaries(st.sampled_from(["id", "finish_reason", "usage", "logprobs", "x"]), json_values)


@settings(max_examples=400, deadline=None)
@given(_message, _beside)
def test_whatever_an_answer_holds_comes_out_again(message: dict[str, Any], beside: dict[str, Any]) -> None:
    body = {"message": message, **beside}
    assert render(decode(body)) == body


@given(st.binary(max_size=60))
def test_whatever_bytes_come_only_our_errors_leave(body: bytes) -> None:
    with contextlib.suppress(Error):
        decode(body)
