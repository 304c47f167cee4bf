"""Several chats that go on with one session, each a process of its own: whatever each was told is kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from upstream import MODEL

from turnout.cli.chat.sessions import Session, Sessions
from turnout.cli.chat.transcript import Transcript
from turnout.types import Message, Text


@pytest.fixture
def sessions(environment, tmp_path):
    return tmp_path / "home/.local/state/turnout/sessions"


def questions(path):
    messages = json.loads(path.read_text())["messages"]
    return [message["parts"][0]["text"] for message in messages if message["role"] == "user"]


def test_two_terminals_with_one_session_lose_nothing_and_the_second_is_told_its_new_name(
    upstream, turnout_here, terminal, sessions
):
    turnout_here("chat", "-m", MODEL, "--session", "rivers", "-p", "Name a river")
    first, second = (terminal("chat", "--session", "rivers") for _ in range(2))
    for screen in (first, second):
        screen.expect("Ctrl-D leaves")  # both have read it

    def asks(screen, question):
        screen.type(f"{question}\r")
        screen.expect("receipt: .*\r\n")

    asks(first, "to the first")
    first.expect("> ")
    asks(second, "to the second")
    second.expect("another chat has changed session rivers meanwhile; this one goes on as session rivers-2\r\n")
    second.expect("> ")
    asks(first, "once more to the first")
    asks(second, "once more to the second")
    for screen in (first, second):
        screen.expect("> ")
        screen.type("\x04")
        screen.ends()
    assert "turnout chat --session rivers-2" in second.shown
    assert questions(sessions / "rivers.json") == ["Name a river", "to the first", "once more to the first"]
    assert questions(sessions / "rivers-2.json") == ["Name a river", "to the second", "once more to the second"]
    assert sorted(os.listdir(sessions)) == ["rivers-2.json", "rivers.json"]


def test_scripts_that_begin_one_session_at_once_keep_every_question(upstream, environment, sessions):
    command = [sys.executable, "-m", "turnout", "chat", "-m", MODEL, "--session", "rivers", "-p"]
    asked = [f"question {number}" for number in range(4)]
    running = [subprocess.Popen([*command, one], env=environment, stdout=subprocess.DEVNULL) for one in asked]
    assert [one.wait(timeout=60) for one in running] == [0] * len(asked)
    kept = [question for path in sessions.iterdir() for question in questions(path)]
    assert set(kept) == set(asked)


def turn(*texts):
    messages = (Message(("user", "assistant")[at % 2], (Text(text),)) for at, text in enumerate(texts))
    return Transcript("p/m", tuple(messages))


def test_a_session_that_another_chat_renamed_is_written_again_under_its_name(tmp_path):
    sessions = Sessions(f"{tmp_path}/s")
    Session(sessions, "rivers").save(turn("Hi", "Yo"))
    one, other = Session(sessions), Session(sessions)
    one.open("rivers")
    other.open("rivers")
    one.rename("lakes")
    other.save(turn("Hi", "Yo", "And?", "Yes"))
    assert (sessions.load("lakes"), sessions.load("rivers")) == (turn("Hi", "Yo"), turn("Hi", "Yo", "And?", "Yes"))


def test_renaming_takes_nothing_from_a_chat_that_has_written_the_session_since(tmp_path, capsys):
    sessions = Sessions(f"{tmp_path}/s")
    Session(sessions, "rivers").save(turn("Hi", "Yo"))
    one, other = Session(sessions), Session(sessions)
    one.open("rivers")
    other.open("rivers")
    one.save(turn("Hi", "Yo", "one", "1"))
    other.rename("lakes")
    other.save(turn("Hi", "Yo", "two", "2"))
    assert sessions.load("rivers") == turn("Hi", "Yo", "one", "1")
    assert sessions.load("lakes") == turn("Hi", "Yo", "two", "2")
    assert capsys.readouterr().err == ""


def test_a_save_that_was_broken_off_after_it_was_written_is_not_taken_for_another_chats(tmp_path, capsys):
    sessions = Sessions(f"{tmp_path}/s")
    session = Session(sessions, "rivers")
    written = sessions.write

    def write(name, content):  # Ctrl-C, right after the file was replaced
        written(name, content)
        raise KeyboardInterrupt

    sessions.write = write
    with pytest.raises(KeyboardInterrupt):
        session.save(turn("Hi", "Yo"))
    sessions.write = written
    session.save(turn("Hi", "Yo", "And?", "Yes"))
    assert [saved.name for saved in sessions.all()] == ["rivers"]
    assert sessions.load("rivers") == turn("Hi", "Yo", "And?", "Yes")


def test_the_name_beside_a_long_name_is_no_longer_than_names_may_be(tmp_path):
    sessions = Sessions(f"{tmp_path}/s")
    name = "x" * 100
    for number in range(3):
        Session(sessions, name).save(turn(f"question {number}", "Yo"))
    assert sorted(len(saved.name) for saved in sessions.all()) == [100, 100, 100]


def test_a_session_can_be_read_where_nothing_can_be_written(tmp_path):
    sessions = Sessions(f"{tmp_path}/s")
    Session(sessions, "rivers").save(turn("Hi", "Yo"))
    (tmp_path / ".s.lock").unlink()
    (tmp_path / ".s.lock").mkdir()  # no lock can be taken, whoever asks
    session = Session(sessions)
    assert session.open("rivers") == turn("Hi", "Yo")
    session.save(turn("Hi", "Yo", "And?", "Yes"))
    assert session.problem == f"{tmp_path}/s: Is a directory"
