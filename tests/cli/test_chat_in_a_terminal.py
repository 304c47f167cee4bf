"""``turnout chat`` as a person has it: a real pseudo-terminal, prompt_toolkit, rich, and keys pressed one after another."""

from __future__ import annotations

import base64
import re

import pytest
from chat_terminal import ALT_ENTER, CTRL_C, CTRL_D, ESCAPES, TAB
from upstream import HOLD

# CPython 3.12 warns of any fork beside a thread; here the child does nothing but exec
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")


def said(upstream, at=-1):
    return [(message["role"], message["content"]) for message in upstream.requests[at]["messages"]]


def test_ask_stream_interrupt_switch_complete_save_and_load(upstream, chat_screen, tmp_path):
    upstream.script = [["The **Rh", "ine**.\n"], ["The Elb", HOLD], ["Danube"], ["Po"]]
    screen = chat_screen("-m", "openai/mini")

    screen.says("Name a river")
    screen.sees("The .*Rhine")
    assert "gpt-4o-mini via openai · 7 in · 2 out" in screen.sees("receipt: [^\r]*")
    screen.ready()

    screen.says("Another")
    screen.sees("The Elb")  # the answer is not over, and never will be
    screen.press(CTRL_C)
    screen.sees("interrupted")
    screen.ready()

    screen.press(f"/mod 0806{TAB}")
    screen.sees("openai/gpt-4o-2024-08-06")
    screen.press("\r")
    screen.sees(r"Model set to gpt-4o-2024-08-06\.")
    screen.ready()

    screen.says("A third")
    screen.sees("Danube")
    screen.sees("gpt-4o-2024-08-06 via openai")
    assert "so far: 2 answers · 14 in · 3 out · cost " in screen.sees("so far: [^\r]*")
    screen.ready()
    whole = [
        ("user", "Name a river"),
        ("assistant", "The **Rhine**.\n"),
        ("user", "Another"),
        ("assistant", "The Elb [interrupted]"),
        ("user", "A third"),
    ]
    assert said(upstream) == whole

    screen.says("/save rivers.json")
    screen.sees("saved to rivers.json")
    screen.ready()
    screen.says("/rename rivers")
    screen.sees("this session is rivers now")
    screen.ready()
    screen.press(CTRL_D)
    screen.sees("turnout chat --session rivers")
    assert screen.ends() == 0

    again = chat_screen("--load", "rivers.json")
    again.says("The last")
    again.sees("Po")
    again.sees("receipt: ")
    assert upstream.requests[-1]["model"] == "gpt-4o-2024-08-06"
    assert said(upstream) == [*whole, ("assistant", "Danube"), ("user", "The last")]


def test_a_killed_chat_has_saved_all_that_was_answered(upstream, chat_screen, tmp_path):
    screen = chat_screen("-m", "openai/mini", "--session", "rivers")
    screen.says("Name a river")
    screen.sees("receipt: ")
    screen.ready()
    screen.kill()
    again = chat_screen("--session", "rivers")
    again.says("Another")
    again.sees("receipt: ")
    assert said(upstream) == [("user", "Name a river"), ("assistant", "Rhine"), ("user", "Another")]


def test_models_lists_and_an_unknown_name_changes_nothing(upstream, chat_screen):
    screen = chat_screen("-m", "openai/mini")
    screen.says("/models openai")
    assert "• openai/gpt-4o-mini (mini)" in screen.sees(r"\(mini\)")
    screen.ready()
    screen.says("/mod nonsense")
    screen.sees("Invalid model: nonsense")
    screen.ready()
    screen.says("/mod")
    screen.sees("Please specify a model name")
    assert "It is openai/gpt-4o-mini now." in screen.sees("It is [^\r]*")


def test_a_code_block_is_highlighted_and_copied_through_the_terminal(upstream, chat_screen, environment, tmp_path):
    environment["PATH"] = str(tmp_path)  # no clipboard program
    upstream.script = [["See:\n\n```python\nimport os\n", "print(1)\n```\n", "\n```sh\nls\n```\n"]]
    screen = chat_screen("-m", "openai/mini")
    screen.says("Show me")
    shown = screen.sees("receipt: ")
    assert "import os" in shown
    assert "```" not in shown.rpartition("See:")[2]  # code, not the marks of it
    screen.ready()
    screen.says("/cb")
    screen.sees("copy which")
    screen.press("1\r")
    copied = base64.b64encode(b"import os\nprint(1)\n").decode()
    screen.sees(re.escape(f"\x1b]52;c;{copied}\x07"))
    screen.sees("block 1 .*is copied, by the terminal")


def test_a_long_answer_is_printed_once_and_what_scrolled_away_is_not_printed_again(upstream, chat_screen):
    lines = [f"line {number}\n" for number in range(200)]
    upstream.script = [["```\n", *lines, "```\n"]]
    screen = chat_screen("-m", "openai/mini")
    screen.says("Count")
    *frames, whole = re.split(r"(?:\x1b\[1A\x1b\[2K)+", screen.sees("receipt: ", plain=False))
    assert max(frame.count("\n") for frame in frames) <= 40  # the screen's height: what is above it cannot be drawn again
    assert re.findall(r"line \d+", ESCAPES.sub("", whole)) == [line.strip() for line in lines]


def test_reasoning_is_dim_and_apart_from_the_answer(upstream, chat_screen):
    upstream.script = [[{"reasoning_content": "Let me think."}, "Rhine"]]
    screen = chat_screen("-m", "openai/mini")
    screen.says("Name a river")
    screen.sees("\x1b\\[2mLet me think\\.")
    screen.sees("Rhine")
    screen.sees("receipt: ")


def test_alt_enter_makes_a_question_of_several_lines(upstream, chat_screen):
    screen = chat_screen("-m", "openai/mini")
    screen.press(f"one{ALT_ENTER}two\r")
    screen.sees("receipt: ")
    assert said(upstream) == [("user", "one\ntwo")]


def test_the_system_prompt_is_edited_in_place(upstream, chat_screen):
    screen = chat_screen("-m", "openai/mini", "-s", "Be brief")
    screen.says("/sp")
    screen.sees("system prompt>.*Be brief")
    screen.press(" and kind\r")
    screen.sees("system prompt: Be brief and kind")
    screen.ready()
    screen.says("Hi")
    screen.sees("receipt: ")
    assert said(upstream)[0] == ("system", "Be brief and kind")


@pytest.mark.parametrize("name", ["/clear", "/c"])
def test_clear_clears_the_screen_and_keeps_the_conversation(upstream, chat_screen, name):
    screen = chat_screen("-m", "openai/mini")
    screen.says("Name a river")
    screen.sees("receipt: ")
    screen.ready()
    screen.says(name)
    screen.sees("\x1b\\[2J\x1b\\[H")
    screen.ready()
    screen.says("Another")
    screen.sees("receipt: ")
    assert len(said(upstream)) == 3
