"""Anthropic Messages streams: literal events to ours, whatever the cutting, and what they add up to."""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, strategies as st
from messages_wire import (
    CODEC,
    TARGET,
    block,
    decode,
    events,
    events_until_failure,
    merged,
    render,
    sse,
    start,
    stop,
    text,
    tool_use,
)
from msgspec.structs import replace

from turnout.errors import Error, Overloaded, RateLimited, ServerFault, TransportFailed
from turnout.events import (
    CitationAdded,
    ExtraReported,
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
from turnout.types import Citation, Completion, FinishReason, Opaque, Origin, Reasoning, Text, ToolCall

HERE = Origin("anthropic-messages", "acme")
THINKING = {"type": "thinking", "thinking": "", "signature": ""}
CALL = {"type": "tool_use", "id": "a", "name": "look", "input": {}}
CITED = {"type": "char_location", "cited_text": "x", "document_title": "D", "start_char_index": 0}
SEARCH = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
FOUND = {"type": "web_search_tool_result", "tool_use_id": "s", "content": [{"url": "u"}]}

PLAIN = sse(start(), {"type": "ping"}, *text(0, "H", "é", "llo 👋"), *stop())
RICH = sse(
    start(container={"id": "c", "expires_at": "soon"}, stop_details=None),
    *block(0, THINKING, {"type": "thinking_delta", "thinking": "hm"}, {"type": "signature_delta", "signature": "c2ln"}),
    *block(1, {"type": "redacted_thinking", "data": "ZW5j"}),
    *text(2, "Let me ", "look."),
    {"type": "ping"},
    *tool_use(3, "a", "", '{"x":', ' "é"}'),
    *tool_use(4, "b", '{"y": 1}', caller={"type": "direct"}),
    *block(
        5, SEARCH, {"type": "input_json_delta", "partial_json": '{"query":'}, {"type": "input_json_delta", "partial_json": '"q"}'}
    ),
    *block(6, FOUND),
    *block(
        7,
        {"type": "text", "text": "", "citations": []},
        {"type": "text_delta", "text": "It is so."},
        {"type": "citations_delta", "citation": CITED},
    ),
    *stop(
        "tool_use",
        {"input_tokens": 10, "output_tokens": 50, "server_tool_use": {"web_search_requests": 1}},
        container={"id": "c", "expires_at": "later"},
        stop_details={"why": "x"},
    ),
)


def as_whole(stream: bytes) -> Completion:
    return decode(merged(stream))


def loosened(completion: Completion) -> Completion:
    """With tool arguments in one spelling of their JSON."""
    from json import dumps, loads

    parts = tuple(
        replace(part, arguments=dumps(loads(part.arguments))) if isinstance(part, ToolCall) else part for part in completion.parts
    )
    choice = completion.choices[0]
    return replace(completion, choices=(replace(choice, message=replace(choice.message, parts=parts)),))


def test_a_plain_stream_is_told_piece_by_piece() -> None:
    began, used, *said, used_at_last, finished, unsaid = events(PLAIN)
    assert began == Started("msg_1", "claude", origin=HERE)
    assert isinstance(used, UsageReported)
    assert said == [TextDelta("H"), TextDelta("é"), TextDelta("llo 👋")]
    assert isinstance(used_at_last, UsageReported)
    assert (used_at_last.usage.input_tokens, used_at_last.usage.output_tokens) == (10, 5)
    assert finished == Finished(FinishReason("stop", "end_turn"))
    assert unsaid == ExtraReported({"stop_sequence": None})


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 4096])
@pytest.mark.parametrize("stream", [PLAIN, RICH, RICH.replace(b"\n", b"\r\n")], ids=["plain", "rich", "crlf"])
def test_a_stream_means_the_same_however_it_is_cut(stream: bytes, size: int) -> None:
    assert events(stream, size) == events(stream)


@given(st.lists(st.integers(1, len(RICH) - 1), max_size=8))
def test_a_stream_means_the_same_cut_anywhere(cuts: list[int]) -> None:
    decoder = CODEC.decoder(TARGET)
    edges = [0, *sorted(cuts), len(RICH)]
    seen = [event for one, two in pairwise(edges) for event in decoder.feed(RICH[one:two])]
    assert [*seen, *decoder.close()] == events(RICH)


