"""What an earlier layer's ProviderDiagnostics told, line by line."""

from __future__ import annotations

import os
import subprocess
import sys

import msgspec
import pytest

from turnout.catalog.schema import Provider
from turnout.cli.doctor.gateway_file import with_gateway
from turnout.cli.doctor.here import examine
from turnout.config import Config
from turnout.discovery.diagnosis import Diagnosis, diagnose, first_present
from turnout.discovery.standing import Resting, Standing, is_fresh, preferred, read_standing, still_resting
from turnout.registry import Registry

KEY = "sk-4vJ8Qm2ZtXc9RbNw"


def told(name: str, *, initialized: bool = True, **environ: str) -> Diagnosis:
    return diagnose(name, Registry(environ={}).provider(name), environ, initialized=initialized)


def test_the_first_variable_that_holds_anything_is_taken_with_its_value():
    assert first_present(("A", "B", "C"), {"A": "", "B": "x", "C": "y"}) == ("B", "x")
    assert first_present(("A", "B"), {}) == (None, None)


@pytest.mark.parametrize(
    "value", ["your_key_here", "YOUR_KEY", " your_kimi_api_key_here ", "changeme", "placeholder", "ChangeMe"]
)
def test_what_starts_with_your_and_the_words_changeme_and_placeholder_are_no_keys(value):
    assert told("kimi", KIMI_API_KEY=value).api_key_is_placeholder


def test_an_empty_key_is_no_placeholder_but_missing():
    found = told("kimi", initialized=False, KIMI_API_KEY="")
    assert (found.api_key_is_placeholder, found.api_key_present, found.reason_unavailable) == (False, False, "Missing API key")


def test_a_diagnosis_has_these_ten_fields():
    assert list(msgspec.to_builtins(told("openrouter"))) == [
        "provider",
        "registered",
        "initialized",
        "api_key_present",
        "api_key_var",
        "api_key_is_placeholder",
        "base_url_present",
        "base_url_var",
        "reason_unavailable",
        "suggestions",
    ]


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("kimi", "KIMI_API_KEY"),
        ("kimi", "MOONSHOT_API_KEY"),
        ("glm", "GLM_API_KEY"),
        ("glm", "ZHIPUAI_API_KEY"),
        ("custom", "CUSTOM_API_KEY"),
        ("openrouter", "OPENROUTER_API_KEY"),
    ],
)
def test_the_variable_that_holds_the_key_is_named_and_its_value_is_not(name, variable):
    found = told(name, **{variable: KEY})
    assert (found.api_key_present, found.api_key_var, found.api_key_is_placeholder) == (True, variable, False)
    assert KEY not in str(msgspec.json.encode(found))


@pytest.mark.parametrize(
    ("name", "variable"),
    [
        ("kimi", "KIMI_API_URL"),
        ("kimi", "MOONSHOT_API_URL"),
        ("glm", "GLM_API_URL"),
        ("glm", "ZHIPUAI_API_URL"),
        ("custom", "CUSTOM_API_URL"),
    ],
)
def test_the_variable_that_holds_the_address_is_named(name, variable):
    found = told(name, **{variable: "http://127.0.0.1:9/v1"})
    assert (found.base_url_present, found.base_url_var) == (True, variable)


def test_openrouter_has_no_variable_for_its_address():
    assert (told("openrouter").base_url_present, told("openrouter").base_url_var) == (False, None)


def test_one_that_is_not_registered_is_told_so_before_all_else():
    found = diagnose("acme", None, {"ACME_API_KEY": "changeme"}, initialized=True)
    assert (found.registered, found.initialized) == (False, False)
    assert found.reason_unavailable == "Provider class not registered in registry"
    assert found.suggestions == ("Register it in code, or write it into a file: `turnout provider new`",)


def test_without_a_key_all_its_variables_are_named():
    found = told("kimi", initialized=False)
    assert found.reason_unavailable == "Missing API key"
    assert found.suggestions[0].startswith("Set one of: KIMI_API_KEY, MOONSHOT_API_KEY")


def test_a_placeholder_is_to_be_replaced_in_its_own_variable():
    found = told("glm", initialized=False, GLM_API_KEY="changeme")
    assert found.reason_unavailable == "API key appears to be a placeholder"
    assert found.suggestions[0].startswith("Replace GLM_API_KEY with a valid key")


def test_a_custom_endpoint_needs_no_key_but_an_address():
    found = told("custom", initialized=False)
    assert found.reason_unavailable == "CUSTOM_API_URL is required for Custom endpoint"
    assert found.suggestions == ("Set CUSTOM_API_URL (and optionally CUSTOM_API_KEY)",)
    assert told("custom", CUSTOM_API_URL="http://127.0.0.1:9/v1").reason_unavailable is None


def test_one_that_is_set_up_and_not_ready_is_told_so_last():
    found = told("openrouter", initialized=False, OPENROUTER_API_KEY=KEY)
    assert found.reason_unavailable == "Provider not initialized yet"
    assert found.suggestions == ("Restart the gateway, or read its log: it says why",)


def test_one_that_is_ready_has_no_reason_and_nothing_to_do():
    found = told("openrouter", OPENROUTER_API_KEY=KEY)
    assert (found.reason_unavailable, found.suggestions) == (None, ())


