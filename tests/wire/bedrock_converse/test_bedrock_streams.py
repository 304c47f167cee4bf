"""Streams of Converse: the same events at every cutting, the same answer as the whole one, and every way to break."""

from __future__ import annotations

from typing import Any

import pytest
from converse_wire import (
    CLAUDE,
    REFERENCE,
    START,
    Said,
    answer,
    begin,
    decode,
    delta,
    end,
    events,
    events_until_failure,
    exception,
    frame,
    merged,
    message,
    render,
    rendered,
    stop,
    stream,
    text,
    tool_use,
)

from turnout.errors import (
    ContextTooLong,
    Error,
    Overloaded,
    RateLimited,
    RequestError,
    ServerFault,
    TransportFailed,
)
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
from turnout.testing.frames import aws_frames
from turnout.types import Citation, FinishReason, Opaque, Origin, Reasoning, Text, ToolCall

ORIGIN = Origin("bedrock-converse", "bedrock")
THOUGHT = (
    delta(0, reasoningContent={"text": "h"}),
    delta(0, reasoningContent={"text": "m"}),
    delta(0, reasoningContent={"signature": "c2ln"}),
    stop(0),
)
CITED = {"title": "t", "sourceContent": [{"text": "q"}], "location": {"documentChar": {"documentIndex": 0, "start": 1, "end": 2}}}
RAN: tuple[Said, ...] = (
    begin(0, toolUse={"toolUseId": "s1", "name": "run", "type": "server_tool_use"}),
    delta(0, toolUse={"input": '{"code":'}),
    delta(0, toolUse={"input": ' "1"}'}),
    stop(0),
    begin(1, toolResult={"toolUseId": "s1", "status": "success", "type": "ran"}),
    delta(1, toolResult=[{"json": {"out": "1"}}]),
    delta(1, toolResult=[{"text": "done"}]),
    stop(1),
)
STREAMS: dict[str, tuple[Said, ...]] = {
    "text": (START, *text(0, "Hel", "lo"), *end()),
    "text that is announced": (START, begin(0), *text(0, "Hi"), *end()),
    "nothing": (START, *end()),
    "a block that says nothing": (START, stop(0), *end()),
    "reasoning": (START, *THOUGHT, *text(1, "Hi"), *end()),
    "redacted": (START, delta(0, reasoningContent={"redactedContent": "eHl6"}), stop(0), *end()),
    "redacted in pieces": (
        *(START, delta(0, reasoningContent={"redactedContent": "eA=="}), delta(0, reasoningContent={"redactedContent": "eXo="})),
        *(stop(0), *end()),
    ),
    "calls": (START, *text(0, "I look."), *tool_use(1, "a", "", '{"x":', " 1}"), *tool_use(2, "b"), *end("tool_use")),
    "a call that says its type": (START, *tool_use(0, "a", "{}", type="tool_use"), *end("tool_use")),
    "a call cut off": (START, *tool_use(0, "a", '{"x":'), *end("max_tokens")),
    "tools of the provider": (START, *RAN, *text(2, "Done."), *end()),
    "citations": (START, *text(0, "a"), delta(1, citation=CITED), delta(1, text="b"), stop(1), *end()),
    "citations of nothing": (START, delta(0, citation=CITED), stop(0), *end()),
    "an image": (
        *(START, begin(0, image={"format": "png"}), delta(0, image={"source": {"bytes": "aGk="}}), stop(0), *end()),
    ),
    "metadata first": (START, *text(0, "Hi"), *reversed(end())),
    "no metadata": (START, *text(0, "Hi"), end()[0]),
    "no start and no stops": (delta(0, text="Hi"), begin(1, toolUse={"toolUseId": "a", "name": "look"}), end("tool_use")[0]),
    "all that metadata says": (
        *(START, *text(0, "Hi")),
        *end(trace={"guardrail": {}}, performanceConfig={"latency": "standard"}, serviceTier={"type": "flex"}),
    ),
    "fields beside the reason": (
        *(START, *text(0, "Hi")),
        ("messageStop", {"stopReason": "stop_sequence", "additionalModelResponseFields": {"delta": {"stop_sequence": "END"}}}),
        end()[1],
    ),
    "gaps between indexes": (START, *text(0, "a"), *tool_use(7, "a", "{}"), *end("tool_use")),
}  # fmt: skip
each_stream = pytest.mark.parametrize("said", STREAMS.values(), ids=STREAMS.keys())


@each_stream
@pytest.mark.parametrize("size", [1, 2, 7, 64])
def test_a_stream_means_the_same_however_it_is_cut(said: tuple[Said, ...], size: int) -> None:
    assert events(stream(*said), size) == events(stream(*said))


