"""Tables for people, lines for scripts."""

from __future__ import annotations

import io
import json
from decimal import Decimal

import pytest

from turnout.cli.table import write_json, write_json_line, write_table


class Screen(io.StringIO):
    """A terminal, as far as a writer can tell."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def screen(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    return Screen()


ROWS = [("groq/llama-3.3-70b", "131k"), ("x", "?")]


def test_off_a_terminal_a_row_is_a_line_of_tabs_without_headings():
    out = io.StringIO()
    write_table(("MODEL", "CONTEXT"), ROWS, out)
    assert out.getvalue() == "groq/llama-3.3-70b\t131k\nx\t?\n"


def test_a_tab_or_newline_inside_a_cell_does_not_break_the_line():
    out = io.StringIO()
    write_table(("A", "B"), [("a\tb", "c\nd")], out)
    assert out.getvalue() == "a b\tc d\n"


def test_on_a_terminal_columns_are_aligned_under_headings(screen):
    write_table(("MODEL", "CONTEXT"), ROWS, screen, right=("CONTEXT",))
    assert screen.getvalue().splitlines() == [
        "MODEL               CONTEXT",
        "groq/llama-3.3-70b     131k",
        "x                         ?",
    ]


def test_no_row_is_longer_than_the_terminal_is_wide(screen):
    write_table(("MODEL", "SUPPORTS"), [("provider/" + "m" * 30, "tools, reasoning, structured_output")], screen)
    lines = screen.getvalue().splitlines()
    assert max(map(len, lines)) <= 40
    assert lines[1].endswith("…")


def test_wide_characters_count_as_two(screen):
    write_table(("NAME", "X"), [("阿里云", "1"), ("abcdef", "2")], screen)
    assert screen.getvalue().splitlines()[1:] == ["阿里云  1", "abcdef  2"]


def test_headings_are_bold_unless_no_color_is_set(screen, monkeypatch):
    monkeypatch.delenv("NO_COLOR")
    write_table(("A",), [("x",)], screen)
    assert screen.getvalue().startswith("\x1b[1mA\x1b[0m\n")


def test_an_escape_sequence_in_a_cell_never_reaches_the_terminal(screen):
    write_table(("A",), [("\x1b[2Jx",)], screen)
    assert "\x1b" not in screen.getvalue()


def test_json_is_an_array_with_one_element_a_line_and_money_as_numbers():
    out = io.StringIO()
    write_json([{"price": Decimal("0.10")}, {"price": None}], out)
    assert out.getvalue() == '[\n{"price":0.10},\n{"price":null}\n]\n'
    assert json.loads(out.getvalue()) == [{"price": 0.1}, {"price": None}]


@pytest.mark.parametrize("write", [lambda out: write_json(["\x9b2Jx\x7f"], out), lambda out: write_json_line("\x9b2Jx\x7f", out)])
def test_json_on_a_terminal_holds_no_control_character_and_in_a_pipe_every_one(screen, write):
    """JSON escapes those below 32 only; some terminals obey 0x80 to 0x9f too."""
    pipe = io.StringIO()
    write(screen)
    write(pipe)
    assert json.loads(screen.getvalue()) in ("\ufffd2Jx\ufffd", ["\ufffd2Jx\ufffd"])
    assert json.loads(pipe.getvalue()) in ("\x9b2Jx\x7f", ["\x9b2Jx\x7f"])


def test_no_elements_are_an_empty_array():
    out = io.StringIO()
    write_json([], out)
    assert out.getvalue() == "[]\n"
