"""The reference of Chat Completions: how chunks add up, when a stream is whole, what errors and usage say."""

from __future__ import annotations

import json

import pytest

from turnout.testing.frames import sse_frames
from turnout.testing.reference import Asked, Meaning, Said, reference_for

REFERENCE = reference_for("openai-chat")


CHUNK = {"object": "chat.completion.chunk", "id": "c1", "created": 1, "model": "m"}


def frames(*chunks, done=True):
    return sse_frames(
        b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks) + (b"data: [DONE]\n\n" if done else b"")
    )


def delta(index=0, finish=None, **fields):
    return {"id": "c1", "model": "m", "choices": [{"index": index, "delta": fields, "finish_reason": finish}]}


def merged(*chunks):
    return REFERENCE.merge(frames(*chunks))


def message(*deltas):
    return merged(*(delta(**fields) for fields in deltas))["choices"][0]["message"]


def test_pieces_of_text_join_and_empty_ones_add_nothing():
    assert message({"role": "assistant", "content": ""}, {"content": "Hel"}, {"content": None}, {"content": "lo"}) == {
        "role": "assistant",
        "content": "Hello",
    }
    assert "content" not in message({"role": "assistant", "content": ""}, {"refusal": "no"})


def test_the_first_id_and_the_last_usage_count():
    whole = merged(
        {"id": "", "model": "", "created": 0, "choices": []},
        {"id": "c1", "model": "m", "created": 7, "choices": [], "usage": {"total_tokens": 1}},
        {"id": "c2", "model": "m", "created": 8, "choices": [], "usage": {"total_tokens": 3}},
        {"id": "c2", "model": "m", "created": 8, "choices": [], "usage": None},
    )

    assert whole == {
        "object": "chat.completion",
        "id": "c1",
        "model": "m",
        "created": 7,
        "usage": {"total_tokens": 3},
        "choices": [],
    }


def test_members_beside_the_choices_are_as_they_were_last_and_padding_is_gone():
    whole = merged(
        {"x": {"a": 1}, "y": [1], "obfuscation": "q"}, {"x": {"b": 2}, "y": [2], "obfuscation": "r"}, {"x": None, "y": None}
    )

    assert whole == {"object": "chat.completion", "x": {"a": 1, "b": 2}, "y": [2], "choices": []}


def test_choices_interleave():
    whole = merged(delta(1, content="b"), delta(0, content="a"), delta(1, "stop", content="b"), delta(0, "length"))

    assert [(choice["index"], choice["message"]["content"], choice["finish_reason"]) for choice in whole["choices"]] == [
        (0, "a", "length"),
        (1, "bb", "stop"),
    ]


@pytest.mark.parametrize("numbers", [(0, 1), (1, 2), (-1, 5)])
def test_the_index_says_which_call_a_piece_continues_wherever_it_counts_from(numbers):
    first, second = numbers
    calls = message(
        {"tool_calls": [{"index": first, "id": "c1", "type": "function", "function": {"name": "f", "arguments": ""}}]},
        {"tool_calls": [{"index": first, "id": None, "function": {"name": None, "arguments": '{"a"'}}]},
        {"tool_calls": [{"index": second, "id": "c2", "type": "function", "function": {"name": "g", "arguments": "{}"}}]},
        {"tool_calls": [{"index": first, "function": {"arguments": ":1}"}}]},
    )["tool_calls"]

    assert calls == [
        {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}},
        {"id": "c2", "type": "function", "function": {"name": "g", "arguments": "{}"}},
    ]


def test_another_id_is_another_call_though_the_index_is_the_same():
    calls = message(
        {"tool_calls": [{"index": 0, "id": "c1"}]}, {"tool_calls": [{"index": 0, "id": "c2"}, {"index": 0, "id": ""}]}
    )

    assert calls["tool_calls"] == [{"id": "c1"}, {"id": "c2"}]


def test_texts_nobody_documented_continue_and_labels_do_not():
    assert message({"x": "a", "channel": "final"}, {"x": "b", "channel": "final"}) == {
        "role": "assistant",
        "x": "ab",
        "channel": "final",
    }


def test_calls_without_an_index_are_calls_of_their_own():
    calls = message({"tool_calls": [{"id": "c1"}, {"id": "c2"}]}, {"tool_calls": [{"id": "c3"}]})["tool_calls"]

    assert [call["id"] for call in calls] == ["c1", "c2", "c3"]


