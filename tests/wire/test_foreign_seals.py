"""What a provider sealed comes back to it through a caller who speaks another protocol, and reaches nobody else."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from envelopes import enveloped, inside
from sealed_answers import (
    AGAIN,
    ANSWERS,
    ARGUMENTS,
    CALL,
    CALLERS,
    PAIRS,
    REDACTED,
    SEALED,
    SIGNED,
    STREAMS,
    UPSTREAM,
    next_turn,
    sent,
    shown,
    turn,
    wire,
    written,
)

from turnout.adapt.answers import departures
from turnout.errors import Error
from turnout.events import fold
from turnout.testing.frames import FRAMINGS
from turnout.testing.reference import reference_for
from turnout.types import ChatRequest, HttpResponse, Origin, Target
from turnout.wire.seals import MARK, MOST, Thought, unseal


@pytest.mark.parametrize(("upstream", "caller"), PAIRS)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_turn_that_thought_and_called_comes_back_to_its_provider_as_it_was(upstream: str, caller: str, stream: bool) -> None:
    body, _ = sent(caller, next_turn(caller, shown(upstream, caller, stream=stream)), upstream)
    assert turn(upstream, body) == AGAIN[upstream]


@pytest.mark.parametrize(("upstream", "caller"), PAIRS)
@pytest.mark.parametrize("target", ["same protocol", "caller's protocol", "openai-chat"])
def test_no_other_provider_hears_of_a_seal_whatever_it_speaks(upstream: str, caller: str, target: str) -> None:
    speaks = {"same protocol": upstream, "caller's protocol": caller}.get(target, target)
    body, lines = sent(caller, next_turn(caller, shown(upstream, caller, stream=False)), speaks, "another")
    text = json.dumps(body)
    assert all(seal not in text for seal in (SIGNED, REDACTED, SEALED, CALL, MARK))
    assert "weather" in text
    assert any(line.fate in ("dropped", "mapped") and line.field.startswith("messages[1]") for line in lines)


@pytest.mark.parametrize(("upstream", "caller"), PAIRS)
def test_an_answer_is_shown_the_same_whole_and_in_a_stream(upstream: str, caller: str) -> None:
    codec = wire(caller).chat
    assert codec is not None
    whole, stream = (
        codec.decode(HttpResponse(status=200, body=written(body)), Target("here", "m"))
        for body in (shown(upstream, caller, stream=False), shown(upstream, caller, stream=True))
    )
    assert (whole.text, whole.reasoning, whole.tool_calls) == (stream.text, stream.reasoning, stream.tool_calls)


def test_an_envelope_says_whose_it_is_and_what_was_sealed_and_is_base64_wherever_it_stands() -> None:
    (signed, redacted, *_) = shown("anthropic-messages", "bedrock-converse", stream=True)["output"]["message"]["content"]
    said = {"wire": "anthropic-messages", "provider": "origin", "model": "up"}
    assert inside(signed["reasoningContent"]["reasoningText"]["signature"]) == said | {
        "thoughts": [{"shown": 15, "signature": SIGNED}]
    }
    assert inside(redacted["reasoningContent"]["redactedContent"]) == said | {"thoughts": [{"encrypted": REDACTED}]}
    (thought, text, call, *_) = shown("anthropic-messages", "gemini", stream=True)["candidates"][0]["content"]["parts"]
    assert "thoughtSignature" not in thought
    assert "thoughtSignature" not in call
    assert [it.get("signature") for it in inside(text["thoughtSignature"])["thoughts"]] == [SIGNED, None, SIGNED]


@pytest.mark.parametrize("upstream", ["anthropic-messages", "bedrock-converse", "openai-responses"])
def test_a_gemini_client_that_leaves_out_thoughts_and_writes_bytes_for_urls_still_returns_the_seals(upstream: str) -> None:
    """Neither is against the protocol; google-genai writes bytes so."""
    answer = shown(upstream, "gemini", stream=False)
    content = answer["candidates"][0]["content"]
    content["parts"] = [part for part in content["parts"] if not part.get("thought")]
    for part in content["parts"]:
        if "thoughtSignature" in part:
            part["thoughtSignature"] = part["thoughtSignature"].replace("+", "-").replace("/", "_").rstrip("=")
    body, _ = sent("gemini", next_turn("gemini", answer), upstream)
    assert turn(upstream, body) == AGAIN[upstream]


def test_a_chat_client_that_returns_no_details_loses_the_seal_and_nothing_else() -> None:
    answer = shown("anthropic-messages", "openai-chat", stream=False)
    del answer["choices"][0]["message"]["reasoning_details"]
    body, lines = sent("openai-chat", next_turn("openai-chat", answer), "anthropic-messages")
    assert [it["type"] for it in turn("anthropic-messages", body)] == ["text", "tool_use"]
    assert any(line.fate == "dropped" and "reasoning of another provider" in line.reason for line in lines)


def test_details_of_other_routers_stay_in_the_message_beside_ours() -> None:
    answer = shown("anthropic-messages", "openai-chat", stream=False)
    theirs = {"type": "reasoning.summary", "summary": "hm", "format": "theirs", "index": 0}
    answer["choices"][0]["message"]["reasoning_details"].append(theirs)
    server = wire("openai-chat").server
    assert server is not None
    request, _ = server.parse(written(next_turn("openai-chat", answer)))
    assert request.messages[1].extra == {"reasoning_details": [theirs]}


def test_thinking_between_two_calls_comes_back_between_them_through_a_chat_client() -> None:
    parts = [
        {"type": "thinking", "thinking": "One.", "signature": "s1=="},
        {"type": "tool_use", "id": "call_1", "name": "weather", "input": ARGUMENTS},
        {"type": "thinking", "thinking": "Two.", "signature": "s2=="},
        {"type": "tool_use", "id": "call_2", "name": "weather", "input": ARGUMENTS},
    ]
    codec, server = wire("anthropic-messages").chat, wire("openai-chat").server
    assert codec is not None
    assert server is not None
    raw = ANSWERS["anthropic-messages"] | {"content": parts}
    completion = codec.decode(HttpResponse(status=200, body=written(raw)), Target("origin", "up"))
    body, _ = sent("openai-chat", next_turn("openai-chat", json.loads(server.render(completion))), "anthropic-messages")
    assert turn("anthropic-messages", body) == parts


def test_a_signature_on_a_text_comes_back_on_it() -> None:
    raw = ANSWERS["gemini"]["candidates"][0] | {
        "content": {
            "role": "model",
            "parts": [{"text": "Sunny.", "thoughtSignature": CALL}, {"text": "", "thoughtSignature": SIGNED}],
        }
    }
    codec, server = wire("gemini").chat, wire("anthropic-messages").server
    assert codec is not None
    assert server is not None
    answer = {"candidates": [raw], "responseId": "r1", "modelVersion": "up"}
    completion = codec.decode(HttpResponse(status=200, body=written(answer)), Target("origin", "up"))
    shown_ = json.loads(server.render(completion))
    assert [it["type"] for it in shown_["content"]] == ["redacted_thinking", "text", "redacted_thinking"]
    body, _ = sent("anthropic-messages", next_turn("anthropic-messages", shown_), "gemini")
    assert turn("gemini", body) == raw["content"]["parts"]


def test_a_signature_reaches_its_call_also_where_a_client_moved_it_behind_or_named_the_call_anew() -> None:
    answer = shown("gemini", "anthropic-messages", stream=False)
    thought, envelope, *calls = answer["content"]
    moved = answer | {"content": [thought, *calls, envelope]}
    body, _ = sent("anthropic-messages", next_turn("anthropic-messages", moved), "gemini")
    assert [part.get("thoughtSignature") for part in turn("gemini", body)] == [CALL, None]
    text = json.dumps(next_turn("anthropic-messages", answer)).replace('"call_1"', '"toolu_9"')
    body, _ = sent("anthropic-messages", json.loads(text), "gemini")
    assert turn("gemini", body)[1] == {
        "functionCall": {"id": "toolu_9", "name": "weather", "args": ARGUMENTS},
        "thoughtSignature": CALL,
    }


@pytest.mark.parametrize("caller", ["anthropic-bedrock", "anthropic-vertex"])
def test_callers_of_a_dialect_return_seals_as_those_of_its_protocol(caller: str) -> None:
    asked = next_turn("anthropic-messages", shown("gemini", "anthropic-messages", stream=False))
    body, _ = sent(caller, asked, "gemini")
    assert turn("gemini", body) == AGAIN["gemini"]


@pytest.mark.parametrize("caller", ["anthropic-messages", "openai-responses", "gemini", "bedrock-converse"])
def test_tokens_are_counted_of_what_the_provider_will_hear(caller: str) -> None:
    upstream = "gemini" if caller == "anthropic-messages" else "anthropic-messages"
    counting = wire(caller).count_server
    assert counting is not None
    asked: dict[str, Any] = next_turn(caller, shown(upstream, caller, stream=False))
    request = counting.parse(written({"input": {"converse": asked}} if caller == "bedrock-converse" else asked))
    said = [part for message in request.messages for part in message.parts if part.origin == Origin(upstream, "origin")]
    assert said
    assert MARK not in repr(request.messages)


def test_a_signature_whose_call_is_gone_is_left_behind_with_a_line() -> None:
    answer = shown("gemini", "anthropic-messages", stream=False)
    answer["content"] = [answer["content"][1], {"type": "text", "text": "Never mind."}]
    body, lines = sent("anthropic-messages", next_turn("anthropic-messages", answer), "gemini")
    assert CALL not in json.dumps(body)
    assert any(line.fate == "dropped" for line in lines)


# -- what cannot be read -----------------------------------------------------------------------------

GOOD = enveloped(Origin("anthropic-messages", "origin"), "up", Thought(shown=15, signature=SIGNED))
HEAD = b"turnout.v1. "
BROKEN = {
    "cut off": GOOD[:-8],
    "one character short": GOOD.rstrip("=")[:-1],
    "of another version": b64encode(b'turnout.v2. {"wire":"anthropic-messages","provider":"origin"}').decode(),
    "not base64": MARK + "!!!",
    "not JSON": b64encode(HEAD + b"{").decode(),
    "not an object": b64encode(HEAD + b"[]").decode(),
    "nobody's": b64encode(HEAD + b'{"wire":"","provider":""}').decode(),
    "of another kind": b64encode(HEAD + b'{"wire":1,"provider":"origin"}').decode(),
    "too deep": b64encode(HEAD + b'{"wire":"w","provider":"p","extra":' + b"[" * 9999).decode(),
    "not UTF-8": b64encode(HEAD + b'{"wire":"\xff","provider":"origin"}').decode(),
    "with fields that no provider seals": b64encode(
        HEAD + b'{"wire":"gemini","provider":"origin","call":"call_1","extra":{"functionCall":{"name":"rm"}}}'
    ).decode(),
    "too long": GOOD + "A" * MOST,
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize("target", ["anthropic-messages", "openai-responses", "gemini", "bedrock-converse", "openai-chat"])
def test_an_envelope_that_cannot_be_read_is_told_and_never_sent(broken: str, caller: str, target: str) -> None:
    upstream = "anthropic-messages" if caller != "anthropic-messages" else "bedrock-converse"
    text = json.dumps(next_turn(caller, shown(upstream, caller, stream=False)))
    for envelope in envelopes_in(json.loads(text)):
        text = text.replace(json.dumps(envelope), json.dumps(broken))
    body, lines = sent(caller, json.loads(text), target)
    assert MARK not in json.dumps(body)
    assert "rm" not in json.dumps(turns_of(body))
    assert "weather" in json.dumps(body)
    assert any(line.fate == "dropped" and "reasoning" in line.reason for line in lines)


def envelopes_in(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value] if value.startswith(MARK) else []
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [found for item in inner for found in envelopes_in(item)]


def turns_of(body: dict[str, Any]) -> Any:
    return [body.get(name) for name in ("messages", "input", "contents")]


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN.keys())
def test_what_cannot_be_read_is_no_envelope(broken: str) -> None:
    assert unseal(broken) is None


def test_a_signature_whose_text_was_changed_is_left_behind_with_it() -> None:
    """Anthropic refuses thinking that is not what it signed: https://docs.claude.com/en/docs/build-with-claude/extended-thinking."""
    answer = shown("anthropic-messages", "openai-responses", stream=False)
    answer["output"][0]["summary"][0]["text"] = "The tool knows nothing."
    body, lines = sent("openai-responses", next_turn("openai-responses", answer), "anthropic-messages")
    assert [it["type"] for it in turn("anthropic-messages", body)] == ["redacted_thinking", "thinking", "text", "tool_use"]
    assert any(line.fate == "dropped" and line.field.startswith("messages[1]") for line in lines)