def test_a_key_that_a_file_keeps_counts_although_no_variable_holds_one():
    row = Provider(id="acme", name="Acme", wire="openai-chat", base_url="https://acme.test", key_env=("ACME_API_KEY",))
    assert diagnose("acme", row, {}, initialized=True, keeps_key=True).reason_unavailable is None


def test_the_four_that_users_of_that_layer_look_for_are_always_there():
    registry = Registry(environ={})
    assert {registry.provider_id(name) for name in ("kimi", "glm", "custom", "openrouter")} <= set(registry.provider_ids())


# -- the snapshot ----------------------------------------------------------------------------------


def standing(**facts: object) -> Standing:
    usual = {
        "timestamp": 1000.0,
        "registered_providers": ("openrouter", "zai"),
        "initialized_providers": ("openrouter",),
        "available_models": {},
    }
    return Standing(**{**usual, **facts})  # type: ignore[arg-type]


def test_what_the_snapshot_says_overrides_registered_and_initialized_and_clears_the_reason_if_both():
    found = preferred(told("openrouter", initialized=False), standing())
    assert (found.registered, found.initialized, found.reason_unavailable, found.suggestions) == (True, True, None, ())


def test_one_that_the_gateway_cannot_call_keeps_its_reason():
    found = preferred(told("glm", ZAI_API_KEY=KEY), standing(reasons={"zai": "Z.AI needs an API key"}))
    assert (found.registered, found.initialized, found.reason_unavailable) == (True, False, "Z.AI needs an API key")


def test_an_earlier_layers_snapshot_is_read_too():
    content = (
        b'{"timestamp": 5, "registered_providers": ["KIMI"], "initialized_providers": [], "available_models": {"m": "KIMI"}}'
    )
    found = read_standing(content)
    assert found is not None
    assert found.registered_providers == ("KIMI",)


def test_an_earlier_layers_names_in_its_snapshot_are_those_of_our_providers(tmp_path):
    path = tmp_path / "provider_registry_snapshot.json"
    path.write_bytes(
        b'{"timestamp": 1000.0, "registered_providers": ["KIMI", "GLM", "OTHER"], "initialized_providers": ["KIMI"],'
        b' "available_models": {"kimi-k2-0711-preview": "KIMI"}}'
    )
    registry = Registry(environ={}, config=Config())
    ids = (registry.provider_id("kimi"), registry.provider_id("glm"))
    report = with_gateway(examine(registry, None, ids), str(path), registry, now=1010.0)
    assert [(found.diagnosis.registered, found.diagnosis.initialized) for found in report.providers] == [
        (True, True),
        (True, False),
    ]
    assert [found.diagnosis.reason_unavailable for found in report.providers] == [None, "Missing API key"]


def test_a_snapshot_of_another_clock_or_that_is_no_file_is_told_and_not_believed(tmp_path):
    registry = Registry(environ={}, config=Config())
    report = examine(registry, None, ("openai",))
    content = b'{"timestamp": 1040.0, "registered_providers": [], "initialized_providers": [], "available_models": {}}'
    (tmp_path / "s.json").write_bytes(content)
    ahead = with_gateway(report, str(tmp_path / "s.json"), registry, now=1000.0)
    os.mkfifo(tmp_path / "pipe")
    pipe = with_gateway(report, str(tmp_path / "pipe"), registry, now=1000.0)
    assert [(told.gateway.used, told.gateway.note) for told in (ahead, pipe) if told.gateway is not None] == [
        (False, f"{tmp_path}/s.json was written 40 s from now, by another clock"),
        (False, f"{tmp_path}/pipe is no file"),
    ]
    assert ahead.providers == pipe.providers == report.providers


def test_looking_at_every_provider_makes_none_of_them_ready():
    script = (
        "import sys\n"
        "from turnout.cli.doctor.here import examine, registry_here\n"
        "report = examine(registry_here()[0], None)\n"
        "assert len(report.providers) > 100\n"
        "sdks = ('openai', 'anthropic', 'httpx2', 'google', 'botocore', 'asyncio')\n"
        "print([name for name in sdks if name in sys.modules])\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout == "[]\n"


def test_all_that_are_registered_are_looked_at_with_the_four_among_them():
    registry = Registry(environ={}, config=Config())
    looked_at = {found.id for found in examine(registry, None).providers}
    assert looked_at == set(registry.provider_ids())
    assert {registry.provider_id(name) for name in ("kimi", "glm", "custom", "openrouter")} <= looked_at


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff\xfe", b'{"timestamp": "x"}', b"null"])
def test_what_is_no_snapshot_is_none(content):
    assert read_standing(content) is None


def test_a_rest_is_told_from_now_and_not_from_when_it_was_written():
    told = standing(resting=(Resting("a/m", 20.0, 2), Resting("b/m", 5.0)))
    assert still_resting(told, 1007.0) == (Resting("a/m", 13.0, 2),)
    assert still_resting(told, 999.0) == told.resting


@pytest.mark.parametrize(("age", "fresh"), [(0.0, True), (30.0, True), (30.1, False), (-31.0, False)])
def test_a_snapshot_is_fresh_for_three_times_between_two_writes(age, fresh):
    assert is_fresh(standing(every=10.0), 1000.0 + age) is fresh
