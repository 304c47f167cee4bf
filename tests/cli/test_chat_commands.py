"""Each command inside a chat, under each of its names; those about models are in test_chat_models.py."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from chat_desk import Typed, chat_at, said
from upstream import KEY

from turnout.cli.chat import clipboard
from turnout.cli.chat.slash import Leave, is_command, run
from turnout.cli.failures import WrongUsage

TWO_BLOCKS = "One:\n```python\nprint(1)\n```\nTwo:\n```sh\nls\npwd\n```\n"


@pytest.fixture
def chat(environment, tmp_path, monkeypatch):
    monkeypatch.setenv("TURNOUT_DATA_DIR", f"{tmp_path}/data")
    return chat_at(tmp_path)


@pytest.mark.parametrize("name", ["/help", "/h"])
def test_help_names_every_command_of_the_earlier_program(chat, name):
    text = run(chat, name)
    wanted = "/help /h /clear /c /exit /e /q /reset /r /print /p /save /s /load /l /clear_history /ch /mod /dm /config /con /list"
    shown = set(text.replace(",", " ").split())
    assert shown >= {*wanted.split(), "/models", "/discover-models", "/sp", "/cb", "/md"}


@pytest.mark.parametrize("name", ["/exit", "/e", "/q"])
def test_exit_leaves(chat, name):
    with pytest.raises(Leave):
        run(chat, name)


@pytest.mark.parametrize("name", ["/clear", "/c"])
def test_clear_clears_the_screen_and_forgets_nothing(chat, name, capsys):
    said(chat, "Hi", "Yo")
    assert run(chat, name) == ""
    assert len(chat.conversation.messages) == 2
    assert capsys.readouterr().out == ""  # there is no screen here


@pytest.mark.parametrize("name", ["/reset", "/r"])
def test_reset_says_chat_history_reset_and_begins_another_session(chat, name):
    said(chat, "Hi", "Yo")
    assert run(chat, name) == "Chat history reset."
    assert chat.conversation.messages == []
    assert chat.session.name != "now"


@pytest.mark.parametrize("name", ["/print", "/p"])
def test_print_shows_the_conversation_on_stdout(chat, name, capsys):
    said(chat, "Name a river", "Rhine")
    assert run(chat, name) == ""
    assert capsys.readouterr().out == "> Name a river\nRhine\n"


@pytest.mark.parametrize(("save", "load"), [("/save", "/load"), ("/s", "/l")])
def test_what_save_wrote_load_reads_and_prints(chat, save, load, capsys):
    said(chat, "Name a river", "Rhine")
    run(chat, f"{save} rivers.json")
    run(chat, "/reset")
    assert run(chat, f"{load} rivers.json") == "loaded rivers.json: 2 messages, openai/gpt-4o-2024-08-06"
    assert capsys.readouterr().out == "> Name a river\nRhine\n"
    assert [message.text for message in chat.conversation.messages] == ["Name a river", "Rhine"]


def test_save_without_a_file_saves_the_session(chat):
    said(chat, "Name a river", "Rhine")
    assert "session now saves itself" in run(chat, "/save")
    assert chat.session.sessions.load("now").messages == tuple(chat.conversation.messages)


def test_save_says_what_is_wrong_with_the_place_of_sessions(chat, tmp_path):
    (tmp_path / "sessions").touch()
    said(chat, "Name a river", "Rhine")
    with pytest.raises(WrongUsage, match=r"cannot be saved: .*sessions: .*; say where else to write it: /save FILE"):
        run(chat, "/save")


def test_a_session_that_is_not_kept_has_no_name_to_change(chat):
    chat.session.saving = False
    with pytest.raises(WrongUsage, match="is not kept"):
        run(chat, "/rename rivers")


def test_load_takes_a_session_by_its_name_and_goes_on_under_it(chat):
    said(chat, "Name a river", "Rhine")
    run(chat, "/rename rivers")
    run(chat, "/reset")
    assert run(chat, "/load rivers").startswith("loaded rivers: 2 messages")
    assert chat.session.name == "rivers"


def test_a_conversation_whose_model_cannot_be_asked_here_goes_on_with_this_one(chat):
    said(chat, "Name a river", "Rhine")
    chat.conversation.model = "groq/llama-3.3-70b-versatile"  # and no key for it
    run(chat, "/save rivers.json")
    chat.conversation.model = "box/plain"
    told = run(chat, "/load rivers.json")
    assert told.startswith(
        "loaded rivers.json: 2 messages, box/plain\nit was with groq/llama-3.3-70b-versatile, which cannot be asked"
    )
    assert "GROQ_API_KEY" in told


def test_load_without_a_name_says_what_it_takes(chat):
    with pytest.raises(WrongUsage, match="say which: /load NAME of a session"):
        run(chat, "/load")


def test_sessions_are_listed_with_model_and_first_words_and_this_one_is_marked(chat):
    assert run(chat, "/sessions").startswith("no session is kept in ")
    said(chat, "Name a river\nplease", "Rhine")
    run(chat, "/save")
    assert run(chat, "/sessions") == "* now  now  2 messages  openai/gpt-4o-2024-08-06  Name a river"


@pytest.mark.parametrize("name", ["/clear_history", "/ch"])
def test_clear_history_forgets_what_was_typed_on_disk_too(chat, name, tmp_path):
    chat.history.add("a secret")
    chat.editor = Typed([])
    assert run(chat, name) == "Chat file history cleared."
    assert (chat.history.entries, (tmp_path / "state/history").read_text(), chat.editor.forgot) == ([], "", True)


@pytest.mark.parametrize("name", ["/config", "/con"])
def test_config_shows_eight_stars_and_the_last_four_of_the_key(chat, name):
    text = run(chat, name)
    assert "********RbNw" in text
    assert KEY not in text
    assert f"data directory {os.environ['TURNOUT_DATA_DIR']}" in text


@pytest.mark.parametrize("name", ["/system", "/sp"])
def test_sp_sets_shows_and_takes_away_the_system_prompt(chat, name):
    assert run(chat, name) == "system prompt: none"
    assert run(chat, f"{name} Be brief") == "system prompt: Be brief"
    assert run(chat, f"{name} -") == "system prompt: none"


def test_sp_alone_gives_the_prompt_to_edit(chat):
    chat.conversation.system = "Be brief"
    chat.editor = Typed(["Be very brief"])
    assert run(chat, "/sp") == "system prompt: Be very brief"
    assert chat.editor.asked == [("system prompt> ", "Be brief")]


def test_md_exports_the_conversation_and_never_over_a_file(chat, tmp_path):
    with pytest.raises(WrongUsage, match="nothing to write"):
        run(chat, "/md")
    said(chat, "Name a river", "Rhine")
    assert run(chat, "/md") == "written to now.md"
    assert "## Assistant\n\nRhine\n" in (tmp_path / "now.md").read_text()
    with pytest.raises(WrongUsage, match="exists already"):
        run(chat, "/md now.md")


def test_cb_asks_which_block_when_there_are_several_and_copies_it(chat, capsys, tmp_path, monkeypatch):
    program = tmp_path / "bin/xclip"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n/bin/cat > {tmp_path}/clipboard\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("DISPLAY", ":0")
    said(chat, "Show me", TWO_BLOCKS)
    chat.editor = Typed(["2"])
    assert run(chat, "/cb") == "block 2 (2 lines) is copied, by xclip"
    assert (tmp_path / "clipboard").read_text() == "ls\npwd\n"
    assert capsys.readouterr().out == "1  python      print(1)\n2  sh          ls\n"


def test_cb_writes_a_block_to_a_file(chat, tmp_path):
    said(chat, "Show me", TWO_BLOCKS)
    assert run(chat, "/cb 1 one.py") == "block 1 (1 line) is written to one.py"
    assert (tmp_path / "one.py").read_text() == "print(1)\n"


@pytest.mark.parametrize("number", ["0", "3", "x", "-1", "²"])
def test_cb_refuses_a_block_that_is_not_there(chat, number):
    said(chat, "Show me", TWO_BLOCKS)
    with pytest.raises(WrongUsage, match="there is no code block"):
        run(chat, f"/cb {number}")


def test_cb_says_when_there_is_no_block_or_no_clipboard(chat, monkeypatch, tmp_path):
    with pytest.raises(WrongUsage, match="no code block"):
        run(chat, "/cb")
    said(chat, "Show me", "```\nx\n```")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(WrongUsage, match="there is no clipboard here"):
        run(chat, "/cb")


def test_copy_and_retry_say_when_there_is_nothing_yet(chat):
    with pytest.raises(WrongUsage, match="there is no answer yet"):
        run(chat, "/copy")
    with pytest.raises(WrongUsage, match="nothing was asked yet"):
        run(chat, "/retry")


def test_osc_52_carries_the_text_in_base64_and_has_a_bound():
    assert clipboard.osc52("ls\n") == "\x1b]52;c;bHMK\x07"
    with pytest.raises(WrongUsage, match="too long"):
        clipboard.osc52("x" * 75_001)


@pytest.mark.parametrize("name", ["/attach", "/a"])
def test_an_attachment_goes_with_the_next_question_only(chat, name, tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert run(chat, f"{name} a.png") == "goes with the next question: a.png"
    assert [type(part).__name__ for part in chat.conversation.prompt("What?").parts] == ["Image", "Text"]
    assert run(chat, f"{name} -") == "goes with the next question: nothing"


@pytest.mark.parametrize("typed", ["a map.png", "'a map.png'", '"a map.png"', "a\\ map.png", "'a map.png' "])
def test_a_file_that_is_dropped_on_the_terminal_is_attached_however_that_quotes_it(chat, typed, tmp_path):
    (tmp_path / "a map.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    assert run(chat, f"/attach {typed}") == "goes with the next question: a map.png"


@pytest.mark.parametrize("typed", ["it's not there", "nowhere", "two files"])
def test_a_file_that_is_not_there_is_named_as_it_was_typed(chat, typed):
    with pytest.raises(WrongUsage, match=f"cannot attach '{typed}'"):
        run(chat, f"/attach {typed}")


def test_usage_says_when_nothing_was_asked(chat):
    assert run(chat, "/usage") == "nothing was asked yet"


def test_an_unknown_command_names_help_and_the_nearest(chat):
    with pytest.raises(WrongUsage, match=r"^Unknown command\. Type /h for a list of commands\.$"):
        run(chat, "/zzzzzz")
    with pytest.raises(WrongUsage, match=r"^Unknown command\. Type /h for a list of commands\. Did you mean /model\?$"):
        run(chat, "/modle x")


def test_a_path_and_two_slashes_are_no_commands():
    assert [is_command(line) for line in ("/mod x", "/etc/hosts is odd", "//x", "hi", "")] == [True] + [False] * 4


@pytest.mark.parametrize("line", ["/", "/ mod x"])
def test_a_slash_alone_is_no_question(chat, line):
    assert is_command(line)
    with pytest.raises(WrongUsage, match=r"^Unknown command\. Type /h for a list of commands\."):
        run(chat, line)


def test_the_commands_table_and_the_screen_need_neither_rich_nor_prompt_toolkit():
    blocked = (
        "import sys; sys.modules['rich'] = sys.modules['prompt_toolkit'] = None; import turnout.cli.chat.slash, turnout.cli.chat"
    )
    assert subprocess.run([sys.executable, "-c", blocked], check=False).returncode == 0
