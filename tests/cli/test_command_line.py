"""What every command has in common: help, exit codes, errors, the version."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from upstream import KEY

import turnout
from turnout.cli import failures, main
from turnout.cli.commands import COMMANDS
from turnout.errors import AllTargetsFailed, AuthenticationFailed, MissingKey, Overloaded, RequestError, ServerFault
from turnout.types import Target

GROQ, OPENAI = Target("groq", "a"), Target("openai", "b")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_commands_help_shows_examples_that_call_it(name, capsys):
    assert main([name, "--help"]) == 0
    examples = capsys.readouterr().out.partition("examples:\n")[2]
    assert re.search(rf"^  .*\bturnout {name}\b", examples, re.MULTILINE)


def test_help_lists_every_command_and_the_exit_codes(capsys):
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(re.search(rf"^  {name} +\S", shown, re.MULTILINE) for name in COMMANDS)
    assert "exit codes:\n  0    done\n" in shown
    assert "examples:\n  turnout ask " in shown


PLUGIN = """
'''Say hello to someone.'''
import sys
EXAMPLES = "turnout hello Ada"
def add_arguments(parser): parser.add_argument("name")
def run(options): sys.stdout.write(f"hello {options.name}\\n"); return 7
"""


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """A distribution with the command ``hello``, and one whose command ``broken`` does not load."""
    (tmp_path / "turnout_hello.py").write_text(PLUGIN)
    metadata = tmp_path / "turnout_hello-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: turnout-hello\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[turnout.commands]\nhello = turnout_hello\nbroken = turnout_nowhere\n")
    monkeypatch.syspath_prepend(tmp_path)


def test_a_plugin_adds_a_command_with_its_help(plugin, capsys):
    assert main(["hello", "Ada"]) == 7
    assert capsys.readouterr().out == "hello Ada\n"
    main(["hello", "--help"])
    assert "Say hello to someone." in capsys.readouterr().out
    main(["--help"])
    assert "  hello       from a plugin\n" in capsys.readouterr().out


def test_a_plugins_command_is_completed_and_one_that_does_not_load_is_left_out(plugin, capsys):
    assert main(["completion", "bash"]) == 0
    script = capsys.readouterr().out
    assert "hello)" in script
    assert "broken" not in script


@pytest.mark.parametrize("doc", ["", "\n\n", "\nSay hello.\nMore."])
def test_a_plugins_help_needs_no_first_line(plugin, capsys, tmp_path, monkeypatch, doc):
    (tmp_path / "turnout_hello.py").write_text(PLUGIN.replace("Say hello to someone.", doc))
    monkeypatch.delitem(sys.modules, "turnout_hello", raising=False)
    assert main(["hello", "--help"]) == 0


def test_a_plugin_that_does_not_load_breaks_its_own_name_alone(plugin, capsys):
    assert main(["broken"]) == 3
    assert "turnout-hello" in capsys.readouterr().err
    assert main(["version"]) == 0


def test_no_argument_at_all_is_wrong_usage_and_shows_the_help_on_stderr(capsys):
    assert main([]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("usage: turnout COMMAND")


@pytest.mark.parametrize("words", [["--version"], ["-V"], ["version"]])
def test_the_version_is_one_line(words, capsys):
    assert main(words) == 0
    assert capsys.readouterr().out == f"turnout {turnout.__version__}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["aks"], "turnout: unknown command 'aks'; did you mean 'ask'? `turnout --help` lists them\n"),
        (["zzzz"], "turnout: unknown command 'zzzz'; `turnout --help` lists them\n"),
        (["ask", "--modle=x", "hi"], "turnout: unknown option --modle; did you mean '--model'? `turnout ask --help` shows how\n"),
        (["ask", "--mod", "x", "hi"], "turnout: unknown option --mod; did you mean '--model'? `turnout ask --help` shows how\n"),
        (["version", "--", "-x"], "turnout: unrecognized arguments: -x; `turnout version --help` shows how\n"),
        (["completion", "tcsh"], r"turnout: argument shell: invalid choice: 'tcsh' .*; `turnout completion --help` shows how\n"),
    ],
)
def test_a_mistyped_word_is_wrong_usage_and_named_with_the_nearest(words, said, capsys):
    assert main(words) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == said or re.fullmatch(said, shown.err)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (failures.WrongUsage("x"), 2),
        (MissingKey("Groq needs an API key: set GROQ_API_KEY"), 3),
        (RequestError("x"), 1),
        (AllTargetsFailed([(GROQ, Overloaded("x"))]), 1),
        (PermissionError(13, "Permission denied", "x"), 1),
        (ZeroDivisionError("x"), 1),
    ],
)
def test_an_error_has_the_exit_code_of_who_must_act(error, code, capsys):
    assert failures.report(error) == code


def test_several_attempts_at_one_target_are_told_by_the_last():
    error = AllTargetsFailed([(GROQ, Overloaded("full")), (GROQ, ServerFault("Groq failed: 500"))])
    assert failures.sentence(error) == "Groq failed: 500 (after 2 attempts)"


def test_different_targets_are_told_each():
    told = failures.sentence(AllTargetsFailed([(GROQ, Overloaded("full")), (OPENAI, ServerFault("broken"))]))
    assert "groq/a: Overloaded: full" in told
    assert "openai/b: ServerFault: broken" in told


def test_a_failing_file_is_named_without_a_number(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        (tmp_path / "nowhere").read_bytes()
    assert failures.sentence(caught.value) == f"No such file or directory: {tmp_path}/nowhere"


def test_a_key_that_a_provider_repeats_is_taken_out(monkeypatch, capsys):
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("TURNOUT_DEBUG", "1")
    failures.report(AuthenticationFailed(f"OpenAI refused the key {KEY}"))
    shown = capsys.readouterr().err
    assert "Traceback" in shown or "AuthenticationFailed" in shown
    assert shown.endswith("turnout: OpenAI refused the key [OPENAI_API_KEY]\n")
    assert KEY not in shown


def test_a_placeholder_is_no_secret_and_stays_readable(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "your_key_here")
    text = "OPENAI_API_KEY holds a placeholder ('your_key_here')"
    assert failures.without_keys(text) == text


def test_an_escape_sequence_in_an_error_never_reaches_the_terminal(capsys):
    failures.report(RequestError("bad \x1b]52;c;aGk=\x07 request"))
    assert capsys.readouterr().err == "turnout: bad \ufffd]52;c;aGk=\ufffd request\n"


@pytest.mark.parametrize("words", [["--help"], ["models"], ["models", "--json"]])
def test_output_cut_short_by_its_reader_is_no_error(words, environment):
    command = [sys.executable, "-m", "turnout", *words]
    writing = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    writing.stdout.close()
    assert writing.stderr.read() == b""
    writing.stderr.close()
    assert writing.wait(timeout=30) == 141


def test_a_defect_says_how_to_see_where(monkeypatch, capsys):
    monkeypatch.delenv("TURNOUT_DEBUG", raising=False)
    failures.report(ZeroDivisionError("division by zero"))
    assert capsys.readouterr().err == (
        "turnout: a defect of Turnout itself: ZeroDivisionError: division by zero (TURNOUT_DEBUG=1 shows where)\n"
    )
