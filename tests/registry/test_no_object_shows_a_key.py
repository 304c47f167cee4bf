"""Every object that a program can get hold of, with keys set everywhere: no text of it holds one."""

from __future__ import annotations

import logging
import pickle
from pathlib import Path
from typing import Any

import pytest

import turnout
from turnout.config.files import read_config
from turnout.config.provider_lists import default_lists
from turnout.errors import ConfigError
from turnout.registry import ProviderRegistry, Registry
from turnout.testing.transport import Script
from turnout.types import HttpResponse

KEY = "gsk_9fJ2mQx7LwT0aB4cD8eF"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Keys in a variable, in turnout.toml, in a header and a query where none belongs, and in the lists of the data directory."""
    pytest.importorskip("ruamel.yaml", reason="turnout[config] is not installed")
    (tmp_path / "turnout.toml").write_text(
        f'[providers.cerebras]\napi_key = "{KEY}"\n'
        f'[providers.corp]\nwire = "openai-chat"\nbase_url = "https://c.corp/v1?sig={KEY}"\nquery = "key={KEY}"\n'
        f'key_env = ["GROQ_API_KEY"]\nheaders = {{ x-token = "{KEY}" }}\n'
    )
    (tmp_path / "openaicompat-providers.yaml").write_text(
        f"providers:\n  openai:\n    name: OpenAI\n    base_api_url: https://api.openai.com/v1\n    api_key: {KEY}\n"
        "    valid_models:\n      gpt-x: x\n"
    )
    folders = {"TURNOUT_CONFIG_DIR": str(tmp_path), "TURNOUT_DATA_DIR": str(tmp_path), "HOME": str(tmp_path)}
    return {"GROQ_API_KEY": KEY, **folders}


def objects(environ: dict[str, str], folder: Path) -> dict[str, Any]:
    registry = Registry(environ=environ, config=read_config(environ, str(folder)))
    providers = ProviderRegistry(registry)
    made = providers.create_client("groq", api_key=KEY)
    lists = default_lists(environ)
    assert lists is not None
    plans = [registry.plan(f"{name}/x") for name in ("groq", "cerebras", "corp", "openai")]
    return {
        "registry": registry,
        "configuration": registry.config,
        "files": registry.config.files,
        "plans": plans,
        "a plan with a key of its own": registry.plan("groq/x", api_key=KEY),
        "candidates": [candidate for plan in plans for candidate in plan.candidates],
        "secrets": [registry.key(name) for name in ("groq", "cerebras", "corp", "openai")],
        "rows": registry.providers(),
        "layers": [registry._layered(name) for name in ("groq", "cerebras", "corp", "openai")],
        "sources": [registry.provider_sources(name) for name in ("groq", "cerebras", "corp", "openai")],
        "reasons": [registry.usable(id) for id in registry.provider_ids()],
        "mistakes": registry.mistakes(),
        "provider registry": providers,
        "stats and failures": [providers.stats(), providers.failures()],
        "factory": providers.get_factory("groq"),
        "client": turnout.Client(registry, model="groq/x", api_key=KEY),
        "async client": turnout.AsyncClient(registry, model="groq/x", api_key=KEY),
        "settings": turnout.Client(registry, model="groq/x", api_key=KEY)._settings,
        "client of a factory": [made, made.registry, made.registry.config, made.registry._plans],
        "client of from_provider": turnout.from_provider("groq/x", api_key=KEY, registry=registry),
        "lists": [lists, lists.known, *lists.known.values(), lists.files, lists.settings],
    }


def test_no_text_form_of_any_object_holds_a_key(environ: dict[str, str], tmp_path: Path) -> None:
    found = objects(environ, tmp_path)
    told = {name: f"{thing!r} {thing}" for name, thing in found.items()}
    assert [name for name, text in told.items() if KEY in text] == []
    assert "Provider('groq'" in told["candidates"]  # and what is no key is still told
    assert f"ConfigFile(user file {tmp_path}/turnout.toml, providers)" in told["configuration"]


def test_a_plan_with_a_key_does_not_leave_the_process(environ: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="a Secret does not leave the process"):
        pickle.dumps(objects(environ, tmp_path)["secrets"])


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
def test_no_error_log_line_or_record_of_a_call_holds_a_key_that_the_provider_repeats(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    records: list[Any] = []
    body = b'{"error":{"message":"Incorrect API key provided: %s","code":"%s"}}' % (KEY.encode(), KEY.encode())
    registry = Registry(environ={"GROQ_API_KEY": KEY, "TURNOUT_CONFIG_DIR": "/nonexistent"})
    answer = HttpResponse(status=status, headers={"x-request-id": KEY, "retry-after": "9999"}, body=body)
    client = turnout.Client(registry, Script(answer, answer, answer), model="groq/x", sinks=[records.append], retry=ONCE)
    with caplog.at_level(logging.DEBUG), pytest.raises(turnout.Error) as raised:
        client.chat("hi")
    error = raised.value
    told = f"{error} {error!r} {error.args} {vars(error)} {records} {caplog.text}"
    assert KEY not in told


ONCE = turnout.Retry(attempts=1)


@pytest.mark.parametrize("value", [f"{KEY} {KEY}", f"{KEY}\nx: y", f"{KEY}\u2026"])
def test_a_key_that_cannot_be_sent_is_refused_without_being_shown(value: str) -> None:
    registry = Registry(environ={"GROQ_API_KEY": value, "TURNOUT_CONFIG_DIR": "/nonexistent"})
    with pytest.raises(ConfigError) as raised:
        registry.plan("groq/x")
    assert KEY not in str(raised.value) + repr(raised.value)
