"""``turnout ask`` against a provider on the loopback interface."""

from __future__ import annotations

import base64
import json
import signal
import subprocess
import sys

import msgspec
import pytest
from upstream import HOLD, KEY, MODEL

from turnout.cli import main
from turnout.types import Completion


@pytest.fixture(autouse=True)
def nobody_at_stdin(monkeypatch):
    with open("/dev/null") as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        yield


def test_stdout_carries_the_answer_and_nothing_else(upstream, capsys):
    upstream.script = [["The ", "Rhine."]]
    assert main(["ask", "-m", MODEL, "Name a river"]) == 0
    shown = capsys.readouterr()
    assert shown.out == "The Rhine.\n"
    assert shown.err == ""


def test_the_prompt_system_and_settings_arrive(upstream):
    main(["ask", "-m", MODEL, "-s", "Be brief", "--temperature", "0.2", "--max-output-tokens", "9", "Name", "a river"])
    body = upstream.requests[0]
    assert [(message["role"], message["content"]) for message in body["messages"]] == [
        ("system", "Be brief"),
        ("user", "Name a river"),
    ]
    assert body["temperature"] == 0.2
    assert 9 in (body.get("max_tokens"), body.get("max_completion_tokens"))
    assert body["stream"] is True


def test_options_may_stand_between_the_words(upstream):
    main(["ask", "Name", "-m", MODEL, "a", "river"])
    assert upstream.requests[0]["messages"][-1]["content"] == "Name a river"


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (["--", "-1 + 1?"], "-1 + 1?"),
        (["Is it", "--no-stream", "--", "-1", "or", "--2?"], "Is it -1 or --2?"),
        (["--", "a", "--", "b"], "a -- b"),
    ],
)
def test_behind_two_dashes_nothing_is_an_option(upstream, turnout, words, asked):
    assert turnout("ask", "-m", MODEL, *words).returncode == 0
    assert upstream.requests[0]["messages"][-1]["content"] == asked


def test_without_streaming_the_answer_is_the_same(upstream, capsys):
    upstream.script = [["The ", "Rhine."]]
    assert main(["ask", "-m", MODEL, "--no-stream", "Name a river"]) == 0
    assert capsys.readouterr().out == "The Rhine.\n"
    assert not upstream.requests[0].get("stream")


def test_json_is_the_whole_completion_on_one_line(upstream, capsys):
    upstream.script = [["The ", "Rhine."]]
    assert main(["ask", "-m", MODEL, "--json", "Name a river"]) == 0
    shown = capsys.readouterr()
    assert shown.out.count("\n") == 1
    done = msgspec.json.decode(shown.out, type=Completion)
    assert done.text == json.loads(shown.out)["text"] == "The Rhine."
    assert (done.usage.input_tokens, done.usage.output_tokens) == (7, 2)
    assert str(done.target) == MODEL
    assert done.receipt is not None
    assert shown.err == ""


def test_stats_go_to_stderr_when_asked_for(upstream, capsys):
    upstream.script = [["The ", "Rhine."]]
    main(["ask", "-m", MODEL, "--stats", "Name a river"])
    shown = capsys.readouterr()
    assert shown.out == "The Rhine.\n"
    assert shown.err.startswith("gpt-4o-mini via openai · 7 in · 2 out · ")
    assert " s to first · cost $" in shown.err
    assert "receipt: " in shown.err


def test_stats_may_be_asked_for_beside_json(upstream, turnout):
    done = turnout("ask", "-m", MODEL, "--json", "--stats", "Name a river")
    assert json.loads(done.stdout)["text"] == "Rhine"
    assert b"gpt-4o-mini via openai" in done.stderr


def test_a_second_model_answers_when_the_first_cannot(upstream, capsys):
    upstream.script = [(401, {"error": {"message": "no"}}), ["Rhine"]]
    assert main(["ask", "-m", MODEL, "-m", "openai/gpt-4o", "Name a river"]) == 0
    assert [body["model"] for body in upstream.requests] == ["gpt-4o-mini", "gpt-4o"]
    assert capsys.readouterr().out == "Rhine\n"


