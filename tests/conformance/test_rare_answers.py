"""What no recording holds but providers may say: hand-written exchanges through the checks that the recorded ones go through."""

from __future__ import annotations

import json

import pytest

from turnout.registry import Registry
from turnout.testing import Exchange, examine
from turnout.testing.routes import route_of
from turnout.types import HttpRequest, HttpResponse

OPENAI = "https://api.openai.com/v1/chat/completions"
ANTHROPIC = "https://api.anthropic.com/v1/messages"
CHUNK = {"id": "c1", "object": "chat.completion.chunk", "created": 5, "model": "m"}
START = {
    "type": "message_start",
    "message": {
        "id": "m1",
        "type": "message",
        "role": "assistant",
        "model": "c",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 3, "output_tokens": 1},
    },
}
OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}


def unexplained(url, body, *, status=200, framing="json", headers=None):
    exchange = Exchange(
        id="rare",
        provider="acme",
        endpoint="rare",
        request=HttpRequest(method="POST", url=url),
        response=HttpResponse(status=status, headers=headers or {}, body=body),
        framing=framing,
    )
    route = route_of(exchange)
    return examine(exchange, Registry().wires.get(route.wire), route=route).unexplained


# -- Chat Completions -----------------------------------------------------------------------------------------------------


def delta(finish=None, index=0, **fields):
    return {**CHUNK, "choices": [{"index": index, "delta": fields, "finish_reason": finish}]}


def call(index, identity, name, arguments):
    return {"index": index, "id": identity, "type": "function", "function": {"name": name, "arguments": arguments}}


CITATION = {"type": "url_citation", "url_citation": {"url": "u", "title": "t", "start_index": 0, "end_index": 2}}
LOGPROBS = {"content": [{"token": "hi", "logprob": -1.5, "bytes": [1], "top_logprobs": []}], "refusal": None}
TOTAL = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}

CHUNKS = {
    "it is cut off by its limit before a word": [delta(role="assistant", content=""), delta("length")],
    "usage comes after the end, without choices": [delta(content="hi"), delta("stop"), {**CHUNK, "choices": [], "usage": TOTAL}],
    "it refuses": [delta(role="assistant", refusal="no"), delta("stop")],
    "calls have no index": [delta(tool_calls=[call(None, "a", "f", "{}"), call(None, "b", "g", "{}")]), delta("tool_calls")],
    "all calls have the index 0": [
        delta(tool_calls=[call(0, "a", "f", "{}")]),
        delta(tool_calls=[call(0, "b", "g", "{}")]),
        delta("tool_calls"),
    ],
    "calls are numbered from 1": [delta(tool_calls=[call(1, "a", "f", "{}")]), delta("tool_calls")],
    "it has log probabilities": [
        {**CHUNK, "choices": [{"index": 0, "delta": {"content": "hi"}, "logprobs": LOGPROBS}]},
        delta("stop"),
    ],
    "citations come after the text": [delta(content="hi"), delta(annotations=[CITATION]), delta("stop")],
    "it is spoken": [
        delta(audio={"id": "a", "transcript": "h"}),
        delta(audio={"data": "AAAA", "transcript": "i"}),
        delta(audio={"expires_at": 5}),
        delta("stop"),
    ],
    "it has a text nobody documented": [delta(content="a", thoughts="x"), delta(thoughts="y"), delta("stop")],
    "a delta is null": [{**CHUNK, "choices": [{"index": 0, "delta": None}]}, delta(content="hi"), delta("stop")],
    "choices interleave": [delta(index=1, content="b"), delta(content="a"), delta("stop", 1), delta("length", 0)],
}


def said(chunks, newline="\n"):
    events = [f"data: {json.dumps(chunk, ensure_ascii=False)}" for chunk in chunks]
    return "".join(f"{event}{newline}{newline}" for event in events).encode()


