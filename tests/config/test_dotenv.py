"""Files of variables: what a line means, what is refused, and when one is read at all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from turnout import Client
from turnout.client.settings import Settings
from turnout.config.dotenv import asked_for, parse, read_variables, surroundings
from turnout.config.files import read_config
from turnout.errors import ConfigError, MissingKey
from turnout.registry import Registry
from turnout.types import Target

KEY = "sk-proj-4vJ8Qm2ZtXc9RbNw"


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("NAME=value", "value"),
        ("export NAME=value", "value"),
        ("  export\tNAME =  value  ", "value"),
        ("NAME=", ""),
        ("NAME= # nothing", ""),
        ("NAME=value # a comment", "value"),
        ("NAME=value#no comment", "value#no comment"),
        ("NAME=a=b", "a=b"),
        ("NAME=two words", "two words"),
        ("NAME=pa$word", "pa$word"),
        ("NAME='it # is'", "it # is"),
        ("NAME='a\\n${B}' # as it is", "a\\n${B}"),
        ('NAME="a\\tb\\n \\"c\\" \\\\ \\$"', 'a\tb\n "c" \\ $'),
        ('NAME="it\'s"#', "it's"),
        ("NAME=''", ""),
        ("\ufeffNAME=value", "value"),
        ("NAME=value\r", "value"),
        ("NAME=first\nNAME=last", "last"),
        ("# NAME=comment\n\nNAME=value\n", "value"),
    ],
)
def test_a_line_sets_a_variable(tmp_path: Path, line: str, value: str) -> None:
    (tmp_path / ".env").write_bytes((line + "\n").replace("\r\n", "\r\n").encode())
    assert dict(read_variables(str(tmp_path / ".env"))) == {"NAME": value}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (f"NAME='{KEY}", "the value of NAME has no closing quotation mark on its line"),
        (f'NAME="{KEY}', "the value of NAME has no closing quotation mark on its line"),
        (f'NAME="{KEY}\nmore"', "the value of NAME has no closing quotation mark on its line"),
        (f"NAME={KEY}\\", "the value of NAME ends in a backslash"),
        (f"NAME='{KEY}' more", "the value of NAME goes on behind its closing quotation mark"),
        (f'NAME="{KEY}"more', "the value of NAME goes on behind its closing quotation mark"),
        (f'NAME="{KEY}\\x"', "the value of NAME has a backslash that escapes nothing"),
        (f"NAME={KEY}${{OTHER}}", "the value of NAME refers to another variable"),
        (f'NAME="${{OTHER}}{KEY}"', "the value of NAME refers to another variable"),
        (f"NAME={KEY}'quoted'", "the value of NAME has a quotation mark inside"),
        (f"NAME={KEY}\0", "the value of NAME holds a character that no variable can"),
        (f"NAME={KEY}\rX=1", "the value of NAME holds a character that no variable can"),
        (KEY, "expected NAME=value"),
        ("export NAME", "expected NAME=value"),
        (f"={KEY}", "expected NAME=value"),
        (f"A NAME={KEY}", "expected NAME=value"),
        (f"1NAME={KEY}", "expected NAME=value"),
        (f"NÄME={KEY}", "expected NAME=value"),
        (f"NA-ME={KEY}", "expected NAME=value"),
    ],
)
def test_a_line_that_could_mean_two_things_is_refused_with_its_number_and_without_its_value(line: str, said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse(f"# first\n\n{line}\n", "/x/.env")
    assert str(raised.value).startswith(f"/x/.env:3: {said}")
    assert KEY not in str(raised.value)


@given(st.text(st.characters(blacklist_characters="\0\r", blacklist_categories=["Cs"])))
def test_any_value_can_be_written_in_double_quotes(value: str) -> None:
    written = re.sub(r'(["\\$])', r"\\\1", value).replace("\n", "\\n")
    assert parse(f'NAME="{written}"\n', ".env")["NAME"][0] == value


@given(st.text(st.characters(blacklist_categories=["Cs"])))
def test_no_text_gets_past_as_anything_but_variables_or_a_config_error(text: str) -> None:
    try:
        found = parse(text, ".env")
    except ConfigError:
        return
    assert all(name.isidentifier() and line >= 1 for name, (_, line) in found.items())


def test_a_file_that_is_no_text_too_large_or_missing_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    with pytest.raises(ConfigError, match=r"\.env: No such file"):
        read_variables(str(path))
    path.write_bytes(b"A=\xff")
    with pytest.raises(ConfigError, match=r"\.env: this is no UTF-8 text"):
        read_variables(str(path))
    path.write_bytes(b"A=1\n" * (1 << 19))
    with pytest.raises(ConfigError, match=r"\.env: more than 1048576 bytes"):
        read_variables(str(path))


def test_a_files_variables_have_no_text_form_that_shows_them(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"OPENAI_API_KEY={KEY}\n")
    assert KEY not in repr(read_variables(str(tmp_path / ".env")))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a .env in it."""
    (tmp_path / ".env").write_text(f"OPENAI_API_KEY={KEY}\nTURNOUT_MODEL=groq/x\n")
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TURNOUT_CONFIG_DIR", str(tmp_path / "user"))
    return tmp_path