@pytest.mark.parametrize(
    "stream",
    [
        PLAIN,
        RICH,
        sse(start(), *stop()),
        sse(start(), *text(0), *stop()),
        sse(start(), *text(0, ""), *stop()),
        sse(start(), *block(0, {"type": "text", "text": "begun "}, {"type": "text_delta", "text": "early"}), *stop()),
        sse(start(), *block(0, {"type": "text", "text": "", "citations": []}), *stop()),
        sse(
            start(),
            *block(0, {"type": "text", "text": "", "citations": None, "new": 1}, {"type": "text_delta", "text": "x"}),
            *stop(),
        ),
        sse(start(), *block(0, THINKING), *stop()),
        sse(start(), *block(0, THINKING, {"type": "signature_delta", "signature": "only"}), *stop()),
        sse(start(), *block(0, {"type": "thinking", "thinking": ""}, {"type": "thinking_delta", "thinking": "hm"}), *stop()),
        sse(start(), *block(0, {"type": "thinking", "thinking": ""}), *stop()),
        sse(start(), *block(0, THINKING | {"new": 1}, {"type": "thinking_delta", "thinking": "hm"}), *stop()),
        sse(start(), *tool_use(0, "a"), *stop("tool_use")),
        sse(start(), *tool_use(0, "a", "", ""), *stop("tool_use")),
        sse(start(), *tool_use(0, "a", input={"x": 1}), *stop("tool_use")),
        sse(start(), *tool_use(0, "a", '{"x": 2}', input={"x": 1}), *stop("tool_use")),
        sse(start(), *tool_use(0, "a", caller={"type": "direct"}), *stop("tool_use")),
        sse(start(), *block(0, SEARCH), *stop()),
        sse(
            start(),
            *block(0, {"type": "compaction", "content": None}, {"type": "compaction_delta", "content": "so far"}),
            *stop(),
        ),
        sse(start(), *block(0, {"type": "text", "text": ""}, {"type": "a_delta_of_next_year", "level": 3}), *stop()),
        sse(start(), *block(0, THINKING, {"type": "a_delta_of_next_year", "level": 3}), *stop()),
        sse(start(), *stop("stop_sequence", stop_sequence="END")),
        sse(start(), *text(0, "x"), {"type": "ping", "cost": "0"}, *stop()),
        sse(start(), *text(0, "x"), {"type": "an_event_of_next_year", "level": 3}, *stop()),
    ],
    ids=range(25),
)
def test_a_stream_adds_up_to_the_whole_answer(stream: bytes) -> None:
    folded = fold(events(stream))
    assert loosened(folded) == loosened(as_whole(stream))
    assert render(folded) == merged(stream)


def test_usage_that_comes_only_at_the_end_counts() -> None:
    stream = sse(start(usage=None), *text(0, "x"), *stop(usage={"output_tokens": 3}))
    assert render(fold(events(stream)))["usage"] == {"output_tokens": 3}


def test_a_rich_stream_has_its_parts_in_order() -> None:
    assert fold(events(RICH)).parts == (
        Reasoning("hm", "c2ln", origin=HERE),
        Reasoning("", encrypted="ZW5j", origin=HERE),
        Text("Let me look."),
        ToolCall("a", "look", '{"x": "é"}'),
        ToolCall("b", "look", '{"y": 1}', extra={"caller": {"type": "direct"}}, origin=HERE),
        Opaque(SEARCH | {"input": {"query": "q"}}, origin=HERE),
        Opaque(FOUND, origin=HERE),
        Text("It is so.", (Citation(title="D", cited_text="x", extra={"type": "char_location", "start_char_index": 0}),)),
    )


