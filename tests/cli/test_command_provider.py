"""``turnout provider new``: one file, no Python, and the provider is there."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from upstream import KEY, Upstream

from turnout.cli import main

Turnout = Callable[..., subprocess.CompletedProcess[bytes]]
LIST = {"object": "list", "data": [{"id": f"model-{number}", "object": "model"} for number in range(12)]}


def path(environment: dict[str, str]) -> Path:
    return Path(environment["HOME"], ".config", "turnout", "providers", "acme.toml")


def test_a_provider_is_written_asked_for_its_models_and_called(
    turnout: Turnout, upstream: Upstream, environment: dict[str, str]
) -> None:
    environment["ACME_API_KEY"] = KEY
    upstream.script = [(200, LIST), ["Nile"]]
    done = turnout("provider", "new", "Acme", "--wire", "openai-chat", "--base-url", upstream.base_url + "/")
    out = done.stdout.decode()
    assert done.returncode == 0, done.stderr.decode()
    assert "it lists 12 models:\n  acme/model-0\n" in out
    assert "  … and 2 more\n" in out
    assert 'turnout ask -m acme/model-0 "Name three rivers"' in out
    assert upstream.paths == ["/v1/models"]
    expected = f'name     = "Acme"\nwire     = "openai-chat"\nbase_url = "{upstream.base_url}"\nkey_env  = ["ACME_API_KEY"]\n'
    assert path(environment).read_text() == expected
    assert stat.S_IMODE(path(environment).stat().st_mode) == 0o600 or sys.platform == "win32"
    assert [entry.name for entry in path(environment).parent.iterdir()] == ["acme.toml"]
    asked = turnout("ask", "-m", "acme/model-3", "longest river?")
    assert asked.stdout == b"Nile\n"
    assert upstream.headers[-1]["authorization"] == f"Bearer {KEY}"
    assert KEY not in out


def test_a_provider_that_refuses_or_is_not_there_is_written_and_told_of(
    turnout: Turnout, upstream: Upstream, environment: dict[str, str]
) -> None:
    environment["ACME_API_KEY"] = KEY
    upstream.script = [(401, {"error": {"message": "no such key"}})]
    refused = turnout("provider", "new", "acme", "--base-url", upstream.base_url)
    assert refused.returncode == 1
    assert b"it does not list its models: " in refused.stderr
    assert b"is the base URL right" in refused.stdout
    assert path(environment).exists()


def test_without_its_key_it_is_not_asked(turnout: Turnout, upstream: Upstream, environment: dict[str, str]) -> None:
    done = turnout("provider", "new", "acme", "--base-url", upstream.base_url, "--key-env", "ACME_TOKEN", "--key-env", "ACME_KEY")
    assert done.returncode == 1
    assert b"not asked for its models: acme needs an API key: set ACME_TOKEN or ACME_KEY" in done.stderr
    assert upstream.paths == []
    assert 'key_env  = ["ACME_TOKEN", "ACME_KEY"]' in path(environment).read_text()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--no-key"], 'auth     = "none"'),
        (["--wire", "anthropic-messages"], 'auth     = "header:x-api-key"'),
        (["--wire", "voyage"], 'wire     = "voyage"'),
        (["--docs", "https://acme.example/docs"], 'docs     = "https://acme.example/docs"'),
        (["--name", 'The "Acme" Müller'], 'name     = "The \\"Acme\\" Müller"'),
    ],
)
def test_what_is_said_of_it_is_in_the_file(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, arguments: list[str], line: str
) -> None:
    monkeypatch.setenv("ACME_API_KEY", KEY)
    assert main(["provider", "new", "acme", "--base-url", "https://api.acme.example/v1", "--offline", *arguments]) == 0
    assert line in path(environment).read_text("utf-8").splitlines()
    from turnout.registry import Registry

    assert Registry().usable("acme")[0]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["a/b", "--base-url", "https://x"], 2, "'a/b' cannot be the id of a provider"),
        (["..", "--base-url", "https://x"], 2, "'..' cannot be the id of a provider"),
        (["groq", "--base-url", "https://x"], 2, "'groq' is known already, as 'groq'"),
        (["kimi", "--base-url", "https://x"], 2, "'kimi' is known already, as 'moonshotai'"),
        (["acme", "--base-url", "acme.example"], 3, "'acme.example' is not a base URL for acme"),
        (["acme", "--base-url", "https://x", "--wire", "openai"], 3, "acme speaks openai, which Turnout does not speak yet"),
        (["acme", "--base-url", "https://x", "--name", "a\nb"], 2, "name holds a character that cannot be printed"),
        (["acme", "--base-url", "https://x", "--no-key", "--key-env", "A"], 2, "not allowed with argument"),
        (["acme"], 2, "the following arguments are required: --base-url"),
    ],
)
def test_what_could_not_be_called_is_refused_and_nothing_is_written(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    assert main(["provider", "new", *arguments]) == code
    assert said in capsys.readouterr().err
    assert not Path(environment["HOME"], ".config").exists()


def test_a_file_that_is_there_is_replaced_only_by_force_and_kept_beside(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    new = ["provider", "new", "acme", "--offline", "--no-key", "--base-url"]
    assert main([*new, "https://one.example"]) == 0
    assert main([*new, "https://two.example"]) == 2
    assert "--force replaces it, and keeps it as acme.toml.bak" in capsys.readouterr().err
    assert main([*new, "https://two.example", "--force"]) == 0
    assert "https://two.example" in path(environment).read_text()
    assert "https://one.example" in path(environment).with_name("acme.toml.bak").read_text()


def test_a_file_written_while_a_program_runs_is_there_for_its_next_registry(
    upstream: Upstream, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An OpenAI-compatible provider is one TOML file: no list to extend, no Python."""
    import turnout
    from turnout.errors import UnknownProviderError

    with pytest.raises(UnknownProviderError):
        turnout.ask("acme/large-1", "longest river?")
    path(environment).parent.mkdir(parents=True)
    path(environment).write_text(
        f'wire = "openai-chat"\nbase_url = "{upstream.base_url}"\nkey_env = ["ACME_API_KEY"]\naliases = ["ac"]\n'
        "[models.large-1]\ncontext_tokens = 131072\n"
    )
    monkeypatch.setenv("ACME_API_KEY", KEY)
    upstream.script = [["Nile"]]
    assert turnout.ask("ac/large-1", "longest river?").text == "Nile"
    assert upstream.requests[-1]["model"] == "large-1"
    assert upstream.headers[-1]["authorization"] == f"Bearer {KEY}"


