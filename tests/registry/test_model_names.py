"""What a provider calls its models, and what people call them: other names, prefixes, suffixes, options."""

from __future__ import annotations

import json

import pytest
from registries import configured

from turnout import Client
from turnout.catalog.names import parse_model_option
from turnout.config import Config
from turnout.errors import Error
from turnout.registry import Registry
from turnout.testing.transport import Script
from turnout.types import HttpResponse, Target

KEY = "k-4vJ8Qm2ZtXc9RbNw"
OK = HttpResponse(
    status=200,
    body=b'{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",'
    b'"content":"hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1000000,"completion_tokens":0,"total_tokens":1000000}}',
)


def names(config: Config | None = None, **environ: str) -> Registry:
    return Registry(environ=environ, config=config or Config())


@pytest.mark.parametrize(
    ("said", "model"),
    [
        ("fireworks/kimi-k2p6", "accounts/fireworks/models/kimi-k2p6"),
        ("fireworks/accounts/fireworks/models/kimi-k2p6", "accounts/fireworks/models/kimi-k2p6"),
        ("fireworks/accounts/me/models/mine", "accounts/me/models/mine"),
        ("fireworks/brand-new", "brand-new"),
        ("cloudflare-workers-ai/meta/llama-3.2-1b-instruct", "@cf/meta/llama-3.2-1b-instruct"),
        ("cloudflare-workers-ai/@cf/meta/llama-3.2-1b-instruct", "@cf/meta/llama-3.2-1b-instruct"),
        ("cloudflare-workers-ai/@hf/somebody/else", "@hf/somebody/else"),
        ("google-vertex/google/gemini-2.5-pro", "gemini-2.5-pro"),
        ("google-vertex/gemini-2.5-pro", "gemini-2.5-pro"),
        ("gemini/models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("kimi/kimi-k2", "kimi-k2-0905-preview"),
        ("kimi/Kimi-K2-Turbo", "kimi-k2-turbo-preview"),
        ("kimi/kimi-k2.5", "kimi-k2.5"),
        ("openrouter/somebody/new-model:free", "somebody/new-model:free"),
        ("hug/Qwen/Qwen3-32B", "Qwen/Qwen3-32B"),
        ("hug/Qwen/Qwen3-32B:hf-inference", "Qwen/Qwen3-32B:hf-inference"),
        ("custom/llama3.2:latest", "llama3.2:latest"),
        ("hug/qwen/QWEN3-32b", "Qwen/Qwen3-32B"),
        ("KIMI/KIMI-K2.5", "kimi-k2.5"),
        ("kimi/Kimi-Of-Tomorrow", "Kimi-Of-Tomorrow"),
        ("Fireworks/KIMI-K2P6", "accounts/fireworks/models/kimi-k2p6"),
    ],
)
def test_a_model_is_called_by_its_providers_own_name_whatever_people_leave_out_or_add(said: str, model: str) -> None:
    assert names().resolve(said).model == model


def test_every_name_in_a_list_of_models_stands_for_itself() -> None:
    registry = names()
    count = 0
    for provider in registry.providers():
        for model in registry.models(provider.id) if provider.model_prefixes or provider.model_aliases else ():
            assert registry.resolve(str(model.target)) == model.target
            count += 1
    assert count > 100


def test_a_short_name_is_sent_in_full_and_costs_what_the_model_costs() -> None:
    script = Script(OK)
    with Client(names(FIREWORKS_API_KEY=KEY), script) as client:
        done = client.chat("x", model="fireworks/kimi-k2p6")
    assert json.loads(script.sent[0].body)["model"] == "accounts/fireworks/models/kimi-k2p6"
    assert done.cost is not None
    assert done.cost.total > 0


def test_hugging_faces_router_chooses_unless_a_file_says_a_suffix_and_the_listed_name_is_called_the_same() -> None:
    script = Script(OK, OK, OK)
    suffixed = configured(providers={"huggingface": {"model_suffix": ":hf-inference"}})
    for registry, said in (
        (names(HF_TOKEN=KEY), "hug/Qwen/Qwen3-32B"),
        (names(suffixed, HF_TOKEN=KEY), "hug/Qwen/Qwen3-32B"),
        (names(suffixed, HF_TOKEN=KEY), "hug/Qwen/Qwen3-32B:together"),
    ):
        Client(registry, script).chat("x", model=said)
    sent = [json.loads(request.body)["model"] for request in script.sent]
    assert sent == ["Qwen/Qwen3-32B", "Qwen/Qwen3-32B:hf-inference", "Qwen/Qwen3-32B:together"]


def test_what_is_known_of_a_model_is_known_with_the_suffix_too_but_for_its_price() -> None:
    registry = names(configured(providers={"huggingface": {"model_suffix": ":hf-inference"}}))
    plain, suffixed = (registry.model(Target("huggingface", f"Qwen/Qwen3-32B{end}")) for end in ("", ":hf-inference"))
    assert plain is not None
    assert suffixed is not None
    assert plain.price is not None
    assert (suffixed.context_tokens, suffixed.supports, suffixed.price) == (plain.context_tokens, plain.supports, None)
    assert registry.model(Target("huggingface", "Qwen/Qwen3-32B:together")) is None


def test_a_file_gives_a_provider_other_names_of_its_models() -> None:
    table = {"wire": "openai-chat", "base_url": "https://acme.example/v1", "model_aliases": {"big": "Acme-Large-2"}}
    assert names(configured(providers={"acme": table})).resolve("acme/BIG") == Target("acme", "Acme-Large-2")


@pytest.mark.parametrize("allowed", ["kimi-k2", "KIMI-K2-0905-Preview"])
def test_a_list_of_allowed_models_may_name_a_model_by_any_of_its_names(allowed: str) -> None:
    registry = names(KIMI_API_KEY=KEY, KIMI_ALLOWED_MODELS=allowed)
    for said in ("kimi/kimi-k2", "kimi/kimi-k2-0905-preview"):
        assert registry.is_permitted(registry.resolve(said))
    assert not registry.is_permitted(registry.resolve("kimi/kimi-k2-turbo"))


@pytest.mark.parametrize(
    ("said", "parsed"),
    [
        ("llama3.2:latest", ("llama3.2", "latest")),
        ("qwen3:4b", ("qwen3", "4b")),
        ("llama3.2", ("llama3.2", None)),
        ("meta-llama/llama-3.1-8b:free", ("meta-llama/llama-3.1-8b:free", None)),
        ("x/y:beta", ("x/y:beta", None)),
        ("x/y:preview", ("x/y:preview", None)),
        ("x/y:Preview", ("x/y:Preview", None)),
        ("x/y:for", ("x/y", "for")),
        ("llama3.2:free", ("llama3.2", "free")),
        ("http://localhost:11434/v1", ("http://localhost:11434/v1", None)),
        ("https://box", ("https://box", None)),
        (":latest", (":latest", None)),
        ("llama3.2:", ("llama3.2:", None)),
        ("", ("", None)),
    ],
)
def test_a_models_option_is_what_stands_behind_its_colon_unless_it_is_part_of_the_name(
    said: str, parsed: tuple[str, str | None]
) -> None:
    assert parse_model_option(said) == parsed


def test_a_name_whose_case_leaves_open_which_of_two_models_is_meant_stays_as_it_is_written() -> None:
    table = {"wire": "openai-chat", "base_url": "https://acme.example/v1"}
    registry = names(configured(providers={"acme": table}, models={"acme/Big": {}, "acme/big": {}}))
    assert [registry.resolve(f"acme/{name}").model for name in ("Big", "big", "BIG")] == ["Big", "big", "BIG"]


def test_a_path_of_ones_own_for_chat_leads_to_no_other_host() -> None:
    for path in ("@evil.example/x", "//evil.example/x", "/evil.example", ".evil.example/x"):
        table = {"wire": "openai-chat", "base_url": "https://acme.example", "quirks": {"chat_path": path}, "auth": "none"}
        script = Script(HttpResponse(status=418, body=b"{}"))
        with Client(names(configured(providers={"acme": table})), script) as client, pytest.raises(Error, match="418"):
            client.chat("x", model="acme/m")
        assert script.sent[0].url == f"https://acme.example/{path}"
