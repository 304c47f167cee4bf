"""Streams: as server-sent events and as a JSON array, however the bytes are cut."""

from __future__ import annotations

import json
from typing import Any

import pytest
from gemini_wire import REFERENCE, SERVER, array, chunk, decode, events, pieces, rendered, sse, until_it_breaks

from turnout.errors import RateLimited, ServerFault, TransportFailed
from turnout.events import CitationAdded, Finished, PartAdded, ReasoningDelta, Started, TextDelta, UsageReported, fold
from turnout.testing.frames import sse_frames
from turnout.types import ChatRequest, FinishReason, Text, ToolCall
from turnout.wire.gemini.renderer import GeminiRenderer

USAGE = {"usageMetadata": {"promptTokenCount": 4, "candidatesTokenCount": 2, "totalTokenCount": 6}}
MIXED = (
    chunk({"text": "Hm", "thought": True}) | {"usageMetadata": {"promptTokenCount": 4}},
    chunk({"text": ". ", "thought": True}) | {"usageMetadata": {"promptTokenCount": 4}},
    chunk({"text": "Grö"}),
    chunk({"text": "ße \U0001f600"}),
    chunk({"text": "", "thoughtSignature": "c2ln"}),
    chunk({"functionCall": {"name": "look", "args": {"at": 'sk]y"}'}}, "thoughtSignature": "Y2FsbA=="}),
    chunk({"functionCall": {"name": "look", "args": {"at": "sea"}, "id": "given"}}),
    chunk({"executableCode": {"language": "PYTHON", "code": "print('{')"}}),
    chunk(finish="STOP", groundingMetadata={"webSearchQueries": ["x"]}) | USAGE,
)


def whole(*objects: Any) -> dict[str, Any]:
    return REFERENCE.merge(sse_frames(sse(*objects)))


@pytest.mark.parametrize("framed", [sse, array])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 4096])
def test_a_stream_means_the_same_however_it_is_cut(framed: Any, size: int) -> None:
    body = framed(*MIXED)
    assert events(*pieces(body, size)) == events(body) == events(sse(*MIXED))


def test_a_stream_folds_to_what_the_whole_answer_decodes_to() -> None:
    assert fold(events(sse(*MIXED))) == decode(whole(*MIXED))


def test_a_stream_is_rendered_with_the_same_meaning() -> None:
    said = rendered(*events(sse(*MIXED)))
    assert whole(*said) == whole(*MIXED)


def test_pieces_of_text_come_as_deltas_of_one_part() -> None:
    said = events(sse(chunk({"text": "a"}), chunk({"text": "b"}), chunk({"text": "c"}, finish="STOP")))
    assert [event for event in said if isinstance(event, TextDelta)] == [TextDelta("a"), TextDelta("b"), TextDelta("c")]


def test_thoughts_and_text_are_parts_apart_and_a_signature_stands_alone() -> None:
    said = events(
        sse(
            chunk({"text": "Hm", "thought": True}),
            chunk({"text": "a"}),
            chunk({"text": "", "thoughtSignature": "c2ln"}),
            chunk({"text": "b"}, finish="STOP"),
        )
    )
    assert ReasoningDelta("Hm", 0) in said
    assert list(fold(said).parts[1:]) == [
        Text("a"),
        Text("", extra={"thoughtSignature": "c2ln"}, origin=fold(said).origin),
        Text("b"),
    ]


def test_calls_without_ids_have_the_same_ids_as_in_the_whole_answer() -> None:
    objects = [chunk({"functionCall": {"name": name, "args": {}}}) for name in ("look", "look", "hear")]
    said = fold(events(sse(*objects, chunk(finish="STOP"))))
    assert [call.id for call in said.tool_calls] == ["call_r1_0", "call_r1_1", "call_r1_2"]
    assert said.finish == FinishReason("tool_calls", "STOP")


def part(call: dict[str, Any], **beside: Any) -> dict[str, Any]:
    return {"functionCall": call} | beside


def test_a_call_whose_arguments_are_streamed_comes_whole_with_its_signature() -> None:
    objects = (
        chunk(part({"name": "cook", "willContinue": True}, thoughtSignature="c2ln")),
        chunk(
            part(
                {
                    "partialArgs": [{"jsonPath": "$.pot.of[0].name", "stringValue": "egg", "willContinue": True}],
                    "willContinue": True,
                }
            )
        ),
        chunk(part({"partialArgs": [{"jsonPath": "$.pot.of[0].name", "stringValue": "plant"}], "willContinue": True})),
        chunk(part({"partialArgs": [{"jsonPath": "$.pot.of[1]['name']", "stringValue": ""}], "willContinue": True})),
        chunk(
            part(
                {
                    "partialArgs": [{"jsonPath": "$.minutes", "numberValue": 3.5}, {"jsonPath": "$.hot", "boolValue": True}],
                    "willContinue": True,
                }
            )
        ),
        chunk(part({"partialArgs": [{"jsonPath": "$.salt", "nullValue": "NULL_VALUE"}], "willContinue": True})),
        chunk(part({}), finish="STOP"),
    )
    said = events(sse(*objects))
    call = next(event.part for event in said if isinstance(event, PartAdded))
    assert isinstance(call, ToolCall)
    assert json.loads(call.arguments) == {
        "pot": {"of": [{"name": "eggplant"}, {"name": ""}]},
        "minutes": 3.5,
        "hot": True,
        "salt": None,
    }
    assert call.extra == {"thoughtSignature": "c2ln"}
    assert fold(said) == decode(whole(*objects))