def test_the_list_of_providers_says_of_each_what_a_script_needs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["providers", "--json"]) == 0
    rows = {row["id"]: row for row in json.loads(capsys.readouterr().out)}
    assert len(rows) > 200
    wanted = {"id", "name", "aliases", "wire", "base_url", "key_env", "usable", "reason"}
    assert all(wanted <= row.keys() for row in rows.values())
    kimi = rows["moonshotai"]
    assert kimi["aliases"] == ["kimi", "moonshot"]
    assert kimi["key_env"] == ["KIMI_API_KEY", "MOONSHOT_API_KEY"]
    assert (kimi["usable"], kimi["wire"], kimi["base_url"]) == (False, "openai-chat", "https://api.moonshot.ai/v1")
    assert "set KIMI_API_KEY or MOONSHOT_API_KEY" in kimi["reason"]
    assert main(["providers", "kimi"]) == 0
    assert "\nmoonshotai\t" in capsys.readouterr().out


def test_the_list_of_a_profile_is_in_its_order(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["providers", "--profile", "tools", "--json"]) == 0
    assert [row["id"] for row in json.loads(capsys.readouterr().out)] == ["moonshotai", "zai", "custom", "openrouter"]
    assert main(["providers", "--profile", "gatewya"]) == 3
    assert "did you mean 'gateway'" in capsys.readouterr().err
