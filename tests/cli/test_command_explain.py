"""``turnout explain``: whom a name stands for, in which order, and why; nobody is called and no key is shown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from turnout.cli import main

KEY = "gsk_real-looking-1234"
MODELS = '["openai/o3-mini", "groq/llama-3.3-70b-versatile", "anthropic/claude-x"]'
ALIAS = f'[aliases]\nfast = {{ models = {MODELS}, policy = "cheapest" }}\n'


@pytest.fixture(autouse=True)
def project(environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project with an alias of three models, and the keys of two."""
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "turnout.toml").write_text(ALIAS)
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("GROQ_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-proj-real-looking-1234")


def test_it_says_who_is_tried_who_is_left_out_and_where_that_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "fast", "groq/llama-3.1-8b-instant"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line[0].isdigit()] == [
        "1. openai/o3-mini",
        "2. groq/llama-3.3-70b-versatile",
        "3. groq/llama-3.1-8b-instant",
    ]
    why = [line for line in lines if line.startswith("why: ")]
    assert any("anthropic/claude-x left out" in line and "ANTHROPIC_API_KEY" in line for line in why)
    assert any("ordered at each call by 'cheapest'" in line and "turnout.toml:2" in line for line in why)
    assert "   asked    openai-chat at https://api.groq.com/openai/v1" in lines
    assert "tries: 6 in all, 3 at each, within 600 s" in lines


def test_a_key_is_told_by_its_place_only(capsys: pytest.CaptureFixture[str]) -> None:
    for form in ([], ["--json"]):
        assert main(["explain", "groq/llama-3.3-70b-versatile", *form]) == 0
        out = capsys.readouterr().out
        assert "GROQ_API_KEY" in out
        assert KEY not in out


def test_a_script_gets_the_order_the_prices_and_the_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "fast", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    first, second = told["candidates"]
    assert (first["target"], first["wire"], second["target"]) == ("openai/o3-mini", "openai-chat", "groq/llama-3.3-70b-versatile")
    assert second["price"]["input"] == 0.59
    assert "temperature" in first["fields_limited"]
    assert told["ordered_at_each_call"] == [{"policy": "cheapest", "of": ["openai/o3-mini", "groq/llama-3.3-70b-versatile"]}]
    assert told["attempts"] == {"in_all": 6, "at_each": 3, "seconds": 600.0}


def test_a_model_that_nobody_priced_is_said_to_have_none_that_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "groq/a-model-of-tomorrow"]) == 0
    assert "   price    not known" in capsys.readouterr().out.splitlines()


def test_a_name_that_stands_for_nobody_is_an_error_with_the_nearest(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "fats"]) != 0
    assert "did you mean 'fast'" in capsys.readouterr().err


def test_an_operation_that_the_provider_has_not_is_an_error_that_says_so(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-real-looking-1234")
    assert main(["explain", "anthropic/claude-x", "--operation", "embed"]) != 0
    assert "anthropic-messages, which has no embeddings" in capsys.readouterr().err
