"""Streams to callers: events of this protocol and of others, as an Anthropic Messages client reads them."""

from __future__ import annotations

from typing import Any

import pytest
from envelopes import enveloped
from hypothesis import given, strategies as st
from messages_wire import REFERENCE, SERVER, block, events, merged, rendered, sse, start, stop, text, tool_use

from turnout.errors import Overloaded, ServerFault
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
    Started,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from turnout.testing.frames import sse_frames
from turnout.types import ChatRequest, Citation, FinishReason, Image, Opaque, Origin, Reasoning, Text, ToolCall, UrlSource, Usage
from turnout.wire.seals import Thought

OPENAI = Origin("openai-chat", "other")
BEGUN = Started("c1", "gpt", created=7, origin=OPENAI)
DONE = Finished(FinishReason("stop", "stop"))


def shown(*said: Event) -> dict[str, Any]:
    """The whole answer that a caller puts together; ``merged`` also checks the order of its events."""
    return merged(rendered([BEGUN, *said]))


def content(*said: Event) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = shown(*said, DONE)["content"]
    return blocks


THINKING = {"type": "thinking", "thinking": "", "signature": ""}
SEARCH = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
CITED = {"type": "char_location", "cited_text": "x", "document_title": None, "start_char_index": 0}


@pytest.mark.parametrize(
    "stream",
    [
        sse(start(), *text(0, "H", "i"), *stop()),
        sse(start(), *text(0), *text(1, ""), *text(2, "  "), *stop()),
        sse(start(), *block(0, THINKING, {"type": "thinking_delta", "thinking": "hm"}), *text(1, "x"), *stop()),
        sse(start(), *block(0, THINKING, {"type": "signature_delta", "signature": "only"}), *stop()),
        sse(start(), *block(0, {"type": "thinking", "thinking": "hm", "signature": "s", "new": 1}), *stop()),
        sse(start(), *block(0, {"type": "redacted_thinking", "data": "d"}), *text(1, "x"), *stop()),
        sse(start(), *tool_use(0, "a", '{"x": 1}'), *tool_use(1, "b"), *stop("tool_use")),
        sse(start(), *tool_use(0, "a", '{"cut": '), *stop("max_tokens")),
        sse(start(), *tool_use(0, "a", caller={"type": "direct"}), *stop("tool_use")),
        sse(start(), *block(0, SEARCH, {"type": "input_json_delta", "partial_json": '{"query": "q"}'}), *stop("pause_turn")),
        sse(start(), *block(0, {"type": "web_search_tool_result", "content": [{"url": "u"}]}), *stop()),
        sse(start(), *block(0, {"type": "text", "text": "", "citations": []}), *stop()),
        sse(start(), *block(0, {"type": "text", "text": ""}, {"type": "citations_delta", "citation": CITED}), *stop()),
        sse(start(), *block(0, {"type": "text", "text": "begun", "citations": [CITED]}), *stop()),
        sse(start(container={"id": "c"}), *stop(container={"id": "c", "expires_at": "t"}, stop_details={"why": "x"})),
        sse(start(), *stop("stop_sequence", stop_sequence="END")),
        sse(start(), *stop("refusal", {"output_tokens": 1, "input_tokens": 11, "server_tool_use": {"n": 1}})),
        sse(start(), {"type": "message_delta", "delta": {}, "context_management": {"applied_edits": [1]}}, *stop()),
        sse(start(), *stop("a_reason_of_next_year")),
    ],
    ids=range(19),
)
def test_a_stream_of_this_protocol_comes_out_as_the_same_answer(stream: bytes) -> None:
    assert merged(rendered(events(stream))) == merged(stream)


def test_a_stream_of_this_protocol_may_begin_with_content() -> None:
    call = {"type": "tool_use", "id": "a", "name": "look", "input": {"x": 1}, "caller": {"type": "code_execution"}}
    stream = sse(start(content=[call], stop_reason="tool_use"), {"type": "message_stop"})
    assert merged(rendered(events(stream))) == REFERENCE.merge(sse_frames(stream))


# -- other protocols -------------------------------------------------------------------------------


def test_a_foreign_stream_has_every_documented_event_and_field() -> None:
    stream = rendered([BEGUN, TextDelta("Hi"), DONE, UsageReported(Usage(uncached_input_tokens=3, text_output_tokens=2))])
    assert [(frame.event, frame.value) for frame in sse_frames(stream)] == [
        (event["type"], event)
        for event in (
            {
                "type": "message_start",
                "message": {
                    "id": "c1",
                    "type": "message",
                    "role": "assistant",
                    "model": "gpt",
                    "content": [],
                    "stop_reason": None,
                    "stop_sequence": None,
                    "usage": {"input_tokens": 0, "output_tokens": 0},
                },
            },
            *text(0, "Hi"),
            {
                "type": "message_delta",
                "delta": {"stop_reason": "end_turn", "stop_sequence": None},
                "usage": {"input_tokens": 3, "output_tokens": 2},
            },
            {"type": "message_stop"},
        )
    ]