def test_parts_are_told_as_they_come() -> None:
    kinds = [type(event) for event in events(RICH)]
    assert [kind for kind in kinds if kind in (ReasoningDelta, SignatureDelta, CitationAdded)] == [
        ReasoningDelta,
        SignatureDelta,
        CitationAdded,
    ]
    assert [event for event in events(RICH) if isinstance(event, ToolCallDelta)] == [
        ToolCallDelta(3, "a", "look"),
        ToolCallDelta(3, arguments='{"x":'),
        ToolCallDelta(3, arguments=' "é"}'),
        ToolCallDelta(4, arguments='{"y": 1}'),
    ]


def test_a_call_without_input_has_an_empty_object_for_arguments() -> None:
    (call,) = fold(events(sse(start(), *tool_use(0, "a"), *stop("tool_use")))).tool_calls
    assert call.arguments == "{}"


def test_a_delta_that_says_more_than_is_documented_leaves_it_with_its_part() -> None:
    stream = sse(start(), *block(0, CALL, {"type": "input_json_delta", "partial_json": "", "new": 1}), *stop("tool_use"))
    (call,) = fold(events(stream)).tool_calls
    assert (call.arguments, call.extra) == ("{}", {"new": 1})


def test_a_call_cut_off_in_the_middle_keeps_what_came_of_its_arguments() -> None:
    folded = fold(events(sse(start(), *tool_use(0, "a", '{"x": "cut'), *stop("max_tokens"))))
    assert folded.tool_calls[0].arguments == '{"x": "cut'
    assert folded.finish == FinishReason("length", "max_tokens")


def test_usage_later_in_a_stream_replaces_and_never_adds() -> None:
    began = {"input_tokens": 10, "cache_read_input_tokens": 7, "output_tokens": 1, "service_tier": "standard"}
    stream = sse(
        start(usage=began), *text(0, "x"), *stop(usage={"input_tokens": 12, "output_tokens": 9, "cache_read_input_tokens": None})
    )
    folded = fold(events(stream))
    assert folded.usage.raw == {"input_tokens": 12, "cache_read_input_tokens": 7, "output_tokens": 9, "service_tier": "standard"}
    assert (folded.usage.uncached_input_tokens, folded.usage.cache_read_tokens, folded.usage.output_tokens) == (12, 7, 9)
    assert folded.service_tier == "standard"


