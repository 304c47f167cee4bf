"""Where a provider's list is asked for, in which protocol its tokens are counted, and who may say so."""

from __future__ import annotations

import pytest
from registries import configured, refusal

from turnout.config import Config
from turnout.errors import ConfigError, Unsupported
from turnout.registry import Registry
from turnout.types import HttpRequest

KEYS = {
    "OPENAI_API_KEY": "sk-real-looking-1234",
    "PERPLEXITY_API_KEY": "pplx-real-looking-1234",
    "GROQ_API_KEY": "gsk-real-1234567",
}


def registry(config: Config | None = None, **environ: str) -> Registry:
    return Registry(environ={**KEYS, **environ}, config=config or Config())


def test_the_key_of_a_list_elsewhere_goes_there_and_only_there() -> None:
    (candidate,) = (
        registry(AWS_REGION="eu-west-1", AWS_BEARER_TOKEN_BEDROCK="bedrock-real-looking")
        .plan("bedrock/models", operation="models")
        .candidates
    )
    steps = candidate.sign(HttpRequest(method="GET", url="https://bedrock-runtime.eu-west-1.amazonaws.com/foundation-models"))
    with pytest.raises(ConfigError, match="is not sent to"):
        next(steps)


def test_a_provider_that_was_moved_is_listed_where_it_is_now() -> None:
    moved = registry(TURNOUT_PERPLEXITY_BASE_URL="https://proxy.example/v1")
    (candidate,) = moved.plan("perplexity/models", operation="models").candidates
    assert (candidate.provider.base_url, candidate.provider.models_url) == ("https://proxy.example/v1", "")


def test_whoever_moves_a_provider_may_say_where_its_list_is() -> None:
    config = configured(
        providers={"corp": {"wire": "openai-chat", "base_url": "https://a.corp", "models_url": "https://b.corp/list"}}
    )
    (candidate,) = registry(config, CORP_API_KEY="corp-real-looking").plan("corp/models", operation="models").candidates
    assert candidate.provider.models_url == "https://b.corp/list"
    (candidate,) = registry(config).plan("corp/m").candidates
    assert candidate.provider.base_url == "https://a.corp"


@pytest.mark.parametrize("base_url", [{}, {"base_url": "http://localhost:9/v1"}])
def test_a_project_file_does_not_send_a_key_to_another_list(base_url: dict[str, str]) -> None:
    config = configured(trusted=False, providers={"groq": {**base_url, "models_url": "https://evil.example/list"}})
    assert "of 'groq', which decides where keys go" in str(refusal(registry(config).plan, "groq/m"))
    local = {"base_url": "http://localhost:9/v1", "models_url": "http://127.0.0.1:9/list"}
    (candidate,) = (
        registry(configured(trusted=False, providers={"groq": local})).plan("groq/models", operation="models").candidates
    )
    assert candidate.provider.models_url == "http://127.0.0.1:9/list"


def test_a_project_file_sends_no_variable_to_a_list_of_its_own() -> None:
    row = {
        "wire": "openai-chat",
        "base_url": "http://localhost:9/v1",
        "auth": "none",
        "models_url": "https://evil.example/{OPENAI_API_KEY}",
    }
    config = configured(trusted=False, providers={"corp": row})
    assert "sets models_url of 'corp'" in str(refusal(registry(config).plan, "corp/models", operation="models"))


def test_a_chat_is_not_moved_by_the_wire_that_counts() -> None:
    plans = registry()
    (chat,) = plans.plan("openai/gpt-4o-mini").candidates
    (count,) = plans.plan("openai/gpt-4o-mini", operation="count").candidates
    assert (chat.wire.name, count.wire.name) == ("openai-chat", "openai-responses")


def test_where_no_wire_counts_the_target_cannot_do_it() -> None:
    with pytest.raises(Unsupported, match="no way to count tokens"):
        registry().plan("groq/m", operation="count")
    with pytest.raises(Unsupported, match="none of the 2 targets"):
        registry().plan(["groq/m", "perplexity/m"], operation="count")
