"""``turnout config`` and ``--env-file``: what is set, where, and what is wrong with it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from upstream import KEY, MODEL

from turnout.cli import main

TOML = """\
model = "fast"
[aliases]
fast = ["groq/llama-3.3-70b-versatile", "openai/gpt-4.1"]
[providers.groq]
timeout = 12.5
api_key = "gsk_4vJ8Qm2ZtXc9RbNw"
headers = { x-team = "a", authorization = "Bearer hidden-hidden" }
query = "v=1&api_key=hidden-hidden"
[providers.openai]
key_command = ["touch", "ran"]
[models."groq/new"]
context_tokens = 10
"""


@pytest.fixture
def user(environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "user"
    folder.mkdir()
    monkeypatch.setenv("TURNOUT_CONFIG_DIR", str(folder))
    environment["TURNOUT_CONFIG_DIR"] = str(folder)
    return folder


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, tuple[object, str]]:
    assert main(["config", "show", "--json", *words]) == 0
    return {row["name"]: (row["value"], row["source"]) for row in json.loads(capsys.readouterr().out)}


def test_every_setting_is_shown_with_the_line_or_the_variable_that_made_it(
    user: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (user / "turnout.toml").write_text(TOML)
    monkeypatch.setenv("TURNOUT_GROQ_PRIORITY", "7")
    monkeypatch.setenv("MISTRAL_API_KEY", "changeme")
    found = shown(capsys)
    file = f"user file {user}/turnout.toml"
    assert found == {
        "model": ("fast", f"{file}:1"),
        "policy": ("listed", "default"),
        "env_file": (None, "default"),
        "TURNOUT_CONFIG_DIR": (str(user), "environment TURNOUT_CONFIG_DIR"),
        "aliases.fast": (["groq/llama-3.3-70b-versatile", "openai/gpt-4.1"], f"{file}:3"),
        "providers.groq.headers": ({"x-team": "a", "authorization": "****"}, f"{file}:7"),
        "providers.groq.query": ("v=1&api_key=****", f"{file}:8"),
        "providers.groq.timeout": (12.5, f"{file}:5"),
        "providers.groq.priority": (7, "environment TURNOUT_GROQ_PRIORITY"),
        "providers.groq.key": ("****RbNw", f"{file}:6"),
        "providers.mistral.key": (found["providers.mistral.key"][0], "default"),
        "providers.openai.key": ("asked for when a call needs it", f"command touch ({file}:10)"),
        "models.groq/new.context_tokens": (10, f"{file}:12"),
    }
    assert str(found["providers.mistral.key"][0]).startswith(
        "! Mistral needs an API key, and MISTRAL_API_KEY holds a placeholder"
    )
    assert not Path("ran").exists(), "no command is run to show that there is one"


def test_what_the_environment_says_counts_more_and_what_nobody_says_is_a_default(
    user: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shown(capsys)["model"] == ("local/smollm2-135m", "default")
    (user / "turnout.toml").write_text(TOML)
    monkeypatch.setenv("TURNOUT_MODEL", "groq/x")
    assert shown(capsys)["model"] == ("groq/x", "environment TURNOUT_MODEL")


def test_one_provider_is_shown_with_every_field(user: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = shown(capsys, "kimi")
    assert found["providers.moonshotai.name"] == ("Moonshot AI", "built-in models.dev 2026-08-18")
    assert found["providers.moonshotai.quirks"][1] != ""
    assert found["providers.moonshotai.query"] == ("", "default")
    assert {name.split(".")[1] for name in found} == {"moonshotai"}


def test_a_key_said_under_another_name_of_its_provider_is_shown_too(user: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (user / "turnout.toml").write_text(f'[providers.kimi]\napi_key = "{KEY}"\n')
    assert shown(capsys)["providers.moonshotai.key"] == (f"****{KEY[-4:]}", f"user file {user}/turnout.toml:2")


def test_no_key_is_in_any_form_of_what_is_shown(user: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (user / "turnout.toml").write_text(TOML)
    for words in (["config", "show"], ["config", "show", "--all"], ["config", "show", "groq"], ["keys", "list"]):
        assert main(words) == 0
        out, err = capsys.readouterr()
        assert "gsk_4vJ8Qm2ZtXc9RbNw" not in out + err
        assert "hidden-hidden" not in out + err


def test_mistakes_are_named_each_on_a_line_and_the_exit_code_says_that_there_are_some(
    user: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = user / "turnout.toml"
    assert main(["config", "validate"]) == 0
    assert capsys.readouterr() == ("", "turnout: nothing wrong in 0 files\n")
    path.write_text("modle = 1\n[providers.groq]\ntimeout = 'x'\n")
    assert main(["config", "validate"]) == 3
    assert capsys.readouterr() == (
        f"{path}:1: unknown key 'modle'; did you mean 'model'?\n{path}:3: timeout: Expected `float`, got `str`\n",
        "turnout: 2 wrong in 1 file\n",
    )
    assert main(["config", "validate", "--json"]) == 3
    rows = json.loads(capsys.readouterr().out)
    assert rows[0] == {"path": str(path), "line": 1, "text": "unknown key 'modle'; did you mean 'model'?", "nearest": ["model"]}


def test_a_file_by_itself_is_checked_without_the_others(user: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (user / "turnout.toml").write_text("modle = 1\n")
    other = tmp_path / "other.toml"
    other.write_text('model = "groq/x"\n')
    assert main(["config", "validate", str(other)]) == 0
    other.write_text("[providers\n")
    assert main(["config", "validate", str(other)]) == 3
    assert capsys.readouterr().out.startswith(f"{other}:1: ")
    assert main(["config", "validate", str(tmp_path / "nowhere.toml")]) == 3
    assert capsys.readouterr().out == f"{tmp_path}/nowhere.toml: No such file or directory\n"
    (user / "providers").mkdir()
    (user / "providers" / "corp.toml").write_text('wier = "x"\n')
    assert main(["config", "validate", str(user / "providers" / "corp.toml")]) == 3
    assert "corp.toml:1: unknown key 'wier'; did you mean 'wire'?" in capsys.readouterr().out


def test_the_schema_is_printed_as_one_json_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "schema"]) == 0
    jsonschema.Draft202012Validator.check_schema(json.loads(capsys.readouterr().out))


def test_the_paths_are_printed_with_whether_they_are_there(
    user: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (user / "turnout.toml").write_text("")
    (tmp_path / "turnout.toml").write_text("")
    assert main(["config", "path"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"user file\t{user}/turnout.toml\tread",
        f"keys file\t{user}/keys.toml\tnot there",
        f"project file\t{tmp_path}/turnout.toml\tread, not trusted",
    ]
    assert main(["config", "path", "--user"]) == 0
    assert capsys.readouterr().out == f"{user}/turnout.toml\n"


def test_a_file_of_variables_is_read_for_one_command_when_it_is_asked_for(turnout, upstream, environment, tmp_path) -> None:
    del environment["OPENAI_API_KEY"]
    (tmp_path / ".env").write_text(f"OPENAI_API_KEY={KEY} # mine\nOPENAI_BASE_URL=http://127.0.0.1:9/v1\n")
    assert turnout("ask", "-m", MODEL, "hi").returncode == 3
    for words in (["--env-file", ".env"], ["--env-file=.env"]):
        assert turnout(*words, "ask", "-m", MODEL, "hi").stdout == b"Rhine\n", "and what is set already stays"
        assert upstream.headers[-1]["authorization"] == f"Bearer {KEY}"
    environment["TURNOUT_ENV_FILE"] = ".env"
    assert turnout("ask", "-m", MODEL, "hi").stdout == b"Rhine\n"
    shown = turnout("config", "show").stdout.decode()
    assert f"providers.openai.key\t****{KEY[-4:]}\tenvironment OPENAI_API_KEY ({tmp_path}/.env:1)\n" in shown
    upstream.script = [(401, {"error": {"message": f"the key {KEY} is refused"}})]
    refused = turnout("ask", "-m", MODEL, "hi")
    assert KEY.encode() not in refused.stderr
    assert b"[OPENAI_API_KEY]" in refused.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--env-file"], 2, "--env-file needs the path of a file"),
        (["--env-file="], 2, "--env-file needs the path of a file"),
        (["--env-file", "nowhere", "version"], 3, "nowhere: No such file or directory"),
    ],
)
def test_a_file_of_variables_that_is_not_there_is_an_error(
    words: list[str], code: int, said: str, environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == code
    assert said in capsys.readouterr().err


def test_neither_command_imports_what_it_does_not_need(environment: dict[str, str]) -> None:
    heavy = "asyncio tomlkit keyring jsonschema subprocess httptools ssl"
    for words in (["config", "path"], ["config", "validate"], ["config", "show"], ["keys", "list"]):
        script = (
            "import sys, io; from turnout.cli import main\n"
            f"sys.stdout = io.StringIO(); main({words!r}); sys.stdout = sys.__stdout__\n"
            f"print(' '.join(name for name in {heavy.split()!r} if name in sys.modules))"
        )
        command = [sys.executable, "-c", script]
        run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, env=environment)
        assert run.stdout.split() == [], words
