"""Streams of other protocols as a caller of Converse hears them, and how a stream says that it broke."""

from __future__ import annotations

import json
from typing import Any

import pytest
from converse_wire import SERVER, decode, merged, rendered, stream
from envelopes import enveloped

from turnout.errors import AllTargetsFailed, Error, Overloaded, RateLimited, RequestError, ServerFault
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
from turnout.testing.frames import aws_frames
from turnout.types import (
    ChatRequest,
    Citation,
    DataSource,
    FinishReason,
    Image,
    Opaque,
    Origin,
    Reasoning,
    Target,
    Text,
    ToolCall,
    Usage,
)
from turnout.wire.aws_events import AwsEventDecoder
from turnout.wire.seals import Thought

OTHER = Origin("openai-chat", "other")
STARTED = Started("c1", "gpt", origin=OTHER)
STOPPED = Finished(FinishReason("stop", "stop"))


def content(*said: Event) -> list[Any]:
    answer = merged(rendered([STARTED, *said, STOPPED]))
    blocks: list[Any] = answer["output"]["message"]["content"]
    return blocks


def test_a_stream_is_framed_with_names_and_types() -> None:
    (first, *_) = AwsEventDecoder().feed(rendered([STARTED, TextDelta("Hi"), STOPPED]))
    assert dict(first.headers) == {":event-type": "messageStart", ":content-type": "application/json", ":message-type": "event"}
    assert first.payload == b'{"role":"assistant"}'


def test_every_event_says_what_clients_read() -> None:
    usage = UsageReported(Usage(uncached_input_tokens=3, text_output_tokens=5, raw={"x": 1}, wire="openai-chat"))
    frames = aws_frames(rendered([STARTED, TextDelta("Hi"), ToolCallDelta(1, "a", "f", "{}"), STOPPED, usage]))
    assert [(frame.event, frame.value) for frame in frames] == [
        ("messageStart", {"role": "assistant"}),
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Hi"}}),
        ("contentBlockStop", {"contentBlockIndex": 0}),
        ("contentBlockStart", {"contentBlockIndex": 1, "start": {"toolUse": {"toolUseId": "a", "name": "f"}}}),
        ("contentBlockDelta", {"contentBlockIndex": 1, "delta": {"toolUse": {"input": "{}"}}}),
        ("contentBlockStop", {"contentBlockIndex": 1}),
        ("messageStop", {"stopReason": "tool_use"}),
        ("metadata", {"usage": {"inputTokens": 3, "outputTokens": 5, "totalTokens": 8}}),
    ]


def test_calls_that_come_at_the_same_time_are_told_one_after_the_other() -> None:
    said = (
        ToolCallDelta(1, "a", "f", '{"x":'),
        ToolCallDelta(2, "b", "g", '{"y":'),
        TextDelta("Hi", 0),
        ToolCallDelta(1, arguments="1}"),
        ToolCallDelta(2, arguments="2}"),
    )
    assert content(*said) == [
        {"toolUse": {"toolUseId": "a", "name": "f", "input": {"x": 1}}},
        {"toolUse": {"toolUseId": "b", "name": "g", "input": {"y": 2}}},
        {"text": "Hi"},
    ]


def test_a_call_without_arguments_is_a_call() -> None:
    assert content(ToolCallDelta(1, "a", "f"), TextDelta("x", 2)) == [
        {"toolUse": {"toolUseId": "a", "name": "f", "input": {}}},
        {"text": "x"},
    ]


def test_ids_are_brought_to_the_rules() -> None:
    blocks = content(ToolCallDelta(1, "call|1", "f", "{}"), ToolCallDelta(2, "", "g", "{}"))
    assert "|" not in blocks[0]["toolUse"]["toolUseId"]
    assert blocks[1]["toolUse"]["toolUseId"] == "tooluse_c1_2"


def test_seals_of_others_come_in_envelopes_and_opaque_blocks_stay_behind() -> None:
    said = (
        ReasoningDelta("hm", 0),
        SignatureDelta("secret", 0),
        PartAdded(1, Reasoning("", encrypted="secret", origin=OTHER)),
        PartAdded(2, Opaque({"secret": 1}, origin=OTHER)),
        PartAdded(3, Reasoning("aha", "secret", origin=OTHER)),
        ExtraReported({"secret": 1}, "part", index=0),
        ExtraReported({"secret": 1}),
        LogprobsDelta({"secret": 1}),
    )
    data = rendered([STARTED, *said, STOPPED])
    assert b"secret" not in data
    assert merged(data)["output"]["message"]["content"] == [
        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": enveloped(OTHER, "gpt", signed(2))}}},
        {"reasoningContent": {"redactedContent": enveloped(OTHER, "gpt", Thought(encrypted="secret"))}},
        {"reasoningContent": {"reasoningText": {"text": "aha", "signature": enveloped(OTHER, "gpt", signed(3))}}},
    ]


def signed(shown: int) -> Thought:
    return Thought(shown=shown, signature="secret")


def test_white_space_that_begins_a_text_waits_for_the_text() -> None:
    assert content(TextDelta("\n", 0), TextDelta(" ", 0), TextDelta("Hi", 0), TextDelta(" ", 1)) == [{"text": "\n Hi"}]


