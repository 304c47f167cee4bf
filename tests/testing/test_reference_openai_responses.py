"""The reference of Responses: how events add up, when a stream is whole, what errors and usage say."""

from __future__ import annotations

import json

import pytest

from turnout.testing.frames import sse_frames
from turnout.testing.reference import Asked, Said, reference_for

REFERENCE = reference_for("openai-responses")

CREATED = {"type": "response.created", "response": {"id": "r1", "status": "in_progress", "output": [], "metadata": {}}}
PROGRESS = {**CREATED, "type": "response.in_progress"}
TEXT = {"type": "output_text", "text": "Hello"}
ITEM = {"type": "message", "id": "m1", "content": [TEXT]}
ADDED = {"type": "response.output_item.added", "output_index": 0, "item": {**ITEM, "content": []}}
DELTA = {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "item_id": "m1", "delta": "Hel"}
DONE = {"type": "response.output_item.done", "output_index": 0, "item": ITEM}
COMPLETED = {"type": "response.completed", "response": {"id": "r1", "status": "completed", "output": [ITEM], "metadata": None}}


def frames(*events):
    numbered = ({**event, "sequence_number": number} for number, event in enumerate(events))
    return sse_frames(b"".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in numbered))


def test_the_last_statement_of_the_response_counts_and_the_item_as_it_was_done():
    whole = {"id": "r1", "status": "completed", "metadata": {}, "output": [ITEM]}
    assert REFERENCE.merge(frames(CREATED, PROGRESS, ADDED, DONE, COMPLETED)) == whole


def test_an_item_that_is_never_done_is_what_its_deltas_add_up_to():
    (item,) = REFERENCE.merge(frames(CREATED, ADDED, DELTA, {**DELTA, "delta": "lo"}))["output"]
    assert item == ITEM


def test_an_item_that_only_the_last_event_holds_counts():
    assert REFERENCE.merge(frames(CREATED, COMPLETED))["output"] == [ITEM]


def test_a_stream_is_whole_with_its_last_event_and_begins_with_its_first():
    assert not REFERENCE.ended(frames(CREATED, ADDED, DONE))
    assert REFERENCE.ended(frames(CREATED, {**COMPLETED, "type": "response.incomplete"}))
    assert [REFERENCE.begins(frame) for frame in frames(CREATED, PROGRESS)] == [True, False]


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"error": {"message": "m", "code": "c", "type": "t"}}, Said(message="m", code="c", type="t")),
        ({"code": "c", "error": "m"}, Said(message="m", code="c")),
        ({"type": "error", "code": "c", "message": "m"}, Said(message="m", code="c")),
        ({"type": "response.failed", "response": {"error": {"code": "c", "message": "m"}}}, Said(message="m", code="c")),
    ],
)
def test_an_error_is_found_wherever_it_stands(value, said):
    assert REFERENCE.said(REFERENCE.error(value, None)) == said


def test_an_answer_is_no_error():
    assert REFERENCE.error({"object": "response", "error": None}, None) is None


@pytest.mark.parametrize(
    ("usage", "output", "reports"),
    [
        ({"input_tokens": 3, "output_tokens": 5, "total_tokens": 8}, {5}, set()),
        (
            {"input_tokens": 3, "output_tokens": 5, "total_tokens": 17, "output_tokens_details": {"reasoning_tokens": 9}},
            {14},
            {"reasoning"},
        ),
        ({"input_tokens": 3, "output_tokens": 5, "input_tokens_details": {"cached_tokens": 0}}, {5}, {"cache"}),
    ],
)
def test_totals_include_reasoning_that_was_counted_beside(usage, output, reports):
    totals = REFERENCE.totals({"usage": usage})
    assert (totals.input, totals.output, totals.reports) == ({3}, output, reports)


def test_an_answer_means_its_text_reasoning_and_calls():
    thought = {"type": "reasoning", "summary": [{"text": "a"}], "content": [{"text": "b"}]}
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    (meaning,) = REFERENCE.meaning({"status": "completed", "output": [thought, ITEM, call, {"type": "web_search_call"}]})
    assert (meaning.text, meaning.reasoning, meaning.calls, meaning.finish) == (
        "Hello",
        "ab",
        (("c", "f", "{}"),),
        {"tool_calls"},
    )


def test_no_unknown_ending_may_be_read_as_a_stop():
    assert "stop" not in REFERENCE.meaning({"status": "tomorrow"})[0].finish
    assert REFERENCE.meaning({"status": "queued"})[0].finish == frozenset()


def test_what_a_request_asks_for():
    body = {
        "model": "m",
        "instructions": "a",
        "input": [{"role": "user", "content": "b"}, {"role": "assistant", "content": [{"type": "output_text", "text": "c"}]}],
        "tools": [{"type": "function", "name": "f"}, {"type": "web_search"}],
        "max_output_tokens": 5,
        "temperature": 0,
    }
    assert REFERENCE.asked(body) == Asked(model="m", text="abc", tools=("f",), max_output_tokens=5, temperature=0)


@pytest.mark.parametrize(
    ("events", "sentence"),
    [
        ((CREATED, ADDED, DONE, COMPLETED), "begins with response.created"),
        ((CREATED, PROGRESS, ADDED, DONE), "ends with one of"),
        ((CREATED, PROGRESS, {**ADDED, "output_index": 1}, {**DONE, "output_index": 1}, COMPLETED), "without gaps"),
        ((CREATED, PROGRESS, DELTA, COMPLETED), "not open"),
        ((CREATED, PROGRESS, ADDED, {**DELTA, "item_id": "m2"}, DONE, COMPLETED), "names the item"),
        ((CREATED, PROGRESS, ADDED, COMPLETED), "never done"),
    ],
)
def test_a_stream_out_of_order_is_told(events, sentence):
    (violation,) = REFERENCE.violations(frames(*events))
    assert sentence in violation


def test_a_stream_in_order_is_not():
    assert list(REFERENCE.violations(frames(CREATED, PROGRESS, ADDED, DELTA, DONE, COMPLETED))) == []


def test_events_are_numbered_and_named():
    wrong = sse_frames(b"event: other\ndata: " + json.dumps(COMPLETED).encode() + b"\n\n")
    assert (
        len([sentence for sentence in REFERENCE.violations(wrong) if "named by its type" in sentence or "counts" in sentence])
        == 2
    )