def test_thinking_text_and_calls_become_blocks_in_their_order() -> None:
    assert content(
        ReasoningDelta("h", 0),
        ReasoningDelta("m", 0),
        TextDelta("", 1),
        TextDelta("Let me look.", 1),
        ToolCallDelta(5, "call_a", "look"),
        ToolCallDelta(5, arguments='{"x": 1}'),
        ToolCallDelta(6, "call_b", "look", "{}"),
    ) == [
        {"type": "thinking", "thinking": "hm", "signature": ""},
        {"type": "text", "text": "Let me look."},
        {"type": "tool_use", "id": "call_a", "name": "look", "input": {"x": 1}},
        {"type": "tool_use", "id": "call_b", "name": "look", "input": {}},
    ]


def test_a_text_is_streamed_as_it_comes() -> None:
    renderer = SERVER.renderer(ChatRequest(model="m", messages=()))
    renderer.render(BEGUN)
    assert b"text_delta" in renderer.render(TextDelta("H"))
    assert b'"text":"i"' in renderer.render(TextDelta("i"))


def test_a_call_is_closed_as_soon_as_the_next_begins_and_its_input_is_whole() -> None:
    renderer = SERVER.renderer(ChatRequest(model="m", messages=()))
    for event in (BEGUN, ToolCallDelta(0, "a", "look", '{"x": {}}')):
        renderer.render(event)
    assert b'"id":"b"' in renderer.render(ToolCallDelta(1, "b", "look"))


def test_calls_that_interleave_are_put_one_after_the_other() -> None:
    assert content(
        ToolCallDelta(0, "a", "look"),
        ToolCallDelta(1, "b", "look"),
        ToolCallDelta(0, arguments='{"x":'),
        ToolCallDelta(1, arguments='{"y":'),
        TextDelta("meanwhile", 2),
        ToolCallDelta(0, arguments=" 1}"),
        ToolCallDelta(1, arguments=" 2}"),
        ToolCallDelta(3, "c", "look", "{}"),
    ) == [
        {"type": "tool_use", "id": "a", "name": "look", "input": {"x": 1}},
        {"type": "tool_use", "id": "b", "name": "look", "input": {"y": 2}},
        {"type": "text", "text": "meanwhile"},
        {"type": "tool_use", "id": "c", "name": "look", "input": {}},
    ]


def test_a_call_that_never_becomes_whole_lets_the_others_out_at_the_end() -> None:
    said = content(ToolCallDelta(0, "a", "look", '{"cut'), ToolCallDelta(1, "b", "look", "{}"), TextDelta("x", 2))
    assert [item.get("id", item.get("text")) for item in said] == ["a", "b", "x"]


def test_text_that_goes_on_after_a_call_becomes_a_block_of_its_own() -> None:
    said = content(TextDelta("a", 0), ToolCallDelta(1, "c", "look", "{}"), TextDelta("b", 0))
    assert [item.get("text", item["type"]) for item in said] == ["a", "tool_use", "b"]


def test_what_comes_too_late_for_its_block_begins_no_other() -> None:
    late = (ToolCallDelta(1, arguments=" "), CitationAdded(Citation(url="https://a"), 0))
    assert content(TextDelta("a", 0), ToolCallDelta(1, "c", "look", "{}"), TextDelta("b", 2), *late) == [
        {"type": "text", "text": "a"},
        {"type": "tool_use", "id": "c", "name": "look", "input": {}},
        {"type": "text", "text": "b"},
    ]


def test_white_space_alone_makes_no_block_and_stays_before_what_follows() -> None:
    assert content(TextDelta("\n", 0), TextDelta(" ", 0), ToolCallDelta(1, "c", "look", "{}"))[0]["type"] == "tool_use"
    assert content(TextDelta("\n", 0), TextDelta("Hi", 0)) == [{"type": "text", "text": "\nHi"}]


def test_parts_that_come_whole_are_shown_whole() -> None:
    assert content(
        PartAdded(0, Reasoning("hm", "their secret", origin=OPENAI)),
        PartAdded(1, Text("See this.", (Citation(url="https://a", start=4, end=8),))),
        PartAdded(2, ToolCall("", "look", '{"x": 1}')),
        PartAdded(3, Opaque({"type": "theirs"}, origin=OPENAI)),
        PartAdded(4, Image(UrlSource("https://a"))),
    ) == [
        {"type": "thinking", "thinking": "hm", "signature": enveloped(OPENAI, "gpt", Thought(shown=2, signature="their secret"))},
        {
            "type": "text",
            "text": "See this.",
            "citations": [
                {
                    "type": "web_search_result_location",
                    "url": "https://a",
                    "title": None,
                    "cited_text": "this",
                    "encrypted_index": "",
                }
            ],
        },
        {"type": "tool_use", "id": "toolu_c1_2", "name": "look", "input": {"x": 1}},
        {"type": "image", "source": {"type": "url", "url": "https://a"}},
    ]


