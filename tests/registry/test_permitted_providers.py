"""ALLOWED_PROVIDERS, DISABLED_PROVIDERS and the lists of the same names in files: who may not be called is not called."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from registries import BOTH, CEREBRAS_KEY, GROQ_KEY, LLAMA, WIRES, configured, refusal, registry

import turnout
from turnout.catalog.schema import Provider
from turnout.cli import main
from turnout.cli.settings import settings
from turnout.config import Config, ConfigFile
from turnout.config.files import read_config
from turnout.errors import ConfigError, ModelNotFound, NotAllowed
from turnout.gateway.names import own_targets, told
from turnout.registry import ProviderRegistry, Registry
from turnout.types import Target

KEYS = {"GROQ_API_KEY": GROQ_KEY, "CEREBRAS_API_KEY": CEREBRAS_KEY}


@pytest.mark.parametrize("allowed", ["CEREBRAS,KIMI", " cerebras , hug ", "Cerebras"])
def test_only_the_allowed_providers_are_called(allowed: str) -> None:
    names = registry(**KEYS, ALLOWED_PROVIDERS=allowed)
    assert [candidate.target.provider for candidate in names.plan(BOTH[1]).candidates] == ["cerebras"]
    error = refusal(names.plan, LLAMA)
    assert isinstance(error, NotAllowed)
    assert isinstance(error, ValueError)
    assert str(error).startswith("the provider 'groq' is not among those that environment ALLOWED_PROVIDERS allows: add it to")


def test_a_disabled_provider_is_not_called_by_any_of_its_names() -> None:
    names = registry(MOONSHOT_API_KEY="sk-1a2b3c4d5e6f7g8h", GROQ_API_KEY=GROQ_KEY, DISABLED_PROVIDERS="KIMI")
    for name in ("kimi/x", "moonshotai/x", "Moonshot/x"):
        assert "the provider 'moonshotai' is switched off by environment DISABLED_PROVIDERS" in str(refusal(names.plan, name))
    assert names.plan(LLAMA).candidates


@pytest.mark.parametrize("operation", ["chat", "embed", "rerank", "models", "count"])
def test_no_operation_reaches_a_provider_that_is_switched_off(operation: str) -> None:
    names = Registry(environ={"OPENAI_API_KEY": GROQ_KEY, "DISABLED_PROVIDERS": "openai"}, config=Config())
    with pytest.raises(NotAllowed):
        names.plan("openai/x", operation=operation)  # type: ignore[arg-type]


@pytest.mark.parametrize("empty", ["", "  ", ","])
def test_an_empty_variable_restricts_nobody(empty: str) -> None:
    assert registry(**KEYS, ALLOWED_PROVIDERS=empty, DISABLED_PROVIDERS=empty).plan(list(BOTH)).reasons == ()


def test_of_several_targets_the_permitted_ones_are_tried_and_the_others_left_out_with_the_reason() -> None:
    plan = registry(**KEYS, DISABLED_PROVIDERS="groq").plan(BOTH)
    assert [str(candidate.target) for candidate in plan.candidates] == [BOTH[1]]
    assert plan.reasons[0].startswith(f"{LLAMA} left out: the provider 'groq' is switched off by")


def test_a_provider_that_may_not_be_called_is_not_usable_and_says_why() -> None:
    names = registry(**KEYS, ALLOWED_PROVIDERS="groq")
    assert names.usable("groq") == (True, "key from GROQ_API_KEY")
    usable, reason = names.usable("cerebras")
    assert not usable
    assert reason.startswith("the provider 'cerebras' is not among those that environment ALLOWED_PROVIDERS allows")


def test_a_gateway_lists_no_model_of_a_provider_that_may_not_be_called() -> None:
    everybody = {target.provider for target in own_targets(registry(**KEYS))}
    permitted = {target.provider for target in own_targets(registry(**KEYS, DISABLED_PROVIDERS="groq"))}
    assert everybody - permitted == {"groq"}
    assert {target.provider for target in own_targets(registry(**KEYS, ALLOWED_PROVIDERS="groq"))} == {"groq"}


def test_a_factory_that_code_registered_and_a_vendors_own_client_are_refused_too() -> None:
    providers = ProviderRegistry(registry(**KEYS, DISABLED_PROVIDERS="acme,groq"))
    providers.register(Provider(id="acme", name="Acme", wire="", base_url=""), lambda **given: given)
    for make in (
        lambda: providers.create_client("acme"),
        lambda: providers.create_client("groq", model="x"),
        lambda: turnout.sdk_client("groq", registry=providers.registry),
    ):
        with pytest.raises(NotAllowed):
            make()


def test_a_file_says_it_too_and_names_its_line(tmp_path: Path) -> None:
    (tmp_path / "turnout.toml").write_text('model = "groq/x"\nallowed_providers = ["cerebras"]\n')
    environ = {"TURNOUT_CONFIG_DIR": str(tmp_path), **KEYS}
    names = Registry(environ=environ, config=read_config(environ, str(tmp_path)), wires=WIRES)
    assert f"those that user file {tmp_path}/turnout.toml:2 allows" in str(refusal(names.plan, LLAMA))
    assert names.mistakes() == []


def test_the_lists_add_up_so_that_no_layer_lifts_what_another_forbids() -> None:
    user = ConfigFile("user file", "user.toml", {"disabled_providers": ["groq"]})
    project = ConfigFile("project file", "project.toml", {"allowed_providers": ["groq", "cerebras"]}, trusted=False)
    names = registry(Config((user, project)), **KEYS, ALLOWED_PROVIDERS="groq,cerebras,openai", OPENAI_API_KEY=GROQ_KEY)
    assert [id for id in ("groq", "cerebras", "openai") if names.usable(id)[0]] == ["cerebras"]


def test_a_mistyped_name_allows_nobody_and_where_it_should_switch_somebody_off_nothing_is_called() -> None:
    names = registry(**KEYS, ALLOWED_PROVIDERS="gorq,cerebras")
    assert [id for id in ("groq", "cerebras") if names.usable(id)[0]] == ["cerebras"]
    error = refusal(registry(**KEYS, DISABLED_PROVIDERS="gorq").plan, BOTH[1])
    assert str(error).startswith("environment DISABLED_PROVIDERS: unknown provider 'gorq'; did you mean 'groq'")
    assert "nothing is called while it is not known who is meant" in str(error)


@pytest.mark.parametrize("field", ["allowed_providers", "disabled_providers"])
def test_a_name_that_nobody_knows_is_a_mistake_of_the_file(field: str) -> None:
    (found,) = registry(configured(**{field: ["gorq"]})).mistakes()
    assert (found.nearest, "unknown provider 'gorq'" in found.text) == (("groq",), True)


@pytest.mark.parametrize("value", ['"groq"', "[]", "[1]", "true", '[" "]'])
@pytest.mark.parametrize("field", ["allowed_providers", "disabled_providers"])
def test_what_is_no_list_of_providers_is_refused_with_its_line(tmp_path: Path, field: str, value: str) -> None:
    (tmp_path / "turnout.toml").write_text(f"{field} = {value}\n")
    with pytest.raises(ConfigError, match=rf"turnout.toml:1: {field} is a list of providers, such as"):
        read_config({"TURNOUT_CONFIG_DIR": str(tmp_path)}, str(tmp_path))


def test_the_settings_in_effect_show_every_list_with_where_it_stands(tmp_path: Path) -> None:
    (tmp_path / "turnout.toml").write_text('disabled_providers = ["openai"]\n')
    environ = {"TURNOUT_CONFIG_DIR": str(tmp_path), "ALLOWED_PROVIDERS": "groq, kimi", "KIMI_ALLOWED_MODELS": "b,a"}
    names = Registry(environ=environ, config=read_config(environ, str(tmp_path)))
    listed = [each for each in settings(names, [], everything=False) if "allowed" in each.name or "disabled" in each.name]
    shown = {(each.name, tuple(each.value), each.source) for each in listed}
    assert shown == {
        ("allowed_providers", ("groq", "kimi"), "environment ALLOWED_PROVIDERS"),
        ("providers.moonshotai.allowed_models", ("a", "b"), "environment KIMI_ALLOWED_MODELS"),
        ("disabled_providers", ("openai",), f"user file {tmp_path}/turnout.toml:1"),
    }


def test_the_list_of_providers_shows_one_that_is_switched_off_as_not_usable_and_why(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROQ_API_KEY", GROQ_KEY)
    monkeypatch.setenv("DISABLED_PROVIDERS", "groq")
    assert main(["providers", "groq", "--json"]) == 0
    (row,) = [row for row in json.loads(capsys.readouterr().out) if row["id"] == "groq"]
    assert not row["usable"]
    assert row["reason"].startswith("the provider 'groq' is switched off by environment DISABLED_PROVIDERS")
    assert main(["providers", "groq", "--usable"]) != 0


def test_a_caller_of_a_gateway_is_told_that_the_model_cannot_be_called_there() -> None:
    names = registry(**KEYS, DISABLED_PROVIDERS="groq")
    answer = told(refusal(names.plan, LLAMA), LLAMA)
    assert isinstance(answer, ModelNotFound)
    assert (answer.status, "is switched off by" in str(answer)) == (404, True)


ALLOWED = "GROQ_ALLOWED_MODELS"


def test_only_the_models_that_a_variable_names_are_called_of_its_provider() -> None:
    names = registry(**KEYS, **{ALLOWED: " Llama-3.3-70B-Versatile , other "})
    assert names.plan(LLAMA).candidates
    error = refusal(names.plan, "groq/gemma")
    assert isinstance(error, NotAllowed)
    assert str(error) == (
        f"groq/gemma is not allowed by restriction policy: environment {ALLOWED} names llama-3.3-70b-versatile, other; "
        "add it there to use it"
    )
    plan = names.plan(["groq/gemma", BOTH[1]])
    assert [str(candidate.target) for candidate in plan.candidates] == [BOTH[1]]


@pytest.mark.parametrize("variable", ["KIMI_ALLOWED_MODELS", "MOONSHOT_ALLOWED_MODELS", "MOONSHOTAI_ALLOWED_MODELS"])
def test_the_variable_may_have_any_name_of_the_provider(variable: str) -> None:
    names = registry(KIMI_API_KEY=GROQ_KEY, **{variable: "kimi-latest"})
    assert names.plan("kimi/kimi-latest").candidates
    assert isinstance(refusal(names.plan, "moonshotai/kimi-k2"), NotAllowed)


def test_variables_of_two_names_of_a_provider_both_hold() -> None:
    names = registry(KIMI_API_KEY=GROQ_KEY, KIMI_ALLOWED_MODELS="a,b", MOONSHOT_ALLOWED_MODELS="b,c")
    assert [name for name in "abc" if names.is_permitted(Target("moonshotai", name))] == ["b"]


@pytest.mark.parametrize("empty", ["", " ", " , "])
def test_an_empty_list_of_models_restricts_none(empty: str) -> None:
    assert registry(**KEYS, **{ALLOWED: empty}).plan("groq/gemma").candidates


def test_a_provider_of_which_few_models_are_allowed_is_usable_is_asked_what_it_serves_and_gives_clients() -> None:
    names = Registry(environ={**KEYS, ALLOWED: "x"}, config=Config())
    assert names.usable("groq")[0]
    assert names.plan("groq/models", operation="models").candidates
    assert isinstance(ProviderRegistry(names).create_client("groq"), turnout.Client)
    assert isinstance(ProviderRegistry(names).create_client("groq", model="x"), turnout.Client)
    with pytest.raises(NotAllowed):
        ProviderRegistry(names).create_client("groq", model="y")


def test_lists_of_models_leave_out_those_that_may_not_be_called(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = registry(**KEYS, **{ALLOWED: "llama-3.3-70b-versatile"})
    assert [str(target) for target in own_targets(names) if target.provider == "groq"] == [LLAMA]
    monkeypatch.setenv("GROQ_API_KEY", GROQ_KEY)
    monkeypatch.setenv(ALLOWED, "llama-3.3-70b-versatile")
    assert main(["models", "--provider", "groq", "--usable", "--json"]) == 0
    assert [row["target"]["model"] for row in json.loads(capsys.readouterr().out)] == ["llama-3.3-70b-versatile"]


@pytest.mark.parametrize("variable", ["KIMI_ALLOWED_MODELS", "KIMI_PREFERRED_MODELS"])
def test_a_model_in_a_list_that_its_provider_is_not_known_to_have_is_told_with_what_may_be_meant(variable: str) -> None:
    names = Registry(environ={"KIMI_API_KEY": GROQ_KEY, variable: "kimi-k2.5, Kimi-K2-Thinkin, kimi-k2"}, config=Config())
    usable, reason = names.usable("kimi")
    assert usable
    said = "kimi-k2-thinkin" if variable == "KIMI_ALLOWED_MODELS" else "Kimi-K2-Thinkin"
    assert reason.startswith(
        f"key from KIMI_API_KEY; Model {said!r} in {variable} is not a recognized moonshotai model. Please check for typos; "
        "did you mean 'kimi-k2-thinking'"
    )
    assert reason.count("is not a recognized") == 1


def test_no_model_is_doubted_of_a_provider_of_which_none_is_known() -> None:
    names = Registry(environ={"OLLAMA_PREFERRED_MODELS": "qwen3:4b", "OLLAMA_ALLOWED_MODELS": "qwen3:4b"}, config=Config())
    assert names.usable("ollama") == (True, "needs no key")
