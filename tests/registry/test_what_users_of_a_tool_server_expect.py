"""What users of a tool server's provider registry rely on: which variables make a provider usable, and that no other suffers."""

from __future__ import annotations

import json

import pytest
from registries import refusal

from turnout import Client
from turnout.catalog.profiles import read_profile
from turnout.config import Config
from turnout.errors import NotAllowed
from turnout.gateway.names import own_targets
from turnout.registry import ProviderRegistry, Registry
from turnout.testing.transport import Script
from turnout.types import HttpResponse

KEY = "k-4vJ8Qm2ZtXc9RbNw"
OK = HttpResponse(
    status=200,
    body=b'{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",'
    b'"content":"hi"},"finish_reason":"stop"}]}',
)
FOUR = ("kimi", "glm", "custom", "openrouter")


def names(**environ: str) -> Registry:
    return Registry(environ=environ, config=Config())


@pytest.mark.parametrize(
    ("variable", "sample"),
    [
        ("KIMI_API_KEY", "your_kimi_api_key_here"),
        ("GLM_API_KEY", "your_glm_api_key_here"),
        ("OPENROUTER_API_KEY", "your_openrouter_api_key_here"),
        ("KIMI_API_KEY", "changeme"),
        ("GLM_API_KEY", "placeholder"),
    ],
)
def test_what_stands_in_the_sample_file_makes_no_provider_usable(variable: str, sample: str) -> None:
    registry = names(**{variable: sample})
    assert [name for name in FOUR if registry.usable(name)[0]] == []
    assert f"{variable} holds a placeholder ('{sample}')" in registry.usable(variable.partition("_")[0])[1]


def test_a_placeholder_in_one_variable_hides_no_real_key_in_the_next() -> None:
    assert names(KIMI_API_KEY="your_kimi_api_key_here", MOONSHOT_API_KEY=KEY).usable("kimi") == (
        True,
        "key from MOONSHOT_API_KEY",
    )


def test_a_custom_endpoint_is_called_without_a_key_and_with_the_models_name_as_it_is_written() -> None:
    script = Script(OK)
    with Client(names(CUSTOM_API_URL="http://box:8000/v1"), script) as client:
        client.chat("x", model="custom/llama3.2:latest")
    assert script.sent[0].url == "http://box:8000/v1/chat/completions"
    assert "authorization" not in script.sent[0].headers
    assert json.loads(script.sent[0].body)["model"] == "llama3.2:latest"


def test_a_custom_key_without_its_address_is_told_and_stops_no_other() -> None:
    registry = names(CUSTOM_API_KEY=KEY, GLM_API_KEY=KEY)
    usable, reason = registry.usable("custom")
    assert not usable
    assert "needs CUSTOM_API_URL" in reason
    assert registry.usable("glm")[0]
    plan = registry.plan(["custom/x", "glm/y"])
    assert [str(candidate.target) for candidate in plan.candidates] == ["zai/y"]


def test_openrouter_takes_any_model_and_suffix_as_it_is_written() -> None:
    script = Script(OK)
    with Client(names(OPENROUTER_API_KEY=KEY), script) as client:
        client.chat("x", model="openrouter/somebody/new-model:free")
    assert json.loads(script.sent[0].body)["model"] == "somebody/new-model:free"


def test_asking_who_can_be_called_never_raises_whatever_the_variables_hold() -> None:
    registry = names(KIMI_API_KEY="sk\r\nx: y", GLM_API_KEY=" ", KIMI_READ_TIMEOUT_SECS="soon", CUSTOM_API_URL="no url")
    answers = {name: registry.usable(name) for name in registry.provider_ids()}
    assert all(reason for _, reason in answers.values())
    assert not any(answers[registry.provider_id(name)][0] for name in FOUR)
    assert answers["moonshotai"][1] == "environment KIMI_READ_TIMEOUT_SECS: 'soon' is not a number"


def test_the_models_that_can_be_called_are_those_of_providers_with_a_key_each_once() -> None:
    registry = names(GLM_API_KEY=KEY)
    targets = own_targets(registry)
    assert len(set(targets)) == len(targets)
    assert "zai" in {target.provider for target in targets}
    assert {"moonshotai", "openrouter"}.isdisjoint({target.provider for target in targets})


def test_a_provider_that_is_registered_again_is_asked_with_its_new_client_at_once() -> None:
    providers = ProviderRegistry(names())
    providers.register("acme", lambda **given: "old")
    assert providers.create_client("acme") == "old"
    providers.register("acme", lambda **given: "new", replace=True)
    assert providers.create_client("acme") == "new"
    providers.unregister("acme")
    assert not providers.has_provider("acme")


def test_no_reason_for_which_a_provider_cannot_be_called_shows_a_key() -> None:
    for value in (f"<{KEY}>", f"{KEY}...", f"{KEY} x", f"{KEY}\n{KEY}"):
        registry = names(KIMI_API_KEY=value, GLM_API_KEY=value, OPENROUTER_API_KEY=value)
        for name in ("kimi", "glm", "openrouter"):
            assert KEY not in registry.usable(name)[1]
            assert KEY not in str(refusal(registry.plan, f"{name}/x"))


