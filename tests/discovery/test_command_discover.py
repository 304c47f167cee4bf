"""``turnout discover`` as it is called: its flags, what it prints where, and how it ends."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys

import pytest
from model_server import HANG, KEY, listed, refused, said

from turnout.cli import main
from turnout.config.provider_lists import read_yaml


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty home, for this process and for those that it starts."""
    for name in set(os.environ) - {"PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "VIRTUAL_ENV"}:
        monkeypatch.delenv(name)
    for name, value in {"HOME": str(tmp_path / "home"), "TERM": "dumb", "LANG": "C.UTF-8", "COLUMNS": "100"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "home"


@pytest.fixture
def box(desk, server, home):
    """A provider with a model that chats and one that does not."""
    desk.write("box")
    server.lists["box"] = listed("chatty", "deaf")
    server.chats["box", "deaf"] = said("no")
    return desk


def command(desk, *words):
    return [sys.executable, "-m", "turnout", "discover", "-d", str(desk.folder), *words]


def started(desk, *words, **options):
    return subprocess.Popen(command(desk, *words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def test_models_are_printed_and_saved_and_what_happens_goes_to_stderr(box, capsys):
    assert main(["discover", "-d", str(box.folder), "box"]) == 0
    out, err = capsys.readouterr()
    assert out == "box/chatty\tyes\tendpoint\nbox/deaf\tno\tendpoint\n"
    assert err.splitlines()[-4:] == [
        "Validating models for box",
        "..",
        "Successfully discovered 1 valid and 1 invalid models for box",
        "Provider configurations persisted to YAML",
    ]
    assert read_yaml(str(box.yaml))["providers"]["box"]["valid_models"] == {"chatty": "chatty"}


@pytest.mark.parametrize("words", [["box"], ["--provider", "box"], ["--discover-models", "box"]])
def test_a_provider_may_be_named_in_each_way_that_earlier_programs_knew(box, capsys, words):
    assert main(["discover", "-d", str(box.folder), "--json", *words]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert [(one["provider"], one["valid"], one["invalid"]) for one in printed] == [("box", ["chatty"], ["deaf"])]


@pytest.mark.parametrize("words", [[], ["--discover-models"]])
def test_without_a_name_all_that_are_set_up_are_asked(box, capsys, words):
    assert main(["discover", "-d", str(box.folder), *words]) == 0
    out, err = capsys.readouterr()
    assert "Skipping hyperbolic: No valid API key configured" in err
    assert out == "box/chatty\tyes\tendpoint\nbox/deaf\tno\tendpoint\n"
    assert read_yaml(str(box.yaml))["providers"]["box"]["valid_models"] == {"chatty": "chatty"}


@pytest.mark.parametrize("flag", ["--force-refresh", "--update-valid-models", "-uvm"])
def test_a_forced_refresh_has_three_names_and_takes_no_kept_list(box, server, capsys, flag):
    main(["discover", "-d", str(box.folder), "box"])
    main(["discover", "-d", str(box.folder), "box"])
    assert server.listings == ["box"]
    assert main(["discover", "-d", str(box.folder), "box", flag]) == 0
    assert server.listings == ["box", "box"]
    assert server.asked.count(("box", "deaf")) == 2


@pytest.mark.parametrize("flag", ["-l", "--list-models"])
def test_the_lists_are_shown_without_asking_anybody(box, server, capsys, flag):
    assert main(["discover", "-d", str(box.folder), flag, "deepseek"]) == 0
    assert capsys.readouterr().out == (
        "**DEEPSEEK - Available Models:**\n• deepseek/deepseek-chat (dschat)\n• deepseek/deepseek-reasoner (r1)\n"
    )
    assert server.listings == []


def test_a_provider_that_is_in_no_list_cannot_be_shown(box, capsys):
    assert main(["discover", "-d", str(box.folder), "-l", "bx"]) == 3
    assert "Provider 'bx' not found; did you mean 'box'?" in capsys.readouterr().err


def test_an_unknown_provider_is_a_configuration_error(box, capsys):
    assert main(["discover", "-d", str(box.folder), "no-such-one"]) == 3
    assert "no-such-one" in capsys.readouterr().err


def test_one_failure_saves_nothing_exits_1_and_says_so(box, server, capsys):
    box.write("box", "broken")
    before = box.yaml.read_bytes()
    server.lists["broken"] = refused(500, "down")
    assert main(["discover", "-d", str(box.folder), "box", "broken"]) == 1
    err = capsys.readouterr().err
    assert "Error discovering models for broken: " in err
    assert "not every provider answered, so nothing was saved" in err
    assert box.yaml.read_bytes() == before


def test_a_provider_that_cannot_be_reached_is_shown_as_the_lists_know_it(box, server, capsys):
    box.write("box", more="    valid_models: {mine: m}\n")
    server.lists["box"] = refused(500, "down")
    assert main(["discover", "-d", str(box.folder), "box"]) == 1
    assert capsys.readouterr().out == "box/mine\tyes\tknown\n"


def test_a_provider_that_was_named_and_has_no_key_is_a_configuration_error(box, capsys):
    assert main(["discover", "-d", str(box.folder), "openai"]) == 3
    assert "Skipping openai: No valid API key configured" in capsys.readouterr().err


@pytest.mark.parametrize("flag", ["--no-save", "--no-ping"])
def test_nothing_is_saved_when_nothing_shall_be(box, capsys, flag):
    before = box.yaml.read_bytes()
    assert main(["discover", "-d", str(box.folder), "box", flag]) == 0
    assert "box/chatty" in capsys.readouterr().out
    assert box.yaml.read_bytes() == before


@pytest.mark.parametrize("words", [["--timeout", "0"], ["--timeout", "soon"], ["--timeout", "inf"], ["--lokal"]])
def test_a_wrong_option_is_told(box, capsys, words):
    assert main(["discover", *words]) == 2
    assert capsys.readouterr().err.startswith("turnout: ")


def test_a_config_toml_is_written_once(box, capsys):
    for _ in range(2):
        assert main(["discover", "-d", str(box.folder), "--create-config"]) == 0
        assert capsys.readouterr().out == f"{box.folder}/config.toml\n"
    assert '# Model Name\nmodel = "openai/4.1-mini"\n' in (box.folder / "config.toml").read_text()


def test_the_data_directory_of_the_earlier_program_is_found_in_the_home_folder(desk, server, home, capsys):
    (home / ".llm_chat_cli").mkdir(parents=True)
    desk.write("box")
    desk.yaml.rename(home / ".llm_chat_cli" / desk.yaml.name)
    server.lists["box"] = listed("chatty")
    assert main(["discover", "box"]) == 0
    assert capsys.readouterr().out == "box/chatty\tyes\tendpoint\n"


def test_a_machine_without_lists_is_not_told_that_they_are_missing(home, capsys):
    assert main(["discover", "-l"]) == 0
    assert capsys.readouterr().err == ""


def test_no_key_is_in_any_output_although_providers_repeat_it(box, server, monkeypatch, capsys, tmp_path):
    groq = "gsk_9fJ2mQx7LwT0aB4cD8eF"
    monkeypatch.setenv("GROQ_API_KEY", groq)
    monkeypatch.setenv("TURNOUT_GROQ_BASE_URL", server.url("groq"))
    server.lists["groq"] = refused(401, f"Incorrect API key provided: {groq}")
    server.lists["box"] = refused(401, f"Incorrect API key provided: {KEY}")
    assert main(["discover", "-d", str(box.folder), "--json"]) == 1
    assert main(["discover", "-d", str(box.folder)]) == 1
    server.lists["box"] = listed("chatty")
    server.chats["box", "chatty"] = refused(403, f"{KEY} may not")
    main(["discover", "-d", str(box.folder), "--json", "box"])
    out, err = capsys.readouterr()
    assert "Incorrect API key provided" in err
    written = [path.read_text() for path in tmp_path.rglob("*") if path.is_file() and path.parent != box.folder]
    for key in (KEY, groq):
        assert key not in out + err + "".join(written)


def test_ctrl_c_ends_it_with_130_and_leaves_the_file_as_it_was(box, server):
    before = box.yaml.read_bytes()
    server.chats["box", "chatty"] = HANG
    running = started(box, "box", "--timeout", "60")
    assert server.hanging.wait(60)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert out == ""
    assert "Traceback" not in err
    assert box.yaml.read_bytes() == before


def test_two_processes_that_discover_at_once_lose_nothing(box, server):
    box.write("one", "two")
    server.lists["one"], server.lists["two"] = listed("a", "b"), listed("c", "d")
    processes = [started(box, name) for name in ("one", "two")]
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0
    providers = read_yaml(str(box.yaml))["providers"]
    assert providers["one"]["valid_models"] == {"a": "a", "b": "b"}
    assert providers["two"]["valid_models"] == {"c": "c", "d": "d"}


def test_a_terminal_shows_a_bar_and_stdout_stays_clean(box, server):
    server.chats["box", "chatty"] = HANG
    fd, inner = pty.openpty()
    environ = {**os.environ, "TERM": "xterm-256color"}
    words = command(box, "box", "--timeout", "60")
    running = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=inner, text=True, env=environ)
    os.close(inner)
    shown = b""
    while True:
        try:
            piece = os.read(fd, 65536)
        except OSError:  # how Linux says that the other side was closed
            break
        if not piece:
            break
        shown += piece
        if re.search(r"━.*/2", shown.decode(errors="replace")):
            server.release()
    os.close(fd)
    out, _ = running.communicate(timeout=60)
    assert running.returncode == 0
    assert out == "box/chatty\tunknown\tendpoint\nbox/deaf\tno\tendpoint\n"
    assert re.search(r"━.*/2", shown.decode())
    assert "1 could not be asked" in shown.decode()
    assert shown.decode().rstrip().endswith("\x1b[?25h") or "\x1b[?25l" not in shown.decode()  # the cursor is back


def test_local_servers_are_looked_for_only_when_asked(box, server, capsys):
    main(["discover", "-d", str(box.folder)])
    assert "ollama" not in capsys.readouterr().err.lower()
