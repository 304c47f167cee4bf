"""The commands inside a chat about models, and what Tab offers."""

from __future__ import annotations

import pytest
from chat_desk import chat_at, said
from upstream import KEY

from turnout.cli.chat.slash import complete, run
from turnout.cli.failures import WrongUsage
from turnout.errors import UnknownName


@pytest.fixture
def chat(environment, tmp_path, monkeypatch):
    monkeypatch.setenv("TURNOUT_DATA_DIR", f"{tmp_path}/data")
    return chat_at(tmp_path)


@pytest.mark.parametrize("name", ["/mod", "/model"])
def test_mod_without_a_model_says_how_to_find_one(chat, name):
    assert run(chat, name).startswith("Please specify a model name. Type /list to see available models.\n")


@pytest.mark.parametrize("typed", ["4o", "openai/4o", "gpt-4o-2024-08-06", "openai/gpt-4o-2024-08-06", " OpenAI/4o "])
def test_mod_takes_long_and_short_names_with_and_without_their_provider_and_says_the_long_one(chat, typed):
    chat.conversation.model = "box/plain"
    assert run(chat, f"/mod {typed}") == "Model set to gpt-4o-2024-08-06.\nProvider: openai"
    assert chat.conversation.model == "openai/gpt-4o-2024-08-06"


def test_mod_tries_a_whole_name_with_a_slash_before_its_first_part_as_a_provider(chat):
    assert run(chat, "/mod acme/Owl-32B") == "Model set to acme/Owl-32B.\nProvider: box"


def test_an_unprefixed_name_is_looked_for_in_all_providers_and_not_only_in_openai(chat):
    assert run(chat, "/mod owl") == "Model set to acme/Owl-32B.\nProvider: box"


def test_mod_takes_what_no_list_has_from_the_catalog(chat, monkeypatch):
    monkeypatch.setenv("GROQ_API_KEY", KEY)
    assert run(chat, "/mod groq/llama-3.3-70b-versatile") == "Model set to llama-3.3-70b-versatile.\nProvider: groq"


def test_mod_refuses_a_wrong_name_with_what_is_wrong_and_changes_nothing(chat):
    with pytest.raises(UnknownName, match="Invalid model: nonsense"):
        run(chat, "/mod nonsense")
    assert chat.conversation.model == "openai/gpt-4o-2024-08-06"


def test_dm_goes_back_to_the_default_model(chat, monkeypatch):
    monkeypatch.setenv("LLMC_DEFAULT_MODEL", "box/plain")
    assert run(chat, "/dm") == "Model set to plain.\nProvider: box"


@pytest.mark.parametrize("name", ["/list", "/models"])
def test_list_shows_a_provider_as_a_heading_and_a_bullet_for_each_model(chat, name, capsys):
    run(chat, f"{name} openai")
    out = capsys.readouterr().out
    assert out.startswith("**OPENAI - Available Models:**\n")
    assert "• openai/gpt-4o-2024-08-06 (4o)\n" in out
    assert "• openai/gpt-5\n" not in out  # known not to chat


def test_models_is_never_taken_for_mod(chat, capsys):
    run(chat, "/models box")
    assert capsys.readouterr().out == "**BOX - Available Models:**\n• box/acme/Owl-32B (owl)\n• box/plain\n"
    assert chat.conversation.model == "openai/gpt-4o-2024-08-06"


def test_list_says_of_a_provider_without_models_that_none_are_configured(chat, capsys):
    run(chat, "/list empty")
    assert capsys.readouterr().out == "**EMPTY:**\nNo models configured\n"


def test_list_of_a_provider_that_no_list_has_shows_the_catalogs_models(chat, capsys):
    run(chat, "/list groq")
    assert "• groq/llama-3.3-70b-versatile\n" in capsys.readouterr().out


def test_list_says_of_an_unknown_provider_that_it_is_not_found(chat):
    with pytest.raises(WrongUsage, match=r"^Error: Provider 'x' not found$"):
        run(chat, "/list x")


def offers(chat, line):
    return [offer.applied(line) for offer in complete(chat, line)]


def test_tab_after_mod_offers_the_lists_models_by_score_with_their_short_names(chat):
    first = complete(chat, "/mod 4o")[0]
    assert (first.applied("/mod 4o"), first.about) == ("/mod openai/gpt-4o-2024-08-06", "4o")
    assert offers(chat, "/model ol32")[0] == "/model box/acme/Owl-32B"


def test_tab_after_mod_offers_no_model_that_is_known_not_to_chat(chat):
    assert "/mod openai/gpt-5" not in offers(chat, "/mod ")
    assert "/mod openai/gpt-5-mini" in offers(chat, "/mod ")


def test_tab_finds_a_model_of_a_provider_without_a_key_when_nothing_else_fits(chat):
    assert "/mod groq/llama-3.3-70b-versatile" in offers(chat, "/mod groqllama33")


def test_tab_offers_commands_under_any_of_their_names(chat):
    assert offers(chat, "/sy") == ["/system"]
    assert offers(chat, "/sp") == ["/system"]
    assert offers(chat, "hello /sy") == []


def test_tab_offers_providers_after_models_and_sessions_after_load(chat):
    said(chat, "Hi", "Yo")
    run(chat, "/rename rivers")
    assert offers(chat, "/models bo")[0] == "/models box"
    assert offers(chat, "/load riv") == ["/load rivers"]


def test_what_cannot_be_carried_is_told_once_for_each_model(chat):
    lines = ["request reasoning: dropped (x)"]
    assert chat.conversation.untold([*lines, *lines]) == lines
    assert chat.conversation.untold(lines) == []
    run(chat, "/mod box/plain")
    assert chat.conversation.untold(lines) == lines
