"""Answers across wires: Gemini's for callers of other protocols, and others' for callers of this one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from envelopes import enveloped, inside
from gemini_wire import CODEC, REFERENCE, TARGET, answer, chunk, decode, events, render, rendered, sse

from turnout.events import (
    CitationAdded,
    Event,
    Finished,
    PartAdded,
    ReasoningDelta,
    RefusalDelta,
    SignatureDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    UsageReported,
    fold,
)
from turnout.testing.frames import sse_frames
from turnout.types import (
    ChatRequest,
    Choice,
    Citation,
    Completion,
    FinishReason,
    Message,
    Opaque,
    Origin,
    Reasoning,
    Text,
    ToolCall,
    Usage,
)
from turnout.wire import Wire
from turnout.wire.anthropic_messages import WIRE as ANTHROPIC
from turnout.wire.openai_chat import WIRE as OPENAI
from turnout.wire.seals import Thought

OTHER = Origin("openai-chat", "other")
SAID = (
    {"text": "Hm", "thought": True, "thoughtSignature": "c2ln"},
    {"text": "I look."},
    {"functionCall": {"name": "look", "args": {"at": "sky"}}, "thoughtSignature": "Y2FsbA=="},
)


STOPPED = FinishReason("stop", "stop")


def completion(*parts: Any, finish: FinishReason = STOPPED, **fields: Any) -> Completion:
    choice = Choice(message=Message("assistant", parts, origin=OTHER), finish=finish)
    return Completion(id="x1", model="gpt", choices=(choice,), origin=OTHER, **fields)


def shown(wire: Wire, body: dict[str, Any]) -> dict[str, Any]:
    assert wire.server is not None
    said: dict[str, Any] = json.loads(wire.server.render(decode(body)))
    return said


def streamed_to(wire: Wire, *said: Event) -> bytes:
    assert wire.server is not None
    renderer = wire.server.renderer(ChatRequest(model="m", messages=(), stream_usage=True))
    return b"".join(renderer.render(event) for event in said) + renderer.finish()


# -- Gemini's answers for others -------------------------------------------------------------------


def test_an_openai_caller_sees_text_reasoning_and_calls_and_signatures_in_envelopes_alone() -> None:
    body = shown(OPENAI, answer(*SAID))
    message = body["choices"][0]["message"]
    assert (message["content"], message["reasoning_content"]) == ("I look.", "Hm")
    assert message["tool_calls"][0]["id"] == "call_r1_0"
    assert body["choices"][0]["finish_reason"] == "tool_calls"
    assert body["usage"] == {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
    thought, call = (inside(detail["data"]) for detail in message["reasoning_details"])
    assert thought["thoughts"] == [{"text": "Hm", "signature": "c2ln"}]
    assert (call["call"], call["extra"]) == ("call_r1_0", {"thoughtSignature": "Y2FsbA=="})


def test_an_anthropic_caller_sees_blocks_in_order_and_signatures_in_envelopes_alone() -> None:
    body = shown(ANTHROPIC, answer(*SAID))
    assert [block["type"] for block in body["content"]] == ["thinking", "text", "redacted_thinking", "tool_use"]
    assert body["stop_reason"] == "tool_use"
    assert inside(body["content"][0]["signature"])["thoughts"] == [{"shown": 2, "signature": "c2ln"}]
    assert inside(body["content"][2]["data"])["extra"] == {"thoughtSignature": "Y2FsbA=="}


@pytest.mark.parametrize("wire", [OPENAI, ANTHROPIC], ids=lambda wire: wire.name)
def test_a_stream_for_another_protocol_means_what_the_whole_answer_means(wire: Wire) -> None:
    objects = [*(chunk(part) for part in SAID), chunk(finish="STOP") | {"usageMetadata": {"promptTokenCount": 3}}]
    assert wire.chat is not None
    decoder = wire.chat.decoder(TARGET)
    again = fold([*decoder.feed(streamed_to(wire, *events(sse(*objects)))), *decoder.close()])
    assert (again.text, again.reasoning) == ("I look.", "Hm")
    assert [(call.id, call.name, json.loads(call.arguments)) for call in again.tool_calls] == [
        ("call_r1_0", "look", {"at": "sky"})
    ]
    assert again.finish is not None
    assert again.finish.unified == "tool_calls"


@pytest.mark.parametrize(("wire", "word"), [(OPENAI, b"content_filter"), (ANTHROPIC, b"refusal")], ids=["openai", "anthropic"])
def test_a_blocked_prompt_is_never_a_plain_stop_for_anyone(wire: Wire, word: bytes) -> None:
    assert wire.server is not None
    blocked = {"promptFeedback": {"blockReason": "SAFETY"}, "modelVersion": "m"}
    assert word in wire.server.render(decode(blocked))
    assert word in streamed_to(wire, *events(sse(blocked)))


# -- others' answers for callers of this protocol --------------------------------------------------


def test_an_answer_of_another_protocol_is_one_of_this() -> None:
    parts = (
        Reasoning("Hm", "sealed", origin=OTHER),
        Text("Grün [1]", (Citation(url="https://a.test", title="A", start=5, end=8),)),
        ToolCall("c1", "look", '{"at": 1}'),
        Opaque({"x": 1}, origin=OTHER),
    )
    usage = Usage(uncached_input_tokens=7, cache_read_tokens=3, text_output_tokens=2, reasoning_tokens=4, tool_use_tokens=1)
    body = render(completion(*parts, finish=FinishReason("tool_calls", "tool_calls"), usage=usage))
    assert body == {
        "candidates": [
            {
                "content": {
                    "role": "model",
                    "parts": [
                        {"text": "Hm", "thought": True},
                        {"text": "Grün [1]", "thoughtSignature": enveloped(OTHER, "gpt", Thought("Hm", signature="sealed"))},
                        {"functionCall": {"id": "c1", "name": "look", "args": {"at": 1}}},
                    ],
                },
                "finishReason": "STOP",
                "index": 0,
                "groundingMetadata": {
                    "groundingChunks": [{"web": {"uri": "https://a.test", "title": "A"}}],
                    "groundingSupports": [
                        {"segment": {"startIndex": 6, "endIndex": 9, "text": "[1]"}, "groundingChunkIndices": [0]}
                    ],
                },
            }
        ],
        "usageMetadata": {
            "promptTokenCount": 10,
            "cachedContentTokenCount": 3,
            "candidatesTokenCount": 2,
            "thoughtsTokenCount": 4,
            "toolUsePromptTokenCount": 1,
            "totalTokenCount": 17,
        },
        "modelVersion": "gpt",
        "responseId": "x1",
    }


@pytest.mark.parametrize(
    ("unified", "raw"),
    [
        ("length", "MAX_TOKENS"),
        ("content_filter", "SAFETY"),
        ("refusal", "SAFETY"),
        ("pause", "OTHER"),
        ("error", "OTHER"),
        ("other", "OTHER"),
    ],
)
def test_what_is_no_stop_is_never_rendered_as_one(unified: Any, raw: str) -> None:
    assert render(completion(Text("x"), finish=FinishReason(unified, "theirs")))["candidates"][0]["finishReason"] == raw


def test_calls_are_written_whole_and_in_their_place_however_their_pieces_came() -> None:
    said = rendered(
        Started("x1", "gpt", origin=OTHER),
        ReasoningDelta("Hm"),
        SignatureDelta("sealed"),
        ToolCallDelta(1, "a", "look", '{"at":'),
        ToolCallDelta(2, "b", "hear"),
        ToolCallDelta(1, arguments=' "sky"}'),
        ToolCallDelta(2, arguments="{}"),
        TextDelta("after", 3),
        Finished(FinishReason("tool_calls", "tool_calls")),
        UsageReported(Usage(uncached_input_tokens=1, text_output_tokens=2)),
    )
    whole = REFERENCE.merge(sse_frames(sse(*said)))
    assert whole["candidates"][0]["content"]["parts"] == [
        {"text": "Hm", "thought": True},
        {
            "functionCall": {"id": "a", "name": "look", "args": {"at": "sky"}},
            "thoughtSignature": enveloped(OTHER, "gpt", Thought("Hm", signature="sealed"), call="a"),
        },
        {"functionCall": {"id": "b", "name": "hear", "args": {}}},
        {"text": "after"},
    ]
    assert said[-1]["usageMetadata"] == {"promptTokenCount": 1, "candidatesTokenCount": 2, "totalTokenCount": 3}
    assert [("finishReason" in item["candidates"][0]) for item in said] == [False] * 4 + [True]


def test_a_call_that_another_wire_begins_with_a_part_is_continued() -> None:
    said = rendered(
        Started("x1", "claude", origin=Origin("anthropic-messages", "a")),
        PartAdded(0, ToolCall("a", "look", "", extra={"caller": 1})),
        ToolCallDelta(0, arguments='{"at": "sky"}'),
        Finished(FinishReason("tool_calls", "tool_use")),
    )
    assert said[0]["candidates"][0]["content"]["parts"] == [{"functionCall": {"id": "a", "name": "look", "args": {"at": "sky"}}}]


def test_a_streamed_refusal_and_its_citations_are_kept() -> None:
    said = rendered(
        Started("x1", "gpt", origin=OTHER),
        TextDelta("ä b", 0),
        CitationAdded(Citation(url="https://a.test", start=2, end=3), 0),
        RefusalDelta("No.", 1),
        Finished(FinishReason("refusal", "refusal")),
    )
    assert said[1]["candidates"][0]["content"]["parts"] == [{"text": "No."}]
    assert said[-1]["candidates"][0]["groundingMetadata"]["groundingSupports"] == [
        {"segment": {"startIndex": 3, "endIndex": 4, "text": "b"}, "groundingChunkIndices": [0]}
    ]
    assert said[-1]["candidates"][0]["finishReason"] == "SAFETY"


def test_a_rendered_stream_is_one_that_this_wire_reads() -> None:
    said = rendered(
        Started("x1", "gpt", origin=OTHER), TextDelta("a"), TextDelta("b", choice=1), Finished(FinishReason("stop", "stop"))
    )
    decoder = CODEC.decoder(TARGET)
    again = fold([*decoder.feed(sse(*said)), *decoder.close()])
    assert [choice.message.text for choice in again.choices] == ["a", "b"]
    assert [choice.finish.raw for choice in again.choices if choice.finish] == ["STOP", "OTHER"]