def test_no_file_is_read_unasked(folder: Path) -> None:
    assert asked_for(None, {}) is None
    assert asked_for(False, {"TURNOUT_ENV_FILE": ".env"}) is None
    assert Registry().default_model() == "local/smollm2-135m"
    with pytest.raises(MissingKey):
        Registry().plan("openai/gpt-4.1")


def test_a_client_reads_the_file_that_it_is_given_for_what_the_environment_does_not_set(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Client(env_file=".env") as client:
        assert client.registry.default_model() == "groq/x"
        assert client.registry.usable("openai") == (True, "key from OPENAI_API_KEY")
        monkeypatch.setenv("TURNOUT_MODEL", "openai/y")
        assert client.registry.default_model() == "openai/y"
        assert "OPENAI_API_KEY" not in __import__("os").environ


def test_true_means_the_file_that_is_named_or_dot_env_here_if_there_is_one(folder: Path, tmp_path: Path) -> None:
    (folder / "named").write_text("A=1\n")
    (folder / "ours").write_text("A=2\n")
    assert asked_for(True, {}) == {"OPENAI_API_KEY": KEY, "TURNOUT_MODEL": "groq/x"}
    assert asked_for(True, {"ENV_FILE": "named"}) == {"A": "1"}
    assert asked_for(True, {"ENV_FILE": "named", "TURNOUT_ENV_FILE": "ours"}) == {"A": "2"}
    assert asked_for(folder / "named", {"TURNOUT_ENV_FILE": "ours"}) == {"A": "1"}
    assert asked_for(None, {"TURNOUT_ENV_FILE": "ours"}) == {"A": "2"}
    assert asked_for(None, {"ENV_FILE": "named"}) is None
    (folder / ".env").unlink()
    assert asked_for(True, {}) is None
    with pytest.raises(ConfigError, match=r"nowhere: No such file"):
        asked_for("nowhere", {})


def test_the_users_file_may_ask_for_one_beside_it_and_a_projects_only_when_it_is_trusted(folder: Path) -> None:
    (folder / "user").mkdir()
    (folder / "user" / "turnout.toml").write_text('env_file = "vars"\n')
    (folder / "user" / "vars").write_text("A=user\n")
    environ = {"TURNOUT_CONFIG_DIR": str(folder / "user")}
    assert surroundings(environ, read_config(environ))["A"] == "user"
    (folder / "turnout.toml").write_text('\nenv_file = ".env"\n')
    with pytest.raises(ConfigError, match=r"turnout\.toml:2: this project's file sets env_file"):
        surroundings(environ, read_config(environ))
    trusting = {**environ, "TURNOUT_TRUST_PROJECT": "1"}
    assert surroundings(trusting, read_config(trusting))["OPENAI_API_KEY"] == KEY


def test_a_registry_that_is_passed_has_read_its_own_file() -> None:
    with pytest.raises(ConfigError, match="env_file belongs to the registry"):
        Settings(Registry(), None, None, None, None, None, (), env_file=".env")


def test_a_key_of_the_file_is_what_a_call_carries(folder: Path) -> None:
    plan = Registry(env_file=True).plan("openai/gpt-4.1")
    assert [candidate.target for candidate in plan.candidates] == [Target("openai", "gpt-4.1")]
