"""Streams of providers: events that mean what the whole answer means, however the bytes are cut."""

from __future__ import annotations

from typing import Any

import pytest
from responses_wire import (
    added,
    answer,
    begun,
    call,
    completed,
    decode,
    done,
    events,
    events_until_failure,
    hello,
    message,
    output_text,
    said,
    sse,
    text_deltas,
)

from turnout.errors import RateLimited, RequestError, ServerFault, TransportFailed
from turnout.events import (
    CitationAdded,
    ExtraReported,
    Finished,
    PartAdded,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    UsageReported,
    fold,
)
from turnout.types import FinishReason, Opaque, Reasoning, Text, ToolCall

PAGE = {"type": "url_citation", "start_index": 0, "end_index": 5, "url": "https://x.test", "title": "X"}
THOUGHT = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "Hm, yes."}],
    "encrypted_content": "gA",
}


def summary(index: int, item: dict[str, Any], *pieces: str) -> list[dict[str, Any]]:
    at = {"item_id": item["id"], "output_index": index, "summary_index": 0}
    return [
        added(index, {**item, "summary": [], "encrypted_content": "draft"}),
        {"type": "response.reasoning_summary_part.added", **at, "part": {"type": "summary_text", "text": ""}},
        *({"type": "response.reasoning_summary_text.delta", **at, "delta": piece} for piece in pieces),
        done(index, item),
    ]


def called(index: int, item: dict[str, Any], *pieces: str) -> list[dict[str, Any]]:
    at = {"item_id": item["id"], "output_index": index}
    return [
        added(index, {**item, "status": "in_progress", "arguments": ""}),
        *({"type": "response.function_call_arguments.delta", **at, "delta": piece} for piece in pieces),
        done(index, item),
    ]


def everything() -> tuple[bytes, dict[str, Any]]:
    """A stream with every common kind of item, and the whole answer that it stands for."""
    plan, search = (
        message(output_text("I shall look."), phase="commentary"),
        {"type": "web_search_call", "id": "ws", "status": "done"},
    )
    look, spoken = call("call_1", '{"a": "ü"}'), message(output_text("It is 18.", PAGE), id="msg_2", phase="final_answer")
    cited = {"item_id": "msg_2", "output_index": 4, "content_index": 0, "annotation_index": 0, "annotation": PAGE}
    stream = sse(
        *begun(),
        *summary(0, THOUGHT, "Hm, ", "yes."),
        *said(1, plan, "I shall", " look."),
        added(2, {**search, "status": "in_progress"}),
        {"type": "response.web_search_call.searching", "output_index": 2, "item_id": "ws"},
        done(2, search),
        *called(3, look, '{"a"', ': "ü"}'),
        added(4, {**spoken, "content": [], "status": "in_progress"}),
        *text_deltas(4, "msg_2", "It is", " 18."),
        {"type": "response.output_text.annotation.added", **cited},
        done(4, spoken),
        completed(THOUGHT, plan, search, look, spoken, service_tier="default"),
    )
    return stream, answer(THOUGHT, plan, search, look, spoken, service_tier="default")


def test_a_stream_folds_to_what_the_whole_answer_decodes_to() -> None:
    stream, whole = everything()
    folded, decoded = fold(events(stream)), decode(whole)
    assert folded.parts == decoded.parts
    assert (folded.finish, folded.usage, folded.id, folded.created) == (decoded.finish, decoded.usage, "resp_1", 7)
    assert folded.service_tier == "default"


@pytest.mark.parametrize("size", [1, 2, 7, 64, 4096])
def test_a_stream_means_the_same_however_it_is_cut(size: int) -> None:
    stream, _ = everything()
    assert events(stream, size) == events(stream)


def test_the_shortest_stream_is_these_events() -> None:
    extra = {"item": {"id": "msg_1", "status": "in_progress"}}
    started, _, part, first, second, finished_item, changed, usage, end = events(hello())
    assert isinstance(started, Started)
    assert isinstance(part, PartAdded)
    assert isinstance(part.part, Text)
    assert (part.index, part.part.text, part.part.extra) == (0, "", extra)
    assert [first, second] == [TextDelta("Hello", 0), TextDelta(", world", 0)]
    assert isinstance(finished_item, ExtraReported)
    assert finished_item.fields["item"] == {"id": "msg_1", "status": "completed"}
    assert changed == ExtraReported({"status": "completed"})
    assert isinstance(usage, UsageReported)
    assert end == Finished(FinishReason("stop", "completed"))


