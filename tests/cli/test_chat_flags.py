"""The flags of ``turnout chat``: questions of scripts, lists of models, and what is said before the first question."""

from __future__ import annotations

import json
import os

import pytest
from upstream import KEY, MODEL

from turnout import __version__
from turnout.cli import main
from turnout.cli.chat.talking import SASSY


def said(upstream, at=-1):
    return [(message["role"], message["content"]) for message in upstream.requests[at]["messages"]]


def test_prompt_asks_once_and_stdout_has_the_answer_and_nothing_else(upstream, turnout_here):
    done = turnout_here("chat", "-m", MODEL, "-p", "Name a river")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"Rhine\n", b"")
    assert said(upstream) == [("user", "Name a river")]


def test_prompt_leaves_standard_input_to_the_script_around_it(upstream, turnout_here):
    turnout_here("chat", "-m", MODEL, "--prompt", "Name a river", input=b"not this")
    assert said(upstream) == [("user", "Name a river")]


@pytest.mark.parametrize("flag", ["-i", "--stdin"])
def test_stdin_asks_what_is_piped_in_as_one_question(upstream, turnout_here, flag):
    done = turnout_here("chat", "-m", MODEL, flag, input=b"Name a river\nin Europe\n")
    assert (done.returncode, done.stdout) == (0, b"Rhine\n")
    assert said(upstream) == [("user", "Name a river\nin Europe")]


def test_what_is_piped_in_stands_below_the_prompt(upstream, turnout_here):
    turnout_here("chat", "-m", MODEL, "-i", "-p", "Translate", input=b"Fluss\n")
    assert said(upstream) == [("user", "Translate\n\nFluss")]


def test_an_empty_question_is_wrong_usage(upstream, turnout_here):
    done = turnout_here("chat", "-m", MODEL, "-i")
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"nothing to ask" in done.stderr


def test_a_refused_key_is_exit_code_1_and_nothing_on_stdout(upstream, turnout_here):
    upstream.script = [(401, {"error": {"message": f"no such key: {KEY}"}})]
    done = turnout_here("chat", "-m", MODEL, "-p", "Name a river")
    assert (done.returncode, done.stdout) == (1, b"")
    assert KEY.encode() not in done.stderr


def test_a_missing_key_is_exit_code_3(turnout_here):
    done = turnout_here("chat", "-m", MODEL, "-p", "Name a river")
    assert (done.returncode, done.stdout) == (3, b"")
    assert b"OPENAI_API_KEY" in done.stderr


def test_only_the_provider_that_is_asked_needs_a_key(upstream, turnout_here, folder):
    assert turnout_here("chat", "-d", str(folder), "-m", "openai/mini", "-p", "Hi").returncode == 0


@pytest.mark.parametrize("flag", ["-s", "--system-prompt", "--system"])
def test_the_system_prompt_goes_first(upstream, turnout_here, flag):
    turnout_here("chat", "-m", MODEL, flag, "Be brief", "-p", "Hi")
    assert said(upstream) == [("system", "Be brief"), ("user", "Hi")]


def test_the_system_prompt_of_the_flag_beats_the_environment_which_beats_config_toml(upstream, environment, turnout_here, folder):
    (folder / "config.toml").write_text('system_prompt = "from the file"\n')
    prompts = []
    for variables, flags in (({}, ()), ({"LLMC_SYSTEM_PROMPT": "from the environment"}, ()), ({}, ("-s", "from the flag"))):
        environment.update(variables)
        turnout_here("chat", "-d", str(folder), "-m", MODEL, "-p", "Hi", *flags)
        prompts.append(said(upstream)[0])
    assert prompts == [("system", "from the file"), ("system", "from the environment"), ("system", "from the flag")]


def test_sassy_is_a_prompt_of_its_own_which_only_the_flag_for_one_beats(upstream, environment, turnout_here, folder):
    environment["LLMC_SYSTEM_PROMPT"] = "from the environment"
    turnout_here("chat", "-m", MODEL, "--sassy", "-p", "Hi")
    assert said(upstream)[0] == ("system", SASSY)
    (folder / "config.toml").write_text('system_prompt = "from the file"\nsassy = true\n')
    turnout_here("chat", "-d", str(folder), "-m", MODEL, "-p", "Hi")
    assert said(upstream)[0] == ("system", SASSY)
    turnout_here("chat", "-m", MODEL, "--sassy", "-s", "Be kind", "-p", "Hi")
    assert said(upstream)[0] == ("system", "Be kind")


