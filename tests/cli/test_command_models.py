"""``turnout models`` and ``turnout providers`` on the catalog that is built in."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from turnout.cli import main
from turnout.cli.models import dollars, size

pytestmark = pytest.mark.usefixtures("environment")


def listed(capsys, *arguments):
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_all_words_must_be_in_the_name_in_any_case(capsys):
    found = [
        f"{model['target']['provider']}/{model['target']['model']} {model.get('name')}".lower()
        for model in listed(capsys, "models", "CLAUDE", "sonnet")
    ]
    assert found
    assert all("claude" in name and "sonnet" in name for name in found)


def test_a_price_limit_leaves_out_dearer_and_unknown_prices(capsys):
    found = listed(capsys, "models", "--provider", "openai", "--max-input-price", "0.5", "--max-output-price", "2")
    assert found
    assert all(model["price"]["input"] <= 0.5 and model["price"]["output"] <= 2 for model in found)


def test_abilities_must_all_be_there(capsys):
    found = listed(capsys, "models", "--provider", "anthropic", "--supports", "tools,image-in")
    assert found
    assert all({"tools", "image-in"} <= set(model["supports"]) for model in found)


def test_an_ability_that_no_model_has_is_a_mistake(capsys):
    assert main(["models", "--supports", "tool"]) == 2
    assert "no model supports 'tool'; did you mean 'tools'?" in capsys.readouterr().err


def test_a_least_context_leaves_out_smaller_ones(capsys):
    found = listed(capsys, "models", "--provider", "openai", "--min-context", "400k")
    assert found
    assert all(model["context_tokens"] >= 400_000 for model in found)


def test_a_limit_is_kept(capsys):
    assert len(listed(capsys, "models", "--limit", "3")) == 3


def test_lines_for_scripts_begin_with_the_model(capsys):
    assert main(["models", "--provider", "openai", "gpt-4o-mini"]) == 0
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert "openai/gpt-4o-mini" in [line[0] for line in lines]
    assert {len(line) for line in lines} == {5}


def test_only_models_of_providers_that_can_be_used(capsys, monkeypatch):
    monkeypatch.setenv("GROQ_API_KEY", "gsk_4vJ8Qm2ZtXc9RbNw")
    providers = {model["target"]["provider"] for model in listed(capsys, "models", "--usable")}
    assert "groq" in providers
    assert "openai" not in providers


def test_nothing_found_is_exit_code_1(capsys):
    assert main(["models", "no-such-model-anywhere"]) == 1
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "turnout: no model fits; fewer words or filters find more\n")


def test_an_unknown_provider_is_a_configuration_error(capsys):
    assert main(["models", "--provider", "opnai"]) == 3
    assert "openai" in capsys.readouterr().err


def test_a_terminal_gets_headings_and_not_thousands_of_rows(terminal):
    screen = terminal("models")
    assert screen.ends() == 0
    lines = screen.shown.splitlines()
    assert lines[0].split() == ["MODEL", "CONTEXT", "IN", "$/M", "OUT", "$/M", "SUPPORTS"]
    assert len(lines) == 52
    assert lines[-1].endswith("more; narrow the search, or --limit 0")
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize(
    ("count", "shown"),
    [(None, "?"), (512, "512"), (8192, "8.2k"), (1_500_000, "1.5m"), (131072, "131k"), (1_000_000, "1m"), (1_048_576, "1m")],
)
def test_sizes_are_short(count, shown):
    assert size(count) == shown


def test_an_unknown_price_is_a_question_mark_and_not_zero():
    assert (dollars(None), dollars(Decimal(0)), dollars(Decimal("0.150"))) == ("?", "0", "0.15")


def test_providers_say_whether_and_with_which_variable_they_can_be_used(capsys, monkeypatch):
    monkeypatch.setenv("GROQ_API_KEY", "gsk_4vJ8Qm2ZtXc9RbNw")
    by_id = {provider["id"]: provider for provider in listed(capsys, "providers")}
    assert by_id["groq"]["usable"] is True
    assert by_id["groq"]["key_env"] == ["GROQ_API_KEY"]
    assert by_id["openai"]["usable"] is False
    assert "OPENAI_API_KEY" in by_id["openai"]["reason"]


def test_usable_providers_can_be_listed_alone(capsys, monkeypatch):
    monkeypatch.setenv("GROQ_API_KEY", "gsk_4vJ8Qm2ZtXc9RbNw")
    ids = {provider["id"] for provider in listed(capsys, "providers", "--usable")}
    assert "groq" in ids
    assert "openai" not in ids


def test_providers_for_scripts_are_lines_of_five_columns(capsys):
    assert main(["providers", "groq"]) == 0
    assert capsys.readouterr().out.splitlines()[0].split("\t") == ["groq", "Groq", "openai-chat", "no", "GROQ_API_KEY"]