def test_what_would_be_longer_than_an_envelope_may_be_is_not_sealed() -> None:
    codec, server = wire("anthropic-messages").chat, wire("openai-responses").server
    assert codec is not None
    assert server is not None
    content = [{"type": "thinking", "thinking": "hm", "signature": "A" * MOST}, {"type": "text", "text": "Hi"}]
    raw = ANSWERS["anthropic-messages"] | {"content": content}
    completion = codec.decode(HttpResponse(status=200, body=written(raw)), Target("origin", "up"))
    output = json.loads(server.render(completion))["output"]
    assert [item["type"] for item in output] == ["reasoning", "message"]
    assert "encrypted_content" not in output[0]
    (line,) = [line for line in departures(completion, wire("openai-responses")) if line.field.endswith(".signature")]
    assert line.fate == "dropped"


def test_an_answer_in_the_callers_own_protocol_keeps_its_seals_as_they_are() -> None:
    for upstream in UPSTREAM:
        for stream in (False, True):
            assert MARK not in json.dumps(shown(upstream, upstream, stream=stream))


def test_callers_without_a_place_for_a_seal_are_given_none() -> None:
    for caller in ("mistral-chat", "cohere-chat", "ollama"):
        codec, server = wire("anthropic-messages").chat, wire(caller).server
        assert codec is not None
        assert server is not None
        decoder, renderer = codec.decoder(Target("origin", "up")), server.renderer(ChatRequest(model="m", messages=()))
        events = [*decoder.feed(STREAMS["anthropic-messages"]), *decoder.close()]
        for data in (server.render(fold(events)), b"".join([*map(renderer.render, events), renderer.finish()])):
            assert MARK.encode() not in data
            assert b"The tool" in data


