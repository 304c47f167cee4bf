"""Who is asked where nobody is named: preferred models, ``auto``, and who serves a model by its bare name."""

from __future__ import annotations

import json
import logging

import pytest
from registries import configured

import turnout
from turnout import Client
from turnout.cli.settings import settings
from turnout.config import Config
from turnout.errors import ConfigError, MissingKey, NotAllowed, UnknownName
from turnout.registry import ProviderRegistry, Registry
from turnout.registry.choosing import in_order, own_targets
from turnout.testing.transport import Script
from turnout.types import HttpResponse, Target

KEY = "k-4vJ8Qm2ZtXc9RbNw"
OK = HttpResponse(
    status=200,
    body=b'{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",'
    b'"content":"hi"},"finish_reason":"stop"}]}',
)


def names(config: Config | None = None, **environ: str) -> Registry:
    return Registry(environ=environ, config=config or Config())


# -- the preferred model of a provider -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "model"),
    [
        ("kimi-k2.5,kimi-k2-thinking", "kimi-k2.5"),
        (" nobody's , KIMI-K2-Thinking ", "kimi-k2-thinking"),
        ("kimi-k2", "kimi-k2-0905-preview"),  # another name of that one
        (" , ", "kimi-k2-0711-preview"),
        ("nobody's", "kimi-k2-0711-preview"),
    ],
)
def test_the_first_wish_that_the_provider_has_is_taken_in_its_own_spelling(wish: str, model: str) -> None:
    assert names(KIMI_PREFERRED_MODELS=wish).preferred_model("Kimi") == Target("moonshotai", model)


@pytest.mark.parametrize("variable", ["KIMI_PREFERRED_MODELS", "MOONSHOT_PREFERRED_MODELS", "MOONSHOTAI_PREFERRED_MODELS"])
def test_a_wish_may_be_said_under_any_name_of_the_provider(variable: str) -> None:
    assert names(**{variable: "kimi-k2.6"}).preferred_model("moonshotai") == Target("moonshotai", "kimi-k2.6")


def test_a_wish_that_may_not_be_called_is_passed_over() -> None:
    registry = names(KIMI_PREFERRED_MODELS="kimi-k2.5,kimi-k2.6", KIMI_ALLOWED_MODELS="kimi-k2.6,kimi-k2-thinking")
    assert registry.preferred_model("kimi") == Target("moonshotai", "kimi-k2.6")


def test_a_wish_that_the_catalog_does_not_know_counts_where_the_list_of_those_allowed_has_it_or_nothing_is_known() -> None:
    assert names(KIMI_PREFERRED_MODELS="Kimi-Next", KIMI_ALLOWED_MODELS="kimi-next").preferred_model("kimi") == Target(
        "moonshotai", "Kimi-Next"
    )
    assert names(OLLAMA_PREFERRED_MODELS="qwen3:4b").preferred_model("ollama") == Target("ollama", "qwen3:4b")


def test_without_a_wish_the_providers_own_variable_counts_and_then_its_default() -> None:
    assert names(OPENAI_DEFAULT_MODEL="gpt-4.1").preferred_model("openai") == Target("openai", "gpt-4.1")
    assert names(CUSTOM_MODEL_NAME="llama3.2:latest").preferred_model("custom") == Target("custom", "llama3.2:latest")
    assert names().preferred_model("custom") == Target("custom", "llama3.2")
    assert names().preferred_model("glm") == Target("zai", "glm-4.5-flash")
    assert names(GLM_ALLOWED_MODELS="glm-4.6").preferred_model("glm") == Target("zai", "glm-4.6")


def test_without_any_default_the_model_in_the_middle_by_price_is_taken_of_those_that_chat_and_take_tools() -> None:
    for provider in ("openai", "google", "groq", "cohere", "togetherai"):
        registry = names()
        chosen = registry.preferred_model(provider)
        assert chosen is not None
        model = registry.model(chosen)
        assert model is not None
        assert {"tools", "text-in", "text-out"} <= model.supports
        assert model.status is None
        rows = [row for row in registry.models(provider) if "tools" in row.supports and row.status is None]
        costs = [row.price.input + row.price.output for row in rows if row.price and row.price.input and row.price.output]
        assert model.price is not None
        cost = (model.price.input or 0) + (model.price.output or 0)
        assert sum(other < cost for other in costs) <= len(costs) // 2
        assert sum(other > cost for other in costs) <= len(costs) // 2 + 1


