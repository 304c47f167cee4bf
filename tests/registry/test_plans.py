"""From a name to candidates that can be called, or to what is missing."""

from __future__ import annotations

import pytest
import stub_wire
from registries import BOTH, CEREBRAS_KEY, GROQ_KEY, LLAMA, WIRES, configured, refusal, registry, signed

from turnout.config import Config
from turnout.engine.plan import Retry
from turnout.errors import ConfigError, MissingKey
from turnout.registry import Registry
from turnout.types import HttpRequest, Target, Timeouts


def test_a_plan_names_provider_model_codec_and_signs_with_the_key() -> None:
    plan = registry(GROQ_API_KEY=GROQ_KEY).plan(LLAMA)
    (candidate,) = plan.candidates
    assert candidate.target == Target("groq", "llama-3.3-70b-versatile")
    assert candidate.provider.base_url == "https://api.groq.com/openai/v1"
    assert candidate.codec is stub_wire.CHAT.chat
    assert candidate.model is not None
    assert candidate.model.context_tokens == 131072
    assert signed(candidate).headers == {"authorization": f"Bearer {GROQ_KEY}"}
    assert plan.reasons == ()


def test_anthropic_gets_its_key_in_its_own_header() -> None:
    (candidate,) = registry(ANTHROPIC_API_KEY="sk-ant-api03-aB4cD8eF").plan("anthropic/claude-sonnet-5").candidates
    assert candidate.codec is stub_wire.MESSAGES.chat
    assert signed(candidate, "/messages").headers == {"x-api-key": "sk-ant-api03-aB4cD8eF"}


def test_a_model_the_catalog_does_not_know_is_planned_all_the_same() -> None:
    (candidate,) = registry(DEEPSEEK_API_KEY=GROQ_KEY).plan("deepseek/out-since-this-morning").candidates
    assert candidate.model is None


def test_of_a_model_the_catalog_does_not_know_the_plan_knows_what_its_provider_refuses_of_any() -> None:
    (candidate,) = registry(GROQ_API_KEY=GROQ_KEY).plan("groq/out-since-this-morning").candidates
    assert candidate.model is not None
    assert candidate.model.limits is not None
    assert list(candidate.model.limits.fields) == ["n", "logprobs", "top_logprobs", "extra.logit_bias"]
    assert candidate.model.price is None


def test_the_embedded_model_needs_nothing() -> None:
    (candidate,) = registry().plan("local/smollm2-135m").candidates
    assert candidate.provider.base_url == "local://smollm2-135m/v1"
    assert candidate.model is not None
    assert candidate.model.price is not None
    assert signed(candidate).headers == {}


def test_a_missing_key_is_said_before_anything_is_sent() -> None:
    error = refusal(registry().plan, LLAMA)
    assert type(error) is MissingKey
    assert str(error) == "Groq needs an API key: set GROQ_API_KEY (https://console.groq.com/keys)"


def test_a_missing_part_of_the_url_is_said_by_its_variable() -> None:
    assert "Databricks needs DATABRICKS_HOST" in str(refusal(registry(DATABRICKS_TOKEN="dapi1a2b3c").plan, "databricks/x"))


def test_a_wire_nobody_speaks_yet_is_said_plainly() -> None:
    said = "Amazon Bedrock speaks bedrock-converse, which Turnout does not speak yet; it speaks anthropic-messages,"
    assert str(refusal(registry().plan, "amazon-bedrock/x")).startswith(said)


def test_a_way_of_signing_nobody_knows_is_said_plainly() -> None:
    config = configured(providers={"corp": {"wire": "openai-chat", "base_url": "https://llm.corp", "auth": "kerberos"}})
    assert str(refusal(registry(config).plan, "corp/x")) == (
        "corp signs requests with kerberos, which Turnout cannot do yet;"
        " it can azure, bearer, foundry, google, header, none, query, sigv4"
    )


def test_a_wire_without_chat_is_said_plainly() -> None:
    config = configured(providers={"corp": {"wire": "mute", "base_url": "https://llm.corp", "auth": "none"}})
    assert "corp speaks mute, which has no chat" in str(refusal(registry(config).plan, "corp/x"))