def test_items_that_come_side_by_side_keep_apart() -> None:
    one, two = call("call_1", '{"a":1}'), call("call_2", '{"b":2}')
    at = [{"item_id": item["id"], "output_index": index} for index, item in enumerate((one, two))]
    delta = "response.function_call_arguments.delta"
    stream = sse(
        *begun(),
        added(0, {**one, "arguments": ""}),
        added(1, {**two, "arguments": ""}),
        {"type": delta, **at[1], "delta": '{"b"'},
        {"type": delta, **at[0], "delta": '{"a":1}'},
        {"type": delta, **at[1], "delta": ":2}"},
        done(1, two),
        done(0, one),
        completed(one, two),
    )
    assert fold(events(stream)).parts == decode(answer(one, two)).parts


def test_a_call_is_told_with_its_name_before_its_arguments() -> None:
    seen = [event for event in events(sse(*begun(), *called(0, call("c"), "{", "}"), completed(call("c")))) if event != 0]
    begin = next(event for event in seen if isinstance(event, PartAdded))
    assert isinstance(begin.part, ToolCall)
    assert (begin.part.id, begin.part.name, begin.part.arguments) == ("c", "look", "")
    assert [event for event in seen if isinstance(event, ToolCallDelta)] == [
        ToolCallDelta(0, arguments="{"),
        ToolCallDelta(0, arguments="}"),
    ]


def test_a_call_that_was_never_added_gets_its_name_when_it_is_done() -> None:
    item = call("c", '{"a":1}')
    delta = {"type": "response.function_call_arguments.delta", "item_id": "fc_c", "output_index": 0, "delta": '{"a"'}
    (part,) = fold(events(sse(*begun(), delta, done(0, item), completed(item)))).parts
    assert isinstance(part, ToolCall)
    assert (part.id, part.name, part.arguments, part.extra) == ("c", "look", '{"a":1}', {"id": "fc_c", "status": "completed"})


def test_what_a_finished_item_says_beyond_its_deltas_is_told() -> None:
    item = message(output_text("Hello, world", PAGE), output_text("more"))
    stream = sse(*begun(), *said(0, item, "Hello"), completed(item))
    seen = events(stream)
    assert TextDelta(", world", 0) in seen
    assert any(isinstance(event, CitationAdded) for event in seen)
    assert fold(seen).parts == decode(answer(item)).parts


def test_an_item_that_only_the_last_event_holds_is_told() -> None:
    search = {"type": "web_search_call", "id": "ws", "status": "completed"}
    started = {**search, "status": "in_progress"}
    spoken = message(output_text("x"))
    stream = sse(*begun(), added(0, started), *said(1, spoken, "x"), completed(search, spoken))
    assert fold(events(stream)).parts == decode(answer(search, spoken)).parts


def test_items_that_the_last_event_leaves_out_are_not_lost() -> None:
    item = message(output_text("x"))
    assert fold(events(sse(*begun(), *said(0, item, "x"), completed()))).text == "x"
    left = {"type": "web_search_call", "id": "ws", "status": "in_progress"}
    (part,) = fold(events(sse(*begun(), added(0, left), completed()))).parts
    assert isinstance(part, Opaque)
    assert part.value == left