@each_stream
def test_a_stream_adds_up_to_the_whole_answer(said: tuple[Said, ...]) -> None:
    whole = REFERENCE.merge(aws_frames(stream(*said)))
    assert render(fold(events(stream(*said)))) == render(decode(whole)) == whole


@each_stream
def test_a_stream_comes_out_as_it_came_in(said: tuple[Said, ...]) -> None:
    whole = REFERENCE.merge(aws_frames(stream(*said)))
    assert merged(rendered(events(stream(*said)))) == whole


def test_the_events_of_a_plain_stream() -> None:
    said = (START, *THOUGHT, *text(1, "Hel", "lo"), *tool_use(2, "a", '{"x":', "1}"), *end("tool_use"))
    started, *rest, finished, used, extra = events(stream(*said))
    assert started == Started("", CLAUDE, origin=ORIGIN)
    assert rest == [
        ReasoningDelta("h", 0),
        ReasoningDelta("m", 0),
        SignatureDelta("c2ln", 0),
        TextDelta("Hel", 1),
        TextDelta("lo", 1),
        ToolCallDelta(2, "a", "look"),
        ToolCallDelta(2, arguments='{"x":'),
        ToolCallDelta(2, arguments="1}"),
    ]
    assert finished == Finished(FinishReason("tool_calls", "tool_use"))
    assert isinstance(used, UsageReported)
    assert used.usage.total_tokens == 15
    assert extra == ExtraReported({"metrics": {"latencyMs": 9}})


def test_what_came_whole_is_told_whole() -> None:
    said = events(stream(START, *RAN, delta(2, reasoningContent={"redactedContent": "eA=="}), stop(2), *end()))
    parts = [event.part for event in said if isinstance(event, PartAdded)]
    assert [type(part) for part in parts] == [Opaque, Opaque, Reasoning]
    assert parts[0] == Opaque(
        {"toolUse": {"toolUseId": "s1", "name": "run", "type": "server_tool_use", "input": {"code": "1"}}}, origin=ORIGIN
    )


def test_citations_belong_to_their_text() -> None:
    said = events(stream(START, delta(0, citation=CITED), delta(0, text="b"), stop(0), *end()))
    extra = {"location": {"documentChar": {"documentIndex": 0, "start": 1, "end": 2}}}
    assert CitationAdded(Citation(title="t", cited_text="q", extra=extra), 0) in said
    assert fold(said).parts == (Text("b", (Citation(title="t", cited_text="q", extra=extra),)),)


def test_padding_says_nothing() -> None:
    padded = [(name, {**payload, "p": "abcdefg"}) for name, payload in (START, *text(0, "Hi"), *end())]
    assert events(stream(*padded)) == events(stream(START, *text(0, "Hi"), *end()))


