"""Whole answers: decoded, and rendered as they came."""

from __future__ import annotations

from typing import Any

import pytest
from gemini_wire import CODEC, TARGET, answer, candidate, decode, render

from turnout.errors import RequestError, ServerFault
from turnout.types import Citation, DataSource, HttpResponse, Image, Opaque, Origin, Reasoning, Text, ToolCall

GOOGLE = Origin("gemini", "google")


@pytest.mark.parametrize(
    "body",
    [
        answer({"text": "Hi"}),
        answer({"text": "Let me see.", "thought": True}, {"text": "Hi", "thoughtSignature": "c2ln"}),
        answer({"functionCall": {"name": "look", "args": {"at": "sky"}, "id": "c1"}, "thoughtSignature": "c2ln"}),
        answer({"functionCall": {"name": "look"}}),
        answer({"text": "", "thoughtSignature": "c2ln"}),
        answer({"executableCode": {"language": "PYTHON", "code": "1"}}, {"codeExecutionResult": {"outcome": "OUTCOME_OK"}}),
        answer({"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}}),
        answer({"toolCall": {"toolType": "GOOGLE_SEARCH", "id": "t1"}, "thoughtSignature": "c2ln"}),
        {"candidates": [{"content": {}, "finishReason": "SAFETY", "safetyRatings": [{"blocked": True}]}], "responseId": "r"},
        {"candidates": [{"content": {"role": "model"}, "finishReason": "MAX_TOKENS", "index": 0}], "modelVersion": "m"},
        {"candidates": [{"content": {"parts": [{"text": "no role"}]}, "finishReason": "STOP"}]},
        {"candidates": [{"finishReason": 1, "content": {"role": "model", "parts": [{"text": "numbers"}]}, "index": 0}]},
        {"candidates": [candidate({"text": "a"}), candidate({"text": "b"}, index=1)]},
        {"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 3}, "modelVersion": "m"},
        {"usageMetadata": {"promptTokenCount": 3, "thoughtsTokenCount": None}, "modelVersion": "m", "later": {"x": 1}},
        answer({"text": "Hi"}, createTime="2026-05-27T16:53:45.443719Z"),
        answer({"text": "Hi"})
        | {"candidates": [candidate({"text": "Hi"}, logprobsResult={"chosenCandidates": [{"token": "Hi"}]})]},
    ],
)
def test_an_answer_is_rendered_as_it_came(body: dict[str, Any]) -> None:
    assert render(decode(body)) == body


def test_thoughts_are_reasoning_and_text_is_text() -> None:
    completion = decode(answer({"text": "Hm.", "thought": True}, {"text": "Hi"}))
    assert completion.parts == (Reasoning("Hm.", origin=GOOGLE), Text("Hi"))


def test_a_signature_stays_on_the_part_it_came_on() -> None:
    text, call = decode(
        answer(
            {"text": "", "thoughtSignature": "dGV4dA=="},
            {"functionCall": {"name": "look", "args": {}, "id": "c1"}, "thoughtSignature": "Y2FsbA=="},
        )
    ).parts
    assert text == Text("", extra={"thoughtSignature": "dGV4dA=="}, origin=GOOGLE)
    assert call == ToolCall("c1", "look", "{}", extra={"thoughtSignature": "Y2FsbA=="}, origin=GOOGLE)


def test_the_signature_of_a_thought_is_its_signature() -> None:
    (part,) = decode(answer({"text": "Hm.", "thought": True, "thoughtSignature": "c2ln"})).parts
    assert part == Reasoning("Hm.", "c2ln", origin=GOOGLE)


def test_calls_without_ids_get_ids_of_their_own_that_never_change() -> None:
    body = answer({"functionCall": {"name": "look", "args": {}}}, {"functionCall": {"name": "look", "args": {}}})
    ids = [call.id for call in decode(body).tool_calls]
    assert ids == ["call_r1_0", "call_r1_1"] == [call.id for call in decode(body).tool_calls]


def test_ids_are_distinct_and_repeatable_even_for_an_answer_without_one() -> None:
    body = {"candidates": [candidate({"functionCall": {"name": "look"}}, {"functionCall": {"name": "look"}})]}
    first, second = (call.id for call in decode(body).tool_calls)
    assert first != second
    assert [first, second] == [call.id for call in decode(body).tool_calls]


@pytest.mark.parametrize(
    ("raw", "unified"),
    [
        ("STOP", "stop"),
        ("MAX_TOKENS", "length"),
        ("SAFETY", "content_filter"),
        ("RECITATION", "content_filter"),
        ("BLOCKLIST", "content_filter"),
        ("PROHIBITED_CONTENT", "content_filter"),
        ("SPII", "content_filter"),
        ("IMAGE_SAFETY", "content_filter"),
        ("LANGUAGE", "content_filter"),
        ("MALFORMED_FUNCTION_CALL", "error"),
        ("UNEXPECTED_TOOL_CALL", "error"),
        ("OTHER", "other"),
        ("SOMETHING_NEW", "other"),
        (2, "length"),
        (77, "other"),
    ],
)
def test_every_finish_reason_has_a_meaning_and_only_one_is_a_stop(raw: str | int, unified: str) -> None:
    finish = decode({"candidates": [candidate({"text": "x"}, finishReason=raw)]}).finish
    assert finish is not None
    assert finish.unified == unified


def test_an_answer_that_calls_functions_stopped_in_order_to() -> None:
    finish = decode(answer({"functionCall": {"name": "look", "args": {}}})).finish
    assert finish is not None
    assert (finish.unified, finish.raw) == ("tool_calls", "STOP")


def test_a_blocked_prompt_is_a_filtered_answer_without_text() -> None:
    completion = decode({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "modelVersion": "m"})
    assert completion.text == ""
    assert completion.finish is not None
    assert (completion.finish.unified, completion.finish.raw) == ("content_filter", "PROHIBITED_CONTENT")


def test_usage_buckets_are_disjoint_and_add_up_to_the_totals() -> None:
    usage = decode(
        answer(
            usageMetadata={
                "promptTokenCount": 100,
                "cachedContentTokenCount": 40,
                "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 70}, {"modality": "AUDIO", "tokenCount": 30}],
                "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 10}, {"modality": "TEXT", "tokenCount": 30}],
                "toolUsePromptTokenCount": 7,
                "candidatesTokenCount": 20,
                "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": 15}],
                "thoughtsTokenCount": 9,
                "totalTokenCount": 136,
                "serviceTier": "priority",
            }
        )
    ).usage
    assert (usage.uncached_input_tokens, usage.cache_read_tokens, usage.audio_input_tokens) == (40, 40, 20)
    assert (usage.tool_use_tokens, usage.text_output_tokens, usage.audio_output_tokens) == (7, 5, 15)
    assert (usage.reasoning_tokens, usage.total_tokens) == (9, 136)


def test_counts_that_were_not_reported_are_unknown_and_not_zero() -> None:
    usage = decode(answer(usageMetadata={"promptTokenCount": 3, "thoughtsTokenCount": 2})).usage
    assert (usage.input_tokens, usage.output_tokens, usage.text_output_tokens) == (3, 2, None)
    assert usage.cache_read_tokens is None


def test_the_billed_tier_and_the_time_are_known() -> None:
    usage = {"promptTokenCount": 1, "serviceTier": "flex"}
    completion = decode(answer({"text": "x"}, usageMetadata=usage, createTime="1970-01-01T00:01:00.5Z"))
    assert (completion.service_tier, completion.created) == ("flex", 60)


def grounded(text: str, start: int | None, end: int, segment: str) -> dict[str, Any]:
    span: dict[str, Any] = {"endIndex": end, "text": segment} | ({"startIndex": start} if start is not None else {})
    metadata = {
        "groundingChunks": [{"web": {"uri": "https://a.test", "title": "A"}}],
        "groundingSupports": [{"segment": span, "groundingChunkIndices": [0]}],
    }
    return {"candidates": [candidate({"text": "thinking", "thought": True}, {"text": text}, groundingMetadata=metadata)]}


def test_grounding_becomes_citations_that_count_characters_and_not_bytes() -> None:
    body = grounded("Größe: 3", 9, 10, "3")
    text = decode(body).parts[1]
    assert isinstance(text, Text)
    assert text.citations == (Citation(url="https://a.test", title="A", start=7, end=8),)
    assert render(decode(body)) == body


def test_grounding_that_does_not_match_the_text_stays_metadata_only() -> None:
    body = grounded("Größe: 3", 2, 4, "xx")
    text = decode(body).parts[1]
    assert isinstance(text, Text)
    assert text.citations == ()
    assert render(decode(body)) == body


def test_media_and_unknown_parts_are_kept() -> None:
    image, strange = decode(answer({"inlineData": {"mimeType": "image/png", "data": "AAAA"}}, {"newThing": {"a": 1}})).parts
    assert image == Image(DataSource("AAAA", "image/png"))
    assert strange == Opaque({"newThing": {"a": 1}}, origin=GOOGLE)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"[1]", b"3", b"{}", b'{"candidates": [1]}', b'{"choices": []}', b"[" * 9999]
)
def test_what_is_no_answer_is_the_servers_fault(body: bytes) -> None:
    with pytest.raises(ServerFault):
        CODEC.decode(HttpResponse(status=200, body=body), TARGET)


def test_an_error_in_a_200_is_the_error_it_is() -> None:
    with pytest.raises(RequestError, match="bad thing"):
        decode({"error": {"code": 400, "message": "bad thing", "status": "INVALID_ARGUMENT"}})