def test_a_streamed_call_that_is_never_closed_comes_as_far_as_it_came() -> None:
    opened = chunk(part({"name": "cook", "partialArgs": [{"jsonPath": "$.a", "stringValue": "b"}], "willContinue": True}))
    (call,) = fold(events(sse(opened, chunk(finish="STOP")))).tool_calls
    assert call.arguments == '{"a":"b"}'


def test_paths_that_mean_nothing_harm_nothing() -> None:
    odd = [{"jsonPath": path, "stringValue": "x"} for path in ("$[5]", "$.a[999999999]", "", "$..", "$.b", "$.b.c", "$.b[0]")]
    (call,) = fold(events(sse(chunk(part({"name": "cook", "partialArgs": odd}), finish="STOP")))).tool_calls
    assert json.loads(call.arguments)["b"] == ["x"]


def test_usage_is_reported_when_it_changes_and_the_last_one_counts() -> None:
    first = {"usageMetadata": {"promptTokenCount": 4}}
    said = events(sse(chunk({"text": "a"}) | first, chunk({"text": "b"}) | first, chunk({"text": "c"}, finish="STOP") | USAGE))
    reported = [event.usage.raw for event in said if isinstance(event, UsageReported)]
    assert reported == [first["usageMetadata"], USAGE["usageMetadata"]]


def test_a_blocked_prompt_ends_a_stream() -> None:
    said = events(sse({"promptFeedback": {"blockReason": "SAFETY"}, "modelVersion": "m", "responseId": "r"}))
    assert said[-1] == Finished(FinishReason("content_filter", "SAFETY"))
    assert rendered(*said) == [{"promptFeedback": {"blockReason": "SAFETY"}, "modelVersion": "m", "responseId": "r"}]


def test_citations_come_before_the_end_and_count_characters() -> None:
    metadata = {
        "groundingChunks": [{"web": {"uri": "https://a.test"}}],
        "groundingSupports": [{"segment": {"startIndex": 3, "endIndex": 4, "text": "b"}, "groundingChunkIndices": [0]}],
    }
    said = events(sse(chunk({"text": "ä "}), chunk({"text": "b"}, finish="STOP", groundingMetadata=metadata)))
    citation = next(event for event in said if isinstance(event, CitationAdded))
    assert (citation.citation.start, citation.citation.end, citation.citation.url) == (2, 3, "https://a.test")
    assert fold(said) == decode(whole(chunk({"text": "ä b"}, finish="STOP", groundingMetadata=metadata)))


def test_sources_that_come_bit_by_bit_add_up() -> None:
    one, two = {"web": {"uri": "https://a.test"}}, {"web": {"uri": "https://b.test"}}
    objects = [chunk({"text": "a"}, groundingMetadata={"groundingChunks": [it]}) for it in (one, two)]
    said = fold(events(sse(*objects, chunk(finish="STOP"))))
    assert said.choices[0].extra is not None
    assert said.choices[0].extra["groundingMetadata"] == {"groundingChunks": [one, two]}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \r\n",
        sse(chunk({"text": "a"})),
        array(chunk({"text": "a"}, finish="STOP"))[:-1],
        array(chunk({"text": "a"}, finish="STOP"))[:-9],
        b"[",
        b"[]",
        sse(chunk({"text": "a"}, finish="STOP") | {"candidates": [{"index": 0, "finishReason": "STOP"}, {"index": 1}]}),
    ],
)
def test_a_stream_that_stops_before_every_candidate_finished_is_never_whole(body: bytes) -> None:
    assert isinstance(until_it_breaks(body)[1], TransportFailed)


@pytest.mark.parametrize("framed", [sse, array])
def test_an_error_in_the_stream_is_raised_after_what_came_before(framed: Any) -> None:
    failed = {"error": {"code": 429, "message": "slow down", "status": "RESOURCE_EXHAUSTED"}}
    seen, error = until_it_breaks(framed(chunk({"text": "a"}), failed))
    assert TextDelta("a") in seen
    assert isinstance(error, RateLimited)


@pytest.mark.parametrize("body", [b"data: {nonsense\n\n", b"data: 3\n\n", b"[1]", b'[{"a": }]', b'data: {"candidates": [1]}\n\n'])
def test_what_is_not_the_protocol_is_the_servers_fault(body: bytes) -> None:
    assert isinstance(until_it_breaks(body)[1], ServerFault)


def test_a_broken_stream_ends_in_the_protocols_own_error() -> None:
    renderer = SERVER.renderer(ChatRequest(model="", messages=()))
    body = (
        renderer.render(Started("r", "m")) + renderer.render(TextDelta("a")) + renderer.fail(RateLimited("slow", retry_after=2))
    )
    last = sse_frames(body)[-1].value
    assert last["error"]["status"] == "RESOURCE_EXHAUSTED"
    assert REFERENCE.said(last).retry_after == 2


def test_a_caller_without_sse_gets_a_json_array_of_the_same_objects() -> None:
    renderer = GeminiRenderer(array=True)
    said = events(sse(*MIXED))
    body = b"".join(renderer.render(event) for event in said) + renderer.finish()
    assert json.loads(body) == rendered(*said)


def test_an_array_that_broke_is_closed_after_the_error() -> None:
    renderer = GeminiRenderer(array=True)
    body = renderer.render(TextDelta("a")) + renderer.fail(ServerFault("it broke"))
    assert [sorted(item) for item in json.loads(body)] == [["candidates", "modelVersion", "responseId"], ["error"]] or json.loads(
        body
    )
    assert "it broke" in json.loads(body)[-1]["error"]["message"]
