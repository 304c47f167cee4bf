"""Sessions that save themselves, and the files of a conversation."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from decimal import Decimal

import pytest

from turnout.cli.chat.sessions import Session, Sessions
from turnout.cli.chat.transcript import CodeBlock, Spent, Transcript, code_blocks, encoded, load, markdown
from turnout.cli.failures import WrongUsage
from turnout.types import Image, Message, Reasoning, Text, UrlSource

SAID = (Message("user", (Text("Name a river\nin Europe"),)), Message("assistant", (Text("Rhine"),)))
TALK = Transcript("p/m", SAID, "Be brief", Spent(1, 7, 1, Decimal("0.25")))


def test_a_session_comes_back_as_it_was_with_its_costs(tmp_path):
    sessions = Sessions(f"{tmp_path}/s")
    sessions.write("rivers", encoded(TALK))
    assert sessions.load("rivers") == TALK


def test_sessions_and_their_folder_are_the_owners_alone(tmp_path):
    Sessions(f"{tmp_path}/s").write("rivers", encoded(TALK))
    assert stat.S_IMODE(os.stat(tmp_path / "s").st_mode) == 0o700
    assert stat.S_IMODE(os.stat(tmp_path / "s/rivers.json").st_mode) == 0o600


def test_saving_again_leaves_one_whole_file_and_nothing_beside_it(tmp_path):
    sessions = Sessions(f"{tmp_path}/s")
    sessions.write("rivers", encoded(Transcript("p/m", SAID * 100)))
    sessions.write("rivers", encoded(TALK))
    assert os.listdir(tmp_path / "s") == ["rivers.json"]
    assert sessions.load("rivers") == TALK


def test_the_last_changed_session_is_first_and_is_the_one_to_go_on_with(tmp_path):
    sessions = Sessions(f"{tmp_path}/s")
    for name, when in (("old", 1000), ("new", 3000), ("middle", 2000)):
        sessions.write(name, encoded(TALK))
        os.utime(tmp_path / f"s/{name}.json", (when, when))
    assert [saved.name for saved in sessions.all()] == ["new", "middle", "old"]
    assert sessions.last() == "new"


def test_without_sessions_there_is_none_to_go_on_with(tmp_path):
    with pytest.raises(WrongUsage, match="there is no session in"):
        Sessions(f"{tmp_path}/nowhere").last()


def test_a_session_that_is_not_there_is_told_with_the_nearest_name(tmp_path):
    sessions = Sessions(f"{tmp_path}/s")
    sessions.write("rivers", encoded(TALK))
    with pytest.raises(WrongUsage, match="no session 'river'; did you mean 'rivers'"):
        sessions.load("river")


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "x" * 101, "a\nb"])
def test_what_would_leave_the_folder_is_no_name(tmp_path, name):
    with pytest.raises(WrongUsage, match="is no name for a session"):
        Sessions(f"{tmp_path}/s").path(name)


def test_a_session_is_renamed_but_never_over_another(tmp_path):
    sessions = Sessions(f"{tmp_path}/s")
    session = Session(sessions, "one")
    session.save(TALK)
    sessions.write("taken", encoded(Transcript("p/m", SAID[:1])))
    with pytest.raises(WrongUsage, match="already"):
        session.rename("taken")
    session.rename("two")
    assert (session.name, sorted(saved.name for saved in sessions.all())) == ("two", ["taken", "two"])
    assert sessions.load("taken").messages == SAID[:1]


def test_nothing_is_written_before_something_was_said_nor_when_nothing_shall_be_kept(tmp_path):
    Session(Sessions(f"{tmp_path}/s"), "a").save(Transcript("p/m", ()))
    Session(Sessions(f"{tmp_path}/s"), "b", saving=False).save(TALK)
    assert not (tmp_path / "s").exists()


def test_a_place_that_cannot_be_written_costs_no_chat_is_said_once_and_tried_again_with_every_turn(tmp_path, capsys):
    (tmp_path / "s").touch()
    session = Session(Sessions(f"{tmp_path}/s"), "a")
    session.save(TALK)
    session.save(TALK)
    assert capsys.readouterr().err == f"this conversation is not saved: {tmp_path}/s: Not a directory\n"
    (tmp_path / "s").unlink()
    session.save(TALK)
    assert session.sessions.load("a") == TALK
    assert capsys.readouterr().err == "this conversation is saved again\n"


def test_a_history_file_of_roles_and_contents_is_read_and_its_system_message_is_the_prompt(tmp_path):
    messages = [
        {"role": "system", "content": "Be brief"},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Yo"},
    ]
    (tmp_path / "h.json").write_text(json.dumps(messages))
    loaded = load(f"{tmp_path}/h.json")
    assert (loaded.model, loaded.system) == ("", "Be brief")
    assert [(message.role, message.text) for message in loaded.messages] == [("user", "Hi"), ("assistant", "Yo")]


@pytest.mark.parametrize(
    "content", ["", "{", "[1]", '[{"role": 3}]', '[{"content": "x"}]', '{"model": 3}', "[" * 100_000, "\x00"]
)
def test_a_file_that_is_no_conversation_is_said_to_be_none(tmp_path, content):
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(WrongUsage, match="is no conversation that /save wrote"):
        load(f"{tmp_path}/x.json")


def test_a_conversation_is_exported_as_markdown_with_reasoning_quoted_and_files_named():
    messages = (
        Message("user", (Image(UrlSource("https://example.org/a.png", "image/png")), Text("What is it?"))),
        Message("assistant", (Reasoning("A river.\nLong."), Text("The **Rhine**."))),
    )
    assert markdown(Transcript("p/m", messages, "Be brief")) == (
        "# What is it?\n\nModel: p/m\n\n## System\n\nBe brief\n\n"
        "## User\n\n*[image]*\n\nWhat is it?\n\n## Assistant\n\n> A river.\n> Long.\n\nThe **Rhine**.\n"
    )


def test_code_blocks_are_found_in_order_with_their_languages():
    text = "See:\n```python\na = 1\n\nb = 2\n```\nand\n~~~~\n```\n~~~~\nend"
    assert code_blocks([text]) == [CodeBlock("python", "a = 1\n\nb = 2\n"), CodeBlock("", "```\n")]


def test_a_code_block_that_never_ends_goes_on_to_the_end():
    assert code_blocks(["```sh\nls"]) == [CodeBlock("sh", "ls\n")]


def test_a_code_block_in_a_list_is_taken_without_the_lists_indentation():
    text = "1. Define:\n\n    ```python\n    def f():\n        return 1\n\n  odd\n    ```\n2. Call:\n   ```\n   f()\n   ```\n"
    assert code_blocks([text]) == [CodeBlock("python", "def f():\n    return 1\n\nodd\n"), CodeBlock("", "f()\n")]


def test_lines_of_code_end_where_newlines_are_and_nowhere_else():
    assert code_blocks(["```js\r\na\u2028b\x0cc\r\n```\r\n"]) == [CodeBlock("js", "a\u2028b\x0cc\n")]


def test_code_in_a_line_is_no_block():
    assert code_blocks(["```x``` and `y`"]) == []


SAVES = """
import sys
from turnout.cli.chat.sessions import Session, Sessions
from turnout.cli.chat.transcript import Transcript
from turnout.types import Message, Text
session, messages = Session(Sessions(sys.argv[1]), "rivers"), []
for number in range(100_000):
    messages.append(Message("user", (Text(f"question {number} " + "x" * 5000),)))
    session.save(Transcript("p/m", tuple(messages)))
    print(number, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
@pytest.mark.parametrize("told", [1, 2, 7, 20])
def test_whoever_is_killed_while_saving_leaves_every_turn_that_was_saved_and_no_half(tmp_path, told):
    saving = subprocess.Popen([sys.executable, "-c", SAVES, f"{tmp_path}/s"], stdout=subprocess.PIPE)
    for _ in range(told):
        saving.stdout.readline()
    saving.kill()  # it is on its way to the next
    saving.wait()
    saving.stdout.close()
    messages = Sessions(f"{tmp_path}/s").load("rivers").messages
    assert len(messages) >= told
    assert all(len(message.text) > 5000 for message in messages)
    after = Session(Sessions(f"{tmp_path}/s"))
    after.save(Transcript("p/m", (*after.open("rivers").messages, SAID[0])))
    assert after.name == "rivers"  # and no lock is left behind