def test_several_models_are_candidates_in_the_order_given_each_once() -> None:
    plan = registry(GROQ_API_KEY=GROQ_KEY, CEREBRAS_API_KEY=CEREBRAS_KEY).plan([*BOTH, LLAMA])
    assert [str(candidate.target) for candidate in plan.candidates] == list(BOTH)
    assert [signed(candidate).headers["authorization"] for candidate in plan.candidates] == [
        f"Bearer {GROQ_KEY}",
        f"Bearer {CEREBRAS_KEY}",
    ]


def test_a_candidate_without_a_key_is_left_out_with_the_reason_when_another_has_one() -> None:
    plan = registry(CEREBRAS_API_KEY=CEREBRAS_KEY).plan(BOTH)
    assert [candidate.target.provider for candidate in plan.candidates] == ["cerebras"]
    assert plan.reasons == (f"{LLAMA} left out: Groq needs an API key: set GROQ_API_KEY (https://console.groq.com/keys)",)


def test_when_no_candidate_can_be_called_every_reason_is_given() -> None:
    error = refusal(registry().plan, BOTH)
    assert type(error) is MissingKey
    assert "none of the 2 targets can be called" in str(error)
    assert "GROQ_API_KEY" in str(error)
    assert "CEREBRAS_API_KEY" in str(error)


def test_a_mistyped_provider_in_a_list_is_refused_not_left_out() -> None:
    assert "did you mean 'groq'" in str(refusal(registry(GROQ_API_KEY=GROQ_KEY).plan, [LLAMA, "gorq/x"]))


def test_no_model_at_all_is_refused() -> None:
    assert "no model was named" in str(refusal(registry().plan, []))


def test_an_explicit_key_and_url_win_and_go_together() -> None:
    (candidate,) = (
        registry(GROQ_API_KEY=GROQ_KEY).plan(LLAMA, api_key="gsk_other0other0", base_url="https://proxy.corp/v1/").candidates
    )
    assert candidate.provider.base_url == "https://proxy.corp/v1"
    assert signed(candidate).headers == {"authorization": "Bearer gsk_other0other0"}


def test_an_explicit_url_gets_the_key_of_the_environment() -> None:
    (candidate,) = registry(GROQ_API_KEY=GROQ_KEY).plan(LLAMA, base_url="https://proxy.corp/v1").candidates
    assert signed(candidate).headers == {"authorization": f"Bearer {GROQ_KEY}"}


def test_a_planned_key_is_not_sent_to_another_host() -> None:
    (candidate,) = registry(GROQ_API_KEY=GROQ_KEY).plan(LLAMA).candidates
    with pytest.raises(
        ConfigError, match=r"the key of Groq is for https://api\.groq\.com/ and is not sent to https://evil\.example/"
    ):
        next(candidate.sign(HttpRequest(method="POST", url="https://evil.example/v1")))


@pytest.mark.parametrize("option", [{"api_key": "gsk_other0other0"}, {"base_url": "https://proxy.corp"}])
def test_one_key_or_url_is_not_shared_among_providers(option: dict[str, str]) -> None:
    both = registry(GROQ_API_KEY=GROQ_KEY, CEREBRAS_API_KEY=CEREBRAS_KEY)
    error = refusal(both.plan, BOTH, **option)
    assert "api_key and base_url belong to one provider" in str(error)
    assert "gsk_other0other0" not in str(error)


def test_no_key_shows_in_the_text_of_a_plan() -> None:
    plan = registry(GROQ_API_KEY=GROQ_KEY).plan(LLAMA)
    assert GROQ_KEY not in repr(plan)


def test_a_plan_is_made_once_and_kept_by_what_was_asked() -> None:
    names = registry(GROQ_API_KEY=GROQ_KEY)
    assert names.plan(LLAMA) is names.plan(LLAMA)
    assert names.plan([LLAMA]) is names.plan([LLAMA])
    assert names.plan(LLAMA, api_key="gsk_other0other0") is names.plan(LLAMA, api_key="gsk_other0other0")
    assert names.plan(LLAMA, api_key="gsk_other0other0") is not names.plan(LLAMA, api_key="gsk_third0third0")
    assert names.plan(LLAMA, retry=Retry(attempts=1)).retry.attempts == 1
    assert names.plan(LLAMA).retry == Retry()


