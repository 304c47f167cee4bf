"""``-m auto`` on the command line: whoever is set up is asked, or the person is told what would do."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator

import pytest
from upstream import Upstream

from turnout.cli import main


@pytest.fixture(autouse=True)
def nobody_at_stdin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with open("/dev/null") as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        yield


def test_auto_asks_the_preferred_model_of_whoever_is_set_up(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENAI_PREFERRED_MODELS", "GPT-4.1-mini, gpt-4o-mini")
    assert main(["ask", "-m", "auto", "Name a river"]) == 0
    assert capsys.readouterr().out == "Rhine\n"
    assert upstream.requests[0]["model"] == "gpt-4.1-mini"


def test_auto_may_be_the_default_model_of_the_environment(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DEFAULT_MODEL", "auto")
    monkeypatch.setenv("CUSTOM_API_URL", upstream.base_url)
    monkeypatch.setenv("CUSTOM_MODEL_NAME", "my-own")
    assert main(["ask", "--json", "Name a river"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert (upstream.requests[0]["model"], done["target"]["provider"]) == ("my-own", "custom")


def test_auto_with_nobody_set_up_names_the_variables_and_asks_nobody(
    environment: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ask", "-m", "auto", "Name a river"]) == 3
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "At least one API configuration is required" in shown.err
    assert "KIMI_API_KEY for Moonshot Kimi models" in shown.err


def test_a_probe_of_a_provider_asks_the_model_that_is_preferred(
    upstream: Upstream, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from turnout.cli.doctor.probing import _target
    from turnout.registry import Registry
    from turnout.types import Target

    cheapest = _target(Registry(), "openai")
    monkeypatch.setenv("OPENAI_PREFERRED_MODELS", "gpt-4.1")
    assert _target(Registry(), "openai") == Target("openai", "gpt-4.1") != cheapest


def test_the_limits_of_a_model_are_told(capsys: pytest.CaptureFixture[str], environment: dict[str, str]) -> None:
    assert main(["models", "--provider", "openai", "gpt-4-turbo", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    limits = row["rate_limits"]
    assert (limits["requests_per_minute"], limits["tokens_per_minute"], limits["concurrent_requests"]) == (3500, 200000, 500)
    assert "https://platform.openai.com/docs/guides/rate-limits" in limits["source"]
    assert (row["price"]["input"], row["price"]["output"], row["price"]["source"]) == (10, 30, "models.dev 2026-08-18")
