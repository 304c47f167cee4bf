"""What users of a router's provider layer rely on. Its providers, row by row: tests/catalog/test_earlier_layers.py."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from registries import configured

from turnout import Client
from turnout.catalog.listed import listed
from turnout.catalog.profiles import read_profile
from turnout.client.local_lists import USUAL
from turnout.config import Config
from turnout.cost.price import price
from turnout.errors import Error
from turnout.registry import Registry
from turnout.testing.transport import Script
from turnout.types import HttpResponse, Target, Usage

KEY = "k-4vJ8Qm2ZtXc9RbNw"
OK = HttpResponse(
    status=200,
    body=b'{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",'
    b'"content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1000,"completion_tokens":500,"total_tokens":1500}}',
)
OLLAMA = HttpResponse(
    status=200,
    body=b'{"model":"m","message":{"role":"assistant","content":"hi"},"done":true,"done_reason":"stop","prompt_eval_count":3}',
)


def names(**environ: str) -> Registry:
    return Registry(environ=environ, config=Config())


def test_a_callers_own_key_is_used_where_none_is_configured_and_instead_of_one_that_is() -> None:
    script = Script(OK, OK)
    for registry in (names(), names(OPENAI_API_KEY=KEY)):
        Client(registry, script).chat("x", model="openai/gpt-4", api_key="sk-the-callers-own")
    assert [sent.headers["authorization"] for sent in script.sent] == ["Bearer sk-the-callers-own"] * 2


def test_a_call_costs_its_prompts_and_answers_tokens_each_at_their_price_and_says_both() -> None:
    with Client(names(OPENAI_API_KEY=KEY), Script(OK)) as client:
        done = client.chat("x", model="openai/gpt-4")
    assert done.cost is not None
    assert done.cost.buckets == {"uncached_input_tokens": Decimal("0.03"), "text_output_tokens": Decimal("0.03")}
    assert done.cost.total == Decimal("0.06")


def test_a_cost_can_be_estimated_before_the_call() -> None:
    model = names().model(Target("openai", "gpt-4-turbo"))
    assert model is not None
    assert model.price is not None
    cost = price(Usage(uncached_input_tokens=1_000_000, text_output_tokens=1_000_000), model.price)
    assert cost is not None
    assert cost.total == 40


def test_a_model_without_a_known_price_costs_none_and_not_what_another_does() -> None:
    with Client(names(OPENAI_API_KEY=KEY), Script(OK)) as client:
        assert client.chat("x", model="openai/gpt-of-tomorrow").cost is None


def test_a_model_that_takes_one_temperature_gets_no_other_and_its_own_name_for_the_bound_of_the_answer() -> None:
    script = Script(OK)
    with Client(names(OPENAI_API_KEY=KEY), script) as client:
        done = client.chat("x", model="openai/o4-mini", temperature=0.2, max_output_tokens=9)
    sent = json.loads(script.sent[0].body)
    assert sent.get("temperature", 1) == 1
    assert (sent["max_completion_tokens"], "max_tokens" in sent) == (9, False)
    assert done.receipt is not None
    assert [line.fate for line in done.receipt.lines if line.field == "temperature"] == ["approximated"]


def test_ollama_is_told_the_bound_of_the_answer_in_its_own_word() -> None:
    script = Script(OLLAMA)
    with Client(names(), script) as client:
        client.chat("x", model="ollama/llama3.2:3b", max_output_tokens=9)
    assert script.sent[0].url == "http://localhost:11434/api/chat"
    assert json.loads(script.sent[0].body)["options"] == {"num_predict": 9}


@pytest.mark.parametrize(
    ("name", "environ", "header"),
    [
        ("openai", {"OPENAI_API_KEY": KEY}, ("authorization", f"Bearer {KEY}")),
        ("anthropic", {"ANTHROPIC_API_KEY": KEY}, ("x-api-key", KEY)),
        ("vllm", {"VLLM_API_KEY": KEY}, ("authorization", f"Bearer {KEY}")),
        ("vllm", {}, None),
        ("ollama", {}, None),
    ],
)
def test_each_provider_gets_its_key_in_its_own_way_or_none(
    name: str, environ: dict[str, str], header: tuple[str, str] | None
) -> None:
    script = Script(HttpResponse(status=418, body=b"{}"))
    with Client(names(**environ), script) as client, pytest.raises(Error, match="418"):
        client.chat("x", model=f"{name}/m")
    sent = script.sent[0].headers
    keyed = {field: value for field, value in sent.items() if field in ("authorization", "x-api-key", "x-goog-api-key")}
    assert keyed == ({header[0]: header[1]} if header else {})
    if name == "anthropic":
        assert sent["anthropic-version"]


def test_without_any_key_everything_starts_and_says_what_is_missing() -> None:
    registry = names()
    registry.validate()
    assert registry.usable("ollama")[0]
    for name in ("openai", "anthropic", "google"):
        usable, reason = registry.usable(name)
        assert not usable
        assert "needs an API key: set" in reason


def test_a_model_says_what_a_router_asks_of_it() -> None:
    model = names().model(Target("openai", "gpt-4"))
    assert model is not None
    assert (model.context_tokens, model.max_output_tokens) == (8192, 8192)
    assert "tools" in model.supports
    assert model.price is not None
    assert (model.price.input, model.price.output) == (30, 60)  # US dollars per million tokens


# Model, context or input tokens, output tokens, and US dollars per million tokens of prompt and answer.
OLD_MODELS = [
    ("openai", "gpt-4", "30", "60", 3500),
    ("openai", "gpt-4-turbo", "10", "30", 3500),
    ("openai", "o4-mini-2025-04-16", "1.1", "4.4", 3500),  # the vendor's price; a router had another
    ("anthropic", "claude-3-haiku-20240307", "0.25", "1.25", 1000),
    ("anthropic", "claude-3-sonnet-20240229", "3", "15", 1000),
    ("anthropic", "claude-3-5-sonnet-20240620", "3", "15", 1000),
    ("anthropic", "claude-sonnet-4-20250514", "3", "15", 1000),
    ("anthropic", "claude-3-opus-20240229", "15", "75", 1000),
    ("google", "gemini-pro", "0.5", "1.5", 60),
    ("google", "gemini-pro-vision", "0.25", "0.5", 60),
    ("google", "gemini-1.5-pro", "3.5", "10.5", 60),
    ("google", "gemini-1.5-flash", "0.075", "0.3", 60),
    ("google", "gemini-2.0-flash-exp", "0.075", "0.3", 60),
    ("google", "gemini-2.5-flash-preview-05-20", "0.075", "0.3", 60),
]


@pytest.mark.parametrize(("provider", "name", "input", "output", "requests"), OLD_MODELS)
def test_an_old_model_has_its_price_and_its_limits_each_with_where_it_was_read(
    provider: str, name: str, input: str, output: str, requests: int
) -> None:
    model = names().model(Target(provider, name))
    assert model is not None
    assert model.status == "deprecated"
    assert model.price is not None
    assert (model.price.input, model.price.output) == (Decimal(input), Decimal(output))
    assert model.price.source
    assert model.rate_limits is not None
    assert model.rate_limits.requests_per_minute == requests
    assert "https://" in model.rate_limits.source
    assert model.checked is not None


def test_what_a_provider_file_says_of_a_model_stands_over_what_the_snapshot_says_of_it() -> None:
    model = names().model(Target("openai", "gpt-4"))
    assert model is not None
    assert (model.context_tokens, model.max_output_tokens, model.knowledge) == (8192, 8192, "2023-11")
    assert model.price is not None
    assert model.price.source == "models.dev 2026-08-18"
    assert model.source == "built-in models.dev 2026-08-18; built-in openai.toml, checked 2026-11-21"


@pytest.mark.parametrize(
    ("provider", "limits"),
    [
        ("openai", (3500, 200_000, 500)),
        ("anthropic", (1000, 400_000, 100)),
        ("google", (60, 32_000, 10)),
        ("ollama", (None, None, 1)),
    ],
)
def test_the_limits_that_the_router_took_for_granted_are_in_its_profile(
    provider: str, limits: tuple[int | None, int | None, int | None]
) -> None:
    found = read_profile("router").providers[provider].rate_limits
    assert found is not None
    assert (found.requests_per_minute, found.tokens_per_minute, found.concurrent_requests) == limits


def test_limits_of_ones_own_account_are_said_in_a_file_and_told_where_models_are_listed() -> None:
    config = configured(models={"openai/gpt-4.1": {"rate_limits": {"requests_per_minute": 7, "requests_per_day": 900}}})
    registry = Registry(environ={}, config=config)
    assert registry.mistakes() == []
    model = registry.model(Target("openai", "gpt-4.1"))
    assert model is not None
    assert listed(model).rate_limits == {"requests_per_minute": 7, "requests_per_day": 900}


@pytest.mark.parametrize(
    ("environ", "config", "url", "header"),
    [
        ({}, {}, "http://localhost:8080/v1/chat/completions", None),
        ({"LLAMACPP_BASE_URL": "http://box:9000"}, {}, "http://box:9000/v1/chat/completions", None),
        ({"LLAMACPP_API_KEY": KEY}, {}, "http://localhost:8080/v1/chat/completions", ("authorization", f"Bearer {KEY}")),
        ({"LLAMA_API_KEY": KEY}, {}, "http://localhost:8080/v1/chat/completions", None),  # which is Meta's
        ({}, {"wire": "openai-responses"}, "http://localhost:8080/v1/responses", None),
        ({}, {"wire": "anthropic-messages"}, "http://localhost:8080/v1/messages", None),
        ({"LLAMACPP_API_KEY": KEY}, {"wire": "anthropic-messages"}, "http://localhost:8080/v1/messages", ("x-api-key", KEY)),
    ],
)
def test_a_server_of_llama_cpp_is_called_without_a_key_in_any_of_its_three_protocols(
    environ: dict[str, str], config: dict[str, str], url: str, header: tuple[str, str] | None
) -> None:
    script = Script(HttpResponse(status=418, body=b"{}"))
    registry = Registry(environ=environ, config=configured(models={"llamacpp/m": config}) if config else Config())
    with Client(registry, script) as client, pytest.raises(Error, match="418"):
        client.chat("x", model="Llama.cpp/m")
    assert script.sent[0].url == url
    keyed = {name: value for name, value in script.sent[0].headers.items() if name in ("authorization", "x-api-key")}
    assert keyed == ({header[0]: header[1]} if header else {})


def test_the_local_servers_that_are_looked_for_are_providers_at_the_same_port_and_in_the_same_protocol() -> None:
    for port in USUAL:
        row = names().provider(port.provider)
        assert row.wire == port.wire
        assert row.base_url.replace("localhost", "127.0.0.1") == port.base_url
        assert not row.key_required or not row.key_env
