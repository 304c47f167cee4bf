"""Usage: buckets that never overlap add up to the totals that the provider named, and to no negative number of anything."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from said import CHAT, SPOKEN, TARGET, USAGES

from turnout.types import Choice, Completion, FinishReason, HttpResponse, Message, Text, Usage

N = st.integers(0, 2000)
Reported = tuple[dict[str, Any], int, int]  # the usage object, and the vendor's totals of input and output


def read(wire: str, usage: Any) -> Usage:
    """``usage`` where an answer of this protocol has it."""
    said = {"role": "assistant", "content": "Hi"}
    bodies: dict[str, dict[str, Any]] = {
        "openai-chat": {"id": "c", "choices": [{"index": 0, "message": said}], "usage": usage},
        "openai-responses": {"id": "r", "object": "response", "status": "completed", "output": [], "usage": usage},
        "anthropic-messages": {"type": "message", "role": "assistant", "content": [], "stop_reason": "end_turn", "usage": usage},
        "gemini": {"candidates": [{"content": {"role": "model", "parts": [{"text": "Hi"}]}}], "usageMetadata": usage},
        "cohere-chat": {"id": "c", "message": {"role": "assistant", "content": []}, "finish_reason": "COMPLETE", "usage": usage},
        "bedrock-converse": {
            "output": {"message": {"role": "assistant", "content": []}},
            "stopReason": "end_turn",
            "usage": usage,
        },
        "ollama": {"model": "m", "message": said, "done": True, **(usage if isinstance(usage, dict) else {})},
    }
    codec = SPOKEN[wire].chat
    assert codec is not None
    body = bodies[SPOKEN[wire].protocol]
    return codec.decode(HttpResponse(status=200, body=json.dumps(body).encode()), TARGET).usage


# -- as each vendor reports it: the pages are named where the wires read it --------------------------


@st.composite
def openai_chat(draw: st.DrawFn) -> Reported:
    """Details are parts of the totals; xAI alone counts what was thought beside them."""
    cached, heard, asked, thought, spoken, said = (draw(N) for _ in range(6))
    beside = draw(st.booleans())
    into, out = cached + heard + asked, spoken + said + (0 if beside else thought)
    fields = {
        "prompt_tokens": into,
        "completion_tokens": out,
        "total_tokens": into + out + (thought if beside else 0),
        "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": heard},
        "completion_tokens_details": {"reasoning_tokens": thought, "audio_tokens": spoken},
    }
    return fields, into, out + (thought if beside else 0)


@st.composite
def openai_responses(draw: st.DrawFn) -> Reported:
    cached, asked, thought, said = (draw(N) for _ in range(4))
    fields = {
        "input_tokens": cached + asked,
        "input_tokens_details": {"cached_tokens": cached},
        "output_tokens": thought + said,
        "output_tokens_details": {"reasoning_tokens": thought},
        "total_tokens": cached + asked + thought + said,
    }
    return fields, cached + asked, thought + said


@st.composite
def anthropic(draw: st.DrawFn) -> Reported:
    asked, cached, five, hour, thought, said = (draw(N) for _ in range(6))
    fields = {
        "input_tokens": asked,
        "cache_read_input_tokens": cached,
        "cache_creation_input_tokens": five + hour,
        "cache_creation": {"ephemeral_5m_input_tokens": five, "ephemeral_1h_input_tokens": hour},
        "output_tokens": thought + said,
        "output_tokens_details": {"thinking_tokens": thought},
    }
    return fields, asked + cached + five + hour, thought + said


@st.composite
def gemini(draw: st.DrawFn) -> Reported:
    """Thoughts and the prompts of its own tools are counted beside the rest."""
    cached, heard, asked, tools, thought, said, spoken = (draw(N) for _ in range(7))
    fields = {
        "promptTokenCount": cached + heard + asked,
        "cachedContentTokenCount": cached,
        "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": heard}, {"modality": "TEXT", "tokenCount": cached + asked}],
        "toolUsePromptTokenCount": tools,
        "candidatesTokenCount": said + spoken,
        "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": spoken}],
        "thoughtsTokenCount": thought,
        "totalTokenCount": cached + heard + asked + tools + said + spoken + thought,
    }
    return fields, cached + heard + asked + tools, said + spoken + thought


@st.composite
def cohere(draw: st.DrawFn) -> Reported:
    cached, asked, thought, said, images = (draw(N) for _ in range(5))
    tokens = {"input_tokens": float(cached + asked), "output_tokens": float(thought + said)}
    tokens |= {"image_tokens": float(images), "reasoning_tokens": float(thought)}
    billed = {"input_tokens": draw(N), "output_tokens": draw(N)}
    return {"tokens": tokens, "cached_tokens": cached, "billed_units": billed}, cached + asked + images, thought + said


@st.composite
def bedrock(draw: st.DrawFn) -> Reported:
    asked, cached, five, hour, said = (draw(N) for _ in range(5))
    fields = {
        "inputTokens": asked,
        "outputTokens": said,
        "totalTokens": asked + cached + five + hour + said,
        "cacheReadInputTokens": cached,
        "cacheWriteInputTokens": five + hour,
        "cacheDetails": [{"ttl": "1h", "inputTokens": hour}, {"ttl": "5m", "inputTokens": five}],
    }
    return fields, asked + cached + five + hour, said


@st.composite
def ollama(draw: st.DrawFn) -> Reported:
    into, out = draw(N), draw(N)
    return {"prompt_eval_count": into, "eval_count": out}, into, out


REPORTED: dict[str, Callable[[], st.SearchStrategy[Reported]]] = {
    "openai-chat": openai_chat,
    "openai-responses": openai_responses,
    "anthropic-messages": anthropic,
    "gemini": gemini,
    "cohere-chat": cohere,
    "bedrock-converse": bedrock,
    "ollama": ollama,
}


def test_every_protocol_is_here() -> None:
    assert {SPOKEN[name].protocol for name in CHAT} == set(REPORTED)


@pytest.mark.parametrize("wire", CHAT)
@settings(max_examples=50)
@given(data=st.data())
def test_the_buckets_add_up_to_the_vendors_own_totals(wire: str, data: st.DataObject) -> None:
    fields, into, out = data.draw(REPORTED[SPOKEN[wire].protocol]())
    usage = read(wire, fields)
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (into, out, into + out)
    assert usage.raw is not None
    assert {name: usage.raw[name] for name in fields} == fields


ODD = st.none() | st.booleans() | st.integers(-9, 9) | st.just(2**70) | st.sampled_from([0.5, -1.0, "7", [], {}, [{}]])


def spoiled(value: Any, draw: Callable[[Any], Any]) -> Any:
    """``value`` with some of what is in it replaced."""
    if isinstance(value, dict):
        value = {name: spoiled(inner, draw) for name, inner in value.items()}
    elif isinstance(value, list):
        value = [spoiled(inner, draw) for inner in value]
    return draw(ODD) if draw(st.integers(0, 3)) == 0 else value


@pytest.mark.parametrize("wire", CHAT)
@settings(max_examples=50)
@given(data=st.data())
def test_no_bucket_is_negative_whatever_is_reported(wire: str, data: st.DataObject) -> None:
    fields, _, _ = data.draw(REPORTED[SPOKEN[wire].protocol]())
    usage = read(wire, spoiled(fields, data.draw))
    for name in Usage.__struct_fields__:
        value = getattr(usage, name)
        assert not isinstance(value, int) or value >= 0, name


@pytest.mark.parametrize("wire", CHAT)
@settings(max_examples=50)
@given(usage=USAGES)
def test_totals_of_another_protocol_are_the_same_in_this_one(wire: str, usage: Usage) -> None:
    choice = Choice(message=Message("assistant", (Text("Hi"),)), finish=FinishReason("stop"))
    server, codec = SPOKEN[wire].server, SPOKEN[wire].chat
    assert server is not None
    assert codec is not None
    body = server.render(Completion(id="c", model="m", choices=(choice,), usage=usage))
    again = codec.decode(HttpResponse(status=200, body=body), TARGET).usage
    assert (again.input_tokens or 0, again.output_tokens or 0) == (usage.input_tokens, usage.output_tokens)
