"""OpenAI Chat answers, from literal bytes: what is read, and that it comes out of the same wire as it went in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from envelopes import enveloped

from turnout.errors import ServerFault
from turnout.types import (
    Audio,
    Completion,
    DataSource,
    FinishReason,
    HttpResponse,
    Opaque,
    Reasoning,
    Refusal,
    Target,
    Text,
    ToolCall,
)
from turnout.wire.openai_chat import WIRE
from turnout.wire.seals import Thought

TARGET = Target("acme", "m")


def decode(message: dict[str, Any], finish: str | None = "stop", **more: Any) -> Completion:
    assert WIRE.chat is not None
    return WIRE.chat.decode(HttpResponse(status=200, body=json.dumps(answer(message, finish, **more)).encode()), TARGET)


def answer(message: dict[str, Any], finish: str | None = "stop", **more: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    return {"id": "c1", "object": "chat.completion", "created": 7, "model": "m-1", "choices": [choice], **more}


def render(completion: Completion) -> Any:
    assert WIRE.server is not None
    return json.loads(WIRE.server.render(completion))


def call(id: str = "call_1", arguments: str = '{"city": "Oslo"}') -> dict[str, Any]:
    return {"id": id, "type": "function", "function": {"name": "weather", "arguments": arguments}}


def test_text_beside_tool_calls_is_kept() -> None:
    done = decode({"content": "Let me look.", "tool_calls": [call()]}, "tool_calls")
    assert done.parts == (Text("Let me look."), ToolCall("call_1", "weather", '{"city": "Oslo"}'))
    assert done.finish == FinishReason("tool_calls", "tool_calls")


def test_invalid_arguments_are_kept_as_the_model_wrote_them() -> None:
    assert decode({"content": None, "tool_calls": [call(arguments='{"city": Os')]}).tool_calls[0].arguments == '{"city": Os'


def test_an_answer_that_calls_tools_finished_in_order_to_whatever_the_provider_says() -> None:
    assert decode({"content": None, "tool_calls": [call()]}, "stop").finish == FinishReason("tool_calls", "stop")


@pytest.mark.parametrize(
    ("raw", "unified"),
    [("length", "length"), ("content_filter", "content_filter"), ("model_length", "length"), ("brand_new", "other")],
)
def test_no_other_reason_becomes_stop(raw: str, unified: str) -> None:
    finish = decode({"content": "x"}, raw).finish
    assert finish is not None
    assert (finish.unified, finish.raw) == (unified, raw)


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_both_names_for_reasoning_are_read_and_returned_under_their_own(field: str) -> None:
    done = decode({"content": "4", field: "2+2"})
    assert (done.reasoning, done.text) == ("2+2", "4")
    assert render(done)["choices"][0]["message"][field] == "2+2"


def test_mistral_thinks_in_content_parts() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}
    done = decode({"content": [thinking, {"type": "text", "text": "yes"}]})
    assert isinstance(done.parts[0], Reasoning)
    assert (done.reasoning, done.text) == ("hm", "yes")


def test_a_refusal_is_no_text() -> None:
    done = decode({"content": None, "refusal": "I cannot."})
    assert (done.text, done.refusal) == ("", "I cannot.")
    assert isinstance(done.parts[0], Refusal)


def test_url_citations_hang_on_the_text_they_count_in() -> None:
    cited = {"type": "url_citation", "url_citation": {"start_index": 0, "end_index": 4, "title": "T", "url": "https://t.test"}}
    done = decode({"content": "Oslo", "annotations": [cited]})
    (text,) = done.parts
    assert isinstance(text, Text)
    assert [(it.url, it.start, it.end) for it in text.citations] == [("https://t.test", 0, 4)]


def test_spoken_answers_keep_their_transcript_and_id() -> None:
    done = decode({"content": None, "audio": {"id": "a1", "data": "UklG", "expires_at": 9, "transcript": "hi"}})
    (audio,) = done.parts
    assert isinstance(audio, Audio)
    assert (audio.source, audio.transcript, audio.extra) == (DataSource("UklG"), "hi", {"id": "a1", "expires_at": 9})


def test_a_call_nobody_knows_stays_whole_in_its_place() -> None:
    strange = {"id": "x", "type": "computer", "computer": {"action": "click"}}
    done = decode({"content": None, "tool_calls": [strange]})
    assert done.parts == (Opaque(strange, slot="tool_calls", origin=done.origin),)
    assert render(done)["choices"][0]["message"]["tool_calls"] == [strange]


@pytest.mark.parametrize(
    "message",
    [
        {"content": "hi"},
        {"content": "", "refusal": None, "annotations": []},
        {"content": None, "tool_calls": [call("a"), call("b")]},
        {"content": "x", "tool_calls": None, "audio": None},
        {"content": None, "tool_calls": [{"id": "", "function": {"name": "f", "arguments": {"already": "parsed"}}}]},
        {"content": None, "tool_calls": [{"type": "custom", "id": "c", "custom": {"name": "sql", "input": "select 1"}}]},
        {"content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"content": "x", "reasoning": "r", "reasoning_details": [{"type": "reasoning.text", "text": "r", "index": 0}]},
        {"content": "x", "reasoning": "r", "reasoning_content": "r"},
        {"content": [{"type": "text", "text": "a"}, {"type": "reference", "reference_ids": [1]}]},
        {"content": "x", "annotations": [{"type": "file", "file": {"name": "a.pdf"}}]},
        {"content": "x", "something": {"new": [1, None]}},
    ],
)
def test_every_message_comes_out_as_it_went_in(message: dict[str, Any]) -> None:
    whole = answer(message, logprobs=None, system_fingerprint="fp", x_groq={"id": "r"})
    whole["choices"][0] |= {"logprobs": {"content": []}, "native_finish_reason": "stop"}
    assert WIRE.chat is not None
    done = WIRE.chat.decode(HttpResponse(status=200, body=json.dumps(whole).encode()), TARGET)
    assert render(done) == whole


def test_what_a_server_leaves_out_is_not_invented_for_its_own_protocol() -> None:
    bare = {"choices": answer({"content": "x"})["choices"]}
    assert WIRE.chat is not None
    done = WIRE.chat.decode(HttpResponse(status=200, body=json.dumps(bare).encode()), TARGET)
    assert render(done) == {"object": "chat.completion"} | bare


def test_several_choices_keep_their_indexes() -> None:
    whole = answer({"content": "a"})
    whole["choices"].append({"index": 1, "message": {"role": "assistant", "content": "b"}, "finish_reason": "length"})
    assert WIRE.chat is not None
    done = WIRE.chat.decode(HttpResponse(status=200, body=json.dumps(whole).encode()), TARGET)
    assert [(choice.index, choice.message.text) for choice in done.choices] == [(0, "a"), (1, "b")]
    assert render(done) == whole


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"choices": 3}', b'{"choices": [3]}', b"[" * 100_000])
def test_an_answer_of_another_protocol_is_the_servers_fault(body: bytes) -> None:
    assert WIRE.chat is not None
    with pytest.raises(ServerFault):
        WIRE.chat.decode(HttpResponse(status=200, body=body), TARGET)


def test_an_error_inside_a_200_is_an_error() -> None:
    assert WIRE.chat is not None
    body = b'{"error": {"message": "Provider returned error", "code": 502}}'
    with pytest.raises(ServerFault, match="Provider returned error") as caught:
        WIRE.chat.decode(HttpResponse(status=200, body=body), TARGET)
    assert caught.value.status == 502


def test_a_foreign_answer_is_rendered_as_callers_of_this_protocol_expect() -> None:
    from turnout.types import Choice, Message, Origin, Usage

    origin = Origin("anthropic-messages", "anthropic")
    parts = (Reasoning("hm", "sig", origin=origin), Text("It is "), Text("12 °C."), ToolCall("t1", "weather", "{}"))
    done = Completion(
        id="msg_1",
        model="claude",
        choices=(Choice(message=Message("assistant", parts, origin=origin), finish=FinishReason("tool_calls", "tool_use")),),
        usage=Usage(uncached_input_tokens=5, cache_read_tokens=10, text_output_tokens=7),
        origin=origin,
    )
    assert render(done) == {
        "id": "msg_1",
        "object": "chat.completion",
        "created": 0,
        "model": "claude",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": "It is 12 °C.",
                    "reasoning_content": "hm",
                    "reasoning_details": [
                        {
                            "type": "reasoning.encrypted",
                            "data": enveloped(origin, "claude", Thought("hm", signature="sig")),
                            "format": "turnout.v1",
                            "index": 0,
                        }
                    ],
                    "tool_calls": [{"id": "t1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}],
                },
                "finish_reason": "tool_calls",
            }
        ],
        "usage": {
            "prompt_tokens": 15,
            "completion_tokens": 7,
            "total_tokens": 22,
            "prompt_tokens_details": {"cached_tokens": 10},
        },
    }
