"""The vendors' own clients, with the key, address and headers that Turnout would use."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from registries import configured

import turnout
from turnout.config import Config
from turnout.errors import ConfigError, MissingExtra, MissingKey, UnknownName, UnknownProviderError
from turnout.registry import Registry
from turnout.registry.sdks import SDKS

KEYS = {
    "OPENAI_API_KEY": "sk-proj-4vJ8Qm2ZtXc9RbNw",
    "ANTHROPIC_API_KEY": "sk-ant-4vJ8Qm2ZtXc9RbNw",
    "GROQ_API_KEY": "gsk_9fJ2mQx7LwT0aB4cD8eF",
    "GOOGLE_API_KEY": "AIzaSy-4vJ8Qm2ZtXc9RbNw",
    "CO_API_KEY": "co-4vJ8Qm2ZtXc9RbNw",
    "MISTRAL_API_KEY": "ms-4vJ8Qm2ZtXc9RbNw",
    "AZURE_OPENAI_API_KEY": "az-4vJ8Qm2ZtXc9RbNw",
    "AZURE_OPENAI_ENDPOINT": "https://corp.openai.azure.com",
    "OPENROUTER_API_KEY": "or-4vJ8Qm2ZtXc9RbNw",
    "AWS_REGION": "eu-west-1",
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG",
}


def client(name: str, config: Config | None = None, environ: dict[str, str] | None = None, **options: Any) -> Any:
    return turnout.sdk_client(
        name, registry=Registry(environ=KEYS if environ is None else environ, config=config or Config()), **options
    )


@pytest.mark.parametrize(
    ("name", "base_url", "key"),
    [
        ("openai", "https://api.openai.com/v1/", "OPENAI_API_KEY"),
        ("groq", "https://api.groq.com/openai/v1/", "GROQ_API_KEY"),
        ("OpenRouter", "https://openrouter.ai/api/v1/", "OPENROUTER_API_KEY"),
    ],
)
def test_a_provider_that_speaks_openais_protocol_gets_openais_client(name: str, base_url: str, key: str) -> None:
    openai = pytest.importorskip("openai")
    found = client(name)
    assert type(found) is openai.OpenAI
    assert (str(found.base_url), found.api_key) == (base_url, KEYS[key])
    assert type(client(name, async_client=True)) is openai.AsyncOpenAI


def test_a_server_that_needs_no_key_gets_a_client_all_the_same() -> None:
    pytest.importorskip("openai")
    assert str(client("vllm", environ={}).base_url) == "http://localhost:8000/v1/"


def test_anthropic_gets_its_own_client_and_its_address_without_the_path_that_it_adds() -> None:
    anthropic = pytest.importorskip("anthropic")
    found = client("claude")
    assert type(found) is anthropic.Anthropic
    assert (str(found.base_url), found.api_key) == ("https://api.anthropic.com", KEYS["ANTHROPIC_API_KEY"])
    assert type(client("claude", async_client=True)) is anthropic.AsyncAnthropic


def test_azure_gets_the_client_for_azure() -> None:
    openai = pytest.importorskip("openai")
    for name in ("azure_openai", "azure-deployments"):
        found = client(name)
        assert type(found) is openai.AzureOpenAI
        assert str(found.base_url) == "https://corp.openai.azure.com/openai/"
        assert (found.api_key, found._api_version) == (KEYS["AZURE_OPENAI_API_KEY"], "2024-10-21")


def test_google_gets_the_client_of_google_genai() -> None:
    genai = pytest.importorskip("google.genai")
    found = client("gemini")
    assert type(found) is genai.Client
    assert found._api_client._http_options.base_url.rstrip("/") == "https://generativelanguage.googleapis.com"
    assert found._api_client.api_key == KEYS["GOOGLE_API_KEY"]
    assert type(client("gemini", async_client=True)).__name__ == "AsyncClient"


def test_cohere_mistral_and_ollama_get_theirs() -> None:
    cohere = pytest.importorskip("cohere")
    mistral = pytest.importorskip("mistralai.client")
    ollama = pytest.importorskip("ollama")
    assert type(client("cohere")) is cohere.ClientV2
    assert client("cohere")._client_wrapper.get_base_url() == "https://api.cohere.com"
    assert type(client("cohere", async_client=True)) is cohere.AsyncClientV2
    assert type(client("mistral")) is mistral.Mistral
    assert client("mistral").sdk_configuration.server_url == "https://api.mistral.ai"
    assert type(client("ollama")) is ollama.Client
    assert str(client("ollama")._client.base_url).rstrip("/") == "http://localhost:11434"
    assert type(client("ollama", async_client=True)) is ollama.AsyncClient


def test_bedrock_gets_boto3s_client_of_the_region_that_a_variable_says() -> None:
    pytest.importorskip("boto3")
    found = client("bedrock")
    assert (type(found).__name__, found.meta.region_name) == ("BedrockRuntime", "eu-west-1")
    assert found.meta.endpoint_url == "https://bedrock-runtime.eu-west-1.amazonaws.com"


def test_a_users_file_and_arguments_hold_for_it_too() -> None:
    pytest.importorskip("openai")
    tables = {
        "corp": {"wire": "openai-chat", "base_url": "https://llm.corp/v1", "auth": "header:x-corp-key", "key_env": ["CORP_KEY"]},
        "anthropic": {"base_url": "https://proxy.corp/anthropic/v1"},
    }
    config = configured(providers=tables)
    corp = client("corp", config, {"CORP_KEY": "corp-1234567"})
    assert str(corp.base_url) == "https://llm.corp/v1/"
    assert corp.default_headers["x-corp-key"] == "corp-1234567"
    assert str(client("anthropic", config).base_url) == "https://proxy.corp/anthropic/"
    own = client("openai", api_key="sk-own-1234567", base_url="https://eu.corp/v1", max_retries=7)
    assert (own.api_key, str(own.base_url), own.max_retries) == ("sk-own-1234567", "https://eu.corp/v1/", 7)


@pytest.mark.parametrize(
    ("name", "sdk", "package"), [("writer", None, "writer-sdk"), ("xai", "xai", "xai-sdk"), ("groq", "groq", "groq")]
)
def test_a_library_that_is_not_installed_is_named_with_how_to_install_it(name: str, sdk: str | None, package: str) -> None:
    environ = {"WRITER_API_KEY": "w-1234567", "XAI_API_KEY": "x-1234567", "GROQ_API_KEY": KEYS["GROQ_API_KEY"]}
    if package.replace("-sdk", "") in sys.modules:
        pytest.skip(f"{package} is installed here")
    for kind in (MissingExtra, ConfigError, ImportError):
        with pytest.raises(
            kind, match=f"the {package} package is required for the official client of .*: pip install {package} "
        ):
            client(name, environ=environ, sdk=sdk)


def test_what_is_not_known_or_not_set_is_said() -> None:
    pytest.importorskip("openai")
    with pytest.raises(UnknownProviderError, match="did you mean 'groq'"):
        client("gorq")
    with pytest.raises(UnknownName, match="no official client is known as 'grok-sdk'; known are anthropic, azure, "):
        client("xai", sdk="grok-sdk")
    with pytest.raises(UnknownName, match="no official client is known for Jina AI"):
        client("jina", environ={"JINA_API_KEY": "j-1234567"})
    with pytest.raises(MissingKey, match="Groq needs an API key: set GROQ_API_KEY"):
        client("groq", environ={})
    with pytest.raises(MissingKey, match="needs an API key: set AZURE_API_KEY or AZURE_OPENAI_API_KEY"):
        client("azure", environ={"AZURE_OPENAI_ENDPOINT": "https://corp.openai.azure.com"})


def test_no_library_of_a_vendor_is_imported_before_its_client_is_asked_for() -> None:
    modules = {sdk.client.partition(":")[0] for sdk in SDKS.values()}
    script = f"import sys, turnout; turnout.sdk_client; turnout.ProviderRegistry(); print(sorted({modules!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"


def test_headers_whose_value_a_variable_holds_are_those_of_a_vendors_client_too() -> None:
    pytest.importorskip("openai")
    key = KEYS["OPENROUTER_API_KEY"]
    found = client("openrouter", environ={"OPENROUTER_API_KEY": key, "OPENROUTER_TITLE": "Corp"})
    assert found.default_headers["x-title"] == "Corp"
    mixed = client("aihubmix", environ={"AIHUBMIX_API_KEY": key, "AIHUBMIX_APP_CODE": "ABCD1234"})
    assert mixed.default_headers["app-code"] == "ABCD1234"
    with pytest.raises(MissingKey, match="AIHubMix needs AIHUBMIX_APP_CODE"):
        client("aihubmix", environ={"AIHUBMIX_API_KEY": key})