def test_an_image_and_the_prompt_arrive_as_parts(upstream, tmp_path):
    image = b"\x89PNG\r\n\x1a\n0"
    (tmp_path / "a.png").write_bytes(image)
    main(["ask", "-m", MODEL, "-a", f"{tmp_path}/a.png", "What is it?"])
    parts = upstream.requests[0]["messages"][-1]["content"]
    assert parts[0]["image_url"]["url"] == "data:image/png;base64," + base64.b64encode(image).decode()
    assert parts[1]["text"] == "What is it?"


def test_a_schema_is_asked_for_by_its_title(upstream, tmp_path, capsys):
    schema = {"title": "A river!", "type": "object", "properties": {"name": {"type": "string"}}}
    (tmp_path / "river.json").write_text(json.dumps(schema))
    upstream.script = [['{"name": ', '"Rhine"}']]
    assert main(["ask", "-m", MODEL, "--schema", f"{tmp_path}/river.json", "Name a river"]) == 0
    wanted = upstream.requests[0]["response_format"]["json_schema"]
    assert wanted["name"] == "A_river_"
    assert wanted["schema"]["properties"] == schema["properties"]
    assert json.loads(capsys.readouterr().out) == {"name": "Rhine"}


def test_an_answer_that_is_not_the_json_asked_for_fails(upstream, tmp_path, capsys):
    (tmp_path / "river.json").write_text('{"type": "object"}')
    upstream.script = [["The Rhine"]]
    assert main(["ask", "-m", MODEL, "--schema", f"{tmp_path}/river.json", "Name a river"]) == 1
    assert "not the JSON that --schema asked for" in capsys.readouterr().err


@pytest.mark.parametrize(("text", "said"), [("{", "is not JSON"), ("[]", "must be a JSON object")])
def test_a_schema_that_is_none_is_wrong_usage(tmp_path, text, said, capsys):
    (tmp_path / "s.json").write_text(text)
    assert main(["ask", "--schema", f"{tmp_path}/s.json", "x"]) == 2
    assert said in capsys.readouterr().err