def test_a_refusal_is_not_kept() -> None:
    environ: dict[str, str] = {}
    names = Registry(environ=environ, config=Config(), wires=WIRES)
    refusal(names.plan, LLAMA)
    environ["GROQ_API_KEY"] = GROQ_KEY
    assert len(names.plan(LLAMA).candidates) == 1


def test_the_plans_kept_are_bounded() -> None:
    names = registry(GROQ_API_KEY=GROQ_KEY)
    for number in range(3000):
        names.plan(f"groq/model-{number}")
    assert len(names._plans) <= 1024


def test_a_slow_provider_gets_its_time_unless_the_caller_sets_one() -> None:
    names = registry(HF_TOKEN="hf_1a2b3c4d5e", GROQ_API_KEY=GROQ_KEY)
    assert names.plan("huggingface/x").timeouts == Timeouts(between_events=120.0)
    assert names.plan(["groq/x", "huggingface/x"]).timeouts == Timeouts(between_events=120.0)
    assert names.plan("groq/x").timeouts == Timeouts()
    assert names.plan("huggingface/x", timeouts=Timeouts(total=5)).timeouts == Timeouts(total=5)


def test_all_plans_share_one_clock_chance_and_health() -> None:
    names = Registry(environ={}, config=Config(), clock=lambda: 7.0, draw=lambda: 0.5, wires=WIRES)
    plan = names.plan("local/smollm2-135m")
    assert (plan.clock(), plan.draw()) == (7.0, 0.5)
    assert plan.breakers is names.breakers


def test_chance_lies_between_zero_and_one_by_default() -> None:
    draw = registry().plan("local/smollm2-135m").draw
    assert all(0 <= draw() < 1 for _ in range(10))


def test_headers_from_the_environment_are_sent_when_set() -> None:
    environ = {"OPENROUTER_API_KEY": "sk-or-1a2b3c", "OPENROUTER_SITE_URL": "https://me.example", "OPENROUTER_TITLE": "a\r\nb"}
    (candidate,) = registry(**environ).plan("openrouter/x").candidates
    assert candidate.provider.headers == {"http-referer": "https://me.example"}


def test_a_model_that_speaks_another_wire_is_asked_in_it_where_it_is_served() -> None:
    (candidate,) = registry(ZENMUX_API_KEY="zm-1a2b3c4d").plan("zenmux/anthropic/claude-opus-4.5").candidates
    assert candidate.codec is stub_wire.MESSAGES.chat
    assert candidate.provider.base_url == "https://zenmux.ai/api/anthropic/v1"
    assert signed(candidate).headers == {"x-api-key": "zm-1a2b3c4d"}


def test_a_model_whose_own_wire_nobody_speaks_is_asked_in_its_providers_with_a_reason() -> None:
    plan = registry(ZENMUX_API_KEY="zm-1a2b3c4d").plan("zenmux/openai/gpt-5.1")
    (candidate,) = plan.candidates
    assert candidate.codec is stub_wire.CHAT.chat
    assert candidate.provider.base_url == "https://zenmux.ai/api/v1"
    assert plan.reasons == ("zenmux/openai/gpt-5.1 is listed with the wire openai-responses; asked in openai-chat instead",)


def test_where_a_user_moved_a_provider_its_models_move_along() -> None:
    environ = {"ZENMUX_API_KEY": "zm-1a2b3c4d", "TURNOUT_ZENMUX_BASE_URL": "https://proxy.corp/v1"}
    (candidate,) = registry(**environ).plan("zenmux/anthropic/claude-opus-4.5").candidates
    assert candidate.provider.base_url == "https://proxy.corp/v1"
    assert candidate.codec is stub_wire.CHAT.chat


def test_a_key_in_a_file_wins_over_the_environment() -> None:
    config = configured(providers={"groq": {"api_key": "gsk_file0file0file0"}})
    (candidate,) = registry(config, GROQ_API_KEY=GROQ_KEY).plan(LLAMA).candidates
    assert signed(candidate).headers == {"authorization": "Bearer gsk_file0file0file0"}
