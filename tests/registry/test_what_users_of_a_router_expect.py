"""What users of a router's provider layer rely on. Its providers, row by row: tests/catalog/test_earlier_layers.py."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from turnout import Client
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
