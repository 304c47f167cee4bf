"""OpenAI Chat streams: literal bytes to events, any cutting, and back to bytes."""

from __future__ import annotations

import json
from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from envelopes import enveloped
from hypothesis import given, strategies as st

from turnout.errors import Error, Overloaded, ServerFault, TransportFailed
from turnout.events import (
    Event,
    Finished,
    PartAdded,
    ReasoningDelta,
    SignatureDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    UsageReported,
    fold,
)
from turnout.types import (
    ChatRequest,
    DataSource,
    FinishReason,
    Image,
    Message,
    Opaque,
    Origin,
    Reasoning,
    Target,
    Text,
    ToolCall,
    Usage,
)
from turnout.wire.openai_chat import WIRE
from turnout.wire.seals import Thought

TARGET = Target("acme", "m")
HEAD = {"id": "c1", "object": "chat.completion.chunk", "created": 7, "model": "m-1"}


def sse(*chunks: Any) -> bytes:
    """Each a delta, a whole chunk (with "choices" or "error"), or raw bytes."""
    out = b""
    for chunk in chunks:
        if isinstance(chunk, bytes):
            out += chunk
            continue
        if "choices" not in chunk and "error" not in chunk:
            finish = chunk.pop("finish_reason", None)
            chunk = {"choices": [{"index": 0, "delta": chunk, "finish_reason": finish}]}
        out += b"data: " + json.dumps(HEAD | chunk, ensure_ascii=False).encode() + b"\n\n"
    return out


DONE = b"data: [DONE]\n\n"


def events(data: bytes, size: int | None = None) -> list[Event]:
    assert WIRE.chat is not None
    decoder = WIRE.chat.decoder(TARGET)
    pieces = [data] if size is None else [data[at : at + size] for at in range(0, len(data), size)]
    out = [event for piece in pieces for event in decoder.feed(piece)]
    return [*out, *decoder.close()]


