"""The reference of Converse: how events add up, when a stream is whole, what errors and usage say."""

from __future__ import annotations

import json

import pytest

from turnout.testing.frames import aws_frames
from turnout.testing.reference import Asked, Meaning, Said, reference_for
from turnout.wire.aws_events import encode_event

REFERENCE = reference_for("bedrock-converse")

START = ("messageStart", {"role": "assistant", "p": "abc"})
STOP = ("messageStop", {"stopReason": "end_turn"})
END = ("metadata", {"usage": {"inputTokens": 3}, "metrics": {"latencyMs": 1}, "p": "ab"})


def frames(*events):
    return aws_frames(b"".join(encode_event({":event-type": name}, json.dumps(payload).encode()) for name, payload in events))


def start(index, **start):
    return "contentBlockStart", {"contentBlockIndex": index, "start": start}


def delta(index, **delta):
    return "contentBlockDelta", {"contentBlockIndex": index, "delta": delta}


def stop(index):
    return "contentBlockStop", {"contentBlockIndex": index}


def content(*events):
    return REFERENCE.merge(frames(START, *events, STOP, END))["output"]["message"]["content"]


def test_the_answer_is_what_its_events_say_but_for_the_padding():
    assert REFERENCE.merge(frames(START, delta(0, text="a"), delta(0, text="b"), stop(0), STOP, END)) == {
        "output": {"message": {"role": "assistant", "content": [{"text": "ab"}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 3},
        "metrics": {"latencyMs": 1},
    }


@pytest.mark.parametrize(
    ("thoughts", "block"),
    [
        ([{"text": "h"}, {"text": "m"}, {"signature": "s"}], {"reasoningText": {"text": "hm", "signature": "s"}}),
        ([{"text": "h"}], {"reasoningText": {"text": "h"}}),
        ([{"redactedContent": "eHk="}], {"redactedContent": "eHk="}),
        ([{"redactedContent": "eA=="}, {"redactedContent": "eQ=="}], {"redactedContent": "eHk="}),
    ],
)
def test_reasoning_grows(thoughts, block):
    assert content(*(delta(0, reasoningContent=thought) for thought in thoughts), stop(0)) == [{"reasoningContent": block}]


@pytest.mark.parametrize(
    ("pieces", "value"),
    [(["", '{"a":', "1}"], {"a": 1}), ([""], {}), ([], {}), (['{"a":'], '{"a":')],
    ids=["whole", "empty", "none", "cut"],
)
def test_the_input_of_a_tool_is_its_pieces_read_as_json(pieces, value):
    deltas = [delta(0, toolUse={"input": piece}) for piece in pieces]

    assert content(start(0, toolUse={"toolUseId": "t", "name": "f"}), *deltas, stop(0)) == [
        {"toolUse": {"toolUseId": "t", "name": "f", "input": value}}
    ]


def test_results_citations_and_images_are_put_together():
    assert content(
        *(
            start(0, toolResult={"toolUseId": "t"}),
            delta(0, toolResult=[{"json": 1}]),
            delta(0, toolResult=[{"json": 2}]),
            stop(0),
        ),
        *(delta(1, text="a"), delta(1, citation={"title": "t"}), stop(1)),
        *(delta(2, citation={"title": "u"}), stop(2)),
        *(start(3, image={"format": "png"}), delta(3, image={"source": {"bytes": "eA=="}}), stop(3)),
        stop(4),
    ) == [
        {"toolResult": {"toolUseId": "t", "content": [{"json": 1}, {"json": 2}]}},
        {"citationsContent": {"citations": [{"title": "t"}], "content": [{"text": "a"}]}},
        {"citationsContent": {"citations": [{"title": "u"}]}},
        {"image": {"format": "png", "source": {"bytes": "eA=="}}},
        {"text": ""},
    ]


def test_a_stream_is_whole_at_message_stop_and_begins_at_message_start():
    assert not REFERENCE.ended(frames(START))
    assert REFERENCE.ended(frames(START, STOP))
    assert [REFERENCE.begins(frame) for frame in frames(START, STOP, END, START)] == [True, False, False, True]


def test_an_error_is_found_in_a_body_and_in_an_event():
    assert REFERENCE.error({"message": "m"}, None) == {"message": "m"}
    assert REFERENCE.error({"output": {}, "message": "m"}, None) is None
    assert REFERENCE.error({"message": "m"}, "throttlingException") == {"__type": "throttlingException", "message": "m"}
    assert REFERENCE.error({"message": "m"}, "metadata") is None
    assert REFERENCE.said({"__type": "throttlingException", "message": "m"}) == Said(message="m", type="ThrottlingException")
    assert REFERENCE.said({"__type": "a.b#Throttling", "Message": "m"}) == Said(message="m", type="Throttling")
    assert (REFERENCE.said("text"), REFERENCE.said(None)) == (Said(message="text"), Said())


@pytest.mark.parametrize(
    ("usage", "input_tokens", "reports"),
    [
        ({"inputTokens": 3, "outputTokens": 9}, 3, set()),
        ({"inputTokens": 3, "cacheReadInputTokens": 4, "cacheWriteInputTokens": 5, "outputTokens": 9}, 12, {"cache"}),
        ({"outputTokens": 9}, None, set()),
    ],
)
def test_totals_are_the_sum_of_disjoint_counts(usage, input_tokens, reports):
    totals = REFERENCE.totals({"usage": usage})

    assert (totals.input, totals.output, totals.reports) == ({input_tokens}, {9}, reports)
    assert REFERENCE.totals({}) is None


def test_a_rendered_stream_must_look_as_documented():
    text, second = (delta(0, text="a"), stop(0)), (start(1, toolUse={}), stop(1))

    def broken(*events):
        return " | ".join(REFERENCE.violations(frames(*events)))

    assert broken(START, *text, *second, STOP, END) == ""
    assert broken(START, *text, STOP) == ""
    assert "begins with one messageStart" in broken(*text, STOP, END)
    assert "begins with one messageStart" in broken(START, START, STOP, END)
    assert "ends with messageStop and metadata" in broken(START, *text, END)
    assert "ends with messageStop and metadata" in broken(START, *text, END, STOP, END, END)
    assert "in order" in broken(START, *second, *text, STOP, END)
    assert "one at a time" in broken(START, text[0], *second, text[1], STOP, END)
    assert "never stops" in broken(START, text[0], STOP, END)


def test_an_answer_means_what_its_blocks_say():
    blocks = [
        {"reasoningContent": {"reasoningText": {"text": "h"}}},
        {"reasoningContent": {"redactedContent": "eA=="}},
        {"text": "a"},
        {"citationsContent": {"content": [{"text": "b"}], "citations": []}},
        {"toolUse": {"toolUseId": "t", "name": "f", "input": {"x": 1}}},
        {"toolUse": {"toolUseId": "u", "name": "g", "input": {}, "type": "server_tool_use"}},
    ]

    assert REFERENCE.meaning({"output": {"message": {"content": blocks}}, "stopReason": "max_tokens"}) == [
        Meaning(text="ab", reasoning="h", calls=(("t", "f", '{"x":1}'),), finish=frozenset({"length"}))
    ]
    assert "stop" not in REFERENCE.meaning({"output": {"message": {"content": []}}, "stopReason": "new"})[0].finish
    assert REFERENCE.meaning({"output": {"message": {"content": []}}}) == [Meaning()]


def test_a_request_asks_for_what_its_members_say():
    body = {
        "system": [{"text": "s"}, {"cachePoint": {"type": "default"}}],
        "messages": [{"role": "user", "content": [{"guardContent": {"text": {"text": "u"}}}, {"toolResult": {"content": []}}]}],
        "inferenceConfig": {"maxTokens": 5, "temperature": 0.5},
        "toolConfig": {"tools": [{"toolSpec": {"name": "f"}}, {"systemTool": {"name": "g"}}]},
    }

    assert REFERENCE.asked(body) == Asked(text="su", tools=("f",), max_output_tokens=5, temperature=0.5)
    assert REFERENCE.asked({}) == Asked()