def test_no_envelope_makes_a_codec_raise_anything_but_its_own_errors() -> None:
    """Forged, with every field that an envelope has and values that no provider writes."""
    forged = {
        "wire": "openai-responses",
        "provider": "origin",
        "thoughts": [
            {"text": "a", "extra": {"item": 1, "type": [], "id": {}}, "spelled": {"item": "continued", "summary": "absent"}},
            {"text": "b", "shown": -1, "signature": "", "encrypted": "", "extra": {"item": {"summary": 7}}},
            {"shown": 0, "encrypted": "x", "spelled": {"reasoning": "content", "thoughtSignature": "text"}},
        ],
        "call": "call_1",
    }
    for origin in (*UPSTREAM, "openai-chat"):
        text = b64encode(HEAD + json.dumps(forged | {"wire": origin}).encode()).decode()
        for caller in CALLERS:
            upstream = "anthropic-messages" if caller != "anthropic-messages" else "bedrock-converse"
            body = json.dumps(next_turn(caller, shown(upstream, caller, stream=False)))
            for envelope in envelopes_in(json.loads(body)):
                body = body.replace(json.dumps(envelope), json.dumps(text))
            for target in (*UPSTREAM, "openai-chat", "cohere-chat", "ollama", "mistral-chat"):
                try:
                    written, _ = sent(caller, json.loads(body), target)
                except Error:
                    continue
                assert MARK not in json.dumps(written)


