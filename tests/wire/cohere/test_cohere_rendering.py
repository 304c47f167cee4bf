"""Answers of other protocols as a caller of this one gets them, whole and in a stream."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cohere_wire import SERVER, TARGET, WIRES, render, rendered

from turnout.errors import ServerFault
from turnout.events import (
    AudioDelta,
    CitationAdded,
    Event,
    ExtraReported,
    Finished,
    LogprobsDelta,
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
from turnout.testing.reference.cohere_chat import REFERENCE
from turnout.types import (
    ChatRequest,
    Citation,
    DataSource,
    FinishReason,
    HttpResponse,
    Image,
    Opaque,
    Origin,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    Unified,
    Usage,
)

OTHER = Origin("openai-chat", "other")
START = Started("id", "m", 7, OTHER)
STOP = Finished(FinishReason("stop", "stop"))
TOOLS = Finished(FinishReason("tool_calls", "tool_calls"))

FOREIGN: dict[str, list[Event]] = {
    "text": [START, TextDelta("a", 1), TextDelta("", 1), TextDelta("b", 1), STOP],
    "thinking": [START, ReasoningDelta("hm"), SignatureDelta("sig"), TextDelta("b", 1), STOP],
    "text beside calls": [
        START,
        TextDelta("x", 1),
        ToolCallDelta(200, "c1", "f", ""),
        ToolCallDelta(201, "c2", "g", '{"b"'),
        ToolCallDelta(200, arguments='{"a":1}'),
        ToolCallDelta(201, arguments=":2}"),
        TOOLS,
    ],
    "a call without arguments": [START, ToolCallDelta(200, "c1", "f"), TOOLS],
    "a call that began whole": [
        START,
        PartAdded(3, ToolCall("c1", "f", "", extra={"novel": 1}, origin=OTHER)),
        ToolCallDelta(3, arguments="{}"),
        TOOLS,
    ],
    "commentary": [
        START,
        PartAdded(0, Text("", phase="commentary")),
        TextDelta("I look", 0),
        ToolCallDelta(5, "c", "f", "{}"),
        TOOLS,
    ],
    "refusal": [START, RefusalDelta("no"), Finished(FinishReason("refusal", "stop"))],
    "parts": [
        START,
        PartAdded(0, Reasoning("hm", "sig", origin=OTHER)),
        PartAdded(1, Text("", extra={"novel": 1})),
        PartAdded(2, Opaque({"type": "odd"}, origin=OTHER)),
        PartAdded(3, Image(DataSource("AAAA", "image/png"))),
        PartAdded(4, Refusal("no")),
        STOP,
    ],
    "citations": [
        START,
        ReasoningDelta("hm"),
        PartAdded(1, Text("Ruby", (Citation(url="https://a", title="T", cited_text="words"),))),
        TextDelta(" rocks", 2),
        CitationAdded(Citation(url="https://b", start=1, end=3), 2),
        STOP,
    ],
    "other choices": [START, TextDelta("a", 1), TextDelta("zzz", 1, 1), STOP, Finished(FinishReason("stop", "stop"), 1)],
    "sound": [START, AudioDelta(5, "AAAA", "hel"), AudioDelta(5, "AAAA", "lo"), STOP],
    "extras": [
        START,
        ExtraReported({"system_fingerprint": "f"}),
        LogprobsDelta({"content": []}),
        ExtraReported({"x": 1}, "message"),
        TextDelta("a", 1),
        STOP,
        UsageReported(Usage(uncached_input_tokens=3, cache_read_tokens=4, text_output_tokens=5, reasoning_tokens=6)),
    ],
    "nothing": [START, STOP],
    "no reason": [START, TextDelta("a", 1)],
}


@pytest.mark.parametrize("events", FOREIGN.values(), ids=FOREIGN)
def test_a_foreign_stream_keeps_this_protocols_order_and_says_what_the_whole_answer_says(events: list[Event]) -> None:
    frames = [frame for frame in sse_frames(rendered(events)) if frame.data != "[DONE]"]
    assert list(REFERENCE.violations(frames)) == []
    whole = render(fold(events))
    assert REFERENCE.merge(frames) == whole


def test_a_plan_is_said_as_one_and_other_text_as_content() -> None:
    assert render(fold(FOREIGN["commentary"]))["message"]["tool_plan"] == "I look"
    assert render(fold(FOREIGN["text beside calls"]))["message"]["content"] == [{"type": "text", "text": "x"}]


def test_citations_say_where_and_from_what() -> None:
    first, second = render(fold(FOREIGN["citations"]))["message"]["citations"]
    document = {"id": "https://a", "title": "T", "url": "https://a", "text": "words"}
    assert first == {
        "start": 0,
        "end": 4,
        "text": "Ruby",
        "sources": [{"type": "document", "id": "https://a", "document": document}],
        "type": "TEXT_CONTENT",
        "content_index": 1,
    }
    assert (second["start"], second["end"], second["text"], second["content_index"]) == (1, 3, "ro", 2)


def test_signatures_extras_and_opaque_blocks_of_another_protocol_stay_behind() -> None:
    told = b"".join(rendered(FOREIGN[name]) for name in ("thinking", "parts", "extras", "a call that began whole"))
    assert not any(word in told for word in (b"sig", b"odd", b"fingerprint", b"novel", b"logprobs", b"AAAA"))


def test_counts_of_another_protocol_are_told_as_totals() -> None:
    assert render(fold(FOREIGN["extras"]))["usage"] == {
        "billed_units": {"input_tokens": 7, "output_tokens": 11},
        "tokens": {"input_tokens": 7, "output_tokens": 11, "reasoning_tokens": 6},
        "cached_tokens": 4,
    }
    assert "usage" not in render(fold(FOREIGN["text"]))


@pytest.mark.parametrize(
    ("unified", "raw", "told"),
    [
        ("stop", "end_turn", "COMPLETE"),
        ("stop_sequence", "stop_sequence", "STOP_SEQUENCE"),
        ("tool_calls", "tool_use", "TOOL_CALL"),
        ("length", "max_tokens", "MAX_TOKENS"),
        ("pause", "pause_turn", "MAX_TOKENS"),
        ("error", None, "ERROR"),
        ("content_filter", "SAFETY", "SAFETY"),
        ("refusal", "refusal", "refusal"),
        ("other", "novel", "novel"),
    ],
)
def test_truncation_and_refusal_are_never_told_as_a_plain_stop(unified: Unified, raw: str | None, told: str) -> None:
    assert render(fold([START, TextDelta("x"), Finished(FinishReason(unified, raw))]))["finish_reason"] == told


def test_a_stream_that_breaks_ends_with_an_error_and_never_with_done() -> None:
    renderer = SERVER.renderer(ChatRequest(model="m", messages=()))
    written = renderer.render(START) + renderer.render(TextDelta("a", 1)) + renderer.fail(ServerFault("it broke"))
    last = sse_frames(written)[-1]
    assert (last.event, last.value["delta"]) == ("message-end", {"error": "it broke", "finish_reason": "ERROR"})
    assert b"[DONE]" not in written


OPENAI = {
    "id": "i",
    "object": "chat.completion",
    "created": 7,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "message": {
                "role": "assistant",
                "content": "Hi",
                "reasoning_content": "hm",
                "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}],
            },
            "finish_reason": "tool_calls",
        }
    ],
    "usage": {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7},
}
ANTHROPIC = {
    "id": "i",
    "type": "message",
    "role": "assistant",
    "model": "m",
    "content": [
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "text", "text": "Hi"},
        {"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}},
    ],
    "stop_reason": "tool_use",
    "usage": {"input_tokens": 5, "output_tokens": 2},
}


@pytest.mark.parametrize(("wire", "body"), [("openai-chat", OPENAI), ("anthropic-messages", ANTHROPIC)])
def test_an_answer_of_another_protocol_reaches_a_caller_of_this_one(wire: str, body: dict[str, Any]) -> None:
    codec = WIRES.get(wire).chat
    assert codec is not None
    assert render(codec.decode(HttpResponse(status=200, body=json.dumps(body, separators=(",", ":")).encode()), TARGET)) == {
        "id": "i",
        "message": {
            "role": "assistant",
            "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Hi"}],
            "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}],
        },
        "finish_reason": "TOOL_CALL",
        "usage": {
            "billed_units": {"input_tokens": 5, "output_tokens": 2},
            "tokens": {"input_tokens": 5, "output_tokens": 2},
        },
    }