def test_padding_that_is_no_text_is_kept() -> None:
    said = events(stream(START, ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Hi"}, "p": 5}), *end()))
    assert ExtraReported({"p": 5}) in said


def test_what_nobody_knows_is_kept() -> None:
    said = stream(
        ("messageStart", {"role": "assistant", "later": 1}),
        *text(0, "a"),
        delta(1, text="b", odd=2),
        delta(1, reasoningContent={"text": "in a text"}),
        stop(1),
        begin(2, hologram={"depth": 3}),
        delta(2, hologram={"pixels": 4}),
        stop(2),
        delta(3, hologram={"alone": 5}),
        stop(3),
        delta(4, reasoningContent={"text": "h", "unheard": 6}),
        ("newEvent", {"x": 7}),
        *end(),
    )
    completion = fold(events(said))
    assert completion.extra == {"later": 1, "newEvent": {"x": 7}, "metrics": {"latencyMs": 9}}
    assert [part.extra for part in completion.parts[:2]] == [None, {"odd": 2, "reasoningContent": {"text": "in a text"}}]
    assert completion.parts[2:4] == (
        Opaque({"hologram": {"depth": 3, "pixels": 4}}, origin=ORIGIN),
        Opaque({"hologram": {"alone": 5}}, origin=ORIGIN),
    )
    assert completion.parts[4].extra == {"reasoningContent": {"unheard": 6}}


def test_a_block_that_comes_twice_is_two_parts() -> None:
    said = (START, *text(0, "a"), *tool_use(0, "x", "{}"), *end())
    assert fold(events(stream(*said))).parts == (Text("a"), ToolCall("x", "look", "{}"))


def test_a_block_that_starts_while_it_is_open_ends_first() -> None:
    said = (START, begin(0, toolUse={"toolUseId": "x", "name": "look"}), *tool_use(0, "y", '{"a":1}'), *end())
    assert fold(events(stream(*said))).tool_calls == (ToolCall("x", "look", "{}"), ToolCall("y", "look", '{"a":1}'))


# -- ways to break ---------------------------------------------------------------------------------

WHOLE = (START, *text(0, "Hel", "lo"), *end())


@pytest.mark.parametrize("count", range(4))
def test_a_stream_that_stops_before_its_end_is_never_whole(count: int) -> None:
    seen, error = events_until_failure(stream(*WHOLE[:count]))
    assert isinstance(error, TransportFailed)
    assert "before messageStop" in str(error)
    assert [event for event in seen if isinstance(event, TextDelta)] == [TextDelta("Hel", 0), TextDelta("lo", 0)][
        : max(0, count - 1)
    ]


def test_a_stream_that_stops_inside_an_event_is_never_whole() -> None:
    _, error = events_until_failure(stream(*WHOLE)[:-1])
    assert isinstance(error, TransportFailed)
    assert "inside an event" in str(error)


@pytest.mark.parametrize(
    ("name", "payload", "kind"),
    [
        ("throttlingException", {"message": "Too many tokens"}, RateLimited),
        ("serviceUnavailableException", {"message": "later"}, Overloaded),
        ("internalServerException", {"message": "oh"}, ServerFault),
        ("modelStreamErrorException", {"message": "oh", "originalStatusCode": 500, "originalMessage": "boom"}, ServerFault),
        ("modelStreamErrorException", {"originalMessage": "boom"}, ServerFault),
        ("validationException", {"message": "bad"}, RequestError),
        ("validationException", {"message": "Input is too long for requested model."}, ContextTooLong),
        ("somethingNewException", {"message": "oh"}, ServerFault),
    ],
)
@pytest.mark.parametrize("size", [None, 1])
def test_an_exception_inside_the_stream_is_raised_after_what_came_before(
    name: str, payload: dict[str, Any], kind: type[Error], size: int | None
) -> None:
    seen, error = events_until_failure(stream(*WHOLE[:2]) + exception(name, **payload))
    assert type(error) is kind
    assert (error.status, error.body, error.wire) == (None, payload, "bedrock-converse")
    assert error.type == name[0].upper() + name[1:]
    assert str(payload.get("message") or payload["originalMessage"]) in str(error)
    assert seen[-1] == TextDelta("Hel", 0)


def test_an_error_that_is_not_modeled_is_an_error_too() -> None:
    headers = {":message-type": "error", ":error-code": "InternalFailure", ":error-message": "boom"}
    _, error = events_until_failure(stream(START) + message(headers))
    assert isinstance(error, ServerFault)
    assert (error.type, "boom" in str(error)) == ("InternalFailure", True)


@pytest.mark.parametrize(
    "bad",
    [
        frame("contentBlockDelta", b"{"),
        frame("contentBlockDelta", b"[]"),
        frame("contentBlockDelta", b'{"contentBlockIndex":"0","delta":{}}'),
        frame("contentBlockStart", b'{"contentBlockIndex":0}'),
        frame("contentBlockStop", b"{}"),
        frame("contentBlockDelta", b'{"contentBlockIndex":5,"delta":{"toolUse":{"input":"{}"}}}'),
        frame("metadata", b"\xff"),
        b"data: {}\n\ndata: [DONE]\n\n",
        b"<html>" * 9,
    ],
)
def test_what_is_not_the_protocol_is_a_fault_of_the_server(bad: bytes) -> None:
    _, error = events_until_failure(stream(*WHOLE[:2]) + bad)
    assert isinstance(error, ServerFault)


@pytest.mark.parametrize("late", [delta(0, text="x"), begin(1), stop(0), ("messageStop", {})])
def test_nothing_is_said_after_the_end(late: Said) -> None:
    _, error = events_until_failure(stream(*WHOLE, late))
    assert isinstance(error, ServerFault)
    assert "messageStop" in str(error)


def test_a_usage_that_comes_before_the_end_counts() -> None:
    usage = {"usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}}
    assert fold(events(stream(START, ("metadata", usage), *text(0, "Hi"), end()[0]))).usage.total_tokens == 3


def test_the_tier_that_was_billed_is_known_at_the_end() -> None:
    assert fold(events(stream(START, *text(0, "Hi"), *end(serviceTier={"type": "flex"})))).service_tier == "flex"


def test_a_whole_answer_and_its_stream_have_the_same_parts() -> None:
    said = (START, *THOUGHT, *text(1, "Hi"), *tool_use(2, "a", '{"x": 1}'), *end("tool_use"))
    whole = answer(
        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "c2ln"}}},
        {"text": "Hi"},
        {"toolUse": {"toolUseId": "a", "name": "look", "input": {"x": 1}}},
    )
    assert fold(events(stream(*said))).parts == decode(whole).parts