def test_a_provider_of_which_no_model_is_known_has_no_preferred_one() -> None:
    assert names().preferred_model("ollama") is None


def test_a_files_default_model_is_that_of_its_provider() -> None:
    acme = {"wire": "openai-chat", "base_url": "https://acme.example/v1", "key_env": ["ACME_KEY"], "default_model": "large"}
    assert names(configured(providers={"acme": acme})).preferred_model("acme") == Target("acme", "large")


# -- auto ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "target"),
    [
        ({"KIMI_API_KEY": KEY, "GLM_API_KEY": KEY, "OPENAI_API_KEY": KEY}, "moonshotai/kimi-k2-0711-preview"),
        ({"GLM_API_KEY": KEY, "CUSTOM_API_URL": "http://box:8000/v1", "OPENROUTER_API_KEY": KEY}, "zai/glm-4.5-flash"),
        ({"CUSTOM_API_URL": "http://box:8000/v1", "OPENROUTER_API_KEY": KEY, "CUSTOM_MODEL_NAME": "m"}, "custom/m"),
        (
            {"OPENROUTER_API_KEY": KEY, "HUG_API_KEY": KEY, "OPENROUTER_PREFERRED_MODELS": "OPENAI/gpt-4.1"},
            "openrouter/openai/gpt-4.1",
        ),
        ({"HUG_API_KEY": KEY, "ANTHROPIC_API_KEY": KEY, "HF_PREFERRED_MODELS": "Qwen/Qwen3-32B"}, "huggingface/Qwen/Qwen3-32B"),
        ({"ANTHROPIC_API_KEY": KEY, "GROQ_API_KEY": KEY}, "anthropic/claude-sonnet-5"),
        ({"GLM_API_KEY": KEY, "KIMI_API_KEY": "your_kimi_api_key_here"}, "zai/glm-4.5-flash"),
        ({"GLM_API_KEY": KEY, "KIMI_API_KEY": KEY, "DISABLED_PROVIDERS": "kimi"}, "zai/glm-4.5-flash"),
        ({"OLLAMA_BASE_URL": "http://box:11434", "OLLAMA_PREFERRED_MODELS": "qwen3:4b"}, "ollama/qwen3:4b"),
    ],
)
def test_auto_is_the_preferred_model_of_the_first_provider_that_is_set_up(environ: dict[str, str], target: str) -> None:
    plan = names(**environ).plan("auto")
    assert [str(candidate.target) for candidate in plan.candidates] == [target]
    assert plan.reasons[0].startswith(f"'auto' stands for {target} (")


def test_a_priority_of_ones_own_comes_before_the_usual_order() -> None:
    registry = names(GLM_API_KEY=KEY, GROQ_API_KEY=KEY, TURNOUT_GROQ_PRIORITY="1", GROQ_PREFERRED_MODELS="llama-3.1-8b-instant")
    assert registry.targets("auto") == (Target("groq", "llama-3.1-8b-instant"),)


def test_the_usual_order_is_the_tool_servers_then_what_a_gateway_detects_then_the_rest() -> None:
    order = in_order(names())
    assert order[:4] == ["moonshotai", "zai", "custom", "openrouter"]
    assert order[4:10] == ["onerouter", "huggingface", "featherless", "fireworks-ai", "togetherai", "google-vertex"]
    assert order[-1] == "local"
    assert sorted(order) == names().provider_ids()


def test_auto_with_nobody_set_up_says_which_variables_would_do() -> None:
    for environ in ({}, {"KIMI_API_KEY": "your_kimi_api_key_here"}, {"CUSTOM_API_KEY": " "}):
        with pytest.raises(MissingKey, match="At least one API configuration is required") as raised:
            names(**environ).plan("auto")
        for variable in ("KIMI_API_KEY", "GLM_API_KEY", "OPENROUTER_API_KEY", "CUSTOM_API_URL"):
            assert variable in str(raised.value)
        assert isinstance(raised.value, ValueError)


def test_auto_tells_what_a_provider_that_is_set_up_halfway_still_lacks() -> None:
    with pytest.raises(MissingKey, match="AIHubMix needs AIHUBMIX_APP_CODE"):
        names(AIHUBMIX_API_KEY=KEY).plan("auto")
    with pytest.raises(MissingKey, match="Custom endpoint needs CUSTOM_API_URL"):
        names(CUSTOM_API_KEY=KEY).plan("auto")