def test_a_part_that_begins_whole_goes_on_with_its_deltas() -> None:
    assert content(PartAdded(0, Reasoning("")), ReasoningDelta("hm", 0), PartAdded(1, Text("a")), TextDelta("b", 1)) == [
        {"type": "thinking", "thinking": "hm", "signature": ""},
        {"type": "text", "text": "ab"},
    ]


def test_a_refusal_speech_and_citations_are_told_as_text() -> None:
    said = content(RefusalDelta("No.", 0), AudioDelta(1, transcript="Hel"), AudioDelta(1, "aGk=", "lo."), TextDelta("See", 2))
    assert [item["text"] for item in said] == ["No.", "Hello.", "See"]
    (cited,) = content(TextDelta("See this", 0), CitationAdded(Citation(url="https://a", start=4, end=8), 0))
    assert cited["citations"][0]["cited_text"] == "this"


def test_what_means_nothing_here_is_passed_over() -> None:
    assert shown(
        TextDelta("Hi", 1),
        LogprobsDelta({"content": []}),
        ExtraReported({"system_fingerprint": "f"}),
        ExtraReported({"x": 1}, "message"),
        ExtraReported({"x": 1}, "part", index=1),
        CitationAdded(Citation(title="no address"), 1),
        TextDelta("another choice", 0, choice=1),
        Finished(FinishReason("length", "length"), choice=1),
        DONE,
    ) == {
        "id": "c1",
        "type": "message",
        "role": "assistant",
        "model": "gpt",
        "content": [{"type": "text", "text": "Hi"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 0, "output_tokens": 0},
    }


@pytest.mark.parametrize(
    ("said", "finish", "reason"),
    [
        ([TextDelta("x")], FinishReason("stop", "stop"), "end_turn"),
        ([TextDelta("x")], FinishReason("length", "length"), "max_tokens"),
        ([TextDelta("x")], FinishReason("content_filter", "content_filter"), "refusal"),
        ([ToolCallDelta(0, "a", "look", "{}")], FinishReason("stop", "stop"), "tool_use"),
        ([ToolCallDelta(0, "a", "look", "{}")], FinishReason("tool_calls", "tool_calls"), "tool_use"),
        ([TextDelta("x")], FinishReason("error", "network_error"), "network_error"),
    ],
    ids=str,
)
def test_the_stop_reason_is_told_truly(said: list[Event], finish: FinishReason, reason: str) -> None:
    assert shown(*said, Finished(finish))["stop_reason"] == reason


def test_a_stream_that_breaks_ends_with_the_protocols_error() -> None:
    renderer = SERVER.renderer(ChatRequest(model="m", messages=()))
    for event in (BEGUN, TextDelta("Hi")):
        renderer.render(event)
    frame = sse_frames(renderer.fail(ServerFault("it broke")))[0]
    assert (frame.event, frame.value) == ("error", {"type": "error", "error": {"type": "api_error", "message": "it broke"}})


def test_an_error_of_this_protocol_is_passed_on_as_it_was() -> None:
    body = {"type": "error", "error": {"type": "overloaded_error", "message": "Busy", "new": 1}}
    renderer = SERVER.renderer(ChatRequest(model="m", messages=()))
    (frame,) = sse_frames(renderer.fail(Overloaded("…", body=body, wire="anthropic-messages")))
    assert frame.value == body


def parts_in_pieces() -> dict[int, list[Event]]:
    """Events of eight parts, each in its own order."""
    calls = {
        at: [ToolCallDelta(at, f"call_{at}", "look"), ToolCallDelta(at, arguments='{"a":'), ToolCallDelta(at, arguments=" {}}")]
        for at in (5, 6, 7)
    }
    return {
        0: [TextDelta("a", 0), TextDelta(" b", 0)],
        1: [TextDelta(" ", 1), TextDelta("c", 1), TextDelta("", 1)],
        2: [TextDelta("\n", 2)],
        3: [ReasoningDelta("h", 3), ReasoningDelta("m", 3)],
        **calls,
        8: [PartAdded(8, ToolCall("call_8", "look", '{"a": {}}'))],
    }


@given(st.lists(st.integers(0, 8), max_size=24))
def test_however_parts_interleave_events_are_in_order_and_nothing_is_lost(order: list[int]) -> None:
    waiting = parts_in_pieces()
    said = [waiting[at].pop(0) for at in order if waiting.get(at)]
    said += [event for events in waiting.values() for event in events]
    blocks = content(*said)
    assert sorted("".join(item.get("text", "") for item in blocks).replace(" ", "")) == ["a", "b", "c"]
    assert "".join(sorted(item.get("thinking", "") for item in blocks)) in ("hm", "mh")
    calls = {item["id"]: item["input"] for item in blocks if item["type"] == "tool_use"}
    assert calls == {f"call_{at}": {"a": {}} for at in (5, 6, 7, 8)}