PLAIN = sse(
    {"role": "assistant", "content": ""},
    {"content": "H"},
    b": a comment\r\n\r\n",
    {"content": "é"},
    {"finish_reason": "stop"},
    {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}},
    DONE,
)
CALLS = sse(
    {"role": "assistant", "content": None, "reasoning_content": "think"},
    {"tool_calls": [{"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}]},
    {"tool_calls": [{"index": 0, "function": {"arguments": '{"x"'}}]},
    {"tool_calls": [{"index": 1, "id": "b", "type": "function", "function": {"name": "g", "arguments": "{}"}}]},
    {"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]},
    {"finish_reason": "tool_calls"},
    DONE,
)


def test_text_comes_as_it_was_said() -> None:
    raw = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    assert events(PLAIN) == [
        Started("c1", "m-1", 7, Origin("openai-chat", "acme")),
        TextDelta("H", 1),
        TextDelta("é", 1),
        Finished(FinishReason("stop", "stop")),
        UsageReported(Usage(uncached_input_tokens=3, text_output_tokens=2, raw=raw, wire="openai-chat")),
    ]


def test_parallel_tool_calls_may_interleave() -> None:
    done = fold(events(CALLS))
    assert done.tool_calls == (ToolCall("a", "f", '{"x":1}'), ToolCall("b", "g", "{}"))
    assert done.reasoning == "think"
    assert done.finish == FinishReason("tool_calls", "tool_calls")


@pytest.mark.parametrize("data", [PLAIN, CALLS], ids=["plain", "calls"])
@pytest.mark.parametrize("size", [1, 2, 7, 64, 4096])
def test_a_stream_means_the_same_however_it_is_cut(data: bytes, size: int) -> None:
    assert events(data, size) == events(data)


@given(st.lists(st.integers(0, len(CALLS)), max_size=8))
def test_any_cuts_at_all_give_the_same_events(at: list[int]) -> None:
    cuts = [0, *sorted(at), len(CALLS)]
    assert WIRE.chat is not None
    decoder = WIRE.chat.decoder(TARGET)
    got = [event for start, end in pairwise(cuts) for event in decoder.feed(CALLS[start:end])]
    assert [*got, *decoder.close()] == events(CALLS)


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_lines_may_end_in_any_of_the_three_ways(line_end: bytes) -> None:
    plain = PLAIN.replace(b"\r\n", b"\n")
    for size in (1, 3, 1000):
        assert events(plain.replace(b"\n", line_end), size) == events(PLAIN)


def test_a_stream_cut_before_the_provider_finished_is_no_success() -> None:
    whole = sse({"content": "a"}, {"content": "b"}, {"finish_reason": "stop"})
    boundaries = [at + 2 for at in range(len(whole)) if whole[at : at + 2] == b"\n\n"]
    for at in boundaries[:-1]:
        with pytest.raises(TransportFailed, match="ended before the provider said"):
            events(whole[:at])
    assert fold(events(whole)).text == "ab"


def test_a_stream_that_says_nothing_is_no_success() -> None:
    with pytest.raises(TransportFailed):
        events(b"")


def test_a_last_event_without_its_blank_line_counts() -> None:
    assert fold(events(PLAIN.removesuffix(b"\n\n"))).text == "Hé"


def test_an_error_inside_the_stream_comes_after_what_was_said() -> None:
    data = sse({"content": "a"}, {"error": {"message": "busy", "code": 503}})
    assert WIRE.chat is not None
    seen: list[Event] = []
    with pytest.raises(Overloaded, match="busy"):
        seen.extend(WIRE.chat.decoder(TARGET).feed(data))
    assert TextDelta("a", 1) in seen


@pytest.mark.parametrize("data", [b"data: {\n\n", b"data: 3\n\n", b"data: " + b"[" * 100_000 + b"\n\n"])
def test_garbage_is_the_providers_fault(data: bytes) -> None:
    with pytest.raises(ServerFault):
        events(data)


@given(st.binary(max_size=300))
def test_no_bytes_at_all_break_out_of_the_error_tree(data: bytes) -> None:
    with suppress(Error):
        events(b"data: " + data + b"\n\n")


def test_calls_without_index_follow_one_another() -> None:
    done = fold(
        events(
            sse(
                {"tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{}"}}]},
                {"tool_calls": [{"id": "b", "index": -1, "function": {"name": "g", "arguments": "[]"}}]},
                {"finish_reason": "stop"},
            )
        )
    )
    assert [(call.id, call.name, call.arguments) for call in done.tool_calls] == [("a", "f", "{}"), ("b", "g", "[]")]
    assert done.finish == FinishReason("tool_calls", "stop")


def test_calls_that_are_all_numbered_alike_are_told_apart_by_their_ids() -> None:
    def call(id: str, name: str, arguments: str) -> dict[str, Any]:
        return {"tool_calls": [{"index": 0, "id": id, "function": {"name": name, "arguments": arguments}}]}

    done = fold(events(sse(call("a", "f", "{}"), call("b", "g", "["), call("", "", "]"), {"finish_reason": "stop"})))
    assert [(it.id, it.name, it.arguments) for it in done.tool_calls] == [("a", "f", "{}"), ("b", "g", "[]")]


def test_calls_numbered_from_one_or_out_of_order_keep_their_own_arguments() -> None:
    def piece(index: int, **call: Any) -> dict[str, Any]:
        return {"tool_calls": [{"index": index, **call}]}

    begun = [piece(at, id=f"t{at}", function={"name": "f", "arguments": ""}) for at in (3, 1)]
    rest = [piece(at, function={"arguments": f"[{at}]"}) for at in (1, 3)]
    done = fold(events(sse(*begun, *rest, {"finish_reason": "tool_calls"})))
    assert [(it.id, it.arguments) for it in done.tool_calls] == [("t3", "[3]"), ("t1", "[1]")]


def test_a_custom_tools_input_continues() -> None:
    first = {"index": 0, "id": "a", "type": "custom", "custom": {"name": "f", "input": "x"}}
    done = fold(
        events(sse({"tool_calls": [first]}, {"tool_calls": [{"index": 0, "custom": {"input": "yz"}}]}, {"finish_reason": "stop"}))
    )
    assert done.tool_calls == (ToolCall("a", "f", "xyz", custom=True),)


def test_text_in_a_field_nobody_knows_continues() -> None:
    done = fold(events(sse({"thoughts": "x", "channel": "a"}, {"thoughts": "y", "channel": "a"}, {"finish_reason": "stop"})))
    assert done.message.extra == {"thoughts": "xy", "channel": "a"}


def test_choices_interleave_and_each_finishes() -> None:
    def chunk(index: int, text: str, finish: str | None = None) -> dict[str, Any]:
        return {"choices": [{"index": index, "delta": {"content": text}, "finish_reason": finish}]}

    done = fold(events(sse(chunk(0, "a"), chunk(1, "x"), chunk(0, "b", "stop"), chunk(1, "y", "length"))))
    assert [(choice.message.text, choice.finish and choice.finish.unified) for choice in done.choices] == [
        ("ab", "stop"),
        ("xy", "length"),
    ]
    with pytest.raises(TransportFailed):
        events(sse(chunk(0, "a", "stop"), chunk(1, "x")))


def test_unknown_fields_are_reported_when_they_are_new() -> None:
    done = fold(events(sse({"choices": [], "x_groq": {"id": "r"}}, {"content": "a", "odd": 1}, {"finish_reason": "stop"})))
    assert done.extra == {"x_groq": {"id": "r"}}
    assert done.message.extra == {"odd": 1}


def test_a_message_restated_beside_the_deltas_is_not_heard_twice() -> None:
    def chunk(restated: str, new: str, finish: str | None = None) -> dict[str, Any]:
        return {"choices": [{"index": 0, "delta": {"content": new}, "message": {"content": restated}, "finish_reason": finish}]}

    done = fold(events(sse(chunk("a", "a"), chunk("ab", "b", "stop"))))
    assert (done.text, done.choices[0].extra) == ("ab", None)


def test_the_first_id_holds_when_a_server_stamps_each_chunk_anew() -> None:
    stamped = [{"id": f"c{at}", "created": at, "choices": [{"index": 0, "delta": {"content": "x"}}]} for at in (1, 2, 3)]
    seen = events(sse(*stamped, {"finish_reason": "stop"}))
    assert [(event.id, event.created) for event in seen if isinstance(event, Started)] == [("c1", 1)]


# -- rendering -------------------------------------------------------------------------------------


def rendered(seen: list[Event], *, usage: bool = False) -> bytes:
    assert WIRE.server is not None
    renderer = WIRE.server.renderer(ChatRequest(model="m", messages=(Message("user", ()),), stream_usage=usage))
    return b"".join(renderer.render(event) for event in seen) + renderer.finish()


def chunks(data: bytes) -> list[Any]:
    return [json.loads(line[6:]) for line in data.split(b"\n\n") if line and line != b"data: [DONE]"]


CUSTOM = sse(
    {"tool_calls": [{"index": 0, "id": "a", "type": "custom", "custom": {"name": "f", "input": "x"}}]},
    {"tool_calls": [{"index": 0, "custom": {"input": "yz"}}]},
    {"finish_reason": "tool_calls"},
    DONE,
)
LEGACY = sse(
    {"function_call": {"name": "f", "arguments": "{"}}, {"function_call": {"arguments": "}"}}, {"finish_reason": "stop"}, DONE
)


@pytest.mark.parametrize("data", [PLAIN, CALLS, CUSTOM, LEGACY], ids=["plain", "calls", "custom", "legacy"])
def test_what_is_rendered_reads_the_same_again(data: bytes) -> None:
    assert fold(events(rendered(events(data), usage=True))) == fold(events(data))


def test_the_usage_chunk_comes_only_when_asked_for() -> None:
    assert b'"usage"' not in rendered(events(PLAIN))
    last = chunks(rendered(events(PLAIN), usage=True))[-1]
    assert (last["choices"], last["usage"]["total_tokens"]) == ([], 5)


FOREIGN = Origin("anthropic-messages", "anthropic")


def test_foreign_events_become_dense_chunks_with_one_id() -> None:
    seen: list[Event] = [
        Started("msg_1", "claude", origin=FOREIGN),
        PartAdded(0, Reasoning("", origin=FOREIGN)),
        ReasoningDelta("hm", 0),
        SignatureDelta("sig", 0),
        TextDelta("Hi", 1),
        PartAdded(2, Opaque({"type": "server_tool_use"}, origin=FOREIGN)),
        ToolCallDelta(5, "t1", "f"),
        ToolCallDelta(5, arguments="{}"),
        ToolCallDelta(7, "t2", "g", "{}"),
        Finished(FinishReason("length", "max_tokens")),
    ]
    out = rendered(seen)
    assert out.endswith(DONE)
    got = chunks(out)
    assert {chunk["id"] for chunk in got} == {"msg_1"}
    deltas = [chunk["choices"][0]["delta"] for chunk in got]
    data = enveloped(FOREIGN, "claude", Thought("hm", signature="sig"))
    assert deltas == [
        {"role": "assistant", "content": ""},
        {"reasoning_content": "hm"},
        {"reasoning_details": [{"type": "reasoning.encrypted", "data": data, "format": "turnout.v1", "index": 0}]},
        {"content": "Hi"},
        {"tool_calls": [{"index": 0, "id": "t1", "type": "function", "function": {"name": "f", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]},
        {"tool_calls": [{"index": 1, "id": "t2", "type": "function", "function": {"name": "g", "arguments": "{}"}}]},
        {},
    ]
    assert got[-1]["choices"][0]["finish_reason"] == "length"


@pytest.mark.parametrize(("unified", "raw"), [("refusal", "refusal"), ("pause", "pause_turn"), ("other", "brand_new")])
def test_a_foreign_end_that_is_no_stop_is_never_rendered_as_one(unified: Any, raw: str) -> None:
    out = rendered([Started("1", "m", origin=FOREIGN), Finished(FinishReason(unified, raw))])
    assert chunks(out)[-1]["choices"][0]["finish_reason"] != "stop"


def test_an_image_of_another_protocol_is_left_out_and_no_delta_holds_a_list() -> None:
    """The official SDK takes text there and nothing else: openai 3.54, types/chat/chat_completion_chunk.py."""
    image = PartAdded(1, Image(DataSource("aGk=", "image/png")))
    seen = [Started("1", "m", origin=Origin("gemini")), TextDelta("Here:"), image, Finished(FinishReason("stop"))]
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks(rendered(seen))]
    assert deltas == [{"role": "assistant", "content": ""}, {"content": "Here:"}, {}]


def test_a_stream_that_broke_ends_in_an_error_and_not_in_done() -> None:
    assert WIRE.server is not None
    renderer = WIRE.server.renderer(ChatRequest(model="m", messages=()))
    out = renderer.render(Started("1", "m")) + renderer.render(TextDelta("a")) + renderer.fail(TransportFailed("reset"))
    assert chunks(out)[-1]["error"]["message"] == "reset"
    assert b"[DONE]" not in out


def test_text_after_a_block_of_another_kind_is_a_part_of_its_own() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    done = fold(events(sse({"content": [thinking]}, {"content": "yes"}, {"content": "!"}, {"finish_reason": "stop"})))
    assert [(type(part), part.text) for part in done.parts if isinstance(part, (Text, Reasoning))] == [
        (Reasoning, "hm"),
        (Text, "yes!"),
    ]
