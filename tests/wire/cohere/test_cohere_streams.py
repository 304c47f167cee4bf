"""Streams of this protocol: literal events to ours, any cutting, and back to events."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from cohere_wire import (
    CODEC,
    TARGET,
    USAGE,
    answer,
    called,
    cited,
    content,
    decode,
    end,
    event,
    events,
    planned,
    rendered,
    said,
    start,
    unexplained,
)
from hypothesis import given, settings, strategies as st

from turnout.errors import ContextTooLong, Error, ServerFault, TransportFailed
from turnout.events import Event, Finished, PartAdded, Started, TextDelta, ToolCallDelta, UsageReported, fold
from turnout.types import Citation, FinishReason, Origin, Reasoning, Text, ToolCall, Usage

PLAIN = start() + content(0, "H", "i é\U0001f600") + end()
THINKING = start() + content(0, "h", "m", kind="thinking") + content(1, "ok") + end()
CALLS = start() + planned("I ", "look") + called(0, "c1", '{"a"', ":1}") + called(1, "c2") + end("TOOL_CALL")
INTERLEAVED = (
    start()
    + event(
        "tool-call-start", 0, message={"tool_calls": {"id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}}
    )
    + event(
        "tool-call-start", 1, message={"tool_calls": {"id": "b", "type": "function", "function": {"name": "g", "arguments": ""}}}
    )
    + event("tool-call-delta", 0, message={"tool_calls": {"function": {"arguments": "{}"}}})
    + event("tool-call-delta", 1, message={"tool_calls": {"function": {"arguments": "[]"}}})
    + end("TOOL_CALL")
)
SOURCE = {"type": "document", "id": "d", "document": {"title": "T", "url": "https://a"}}
CITED = (
    start()
    + event("content-start", 0, message={"content": {"type": "text", "text": ""}})
    + event("content-delta", 0, message={"content": {"text": "Ruby"}})
    + cited(0, start=0, end=4, text="Ruby", sources=[SOURCE], type="TEXT_CONTENT")
    + event("content-delta", 0, message={"content": {"text": " rocks"}})
    + event("content-end", 0)
    + cited(1, start=5, end=10, text="rocks", sources=[SOURCE], type="TEXT_CONTENT", content_index=0)
    + end()
)
CITED_ELSEWHERE = (
    start()
    + content(0, "hm", kind="thinking")
    + content(1, "x")
    + cited(0, start=0, end=1, type="THINKING_CONTENT", content_index=0)
    + planned("plan")
    + cited(1, start=0, end=1, type="PLAN")
    + end()
)
CITED_NOTHING = start() + cited(0, start=0, end=1) + called(0, "c1", "{}") + end("TOOL_CALL")
LOGPROBS = (
    start()
    + event("content-start", 0, message={"content": {"type": "text", "text": ""}})
    + event("content-delta", 0, message={"content": {"text": "a"}}, logprobs={"text": "a", "token_ids": [1], "logprobs": [-0.1]})
    + event("content-delta", 0, message={"content": {"text": "b"}}, logprobs={"text": "b", "token_ids": [2], "logprobs": [-0.2]})
    + event("content-end", 0)
    + end()
)
EMPTY = start() + content(0) + end()
CUT_SHORT = start() + content(0, "x") + end("MAX_TOKENS")
NOVEL = (
    start(novel=1)
    + content(0, "x")
    + event("content-start", 1, message={"content": {"type": "chart", "data": {"x": 1}}})
    + event("content-end", 1)
    + end(meta={"warnings": ["w"]})
)
UNNAMED = b"".join(line + b"\n\n" for line in PLAIN.split(b"\n") if line.startswith(b"data: {"))
CRLF = PLAIN.replace(b"\n", b"\r\n")
UNENDED = PLAIN.removesuffix(b"data: [DONE]\n\n").removesuffix(b"\n")
STREAMS = {
    "plain": PLAIN,
    "thinking": THINKING,
    "calls": CALLS,
    "interleaved": INTERLEAVED,
    "cited": CITED,
    "cited elsewhere": CITED_ELSEWHERE,
    "cited nothing": CITED_NOTHING,
    "logprobs": LOGPROBS,
    "empty": EMPTY,
    "cut short": CUT_SHORT,
    "novel": NOVEL,
    "unnamed": UNNAMED,
    "crlf": CRLF,
    "unended": UNENDED,
}
each = pytest.mark.parametrize("stream", STREAMS.values(), ids=STREAMS)


@each
@pytest.mark.parametrize("size", [1, 2, 7, 64])
def test_a_stream_means_the_same_however_it_is_cut(stream: bytes, size: int) -> None:
    assert events(stream, size) == events(stream)


@each
def test_the_conformance_kit_finds_nothing(stream: bytes) -> None:
    assert unexplained(stream) == []


BILLED = Usage(uncached_input_tokens=8, text_output_tokens=5, raw={"input_tokens": 8, "output_tokens": 5}, wire="cohere-chat")


def test_a_plain_stream_is_a_start_texts_and_an_end() -> None:
    assert events(PLAIN) == [
        Started("a1", "command", None, Origin("cohere-chat", "acme")),
        TextDelta("", 0),
        TextDelta("H", 0),
        TextDelta("i é\U0001f600", 0),
        UsageReported(Usage(uncached_input_tokens=500, text_output_tokens=9, raw=USAGE, wire="cohere-chat", billed=BILLED)),
        Finished(FinishReason("stop", "COMPLETE")),
    ]


def test_a_plan_is_commentary_before_the_calls() -> None:
    completion = fold(events(CALLS))
    assert completion.parts == (
        Text("I look", phase="commentary", spelled={"text": "tool_plan"}),
        ToolCall("c1", "look", '{"a":1}'),
        ToolCall("c2", "look", ""),
    )
    assert completion.text == ""


@pytest.mark.parametrize(
    ("stream", "whole"),
    [
        (PLAIN, answer(said("Hi é\U0001f600"))),
        (EMPTY, answer(said(""))),
        (THINKING, answer({"content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "ok"}]})),
        (CUT_SHORT, answer(said("x"), finish_reason="MAX_TOKENS")),
    ],
)
def test_the_events_fold_to_what_the_whole_answer_decodes_to(stream: bytes, whole: dict[str, Any]) -> None:
    from msgspec.structs import replace

    decoded = decode(whole)
    choice = decoded.choices[0]
    unspelled = replace(decoded, choices=(replace(choice, message=replace(choice.message, spelled=None)),))
    assert fold(events(stream)) == unspelled


def test_calls_are_told_apart_by_their_number() -> None:
    assert [(call.id, call.name, call.arguments) for call in fold(events(INTERLEAVED)).tool_calls] == [
        ("a", "f", "{}"),
        ("b", "g", "[]"),
    ]


def test_citations_are_on_the_text_they_came_with() -> None:
    (text,) = fold(events(CITED)).parts
    assert isinstance(text, Text)
    first, second = text.citations
    assert (first.url, first.title, first.start, first.end) == ("https://a", "T", 0, 4)
    assert second == Citation(
        url="https://a",
        title="T",
        start=5,
        end=10,
        extra={"text": "rocks", "sources": [SOURCE], "type": "TEXT_CONTENT", "content_index": 0},
    )


def test_thinking_is_reasoning_of_this_provider() -> None:
    assert fold(events(THINKING)).parts[0] == Reasoning("hm", origin=Origin("cohere-chat", "acme"))


def feed(stream: bytes, size: int, got: list[Event]) -> None:
    decoder = CODEC.decoder(TARGET)
    for at in range(0, len(stream), size):
        for found in decoder.feed(stream[at : at + size]):
            got.append(found)  # noqa: PERF402 - what came before an error counts


FAILED = event("message-end", delta={"finish_reason": "ERROR", "error": "generation failed", "usage": USAGE})


@pytest.mark.parametrize("size", [1, 5, 10_000])
@pytest.mark.parametrize(
    "bad", [FAILED, b'data: {"message":"generation failed"}\n\n', b'event: error\ndata: {"message":"generation failed"}\n\n']
)
def test_an_error_in_a_stream_raises_after_the_events_before_it(bad: bytes, size: int) -> None:
    stream = start() + content(0, "x") + bad
    got: list[Event] = []
    with pytest.raises(ServerFault, match="generation failed") as raised:
        feed(stream, size, got)
    assert TextDelta("x", 0) in got
    assert (raised.value.wire, raised.value.target) == ("cohere-chat", TARGET)
    assert unexplained(stream) == []


def test_an_error_in_a_stream_has_a_class_by_its_words() -> None:
    with pytest.raises(ContextTooLong):
        events(start() + b'data: {"message":"too many tokens: size limit exceeded by 11 tokens"}\n\n')


@pytest.mark.parametrize("reason", ["ERROR", "TIMEOUT"])
def test_a_failure_without_words_is_how_the_answer_finished(reason: str) -> None:
    assert fold(events(start() + content(0, "x") + end(reason))).finish == FinishReason("error", reason)


@pytest.mark.parametrize("cut", [b"", content(0, "x"), content(0, "x")[:-20], b"data: [DONE]\n\n"])
def test_a_stream_without_its_end_was_cut_off(cut: bytes) -> None:
    with pytest.raises((TransportFailed, ServerFault)):
        events(start() + cut)


@pytest.mark.parametrize("bad", [b"data: <html>\n\n", b"data: [1]\n\n", b"data: 7\n\n"])
def test_an_event_that_is_not_the_protocol_is_the_servers_fault(bad: bytes) -> None:
    with pytest.raises(ServerFault):
        events(start() + bad)


def test_a_delta_whose_start_was_left_out_begins_its_part() -> None:
    stream = start() + event("content-delta", 0, message={"content": {"thinking": "hm"}})
    stream += event("content-delta", 1, message={"content": {"text": "x"}}) + end()
    assert [part.text for part in fold(events(stream)).parts if isinstance(part, (Reasoning, Text))] == ["hm", "x"]


def test_what_only_this_protocol_says_of_a_call_is_kept() -> None:
    call = {"id": "c", "type": "function", "novel": 1, "function": {"name": "f", "arguments": "{"}}
    stream = start() + event("tool-call-start", 0, message={"tool_calls": call})
    stream += event("tool-call-delta", 0, message={"tool_calls": {"function": {"arguments": "}"}}}) + end("TOOL_CALL")
    found = events(stream)
    assert [type(it) for it in found[1:3]] == [PartAdded, ToolCallDelta]
    assert fold(found).tool_calls[0].extra == {"novel": 1}
    assert b'"novel":1' in rendered(found)


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
_kinds = st.sampled_from(
    [
        "message-start",
        "content-start",
        "content-delta",
        "content-end",
        "tool-plan-delta",
        "tool-call-start",
        "tool-call-delta",
        "citation-start",
        "message-end",
        "debug",
    ]
)
_message = st.dictionaries(st.sampled_from(["content", "tool_plan", "tool_calls", "citations", "role", "x"]), json_values)
_content = st.dictionaries(st.sampled_from(["type", "text", "thinking"]), st.sampled_from(["text", "thinking", "a"]))
_events = st.fixed_dictionaries(
    {"type": _kinds},
    optional={
        "index": st.integers(-1, 2),
        "id": json_values,
        "logprobs": json_values,
        "delta": st.fixed_dictionaries(
            {},
            optional={
                "message": _message | st.fixed_dictionaries({"content": _content}),
                "finish_reason": json_values,
                "usage": json_values,
                "error": json_values,
            },
        ),
    },
)


@settings(max_examples=400, deadline=None)
@given(st.lists(_events, max_size=6), st.integers(1, 50))
def test_whatever_events_come_only_our_errors_leave_and_cutting_changes_nothing(written: list[Any], size: int) -> None:
    stream = start() + b"".join(b"data: %b\n\n" % json.dumps(it).encode() for it in written) + end()

    def outcome(size: int | None) -> tuple[Any, str]:
        try:
            found = events(stream, size)
        except Error as error:
            return None, repr(error)
        fold(found)
        rendered(found)
        return found, ""

    assert outcome(None) == outcome(size)


@given(st.binary(max_size=80))
def test_whatever_bytes_come_only_our_errors_leave(stream: bytes) -> None:
    with contextlib.suppress(Error):
        events(stream)