def test_the_model_of_the_flag_beats_the_environment_which_beats_config_toml(upstream, environment, turnout_here, folder):
    (folder / "config.toml").write_text('model = "openai/mini"\n')
    turnout_here("chat", "-d", str(folder), "-p", "Hi")
    environment["LLMC_DEFAULT_MODEL"] = "openai/gpt-4o"
    turnout_here("chat", "-d", str(folder), "-p", "Hi")
    turnout_here("chat", "-d", str(folder), "-m", "openai/gpt-5", "-p", "Hi")
    assert [request["model"] for request in upstream.requests] == ["gpt-4o-mini", "gpt-4o", "gpt-5"]


@pytest.mark.parametrize("flag", ["-m", "--model"])
def test_the_model_may_be_long_short_or_behind_its_provider(upstream, turnout_here, flag):
    for name in ("openai/gpt-4o-2024-08-06", "gpt-4o-2024-08-06", "openai/4o", "4o"):
        turnout_here("chat", flag, name, "-p", "Hi")
    assert {request["model"] for request in upstream.requests} == {"gpt-4o-2024-08-06"}


def test_a_short_name_is_a_model_with_no_file_at_all(upstream, turnout_here):
    turnout_here("chat", "-m", "4o", "-p", "Hi")
    assert upstream.requests[0]["model"] == "gpt-4o-2024-08-06"


