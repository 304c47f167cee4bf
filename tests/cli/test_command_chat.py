"""``turnout chat`` in a terminal of its own, against a provider on the loopback interface."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from contextlib import closing

import pytest
from pseudo_terminal import PseudoTerminal
from upstream import HOLD, MODEL

CTRL_C, CTRL_D = "\x03", "\x04"
WITH_CURSOR = {"TERM": "xterm-256color", "PROMPT_TOOLKIT_NO_CPR": "1"}  # nobody here answers where the cursor is


@pytest.fixture
def chat(upstream, terminal):
    """The plain REPL, which is what TERM=dumb gets whether or not the extra `cli` is installed."""
    screen = terminal("chat", "-m", MODEL)
    screen.expect("Ctrl-D leaves")
    screen.expect("> ")
    return screen


def answered(chat):
    """Waits for the numbers of an answer and for the next prompt."""
    chat.expect("receipt: .*\r\n")
    chat.expect("> ")


def said(upstream, at=-1):
    """What the model was sent."""
    return [(message["role"], message["content"]) for message in upstream.requests[at]["messages"]]


def test_a_question_is_answered_with_its_numbers_and_ctrl_d_leaves(upstream, chat):
    upstream.script = [["The ", "Rhine."]]
    chat.type("Name a river\r")
    chat.expect("The Rhine.\r\n")
    chat.expect("gpt-4o-mini via openai · 7 in · 2 out · .* · cost .* · receipt: ")
    chat.expect("> ")
    chat.type(CTRL_D)
    assert chat.ends() == 0


def test_what_was_said_goes_along_with_the_next_question(upstream, chat):
    chat.type("Name a river\r")
    answered(chat)
    chat.type("Another\r")
    answered(chat)
    assert said(upstream) == [("user", "Name a river"), ("assistant", "Rhine"), ("user", "Another")]


def test_ctrl_c_stops_the_answer_and_not_the_program(upstream, chat):
    upstream.script = [["The Rh", HOLD], ["Elbe"]]
    chat.type("Name a river\r")
    chat.expect("The Rh")
    chat.type(CTRL_C)
    chat.expect("interrupted\r\n")
    chat.expect("> ")
    chat.type("Another\r")
    chat.expect("Elbe\r\n")
    assert said(upstream) == [("user", "Name a river"), ("assistant", "The Rh [interrupted]"), ("user", "Another")]
    chat.expect("> ")
    chat.type("/exit\r")
    assert chat.ends() == 0


def test_ctrl_c_at_the_prompt_drops_the_line(upstream, chat):
    chat.type("half a thou")
    chat.expect("half a thou")
    chat.press_until(CTRL_C, "Ctrl-D leaves\r\n> ")
    chat.type("Name a river\r")
    chat.expect("Rhine")
    assert said(upstream) == [("user", "Name a river")]


def test_three_quotes_begin_and_end_several_lines(upstream, chat):
    chat.type('"""one\r')
    chat.expect("… ")
    chat.type("two\r")
    chat.expect("… ")
    chat.type('three"""\r')
    chat.expect("Rhine")
    assert said(upstream) == [("user", "one\ntwo\nthree")]


def test_the_model_can_be_changed_and_a_wrong_one_is_refused(upstream, chat):
    chat.type("/model opnai/gpt-4o\r")
    chat.expect("turnout: .*openai")
    chat.expect("> ")
    chat.type("/model openai/gpt-4o\r")
    chat.expect("Model set to gpt-4o\\.\r\nProvider: openai\r\n")
    chat.type("Name a river\r")
    chat.expect("gpt-4o via openai")
    assert upstream.requests[0]["model"] == "gpt-4o"


def test_the_system_prompt_can_be_set_and_taken_away(upstream, chat):
    chat.type("/system Be brief\r")
    chat.expect("system prompt: Be brief\r\n")
    chat.type("Hello\r")
    answered(chat)
    assert said(upstream)[0] == ("system", "Be brief")
    chat.type("/system -\r")
    chat.expect("system prompt: none\r\n")
    chat.type("Hello\r")
    chat.expect("Rhine")
    assert said(upstream)[0][0] == "user"


def test_reset_forgets_what_was_said(upstream, chat):
    chat.type("Name a river\r")
    answered(chat)
    chat.type("/reset\r")
    chat.expect("Chat history reset\\.\r\n")
    chat.type("Another\r")
    chat.expect("Rhine")
    assert said(upstream) == [("user", "Another")]


def test_a_saved_conversation_can_be_gone_on_with(upstream, chat, terminal, tmp_path):
    chat.type("Name a river\r")
    answered(chat)
    chat.type("/save c.json\r")
    chat.expect("saved to c.json")
    again = terminal("chat", "--load", "c.json")
    again.expect("> Name a river\r\nRhine\r\n")
    again.expect("Ctrl-D leaves\\.\r\n> ")
    again.type("Another\r")
    again.expect("Rhine")
    assert said(upstream) == [("user", "Name a river"), ("assistant", "Rhine"), ("user", "Another")]


def test_help_lists_the_commands_and_an_unknown_one_gets_the_nearest(chat):
    chat.type("/help\r")
    for name in ("/exit", "/clear", "/save", "/model", "/system", "Alt-Enter", "Ctrl-C stops"):
        chat.expect(name)
    chat.type("/modle x\r")
    chat.expect("turnout: Unknown command\\. Type /h for a list of commands\\. Did you mean /model\\?\r\n")


