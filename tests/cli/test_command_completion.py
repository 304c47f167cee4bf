"""``turnout completion``: the scripts are given to the shells they are for."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from turnout.cli import main
from turnout.cli.commands import COMMANDS


@pytest.fixture
def script(environment, capsys, tmp_path):
    def write(shell):
        assert main(["completion", shell]) == 0
        path = tmp_path / f"turnout.{shell}"
        path.write_text(capsys.readouterr().out)
        return path

    return write


def shell(name, commands):
    program = shutil.which(name)
    if program is None:
        pytest.skip(f"{name} is not installed")
    done = subprocess.run([program, "-c", commands], capture_output=True, text=True, timeout=30, check=False)
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("turnout ch", {"chat"}),
        ("turnout ask --sch", {"--schema"}),
        ("turnout ask -m groq", {"groq/"}),
        ("turnout models --provider groq", {"groq"}),
        ("turnout ask --reasoning s", {"show"}),
        ("turnout completion ", {"bash", "zsh", "fish"}),
        ("turnout local ", {"pull", "path"}),
    ],
)
class TestOffers:
    def test_bash(self, script, words, offered):
        split = words.split(" ")
        asked = f"COMP_WORDS=({' '.join(word or repr('') for word in split)}); COMP_CWORD={len(split) - 1}"
        out = shell("bash", f'source {script("bash")}; {asked}; _turnout; printf "%s\\n" "${{COMPREPLY[@]}}"')
        assert set(out.split()) == offered

    def test_fish(self, script, words, offered):
        out = shell("fish", f"source {script('fish')}; complete -C '{words}'")
        assert {line.partition("\t")[0] for line in out.splitlines()} == offered


def test_zsh_takes_its_script(script):
    assert shell("zsh", f"autoload -U compinit; compinit -D; source {script('zsh')}; print $_comps[turnout]") == "_turnout\n"


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_every_command_is_in_the_script(script, name):
    text = script(name).read_text()
    assert all(command in text for command in COMMANDS)