def test_what_text_cannot_show_is_told_with_where_it_is(upstream, turnout_here):
    call = {"index": 0, "id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    upstream.script = [[{"content": "One moment."}, {"tool_calls": [call]}]] * 3
    once = turnout_here("chat", "-m", MODEL, "-p", "Hi").stderr
    on_and_on = turnout_here("chat", "-m", MODEL, input=b"Hi\n").stderr
    asked = turnout_here("ask", "-m", MODEL, "Hi").stderr
    for told, elsewhere in ((once, "--session NAME"), (on_and_on, "/save FILE"), (asked, "--json")):
        assert f"the answer also holds what text cannot show (toolcall); {elsewhere} has all of it".encode() in told


def test_echo_sends_nothing_and_shows_the_question(upstream, turnout_here):
    done = turnout_here("chat", "-m", MODEL, "--echo", "-p", "Name a river")
    assert (done.returncode, done.stdout, upstream.requests) == (0, b"Name a river\n", [])
    assert turnout_here("chat", "-m", MODEL, "-e", input=b"Hi\n").stdout == b"Hi\n"


def test_stream_and_no_stream_give_the_same_answer_and_config_toml_chooses_without_either(upstream, turnout_here, folder):
    (folder / "config.toml").write_text("stream = false\n")
    for flags in (("--stream",), ("--no-stream",), ()):
        assert turnout_here("chat", "-d", str(folder), "-m", MODEL, "-p", "Hi", *flags).stdout == b"Rhine\n"
    assert [request.get("stream", False) for request in upstream.requests] == [True, False, False]


@pytest.mark.parametrize("flag", ["-f", "--history-file", "--load"])
def test_a_history_file_is_gone_on_with(upstream, turnout_here, tmp_path, flag):
    (tmp_path / "h.json").write_text(json.dumps([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Yo"}]))
    turnout_here("chat", "-m", MODEL, flag, "h.json", "-p", "And?")
    assert said(upstream) == [("user", "Hi"), ("assistant", "Yo"), ("user", "And?")]


def test_a_history_file_that_is_not_there_is_a_warning_and_for_load_an_error(upstream, turnout_here):
    done = turnout_here("chat", "-m", MODEL, "-f", "h.json", "-p", "Hi")
    assert (done.returncode, done.stdout) == (0, b"Rhine\n")
    assert b"Warning: History file h.json does not exist.  No history will be loaded." in done.stderr
    assert turnout_here("chat", "-m", MODEL, "--load", "h.json", "-p", "Hi").returncode == 2


def test_a_script_goes_on_with_a_session_by_its_name_and_without_one_keeps_nothing(upstream, turnout_here, tmp_path):
    sessions = tmp_path / "home/.local/state/turnout/sessions"
    turnout_here("chat", "-m", MODEL, "-p", "Hi")
    assert not sessions.exists()
    turnout_here("chat", "-m", MODEL, "--session", "rivers", "-p", "Name a river")
    turnout_here("chat", "--session", "rivers", "-p", "Another")
    assert said(upstream) == [("user", "Name a river"), ("assistant", "Rhine"), ("user", "Another")]
    turnout_here("chat", "--continue", "-p", "And one more")
    assert len(said(upstream)) == 5
    assert os.listdir(sessions) == ["rivers.json"]


def test_a_file_is_never_loaded_over_a_session(upstream, turnout_here, tmp_path):
    (tmp_path / "h.json").write_text("[]")
    turnout_here("chat", "-m", MODEL, "--session", "rivers", "-p", "Hi")
    done = turnout_here("chat", "-m", MODEL, "--session", "rivers", "--load", "h.json", "-p", "Hi")
    assert (done.returncode, len(upstream.requests)) == (2, 1)


def test_an_attachment_is_sent_with_the_question(upstream, turnout_here, tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert turnout_here("chat", "-m", MODEL, "-a", "a.png", "-p", "What is it?").returncode == 0
    assert [part["type"] for part in upstream.requests[0]["messages"][0]["content"]] == ["image_url", "text"]


@pytest.mark.parametrize("flag", ["-nh", "--no-highlighting", "--plain"])
def test_no_highlighting_shows_the_marks(upstream, turnout_here, flag):
    upstream.script = [["**Rhine**"]]
    assert turnout_here("chat", "-m", MODEL, flag, "-p", "Hi").stdout == b"**Rhine**\n"


@pytest.mark.parametrize("flag", ["-v", "--version"])
def test_version_prints_it(flag, capsys):
    assert main(["chat", flag]) == 0
    assert capsys.readouterr().out == f"turnout {__version__}\n"


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_lists_every_flag_of_the_earlier_program(flag, environment, capsys):
    assert main(["chat", flag]) == 0
    shown = set(capsys.readouterr().out.replace(",", " ").replace("[", " ").split())
    wanted = (
        "-l --list-models --provider --discover-models --force-refresh --update-valid-models -uvm -p --prompt -s --system-prompt"
    )
    wanted += (
        " -f --history-file -m --model -v --version -c --clear -e --echo --sassy -h --help -d --data-directory --create-config"
    )
    assert shown >= {*wanted.split(), "-i", "--stdin", "--stream", "--no-stream", "-nh", "--no-highlighting"}


def test_what_a_change_of_provider_could_not_carry_is_told_once(upstream, turnout_here, folder):
    (folder / "openaicompat-providers.yaml").write_text(
        f"providers:\n  box:\n    base_api_url: {upstream.base_url}\n    valid_models:\n      plain: plain\n"
    )
    upstream.script = [[{"reasoning_content": "Hm."}, "Rhine"], ["Elbe"], ["Po"]]
    lines = b"Name a river\n/mod box/plain\nAnother\nA third\n"
    done = turnout_here("chat", "-d", str(folder), "-m", MODEL, input=lines)
    assert done.stdout == b"Rhine\nElbe\nPo\n"
    told = done.stderr.decode()
    assert told.count("request messages[1].parts[0]: dropped (reasoning of another provider is not sent)") == 1
    assert told.index("Provider: box") < told.index("dropped (reasoning")


def test_keys_that_were_found_and_files_that_were_not_are_told_before_the_first_question(upstream, turnout_here, folder):
    told = turnout_here("chat", "-d", str(folder), "-m", MODEL, "-p", "Hi").stderr.decode()
    assert f"WARNING: no config file found at {folder}/config.toml." in told
    assert "Using API key from environment variable OPENAI_API_KEY for provider openai" in told


def test_a_yaml_file_that_cannot_be_read_is_told_and_the_chat_goes_on(upstream, turnout_here, folder):
    (folder / "openaicompat-providers.yaml").write_text("providers: [")
    done = turnout_here("chat", "-d", str(folder), "-m", MODEL, "-p", "Hi")
    assert (done.returncode, done.stdout) == (0, b"Rhine\n")
    assert b"Error loading provider config: " in done.stderr


def test_a_chat_needs_no_home_folder(upstream, environment, turnout_here):
    del environment["HOME"]
    assert turnout_here("chat", "-m", MODEL, "-p", "Hi").stdout == b"Rhine\n"


def test_retry_asks_the_last_question_again_in_place_of_its_answer(upstream, turnout_here):
    upstream.script = [["Rhine"], ["Elbe"], ["Po"]]
    done = turnout_here("chat", "-m", MODEL, input=b"Name a river\n/mod openai/gpt-4o\n/retry\nAnother\n")
    assert done.stdout == b"Rhine\nElbe\nPo\n"
    assert said(upstream, 1) == [("user", "Name a river")]
    assert said(upstream) == [("user", "Name a river"), ("assistant", "Elbe"), ("user", "Another")]


def test_a_retry_that_fails_leaves_the_old_answer(upstream, turnout_here):
    upstream.script = [["Rhine"], (401, {"error": {"message": "no"}}), ["Po"]]
    assert turnout_here("chat", "-m", MODEL, input=b"Name a river\n/retry\nAnother\n").stdout == b"Rhine\nPo\n"
    assert said(upstream) == [("user", "Name a river"), ("assistant", "Rhine"), ("user", "Another")]
