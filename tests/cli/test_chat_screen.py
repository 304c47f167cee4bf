"""What a terminal and a person at it may do to ``turnout chat``, besides typing."""

from __future__ import annotations

import re
import signal
import threading

import pytest
from chat_terminal import CTRL_C, CTRL_R, ESCAPES, TAB, UP
from upstream import HOLD, MODEL

# CPython 3.12 warns of any fork beside a thread; here the child does nothing but exec
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")

CURSOR_SHOWN, PASTES_PLAIN = "\x1b[?25h", "\x1b[?2004l"
CLEARED = "\x1b[2J\x1b[H"


def said(upstream, at=-1):
    return [(message["role"], message["content"]) for message in upstream.requests[at]["messages"]]


@pytest.mark.parametrize("flag", ["-c", "--clear"])
def test_the_flag_clear_clears_the_screen_before_anything_is_shown(chat_screen, flag):
    assert chat_screen("-m", MODEL, flag).greeting.startswith(CLEARED)
    assert CLEARED not in chat_screen("-m", MODEL).greeting


def test_tab_shows_every_model_that_fits_by_score_ascending(chat_screen):
    screen = chat_screen("-m", MODEL)
    screen.press(f"/mod gpt4o{TAB}")
    # "gpt4o" spreads over 6 letters of both: the shorter name is the closer one
    screen.sees(r"(?s)openai/gpt-4o-mini .*mini.*openai/gpt-4o-2024-08-06 .*4o")


def test_ctrl_c_pressed_in_a_hurry_leaves_the_screen_whole_and_the_answer_saved(upstream, chat_screen):
    upstream.script = [["The **Rh", HOLD], ["The **Elbe**."]]
    screen = chat_screen("-m", MODEL, "--session", "rivers")
    screen.says("Name a river")
    screen.sees("The .*Rh")
    screen.press(CTRL_C * 5)
    assert CURSOR_SHOWN in screen.sees("interrupted", plain=False)
    screen.ready()
    screen.says("Another")
    assert "**" not in screen.sees("Elbe.*receipt: ")
    screen.ready()
    screen.kill()
    upstream.script = [["Po"]]
    again = chat_screen("--session", "rivers")
    again.says("A third")
    again.sees("receipt: ")
    assert [content for _, content in said(upstream)][:4] == [
        "Name a river",
        "The **Rh [interrupted]",
        "Another",
        "The **Elbe**.",
    ]


def test_nothing_is_drawn_while_nothing_comes(upstream, chat_screen):
    """What a person has selected would be let go of."""
    upstream.script = [["The Rhine", HOLD]]
    screen = chat_screen("-m", MODEL)
    screen.says("Name a river")
    screen.sees("The Rhine")
    assert "Rhine" not in screen.still_shows(0.3)


def test_no_colour_and_no_bold_where_none_is_wanted(upstream, environment, chat_screen):
    environment["NO_COLOR"] = "1"
    upstream.script = [[{"reasoning_content": "Hm."}, "The **Rhine**."]]
    screen = chat_screen("-m", MODEL)
    screen.says("Name a river")
    shown = screen.greeting + screen.sees("receipt: ", plain=False)
    assert "The **Rhine**." in shown
    assert set(re.findall(r"\x1b\[[0-9;]*m", shown)) <= {"\x1b[0m"}


def test_after_a_change_of_size_lines_are_as_long_as_the_window_is_wide(upstream, environment, chat_screen):
    del environment["COLUMNS"]  # which would count more than the window
    resized = threading.Event()
    upstream.script = [["First paragraph.\n\n", "word " * 10, resized, "word " * 30 + "end.\n\n", "Last " + "word " * 30]]
    screen = chat_screen("-m", MODEL)
    screen.says("Tell")
    screen.sees("word word")
    screen.resize(40, 50)
    resized.set()
    shown = screen.sees("Last .*via openai", plain=False).rpartition("via openai")[0].rpartition("\n")[0]
    lines = ESCAPES.sub("", shown).replace("\r", "").split("\n")
    last = next(at for at, line in enumerate(lines) if line.startswith("Last"))
    assert max(map(len, lines[last:])) <= 50
    assert sum(line.count("word") for line in lines[-4:]) == 30


def test_a_paste_of_many_lines_is_one_question(upstream, chat_screen):
    pasted = "\n".join(f"line {number} of what was pasted" for number in range(300))
    screen = chat_screen("-m", MODEL)
    whole = f"\x1b[200~{pasted}\x1b[201~"
    for at in range(0, len(whole), 1000):  # a terminal takes no more before the program has read it
        screen.press(whole[at : at + 1000])
        screen.still_shows(0.02)
    screen.press("\r")
    screen.sees("receipt: ")
    assert said(upstream) == [("user", pasted)]


@pytest.mark.parametrize(("keys", "enter"), [(UP, "\r"), (f"{CTRL_R}river", "\r\r")])
def test_what_was_typed_in_another_chat_is_there_under_up_and_ctrl_r(upstream, chat_screen, keys, enter):
    before = chat_screen("-m", MODEL)
    before.says("Name a river")
    before.sees("receipt: ")
    before.kill()
    screen = chat_screen("-m", MODEL)
    screen.press(keys)
    screen.sees("Name a .*river")
    screen.press(enter)  # the first ends a search
    screen.sees("receipt: ")
    assert said(upstream) == [("user", "Name a river")]


def test_told_to_end_it_leaves_the_terminal_as_it_was(chat_screen):
    screen = chat_screen("-m", MODEL)
    screen.signal(signal.SIGTERM)
    screen.sees(re.escape(PASTES_PLAIN), plain=False)
    assert screen.ends() == 143


def test_a_closed_window_keeps_what_had_come(upstream, chat_screen):
    upstream.script = [["The Rh", HOLD], ["Elbe"]]
    screen = chat_screen("-m", MODEL, "--session", "rivers")
    screen.says("Name a river")
    screen.sees("The Rh")
    screen.signal(signal.SIGHUP)
    assert screen.ends() == 129
    again = chat_screen("--session", "rivers")
    again.says("Another")
    again.sees("receipt: ")
    assert said(upstream) == [("user", "Name a river"), ("assistant", "The Rh [interrupted]"), ("user", "Another")]