def test_refusals_sound_and_citations_are_told_as_far_as_they_can_be() -> None:
    cited = Citation(url="https://e.example", title="t", cited_text="q")
    said = (
        RefusalDelta("no", 0),
        AudioDelta(1, "AAAA", "sa"),
        AudioDelta(1, "AAAA", "id"),
        TextDelta("x", 2),
        CitationAdded(cited, 2),
        PartAdded(3, Text("y", (cited,))),
        PartAdded(4, Image(DataSource("aGk=", "image/png"))),
        PartAdded(5, Image(DataSource("aGk=", "image/tiff"))),
        PartAdded(6, ToolCall("a", "f", '{"z": 1}', extra={"index": 0}, origin=OTHER)),
        TextDelta("of another choice", 0, choice=1),
    )
    citation = {"title": "t", "sourceContent": [{"text": "q"}], "location": {"web": {"url": "https://e.example"}}}
    assert content(*said) == [
        {"text": "no"},
        {"text": "said"},
        {"citationsContent": {"content": [{"text": "x"}], "citations": [citation]}},
        {"citationsContent": {"content": [{"text": "y"}], "citations": [citation]}},
        {"image": {"format": "png", "source": {"bytes": "aGk="}}},
        {"toolUse": {"toolUseId": "a", "name": "f", "input": {"z": 1}}},
    ]


@pytest.mark.parametrize(
    ("finish", "raw"),
    [
        (FinishReason("length", "length"), "max_tokens"),
        (FinishReason("content_filter", "SAFETY"), "content_filtered"),
        (FinishReason("other", "LANGUAGE"), "LANGUAGE"),
        (FinishReason("tool_calls", "tool_calls"), "tool_use"),
    ],
)
def test_a_stream_that_was_cut_or_refused_is_never_told_as_whole(finish: FinishReason, raw: str) -> None:
    assert merged(rendered([STARTED, TextDelta("x"), Finished(finish)]))["stopReason"] == raw


def test_an_answer_that_does_not_say_why_it_ended_is_not_told_as_ended_well() -> None:
    """The protocol requires a reason, and the answer may have been cut off."""
    said = [STARTED, TextDelta("x")]
    assert merged(rendered(said))["stopReason"] == "other"
    assert json.loads(SERVER.render(fold(said)))["stopReason"] == "other"


def test_usage_that_came_last_is_told_behind_the_end() -> None:
    usage = UsageReported(Usage(uncached_input_tokens=1, cache_read_tokens=2, text_output_tokens=3))
    told = merged(rendered([STARTED, TextDelta("x"), STOPPED, usage]))["usage"]
    assert told == {"inputTokens": 1, "outputTokens": 3, "totalTokens": 6, "cacheReadInputTokens": 2}


# -- ways to break ---------------------------------------------------------------------------------


def broken(error: Error) -> tuple[str | None, Any]:
    renderer = SERVER.renderer(ChatRequest(model="m", messages=()))
    before = renderer.render(STARTED) + renderer.render(TextDelta("Hi"))
    frames = aws_frames(before + renderer.fail(error))
    assert [frame.event for frame in frames[:-1]] == ["messageStart", "contentBlockDelta"]
    return frames[-1].event, frames[-1].value


@pytest.mark.parametrize(
    ("error", "name"),
    [
        (RateLimited("slow"), "throttlingException"),
        (Overloaded("later"), "serviceUnavailableException"),
        (RequestError("bad"), "validationException"),
        (ServerFault("oh"), "internalServerException"),
        (AllTargetsFailed([(Target("a", "b"), RateLimited("slow"))]), "throttlingException"),
        (Error("something"), "internalServerException"),
    ],
)
def test_a_stream_that_broke_says_so_with_an_exception(error: Error, name: str) -> None:
    told, payload = broken(error)
    assert told == name
    assert payload["message"]


def test_an_exception_of_a_kind_that_streams_do_not_have_is_told_as_the_models() -> None:
    from turnout.errors import AuthenticationFailed

    assert broken(AuthenticationFailed("no"))[0] == "modelStreamErrorException"


def test_an_exception_of_this_protocol_goes_on_as_it_came() -> None:
    from converse_wire import START, events_until_failure, exception

    body = {"message": "oh", "originalStatusCode": 500}
    _, error = events_until_failure(stream(START) + exception("modelStreamErrorException", **body))
    assert broken(error) == ("modelStreamErrorException", body)


def test_a_message_that_broke_is_framed_as_an_exception() -> None:
    (event,) = AwsEventDecoder().feed(SERVER.renderer(ChatRequest(model="m", messages=())).fail(RateLimited("slow")))
    assert event.headers[":message-type"] == "exception"


def test_what_was_rendered_whole_decodes_to_what_was_rendered() -> None:
    data = merged(rendered([STARTED, TextDelta("Hi"), ToolCallDelta(1, "a", "f", '{"x": 1}'), STOPPED]))
    completion = decode(data)
    assert (completion.text, completion.tool_calls[0].name) == ("Hi", "f")