def test_auto_without_a_model_that_may_be_called_says_that_it_is_due_to_restrictions() -> None:
    with pytest.raises(NotAllowed, match="No models available for auto mode due to restrictions") as raised:
        names(GLM_API_KEY=KEY, DISABLED_PROVIDERS="glm").plan("auto")
    assert "the provider 'zai' is switched off by environment DISABLED_PROVIDERS" in str(raised.value)


def test_auto_never_asks_a_server_that_nobody_said_is_there_nor_the_embedded_model() -> None:
    with pytest.raises(MissingKey):
        names(OLLAMA_PREFERRED_MODELS="qwen3:4b", VLLM_PREFERRED_MODELS="m", LMSTUDIO_PREFERRED_MODELS="m").plan("auto")


def test_a_key_that_several_could_read_is_that_of_the_first_of_them_unless_a_list_allows_another() -> None:
    assert "GLM_API_KEY" in names().provider("zai-coding-plan").key_env
    with pytest.raises(NotAllowed):
        names(GLM_API_KEY=KEY, DISABLED_PROVIDERS="zai").plan("auto")
    (chosen,) = names(GLM_API_KEY=KEY, ALLOWED_PROVIDERS="zai-coding-plan").targets("auto")
    assert chosen.provider == "zai-coding-plan"


def test_auto_may_stand_in_a_list_and_in_an_alias_and_an_alias_of_that_name_comes_first() -> None:
    registry = names(configured(aliases={"any": ["auto", "groq/x"]}), GLM_API_KEY=KEY, GROQ_API_KEY=KEY)
    assert [str(target) for target in registry.targets("any")] == ["zai/glm-4.5-flash", "groq/x"]
    assert [str(target) for target in registry.targets(["groq/x", "Auto"])] == ["groq/x", "zai/glm-4.5-flash"]
    own = names(configured(aliases={"auto": "groq/x"}), GLM_API_KEY=KEY)
    assert own.targets("auto") == (Target("groq", "x"),)


def test_a_file_may_say_auto_as_the_model_and_has_no_mistake() -> None:
    registry = names(configured(model="auto", aliases={"any": ["auto"]}), GLM_API_KEY=KEY)
    assert registry.mistakes() == []
    names(configured(aliases={"any": ["auto"]})).validate()  # nobody is set up yet, which is no mistake of the file
    assert registry.targets(registry.default_model()) == (Target("zai", "glm-4.5-flash"),)


def test_a_provider_that_calls_a_model_auto_is_asked_for_it() -> None:
    assert names().resolve("openrouter/openrouter/auto") == Target("openrouter", "openrouter/auto")


def test_the_library_asks_auto_and_says_in_the_request_whom_it_stands_for() -> None:
    script = Script(OK, OK)
    registry = names(GLM_API_KEY=KEY)
    with Client(registry, script) as client:
        done = client.chat("x", model="auto")
    assert (script.sent[0].url, json.loads(script.sent[0].body)["model"]) == (
        "https://api.z.ai/api/paas/v4/chat/completions",
        "glm-4.5-flash",
    )
    assert done.target == Target("zai", "glm-4.5-flash")
    made = turnout.from_provider("auto", registry=registry)
    assert isinstance(made, Client)


# -- DEFAULT_MODEL -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "model"),
    [
        ("auto", "auto"),
        ("groq/x", "groq/x"),
        ("fast", "fast"),
        ("GLM-4.5-Flash", "zai/glm-4.5-flash"),  # by its bare name, of whoever serves it and can be called
        ("kimi-k2", "local/smollm2-135m"),  # nobody who serves it can be called
        ("whatever another program means", "local/smollm2-135m"),
        (" ", "local/smollm2-135m"),
    ],
)
def test_the_default_model_of_other_programs_counts_where_it_names_a_model(value: str, model: str) -> None:
    config = configured(aliases={"fast": "groq/y"})
    assert names(config, DEFAULT_MODEL=value, GLM_API_KEY=KEY, ZAI_ALLOWED_MODELS="glm-4.5-flash").default_model() == model


def test_turnouts_own_variable_and_a_file_count_more_than_the_default_model_of_others() -> None:
    assert names(DEFAULT_MODEL="auto", TURNOUT_MODEL="groq/x").default_model() == "groq/x"
    assert names(configured(model="groq/y"), DEFAULT_MODEL="auto").default_model() == "groq/y"


