"""Limits, sampling, the form of the answer and how much to think, as Bedrock Converse hears them from other protocols."""

from __future__ import annotations

from typing import Any

import pytest
from converse_wire import CLAUDE, departures, encode, lines

from turnout.types import ChatRequest, Message, Opaque, Origin, ReasoningConfig, ResponseFormat, Text, Tool, ToolChoice

OPENAI = Origin("openai-chat", "other")
LOOK = Tool(name="look", parameters={"type": "object"})


def ask(*, model: str = CLAUDE, **fields: Any) -> ChatRequest:
    return ChatRequest(model=model, messages=(Message("user", (Text("Hello"),)),), **fields)


# -- sampling, format, tier ------------------------------------------------------------------------


def test_limits_and_sampling_have_their_place() -> None:
    request = ask(max_output_tokens=9, temperature=0.5, top_p=0.9, stop=("END",))
    config = {"maxTokens": 9, "temperature": 0.5, "topP": 0.9, "stopSequences": ["END"]}
    assert encode(request)["inferenceConfig"] == config
    assert departures(request) == {}


def test_a_temperature_beyond_the_greatest_is_the_greatest() -> None:
    request = ask(temperature=1.5)
    assert encode(request)["inferenceConfig"] == {"temperature": 1.0}
    assert departures(request) == {"temperature": "approximated"}


def test_fields_without_a_place_are_named_and_those_that_say_nothing_are_not() -> None:
    request = ask(seed=1, frequency_penalty=0.5, presence_penalty=0.5, n=2, logprobs=True, top_logprobs=3, user="ada")
    assert set(departures(request)) == {
        *("seed", "frequency_penalty", "presence_penalty", "n", "logprobs", "top_logprobs", "user"),
    }
    assert departures(ask(frequency_penalty=0, n=1, logprobs=False)) == {}


@pytest.mark.parametrize(
    ("model", "field", "value"),
    [
        (CLAUDE, "top_k", 3),
        ("amazon.nova-lite-v1:0", "inferenceConfig", {"topK": 3}),
        ("arn:aws:bedrock:us-east-1::foundation-model/mistral.mistral-large-2402-v1:0", "top_k", 3),
        ("cohere.command-r-v1:0", "k", 3),
    ],
)
def test_top_k_is_said_to_the_model_in_its_vendors_words(model: str, field: str, value: Any) -> None:
    request = ask(model=model, top_k=3)
    assert encode(request)["additionalModelRequestFields"] == {field: value}
    assert departures(request) == {"top_k": "mapped"}


def test_top_k_for_a_model_that_is_not_known_is_named_as_lost() -> None:
    assert departures(ask(model="arn:aws:bedrock:us-east-1:1:application-inference-profile/x1", top_k=3)) == {"top_k": "dropped"}


def test_a_schema_for_the_answer_travels_as_text() -> None:
    wanted = ResponseFormat(kind="json_schema", schema={"type": "object"}, name="N", description="d", strict=True)
    request = ask(response_format=wanted)
    schema = {"schema": '{"type":"object"}', "name": "N", "description": "d"}
    assert encode(request)["outputConfig"] == {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": schema}}}
    assert departures(request) == {}


@pytest.mark.parametrize("wanted", [ResponseFormat(kind="json_object"), ResponseFormat(kind="json_schema"), Opaque({})])
def test_a_form_that_cannot_be_asked_for_is_named_as_lost(wanted: Any) -> None:
    request = ask(response_format=wanted)
    assert "outputConfig" not in encode(request)
    assert departures(request) == {"response_format": "dropped"}


@pytest.mark.parametrize(
    ("tier", "written", "fate"),
    [
        ("flex", {"type": "flex"}, {}),
        ("standard_only", {"type": "default"}, {"service_tier": "mapped"}),
        ("auto", None, {}),
        ("scale", None, {"service_tier": "dropped"}),
    ],
)
def test_a_service_tier(tier: str, written: Any, fate: dict[str, str]) -> None:
    request = ask(service_tier=tier, origin=OPENAI)
    assert encode(request).get("serviceTier") == written
    assert departures(request) == fate


# -- how much to think -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "wanted", "fields", "fate"),
    [
        (CLAUDE, {"budget_tokens": 1024}, {"thinking": {"type": "enabled", "budget_tokens": 1024}}, {}),
        (CLAUDE, {"enabled": False}, {"thinking": {"type": "disabled"}}, {}),
        (CLAUDE, {"effort": "none"}, {"thinking": {"type": "disabled"}}, {}),
        (
            CLAUDE,
            {"effort": "high"},
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}},
            {"reasoning.effort": "mapped"},
        ),
        (
            "us.amazon.nova-2-lite-v1:0",
            {"effort": "max"},
            {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "high"}},
            {"reasoning.effort": "mapped"},
        ),
        (
            "us.amazon.nova-2-lite-v1:0",
            {"budget_tokens": 9},
            {"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "medium"}},
            {"reasoning": "approximated"},
        ),
        ("us.amazon.nova-2-lite-v1:0", {"enabled": False}, {"reasoningConfig": {"type": "disabled"}}, {}),
        ("openai.gpt-oss-120b-1:0", {"effort": "low"}, {"reasoning_effort": "low"}, {"reasoning.effort": "mapped"}),
        ("qwen.qwen3-32b-v1:0", {"effort": "low"}, {"reasoning_config": "low"}, {"reasoning.effort": "mapped"}),
        ("openai.gpt-oss-120b-1:0", {"enabled": True}, None, {"reasoning": "dropped"}),
        ("meta.llama3-70b-v1:0", {"effort": "low"}, None, {"reasoning": "dropped"}),
        ("my-deployment", {"effort": "low"}, None, {"reasoning": "dropped"}),
        (CLAUDE, {"effort": "enormous"}, None, {"reasoning.effort": "dropped"}),
    ],
)
def test_thinking_is_asked_for_in_the_words_of_the_models_vendor(
    model: str, wanted: dict[str, Any], fields: Any, fate: dict[str, str]
) -> None:
    request = ask(model=model, reasoning=ReasoningConfig(**wanted))
    assert encode(request).get("additionalModelRequestFields") == fields
    assert departures(request) == fate | ({"reasoning.effort": "mapped"} if wanted.get("effort") == "max" else {})


def test_a_forced_call_excludes_thinking() -> None:
    request = ask(tools=(LOOK,), tool_choice=ToolChoice("required"), reasoning=ReasoningConfig(effort="high"))
    assert "additionalModelRequestFields" not in encode(request)
    assert departures(request) == {"reasoning": "dropped"}


def test_thinking_excludes_sampling() -> None:
    request = ask(temperature=0.2, top_k=5, max_output_tokens=9, reasoning=ReasoningConfig(budget_tokens=5))
    body = encode(request)
    assert body["inferenceConfig"] == {"maxTokens": 9}
    assert body["additionalModelRequestFields"] == {"thinking": {"type": "enabled", "budget_tokens": 5}}
    assert [line.field for line in lines(request) if line.fate == "dropped"] == ["temperature", "top_k"]
