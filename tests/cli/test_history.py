"""What was typed into chat before."""

from __future__ import annotations

import os
import stat

from turnout.cli.chat.history import LONGEST_ENTRY, MOST_ENTRIES, History


def test_entries_come_back_in_order_and_with_their_newlines(tmp_path):
    path = f"{tmp_path}/state/history"
    first = History(path)
    first.add("one\ntwo")
    first.add("three")
    assert History(path).entries == ["one\ntwo", "three"]


def test_the_file_and_its_folder_are_the_owners_alone(tmp_path):
    History(f"{tmp_path}/state/history").add("x")
    assert stat.S_IMODE(os.stat(f"{tmp_path}/state/history").st_mode) == 0o600
    assert stat.S_IMODE(os.stat(f"{tmp_path}/state").st_mode) == 0o700


def test_a_repeated_entry_is_kept_once(tmp_path):
    history = History(f"{tmp_path}/history")
    history.add("same")
    history.add("same")
    assert History(f"{tmp_path}/history").entries == ["same"]


def test_the_file_is_shortened_when_it_has_grown_far_over_its_bound(tmp_path):
    path = tmp_path / "history"
    path.write_text("".join(f'"{number}"\n' for number in range(2 * MOST_ENTRIES + 1)))
    assert History(str(path)).entries[0] == str(MOST_ENTRIES + 1)
    assert len(path.read_text().splitlines()) == MOST_ENTRIES


def test_shortening_and_clearing_replace_the_file_in_one_step(tmp_path):
    path = tmp_path / "history"
    path.write_text("".join(f'"{number}"\n' for number in range(2 * MOST_ENTRIES + 1)))
    with open(path) as before:
        history = History(str(path))
        assert len(before.readlines()) == 2 * MOST_ENTRIES + 1  # the old file is whole: whoever is killed leaves one or the other
    with open(path) as before:
        history.clear()
        assert len(before.readlines()) == MOST_ENTRIES
    assert path.read_text() == ""


def test_two_chats_add_to_one_file(tmp_path):
    one, other = History(f"{tmp_path}/history"), History(f"{tmp_path}/history")
    one.add("first")
    other.add("second")
    one.add("third")
    assert History(f"{tmp_path}/history").entries == ["first", "second", "third"]


def test_a_document_that_was_pasted_is_not_kept(tmp_path):
    history = History(f"{tmp_path}/history")
    history.add("x" * (LONGEST_ENTRY + 1))
    history.add("x" * LONGEST_ENTRY)
    assert [len(entry) for entry in History(f"{tmp_path}/history").entries] == [LONGEST_ENTRY]


def test_lines_that_something_else_wrote_are_passed_over(tmp_path):
    (tmp_path / "history").write_text('plain\n{"a": 1}\n"mine"\n')
    assert History(f"{tmp_path}/history").entries == ["mine"]


def test_a_place_that_cannot_be_written_costs_the_history_only_and_is_said_once(tmp_path, capsys):
    (tmp_path / "file").touch()
    history = History(f"{tmp_path}/file/history")
    history.add("one")
    history.add("two")
    assert history.entries == ["one", "two"]
    assert capsys.readouterr().err.count("what you type is not kept") == 1