def test_content_that_turns_from_text_into_typed_parts_and_back_is_a_list_of_them():
    think = {"type": "thinking", "thinking": [{"type": "text", "text": "h"}]}

    assert message({"content": ""}, {"content": [think]}, {"content": [think]}, {"content": "a"}, {"content": "b"})[
        "content"
    ] == [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hh"}]},
        {"type": "text", "text": "ab"},
    ]


def test_reasoning_details_of_one_index_and_type_continue_one_another():
    details = message(
        {"reasoning": "a", "reasoning_details": [{"index": 0, "type": "reasoning.text", "text": "a", "signature": None}]},
        {"reasoning": "b", "reasoning_details": [{"index": 0, "type": "reasoning.text", "text": "b", "signature": "s"}]},
        {"reasoning_details": [{"index": 0, "type": "reasoning.encrypted", "data": "x"}]},
    )["reasoning_details"]

    assert details == [
        {"index": 0, "type": "reasoning.text", "text": "ab", "signature": "s"},
        {"index": 0, "type": "reasoning.encrypted", "data": "x"},
    ]


def test_audio_and_logprobs_grow():
    whole = merged(
        {
            "choices": [
                {
                    "index": 0,
                    "delta": {"audio": {"id": "a", "data": "AA"}},
                    "logprobs": {"content": [{"token": "x"}], "refusal": None},
                }
            ]
        },
        {
            "choices": [
                {"index": 0, "delta": {"audio": {"data": "BB", "transcript": "hi"}}, "logprobs": {"content": [{"token": "y"}]}}
            ]
        },
    )

    assert whole["choices"][0] == {
        "index": 0,
        "message": {"role": "assistant", "audio": {"id": "a", "data": "AABB", "transcript": "hi"}},
        "logprobs": {"content": [{"token": "x"}, {"token": "y"}], "refusal": None},
    }


def test_the_message_so_far_that_some_servers_repeat_adds_only_what_the_deltas_lack():
    chunk = {"choices": [{"index": 0, "message": {"role": "assistant", "content": "ab", "more": 1}, "delta": {"content": "b"}}]}

    assert merged(delta(content="a"), chunk)["choices"][0]["message"] == {"role": "assistant", "content": "ab", "more": 1}


def test_a_stream_is_whole_at_done_or_when_every_choice_has_a_reason():
    running, ended = delta(content="a"), delta(finish="stop")

    assert not REFERENCE.ended(frames(done=False))
    assert not REFERENCE.ended(frames(running, done=False))
    assert not REFERENCE.ended(frames(delta(1), ended, done=False))
    assert not REFERENCE.ended(frames(delta(finish=""), done=False))
    assert REFERENCE.ended(frames(ended, done=False))
    assert REFERENCE.ended(frames(running))


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"error": {"message": "m", "type": "t", "code": "c", "param": None}}, Said(message="m", type="t", code="c")),
        ({"error": {"message": "m", "code": 500}}, Said(message="m", code="500")),
        ({"error": "m"}, Said(message="m")),
        ({"detail": "m"}, Said(message="m")),
        ({"message": "m", "type": "t"}, Said(message="m", type="t")),
        ([], Said()),
        (None, Said()),
    ],
)
def test_an_error_body_says_what_it_says(body, said):
    assert REFERENCE.said(body) == said


def test_an_error_is_found_in_a_body_and_in_an_event():
    assert REFERENCE.error({"error": {"message": "m"}, "choices": []}, None) == {"message": "m"}
    assert REFERENCE.error({"message": "m"}, "error") == {"message": "m"}
    assert REFERENCE.error({"error": None, "choices": []}, None) is None


@pytest.mark.parametrize(
    ("usage", "inputs", "outputs"),
    [
        ({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}, {10}, {5}),
        ({"prompt_tokens": 10, "completion_tokens": 5}, {10}, {5}),
        ({"prompt_tokens": 10, "completion_tokens": None, "total_tokens": None}, {10}, {None}),
        (
            {
                "prompt_tokens": 10,
                "completion_tokens": 2,
                "total_tokens": 332,
                "completion_tokens_details": {"reasoning_tokens": 320},
            },
            {10},
            {322},
        ),
        (
            {"prompt_tokens": 9, "completion_tokens": 201, "total_tokens": 585, "prompt_tokens_details": {"audio_tokens": 375}},
            {384},
            {201},
        ),
        ({"prompt_tokens": 35, "completion_tokens": 12, "total_tokens": 109}, {35}, {12, 74}),
        ({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 12}, {10}, {5}),
    ],
)
def test_totals_are_read_as_the_providers_own_sum_says(usage, inputs, outputs):
    totals = REFERENCE.totals({"usage": usage})

    assert (totals.input, totals.output, totals.raw) == (inputs, outputs, usage)


