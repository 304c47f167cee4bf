"""Whole answers: read without loss, and rendered as they were."""

from __future__ import annotations

from typing import Any

import pytest
from responses_wire import answer, call, decode, message, output_text, render

from turnout.errors import RateLimited, RequestError, ServerFault
from turnout.types import (
    Choice,
    Citation,
    Completion,
    FinishReason,
    Message,
    Opaque,
    Origin,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    Usage,
)

PAGE = {"type": "url_citation", "start_index": 0, "end_index": 5, "url": "https://x.test", "title": "X"}
FILE = {"type": "file_citation", "file_id": "file-1", "filename": "a.pdf", "index": 12}


@pytest.mark.parametrize(
    "item",
    [
        message(output_text("Hello")),
        message(output_text("Hello", PAGE, FILE), output_text("again"), phase="final_answer"),
        message({"type": "refusal", "refusal": "No."}),
        message({"type": "output_text", "text": "bare"}),
        message({"type": "output_text", "text": "odd", "annotations": ["odd"]}),
        message(),
        message({"type": "output_hologram"}, phase="commentary"),
        {"type": "reasoning", "id": "rs_1", "summary": []},
        {"type": "reasoning", "id": "rs_1", "summary": [], "content": [], "encrypted_content": "gAAA", "status": "completed"},
        {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": t} for t in "abc"],
            "encrypted_content": "g",
        },
        {"type": "reasoning", "id": "r", "summary": [], "content": [{"type": "reasoning_text", "text": "a", "x": 1}]},
        call("call_1", '{"a": 1}'),
        call("call_1", "not json"),
        {"type": "custom_tool_call", "id": "ctc_1", "call_id": "c", "name": "sql", "input": "SELECT 1", "status": "completed"},
        {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search", "query": "q"}},
        {"type": "mcp_list_tools", "id": "m", "server_label": "s", "tools": []},
        {"type": "tomorrows_tool_call", "anything": [1]},
        {"type": "function_call", "name": "no call id"},
        "not even an object",
    ],
)
def test_an_answer_is_rendered_as_it_came(item: Any) -> None:
    body = answer(message(output_text("before")), item, message(output_text("after"), id="msg_2"))
    assert render(decode(body)) == body


def test_items_become_parts_in_their_order() -> None:
    body = answer(
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm."}], "encrypted_content": "gAAA"},
        message(output_text("I shall look."), phase="commentary"),
        {"type": "web_search_call", "id": "ws_1"},
        call("call_1", '{"a": 1}'),
        message(output_text("It is 18."), id="msg_2", phase="final_answer"),
    )
    thought, sealed, plan, search, called, said = decode(body).parts
    assert isinstance(thought, Reasoning)
    assert (thought.text, thought.encrypted) == ("Hm.", None)
    assert isinstance(sealed, Reasoning)
    assert (sealed.text, sealed.encrypted) == ("", "gAAA")
    assert isinstance(plan, Text)
    assert plan.phase == "commentary"
    assert isinstance(search, Opaque)
    assert isinstance(called, ToolCall)
    assert (called.id, called.arguments) == ("call_1", '{"a": 1}')
    assert isinstance(said, Text)
    assert {part.origin for part in (thought, sealed, plan, search, called, said)} == {Origin("openai-responses", "acme")}


def test_a_plan_is_not_part_of_the_answers_text() -> None:
    plan, said = (
        message(output_text("I shall look."), phase="commentary"),
        message(output_text("It is 18."), phase="final_answer"),
    )
    assert decode(answer(plan, said)).text == "It is 18."


def test_citations_count_in_their_own_text() -> None:
    (part,) = decode(answer(message(output_text("Hello", PAGE, FILE)))).parts
    assert isinstance(part, Text)
    page, file = part.citations
    assert page == Citation(url="https://x.test", title="X", start=0, end=5)
    assert (file.url, file.title) == (None, "a.pdf")
    assert file.extra == {"type": "file_citation", "file_id": "file-1", "index": 12}


def test_a_refusal_is_no_text() -> None:
    completion = decode(answer(message({"type": "refusal", "refusal": "No."})))
    (part,) = completion.parts
    assert isinstance(part, Refusal)
    assert (completion.text, completion.refusal) == ("", "No.")


@pytest.mark.parametrize(
    ("fields", "finish"),
    [
        ({"status": "completed"}, FinishReason("stop", "completed")),
        ({"status": "complete"}, FinishReason("stop", "complete")),
        (
            {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
            FinishReason("length", "max_output_tokens"),
        ),
        (
            {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}},
            FinishReason("content_filter", "content_filter"),
        ),
        ({"status": "incomplete", "incomplete_details": {"reason": "boredom"}}, FinishReason("other", "boredom")),
        ({"status": "incomplete"}, FinishReason("other", "incomplete")),
        ({"status": "cancelled"}, FinishReason("error", "cancelled")),
        ({"status": "queued"}, None),
        ({"status": "in_progress"}, None),
        ({"status": "tomorrow"}, FinishReason("other", "tomorrow")),
    ],
)
def test_every_status_has_a_reason_and_none_unknown_is_a_stop(fields: dict[str, Any], finish: FinishReason | None) -> None:
    body = answer(message(output_text("x")), **fields)
    assert decode(body).finish == finish
    assert render(decode(body)) == body


def test_an_answer_that_calls_a_tool_finished_in_order_to() -> None:
    assert decode(answer(call("c"))).finish == FinishReason("tool_calls", "completed")
    short = answer(call("c"), status="incomplete", incomplete_details={"reason": "max_output_tokens"})
    assert decode(short).finish == FinishReason("length", "max_output_tokens")


def test_usage_is_in_buckets_that_add_up_to_the_totals() -> None:
    raw = {
        "input_tokens": 100,
        "input_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 30},
        "output_tokens": 50,
        "output_tokens_details": {"reasoning_tokens": 40},
        "total_tokens": 150,
    }
    usage = decode(answer(usage=raw)).usage
    assert (usage.uncached_input_tokens, usage.cache_read_tokens, usage.cache_write_5m_tokens) == (10, 60, 30)
    assert (usage.text_output_tokens, usage.reasoning_tokens, usage.audio_output_tokens) == (10, 40, None)
    assert (usage.input_tokens, usage.output_tokens, usage.raw) == (100, 50, raw)


def test_reasoning_that_was_counted_beside_the_output_is_not_taken_from_it() -> None:
    raw = {"input_tokens": 1, "output_tokens": 5, "output_tokens_details": {"reasoning_tokens": 40}, "total_tokens": 46}
    usage = decode(answer(usage=raw)).usage
    assert (usage.text_output_tokens, usage.reasoning_tokens, usage.total_tokens) == (5, 40, 46)


def test_usage_that_was_not_reported_is_unknown_and_not_zero() -> None:
    assert decode(answer(usage=None)).usage == Usage()
    assert decode(answer(usage={"input_tokens": 3})).usage.output_tokens is None


def test_what_has_no_word_of_ours_stays_at_its_place() -> None:
    completion = decode(answer(metadata={"a": "b"}, truncation="disabled", tomorrow=[1], service_tier="flex"))
    assert completion.service_tier == "flex"
    assert completion.extra is not None
    assert completion.extra["metadata"] == {"a": "b"}
    assert completion.extra["tomorrow"] == [1]


def test_an_answer_that_failed_is_the_error_that_it_tells_of() -> None:
    failed = answer(status="failed", error={"code": "rate_limit_exceeded", "message": "Slow down."})
    with pytest.raises(RateLimited, match=r"Slow down\."):
        decode(failed)
    with pytest.raises(RequestError):
        decode(answer(status="failed", error={"code": "invalid_prompt", "message": "No."}))
    with pytest.raises(ServerFault):
        decode(answer(status="failed", error={"code": "server_error", "message": "Oh."}))


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"choices": []}', b'{"output": {}}', b'"x"', b"\xff"])
def test_what_is_not_the_protocol_is_the_servers_fault(body: bytes) -> None:
    with pytest.raises(ServerFault):
        decode(body)


def test_a_part_taken_out_of_its_item_makes_one_of_its_own() -> None:
    whole = decode(answer(message(output_text("a"), output_text("b"))))
    alone = Message("assistant", whole.parts[1:], origin=whole.origin)
    changed = Completion(id="resp_1", model="m", choices=(Choice(message=alone, finish=None),), origin=whole.origin)
    (item,) = render(changed)["output"]
    assert item["content"] == [output_text("b")]
