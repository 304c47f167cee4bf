"""Streams of this protocol: literal lines to events, any cutting, and back to lines."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from ollama_wire import AT, CODEC, TARGET, answer, decode, events, last, line, rendered, unexplained

from turnout.errors import ContextTooLong, Error, Overloaded, ServerFault, TransportFailed
from turnout.events import Event, ExtraReported, Finished, Started, TextDelta, UsageReported, fold
from turnout.types import FinishReason, Opaque, Origin, Reasoning, Text, ToolCall, Usage

CALL = {"function": {"name": "f", "arguments": {"a": 1}}}

PLAIN = line({"content": "H"}) + line({"content": "i"}) + last()
THINKING = line({"thinking": "h"}) + line({"thinking": "m"}) + line({"content": "ok é\U0001f600"}) + last()
CALLS = line({"content": "x"}) + line({"tool_calls": [CALL]}) + line({"tool_calls": [CALL, {"id": "c"} | CALL]}) + last()
INDEXED = (
    b"".join(line({"tool_calls": [{"function": {"index": 0, "name": "f", "arguments": {"n": at}}}]}) for at in range(3)) + last()
)
CACHED = line({"content": "x"}) + line(done=True, done_reason="stop", eval_count=4)
CUT_SHORT = line({"content": "x"}) + last(done_reason="length")
LOGPROBS = (
    line({"content": "a"}, logprobs=[{"token": "a", "logprob": -0.1}])
    + line({"content": "b"}, logprobs=[{"token": "b", "logprob": -0.2}])
    + last()
)
REMOTE = line({"content": "x"}, remote_model="up", remote_host="https://h") + last(remote_model="up", remote_host="https://h")
NOVEL = line({"content": "x", "novel": "a"}) + line({"novel": "b", "list": [1]}) + last(beside={"y": 1})
LOADED = line(done=True, done_reason="load")
CRLF = PLAIN.replace(b"\n", b"\r\n")
UNENDED = PLAIN.removesuffix(b"\n")
STREAMS = {
    "plain": PLAIN,
    "thinking": THINKING,
    "calls": CALLS,
    "indexed": INDEXED,
    "cached": CACHED,
    "cut_short": CUT_SHORT,
    "logprobs": LOGPROBS,
    "remote": REMOTE,
    "novel": NOVEL,
    "loaded": LOADED,
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


def test_a_plain_stream_is_a_start_texts_and_an_end() -> None:
    counts = {"prompt_eval_count": 16, "eval_count": 22}
    assert events(PLAIN) == [
        Started("", "q", 1755155737, Origin("ollama", "acme")),
        ExtraReported({"created_at": AT}),
        TextDelta("H", 100_000),
        TextDelta("i", 100_000),
        ExtraReported({"total_duration": 9}),
        UsageReported(Usage(uncached_input_tokens=16, text_output_tokens=22, raw=counts, wire="ollama")),
        Finished(FinishReason("stop", "stop")),
    ]


@each
def test_the_events_fold_to_what_the_whole_answer_decodes_to(stream: bytes) -> None:
    whole = rendered(events(stream))
    merged: dict[str, Any] = {}
    for name in ("content", "thinking", "novel"):
        if text := "".join(one["message"].get(name, "") for one in whole):
            merged[name] = text
    for name in ("tool_calls", "list"):
        if items := [item for one in whole for item in one["message"].get(name, ())]:
            merged[name] = items
    rest = {name: value for name, value in whole[-1].items() if name not in ("message", "model", "created_at", "done")}
    if logprobs := [item for one in whole for item in one.get("logprobs", ())]:
        rest["logprobs"] = logprobs
    assert fold(events(stream)) == decode(answer(merged, **rest))


def test_text_and_thinking_are_gathered_apart() -> None:
    parts = fold(
        events(line({"thinking": "a", "content": "b"}) + line({"thinking": "c"}) + line({"content": "d"}) + last())
    ).parts
    assert parts == (Reasoning("ac", origin=Origin("ollama", "acme")), Text("bd"))


def test_calls_are_told_apart_by_their_place_whatever_their_index_says() -> None:
    calls = fold(events(INDEXED)).tool_calls
    assert [call.arguments for call in calls] == ['{"n":0}', '{"n":1}', '{"n":2}']
    assert len({call.id for call in calls}) == 3


def test_an_answer_that_calls_tools_finished_in_order_to() -> None:
    assert fold(events(CALLS)).finish == FinishReason("tool_calls", "stop")
    assert fold(events(line({"tool_calls": [CALL]}) + last(done_reason="length"))).finish == FinishReason("length", "length")


def test_a_cached_prompt_is_not_counted_as_none() -> None:
    used = fold(events(CACHED)).usage
    assert (used.uncached_input_tokens, used.text_output_tokens) == (None, 4)


def test_a_call_that_is_none_is_kept_whole() -> None:
    stream = line({"tool_calls": [{"odd": 1}, CALL]}) + last()
    first, second = fold(events(stream)).parts
    assert isinstance(first, Opaque)
    assert first.value == {"odd": 1}
    assert isinstance(second, ToolCall)
    assert rendered(events(stream))[0]["message"]["tool_calls"] == [{"odd": 1}]


def feed(stream: bytes, size: int, got: list[Event]) -> None:
    decoder = CODEC.decoder(TARGET)
    for at in range(0, len(stream), size):
        for event in decoder.feed(stream[at : at + size]):
            got.append(event)  # noqa: PERF402 - what came before an error counts


@pytest.mark.parametrize("size", [1, 5, 10_000])
def test_an_error_line_raises_after_the_events_before_it(size: int) -> None:
    stream = line({"content": "x"}) + b'{"error":"an error was encountered while running the model: CUDA error"}\n'
    got: list[Event] = []
    with pytest.raises(ServerFault, match="CUDA error") as raised:
        feed(stream, size, got)
    assert got[-1] == TextDelta("x", 100_000)
    assert (raised.value.wire, raised.value.target) == ("ollama", TARGET)
    assert unexplained(stream) == []


def test_an_error_line_has_a_class_by_its_words() -> None:
    with pytest.raises(Overloaded):
        events(b'{"error":"server busy, please try again.  maximum pending requests exceeded"}\n')
    with pytest.raises(ContextTooLong):
        events(b'{"error":"the input length exceeds the context length"}\n')


@pytest.mark.parametrize("end", [b"", line({"content": "y"}), b'{"model":"q","mess', b'{"model":"q"'])
def test_a_stream_that_was_never_done_was_cut_off(end: bytes) -> None:
    with pytest.raises(TransportFailed):
        events(line({"content": "x"}) + end)


@pytest.mark.parametrize("bad", [b"<html>\n", b"[1]\n", b"7\n", b"data: {}\n"])
def test_a_line_that_is_not_the_protocol_is_the_servers_fault(bad: bytes) -> None:
    with pytest.raises(ServerFault):
        events(line({"content": "x"}) + bad)


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
_message = st.dictionaries(st.sampled_from(["role", "content", "thinking", "images", "tool_calls", "self"]), json_values)
_fields = st.dictionaries(
    st.sampled_from(["model", "created_at", "done", "done_reason", "logprobs", "eval_count", "error"]), json_values
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(_message, _fields), max_size=4), st.integers(1, 50))
def test_whatever_lines_come_only_our_errors_leave_and_cutting_changes_nothing(
    said: list[tuple[dict[str, Any], dict[str, Any]]], size: int
) -> None:
    stream = b"".join(line(message, **fields) for message, fields in said)

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
