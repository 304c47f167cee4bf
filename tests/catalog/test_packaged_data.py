"""What the package carries: complete, consistent, and what the script would write now."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from turnout.catalog.read import DATA, Catalog
from turnout.catalog.schema import Rates
from turnout.registry import WIRES

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "build_catalog.py"
SNAPSHOT = ROOT.parent / "shared" / "data" / "models_dev.json.gz"

# What earlier provider layers gave their users: id or alias, base URL, and a variable that must be enough.
EXPECTED = [
    ("openai", "https://api.openai.com/v1", "OPENAI_API_KEY"),
    ("anthropic", "https://api.anthropic.com/v1", "ANTHROPIC_API_KEY"),
    ("google", "https://generativelanguage.googleapis.com/v1beta", "GOOGLE_API_KEY"),
    ("gemini", "https://generativelanguage.googleapis.com/v1beta", "GEMINI_API_KEY"),
    ("generative-ai", "https://generativelanguage.googleapis.com/v1beta", "GOOGLE_API_KEY"),
    ("mistral", "https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
    ("cohere", "https://api.cohere.com/v2", "COHERE_API_KEY"),
    ("cohere", "https://api.cohere.com/v2", "CO_API_KEY"),
    ("perplexity", "https://api.perplexity.ai", "PERPLEXITY_API_KEY"),
    ("groq", "https://api.groq.com/openai/v1", "GROQ_API_KEY"),
    ("cerebras", "https://api.cerebras.ai/v1", "CEREBRAS_API_KEY"),
    ("deepseek", "https://api.deepseek.com", "DEEPSEEK_API_KEY"),
    ("deepinfra", "https://api.deepinfra.com/v1/openai", "DEEPINFRA_API_KEY"),
    ("xai", "https://api.x.ai/v1", "XAI_API_KEY"),
    ("openrouter", "https://openrouter.ai/api/v1", "OPENROUTER_API_KEY"),
    ("onerouter", "https://llm.onerouter.pro/v1", "ONEROUTER_API_KEY"),
    ("huggingface", "https://router.huggingface.co/v1", "HF_TOKEN"),
    ("hug", "https://router.huggingface.co/v1", "HUG_API_KEY"),
    ("huggingface", "https://router.huggingface.co/v1", "HUGGINGFACE_API_KEY"),
    ("featherless", "https://api.featherless.ai/v1", "FEATHERLESS_API_KEY"),
    ("fireworks", "https://api.fireworks.ai/inference/v1", "FIREWORKS_API_KEY"),
    ("together", "https://api.together.xyz/v1", "TOGETHER_API_KEY"),
    ("aimo", "https://devnet.aimo.network/api/v1", "AIMO_API_KEY"),
    ("chutes", "https://llm.chutes.ai/v1", "CHUTES_API_KEY"),
    ("near", "https://cloud-api.near.ai/v1", "NEAR_API_KEY"),
    ("vercel-ai-gateway", "https://ai-gateway.vercel.sh/v1", "VERCEL_AI_GATEWAY_API_KEY"),
    ("helicone", "https://ai-gateway.helicone.ai/v1", "HELICONE_API_KEY"),
    ("aihubmix", "https://aihubmix.com/v1", "AIHUBMIX_API_KEY"),
    ("anannas", "https://api.anannas.ai/v1", "ANANNAS_API_KEY"),
    ("alpaca-network", "https://deepseek-v3-1-b18ty.cld-kvytpjjrw13e2gvq.s.anyscaleuserdata.com", "ALPACA_NETWORK_API_KEY"),
    ("alibaba-cloud", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "ALIBABA_CLOUD_API_KEY"),
    ("alibaba-cloud", "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "ALIBABA_CLOUD_API_KEY_INTERNATIONAL"),
    ("alibaba-cn", "https://dashscope.aliyuncs.com/compatible-mode/v1", "ALIBABA_CLOUD_API_KEY_CHINA"),
    ("clarifai", "https://api.clarifai.com/v2/ext/openai/v1", "CLARIFAI_API_KEY"),
    (
        "cloudflare-workers-ai",
        "https://api.cloudflare.com/client/v4/accounts/{CLOUDFLARE_ACCOUNT_ID}/ai/v1",
        "CLOUDFLARE_API_TOKEN",
    ),
    ("morpheus", "https://api.mor.org/api/v1", "MORPHEUS_API_KEY"),
    ("kimi", "https://api.moonshot.ai/v1", "KIMI_API_KEY"),
    ("moonshotai", "https://api.moonshot.ai/v1", "MOONSHOT_API_KEY"),
    ("glm", "https://api.z.ai/api/paas/v4", "GLM_API_KEY"),
    ("zhipu", "https://api.z.ai/api/paas/v4", "ZHIPUAI_API_KEY"),
    ("hyperbolic", "https://api.hyperbolic.xyz/v1", "HYPERBOLIC_API_KEY"),
    ("vllm", "http://localhost:8000/v1", "VLLM_API_KEY"),
    ("custom", "{CUSTOM_API_URL}", "CUSTOM_API_KEY"),
]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return Catalog()


@pytest.mark.parametrize(("name", "base_url", "variable"), EXPECTED)
def test_a_provider_people_rely_on_is_found_by_its_old_name_with_its_url_and_variable(
    catalog: Catalog, name: str, base_url: str, variable: str
) -> None:
    provider = catalog.provider(catalog.aliases.get(name, name))
    assert provider.base_url == base_url
    assert variable in provider.key_env
    assert provider.wire in WIRES


@pytest.mark.parametrize(("name", "seconds"), [("huggingface", 120), ("nearai", 120), ("moonshotai", 300), ("groq", 60)])
def test_a_slow_provider_gets_the_time_it_needs(catalog: Catalog, name: str, seconds: float) -> None:
    assert catalog.provider(name).timeout == seconds


def test_ollama_needs_no_key(catalog: Catalog) -> None:
    ollama = catalog.provider("ollama")
    assert (ollama.base_url, ollama.auth, ollama.key_env) == ("http://localhost:11434", "none", ())


def test_openrouter_and_aihubmix_name_the_calling_app_from_the_environment(catalog: Catalog) -> None:
    assert catalog.provider("openrouter").header_env["http-referer"][0] == "OPENROUTER_SITE_URL"
    assert catalog.provider("aihubmix").header_env == {"app-code": ("AIHUBMIX_APP_CODE",)}


def test_no_alias_is_another_providers_name_or_alias(catalog: Catalog) -> None:
    given = [alias for id in catalog.ids for alias in catalog.provider(id).aliases]
    assert len(given) == len(set(given))
    assert not set(given) & set(catalog.ids)
    assert all(name == name.lower() for name in [*given, *catalog.ids])


def test_a_provider_that_can_be_called_has_a_url_and_says_what_its_key_is(catalog: Catalog) -> None:
    for provider in catalog.providers():
        if provider.wire in ("openai-chat", "anthropic-messages"):
            assert provider.base_url, provider.id
            assert not provider.base_url.endswith("/"), provider.id
            assert "$" not in provider.base_url, provider.id
            assert provider.key_env or provider.auth == "none", provider.id


def test_every_price_is_exact_and_none_is_negative(catalog: Catalog) -> None:
    for model in catalog.models():
        if model.price is None:
            continue
        assert [tier.above_input_tokens for tier in model.price.tiers] == sorted(
            {tier.above_input_tokens for tier in model.price.tiers}
        )
        for rates in (model.price, *model.price.tiers, *model.price.modes.values()):
            for field in Rates.__struct_fields__:
                rate = getattr(rates, field)
                assert rate is None or (rate >= 0 and len(rate.as_tuple().digits) <= 12), model.target


def test_every_toml_file_says_where_and_when_its_facts_were_read(catalog: Catalog) -> None:
    for path in (ROOT / "src" / "turnout" / "catalog" / "providers").glob("*.toml"):
        text = path.read_text("utf-8")
        assert "\nchecked  = 20" in text or text.startswith("checked  = 20"), path.name
        assert catalog.provider(path.stem).docs.startswith("https://"), path.name


def build(folder: Path, *arguments: str) -> dict[str, bytes]:
    subprocess.run([sys.executable, str(SCRIPT), *arguments, "--data", str(folder)], check=True, capture_output=True, timeout=120)
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.json"))}


def test_the_packaged_toml_files_are_those_of_the_source(tmp_path: Path) -> None:
    hint = "run `python scripts/build_catalog.py`"
    names = ("overrides.json", "profiles.json", "restrictions.json")
    assert build(tmp_path) == {name: (Path(DATA) / name).read_bytes() for name in names}, hint


def test_the_snapshot_gives_the_packaged_data_again(tmp_path: Path) -> None:
    if not SNAPSHOT.exists():
        pytest.skip("the models.dev snapshot (../shared/data/models_dev.json.gz) is not here")
    packaged = {str(path.relative_to(DATA)): path.read_bytes() for path in sorted(Path(DATA).rglob("*.json"))}
    assert build(tmp_path, str(SNAPSHOT)) == packaged, "run `python scripts/build_catalog.py ../shared/data/models_dev.json.gz`"


def test_the_license_of_the_data_travels_with_it() -> None:
    text = (Path(DATA) / "LICENSE").read_text("utf-8")
    assert "models.dev" in text
    assert "Permission is hereby granted, free of charge" in text