def test_every_name_of_the_tool_servers_order_can_be_allowed_or_switched_off() -> None:
    keys = {"KIMI_API_KEY": KEY, "GLM_API_KEY": KEY, "OPENROUTER_API_KEY": KEY, "CUSTOM_API_URL": "http://box:8000/v1"}
    for name in read_profile("tools").order:
        only = names(**keys, ALLOWED_PROVIDERS=name.upper())
        assert [other for other in FOUR if only.usable(other)[0]] == [name]
        without = names(**keys, DISABLED_PROVIDERS=name.upper())
        assert [other for other in FOUR if not without.usable(other)[0]] == [name]


@pytest.mark.parametrize("variable", ["ENABLE_OPENROUTER", "ENABLE_CUSTOM"])
@pytest.mark.parametrize("off", ["false", "False", " 0 ", "no", "OFF"])
def test_a_provider_that_its_variable_switches_off_is_not_called_and_says_why(variable: str, off: str) -> None:
    environ = {"OPENROUTER_API_KEY": KEY, "CUSTOM_API_URL": "http://box:8000/v1", "GLM_API_KEY": KEY, variable: off}
    registry = names(**environ)
    name = variable.removeprefix("ENABLE_").lower()
    assert [each for each in ("glm", "custom", "openrouter") if not registry.usable(each)[0]] == [name]
    error = refusal(registry.plan, f"{name}/x")
    assert isinstance(error, NotAllowed)
    assert (
        str(error) == f"the provider {name!r} is switched off by environment {variable}: set it to true, or not at all, to use it"
    )
    assert [str(candidate.target) for candidate in registry.plan([f"{name}/x", "glm/y"]).candidates] == ["zai/y"]


@pytest.mark.parametrize("on", ["true", "1", "yes", "", "whatever"])
def test_a_provider_with_a_key_or_an_address_needs_no_variable_to_switch_it_on(on: str) -> None:
    for said in ({}, {"ENABLE_OPENROUTER": on, "ENABLE_CUSTOM": on}):
        registry = names(OPENROUTER_API_KEY=KEY, CUSTOM_API_URL="http://box:8000/v1", **said)
        assert registry.usable("openrouter")[0]
        assert registry.usable("custom")[0]


def test_a_variable_that_switches_off_some_other_providers_name_means_nothing() -> None:
    assert names(GLM_API_KEY=KEY, ENABLE_GLM="false", ENABLE_ZAI="false").usable("glm")[0]


def test_openrouter_is_told_the_calling_app_in_its_two_headers() -> None:
    script = Script(OK)
    with Client(
        names(OPENROUTER_API_KEY=KEY, OPENROUTER_REFERER="https://corp.example", OPENROUTER_TITLE="Corp"), script
    ) as client:
        client.chat("x", model="openrouter/x/y")
    assert (script.sent[0].headers["http-referer"], script.sent[0].headers["x-title"]) == ("https://corp.example", "Corp")


def test_a_model_that_a_list_leaves_out_is_refused_as_a_value_error_in_the_words_that_users_know() -> None:
    registry = names(KIMI_API_KEY=KEY, KIMI_ALLOWED_MODELS="kimi-latest")
    with pytest.raises(ValueError, match="not allowed by restriction policy"):
        registry.plan("kimi/kimi-k2.5")


def test_a_custom_endpoint_is_restricted_by_its_list_as_any_other() -> None:
    registry = names(CUSTOM_API_URL="http://box:8000/v1", CUSTOM_ALLOWED_MODELS="a")
    assert registry.plan("custom/a").candidates
    assert isinstance(refusal(registry.plan, "custom/b"), NotAllowed)


def test_the_models_that_the_tool_server_names_by_default_are_those_of_auto() -> None:
    assert [str(names(**{key: KEY}).targets("auto")[0]) for key in ("GLM_API_KEY", "KIMI_API_KEY")] == [
        "zai/glm-4.5-flash",
        "moonshotai/kimi-k2-0711-preview",
    ]


def test_everybody_who_has_a_key_is_told_at_once_and_asking_never_raises() -> None:
    providers = ProviderRegistry(names(KIMI_API_KEY=KEY, GLM_API_KEY="your_glm_api_key_here", KIMI_READ_TIMEOUT_SECS="60"))
    available = set(providers.get_available_models().values())
    assert "moonshotai" in available
    assert {"zai", "openrouter", "custom"}.isdisjoint(available)


@pytest.mark.parametrize(
    ("environ", "url"),
    [
        ({}, "https://core.dialx.ai/openai/deployments/gpt-4o/chat/completions?api-version=2024-12-01-preview"),
        (
            {"DIAL_API_HOST": "https://dial.corp.example", "DIAL_API_VERSION": "2025-01-01"},
            "https://dial.corp.example/openai/deployments/gpt-4o/chat/completions?api-version=2025-01-01",
        ),
    ],
)
def test_dial_is_asked_with_its_key_at_the_address_of_a_deployment(environ: dict[str, str], url: str) -> None:
    script = Script(OK)
    with Client(names(DIAL_API_KEY=KEY, **environ), script) as client:
        client.chat("x", model="dial/gpt-4o")
    assert script.sent[0].url == url
    assert (script.sent[0].headers["api-key"], "authorization" in script.sent[0].headers) == (KEY, False)
    assert names().plan("dial/gpt-4o", api_key=KEY).reasons == ()
