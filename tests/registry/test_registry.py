"""What exists, where each value came from, and what can be used from here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest
from registries import BOTH, CEREBRAS_KEY, GROQ_KEY, LLAMA, WIRES, configured, refusal, registry

from turnout.config import Config
from turnout.errors import UnknownName
from turnout.registry import Registry
from turnout.types import Target


def test_every_provider_and_model_is_listed_with_the_users_among_them() -> None:
    config = configured(
        providers={"corp": {"wire": "openai-chat", "base_url": "https://llm.corp"}},
        models={"corp/big": {"context_tokens": 9}, "groq/new": {"name": "New"}},
    )
    names = registry(config)
    assert [provider.id for provider in names.providers()] == sorted(
        [*Registry(environ={}, config=Config()).provider_ids(), "corp"]
    )
    assert [str(model.target) for model in names.models("corp")] == ["corp/big"]
    assert "new" in [model.target.model for model in names.models("groq")]
    assert len(names.models()) == len(registry().models()) + 2
    assert len(names.models("hug")) == len(names.models("huggingface")) > 0


def test_models_of_an_unknown_provider_are_refused() -> None:
    assert isinstance(refusal(registry().models, "gorq"), UnknownName)


def test_each_value_remembers_where_it_came_from() -> None:
    names = registry(configured(providers={"groq": {"timeout": 3.0}}), TURNOUT_GROQ_PRIORITY="5")
    sources = names.provider_sources("groq")
    assert sources["name"] == "built-in models.dev 2026-08-18"
    assert sources["base_url"] == "built-in groq.toml, checked 2026-11-21"
    assert sources["timeout"] == "user file turnout.toml"
    assert sources["priority"] == "environment TURNOUT_GROQ_PRIORITY"
    assert names.model_sources(Target("groq", "llama-3.3-70b-versatile"))["price"] == "built-in models.dev 2026-08-18"
    assert names.model_sources(Target("groq", "nothing")) == {}


def test_the_default_model_is_the_environments_then_a_files_then_the_embedded_one() -> None:
    config = configured(model="groq/x")
    assert registry(config, TURNOUT_MODEL="openai/y").default_model() == "openai/y"
    assert registry(config).default_model() == "groq/x"
    assert registry().default_model() == "local/smollm2-135m"


@pytest.mark.parametrize(
    ("provider", "environ", "usable", "reason"),
    [
        ("groq", {"GROQ_API_KEY": GROQ_KEY}, True, "key from GROQ_API_KEY"),
        ("groq", {}, False, "Groq needs an API key: set GROQ_API_KEY"),
        ("groq", {"GROQ_API_KEY": ""}, False, "GROQ_API_KEY is set but empty"),
        ("groq", {"GROQ_API_KEY": "changeme"}, False, "GROQ_API_KEY holds a placeholder ('changeme')"),
        ("vllm", {}, True, "needs no key"),
        ("amazon-bedrock", {}, False, "which Turnout does not speak yet"),
        ("cloudflare-workers-ai", {"CLOUDFLARE_API_TOKEN": "cf-1a2b3c"}, False, "needs CLOUDFLARE_ACCOUNT_ID"),
    ],
)
def test_a_provider_is_usable_or_says_why_not(provider: str, environ: dict[str, str], usable: bool, reason: str) -> None:
    found, said = registry(**environ).usable(provider)
    assert found is usable
    assert reason in said


def test_the_embedded_provider_is_usable_when_its_extra_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("turnout.registry.known._installed", lambda module: module == "xllamacpp")
    assert registry().usable("local") == (True, "needs no key")
    monkeypatch.setattr("turnout.registry.known._installed", lambda module: False)
    assert registry().usable("local") == (False, "Local is not installed: pip install 'turnout[local]'")


def test_files_are_read_from_the_folders_when_none_are_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "turnout.toml").write_text('model = "groq/from-a-file"\n')
    monkeypatch.chdir(tmp_path)
    names = Registry(environ={"TURNOUT_CONFIG_DIR": str(tmp_path / "none")})
    assert names.default_model() == "groq/from-a-file"


def test_threads_that_plan_at_once_get_equal_plans() -> None:
    names = registry(GROQ_API_KEY=GROQ_KEY, CEREBRAS_API_KEY=CEREBRAS_KEY)
    plans: list[list[str]] = []

    def work() -> None:
        plans.append([str(names.plan(name).candidates[0].provider.base_url) for name in BOTH * 50])

    threads = [Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert plans == [["https://api.groq.com/openai/v1", "https://api.cerebras.ai/v1"] * 50] * 8


HEAVY = ("argparse", "asyncio", "difflib", "importlib.metadata", "pathlib", "random", "ssl", "tomllib", "urllib.parse")


def test_importing_constructing_and_planning_load_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from turnout.registry import Registry\n"
        "from turnout.config import Config\n"
        f"wires = {WIRES!r}\n"
        f"Registry(environ={{'GROQ_API_KEY': {GROQ_KEY!r}}}, wires=wires).plan({LLAMA!r})\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    environ = {"PYTHONPATH": str(Path(__file__).parent), "HOME": "/nonexistent"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, env=environ, check=True)
    assert done.stdout.strip() == "[]"
