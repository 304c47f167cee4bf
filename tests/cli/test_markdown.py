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


def test_reasoning_in_the_middle_of_an_answer_ends_the_block_that_was_growing(monkeypatch):
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    page = MarkdownPage()
    page.write("The **Rhi")
    page.pause()
    page.write("and more")
    page.end()
    assert [line.strip() for line in sys.stdout.getvalue().splitlines()] == ["The **Rhi", "", "and more"]
