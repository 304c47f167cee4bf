"""What to ask: words, files and standard input."""

from __future__ import annotations

import os
import sys

import pytest

from turnout.cli.failures import WrongUsage
from turnout.cli.prompt import read_prompt


@pytest.fixture
def feed(monkeypatch):
    """Puts bytes into standard input through a real pipe."""
    opened = []

    def put(data: bytes) -> None:
        reading, writing = os.pipe()
        os.write(writing, data)
        os.close(writing)
        opened.append(os.fdopen(reading, encoding="utf-8"))
        monkeypatch.setattr(sys, "stdin", opened[-1])

    yield put
    for stream in opened:
        stream.close()


@pytest.fixture
def nobody(monkeypatch):
    """A standard input that is a device and not a pipe."""
    with open(os.devnull) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        yield


def test_words_are_joined_as_they_stand(nobody):
    assert read_prompt(["Name", "three rivers"], []) == "Name three rivers"


def test_nothing_at_all_is_an_empty_prompt(nobody):
    assert read_prompt([], []) == ""


def test_piped_text_alone_is_the_prompt(feed):
    feed(b"Name three rivers\n")
    assert read_prompt([], []) == "Name three rivers"


def test_words_come_before_piped_text(feed):
    feed("Ägypten\n".encode())
    assert read_prompt(["Translate:"], []) == "Translate:\n\nÄgypten"


def test_a_file_redirected_into_standard_input_is_read(monkeypatch, tmp_path):
    (tmp_path / "letter.txt").write_text("Dear Ada")
    with open(tmp_path / "letter.txt") as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        assert read_prompt(["In French:"], []) == "In French:\n\nDear Ada"


def test_a_dash_says_where_standard_input_goes(feed):
    feed(b"the text")
    assert read_prompt(["before", "-", "after"], []) == "before\n\nthe text\n\nafter"


def test_a_word_with_an_at_sign_is_a_files_text(nobody, tmp_path):
    (tmp_path / "note.txt").write_text("the note")
    assert read_prompt(["Sum", "up", f"@{tmp_path}/note.txt", "in French"], []) == "Sum up\n\nthe note\n\nin French"


def test_two_at_signs_are_one(nobody):
    assert read_prompt(["@@alice says hi"], []) == "@alice says hi"


def test_a_missing_at_file_is_named_with_the_way_out(nobody):
    with pytest.raises(WrongUsage, match="cannot read 'alice': No such file or directory; to begin a prompt with an at sign"):
        read_prompt(["@alice"], [])


def test_files_follow_the_words(nobody, tmp_path):
    (tmp_path / "a").write_text("one")
    (tmp_path / "b").write_text("two")
    assert read_prompt(["words"], [f"{tmp_path}/a", f"{tmp_path}/b"]) == "words\n\none\n\ntwo"


def test_a_file_named_dash_is_standard_input_and_is_read_once(feed):
    feed(b"piped")
    assert read_prompt([], ["-"]) == "piped"


def test_what_is_not_text_is_refused_with_its_place(feed):
    feed(b"ab\xff\xfe")
    with pytest.raises(WrongUsage, match=r"standard input is not UTF-8 text \(byte 2 of 4\); attach"):
        read_prompt([], [])


def test_a_byte_order_mark_is_no_part_of_the_text(nobody, tmp_path):
    (tmp_path / "bom.txt").write_bytes(b"\xef\xbb\xbfhello")
    assert read_prompt([], [f"{tmp_path}/bom.txt"]) == "hello"


def test_a_closed_standard_input_is_nothing(monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    assert read_prompt(["hello"], []) == "hello"