def test_the_settings_in_effect_show_wishes_and_the_default_model_with_their_variables() -> None:
    registry = names(KIMI_PREFERRED_MODELS="b, A", DEFAULT_MODEL="auto")
    shown = {setting.name: (setting.value, setting.source) for setting in settings(registry, [], everything=False)}
    assert shown["providers.moonshotai.preferred_models"] == (["b", "A"], "environment KIMI_PREFERRED_MODELS")
    assert shown["model"] == ("auto", "environment DEFAULT_MODEL")
    ignored = {setting.name: setting.source for setting in settings(names(DEFAULT_MODEL="theirs"), [], everything=False)}
    assert ignored["model"] == "default"


# -- who serves a model --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "environ", "provider"),
    [
        ("kimi-k2.5", {"KIMI_API_KEY": KEY, "OPENROUTER_API_KEY": KEY}, "moonshotai"),
        ("KIMI-K2.5", {"KIMI_API_KEY": KEY}, "moonshotai"),
        ("kimi-k2", {"KIMI_API_KEY": KEY}, "moonshotai"),
        ("glm-4.6", {"GLM_API_KEY": KEY, "KIMI_API_KEY": KEY}, "zai"),
        ("my-own", {"CUSTOM_API_URL": "http://box/v1", "CUSTOM_MODEL_NAME": "my-own"}, "custom"),
        ("openai/gpt-4.1", {"OPENROUTER_API_KEY": KEY}, None),  # names the provider openai, which has no key
        ("openrouter/openai/gpt-4.1", {"OPENROUTER_API_KEY": KEY}, "openrouter"),
        ("gpt-4.1", {"OPENAI_API_KEY": KEY, "OPENAI_ALLOWED_MODELS": "gpt-4o"}, None),
        ("gpt-4.1", {}, None),
        ("nobody's", {"OPENROUTER_API_KEY": KEY, "CUSTOM_API_URL": "http://box/v1"}, None),
        ("", {"CUSTOM_API_URL": "http://box/v1"}, None),
    ],
)
def test_a_model_is_asked_of_the_first_in_order_that_serves_it_and_can_be_called(
    name: str, environ: dict[str, str], provider: str | None
) -> None:
    found = ProviderRegistry(names(**environ)).get_provider_for_model(name)
    assert (found.id if found is not None else None) == provider


def test_whoever_failed_often_just_now_is_passed_over_with_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    registry = names(KIMI_API_KEY=KEY, OPENROUTER_API_KEY=KEY)
    providers = ProviderRegistry(registry)
    serving = {target.provider for target in registry.serving("kimi-k2.5")}
    assert "moonshotai" in serving
    for _ in range(3):
        registry.breakers.failed(Target("moonshotai", "kimi-k2.5"), registry._clock())
    with caplog.at_level(logging.WARNING, "turnout"):
        found = providers.get_provider_for_model("kimi-k2.5")
    assert found is None or found.id != "moonshotai"
    assert [record.getMessage() for record in caplog.records] == ["skipping moonshotai/kimi-k2.5: its circuit is open"]
    registry.breakers.succeeded(Target("moonshotai", "kimi-k2.5"))
    again = providers.get_provider_for_model("kimi-k2.5")
    assert again is not None
    assert again.id == "moonshotai"


def test_the_models_that_are_available_are_those_that_can_be_called_each_with_its_provider() -> None:
    providers = ProviderRegistry(names(GLM_API_KEY=KEY, GLM_ALLOWED_MODELS="glm-4.6"))
    restricted, whole = providers.get_available_models(), providers.get_available_models(respect_restrictions=False)
    assert [name for name, provider in restricted.items() if provider == "zai"] == ["zai/glm-4.6"]
    assert {"zai/glm-4.6", "zai/glm-4.5-flash"} <= whole.keys()
    assert "moonshotai" not in whole.values()
    assert list(restricted) == [str(target) for target in own_targets(providers.registry)]


def test_a_provider_that_is_registered_later_is_seen_at_once_by_all_of_these() -> None:
    from turnout.catalog.schema import Provider

    providers = ProviderRegistry(names())
    with pytest.raises(ConfigError):
        providers.registry.plan("auto")
    providers.register(
        Provider(id="acme", name="Acme", wire="openai-chat", base_url="https://acme.example/v1", default_model="large")
    )
    assert providers.registry.targets("auto") == (Target("acme", "large"),)
    assert providers.preferred_model("ACME") == Target("acme", "large")
    found = providers.get_provider_for_model("large")
    assert found is not None
    assert found.id == "acme"


def test_an_unknown_provider_has_no_preferred_model_but_an_error() -> None:
    with pytest.raises(UnknownName, match="unknown provider 'kimy'"):
        ProviderRegistry(names()).preferred_model("kimy")
