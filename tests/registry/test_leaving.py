"""Names to be left: told of once, at the line of whoever uses one, with what to use instead."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from registries import WIRES, configured

import turnout
from turnout.catalog.schema import Provider
from turnout.config import Config
from turnout.registry import ProviderRegistry, Registry

KEY = "AIzaSy-4vJ8Qm2ZtXc9RbNw"


def names(config: Config | None = None, **environ: str) -> Registry:
    return Registry(environ={"GOOGLE_API_KEY": KEY, **environ}, config=config or Config())


def told(call: Callable[[], Any]) -> list[tuple[str, str, int]]:
    """The warnings, each with the file and line that it is told at."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        call()
    return [(str(warning.message), Path(warning.filename).name, warning.lineno) for warning in caught]


@pytest.mark.parametrize(
    ("name", "instead"), [("generative-ai/gemini-3-pro", "'google'"), ("VertexAI/gemini-3-pro", "'google-vertex'")]
)
def test_a_deprecated_name_is_told_once_with_what_to_use_instead(name: str, instead: str) -> None:
    registry = names(GOOGLE_CLOUD_PROJECT="corp")
    provider = name.partition("/")[0].lower()
    ((said, file, _),) = told(lambda: registry.plan(name))
    assert said.startswith(f"The {provider!r} provider is deprecated. Use {instead} instead. See https://")
    assert file == Path(__file__).name
    assert told(lambda: registry.plan(name + "-preview")) == []


def test_it_is_told_at_the_callers_own_line_however_deep_turnout_was() -> None:
    providers = ProviderRegistry(names())
    calls = [
        lambda: turnout.from_provider("generative-ai/gemini-3-pro", registry=names()),
        lambda: providers.create_client("generative-ai", model="gemini-3-pro"),
        lambda: turnout.sdk_client("generative-ai", registry=names()),
    ]
    for call in calls:
        first = call.__code__.co_firstlineno
        assert [(file, line) for _, file, line in told(call)] == [(Path(__file__).name, first)]


def test_the_names_that_stay_are_not_told_of_and_neither_is_a_list() -> None:
    registry = names(GOOGLE_CLOUD_PROJECT="corp")
    assert told(lambda: registry.plan(["google/x", "gemini/x", "vertex/x"])) == []
    assert told(registry.providers) == []
    assert told(ProviderRegistry(registry).stats) == []


def test_a_provider_of_ones_own_can_be_deprecated_in_its_file() -> None:
    row = {"wire": "openai-chat", "base_url": "https://old.corp", "auth": "none", "deprecated": "'corp'", "docs": "https://corp"}
    registry = names(configured(providers={"old": row}, aliases={"fast": "old/x"}))
    assert [said for said, _, _ in told(lambda: registry.plan("fast"))] == [
        "The 'old' provider is deprecated. Use 'corp' instead. See https://corp"
    ]


def test_what_is_told_once_is_told_again_by_another_registry() -> None:
    for _ in range(2):
        registry = names()
        assert len(told(lambda: registry.plan("generative-ai/x"))) == 1  # noqa: B023 - called at once


def test_deprecated_providers_are_counted() -> None:
    providers = ProviderRegistry(Registry(environ={}, config=Config(), wires=WIRES))
    before = providers.stats().deprecated
    assert before == 2  # generative-ai and vertexai
    old = Provider(id="old", name="Old", wire="openai-chat", base_url="https://old", deprecated="'groq'")
    providers.register(old)
    assert providers.stats().deprecated == before + 1
