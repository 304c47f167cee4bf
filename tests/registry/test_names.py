"""What the names people type stand for."""

from __future__ import annotations

import pytest
from registries import BOTH, CEREBRAS_KEY, GROQ_KEY, LLAMA, configured, refusal, registry

from turnout.errors import UnknownName
from turnout.types import Target


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("groq/llama", Target("groq", "llama")),
        (" GROQ/Llama ", Target("groq", "Llama")),
        ("hug/Qwen/QwQ-32B", Target("huggingface", "Qwen/QwQ-32B")),
        ("local//home/ada/m.gguf", Target("local", "/home/ada/m.gguf")),
        ("cloudflare-workers-ai/@cf/meta/llama", Target("cloudflare-workers-ai", "@cf/meta/llama")),
    ],
)
def test_a_name_splits_at_its_first_slash(name: str, target: Target) -> None:
    assert registry().resolve(name) == target


@pytest.mark.parametrize("alias", ["hug", "gemini", "kimi", "glm", "zhipu", "together", "fireworks", "grok", "claude"])
def test_a_provider_answers_to_its_other_names(alias: str) -> None:
    assert alias in registry().provider(alias.upper()).aliases


def test_an_unknown_provider_is_refused_with_the_nearest_names() -> None:
    error = refusal(registry().plan, "gorq/llama")
    assert isinstance(error, UnknownName)
    assert error.nearest == ("groq",)
    assert "unknown provider 'gorq'; did you mean 'groq'? `turnout providers` lists all" in str(error)


def test_a_bare_model_name_is_answered_with_who_serves_it() -> None:
    error = refusal(registry().plan, "gpt-4.1")
    assert isinstance(error, UnknownName)
    assert error.nearest[0] == "openai/gpt-4.1"
    assert "'gpt-4.1' is neither an alias nor 'provider/model'" in str(error)


def test_a_mistyped_bare_name_is_answered_with_the_nearest() -> None:
    assert "'groq/llama-3.3-70b-versatile'" in str(refusal(registry().plan, "llama-3.3-70b-versatil"))


def test_a_models_own_slash_is_not_taken_for_a_providers() -> None:
    error = refusal(registry().plan, "Qwen/QwQ-32B")
    assert isinstance(error, UnknownName)
    assert any(name.endswith("/Qwen/QwQ-32B") for name in error.nearest)


def test_a_provider_without_a_model_is_asked_for_one() -> None:
    assert "'groq' is a provider: name one of its models too, such as 'groq/" in str(refusal(registry().plan, "groq"))


@pytest.mark.parametrize("name", ["", "/", "groq/", "/llama"])
def test_a_name_with_an_empty_half_is_refused(name: str) -> None:
    assert isinstance(refusal(registry().plan, name), UnknownName)


def test_an_alias_stands_for_its_models_and_the_plan_says_so() -> None:
    config = configured(aliases={"fast": [LLAMA, "good"], "good": "cerebras/zai-glm-4.7"})
    plan = registry(config, GROQ_API_KEY=GROQ_KEY, CEREBRAS_API_KEY=CEREBRAS_KEY).plan("fast")
    assert tuple(str(candidate.target) for candidate in plan.candidates) == BOTH
    assert plan.reasons == (
        f"'fast' stands for {LLAMA}, good (user file turnout.toml)",
        "'good' stands for cerebras/zai-glm-4.7 (user file turnout.toml)",
    )


def test_aliases_in_a_circle_are_refused() -> None:
    config = configured(aliases={"a": ["b"], "b": "a"})
    assert "the alias 'a' stands for itself: a -> b -> a" in str(refusal(registry(config).plan, "a"))


def test_a_mistyped_alias_is_answered_with_the_nearest() -> None:
    config = configured(aliases={"smart-one": "openai/gpt-4.1"})
    assert "did you mean 'smart-one'" in str(refusal(registry(config).plan, "smart-ome"))


def test_a_users_provider_may_have_other_names_too() -> None:
    config = configured(providers={"corp": {"wire": "openai-chat", "base_url": "https://llm.corp", "aliases": ["work"]}})
    assert registry(config).resolve("work/x") == Target("corp", "x")


def test_near_models_of_the_same_provider_are_offered() -> None:
    assert "llama-3.3-70b-versatile" in registry().nearest_models(Target("groq", "llama-3.3-70b-versatil"))


def test_a_file_may_call_a_built_in_provider_by_its_other_name() -> None:
    config = configured(providers={"hug": {"timeout": 7.0}}, models={"hug/new": {"name": "New"}})
    names = registry(config)
    assert names.provider("huggingface").timeout == names.provider("hug").timeout == 7.0
    assert "hug" not in names.provider_ids()
    assert "new" in [model.target.model for model in names.models("huggingface")]
    model = names.model(Target("huggingface", "new"))
    assert model is not None
    assert model.name == "New"
