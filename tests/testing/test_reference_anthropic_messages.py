"""The reference of Messages: how events add up, when a stream is whole, what errors and usage say."""

from __future__ import annotations

import json

import pytest

from turnout.testing.frames import sse_frames
from turnout.testing.reference import Asked, Meaning, Said, reference_for

REFERENCE = reference_for("anthropic-messages")

START = {
    "type": "message_start",
    "message": {"id": "m1", "content": [], "stop_reason": None, "usage": {"input_tokens": 3, "output_tokens": 1}},
}
STOP = {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 9}}
END = {"type": "message_stop"}


def frames(*events):
    return sse_frames(b"".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events))


def block(index, start, *deltas):
    return [
        {"type": "content_block_start", "index": index, "content_block": start},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def content(*events):
    return REFERENCE.merge(frames(START, *events, STOP, END))["content"]


def test_the_message_is_what_start_and_delta_say_and_counts_replace():
    assert REFERENCE.merge(frames(START, STOP, END)) == {
        "id": "m1",
        "content": [],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 3, "output_tokens": 9},
    }


def test_text_thinking_and_signature_grow():
    assert content(
        *block(
            0,
            {"type": "thinking", "thinking": "", "signature": ""},
            {"type": "thinking_delta", "thinking": "h"},
            {"type": "thinking_delta", "thinking": "m"},
            {"type": "signature_delta", "signature": "s1"},
        ),
        *block(1, {"type": "text", "text": ""}, {"type": "text_delta", "text": "a"}, {"type": "text_delta", "text": "b"}),
    ) == [{"type": "thinking", "thinking": "hm", "signature": "s1"}, {"type": "text", "text": "ab"}]


@pytest.mark.parametrize(
    ("pieces", "value"),
    [(["", '{"a":', "1}"], {"a": 1}), ([""], {}), ([], {}), (['{"a":'], '{"a":')],
    ids=["whole", "empty", "none", "cut"],
)
def test_the_input_of_a_tool_is_its_pieces_read_as_json(pieces, value):
    deltas = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]

    assert content(*block(0, {"type": "tool_use", "id": "t", "name": "f", "input": {}}, *deltas))[0]["input"] == value


def test_citations_are_added_and_deltas_nobody_knows_are_kept():
    citation = {"type": "citations_delta", "citation": {"url": "u"}}

    assert content(
        *block(0, {"type": "text", "text": "", "citations": []}, citation, citation, {"type": "new_delta", "new": 1})
    ) == [{"type": "text", "text": "", "citations": [{"url": "u"}, {"url": "u"}], "new": 1}]


def test_members_beside_the_documented_ones_belong_to_the_message():
    whole = REFERENCE.merge(frames(START, {**STOP, "context_management": {"edits": []}}, END, {"type": "ping", "cost": "0"}))

    assert (whole["context_management"], whole["cost"]) == ({"edits": []}, "0")


def test_a_message_that_starts_whole_is_whole():
    start = {
        "type": "message_start",
        "message": {"id": "m1", "content": [{"type": "text", "text": "a"}], "stop_reason": "tool_use"},
    }

    assert REFERENCE.merge(frames(start, END)) == {
        "id": "m1",
        "content": [{"type": "text", "text": "a"}],
        "stop_reason": "tool_use",
    }


def test_a_stream_is_whole_at_message_stop_and_begins_at_message_start():
    assert not REFERENCE.ended(frames(START, STOP))
    assert REFERENCE.ended(frames(START, STOP, END))
    assert [REFERENCE.begins(frame) for frame in frames(START, STOP, END, START)] == [True, False, False, True]


def test_an_error_is_found_in_a_body_and_in_an_event():
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "m"}, "request_id": "r"}

    assert REFERENCE.error(error, "error") == error["error"]
    assert REFERENCE.error({"type": "message", "error": "not one"}, None) is None
    assert REFERENCE.said(error) == REFERENCE.said(error["error"]) == Said(message="m", type="overloaded_error")
    assert REFERENCE.said("text") == Said()


@pytest.mark.parametrize(
    ("usage", "input_tokens", "reports"),
    [
        ({"input_tokens": 3, "output_tokens": 9}, 3, set()),
        ({"input_tokens": 3, "cache_read_input_tokens": 4, "cache_creation_input_tokens": 5, "output_tokens": 9}, 12, {"cache"}),
        ({"input_tokens": 3, "output_tokens": 9, "output_tokens_details": {"thinking_tokens": 2}}, 3, {"reasoning"}),
        ({"output_tokens": 9}, None, set()),
    ],
)
def test_totals_are_the_sum_of_disjoint_counts(usage, input_tokens, reports):
    totals = REFERENCE.totals({"usage": usage})

    assert (totals.input, totals.output, totals.reports) == ({input_tokens}, {9}, reports)


def test_a_rendered_stream_must_look_as_documented():
    text = block(0, {"type": "text", "text": ""}, {"type": "text_delta", "text": "a"})
    second = block(1, {"type": "text", "text": ""})

    def broken(*events):
        return " | ".join(REFERENCE.violations(frames(*events)))

    assert broken(START, {"type": "ping"}, *text, *second, STOP, END) == ""
    assert "message_delta message_stop" in broken(START, *text, END)
    assert "message_start" in broken(*text, STOP, END)
    assert "begin in order" in broken(START, *second, *text, STOP, END)
    assert "one at a time" in broken(START, text[0], *second, *text[1:], STOP, END)
    assert "belongs to the open block" in broken(START, text[1], STOP, END)
    assert "never stops" in broken(START, *text[:-1], STOP, END)
    assert "named by its type" in " | ".join(REFERENCE.violations(sse_frames(b'data: {"type":"ping"}\n\n')))


def test_an_answer_means_what_its_blocks_say():
    blocks = [
        {"type": "thinking", "thinking": "h", "signature": "s"},
        {"type": "text", "text": "a"},
        {"type": "tool_use", "id": "t", "name": "f", "input": {"x": 1}},
        {"type": "server_tool_use", "id": "u", "name": "web_search", "input": {}},
        {"type": "text", "text": "b"},
    ]

    assert REFERENCE.meaning({"content": blocks, "stop_reason": "max_tokens"}) == [
        Meaning(text="ab", reasoning="h", calls=(("t", "f", '{"x":1}'),), finish=frozenset({"length"}))
    ]
    assert "stop" not in REFERENCE.meaning({"content": [], "stop_reason": "new"})[0].finish
    assert REFERENCE.meaning({"content": []}) == [Meaning()]


def test_a_request_asks_for_what_its_members_say():
    body = {
        "model": "m",
        "system": [{"type": "text", "text": "s"}],
        "messages": [
            {"role": "user", "content": "u"},
            {"role": "user", "content": [{"type": "tool_result", "content": "r"}, {"type": "text", "text": "v"}]},
        ],
        "tools": [{"name": "f"}, {"type": "custom", "name": "g"}, {"type": "web_search_20250305", "name": "web_search"}],
        "max_tokens": 5,
        "temperature": 0.5,
    }

    assert REFERENCE.asked(body) == Asked(model="m", text="suv", tools=("f", "g"), max_output_tokens=5, temperature=0.5)