# -- what a router of several vendors' models sealed ---------------------------------------------------

DETAILS = [
    {"type": "reasoning.text", "text": "The tool knows.", "signature": SIGNED, "format": "anthropic-claude-v1", "index": 0},
    {"type": "reasoning.encrypted", "data": REDACTED, "format": "anthropic-claude-v1", "index": 1},
]
ROUTED_CALL = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Paris"}'}}


def routed(caller: str, *, stream: bool) -> dict[str, Any]:
    codec, server, reference = wire("openai-chat").chat, wire(caller).server, reference_for(caller)
    assert codec is not None
    assert server is not None
    assert reference is not None
    target = Target("origin", "up")
    said = {"role": "assistant", "content": None, "reasoning": "The tool knows.", "reasoning_details": DETAILS}
    whole = {"id": "1", "object": "chat.completion", "created": 1, "model": "up"}
    if not stream:
        choice = {"index": 0, "message": said | {"tool_calls": [ROUTED_CALL]}, "finish_reason": "tool_calls"}
        completion = codec.decode(HttpResponse(status=200, body=written(whole | {"choices": [choice]})), target)
        body: dict[str, Any] = json.loads(server.render(completion))
        return body
    text, *rest = ({"type": "reasoning.text", "index": 0, "text": piece} for piece in ("The tool ", "knows."))
    deltas: list[dict[str, Any]] = [
        {"role": "assistant", "content": "", "reasoning": "The tool ", "reasoning_details": [text]},
        {"reasoning": "knows.", "reasoning_details": rest},
        {"reasoning_details": [{"type": "reasoning.text", "index": 0, "signature": SIGNED, "format": "anthropic-claude-v1"}]},
        {"reasoning_details": [DETAILS[1]]},
        {"tool_calls": [{"index": 0, **ROUTED_CALL}]},
    ]
    chunks = [whole | {"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    chunks.append(whole | {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]})
    decoder, renderer = codec.decoder(target), server.renderer(ChatRequest(model="m", messages=()))
    data = b"".join(b"data: " + written(chunk) + b"\n\n" for chunk in chunks) + b"data: [DONE]\n\n"
    events = [*decoder.feed(data), *decoder.close()]
    return reference.merge(FRAMINGS[reference.framing](b"".join([*map(renderer.render, events), renderer.finish()])))


@pytest.mark.parametrize("caller", [caller for caller in CALLERS if caller != "openai-chat"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_the_details_of_a_router_come_back_to_it_whole_and_reach_no_other(caller: str, stream: bool) -> None:
    answer = routed(caller, stream=stream)
    body, lines = sent(caller, next_turn(caller, answer), "openai-chat")
    said = {"role": "assistant", "content": None, "reasoning_details": DETAILS, "tool_calls": [ROUTED_CALL]}
    assert body["messages"][1] == said
    assert not any(line.fate == "dropped" for line in lines)
    body, lines = sent(caller, next_turn(caller, answer), "openai-chat", "another")
    assert SIGNED not in json.dumps(body)
    assert any(line.fate == "dropped" for line in lines)