def test_a_path_is_no_command(upstream, chat):
    chat.type("/etc/hosts is what?\r")
    chat.expect("Rhine")
    assert said(upstream) == [("user", "/etc/hosts is what?")]


def test_a_failed_question_is_told_and_not_remembered(upstream, chat):
    upstream.script = [(401, {"error": {"message": "no such key"}})]
    chat.type("Name a river\r")
    chat.expect("turnout: .*\r\n")
    chat.expect("> ")
    chat.type("Another\r")
    chat.expect("Rhine")
    assert said(upstream) == [("user", "Another")]


def test_what_was_typed_is_there_again_next_time(upstream, chat, terminal, tmp_path):
    chat.type("Name a river\r")
    answered(chat)
    chat.type(CTRL_D)
    chat.ends()
    path = tmp_path / "home/.local/state/turnout/history"
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    again = terminal("chat", "-m", MODEL)
    again.expect("> ")
    again.type("\x10")  # Ctrl-P, the line before
    again.expect("Name a river")
    again.type("\r")
    again.expect("Rhine")
    assert said(upstream) == [("user", "Name a river")]


def test_tab_completes_commands(chat):
    chat.type("/sy\t")
    chat.expect("/system")


def test_the_sum_is_told_at_the_end(upstream, chat):
    for _ in range(2):
        chat.type("Name a river\r")
        answered(chat)
    chat.type(CTRL_D)
    chat.expect("2 answers · 14 in · 2 out · cost ")


def test_lines_from_a_pipe_are_answered_without_prompts(upstream, turnout):
    upstream.script = [["Rhine"], ["Elbe"]]
    done = turnout("chat", "-m", MODEL, input=b"Name a river\nAnother\n")
    assert (done.returncode, done.stdout) == (0, b"Rhine\nElbe\n")


def test_a_pipe_whose_reader_left_ends_the_chat(upstream, environment):
    upstream.script = [["Rhine\n"], ["x" * 200_000], ["never asked"]]
    command = [sys.executable, "-m", "turnout", "chat", "-m", MODEL]
    chatting = subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    chatting.stdin.write(b"one\n")
    chatting.stdin.flush()
    assert chatting.stdout.readline() == b"Rhine\n"
    chatting.stdout.close()
    chatting.stdin.write(b"two\nthree\n")
    chatting.stdin.close()
    assert chatting.wait(timeout=30) == 141
    assert len(upstream.requests) == 2


def test_without_the_extra_a_line_can_still_be_added_with_alt_enter(upstream, environment):
    without = (
        "import sys; sys.modules['prompt_toolkit'] = sys.modules['rich'] = None; from turnout.cli import main; sys.exit(main())"
    )
    screen = PseudoTerminal([sys.executable, "-c", without, "chat", "-m", MODEL], {**environment, "TERM": "xterm-256color"})
    with closing(screen):
        screen.expect("> ")
        screen.type("one\x1b\rtwo\r")
        screen.expect("Rhine")
        screen.expect("receipt: ")
    assert said(upstream) == [("user", "one\ntwo")]


def test_without_the_extra_tab_puts_the_best_model_in_place_of_the_letters(upstream, environment):
    without = (
        "import sys; sys.modules['prompt_toolkit'] = sys.modules['rich'] = None; from turnout.cli import main; sys.exit(main())"
    )
    screen = PseudoTerminal([sys.executable, "-c", without, "chat", "-m", MODEL], {**environment, "TERM": "xterm-256color"})
    with closing(screen):
        screen.expect("> ")
        screen.type("/mod gpt4o0806\t")
        screen.expect("openai/gpt-4o-2024-08-06")
        screen.type("\r")
        screen.expect("Model set to gpt-4o-2024-08-06")


def test_with_prompt_toolkit_alt_enter_adds_a_line_and_ctrl_c_stops_the_answer(upstream, terminal):
    pytest.importorskip("prompt_toolkit", reason="the extra `cli` is not installed")
    upstream.script = [["The Rh", HOLD], ["Elbe"]]
    screen = terminal("chat", "-m", MODEL, "--plain", **WITH_CURSOR)
    screen.expect("Ctrl-D leaves")
    screen.expect(">")
    screen.type("one\x1b\rtwo")
    screen.expect("two")
    screen.type("\r")
    screen.expect("The Rh")
    screen.type(CTRL_C)
    screen.expect("interrupted")
    screen.expect(">")
    screen.type("Another\r")
    screen.expect("Elbe")
    assert said(upstream)[:2] == [("user", "one\ntwo"), ("assistant", "The Rh [interrupted]")]


def test_with_rich_an_answer_is_formatted(upstream, terminal):
    pytest.importorskip("rich", reason="the extra `cli` is not installed")
    upstream.script = [["- the **Rh", "ine**\n", "- the Elbe"]]
    screen = terminal("chat", "-m", MODEL, **WITH_CURSOR)
    screen.expect("Ctrl-D leaves")
    screen.expect(">")
    screen.type("Name rivers\r")
    screen.expect("•.*the .*Rhine")
    screen.expect("•.*the Elbe")
    screen.expect("receipt: ")