def test_reasoning_in_its_own_words_refusals_and_free_text_come_in_deltas() -> None:
    thought = {"type": "reasoning", "id": "rs", "summary": [], "content": [{"type": "reasoning_text", "text": "ab"}]}
    refusal = message({"type": "refusal", "refusal": "No."}, id="m")
    sql = {"type": "custom_tool_call", "id": "ctc", "call_id": "c", "name": "sql", "input": "SELECT", "status": "completed"}
    at = [{"item_id": item["id"], "output_index": index} for index, item in enumerate((thought, refusal, sql))]
    stream = sse(
        *begun(),
        added(0, {**thought, "content": []}),
        *({"type": "response.reasoning_text.delta", **at[0], "content_index": 0, "delta": piece} for piece in "ab"),
        done(0, thought),
        added(1, {**refusal, "content": []}),
        {"type": "response.refusal.delta", **at[1], "content_index": 0, "delta": "No."},
        done(1, refusal),
        added(2, {**sql, "input": ""}),
        {"type": "response.custom_tool_call_input.delta", **at[2], "delta": "SELECT"},
        done(2, sql),
        completed(thought, refusal, sql),
    )
    seen = events(stream)
    assert [event.text for event in seen if isinstance(event, ReasoningDelta)] == ["a", "b"]
    assert [event.text for event in seen if isinstance(event, RefusalDelta)] == ["No."]
    assert fold(seen).parts == decode(answer(thought, refusal, sql)).parts


def test_opaque_reasoning_is_the_finished_items() -> None:
    stream = sse(*begun(), *summary(0, THOUGHT, "Hm, yes."), completed({**THOUGHT, "encrypted_content": "sealed anew"}))
    sealed = [part.encrypted for part in fold(events(stream)).parts if isinstance(part, Reasoning)]
    assert sealed == [None, "gA"]


def test_log_probabilities_are_kept_with_their_text() -> None:
    token = {"token": "x", "logprob": -0.5, "bytes": [120], "top_logprobs": []}
    item = message({**output_text("x"), "logprobs": [token]})
    delta = {"type": "response.output_text.delta", "item_id": "msg_1", "output_index": 0, "content_index": 0, "delta": "x"}
    stream = sse(*begun(), *said(0, item)[:2], {**delta, "logprobs": [token]}, done(0, message(output_text("x"))), completed())
    (part,) = fold(events(stream)).parts
    assert (part.extra or {})["logprobs"] == [token]


def test_the_end_may_be_incomplete() -> None:
    item = message(output_text("x"), status="incomplete")
    details = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    stream = sse(*begun(), *said(0, item, "x"), completed(item, kind="response.incomplete", **details))
    assert fold(events(stream)).finish == FinishReason("length", "max_output_tokens")


def test_what_stands_beside_the_last_response_is_kept() -> None:
    last = {**completed(), "timings": {"prompt_ms": 11.5}}
    assert (fold(events(sse(*begun(), last))).extra or {})["timings"] == {"prompt_ms": 11.5}


@pytest.mark.parametrize("keep", range(1, 7))
def test_a_stream_that_stops_before_its_end_is_never_whole(keep: int) -> None:
    pieces = hello().split(b"\n\n")
    _, failure = events_until_failure(b"\n\n".join(pieces[:keep]) + b"\n\n")
    assert isinstance(failure, TransportFailed)


@pytest.mark.parametrize(
    "told",
    [
        {"type": "error", "error": {"code": "rate_limit_exceeded", "message": "Slow down.", "param": None}},
        {"type": "error", "code": "rate_limit_exceeded", "message": "Slow down.", "param": None},
        completed(kind="response.failed", status="failed", error={"code": "rate_limit_exceeded", "message": "Slow down."}),
    ],
)
def test_an_error_inside_a_stream_is_raised_after_what_came_before_it(told: dict[str, Any]) -> None:
    item = message(output_text("x"))
    seen, failure = events_until_failure(sse(*begun(), *said(0, item, "x"), told))
    assert fold(seen).text == "x"
    assert isinstance(failure, RateLimited)
    assert (failure.code, failure.status, failure.wire) == ("rate_limit_exceeded", None, "openai-responses")
    assert "Slow down." in str(failure)


def test_a_request_that_is_at_fault_is_told_so_even_in_a_stream() -> None:
    _, failure = events_until_failure(sse({"type": "error", "code": "invalid_image", "message": "No image."}))
    assert isinstance(failure, RequestError)


@pytest.mark.parametrize("data", [b"data: {\n\n", b"data: []\n\n", b"data: nonsense\n\n", b"data: \xff\n\n"])
def test_what_is_not_the_protocol_is_the_servers_fault(data: bytes) -> None:
    _, failure = events_until_failure(data)
    assert isinstance(failure, ServerFault)
