"""What lists say, and which model a name means. Nothing is asked."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from turnout.auth.secrets import Secret
from turnout.discovery import Finding, KnownProvider, KnownProviders, updated
from turnout.discovery.findings import first_known, to_ask
from turnout.discovery.known import known_provider, listing, split_first_slash
from turnout.discovery.tables import merge_tables
from turnout.errors import ConfigError, UnknownName
from turnout.types import Target

OPENAI = KnownProvider(
    id="openai",
    name="OpenAI",
    base_api_url="https://api.openai.com/v1",
    valid_models={"gpt-4o-2024-08-06": "4o", "gpt-4o-mini-2024-07-18": "4o-mini", "gpt-4.1-mini-2025-04-14": "4.1-mini"},
)
HYPERBOLIC = KnownProvider(id="hyperbolic", valid_models={"Qwen/QwQ-32B": "qdub", "moonshotai/Kimi-K2-Instruct": "k2"})
BOTH = KnownProviders([OPENAI, HYPERBOLIC])
_NAMES = st.text("abc/1", min_size=1, max_size=5)


def test_what_a_provider_has_beside_its_name_is_empty_until_somebody_says_it():
    known = known_provider("openai", {})
    assert (known.valid_models, known.invalid_models, known.api_key) == ({}, (), None)


def test_what_is_kept_for_300_seconds_is_no_part_of_what_is_written():
    assert set(KnownProvider.__struct_fields__) == {
        "id", "name", "base_api_url", "api_key", "wire", "valid_models", "invalid_models",
    }  # fmt: skip


def test_valid_models_are_long_names_and_invalid_models_cannot_be_changed_from_outside():
    known = known_provider("openai", {"valid_models": {"long": "short"}, "invalid_models": ["old"]})
    assert list(known.valid_models) == ["long"]
    assert known.invalid_models == ("old",)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("gpt-4o-2024-08-06", "gpt-4o-2024-08-06"),
        ("GPT-4O-MINI-2024-07-18", "gpt-4o-mini-2024-07-18"),
        ("4O", "gpt-4o-2024-08-06"),  # a short name, though it is also a part of a long one
        ("GPT-4O", "gpt-4o-2024-08-06"),  # the first that holds it
        ("4.1-mini-2025", "gpt-4.1-mini-2025-04-14"),
        ("claude", None),
        ("", None),
        ("  ", None),
    ],
)
def test_a_model_is_found_by_its_exact_long_name_then_short_then_a_part_of_the_long_then_of_the_short(name, found):
    assert OPENAI.find_model(name) == found


def test_each_way_of_finding_a_model_comes_before_the_next():
    known = KnownProvider(id="x", valid_models={"zz-b": "a", "a": "q", "xa": "b", "c": "nice"})
    assert known.find_model("a") == "a"  # the long name, though an earlier model has it for a short one
    assert known.find_model("b") == "xa"  # the short name, though an earlier long one holds it
    assert known.find_model("z-b") == "zz-b"
    assert known.find_model("ice") == "c"


def test_only_valid_models_are_found():
    known = KnownProvider(id="x", valid_models={"good": "good"}, invalid_models=("bad",))
    assert known.find_model("bad") is None


def test_new_models_get_their_long_name_as_a_short_one_and_short_names_are_kept():
    known = OPENAI.with_valid(["gpt-9", "gpt-4o-2024-08-06"])
    assert known.valid_models["gpt-9"] == "gpt-9"
    assert known.valid_models["gpt-4o-2024-08-06"] == "4o"
    assert list(known.valid_models)[:3] == list(OPENAI.valid_models)


# The providers together


def test_providers_are_a_table_by_id_in_any_case_and_take_plain_tables():
    known = KnownProviders({"OpenAI": {"name": "OpenAI", "valid_models": {"a": "b"}}, "x": HYPERBOLIC})
    assert known.keys() == ["openai", "x"]
    assert known["OPENAI"].valid_models == {"a": "b"}
    assert "openai" in known
    assert "none" not in known
    assert known.get("none") is None
    assert [id for id, _ in known.items()] == list(known)
    assert len(known.values()) == 2


def test_a_provider_that_is_in_no_list_is_an_error_that_offers_the_nearest():
    with pytest.raises(UnknownName, match="Provider 'opnai' not found; did you mean 'openai'") as raised:
        BOTH["opnai"]
    assert isinstance(raised.value, KeyError)  # what earlier programs catch
    assert isinstance(raised.value, ValueError)


def test_merged_models_pair_each_provider_with_long_and_short_names():
    assert BOTH.merged_models()[0] == ("openai", ("gpt-4o-2024-08-06", "4o"))
    assert BOTH.merged_models()[-1] == ("hyperbolic", ("moonshotai/Kimi-K2-Instruct", "k2"))


def test_scoped_models_are_provider_slash_long_and_the_short_name():
    assert BOTH.scoped_models()[3] == "hyperbolic/Qwen/QwQ-32B (qdub)"


def test_available_models_are_long_names_of_one_provider_or_of_all():
    assert BOTH.available_models("hyperbolic") == ["Qwen/QwQ-32B", "moonshotai/Kimi-K2-Instruct"]
    assert len(BOTH.available_models()) == 5


def test_an_invalid_model_that_is_listed_stays_listed_but_is_not_offered():
    known = KnownProviders([KnownProvider(id="x", valid_models={"a": "a", "b": "b"}, invalid_models=("a",))])
    assert known["x"].valid_models == {"a": "a", "b": "b"}
    assert known.available_models() == ["b"]
    assert known.scoped_models() == ["x/b (b)"]
    assert known.merged_models() == [("x", ("b", "b"))]


def test_a_model_is_found_at_each_provider_that_has_one_like_it():
    known = KnownProviders([OPENAI, KnownProvider(id="copy", valid_models={"my-gpt-4o": "mine"})])
    assert [(found.id, long) for found, long in known.find_model("gpt-4o")] == [
        ("openai", "gpt-4o-2024-08-06"),
        ("copy", "my-gpt-4o"),
    ]


# What a name means


@pytest.mark.parametrize("name", ["openai/gpt-4o-2024-08-06", "openai/4o", "OPENAI/4o", "4o", "gpt-4o-2024-08-06", " 4o "])
def test_a_name_with_its_provider_or_without_long_or_short_resolves_to_the_long_name(name):
    assert BOTH.resolve(name) == Target("openai", "gpt-4o-2024-08-06")


def test_a_name_without_a_provider_is_looked_for_in_all_of_them_and_not_taken_for_openais():
    assert BOTH.resolve("k2") == Target("hyperbolic", "moonshotai/Kimi-K2-Instruct")


def test_a_models_own_slash_makes_no_provider_of_what_stands_before_it():
    assert BOTH.resolve("Qwen/QwQ-32B") == Target("hyperbolic", "Qwen/QwQ-32B")
    assert BOTH.resolve("hyperbolic/Qwen/QwQ-32B") == Target("hyperbolic", "Qwen/QwQ-32B")


def test_the_whole_name_is_tried_before_its_prefix_counts_as_a_provider():
    known = KnownProviders([OPENAI, KnownProvider(id="groq", valid_models={"openai/gpt-oss-120b": "oss"})])
    assert known.resolve("openai/gpt-oss-120b") == Target("groq", "openai/gpt-oss-120b")


def test_a_providers_own_model_under_its_name_is_never_another_providers():
    known = KnownProviders([KnownProvider(id="router", valid_models={"openai/4o": "x"}), OPENAI])
    assert known.resolve("openai/4o") == Target("openai", "gpt-4o-2024-08-06")


def test_every_scoped_name_that_is_shown_resolves_to_itself():
    known = KnownProviders([KnownProvider(id="router", valid_models={"openai/gpt-4o-2024-08-06": "x"}), OPENAI, HYPERBOLIC])
    for shown in known.scoped_models():
        assert str(known.resolve(shown.partition(" (")[0])) == shown.partition(" (")[0]


@given(st.dictionaries(st.sampled_from("abc"), st.dictionaries(_NAMES, _NAMES, max_size=4), max_size=3))
def test_every_long_name_behind_its_provider_is_that_model_whatever_else_the_lists_hold(lists):
    known = KnownProviders({id: KnownProvider(id=id, valid_models=models) for id, models in lists.items()})
    for id, (long, short) in known.merged_models():
        assert known.resolve(f"{id}/{long}") == Target(id, long)
        assert known.resolve(f"{id}/{short}").provider == id
        found = known.resolve(long)  # where it reads as another provider's model, that is who is meant
        assert known[found.provider].exact(found.model) is not None
        assert known.find_model(long)


def test_a_model_that_its_provider_does_not_have_is_an_error():
    with pytest.raises(UnknownName, match=r"^Invalid model for provider openai: gpt-none") as raised:
        BOTH.resolve("openai/gpt-none")
    assert isinstance(raised.value, ValueError)


def test_a_model_that_nobody_has_is_an_error_that_offers_what_is_like_it():
    with pytest.raises(UnknownName, match=r"^Invalid model: kimi; did you mean 'hyperbolic/moonshotai/Kimi-K2-Instruct'"):
        BOTH.resolve("kimi")


def test_a_text_is_split_at_its_first_slash():
    assert split_first_slash("a/b/c") == ("a", "b/c")
    assert split_first_slash("a") == ("", "a")


# For a person


def test_the_listing_names_each_provider_and_each_model_with_its_short_name():
    known = KnownProviders([KnownProvider(id="openai", valid_models={"gpt-5": "5", "same": "same"}), KnownProvider(id="empty")])
    assert listing(known) == [
        "**OPENAI - Available Models:**",
        "• openai/gpt-5 (5)",
        "• openai/same",
        "",
        "**EMPTY:**",
        "No models configured",
    ]
    assert listing(known, "empty") == ["**EMPTY:**", "No models configured"]


def test_the_listing_of_no_providers_says_so():
    assert listing(KnownProviders()) == ["No providers configured"]


def test_the_listing_of_an_unknown_provider_is_an_error():
    with pytest.raises(UnknownName, match="Provider 'x' not found"):
        listing(BOTH, "x")


# Tables


def test_tables_are_merged_all_the_way_down_and_none_replaces_nothing():
    below = {"p": {"key": "k", "valid_models": {"a": "1", "b": "2"}, "url": "u"}}
    above = {"p": {"key": None, "valid_models": {"b": "3", "c": "4"}}}
    assert merge_tables(below, above) == {"p": {"key": "k", "valid_models": {"a": "1", "b": "3", "c": "4"}, "url": "u"}}


def test_a_provider_may_say_that_its_models_replace_those_below():
    below = {"p": {"valid_models": {"a": "1"}}}
    above = {"p": {"replace_models": True, "valid_models": {"b": "2"}}}
    assert merge_tables(below, above)["p"]["valid_models"] == {"b": "2"}


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ({"valid_models": ["a"]}, "providers.x.valid_models: expected a table of long name: short name, not a list"),
        ({"valid_models": {"a": 4.1}}, "both names of 'a' are texts; put quotes around a name that looks like a number"),
        ({"invalid_models": "a"}, "providers.x.invalid_models: expected a list of names, not a text"),
        ({"base_api_url": 3}, "providers.x.base_api_url: expected a text, not a number"),
        (["name"], "providers.x: a provider is a table with base_api_url, api_key and valid_models, not a list"),
    ],
)
def test_a_value_of_the_wrong_type_is_told_with_its_place(table, complaint):
    with pytest.raises(ConfigError, match=r"^file\.yaml: providers\.x") as raised:
        known_provider("x", table, "file.yaml")
    assert complaint in str(raised.value)


def test_a_provider_with_a_slash_in_its_name_could_not_be_named():
    with pytest.raises(ConfigError, match="a word without '/'"):
        known_provider("a/b", {})


@pytest.mark.parametrize(
    "key", ["", "  ", "not-configured", "ds-not-configured", "sk-xxxx", "sk-proj-XXXX", "sk-...", "changeme"]
)
def test_a_placeholder_is_no_key(key):
    assert known_provider("x", {"api_key": key}).api_key is None


def test_a_key_is_in_no_representation():
    known = known_provider("x", {"api_key": "sk-proj-4vJ8Qm2ZtXc9RbNw"})
    assert isinstance(known.api_key, Secret)
    assert "4vJ8Qm2Z" not in repr(known)


# What was found


def test_what_is_found_is_added_and_nothing_that_is_listed_is_taken_away():
    known = KnownProvider(id="x", valid_models={"gone": "g", "old": "o"}, invalid_models=("bad", "by-hand"))
    found = Finding(provider="x", valid={"old": "other", "new": "new"}, invalid=("bad", "worse", "gone"))
    now = updated(known, found)
    assert now.valid_models == {"gone": "g", "old": "o", "new": "new"}
    assert now.invalid_models == ("bad", "by-hand", "worse", "gone")


def test_a_model_that_answered_is_not_invalid_any_longer():
    known = KnownProvider(id="x", invalid_models=("was-slow", "bad"))
    assert updated(known, Finding(provider="x", valid={"was-slow": "s"})).invalid_models == ("bad",)


def test_what_was_found_twice_is_as_if_it_was_found_once_and_in_either_order():
    one = Finding(provider="x", valid={"a": "a"}, invalid=("b",))
    two = Finding(provider="x", valid={"c": "c"}, invalid=("d",))
    start = KnownProvider(id="x")
    there, back = updated(updated(start, one), two), updated(updated(start, two), one)
    assert there.valid_models == back.valid_models
    assert set(there.invalid_models) == set(back.invalid_models)
    assert updated(there, one) == there


def test_an_invalid_model_is_not_asked_again_unless_everything_is():
    known = KnownProvider(id="x", invalid_models=("bad",))
    assert to_ask(known, ["good", "bad"], force=False) == ["good"]
    assert to_ask(known, ["good", "bad"], force=True) == ["good", "bad"]


def test_a_provider_that_no_list_has_yet_is_begun_without_a_key():
    known = first_known(Finding(provider="x", name="X", base_api_url="https://x.example/v1", valid={"a": "a"}))
    assert (known.id, known.name, known.base_api_url, known.api_key) == ("x", "X", "https://x.example/v1", None)
