"""Whole answers of Converse: decoded, and rendered again as they were."""

from __future__ import annotations

from typing import Any

import pytest
from converse_wire import CLAUDE, CODEC, TARGET, answer, decode, render
from envelopes import enveloped
from msgspec.structs import replace

from turnout.errors import Error, ServerFault
from turnout.types import (
    Audio,
    Choice,
    Citation,
    Completion,
    DataSource,
    FinishReason,
    HttpResponse,
    Image,
    Message,
    Opaque,
    Origin,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    Usage,
)
from turnout.wire.seals import Thought

OTHER = Origin("openai-chat", "other")


@pytest.mark.parametrize(
    "body",
    [
        answer({"text": "Hi"}),
        answer({"text": ""}, {"text": "Hi", "type": "text"}),
        answer(),
        answer({"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}}, {"text": "Hi"}),
        answer({"reasoningContent": {"reasoningText": {"text": "hm"}}}, {"reasoningContent": {"redactedContent": "eA=="}}),
        answer({"text": "I look."}, {"toolUse": {"toolUseId": "t", "name": "f", "input": {}}}, stopReason="tool_use"),
        answer({"toolUse": {"toolUseId": "t", "name": "f", "input": {"x": 1.0}, "type": "tool_use"}}),
        answer(
            {"toolUse": {"toolUseId": "t", "name": "f", "input": {}, "type": "server_tool_use"}},
            {"toolResult": {"toolUseId": "t", "content": [{"json": {}}], "status": "success", "type": "ran"}},
        ),
        answer({"text": "a"}, {"citationsContent": {"content": [{"text": "b"}], "citations": [{"title": "t"}]}}),
        answer({"image": {"format": "png", "source": {"bytes": "aGk="}}}),
        answer({"text": "Hi"}, {"cachePoint": {"type": "default"}}),
        answer({"newer": 1}, "not a block"),
        answer({"text": "Hi"}, trace={"guardrail": {"actionReason": "x"}}, performanceConfig={"latency": "standard"}),
        answer({"text": "Hi"}, serviceTier={"type": "flex", "later": 1}, additionalModelResponseFields={"a": [1]}),
        answer({"text": "Hi"}, serviceTier={"type": "default"}, additionalModelResponseFields="test"),
        answer({"text": "Hi"}, usage={"outputTokens": 50}, metrics=None),
        answer({"text": "Hi"}, usage=None, stopReason=5),
        {"output": {"message": {"role": "critic", "content": [], "name": "x"}, "other": 1}},
    ],
)
def test_an_answer_comes_out_as_it_came_in(body: dict[str, Any]) -> None:
    assert render(decode(body)) == body


def test_what_an_answer_says_is_where_a_reader_looks_for_it() -> None:
    completion = decode(
        answer(
            {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
            {"text": "I "},
            {"citationsContent": {"content": [{"text": "look."}], "citations": [{"title": "t"}]}},
            {"toolUse": {"toolUseId": "t1", "name": "look", "input": {"x": 1}}},
            stopReason="tool_use",
            serviceTier={"type": "priority"},
        ),
        **{"x-amzn-requestid": "r1", "content-type": "application/json"},
    )
    assert (completion.id, completion.model, completion.service_tier) == ("r1", CLAUDE, "priority")
    assert (completion.reasoning, completion.text) == ("hm", "I look.")
    assert completion.tool_calls == (ToolCall("t1", "look", '{"x": 1}'),)
    assert completion.finish == FinishReason("tool_calls", "tool_use")
    assert completion.headers == {"x-amzn-requestid": "r1"}
    assert completion.extra == {"metrics": {"latencyMs": 120}}


def test_the_input_of_a_call_keeps_its_text() -> None:
    raw = b'{"output":{"message":{"content":[{"text":"a"},{"toolUse":{"toolUseId":"t","name":"f","input":{ "a":1.50}}}]}}}'
    assert decode(raw).tool_calls == (ToolCall("t", "f", '{ "a":1.50}'),)


@pytest.mark.parametrize(
    ("raw", "unified"),
    [
        ("end_turn", "stop"),
        ("tool_use", "tool_calls"),
        ("max_tokens", "length"),
        ("stop_sequence", "stop_sequence"),
        ("guardrail_intervened", "content_filter"),
        ("content_filtered", "content_filter"),
        ("malformed_model_output", "error"),
        ("malformed_tool_use", "error"),
        ("model_context_window_exceeded", "length"),
        ("of tomorrow", "other"),
    ],
)
def test_every_reason_to_stop_has_a_word_and_keeps_its_own(raw: str, unified: str) -> None:
    completion = decode(answer({"text": "x"}, stopReason=raw))
    assert completion.finish == FinishReason(unified, raw)  # type: ignore[arg-type]
    assert render(completion)["stopReason"] == raw


# -- usage -----------------------------------------------------------------------------------------


def used(**usage: Any) -> Usage:
    return decode(answer({"text": "x"}, usage=usage)).usage


def test_buckets_are_disjoint_and_add_up_to_the_total() -> None:
    usage = used(inputTokens=3, outputTokens=5, cacheReadInputTokens=7, cacheWriteInputTokens=11, totalTokens=26)
    assert (usage.uncached_input_tokens, usage.cache_read_tokens, usage.cache_write_5m_tokens) == (3, 7, 11)
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (21, 5, 26)


def test_what_is_cached_for_an_hour_is_counted_apart() -> None:
    details = [{"ttl": "1h", "inputTokens": 4}, {"ttl": "5m", "inputTokens": 7}]
    usage = used(inputTokens=3, outputTokens=5, cacheWriteInputTokens=11, cacheDetails=details)
    assert (usage.cache_write_1h_tokens, usage.cache_write_5m_tokens, usage.cache_write_tokens) == (4, 7, 11)


@pytest.mark.parametrize("details", [None, 5, [5], [{"ttl": "1h"}], [{"ttl": "1h", "inputTokens": 12}]])
def test_details_that_say_nothing_or_too_much_change_nothing(details: Any) -> None:
    usage = used(cacheWriteInputTokens=11, cacheDetails=details)
    assert (usage.cache_write_5m_tokens, usage.cache_write_1h_tokens) == (11, None)


def test_a_count_that_is_not_said_is_not_zero() -> None:
    usage = used(outputTokens=5)
    assert (usage.input_tokens, usage.cache_read_tokens, usage.cache_write_tokens, usage.total_tokens) == (None, None, None, 5)


def test_counts_under_their_longer_names_are_counted() -> None:
    usage = used(cacheReadInputTokenCount=7, cacheWriteInputTokenCount=0)
    assert (usage.cache_read_tokens, usage.cache_write_5m_tokens) == (7, 0)


# -- what is no answer -----------------------------------------------------------------------------


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"\xff", b"{}", b'{"output":{"message":{"content":"Hi"}}}', b'{"output":5}'])
def test_what_is_no_answer_is_a_fault_of_the_server(body: bytes) -> None:
    with pytest.raises(ServerFault):
        decode(body)


def test_an_error_inside_a_200_is_that_error() -> None:
    with pytest.raises(Error, match="slow down") as raised:
        CODEC.decode(HttpResponse(status=200, body=b'{"__type":"ThrottlingException","message":"slow down"}'), TARGET)
    assert raised.value.tries_again


# -- answers of others -----------------------------------------------------------------------------


def of_another(*parts: Part, finish: FinishReason | None = None, usage: Usage | None = None) -> dict[str, Any]:
    message = Message("assistant", parts, origin=OTHER)
    choice = Choice(message=message, finish=finish or FinishReason("stop", "stop"))
    return render(
        Completion(
            id="c1", model="gpt", choices=(choice,), usage=usage or Usage(), origin=OTHER, extra={"system_fingerprint": "f"}
        )
    )


def test_an_answer_of_another_protocol_has_the_shape_of_this_one() -> None:
    usage = Usage(uncached_input_tokens=3, cache_read_tokens=7, text_output_tokens=5, reasoning_tokens=2, raw={}, wire="other")
    body = of_another(Text("Hi"), usage=usage)
    assert body == {
        "output": {"message": {"role": "assistant", "content": [{"text": "Hi"}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 3, "outputTokens": 7, "totalTokens": 17, "cacheReadInputTokens": 7},
    }


def test_counts_that_clients_rely_on_are_there() -> None:
    assert of_another(Text("Hi"))["usage"] == {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0}


def test_what_was_cached_for_an_hour_is_told_apart() -> None:
    usage = Usage(uncached_input_tokens=1, cache_write_5m_tokens=2, cache_write_1h_tokens=3, text_output_tokens=4)
    assert of_another(Text("Hi"), usage=usage)["usage"] == {
        "inputTokens": 1,
        "outputTokens": 4,
        "totalTokens": 10,
        "cacheWriteInputTokens": 5,
        "cacheDetails": [{"ttl": "1h", "inputTokens": 3}, {"ttl": "5m", "inputTokens": 2}],
    }


def test_seals_of_others_come_in_envelopes_and_opaque_blocks_stay_behind() -> None:
    parts = (Reasoning("hm", "secret", origin=OTHER), Reasoning("", encrypted="secret", origin=OTHER), Opaque({"secret": 1}))
    signature = enveloped(OTHER, "gpt", Thought(shown=2, signature="secret"))
    assert of_another(*parts, Text("Hi"))["output"]["message"]["content"] == [
        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": signature}}},
        {"reasoningContent": {"redactedContent": enveloped(OTHER, "gpt", Thought(encrypted="secret"))}},
        {"text": "Hi"},
    ]


def test_nothing_beside_a_call_is_lost() -> None:
    cited = Text("a", (Citation(url="https://e.example", title="t", cited_text="q", start=0, end=1),))
    sound = Audio(DataSource(""), transcript="said")
    calls = (ToolCall("call 1", "f", '{"x": 1}'), ToolCall("", "g", "x"))
    body = of_another(Text(" "), cited, Refusal("no"), *calls, sound, Image(DataSource("aGk=", "image/tiff")))
    content = body["output"]["message"]["content"]
    citation = {"title": "t", "sourceContent": [{"text": "q"}], "location": {"web": {"url": "https://e.example"}}}
    assert content[0] == {"citationsContent": {"content": [{"text": "a"}], "citations": [citation]}}
    assert content[1] == {"text": "no"}
    assert content[2]["toolUse"]["input"] == {"x": 1}
    assert " " not in content[2]["toolUse"]["toolUseId"]
    assert content[3] == {"toolUse": {"toolUseId": "tooluse_c1_4", "name": "g", "input": {"INVALID_JSON": "x"}}}
    assert content[4:] == [{"text": "said"}]
    assert body["stopReason"] == "tool_use"


@pytest.mark.parametrize(
    ("finish", "raw"),
    [
        (FinishReason("length", "max_output_tokens"), "max_tokens"),
        (FinishReason("content_filter", "SAFETY"), "content_filtered"),
        (FinishReason("refusal", "refusal"), "content_filtered"),
        (FinishReason("stop_sequence", "stop"), "stop_sequence"),
        (FinishReason("error", "MALFORMED_FUNCTION_CALL"), "malformed_model_output"),
        (FinishReason("pause", "pause_turn"), "pause_turn"),
        (FinishReason("other", "LANGUAGE"), "LANGUAGE"),
    ],
)
def test_an_answer_that_was_cut_or_refused_is_never_told_as_whole(finish: FinishReason, raw: str) -> None:
    assert of_another(Text("x"), finish=finish)["stopReason"] == raw


def test_an_answer_of_this_protocol_by_another_provider_keeps_what_it_said() -> None:
    body = answer({"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}})
    completion = decode(body)
    assert render(replace(completion, target=TARGET)) == body
