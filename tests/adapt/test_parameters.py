"""What a model refuses is left out, brought into range or said otherwise before it is sent, with a line for each change."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from turnout.adapt.parameters import restrict
from turnout.catalog.read import Catalog
from turnout.catalog.restrictions import holds
from turnout.catalog.schema import Limit, Limits, Model, Provider
from turnout.errors import Unsupported
from turnout.registry import Registry
from turnout.types import ChatRequest, Message, Origin, ReasoningConfig, ReceiptLine, Target, Text, Tool
from turnout.wire.anthropic_messages import WIRE as ANTHROPIC
from turnout.wire.openai_chat import WIRE as OPENAI

CATALOG = Catalog()
HELLO = (Message("user", (Text("hello"),)),)


def narrowed(name: str, wire: str | None = None) -> tuple[Provider, Model]:
    target = Target(*name.split("/", 1))
    provider = CATALOG.provider(target.provider)
    if wire is not None:
        provider = replace(provider, wire=wire)
    provider, model = CATALOG.narrow(provider, CATALOG.model(target), target)
    assert model is not None
    return provider, model


def restricted(name: str, wire: str | None = None, **fields: Any) -> tuple[ChatRequest, list[str]]:
    provider, model = narrowed(name, wire)
    lines: list[ReceiptLine] = []
    request = ChatRequest(model=model.target.model, messages=HELLO, **fields)
    return restrict(request, provider.wire, provider, model, lines), [f"{line.field}: {line.fate}" for line in lines]


def test_a_temperature_that_a_reasoning_model_fixes_is_not_sent_and_the_line_has_both_values() -> None:
    provider, model = narrowed("openai/gpt-5-nano")
    lines: list[ReceiptLine] = []

    request = restrict(ChatRequest(model="gpt-5-nano", messages=HELLO, temperature=0.2), "openai-chat", provider, model, lines)

    assert request.temperature is None
    assert [line.fate for line in lines] == ["approximated"]
    assert "0.2" in lines[0].reason
    assert "only 1" in lines[0].reason
    assert "https://" in lines[0].reason


def test_the_value_that_a_model_fixes_is_sent_as_it_is() -> None:
    assert restricted("openai/gpt-5-nano", temperature=1.0, top_p=1.0, logprobs=False)[1] == []


def test_what_reasoning_models_do_not_know_is_dropped() -> None:
    request, lines = restricted("openai/o3", presence_penalty=0.5, stop=("END",), parallel_tool_calls=True, top_logprobs=3)

    assert (request.presence_penalty, request.stop, request.parallel_tool_calls, request.top_logprobs) == (None, None, None, None)
    assert sorted(lines) == [
        "parallel_tool_calls: dropped",
        "presence_penalty: approximated",
        "stop: dropped",
        "top_logprobs: dropped",
    ]


def test_o3_mini_takes_the_stop_sequences_that_o3_refuses() -> None:
    assert restricted("openai/o3-mini", stop=("END",))[0].stop == ("END",)


def test_a_field_without_a_word_of_ours_is_dropped_too() -> None:
    request, lines = restricted("openai/gpt-5", extra={"logit_bias": {"50256": -100}, "verbosity": "low"})

    assert request.extra == {"verbosity": "low"}
    assert lines == ["extra.logit_bias: dropped"]


def test_gpt_5_4_samples_only_while_it_does_not_think() -> None:
    assert restricted("openai/gpt-5.4-nano", temperature=0.0) == (
        ChatRequest(model="gpt-5.4-nano", messages=HELLO, temperature=0.0),
        [],
    )
    request, lines = restricted("openai/gpt-5.4-nano", temperature=0.0, reasoning=ReasoningConfig(effort="high"))
    assert request.temperature is None
    assert lines == ["temperature: dropped"]


def test_values_out_of_range_become_the_nearest_that_is_taken() -> None:
    assert restricted("mistral/mistral-large-latest", temperature=1.9)[0].temperature == 1.5
    request, lines = restricted("cohere/command-a-03-2025", top_p=1.0, top_k=900, frequency_penalty=-1.0)
    assert (request.top_p, request.top_k, request.frequency_penalty) == (0.99, 500, 0.0)
    assert type(request.top_k) is int
    assert lines == ["top_p: approximated", "top_k: approximated", "frequency_penalty: approximated"]


def test_a_value_that_no_data_speaks_of_stays_the_providers_to_judge() -> None:
    request, lines = restricted("openai/gpt-4o", temperature=5.0, top_p=-1.0, max_output_tokens=0)

    assert (request.temperature, request.top_p, request.max_output_tokens) == (5.0, -1.0, 0)
    assert lines == []


def test_more_stop_sequences_than_are_taken_are_cut_to_the_first() -> None:
    request, lines = restricted("openai/gpt-4o", stop=("a", "b", "c", "d", "e"))

    assert request.stop == ("a", "b", "c", "d")
    assert lines == ["stop: approximated"]


def test_temperature_wins_over_top_p_where_only_one_is_taken() -> None:
    assert restricted("anthropic/claude-haiku-4-5", top_p=0.9)[1] == []
    request, lines = restricted("anthropic/claude-haiku-4-5", top_p=0.9, temperature=0.5)
    assert (request.temperature, request.top_p) == (0.5, None)
    assert lines == ["top_p: dropped"]


def test_what_the_catalog_says_is_lacking_is_left_out() -> None:
    model = Model(target=Target("acme", "m"), lacks=frozenset({"temperature", "reasoning"}), source="acme.toml")
    provider = Provider(id="acme", name="Acme", wire="openai-chat", base_url="http://127.0.0.1")
    lines: list[ReceiptLine] = []
    request = ChatRequest(model="m", messages=HELLO, temperature=0.5, reasoning=ReasoningConfig(effort="low"))

    fitted = restrict(request, "openai-chat", provider, model, lines)

    assert (fitted.temperature, fitted.reasoning) == (None, None)
    assert [(line.field, line.fate) for line in lines] == [("temperature", "dropped"), ("reasoning", "dropped")]
    assert "acme.toml" in lines[0].reason


def test_tools_for_a_model_without_tools_are_refused_before_anything_is_sent() -> None:
    with pytest.raises(Unsupported, match=r"cohere/c4ai-aya-expanse-8b has no tools, and the request brings 1 .*models\.dev"):
        restricted("cohere/c4ai-aya-expanse-8b", tools=(Tool(name="f"),))


def test_a_restriction_corrects_what_another_source_says_is_lacking() -> None:
    assert "tools" in CATALOG.model(Target("openai", "gpt-3.5-turbo")).lacks  # type: ignore[union-attr]
    request, lines = restricted("openai/gpt-3.5-turbo", tools=(Tool(name="f"),))
    assert request.tools == (Tool(name="f"),)
    assert lines == []


def test_a_request_that_needs_nothing_is_the_very_same_object() -> None:
    provider, model = narrowed("openai/gpt-5")
    request = ChatRequest(model="gpt-5", messages=HELLO, max_output_tokens=100)

    assert restrict(request, "openai-chat", provider, model, []) is request
    assert restrict(request, "openai-chat", provider, None, []) is request


def test_a_model_that_nobody_knows_is_restricted_by_its_name() -> None:
    _, model = CATALOG.narrow(CATALOG.provider("openai"), None, Target("openai", "o4-mini-2031-01-01"))

    assert model is not None
    assert model.limits is not None
    assert "temperature" in model.limits.fields
    assert model.price is None


def test_a_name_that_no_restriction_speaks_of_leaves_provider_and_model_as_they_are() -> None:
    provider = CATALOG.provider("deepinfra")

    assert CATALOG.narrow(provider, None, Target("deepinfra", "acme/unheard-of")) == (provider, None)


def test_a_models_own_limits_go_before_the_restrictions() -> None:
    own = Model(target=Target("openai", "o3"), limits=Limits(fields={"temperature": (Limit(most=0.5, source="turnout.toml"),)}))
    _, model = CATALOG.narrow(CATALOG.provider("openai"), own, own.target)

    assert model is not None
    assert model.limits is not None
    assert model.limits.fields["temperature"] == (Limit(most=0.5, source="turnout.toml"),)
    assert "stop" in model.limits.fields


def test_a_renamed_field_reaches_the_wire_through_the_providers_quirks() -> None:
    provider, _ = CATALOG.narrow(replace(CATALOG.provider("azure"), wire="openai-chat"), None, Target("azure", "gpt-5-mini"))
    encoded = OPENAI.chat.encode(  # type: ignore[union-attr]
        ChatRequest(model="gpt-5-mini", messages=HELLO, max_output_tokens=10), provider, stream=False
    )

    assert json.loads(encoded.http.body)["max_completion_tokens"] == 10
    assert [(line.field, line.fate) for line in encoded.lines] == [("max_tokens", "mapped")]


def test_a_plan_carries_its_models_limits() -> None:
    registry = Registry(environ={"OPENAI_API_KEY": "sk-0123456789abcdef"})
    candidate = registry.plan("openai/gpt-5").candidates[0]

    assert candidate.model is not None
    assert candidate.model.limits is not None


def test_every_restriction_says_where_and_when_it_was_read_and_names_fields_of_a_request() -> None:
    fields = set(ChatRequest.__struct_fields__)

    for row in CATALOG.restrictions:
        assert row.source.startswith("https://")
        assert row.checked.isoformat() >= "2026-11-21"
        for name, limit in row.fields.items():
            assert name.startswith("extra.") or name in fields
            assert limit != Limit(thinking=limit.thinking, beside=limit.beside), f"{row.models} {name}: says nothing"
            assert not limit.beside or limit.beside in fields
        assert all(provider in CATALOG.ids for provider in row.providers)
        assert all(glob == glob.lower() for glob in (*row.models, *row.but))


def test_a_glob_matches_as_it_reads() -> None:
    row = replace(CATALOG.restrictions[0], models=("gpt-*-mini*", "o3"), but=("*-chat",), providers=(), wires=())

    assert holds(row, "p", "w", "GPT-5-mini-2025")
    assert holds(row, "p", "w", "o3")
    assert not holds(row, "p", "w", "o3-mini")
    assert not holds(row, "p", "w", "gpt-mini")
    assert not holds(row, "p", "w", "gpt-5-mini-chat")


def test_the_packaged_restrictions_are_those_of_the_toml_file() -> None:
    import tomllib
    from pathlib import Path

    import msgspec

    from turnout.catalog.schema import Restriction

    toml = Path(__file__).parents[2] / "src" / "turnout" / "catalog" / "restrictions.toml"
    rows = msgspec.convert(tomllib.loads(toml.read_text("utf-8"))["restriction"], list[Restriction])
    assert rows == CATALOG.restrictions


# -- how much to think -------------------------------------------------------------------------------


def anthropic_body(name: str, origin: Origin | None = None, **fields: Any) -> tuple[dict[str, Any], list[str]]:
    provider, model = narrowed(name)
    lines: list[ReceiptLine] = []
    request = ChatRequest(model=model.target.model, messages=HELLO, origin=origin, **fields)
    request = restrict(request, ANTHROPIC.name, provider, model, lines)
    encoded = ANTHROPIC.chat.encode(request, provider, stream=False)  # type: ignore[union-attr]
    return json.loads(encoded.http.body), [f"{line.field}: {line.fate}" for line in lines]


@pytest.mark.parametrize("name", ["claude-haiku-4-5", "claude-sonnet-4-5", "claude-opus-4-5-20251101"])
def test_an_effort_becomes_a_budget_for_a_claude_that_knows_no_adaptive_thinking(name: str) -> None:
    body, lines = anthropic_body(f"anthropic/{name}", reasoning=ReasoningConfig(effort="medium"))

    assert body["thinking"] == {"type": "enabled", "budget_tokens": 8192}
    assert "output_config" not in body
    assert body["max_tokens"] > 8192
    assert lines == ["reasoning.effort: approximated"]


@pytest.mark.parametrize("name", ["claude-opus-4-6", "claude-sonnet-4-6", "claude-opus-4-7", "claude-sonnet-5", "claude-opus-5"])
def test_an_effort_stays_an_effort_for_a_claude_since_4_6(name: str) -> None:
    body, lines = anthropic_body(f"anthropic/{name}", reasoning=ReasoningConfig(effort="high"))

    assert body["thinking"] == {"type": "adaptive"}
    assert body["output_config"] == {"effort": "high"}
    assert lines == []


def test_a_budget_leaves_room_for_the_answer_or_is_left_out() -> None:
    body, lines = anthropic_body("anthropic/claude-haiku-4-5", max_output_tokens=4096, reasoning=ReasoningConfig(effort="high"))
    assert body["thinking"]["budget_tokens"] == 2048
    assert lines == ["reasoning.effort: approximated", "reasoning.budget_tokens: approximated"]

    body, lines = anthropic_body(
        "anthropic/claude-haiku-4-5", max_output_tokens=500, reasoning=ReasoningConfig(budget_tokens=2000)
    )
    assert "thinking" not in body
    assert lines == ["reasoning: dropped"]


def test_a_budget_is_at_least_what_the_model_takes() -> None:
    body, lines = anthropic_body("anthropic/claude-haiku-4-5", reasoning=ReasoningConfig(budget_tokens=100))

    assert body["thinking"]["budget_tokens"] == 1024
    assert lines == ["reasoning.budget_tokens: approximated"]


def test_a_budget_for_a_claude_that_refuses_budgets_becomes_adaptive_thinking() -> None:
    own = Origin("anthropic-messages")
    for origin in (None, own):
        body, lines = anthropic_body(
            "anthropic/claude-opus-4-7", origin, reasoning=ReasoningConfig(enabled=True, budget_tokens=9000)
        )
        assert body["thinking"] == {"type": "adaptive"}
        assert body["output_config"] == {"effort": "high"}
        assert lines == ["reasoning.budget_tokens: approximated"]


def test_adaptive_thinking_asked_of_an_older_claude_becomes_a_budget() -> None:
    wanted = ReasoningConfig(enabled=True, extra={"type": "adaptive", "display": "summarized"})
    body, lines = anthropic_body("anthropic/claude-sonnet-4-5", Origin("anthropic-messages"), reasoning=wanted)

    assert body["thinking"] == {"type": "enabled", "budget_tokens": 8192, "display": "summarized"}
    assert lines == ["reasoning: approximated"]


def test_a_budget_beyond_the_output_in_the_protocols_own_words_is_let_be() -> None:
    wanted = ReasoningConfig(enabled=True, budget_tokens=8000)
    body, lines = anthropic_body(
        "anthropic/claude-sonnet-4-5", Origin("anthropic-messages"), max_output_tokens=4000, reasoning=wanted
    )

    assert body["thinking"] == {"type": "enabled", "budget_tokens": 8000}
    assert lines == []


def test_thinking_drops_what_it_excludes() -> None:
    body, lines = anthropic_body(
        "anthropic/claude-sonnet-4-5", temperature=0.2, top_k=5, reasoning=ReasoningConfig(budget_tokens=2000)
    )

    assert "temperature" not in body
    assert "top_k" not in body
    assert lines == ["temperature: approximated", "top_k: dropped"]


@pytest.mark.parametrize(
    ("name", "asked", "sent"),
    [
        ("openai/o4-mini", "minimal", "low"),
        ("openai/gpt-5", "xhigh", "high"),
        ("openai/gpt-5", "minimal", "minimal"),
        ("openai/gpt-5.1", "xhigh", "high"),
        ("openai/gpt-5-pro", "low", "high"),
        ("xai/grok-3-mini", "medium", "high"),
        ("anthropic/claude-opus-4-6", "xhigh", "max"),
        ("google/gemini-3-pro-preview", "minimal", "low"),
        ("openai/gpt-5", "exhaustive", "exhaustive"),  # nobody knows it here; the provider may
    ],
)
def test_an_effort_that_the_model_does_not_know_becomes_the_nearest_that_it_knows(name: str, asked: str, sent: str) -> None:
    request, lines = restricted(name, reasoning=ReasoningConfig(effort=asked))

    assert request.reasoning == ReasoningConfig(effort=sent)
    assert lines == ([] if asked == sent else ["reasoning.effort: approximated"])


@pytest.mark.parametrize(
    ("name", "sent", "lines"),
    [
        ("openai/o3", ReasoningConfig(effort="low"), ["reasoning: approximated"]),
        ("openai/gpt-5", ReasoningConfig(effort="minimal"), ["reasoning: approximated"]),
        ("openai/gpt-5.1", ReasoningConfig(effort="none"), []),
        ("google/gemini-2.5-pro", ReasoningConfig(enabled=True, budget_tokens=128), ["reasoning: approximated"]),
        ("google/gemini-2.5-flash", ReasoningConfig(effort="none"), []),
        ("anthropic/claude-opus-4-7", None, ["reasoning: mapped"]),
        ("anthropic/claude-fable-5", ReasoningConfig(effort="low"), ["reasoning: approximated"]),
        ("anthropic/claude-haiku-4-5", ReasoningConfig(effort="none"), []),
        ("xai/grok-4", None, ["reasoning: dropped"]),
        ("openai/gpt-4o", None, ["reasoning: mapped"]),
    ],
)
def test_not_to_think_is_said_as_the_model_can_be_told(name: str, sent: ReasoningConfig | None, lines: list[str]) -> None:
    request, departures = restricted(name, reasoning=ReasoningConfig(effort="none"))

    assert request.reasoning == sent
    assert departures == lines


def test_a_budget_for_a_model_that_takes_efforts_becomes_the_effort_that_reaches_it() -> None:
    assert restricted("openai/gpt-5", reasoning=ReasoningConfig(budget_tokens=4000))[0].reasoning == ReasoningConfig(
        effort="medium"
    )
    assert restricted("openai/gpt-5", reasoning=ReasoningConfig(budget_tokens=90_000))[0].reasoning == ReasoningConfig(
        effort="high"
    )


def test_a_budget_beyond_geminis_greatest_is_brought_down_to_it() -> None:
    request, lines = restricted("google/gemini-2.5-flash", reasoning=ReasoningConfig(budget_tokens=60_000))

    assert request.reasoning == ReasoningConfig(budget_tokens=24_576)
    assert lines == ["reasoning.budget_tokens: approximated"]


def test_bedrock_hosts_the_same_claudes_under_longer_names() -> None:
    name = "amazon-bedrock/eu.anthropic.claude-sonnet-4-5-20250929-v1:0"
    request, _ = restricted(name, reasoning=ReasoningConfig(effort="low"), temperature=1.4)

    assert request.reasoning == ReasoningConfig(enabled=True, budget_tokens=1024)
    assert request.temperature == 1.0


def test_a_limit_that_a_user_wrote_without_a_source_is_told_without_one() -> None:
    own = Limits(fields={"seed": (Limit(unsupported=True),)})
    model = Model(target=Target("vllm", "m"), limits=own)
    lines: list[ReceiptLine] = []

    assert (
        restrict(ChatRequest(model="m", messages=HELLO, seed=1), "openai-chat", CATALOG.provider("vllm"), model, lines).seed
        is None
    )
    assert lines[0].reason == "this model takes none"