def test_what_is_counted_apart_is_what_has_a_number():
    usage = {
        "prompt_tokens": 1,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": None},
        "completion_tokens_details": None,
    }

    assert REFERENCE.totals({"usage": usage}).reports == {"cache"}
    assert REFERENCE.totals({"usage": None}) is None


def test_a_rendered_stream_must_look_as_documented():
    good = {**CHUNK, "choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0}]}}]}
    lost = {**CHUNK, "choices": [{"index": 0, "delta": {"tool_calls": [{}]}}]}
    gap = {**CHUNK, "choices": [{"index": 0, "delta": {"tool_calls": [{"index": 2}]}}]}

    assert list(REFERENCE.violations(frames(good, good))) == []
    assert list(REFERENCE.violations(frames(good, done=False))) == ["a stream ends with data: [DONE]"]
    assert "says by its index" in next(iter(REFERENCE.violations(frames(lost))))
    assert "numbered from 0 without gaps" in next(iter(REFERENCE.violations(frames(good, gap))))
    assert "every event is an object" in next(iter(REFERENCE.violations(frames({"choices": []}))))
    assert list(REFERENCE.violations(frames({"object": "chat.completion.chunk", "id": "c1", "choices": []}))) == [
        "every chunk has an id, created, model and choices, but created, model is missing"
    ]


@pytest.mark.parametrize(
    ("choice", "meaning"),
    [
        ({"message": {"content": "a"}, "finish_reason": "length"}, Meaning(text="a", finish=frozenset({"length"}))),
        (
            {
                "message": {
                    "content": [{"type": "thinking", "thinking": [{"type": "text", "text": "h"}]}, {"type": "text", "text": "a"}]
                }
            },
            Meaning(text="a", reasoning="h"),
        ),
        ({"message": {"reasoning": "h", "refusal": "no"}, "finish_reason": ""}, Meaning(reasoning="h", refusal="no")),
        (
            {
                "message": {"tool_calls": [{"id": "c", "type": "custom", "custom": {"name": "f", "input": "x"}}]},
                "finish_reason": "stop",
            },
            Meaning(calls=(("c", "f", "x"),), finish=frozenset({"stop", "stop_sequence", "tool_calls"})),
        ),
        ({"message": {"function_call": {"name": "f", "arguments": "{}"}}}, Meaning(calls=(("", "f", "{}"),))),
        ({"message": {"function_call": {"name": "", "arguments": ""}}}, Meaning()),
        ({"message": {"tool_calls": [{"id": "c", "type": "new", "new": {}}]}}, Meaning()),
        (
            {"message": {"tool_calls": [{"id": "c", "function": {"name": "f", "arguments": {"a": 1}}}]}},
            Meaning(calls=(("c", "f", '{"a":1}'),)),
        ),
    ],
)
def test_a_choice_means_what_its_members_say(choice, meaning):
    assert REFERENCE.meaning({"choices": [choice]}) == [meaning]


def test_a_reason_that_nobody_documented_never_means_that_the_model_was_done():
    (meaning,) = REFERENCE.meaning({"choices": [{"message": {}, "finish_reason": "weary"}]})

    assert meaning.finish
    assert "stop" not in meaning.finish


def test_a_request_asks_for_what_its_members_say():
    body = {
        "model": "m",
        "messages": [
            {"role": "system", "content": "s"},
            {"role": "user", "content": [{"type": "text", "text": "u"}, {"type": "image_url"}]},
            {"role": "tool", "content": "t"},
            {"role": "assistant", "content": None},
        ],
        "tools": [{"type": "function", "function": {"name": "f"}}, {"type": "custom"}],
        "functions": [{"name": "g"}],
        "max_tokens": 5,
        "temperature": 1,
    }

    assert REFERENCE.asked(body) == Asked(model="m", text="su", tools=("f", "g"), max_output_tokens=5, temperature=1)
    assert REFERENCE.asked({"messages": []}) == Asked()
