"""``turnout doctor --offline``: what it finds on a machine that a test set up."""

from __future__ import annotations

import json
import socket

import pytest
from upstream import KEY

from turnout.cli import main
from turnout.cli.doctor import here


@pytest.fixture(autouse=True)
def bare(environment, monkeypatch):
    """No llama.cpp, no weights, no server of this machine."""
    monkeypatch.setattr(here, "embedded_model", lambda: here.Embedded(None, None, "llama.cpp is not installed"))
    monkeypatch.setattr(here, "listens", lambda base_url: False)


def report(capsys):
    main(["doctor", "--offline", "--json"])
    return json.loads(capsys.readouterr().out)


def states(found):
    return {provider["id"]: provider["state"] for provider in found["providers"]}


def test_with_no_provider_usable_it_exits_1_and_says_what_to_do(capsys):
    assert main(["doctor", "--offline"]) == 1
    shown = capsys.readouterr().out
    assert "usable (0)\n  none: set a provider's key, or `turnout local pull`\n" in shown


def test_one_real_key_is_enough_for_exit_0_and_is_told_by_its_variable_alone(capsys, monkeypatch):
    monkeypatch.setenv("GROQ_API_KEY", KEY)
    assert main(["doctor", "--offline"]) == 0
    shown = capsys.readouterr().out
    assert "usable (1)\n  groq  key from GROQ_API_KEY\n" in shown
    assert KEY not in shown


@pytest.mark.parametrize("value", ["your_key_here", "changeme", "sk-..."])
def test_a_placeholder_is_named_with_its_variable_and_text(value, capsys, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", value)
    assert main(["doctor", "--offline"]) == 1
    shown = capsys.readouterr().out
    wrong = shown.partition("set up, but not usable (")[2].partition("\n\n")[0]
    line = next(line for line in wrong.splitlines() if line.startswith("  openai "))
    assert f"OPENAI_API_KEY holds a placeholder ('{value}')" in line


def test_an_empty_key_is_wrong_and_not_just_unset(capsys, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "")
    found = report(capsys)
    assert states(found)["openai"] == "wrong"
    assert states(found)["groq"] == "unset"


def test_what_a_file_of_variables_holds_counts_as_set(capsys, tmp_path):
    (tmp_path / ".env").write_text("GROQ_API_KEY=your_key_here\n")
    assert main(["--env-file", str(tmp_path / ".env"), "doctor", "--offline", "--json"]) == 1
    assert states(json.loads(capsys.readouterr().out))["groq"] == "wrong"


def test_every_provider_is_listed_on_request_with_what_it_needs(capsys):
    main(["doctor", "--offline"])
    assert "ANTHROPIC_API_KEY" not in capsys.readouterr().out
    main(["doctor", "--offline", "--all"])
    assert "ANTHROPIC_API_KEY" in capsys.readouterr().out


def test_a_server_of_this_machine_counts_when_it_listens(capsys, monkeypatch):
    assert states(report(capsys))["ollama"] == "unset"
    monkeypatch.setattr(here, "listens", lambda base_url: base_url == "http://localhost:11434")
    assert states(report(capsys))["ollama"] == "usable"


def test_the_embedded_model_is_usable_only_with_its_weights(capsys, monkeypatch):
    monkeypatch.setattr(here, "embedded_model", lambda: here.Embedded("1.0", None, "no weights: `turnout local pull`"))
    found = report(capsys)
    assert found["embedded"] == {"engine": "1.0", "weights": None, "reason": "no weights: `turnout local pull`"}
    assert states(found)["local"] != "usable"


def test_files_are_named_and_a_broken_one_does_not_end_the_report(capsys, tmp_path, monkeypatch):
    (tmp_path / "turnout.toml").write_text('model = "groq/a"\n')
    found = report(capsys)
    assert found["config_files"] == [f"project file {tmp_path}/turnout.toml"]
    assert found["default_model"] == "groq/a"
    (tmp_path / "turnout.toml").write_text("modle = 1\n")
    monkeypatch.setenv("GROQ_API_KEY", KEY)
    assert main(["doctor", "--offline"]) == 0
    assert "turnout.toml:1: unknown key 'modle'; did you mean 'model'" in capsys.readouterr().out


def test_a_default_model_that_cannot_be_called_is_told(capsys, monkeypatch):
    monkeypatch.setenv("TURNOUT_MODEL", "opnai/gpt-4o")
    assert "openai" in report(capsys)["default_model_error"]


def test_what_was_measured_is_told_and_a_file_that_cannot_be_read_is_named(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("TURNOUT_CONFIG_DIR", str(tmp_path))
    path = tmp_path / "measured.json"
    assert report(capsys)["remembered"] == {"file": str(path), "targets": 0, "error": None}
    path.write_text('{"targets": {"groq/a": {}}}')
    main(["doctor", "--offline"])
    assert f"measured\n  targets: 1, in {path}\n" in capsys.readouterr().out
    path.write_text("{")
    main(["doctor", "--offline"])
    assert f"! {path} cannot be read" in capsys.readouterr().out


def test_offline_it_loads_nothing_that_could_reach_anybody(environment):
    import subprocess
    import sys

    heavy = "asyncio httptools importlib.metadata ssl turnout.client.aio turnout.discovery.probing_results"
    code = (
        "import sys; from turnout.cli import main; main(['doctor', '--offline', '--json']); "
        f"sys.stderr.write(' '.join(name for name in {heavy.split()!r} if name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, timeout=60, check=True)
    assert done.stderr == b""


def test_listening_is_told_from_not_listening(monkeypatch):
    monkeypatch.undo()
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/v1"
        assert here.listens(url)
    assert not here.listens(url)