def test_cache_writes_that_grow_in_a_stream_outdate_their_split() -> None:
    began = {"cache_creation_input_tokens": 5, "cache_creation": {"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 2}}
    used = fold(events(sse(start(usage=began), *stop(usage={"cache_creation_input_tokens": 9, "output_tokens": 1})))).usage
    assert (used.cache_write_5m_tokens, used.cache_write_1h_tokens, used.cache_write_tokens) == (7, 2, 9)


def test_a_message_that_begins_with_content_tells_it() -> None:
    """https://docs.claude.com/en/docs/agents-and-tools/tool-use/programmatic-tool-calling: no message_delta may follow."""
    call = {"type": "tool_use", "id": "a", "name": "look", "input": {"x": 1}, "caller": {"type": "code_execution"}}
    folded = fold(events(sse(start(content=[call], stop_reason="tool_use"), {"type": "message_stop"})))
    assert folded.finish == FinishReason("tool_calls", "tool_use")
    assert render(folded)["content"] == [call]


def test_blocks_that_share_an_index_stay_apart() -> None:
    stream = sse(start(), *text(0, "one"), *tool_use(0, "a", "{}"), *text(0, "two"), *stop())
    assert fold(events(stream)).parts == (Text("one"), ToolCall("a", "look", "{}"), Text("two"))


def test_a_block_that_is_never_stopped_ends_with_the_message() -> None:
    stream = sse(start(), *block(0, SEARCH)[:-1], *stop())
    assert fold(events(stream)).parts == (Opaque(SEARCH, origin=HERE),)


def test_a_plain_block_that_is_never_started_begins_with_its_first_delta() -> None:
    stream = sse(start(), *text(0, "Hi")[1:], *stop())
    assert fold(events(stream)).text == "Hi"


def test_an_empty_text_is_a_part_too() -> None:
    assert PartAdded(0, Text("")) in events(sse(start(), *text(0), *stop()))


@pytest.mark.parametrize(
    "noise", [b": comment\n\n", b"data: [DONE]\n\n", b"event: ping\ndata:\n\n", b"\n\n", b"id: 3\nretry: 5\n\n"]
)
def test_what_other_servers_add_is_passed_over(noise: bytes) -> None:
    assert events(noise + PLAIN + noise) == events(PLAIN)


def test_events_without_names_are_known_by_their_type() -> None:
    unnamed = b"".join(line + b"\n" for line in RICH.split(b"\n") if not line.startswith(b"event:"))
    assert events(unnamed) == events(RICH)


# -- streams that break ----------------------------------------------------------------------------


@pytest.mark.parametrize("left", range(1, 8))
def test_a_stream_that_ends_before_message_stop_is_no_success(left: int) -> None:
    cut = b"\n\n".join(PLAIN.split(b"\n\n")[:left])
    with pytest.raises(TransportFailed, match="acme/m: the stream ended before message_stop"):
        events(cut)


def test_an_error_in_the_stream_is_raised_behind_what_came_before() -> None:
    broken = sse(start(), *text(0, "Hi"), {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})
    seen, error = events_until_failure(broken)
    assert fold(seen).text == "Hi"
    assert isinstance(error, Overloaded)
    assert (error.type, error.wire, error.target) == ("overloaded_error", "anthropic-messages", TARGET)
    assert error.body == {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}


def test_an_error_event_counts_by_its_name_alone() -> None:
    _, error = events_until_failure(b'event: error\ndata: {"error": {"type": "rate_limit_error", "message": "slow"}}\n\n')
    assert isinstance(error, RateLimited)


@pytest.mark.parametrize(
    "stream",
    [
        b"event: message_start\ndata: <html>\n\n",
        b"data: [1]\n\n",
        b"event: ping\ndata: " + b"[" * 9999 + b"\n\n",
        b"event: content_block_delta\ndata: {\n\n",
        b'event: content_block_delta\ndata: {"x": "\xff"}\n\n',
        sse(*text(0, "Hi")),
        sse(*stop()),
        sse(start(), start()),
        sse(start(), *stop(), start()),
        sse(start(), *stop(), *text(0, "more")),
        sse(start(), {"type": "message_start"}),
        sse(start(), {"type": "content_block_start", "index": "0", "content_block": {}}),
        sse(start(), {"type": "content_block_start", "index": 0, "content_block": None}),
        sse(start(), {"type": "content_block_delta", "index": 0}),
        sse(start(), {"type": "content_block_stop"}),
        sse(start(), *tool_use(0, "a", "{}")[1:]),
    ],
    ids=range(16),
)
def test_what_is_not_the_protocol_is_a_fault_of_the_server(stream: bytes) -> None:
    with pytest.raises(ServerFault, match="acme/m: the stream does not speak Anthropic Messages: "):
        events(stream)


KINDS = [
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
    "x",
]
VALUES = st.none() | st.integers(0, 1) | st.text(max_size=2) | st.just({}) | st.just([])
INNER = st.dictionaries(
    st.sampled_from(["type", "text", "thinking", "content", "usage", "stop_reason", "input"]), VALUES, max_size=4
)
ANY = st.builds(
    lambda kind, index, inner, name: {"type": kind, "index": index, name: inner},
    st.sampled_from(KINDS),
    VALUES,
    INNER,
    st.sampled_from(["message", "content_block", "delta", "usage", "cost"]),
)


@given(st.lists(ANY | st.sampled_from([start(), *text(0, "x"), *tool_use(1, "a", "{"), *stop()]), max_size=8))
def test_whatever_a_server_streams_nothing_but_our_errors_is_raised(stream: list[dict[str, Any]]) -> None:
    with suppress(Error):
        fold(events(sse(*stream)))


def test_an_answer_that_breaks_off_leaves_its_beginning() -> None:
    begun = block(1, {"type": "text", "text": ""}, {"type": "text_delta", "text": "t"})[:-1]
    seen, _ = events_until_failure(sse(start(), *text(0, "one"), *begun))
    assert [part.text for part in fold(seen).parts if isinstance(part, Text)] == ["one", "t"]
    assert fold(seen).finish is None
