"""The providers of five earlier provider layers, row by row: each under its old name, with its address, variables and bounds.

The tables are written by hand, from what the users of those layers rely on.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from turnout.catalog.profiles import read_profile, read_profiles
from turnout.catalog.read import Catalog
from turnout.catalog.schema import Provider
from turnout.config import Config
from turnout.config.endpoint import base_url as filled
from turnout.errors import ConfigError, UnknownName
from turnout.registry import Registry

KEY = "k-4vJ8Qm2ZtXc9RbNw"


def names(**environ: str) -> Registry:
    return Registry(environ=environ, config=Config())


class Row(NamedTuple):
    name: str
    id: str
    url: str
    variables: tuple[str, ...]
    timeout: float = 30


# A gateway's 22, in the order of their priorities: name, id here, base URL, variables each of which is enough, timeout.
GATEWAY = [
    Row("openrouter", "openrouter", "https://openrouter.ai/api/v1", ("OPENROUTER_API_KEY",)),
    Row("onerouter", "onerouter", "https://llm.onerouter.pro/v1", ("ONEROUTER_API_KEY",)),
    Row(
        "huggingface", "huggingface", "https://router.huggingface.co/v1", ("HUG_API_KEY", "HUGGINGFACE_API_KEY", "HF_TOKEN"), 120
    ),
    Row("featherless", "featherless", "https://api.featherless.ai/v1", ("FEATHERLESS_API_KEY",)),
    Row("fireworks", "fireworks-ai", "https://api.fireworks.ai/inference/v1", ("FIREWORKS_API_KEY",)),
    Row("together", "togetherai", "https://api.together.xyz/v1", ("TOGETHER_API_KEY",)),
    Row(
        "google-vertex",
        "google-vertex",
        "https://us-central1-aiplatform.googleapis.com/v1/projects/corp/locations/us-central1/publishers/google",
        (),
    ),
    Row("aimo", "aimo", "https://devnet.aimo.network/api/v1", ("AIMO_API_KEY",)),
    Row("xai", "xai", "https://api.x.ai/v1", ("XAI_API_KEY",)),
    Row("cerebras", "cerebras", "https://api.cerebras.ai/v1", ("CEREBRAS_API_KEY",)),
    Row("chutes", "chutes", "https://llm.chutes.ai/v1", ("CHUTES_API_KEY",)),
    Row("near", "nearai", "https://cloud-api.near.ai/v1", ("NEAR_API_KEY",), 120),
    Row("vercel-ai-gateway", "vercel", "https://ai-gateway.vercel.sh/v1", ("VERCEL_AI_GATEWAY_API_KEY",)),
    Row("helicone", "helicone", "https://ai-gateway.helicone.ai/v1", ("HELICONE_API_KEY",)),
    Row("aihubmix", "aihubmix", "https://aihubmix.com/v1", ("AIHUBMIX_API_KEY",)),
    Row("anannas", "anannas", "https://api.anannas.ai/v1", ("ANANNAS_API_KEY",)),
    Row(
        "alpaca-network",
        "alpaca-network",
        "https://deepseek-v3-1-b18ty.cld-kvytpjjrw13e2gvq.s.anyscaleuserdata.com",
        ("ALPACA_NETWORK_API_KEY",),
    ),
    Row(
        "alibaba-cloud",
        "alibaba",
        "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
        ("ALIBABA_CLOUD_API_KEY", "ALIBABA_CLOUD_API_KEY_INTERNATIONAL"),
    ),
    Row("clarifai", "clarifai", "https://api.clarifai.com/v2/ext/openai/v1", ("CLARIFAI_API_KEY",)),
    Row("groq", "groq", "https://api.groq.com/openai/v1", ("GROQ_API_KEY",)),
    Row(
        "cloudflare-workers-ai",
        "cloudflare-workers-ai",
        "https://api.cloudflare.com/client/v4/accounts/acc0unt/ai/v1",
        ("CLOUDFLARE_API_TOKEN",),
    ),
    Row("morpheus", "morpheus", "https://api.mor.org/api/v1", ("MORPHEUS_API_KEY",)),
]

# What some of their addresses are filled with.
PLACES = {"CLOUDFLARE_ACCOUNT_ID": "acc0unt", "GOOGLE_PROJECT_ID": "corp", "GOOGLE_VERTEX_LOCATION": "us-central1"}


@pytest.mark.parametrize("row", GATEWAY, ids=lambda row: row.name)
def test_a_provider_of_a_gateway_is_called_by_its_old_name_at_its_address_within_its_time(row: Row) -> None:
    profile = read_profile("gateway")
    assert profile.providers[row.name].id == row.id
    assert profile.timeout_of(row.name) == row.timeout
    for variable in row.variables or ("UNUSED",):
        registry = names(**PLACES, **{variable: KEY})
        provider = registry.provider(row.name.upper())
        assert provider.id == row.id
        assert filled(provider, provider.base_url, "m", registry.environ) == row.url
        if row.variables:
            secret = registry.key(row.name)
            assert secret is not None
            assert secret.source == variable


def test_the_orders_of_the_gateway_are_those_that_its_users_know() -> None:
    profile = read_profile("gateway")
    assert profile.order == [row.name for row in GATEWAY]
    assert [profile.providers[name].priority for name in profile.order] == list(range(1, 23))
    assert (profile.default, profile.timeout) == ("openrouter", 30)
    assert " ".join(profile.auto_detect) == "openrouter onerouter huggingface featherless fireworks together google-vertex"
    assert " ".join(profile.fallback) == (
        "cerebras huggingface featherless vercel-ai-gateway aihubmix anannas alibaba-cloud "
        "fireworks together google-vertex openrouter"
    )


@pytest.mark.parametrize(
    ("region", "id", "url", "variable"),
    [
        (
            "international",
            "alibaba",
            "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
            "ALIBABA_CLOUD_API_KEY_INTERNATIONAL",
        ),
        ("China", "alibaba-cn", "https://dashscope.aliyuncs.com/compatible-mode/v1", "ALIBABA_CLOUD_API_KEY_CHINA"),
    ],
)
def test_the_region_that_a_variable_says_decides_who_alibaba_cloud_is(region: str, id: str, url: str, variable: str) -> None:
    keys = {"ALIBABA_CLOUD_API_KEY_INTERNATIONAL": "k-international", "ALIBABA_CLOUD_API_KEY_CHINA": "k-china-12345"}
    registry = names(ALIBABA_CLOUD_REGION=region, **keys)
    (candidate,) = registry.plan("alibaba-cloud/qwen-max").candidates
    assert (candidate.target.provider, candidate.provider.base_url) == (id, url)
    secret = registry.key("alibaba-cloud")
    assert secret is not None
    assert secret.source == variable
    assert registry.provider("alibaba").id == "alibaba"  # an id is an id, wherever one is


def test_a_region_that_nobody_knows_is_refused() -> None:
    with pytest.raises(
        ConfigError, match="environment ALIBABA_CLOUD_REGION: 'mars' is no region of 'alibaba'; known are china, cn"
    ):
        names(ALIBABA_CLOUD_REGION="mars").plan("alibaba-cloud/x")


@pytest.mark.parametrize(
    ("provider", "environ", "headers"),
    [
        (
            "openrouter",
            {"OPENROUTER_SITE_URL": "https://corp", "OPENROUTER_SITE_NAME": "Corp"},
            {"http-referer": "https://corp", "x-title": "Corp"},
        ),
        (
            "openrouter",
            {"OPENROUTER_REFERER": "https://corp", "OPENROUTER_TITLE": "Corp"},
            {"http-referer": "https://corp", "x-title": "Corp"},
        ),
        ("aihubmix", {"AIHUBMIX_APP_CODE": "ABCD1234"}, {"app-code": "ABCD1234"}),
    ],
)
def test_headers_that_name_the_caller_come_from_their_variables(
    provider: str, environ: dict[str, str], headers: dict[str, str]
) -> None:
    registry = names(**environ, OPENROUTER_API_KEY=KEY, AIHUBMIX_API_KEY=KEY)
    (candidate,) = registry.plan(f"{provider}/x").candidates
    assert headers.items() <= candidate.provider.headers.items()


OPENAI_MODES = (
    "TOOLS JSON FUNCTIONS PARALLEL_TOOLS MD_JSON TOOLS_STRICT JSON_O1 RESPONSES_TOOLS RESPONSES_TOOLS_WITH_INBUILT_TOOLS"
)


class Shaped(NamedTuple):
    name: str
    id: str
    url: str  # "" where a cloud's address depends on more
    variable: str
    default: str
    modes: str


# A structured-output library's 19.
STRUCTURED = [
    Shaped("openai", "openai", "https://api.openai.com/v1", "OPENAI_API_KEY", "TOOLS", OPENAI_MODES),
    Shaped("azure_openai", "azure", "https://corp.openai.azure.com/openai/v1", "AZURE_OPENAI_API_KEY", "TOOLS", OPENAI_MODES),
    Shaped(
        "anthropic",
        "anthropic",
        "https://api.anthropic.com/v1",
        "ANTHROPIC_API_KEY",
        "ANTHROPIC_TOOLS",
        "ANTHROPIC_TOOLS ANTHROPIC_JSON ANTHROPIC_REASONING_TOOLS ANTHROPIC_PARALLEL_TOOLS",
    ),
    Shaped(
        "google",
        "google",
        "https://generativelanguage.googleapis.com/v1beta",
        "GOOGLE_API_KEY",
        "GENAI_TOOLS",
        "GENAI_TOOLS GENAI_STRUCTURED_OUTPUTS",
    ),
    Shaped(
        "mistral",
        "mistral",
        "https://api.mistral.ai/v1",
        "MISTRAL_API_KEY",
        "MISTRAL_TOOLS",
        "MISTRAL_TOOLS MISTRAL_STRUCTURED_OUTPUTS",
    ),
    Shaped("cohere", "cohere", "https://api.cohere.com/v2", "CO_API_KEY", "COHERE_TOOLS", "COHERE_TOOLS COHERE_JSON_SCHEMA"),
    Shaped("perplexity", "perplexity", "https://api.perplexity.ai", "PERPLEXITY_API_KEY", "PERPLEXITY_JSON", "PERPLEXITY_JSON"),
    Shaped("groq", "groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY", "TOOLS", "TOOLS JSON"),
    Shaped("writer", "writer", "https://api.writer.com/v1", "WRITER_API_KEY", "WRITER_TOOLS", "WRITER_TOOLS WRITER_JSON"),
    Shaped(
        "bedrock",
        "amazon-bedrock",
        "https://bedrock-runtime.eu-west-1.amazonaws.com",
        "",
        "BEDROCK_JSON",
        "BEDROCK_TOOLS BEDROCK_JSON",
    ),
    Shaped(
        "cerebras", "cerebras", "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY", "CEREBRAS_TOOLS", "CEREBRAS_TOOLS CEREBRAS_JSON"
    ),
    Shaped(
        "fireworks",
        "fireworks-ai",
        "https://api.fireworks.ai/inference/v1",
        "FIREWORKS_API_KEY",
        "FIREWORKS_JSON",
        "FIREWORKS_TOOLS FIREWORKS_JSON",
    ),
    Shaped("vertexai", "google-vertex", "", "", "GENAI_TOOLS", "GENAI_TOOLS GENAI_STRUCTURED_OUTPUTS"),
    Shaped(
        "generative-ai",
        "google",
        "https://generativelanguage.googleapis.com/v1beta",
        "GOOGLE_API_KEY",
        "GENAI_TOOLS",
        "GENAI_TOOLS GENAI_STRUCTURED_OUTPUTS",
    ),
    Shaped("ollama", "ollama", "http://localhost:11434", "", "JSON", "TOOLS JSON"),
    Shaped("deepseek", "deepseek", "https://api.deepseek.com", "DEEPSEEK_API_KEY", "TOOLS", "TOOLS JSON"),
    Shaped("xai", "xai", "https://api.x.ai/v1", "XAI_API_KEY", "XAI_JSON", "XAI_JSON XAI_TOOLS"),
    Shaped(
        "openrouter",
        "openrouter",
        "https://openrouter.ai/api/v1",
        "OPENROUTER_API_KEY",
        "TOOLS",
        "TOOLS OPENROUTER_STRUCTURED_OUTPUTS JSON",
    ),
    Shaped("litellm", "litellm", "http://localhost:4000/v1", "LITELLM_API_KEY", "TOOLS", "TOOLS JSON"),
]


@pytest.mark.parametrize("row", STRUCTURED, ids=lambda row: row.name)
def test_a_provider_of_a_structured_output_library_has_its_name_variable_and_modes(row: Shaped) -> None:
    clouds = {"AZURE_OPENAI_ENDPOINT": "https://corp.openai.azure.com", "AWS_DEFAULT_REGION": "eu-west-1"}
    registry = names(**clouds, **({row.variable: KEY} if row.variable else {}))
    provider = registry.provider(row.name)
    assert provider.id == row.id == read_profile("structured").providers[row.name].id
    assert provider.default_mode == row.default
    assert set(row.modes.split()) <= set(provider.modes)
    assert provider.default_mode in provider.modes
    if row.url:
        assert filled(provider, provider.base_url, "m", registry.environ) == row.url
    if row.variable:
        secret = registry.key(row.name)
        assert secret is not None
        assert secret.source == row.variable


def test_the_structured_output_librarys_providers_are_these_nineteen() -> None:
    assert read_profile("structured").order == [row.name for row in STRUCTURED]
    assert len(STRUCTURED) == 19


@pytest.mark.parametrize(
    ("name", "id", "url", "environ", "timeout"),
    [
        ("kimi", "moonshotai", "https://api.moonshot.ai/v1", {"KIMI_API_KEY": KEY}, 300),
        ("moonshot", "moonshotai", "https://api.moonshot.ai/v1", {"MOONSHOT_API_KEY": KEY}, 300),
        ("kimi", "moonshotai", "https://kimi.corp/v1", {"KIMI_API_KEY": KEY, "KIMI_API_URL": "https://kimi.corp/v1"}, 300),
        ("kimi", "moonshotai", "https://kimi.corp/v1", {"KIMI_API_KEY": KEY, "MOONSHOT_API_URL": "https://kimi.corp/v1"}, 300),
        ("kimi", "moonshotai", "https://api.moonshot.ai/v1", {"KIMI_API_KEY": KEY, "KIMI_READ_TIMEOUT_SECS": "45"}, 45),
        ("glm", "zai", "https://api.z.ai/api/paas/v4", {"GLM_API_KEY": KEY}, 60),
        ("zhipu", "zai", "https://api.z.ai/api/paas/v4", {"ZHIPUAI_API_KEY": KEY}, 60),
        ("glm", "zai", "https://glm.corp/v4", {"GLM_API_KEY": KEY, "GLM_API_URL": "https://glm.corp/v4"}, 60),
        ("glm", "zai", "https://glm.corp/v4", {"GLM_API_KEY": KEY, "ZHIPUAI_API_URL": "https://glm.corp/v4"}, 60),
        ("custom", "custom", "http://box:8000/v1", {"CUSTOM_API_URL": "http://box:8000/v1"}, 60),
        ("custom", "custom", "http://box:8000/v1", {"CUSTOM_API_URL": "http://box:8000/v1", "CUSTOM_API_KEY": KEY}, 60),
        ("openrouter", "openrouter", "https://openrouter.ai/api/v1", {"OPENROUTER_API_KEY": KEY}, 60),
    ],
)
def test_a_provider_of_a_tool_server_is_set_up_by_its_variables(
    name: str, id: str, url: str, environ: dict[str, str], timeout: float
) -> None:
    registry = names(**environ)
    (candidate,) = registry.plan(f"{name}/x").candidates
    assert (candidate.target.provider, candidate.provider.base_url, candidate.provider.timeout) == (id, url, timeout)


def test_of_two_variables_of_a_tool_server_the_first_wins() -> None:
    other = "k-0000000000000000"
    registry = names(
        KIMI_API_KEY=KEY,
        MOONSHOT_API_KEY=other,
        KIMI_API_URL="https://kimi.corp/v1",
        MOONSHOT_API_URL="https://moonshot.corp/v1",
        GLM_API_KEY=KEY,
        ZHIPUAI_API_KEY=other,
        GLM_API_URL="https://glm.corp/v4",
        ZHIPUAI_API_URL="https://zhipu.corp/v4",
    )
    for name, variable, url in (("kimi", "KIMI_API_KEY", "https://kimi.corp/v1"), ("glm", "GLM_API_KEY", "https://glm.corp/v4")):
        secret = registry.key(name)
        assert secret is not None
        assert (secret.source, registry.provider(name).base_url) == (variable, url)


def test_kimi_is_waited_for_as_long_as_its_variables_say() -> None:
    registry = names(
        KIMI_API_KEY=KEY,
        GLM_API_KEY=KEY,
        KIMI_READ_TIMEOUT_SECS="45",
        KIMI_CONNECT_TIMEOUT_SECS="3.5",
        KIMI_WRITE_TIMEOUT_SECS="9",
    )
    alone = registry.plan("kimi/x").timeouts
    assert (alone.connect, alone.between_events) == (3.5, 45)
    both = registry.plan(["kimi/x", "glm/x"]).timeouts  # each is waited for at least as long as it may need
    assert (both.connect, both.between_events) == (10, 60)
    with pytest.raises(ConfigError, match="environment KIMI_CONNECT_TIMEOUT_SECS: 'soon' is not a number"):
        names(KIMI_CONNECT_TIMEOUT_SECS="soon").provider("kimi")


def test_the_tool_servers_order_is_kimi_glm_custom_openrouter() -> None:
    profile = read_profile("tools")
    assert profile.order == list(profile.fallback) == ["kimi", "glm", "custom", "openrouter"]
    assert profile.timeout_of("kimi") == 300


def test_a_timeout_that_is_no_number_is_refused() -> None:
    with pytest.raises(ConfigError, match="environment KIMI_READ_TIMEOUT_SECS: 'soon' is not a number"):
        names(KIMI_READ_TIMEOUT_SECS="soon").provider("kimi")


# A router's five: base URL, the variable that moves it and what then holds, key variables, priority, timeout, model.
ROUTER: list[Any] = [
    ("openai", "https://api.openai.com/v1", "OPENAI_BASE_URL", ("OPENAI_API_KEY",), 1, 30, "gpt-4"),
    (
        "anthropic",
        "https://api.anthropic.com/v1",
        "ANTHROPIC_BASE_URL",
        ("ANTHROPIC_API_KEY",),
        2,
        30,
        "claude-3-sonnet-20240229",
    ),
    ("vllm", "http://localhost:8000/v1", "VLLM_BASE_URL", ("VLLM_API_KEY",), 2, 30, ""),
    ("google", "https://generativelanguage.googleapis.com/v1beta", "GOOGLE_BASE_URL", ("GOOGLE_API_KEY",), 3, 30, "gemini-pro"),
    ("ollama", "http://localhost:11434", "OLLAMA_BASE_URL", (), 3, 60, "llama3.2:3b"),
]


@pytest.mark.parametrize(("name", "url", "variable", "keys", "priority", "timeout", "model"), ROUTER)
def test_a_provider_of_a_router_has_its_address_priority_and_default_model(
    name: str, url: str, variable: str, keys: tuple[str, ...], priority: int, timeout: float, model: str
) -> None:
    profile = read_profile("router")
    place = profile.providers[name]
    assert (place.priority, profile.timeout_of(name), place.default_model) == (priority, timeout, model)
    registry = names()
    assert registry.provider(name).base_url == url
    assert set(keys) <= set(registry.provider(name).key_env)
    path = "" if name in ("openai", "ollama") else "/" + url.rpartition("/")[2]
    assert names(**{variable: "https://moved.corp"}).provider(name).base_url == f"https://moved.corp{path}"


def test_the_router_tries_its_own_vendors_before_those_behind_them() -> None:
    assert read_profile("router").order == ["openai", "anthropic", "vllm", "google", "ollama"]
    assert read_profile("router").providers["openai"].default_model_env == "OPENAI_DEFAULT_MODEL"


@pytest.mark.parametrize(
    ("name", "url", "variable"),
    [
        ("openai", "https://api.openai.com/v1", "OPENAI_API_KEY"),
        ("deepseek", "https://api.deepseek.com", "DEEPSEEK_API_KEY"),
        ("hyperbolic", "https://api.hyperbolic.xyz/v1", "HYPERBOLIC_API_KEY"),
        ("xai", "https://api.x.ai/v1", "XAI_API_KEY"),
        ("zai", "https://api.z.ai/api/coding/paas/v4", "ZAI_API_KEY"),
    ],
)
def test_a_provider_of_a_chat_program_is_at_its_address(name: str, url: str, variable: str) -> None:
    registry = names(**{variable: KEY})
    provider = registry.provider(read_profile("chat").providers[name].id)
    assert provider.base_url == url
    assert variable in provider.key_env


@pytest.mark.parametrize("profile", sorted(read_profiles()))
def test_every_name_of_a_profile_is_a_name_that_people_can_type(profile: str) -> None:
    registry = names()
    found = read_profile(profile)
    ids: dict[str, str] = {}
    for name, place in found.providers.items():
        ids[name] = registry.provider_id(name) if profile != "chat" else registry.provider_id(place.id)
        assert ids[name] == place.id
    assert {*found.auto_detect, *found.fallback, found.default} - {""} <= found.providers.keys()


def test_an_unknown_profile_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(UnknownName, match="unknown profile 'gatewya'; did you mean 'gateway'"):
        read_profile("gatewya")


def test_no_row_of_ours_says_again_what_the_catalog_says() -> None:
    """The snapshot lists some vendors once for each of their plans, with other prices; what is added to it must be new."""
    catalog = Catalog()
    rows: dict[tuple[Any, ...], list[str]] = {}
    for provider in names().providers():
        if provider.base_url:
            rows.setdefault(_who(provider), []).append(provider.id)
    added = [id for id in catalog.ids if not any("models.dev" in source for source, _ in catalog.provider_rows(id))]
    assert "litellm" in added
    assert [ids for ids in rows.values() if len(ids) > 1 and set(ids) & set(added)] == []


def _who(provider: Provider) -> tuple[Any, ...]:
    return (provider.base_url, provider.query, provider.wire, provider.auth, tuple(sorted(provider.key_env)))
