"""What Tab offers in a chat."""

from __future__ import annotations

import pytest

from turnout.cli.chat.completing import Offer, closest, paths


@pytest.mark.parametrize(
    ("query", "names", "expected"),
    [
        ("g5", ["openai/gpt-4o (4o)", "openai/gpt-5 (5)"], ["openai/gpt-5 (5)"]),
        ("GPT", ["openai/gpt-5 (5)"], ["openai/gpt-5 (5)"]),
        ("dsr1", ["deepseek/deepseek-chat (dschat)", "deepseek/deepseek-reasoner (r1)"], ["deepseek/deepseek-reasoner (r1)"]),
        ("g p t", ["openai/gpt-5 (5)"], ["openai/gpt-5 (5)"]),
        ("tpg", ["openai/gpt-5 (5)"], []),
        ("", ["b", "a"], ["b", "a"]),
    ],
)
def test_a_name_is_offered_if_it_holds_the_letters_in_order_in_any_case(query, names, expected):
    assert closest(query, names) == expected


def test_the_score_is_the_spread_of_the_first_match_plus_the_length_ascending():
    # "ab": spread 2 + length 6 = 8; spread 5 + length 5 = 10; spread 2 + length 9 = 11
    assert closest("ab", ["xxxxxxxab", "a123b", "1234ab"]) == ["1234ab", "a123b", "xxxxxxxab"]


def test_the_match_is_the_first_from_the_left_though_a_closer_one_follows():
    # from the first "a": spread 6 + length 6 = 12, as against 2 + 9 = 11
    assert closest("ab", ["a123ab", "1234567ab"]) == ["1234567ab", "a123ab"]


def test_equal_scores_keep_the_order_of_the_lists():
    assert closest("a", ["a2", "a1", "a3"]) == ["a2", "a1", "a3"]


def test_an_offer_replaces_only_what_was_typed_of_it():
    assert Offer(5, "openai/gpt-5").applied("/mod gp5") == "/mod openai/gpt-5"


def test_paths_are_offered_with_their_folder_and_hidden_ones_only_when_asked_for(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photo.png").touch()
    (tmp_path / ".hidden").touch()
    assert [offer.text for offer in paths(8, f"{tmp_path}/ph")] == [f"{tmp_path}/photo.png", f"{tmp_path}/photos/"]
    assert [offer.text for offer in paths(8, f"{tmp_path}/")] == [f"{tmp_path}/photo.png", f"{tmp_path}/photos/"]
    assert [offer.text for offer in paths(8, f"{tmp_path}/.h")] == [f"{tmp_path}/.hidden"]
    assert paths(8, f"{tmp_path}/nowhere/") == []