def test_a_refusal_is_a_failure_and_not_an_answer(upstream, capsys):
    upstream.script = [[{"refusal": "I cannot "}, {"refusal": "do that"}]]
    assert main(["ask", "-m", MODEL, "x"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == "turnout: the model refused: I cannot do that\n"


def test_an_answer_cut_at_its_limit_is_shown_with_a_remark(upstream, capsys):
    upstream.finish = "length"
    assert main(["ask", "-m", MODEL, "x"]) == 0
    shown = capsys.readouterr()
    assert shown.out == "Rhine\n"
    assert "the answer is cut off" in shown.err


def test_reasoning_goes_to_stderr_and_only_when_shown(upstream, capsys):
    pieces = [{"reasoning_content": "Rivers… "}, "Rhine"]
    upstream.script = [pieces, pieces]
    main(["ask", "-m", MODEL, "--reasoning", "show", "x"])
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("Rhine\n", "Rivers… \n\n")
    main(["ask", "-m", MODEL, "x"])
    assert capsys.readouterr() == ("Rhine\n", "")


def test_nothing_to_ask_is_wrong_usage(capsys):
    assert main(["ask"]) == 2
    assert capsys.readouterr().err.startswith("turnout: nothing to ask: give a prompt")


@pytest.mark.parametrize(("option", "value"), [("--timeout", "0"), ("--timeout", "soon"), ("--max-output-tokens", "-1")])
def test_a_number_that_cannot_be_is_wrong_usage(option, value, capsys):
    assert main(["ask", f"{option}={value}", "x"]) == 2
    assert f"argument {option}: " in capsys.readouterr().err


def test_an_unknown_provider_is_a_configuration_error_with_the_nearest_name(environment, capsys):
    assert main(["ask", "-m", "opnai/gpt-4o", "x"]) == 3
    shown = capsys.readouterr().err
    assert shown.startswith("turnout: ")
    assert "openai" in shown
    assert "Traceback" not in shown


def test_a_missing_key_is_a_configuration_error_that_names_the_variable(environment, capsys):
    assert main(["ask", "-m", MODEL, "x"]) == 3
    assert "OPENAI_API_KEY" in capsys.readouterr().err


def test_a_refused_key_fails_the_call_and_the_key_is_not_shown(upstream, capsys):
    upstream.script = [(401, {"error": {"message": f"Incorrect API key provided: {KEY}", "code": "invalid_api_key"}})]
    assert main(["ask", "-m", MODEL, "x"]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("turnout: ")
    assert KEY not in shown.err


def test_a_stream_that_breaks_off_keeps_what_was_shown_and_fails(upstream, capsys):
    upstream.script = [["The Rh", HOLD]]
    upstream.released.set()
    assert main(["ask", "-m", MODEL, "x"]) == 1
    shown = capsys.readouterr()
    assert shown.out == "The Rh\n"
    assert "broke off" in shown.err


def test_piped_text_follows_the_prompt(upstream, turnout):
    done = turnout("ask", "-m", MODEL, "Translate:", input=b"Fluss\n")
    assert done.returncode == 0
    assert upstream.requests[0]["messages"][-1]["content"] == "Translate:\n\nFluss"


def test_python_m_turnout_answers(upstream, turnout):
    done = turnout("ask", "-m", MODEL, "Name a river")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"Rhine\n", b"")


def test_a_reader_who_leaves_ends_it_quietly(upstream, environment):
    upstream.script = [["line\n", "x" * 70_000, "\n", *["y" * 70_000] * 4]]
    asking = subprocess.Popen(
        [sys.executable, "-m", "turnout", "ask", "-m", MODEL, "x"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert asking.stdout.readline() == b"line\n"
    asking.stdout.close()
    assert asking.stderr.read() == b""
    asking.stderr.close()
    assert asking.wait(timeout=30) == 141


def test_an_interrupt_keeps_what_was_shown_and_exits_130(upstream, environment):
    upstream.script = [["The Rh", HOLD]]
    asking = subprocess.Popen(
        [sys.executable, "-m", "turnout", "ask", "-m", MODEL, "x"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert asking.stdout.read(6) == b"The Rh"
    asking.send_signal(signal.SIGINT)
    shown, said = asking.communicate(timeout=30)
    assert (asking.returncode, shown, said) == (130, b"\n", b"")


def test_on_a_terminal_the_answer_is_followed_by_its_numbers(upstream, terminal):
    screen = terminal("ask", "-m", MODEL, "Name a river", TERM="xterm-256color")
    screen.expect("Rhine\r\n")
    screen.expect("\x1b\\[2mgpt-4o-mini via openai · 7 in · 1 out · .*receipt: .*\x1b\\[0m\r\n")
    assert screen.ends() == 0


@pytest.mark.parametrize("wish", [{"NO_COLOR": "1", "TERM": "xterm-256color"}, {"TERM": "dumb"}])
def test_no_colour_is_shown_where_none_is_wanted(upstream, terminal, wish):
    screen = terminal("ask", "-m", MODEL, "Name a river", **wish)
    assert screen.ends() == 0
    assert "gpt-4o-mini via openai" in screen.shown
    assert "\x1b" not in screen.shown


def test_a_models_escape_sequences_are_shown_and_not_obeyed(upstream, terminal):
    upstream.script = [["\x1b]0;owned", "\x07Rhine"]]
    screen = terminal("ask", "-m", MODEL, "--no-stats", "x")
    assert screen.ends() == 0
    assert screen.shown == "\ufffd]0;owned\ufffdRhine\r\n"


def test_on_a_terminal_a_line_may_end_with_a_carriage_return_too(upstream, terminal):
    upstream.script = [["one\r", "\ntwo\r\nth\rree"]]
    screen = terminal("ask", "-m", MODEL, "x")
    screen.expect("one\r\ntwo\r\nth\ufffdree")


def test_a_pipe_gets_the_models_bytes_as_they_are(upstream, turnout):
    upstream.script = [["a\x1b[1mb"]]
    assert turnout("ask", "-m", MODEL, "x").stdout == b"a\x1b[1mb\n"


def test_what_the_terminals_encoding_cannot_say_is_replaced(upstream, environment, turnout):
    upstream.script = [["Rhine…"]]
    environment["PYTHONIOENCODING"] = "ascii"
    assert turnout("ask", "-m", MODEL, "x").stdout == b"Rhine?\n"
