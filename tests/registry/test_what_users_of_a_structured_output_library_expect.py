"""What users of a structured-output library's registry rely on. Its 19 rows: catalog/test_earlier_layers.py."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

import turnout
from turnout import AsyncClient, Client
from turnout.config import Config
from turnout.errors import ConfigError, ConfigurationError, Error, MissingExtra, MissingKey, UnknownName
from turnout.registry import ProviderRegistry, Registry
from turnout.registry.factories import mode_of
from turnout.testing.transport import Script
from turnout.types import HttpResponse

KEY = "k-4vJ8Qm2ZtXc9RbNw"
MESSAGE = HttpResponse(
    status=200,
    body=b'{"id":"m","type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"hi"}],'
    b'"stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":1}}',
)


def names(**environ: str) -> Registry:
    return Registry(environ=environ, config=Config())


@pytest.mark.parametrize("model", ["gpt-4", "", "openai/", "/gpt-4"])
def test_a_model_without_its_provider_is_a_value_error_and_a_configuration_error_that_shows_the_form(model: str) -> None:
    for kind in (ValueError, ConfigurationError):
        with pytest.raises(kind, match="provider/model") as raised:
            turnout.from_provider(model, registry=names(OPENAI_API_KEY=KEY))
        assert isinstance(raised.value, ConfigError)


def test_a_name_splits_at_its_first_slash_only_and_its_provider_counts_in_any_case() -> None:
    registry = names(OPENROUTER_API_KEY=KEY)
    (candidate,) = registry.plan("OpenRouter/anthropic/claude-sonnet-4.5").candidates
    assert (candidate.target.provider, candidate.target.model) == ("openrouter", "anthropic/claude-sonnet-4.5")


def test_a_key_that_is_passed_counts_more_than_the_variable() -> None:
    registry = names(GROQ_API_KEY=KEY)
    secret = registry.plan("groq/x", api_key="gsk-passed-1234567").candidates[0].secret
    assert secret is not None
    assert secret.source == "api_key"


def test_a_missing_key_names_the_variable_to_set_and_where_to_get_one() -> None:
    with pytest.raises(MissingKey, match=r"Groq needs an API key: set GROQ_API_KEY \(https://"):
        turnout.from_provider("groq/x", registry=names())
    with pytest.raises(ConfigurationError):
        turnout.from_provider("groq/x", registry=names())


def test_a_missing_package_is_an_import_error_that_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "groq", None)
    for kind in (ImportError, ConfigurationError):
        with pytest.raises(
            kind, match="the groq package is required for the official client of Groq: pip install groq"
        ) as raised:
            turnout.sdk_client("groq", sdk="groq", registry=names(GROQ_API_KEY=KEY))
        assert isinstance(raised.value, MissingExtra)
        assert isinstance(raised.value.__cause__, ImportError)


def test_an_async_client_is_made_on_request() -> None:
    registry = names(GROQ_API_KEY=KEY)
    assert type(turnout.from_provider("groq/x", registry=registry)) is Client
    assert type(turnout.from_provider("groq/x", async_client=True, registry=registry)) is AsyncClient
    assert type(ProviderRegistry(registry).create_client("groq", model="x", async_client=True)) is AsyncClient


def test_the_providers_address_may_be_replaced() -> None:
    script = Script(HttpResponse(status=418, body=b"{}"))
    registry = names(DEEPSEEK_API_KEY=KEY)
    made = ProviderRegistry(registry).create_client("deepseek", model="x", base_url="https://proxy.corp/v1", transport=script)
    with pytest.raises(Error, match="418"):
        made.chat("hi")
    assert script.sent[0].url == "https://proxy.corp/v1/chat/completions"


def test_anthropic_is_sent_4096_as_the_most_tokens_of_an_answer_unless_a_call_says_otherwise() -> None:
    script = Script(MESSAGE, MESSAGE)
    with Client(names(ANTHROPIC_API_KEY=KEY), script) as client:
        client.chat("x", model="anthropic/brand-new")
        client.chat("x", model="anthropic/brand-new", max_output_tokens=7)
    assert [json.loads(sent.body)["max_tokens"] for sent in script.sent] == [4096, 7]


TAKES_TOOLS = [
    *("llama3.1:8b", "llama3.2", "llama4:scout", "mistral-nemo", "firefunction-v2", "command-a", "command-r", "command-r-plus"),
    *("command-r7b", "qwen2.5", "qwen2.5-coder:7b", "qwen3:4b", "devstral"),
]


@pytest.mark.parametrize(
    ("provider", "model", "mode"),
    [
        *(("ollama", model, "TOOLS") for model in TAKES_TOOLS),
        *(("ollama", model, "JSON") for model in ("gemma2", "phi3", "llama2")),
        ("bedrock", "anthropic.claude-3-haiku-20240307-v1:0", "BEDROCK_TOOLS"),
        ("bedrock", "eu.Claude-next", "BEDROCK_TOOLS"),
        ("bedrock", "amazon.nova-lite-v1:0", "BEDROCK_JSON"),
        ("openai", "gpt-4", "TOOLS"),
    ],
)
def test_the_default_mode_follows_the_model(provider: str, model: str, mode: str) -> None:
    assert mode_of(names().provider(provider), model, None) == mode


@pytest.mark.parametrize("provider", ["Nobody", "instruktor"])
def test_an_unsupported_provider_is_refused_in_both_ways_that_its_users_know(provider: str) -> None:
    for kind in (ValueError, KeyError, ConfigurationError, UnknownName):
        with pytest.raises(kind, match="unknown provider"):
            turnout.from_provider(f"{provider}/x", registry=names())


def test_editors_find_the_types() -> None:
    assert files("turnout").joinpath("py.typed").is_file()
