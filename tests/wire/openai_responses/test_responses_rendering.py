"""Streams to callers: the whole grammar of the protocol, for events of any wire."""

from __future__ import annotations

import json
from typing import Any

import pytest
from responses_wire import (
    CODEC,
    SERVER,
    TARGET,
    answer,
    begun,
    call,
    completed,
    done,
    events,
    events_until_failure,
    hello,
    kinds,
    merged,
    message,
    output_text,
    rendered,
    said,
    sse,
)

from turnout.errors import Overloaded, RateLimited
from turnout.events import (
    AudioDelta,
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
from turnout.types import ChatRequest, Citation, FinishReason, Opaque, Origin, Reasoning, Text, ToolCall, Usage

CHAT = Origin("openai-chat", "other")
STARTED = Started("chatcmpl-1", "m", 7, CHAT)
STOP = Finished(FinishReason("stop", "stop"))


def test_a_stream_of_text_has_every_event_in_order() -> None:
    stream = rendered([STARTED, TextDelta("Hel"), TextDelta("lo"), STOP])
    assert kinds(stream) == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    (item,) = merged(stream)["output"]
    assert item == message({"type": "output_text", "text": "Hello", "annotations": []}, id="msg_chatcmpl-1_0")


def test_a_text_delta_is_the_documented_event() -> None:
    frames = sse_frames(rendered([STARTED, TextDelta("a"), TextDelta("\n\u2028ü"), STOP]))
    assert frames[5].event == "response.output_text.delta"
    assert frames[5].value == {
        "type": "response.output_text.delta",
        "item_id": "msg_chatcmpl-1_0",
        "output_index": 0,
        "content_index": 0,
        "delta": "\n\u2028ü",
        "logprobs": [],
        "sequence_number": 5,
    }


def test_reasoning_text_and_calls_are_items_one_after_the_other() -> None:
    stream = rendered(
        [
            STARTED,
            ReasoningDelta("Hm.", 0),
            SignatureDelta("opaque", 0),
            TextDelta("I look.", 1),
            ToolCallDelta(2, "call_1", "look", ""),
            ToolCallDelta(2, arguments='{"a":'),
            ToolCallDelta(2, arguments="1}"),
            ToolCallDelta(3, "call_2", "look", "{}"),
            Finished(FinishReason("tool_calls", "tool_calls")),
            UsageReported(Usage(uncached_input_tokens=3, cache_read_tokens=2, text_output_tokens=4, reasoning_tokens=1)),
        ]
    )
    whole = merged(stream)
    assert [item["type"] for item in whole["output"]] == ["reasoning", "message", "function_call", "function_call"]
    thought, _, one, two = whole["output"]
    assert thought["summary"] == [{"type": "summary_text", "text": "Hm."}]
    assert "opaque" not in json.dumps(whole)
    assert (one["call_id"], one["arguments"], one["id"] != one["call_id"]) == ("call_1", '{"a":1}', True)
    assert (two["call_id"], two["arguments"]) == ("call_2", "{}")
    assert whole["usage"] == {
        "input_tokens": 5,
        "input_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 0},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 1},
        "total_tokens": 10,
    }
    order = [kind for kind in kinds(stream) if "item" in kind]
    assert order[:4] == ["response.output_item.added", "response.output_item.done"] * 2


def test_calls_whose_pieces_are_mixed_keep_apart() -> None:
    whole = merged(
        rendered(
            [
                STARTED,
                ToolCallDelta(1, "call_1", "look", '{"a"'),
                ToolCallDelta(2, "call_2", "look", '{"b"'),
                ToolCallDelta(1, arguments=":1}"),
                ToolCallDelta(2, arguments=":2}"),
                STOP,
            ]
        )
    )
    assert [(item["call_id"], item["arguments"]) for item in whole["output"]] == [("call_1", '{"a":1}'), ("call_2", '{"b":2}')]


def test_text_that_goes_on_after_a_call_is_a_message_of_its_own() -> None:
    happened: list[Event] = [STARTED, TextDelta("a", 0), ToolCallDelta(9, "c", "look", "{}"), TextDelta("b", 0), STOP]
    whole = merged(rendered(happened))
    assert [item["type"] for item in whole["output"]] == ["message", "function_call", "message"]
    assert [item["content"][0]["text"] for item in whole["output"] if "content" in item] == ["a", "b"]


def test_several_texts_of_one_turn_are_parts_of_one_message() -> None:
    (item,) = merged(rendered([STARTED, TextDelta("a", 0), TextDelta("b", 1), RefusalDelta("no", 2), STOP]))["output"]
    assert [part["type"] for part in item["content"]] == ["output_text", "output_text", "refusal"]


def test_a_plan_and_an_answer_are_messages_of_their_own_with_their_phase() -> None:
    plan, spoken = Text("", phase="commentary"), Text("", phase="final_answer")
    happened = [STARTED, PartAdded(0, plan), TextDelta("a", 0), PartAdded(1, spoken), TextDelta("b", 1), STOP]
    assert [item["phase"] for item in merged(rendered(happened))["output"]] == ["commentary", "final_answer"]


def test_citations_sound_and_free_text_have_their_events() -> None:
    stream = rendered(
        [
            STARTED,
            TextDelta("Hello", 0),
            CitationAdded(Citation(url="https://x.test", title="X"), 0),
            CitationAdded(Citation(cited_text="a place in a document"), 0),
            PartAdded(1, ToolCall("c", "sql", "", custom=True)),
            ToolCallDelta(1, arguments="SELECT"),
            AudioDelta(2, "AAAA", "spoken"),
            STOP,
        ]
    )
    first, sql, sound = merged(stream)["output"]
    page = {"type": "url_citation", "url": "https://x.test", "title": "X", "start_index": 0, "end_index": 5}
    assert first["content"][0]["annotations"] == [page]
    assert (sql["type"], sql["input"]) == ("custom_tool_call", "SELECT")
    assert sound["content"][0]["text"] == "spoken"
    assert "response.output_text.annotation.added" in kinds(stream)
    assert "response.custom_tool_call_input.delta" in kinds(stream)


def test_what_means_nothing_here_makes_no_item() -> None:
    happened: list[Event] = [
        STARTED,
        PartAdded(0, Reasoning("", encrypted="sealed", origin=Origin("openai-chat"))),  # nobody says whose it is
        PartAdded(1, Opaque({"type": "server_tool_use"}, origin=CHAT)),
        PartAdded(2, Text("")),
        TextDelta("x", 3, choice=1),
        STOP,
    ]
    assert merged(rendered(happened))["output"] == []


@pytest.mark.parametrize(
    ("finish", "kind", "reason"),
    [
        ("stop", "response.completed", None),
        ("tool_calls", "response.completed", None),
        ("length", "response.incomplete", "max_output_tokens"),
        ("pause", "response.incomplete", "max_output_tokens"),
        ("content_filter", "response.incomplete", "content_filter"),
        ("refusal", "response.incomplete", "content_filter"),
        ("other", "response.incomplete", None),
        ("error", "response.failed", None),
    ],
)
def test_a_truncated_or_refused_answer_never_ends_as_completed(finish: Any, kind: str, reason: str | None) -> None:
    last = sse_frames(rendered([STARTED, TextDelta("x"), Finished(FinishReason(finish, "raw"))]))[-1].value
    assert last["type"] == kind
    assert last["response"]["status"] == kind.removeprefix("response.")
    assert (last["response"]["incomplete_details"] or {}).get("reason") == reason


def test_an_answer_that_does_not_say_why_it_ended_is_not_told_as_completed() -> None:
    said = [STARTED, TextDelta("x")]
    assert sse_frames(rendered(said))[-1].value["type"] == "response.incomplete"
    assert json.loads(SERVER.render(fold(said)))["status"] == "incomplete"


def test_a_stream_of_this_protocol_comes_out_as_it_went_in() -> None:
    stream = rendered(events(hello()))
    assert kinds(stream)[:4] == kinds(hello())[:4]
    item = message(output_text("Hello, world"))
    assert merged(stream) == answer(item)


def test_a_tool_that_the_provider_runs_is_told_when_it_begins_and_when_it_is_done() -> None:
    search, spoken = {"type": "web_search_call", "id": "ws", "status": "completed"}, message(output_text("x"))
    came = [{"type": "response.output_item.added", "output_index": 0, "item": {**search, "status": "in_progress"}}]
    stream = rendered(events(sse(*begun(), *came, done(0, search), *said(1, spoken, "x"), completed(search, spoken))))
    told = [frame.value["item"]["status"] for frame in sse_frames(stream) if frame.value.get("output_index") == 0]
    assert told == ["in_progress", "completed"]
    assert merged(stream)["output"] == [search, spoken]


def test_a_whole_part_that_comes_at_once_is_said_in_full() -> None:
    cited = (Citation(url="https://x.test", title="X", start=0, end=1),)
    happened: list[Event] = [STARTED, PartAdded(0, Text("x", cited)), PartAdded(1, ToolCall("c", "look", '{"a":1}')), STOP]
    first, second = merged(rendered(happened))["output"]
    assert first["content"][0]["text"] == "x"
    assert len(first["content"][0]["annotations"]) == 1
    assert second["arguments"] == '{"a":1}'


def test_the_last_event_states_the_same_items_as_those_before_it() -> None:
    stream = rendered([STARTED, TextDelta("a", 0), ToolCallDelta(1, "", "look", ""), STOP])
    last = sse_frames(stream)[-1].value["response"]
    assert last["output"] == merged(stream)["output"]
    assert last["output"][1]["call_id"]  # a call without an id gets one, or no result could name it


def test_a_stream_and_a_whole_answer_say_the_same() -> None:
    happened: list[Event] = [STARTED, ReasoningDelta("Hm.", 0), TextDelta("x", 1), ToolCallDelta(2, "c", "look", "{}"), STOP]
    whole = json.loads(SERVER.render(fold(happened)))
    streamed = sse_frames(rendered(happened))[-1].value["response"]
    assert {name: value for name, value in streamed.items() if value is not None} == {
        name: value for name, value in whole.items() if value is not None
    }


def test_a_stream_that_breaks_says_the_error_and_that_the_response_failed() -> None:
    renderer = SERVER.renderer(ChatRequest(model="m", messages=()))
    before = renderer.render(STARTED) + renderer.render(TextDelta("x"))
    stream = before + renderer.fail(Overloaded("no capacity"))
    told, failed = (frame.value for frame in sse_frames(stream)[-2:])
    assert (told["type"], told["message"], told["error"]["message"]) == ("error", "no capacity", "no capacity")
    assert failed["type"] == "response.failed"
    assert (failed["response"]["status"], failed["response"]["error"]["message"]) == ("failed", "no capacity")
    assert "response.completed" not in kinds(stream)


def test_a_stream_that_was_passed_on_and_breaks_begins_no_second_response() -> None:
    (frame,) = sse_frames(SERVER.renderer(ChatRequest(model="m", messages=())).fail(Overloaded("no capacity")))
    assert (frame.value["type"], frame.value["message"]) == ("error", "no capacity")


def test_the_providers_own_error_is_said_in_its_own_words() -> None:
    error = {"type": "tokens", "code": "rate_limit_exceeded", "message": "Slow down.", "param": None}
    seen, failure = events_until_failure(sse(*begun(), {"type": "error", "error": error}))
    assert isinstance(failure, RateLimited)
    renderer = SERVER.renderer(ChatRequest(model="m", messages=()))
    stream = b"".join(renderer.render(event) for event in seen) + renderer.fail(failure)
    assert kinds(stream) == ["response.created", "response.in_progress", "error", "response.failed"]
    assert sse_frames(stream)[2].value["error"] == error


def test_a_rendered_stream_can_be_read_again() -> None:
    happened: list[Event] = [STARTED, ReasoningDelta("Hm.", 0), TextDelta("x", 1), ToolCallDelta(2, "c", "look", "{}"), STOP]
    decoder = CODEC.decoder(TARGET)
    again = fold([*decoder.feed(rendered(happened)), *decoder.close()])
    assert (again.reasoning, again.text) == ("Hm.", "x")
    assert [(part.id, part.name, part.arguments) for part in again.tool_calls] == [("c", "look", "{}")]
    assert call("c")["call_id"] == "c"
