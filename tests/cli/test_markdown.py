"""Markdown that is formatted block by block while it arrives."""

from __future__ import annotations

import io
import sys
from itertools import pairwise

import pytest

pytest.importorskip("rich", reason="the extra `cli` is not installed")

from turnout.cli.chat.markdown import MarkdownPage, split_blocks

TEXT = "# Rivers\n\nThe **Rhine**\nand more\n\n```python\na = 1\n\nb = 2\n```\n\n- one\n- two\n\nend"


def test_an_empty_line_ends_a_block_and_the_rest_may_still_grow():
    assert split_blocks("one\ntwo\n\nthree\n\nfo") == (["one\ntwo\n\n", "three\n\n"], "fo")


def test_an_empty_line_inside_a_code_fence_does_not():
    assert split_blocks("```\na\n\nb\n```\n\nx") == (["```\na\n\nb\n```\n\n"], "x")


def test_a_shorter_fence_does_not_close_a_longer_one():
    assert split_blocks("````\n```\n\n```\n") == ([], "````\n```\n\n```\n")


@pytest.mark.parametrize("size", [1, 2, 7, 64])
def test_blocks_are_the_same_however_the_text_is_cut(size):
    seen, growing = [], ""
    for at in range(0, len(TEXT), size):
        blocks, growing = split_blocks(growing + TEXT[at : at + size])
        seen += blocks
    assert (seen, growing) == split_blocks(TEXT)


def test_lines_of_a_poem_and_empty_lines_between_blocks_are_kept(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    page = MarkdownPage()
    page.write("old pond\nfrog leaps in\n\n```\nx = 1\n\ny = 2\n```\n\nend")
    page.end()
    lines = [line.strip() for line in sys.stdout.getvalue().splitlines()]
    assert [line for line, before in zip(lines, ["", *lines], strict=False) if line or before] == [
        "old pond",
        "frog leaps in",
        "",
        "x = 1",
        "",
        "y = 2",
        "",
        "end",
    ]


LIST = "1. Install:\n\n   ```sh\n   ls\n\n   pwd\n   ```\n\n    then\n\n2. Run\n\nend\n\n    code\n\nover\n"


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_what_is_indented_after_an_empty_line_stays_with_its_item_of_a_list(size):
    blocks, rest = [], ""
    for at in range(0, len(LIST), size):
        more, rest = split_blocks(rest + LIST[at : at + size])
        blocks += more
    first = "1. Install:\n\n   ```sh\n   ls\n\n   pwd\n   ```\n\n    then\n\n"
    assert (blocks, rest) == ([first, "2. Run\n\n", "end\n\n", "    code\n\n"], "over\n")


def test_code_in_a_list_is_shown_as_code(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    page = MarkdownPage()
    page.write("2. Define:\n\n    ```python\n    def f():\n        return 1\n    ```\n\nend\n")
    page.end()
    shown = sys.stdout.getvalue()
    assert "```" not in shown
    assert [line.strip() for line in shown.splitlines() if line.strip()] == ["2 Define:", "def f():", "return 1", "end"]


def test_a_page_shows_formatted_text_and_no_marks(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    page = MarkdownPage()
    for character in "The **Rhine**\n\n- one\n":
        page.write(character)
    page.end()
    assert sys.stdout.getvalue().split() == ["The", "Rhine", "•", "one"]


def test_blocks_of_every_kind_stand_one_empty_line_apart(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    page = MarkdownPage()
    page.write("## Rivers\n\ntext\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- one\n\n> said\n\nend\n")
    page.end()
    lines = [line.strip() for line in sys.stdout.getvalue().splitlines()]
    assert lines[0] == "Rivers"
    assert not any(not line and not after for line, after in pairwise(lines))
    assert lines.count("") == 5


@pytest.mark.parametrize(
    "text",
    ["List<String> and std::vector<int>", "Use the <div> tag.", "<div>", "x<sup>2</sup>", "a < b > c", "<!-- note -->"],
)
def test_what_looks_like_html_is_shown_as_it_stands(monkeypatch, text):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    page = MarkdownPage()
    page.write(f"{text}\n\n| a |\n|---|\n| {text} |\n")
    page.end()
    assert sys.stdout.getvalue().count(text) == 2


@pytest.mark.parametrize(
    ("markdown", "shown"),
    [
        ("see [the docs](https://a.example/b) now", "see the docs (https://a.example/b) now"),
        ("see <https://a.example/b> now", "see https://a.example/b now"),
        ("see [https://a.example](https://b.example) now", "see https://a.example (https://b.example) now"),
        ("ask <me@a.example> or [me](mailto:me@a.example)", "ask me@a.example or me (mailto:me@a.example)"),
        ("one ![a map](map.png) two", "one a map (map.png) two"),
        ("[**bold** words](https://a.example)", "bold words (https://a.example)"),
        ("[ref]\n\n[ref]: https://a.example", "[ref]"),
    ],
)
def test_links_and_images_show_where_they_lead_in_their_places(monkeypatch, markdown, shown):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    page = MarkdownPage()
    page.write(markdown)
    page.end()
    assert sys.stdout.getvalue().splitlines()[0] == shown


def test_no_entity_is_a_control_character(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    page = MarkdownPage()
    page.write("&#27;]0;x&#7; &#x9b;2J [a](&#27;x)\n")
    page.end()
    assert not set(sys.stdout.getvalue()) & {"\x1b", "\x07", "\x9b"}


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_lines_may_end_with_carriage_returns_too(monkeypatch, size):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    page = MarkdownPage()
    text = "one\r\n\r\ntwo\r\nthree\r\n"
    for at in range(0, len(text), size):
        page.write(text[at : at + size])
    page.end()
    assert sys.stdout.getvalue().splitlines() == ["one", "", "two", "three"]


def test_no_line_is_filled_up_with_blanks_but_a_code_blocks(monkeypatch):
    """They would be copied with the text, and be lines of their own in a window that was made narrower."""
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    page = MarkdownPage()
    page.write("# Rivers\n\nThe **Rhine** is long.\n\n- one\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")
    page.end()
    assert [line for line in sys.stdout.getvalue().splitlines() if line != line.rstrip()] == []


def test_reasoning_in_the_middle_of_an_answer_ends_the_block_that_was_growing(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    page = MarkdownPage()
    page.write("The **Rhi")
    page.pause()
    page.write("and more")
    page.end()
    assert [line.strip() for line in sys.stdout.getvalue().splitlines()] == ["The **Rhi", "", "and more"]
