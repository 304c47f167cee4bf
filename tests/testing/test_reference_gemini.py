"""What the kit knows of Gemini generateContent, against objects written by hand."""

from __future__ import annotations

import json
from typing import Any

import pytest

from turnout.testing.frames import Frame, array_frames
from turnout.testing.reference.gemini import REFERENCE


def frames(*objects: Any) -> list[Frame]:
    return [Frame(None, json.dumps(item), item, 0) for item in objects]


def chunk(*parts: Any, **fields: Any) -> dict[str, Any]:
    return {"candidates": [{"content": {"role": "model", "parts": list(parts)}, **fields}]}


def parts(*objects: Any) -> Any:
    return REFERENCE.merge(frames(*objects))["candidates"][0]["content"]["parts"]


def test_the_items_of_an_array_end_where_their_text_ends() -> None:
    body = b'[{"a": "],"} ,\n{"b": [1, 2]}]'
    assert [(frame.value, body[: frame.end][-1:]) for frame in array_frames(body)] == [({"a": "],"}, b"}"), ({"b": [1, 2]}, b"}")]


def test_pieces_of_one_text_join_and_a_signed_part_stands_alone() -> None:
    signed = {"text": "", "thoughtSignature": "x"}
    assert parts(chunk({"text": "a"}), chunk({"text": "b"}), chunk(signed), chunk({"text": "c"})) == [
        {"text": "ab"},
        signed,
        {"text": "c"},
    ]


def test_streamed_arguments_join_at_their_paths() -> None:
    def call(**said: Any) -> dict[str, Any]:
        return chunk({"functionCall": said})

    opened = call(name="f", willContinue=True)
    begun = call(partialArgs=[{"jsonPath": "$.a[0].b", "stringValue": "x", "willContinue": True}], willContinue=True)
    ended = call(partialArgs=[{"jsonPath": "$.a[0].b", "stringValue": "y"}])
    assert parts(opened, begun, ended) == [{"functionCall": {"name": "f", "args": {"a": [{"b": "xy"}]}}}]


@pytest.mark.parametrize(
    ("said", "whole"),
    [
        ([], False),
        ([chunk({"text": "a"})], False),
        ([chunk({"text": "a"}), chunk(finishReason="STOP")], True),
        ([{"promptFeedback": {"blockReason": "SAFETY"}}], True),
        ([{"candidates": [{"index": 0, "finishReason": "STOP"}, {"index": 1}]}], False),
    ],
)
def test_a_stream_is_whole_when_every_candidate_has_finished(said: list[Any], whole: bool) -> None:
    assert REFERENCE.ended(frames(*said)) is whole


def test_a_call_without_an_id_leaves_it_to_the_wire() -> None:
    (meaning,) = REFERENCE.meaning(chunk({"functionCall": {"name": "f", "args": {"a": 1}}}, finishReason="STOP"))
    assert meaning.calls == ((None, "f", '{"a":1}'),)
    assert meaning.finish == {"tool_calls"}


def test_totals_count_thoughts_and_tools_beside_and_the_cache_within() -> None:
    totals = REFERENCE.totals(
        {
            "usageMetadata": {
                "promptTokenCount": 10,
                "cachedContentTokenCount": 4,
                "toolUsePromptTokenCount": 3,
                "candidatesTokenCount": 5,
                "thoughtsTokenCount": 2,
            }
        }
    )
    assert totals is not None
    assert (totals.input, totals.output, totals.reports) == ({13}, {7}, {"cache", "reasoning"})


def test_an_error_says_how_long_to_wait_also_inside_a_list() -> None:
    body = [{"error": {"message": "slow", "status": "RESOURCE_EXHAUSTED", "details": [{"retryDelay": "1.5s"}]}}]
    said = REFERENCE.said(body)
    assert (said.message, said.type, said.retry_after) == ("slow", "RESOURCE_EXHAUSTED", 1.5)