@pytest.mark.parametrize("chunks", CHUNKS.values(), ids=CHUNKS.keys())
def test_a_chat_completion_stream_loses_nothing_when(chunks):
    assert unexplained(OPENAI, said(chunks) + b"data: [DONE]\n\n", framing="sse") == []


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_a_chat_completion_stream_means_the_same_whatever_ends_its_lines(newline):
    body = b": waiting" + newline.encode() * 2 + said([delta(content="hé😀"), delta("stop")], newline)

    assert unexplained(OPENAI, body + b"data: [DONE]", framing="sse") == []


@pytest.mark.parametrize(
    "body",
    [said([delta(content="hi")]), b"data: <html>\n\n", said([delta(content="hi"), {"error": "boom"}])],
    ids=["cut short", "garbage", "error"],
)
def test_a_chat_completion_stream_that_breaks_is_broken_for_the_caller_too(body):
    assert unexplained(OPENAI, body, framing="sse") == []


def answer(message, finish="stop", **members):
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    return {"id": "c1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], **members}


ANSWERS = {
    "nothing": answer({}, choices=[]),
    "parts": answer(
        {"content": [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA"}}]}
    ),
    "no reason to stop": answer({"content": "a"}, None),
    "a reason nobody documented": answer({"content": "a"}, "weary"),
    "usage that is null": answer({"content": "a"}, usage=None),
    "usage that is empty": answer({"content": "a"}, usage={}),
    "usage in all buckets": answer(
        {"content": "a"},
        usage={
            "prompt_tokens": 100,
            "completion_tokens": 50,
            "total_tokens": 150,
            "prompt_tokens_details": {"cached_tokens": 20, "cache_write_tokens": 30, "audio_tokens": 10},
            "completion_tokens_details": {"reasoning_tokens": 20, "audio_tokens": 5},
        },
    ),
    "a custom call": answer({"tool_calls": [{"id": "a", "type": "custom", "custom": {"name": "f", "input": "x"}}]}, "tool_calls"),
    "a call of a new kind": answer({"tool_calls": [{"id": "a", "type": "new", "new": {"x": 1}}]}, "tool_calls"),
    "arguments as an object": answer(
        {"tool_calls": [{"id": "a", "function": {"name": "f", "arguments": {"a": 1}}}]}, "tool_calls"
    ),
    "two kinds of reasoning": answer({"content": "a", "reasoning": "x", "reasoning_content": "y"}),
    "a number for an id": answer({"content": "a"}, id=5),
    "a role of its own": answer({"content": "a", "role": "model"}),
}


@pytest.mark.parametrize("body", ANSWERS.values(), ids=ANSWERS.keys())
def test_a_chat_completion_loses_nothing_when_it_says(body):
    assert unexplained(OPENAI, json.dumps(body).encode()) == []


# -- Messages -------------------------------------------------------------------------------------------------------------


def block(index, start, *deltas):
    return [
        {"type": "content_block_start", "index": index, "content_block": start},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def end(reason, **usage):
    stop = {
        "type": "message_delta",
        "delta": {"stop_reason": reason, "stop_sequence": None},
        "usage": {"output_tokens": 9, **usage},
    }
    return [stop, {"type": "message_stop"}]


def events(*said_events):
    return "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in said_events).encode()


def tool(text):
    return block(
        0, {"type": "tool_use", "id": "t1", "name": "f", "input": {}}, {"type": "input_json_delta", "partial_json": text}
    )


HELLO = block(0, {"type": "text", "text": ""}, {"type": "text_delta", "text": "hi"})
WRITTEN = {"cache_creation_input_tokens": 6, "cache_creation": {"ephemeral_5m_input_tokens": 4, "ephemeral_1h_input_tokens": 2}}

EVENTS = {
    "a tool's input is cut off": [START, *tool('{"a": "b'), *end("max_tokens")],
    "a tool's input is no object": [START, *tool("[1]"), *end("tool_use")],
    "a block is of a new kind": [START, *block(0, {"type": "new", "x": 1}, {"type": "new_delta", "y": "z"}), *end("weary")],
    "it is compacted": [START, *block(0, {"type": "compaction"}, {"type": "compaction_delta", "content": "s"}), *end("end_turn")],
    "the cache was written": [START, *HELLO, *end("end_turn", **WRITTEN)],
}


@pytest.mark.parametrize("said_events", EVENTS.values(), ids=EVENTS.keys())
def test_a_message_stream_loses_nothing_when(said_events):
    assert unexplained(ANTHROPIC, events(*said_events), framing="sse") == []


@pytest.mark.parametrize(
    "said_events",
    [[OVERLOADED], [START, {"type": "ping"}, *HELLO[:2], OVERLOADED], [START, *HELLO]],
    ids=["error at once", "error in the middle", "cut short"],
)
def test_a_message_stream_that_breaks_is_broken_for_the_caller_too(said_events):
    assert unexplained(ANTHROPIC, events(*said_events), framing="sse") == []


def message(*blocks, **members):
    usage = {"input_tokens": 3, "output_tokens": 1}
    return {**START["message"], "content": list(blocks), "stop_reason": "end_turn", "usage": usage, **members}


TEXT = {"type": "text", "text": "a"}
MESSAGES = {
    "a block of a new kind": message({"type": "new", "x": {"y": [1]}}),
    "no text": message({"type": "text", "text": ""}),
    "no citations": message({**TEXT, "citations": None}, {**TEXT, "citations": []}),
    "thoughts without a signature": message({"type": "thinking", "thinking": "h"}, TEXT),
    "a signature without thoughts": message(
        {"type": "thinking", "thinking": "", "signature": "s"}, {"type": "redacted_thinking", "data": "d"}, TEXT
    ),
    "no reason to stop": message(TEXT, stop_reason=None),
    "a reason nobody documented": message(TEXT, stop_reason="weary"),
    "numbers of every size": message(
        {
            "type": "tool_use",
            "id": "t",
            "name": "f",
            "input": {"a": 1.0, "b": 1e20, "c": None, "d": 123456789012345678901234567890},
        },
        stop_reason="tool_use",
    ),
    "thinking tokens": message(
        TEXT, usage={"input_tokens": 1, "output_tokens": 20, "output_tokens_details": {"thinking_tokens": 15}}
    ),
    "counts that are null": message(TEXT, usage={"input_tokens": 1, "output_tokens": 2, "cache_read_input_tokens": None}),
}


@pytest.mark.parametrize("body", MESSAGES.values(), ids=MESSAGES.keys())
def test_a_message_loses_nothing_when_it_says(body):
    assert unexplained(ANTHROPIC, json.dumps(body).encode()) == []


@pytest.mark.parametrize(
    ("url", "status", "body"),
    [
        (OPENAI, 429, {"error": {"message": "m", "type": "insufficient_quota", "code": "insufficient_quota"}}),
        (OPENAI, 402, {"error": {"message": "Insufficient Balance", "code": "invalid_request_error"}}),
        (OPENAI, 422, {"detail": [{"loc": ["body"], "msg": "bad", "type": "v"}]}),
        (OPENAI, 400, [{"error": {"code": 400, "message": "m", "status": "INVALID_ARGUMENT"}}]),
        (OPENAI, 403, {"error": "forbidden"}),
        (OPENAI, 408, {"error": {"message": "t"}}),
        (OPENAI, 500, "oops"),
        (ANTHROPIC, 529, {**OVERLOADED, "request_id": "r"}),
        (ANTHROPIC, 413, {"type": "error", "error": {"type": "request_too_large", "message": "m"}}),
        (ANTHROPIC, 400, {"message": "The provided model identifier is invalid."}),
    ],
)
def test_an_error_keeps_its_status_and_its_words(url, status, body):
    assert unexplained(url, json.dumps(body).encode(), status=status, headers={"retry-after": "3"}) == []
