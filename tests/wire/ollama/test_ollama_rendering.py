"""Answers of other protocols as a caller of this one gets them, whole and in a stream."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ollama_wire import SERVER, WIRES, render, rendered

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
from turnout.testing.frames import ndjson_frames
from turnout.testing.reference.ollama import REFERENCE
from turnout.types import (
    ChatRequest,
    Citation,
    Completion,
    FinishReason,
    Opaque,
    Origin,
    Reasoning,
    Refusal,
    Target,
    Text,
    ToolCall,
    Unified,
    Usage,
)

OTHER = Origin("openai-chat", "other")
START = Started("id", "m", 1755155737, OTHER)
STOP = Finished(FinishReason("stop", "stop"))

FOREIGN: dict[str, list[Event]] = {
    "text": [START, TextDelta("a", 1), TextDelta("", 1), TextDelta("b", 1), STOP],
    "thinking": [START, ReasoningDelta("hm"), SignatureDelta("sig"), TextDelta("b", 1), STOP],
    "interleaved calls": [
        START,
        TextDelta("x", 1),
        ToolCallDelta(200, "c1", "f", ""),
        ToolCallDelta(201, "c2", "g", '{"b"'),
        ToolCallDelta(200, arguments='{"a":1}'),
        ToolCallDelta(201, arguments=":2}"),
        Finished(FinishReason("tool_calls", "tool_calls")),
    ],
    "a call that began whole": [
        START,
        PartAdded(3, ToolCall("c1", "f", "", extra={"novel": 1}, origin=OTHER)),
        ToolCallDelta(3, arguments="{}"),
        Finished(FinishReason("tool_calls", "tool_calls")),
    ],
    "refusal": [START, RefusalDelta("no"), Finished(FinishReason("refusal", "stop"))],
    "parts": [
        START,
        PartAdded(0, Reasoning("hm", "sig", origin=OTHER)),
        PartAdded(1, Text("x", (Citation(url="https://a"),))),
        CitationAdded(Citation(url="https://b"), 1),
        PartAdded(2, Opaque({"type": "odd"}, origin=OTHER)),
        PartAdded(3, Refusal("no")),
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
}


@pytest.mark.parametrize("events", FOREIGN.values(), ids=FOREIGN)
def test_a_foreign_stream_keeps_this_protocols_order_and_says_what_the_whole_answer_says(events: list[Event]) -> None:
    lines = rendered(events)
    body = "\n".join(json.dumps(line) for line in lines).encode()
    assert list(REFERENCE.violations(ndjson_frames(body))) == []
    assert REFERENCE.merge(ndjson_frames(body)) == render(fold(events))


def test_calls_that_come_in_pieces_are_said_whole_and_apart() -> None:
    calls = [call for line in rendered(FOREIGN["interleaved calls"]) for call in line["message"].get("tool_calls", ())]
    assert calls == [
        {"id": "c1", "function": {"name": "f", "arguments": {"a": 1}}},
        {"id": "c2", "function": {"name": "g", "arguments": {"b": 2}}},
    ]


def test_signatures_extras_and_opaque_blocks_of_another_protocol_stay_behind() -> None:
    said = json.dumps([rendered(FOREIGN[name]) for name in ("thinking", "parts", "extras", "a call that began whole")])
    assert not any(word in said for word in ("sig", "odd", "fingerprint", "novel", '"x"'.replace("x", "logprobs")))


def test_counts_of_another_protocol_are_told_as_totals() -> None:
    last = rendered(FOREIGN["extras"])[-1]
    assert (last["prompt_eval_count"], last["eval_count"]) == (7, 11)
    assert "eval_count" not in rendered(FOREIGN["text"])[-1]


def test_the_time_is_told_where_it_is_known() -> None:
    assert rendered([START, STOP])[0]["created_at"] == "2025-08-14T07:15:37Z"
    assert "created_at" not in rendered([Started("", "m", None, OTHER), STOP])[0]


@pytest.mark.parametrize(
    ("unified", "raw", "told"),
    [
        ("stop", "end_turn", "stop"),
        ("stop_sequence", "stop_sequence", "stop"),
        ("tool_calls", "tool_use", "stop"),
        ("length", "max_tokens", "length"),
        ("pause", "pause_turn", "length"),
        ("content_filter", "SAFETY", "SAFETY"),
        ("refusal", "refusal", "refusal"),
        ("error", None, "error"),
        ("other", "novel", "novel"),
    ],
)
def test_truncation_and_refusal_are_never_told_as_a_plain_stop(unified: Unified, raw: str | None, told: str) -> None:
    assert rendered([START, Finished(FinishReason(unified, raw))])[-1]["done_reason"] == told


def test_a_stream_that_breaks_ends_with_an_error_line_and_is_never_done() -> None:
    renderer = SERVER.renderer(ChatRequest(model="m", messages=()))
    written = renderer.render(START) + renderer.render(TextDelta("a", 1)) + renderer.fail(ServerFault("it broke"))
    lines = [json.loads(line) for line in written.splitlines()]
    assert lines[-1] == {"error": "it broke"}
    assert not any(line.get("done") for line in lines)


@pytest.mark.parametrize("wire", ["openai-chat", "anthropic-messages"])
def test_an_answer_recorded_in_another_protocol_reaches_a_caller_of_this_one(wire: str) -> None:
    usage: dict[str, Any] = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
    openai = {
        "id": "i",
        "object": "chat.completion",
        "created": 1755155737,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hi", "reasoning_content": "hm", "tool_calls": [call]},
                "finish_reason": "tool_calls",
            }
        ],
        "usage": usage,
    }
    anthropic = {
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
    codec = WIRES.get(wire).chat
    assert codec is not None
    body = json.dumps(openai if wire == "openai-chat" else anthropic).encode()
    from turnout.types import HttpResponse

    completion: Completion = codec.decode(HttpResponse(status=200, body=body), Target("other", "m"))
    told = render(completion)
    told.pop("created_at", None)
    assert told == {
        "model": "m",
        "message": {
            "role": "assistant",
            "content": "Hi",
            "thinking": "hm",
            "tool_calls": [{"id": "c1", "function": {"name": "f", "arguments": {"a": 1}}}],
        },
        "done": True,
        "done_reason": "stop",
        "prompt_eval_count": 5,
        "eval_count": 2,
    }
