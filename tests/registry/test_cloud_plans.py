"""The clouds by their names: where each model is, which protocol it speaks there, and what proves who asks."""

from __future__ import annotations

import pytest
from obtaining_plans import obtained
from registries import refusal

from turnout.auth.secrets import Secret
from turnout.config import Config, ConfigFile
from turnout.registry import Registry
from turnout.types import ChatRequest, EmbedRequest, HttpRequest, Message, Text

ENVIRON = {"AZURE_RESOURCE_NAME": "corp", "GOOGLE_CLOUD_PROJECT": "p-1", "AWS_REGION": "eu-west-1"}
KEY = "3b1c9f0de2a14b5c"
CLAUDE = "claude-sonnet-4-5@20250929"


def registry(**environ: str) -> Registry:
    return Registry(environ={**ENVIRON, **environ}, config=Config())


def asked(names: Registry, model: str, *, stream: bool = False, **options: object) -> HttpRequest:
    """The request that a call would send, signed with a key."""
    (candidate,) = names.plan(model, **options).candidates  # type: ignore[arg-type]
    messages = (Message("user", (Text("hi"),)),)
    request = ChatRequest(model=candidate.target.model, messages=messages, max_output_tokens=9)
    return obtained(candidate.sign(candidate.codec.encode(request, candidate.provider, stream=stream).http))


@pytest.mark.parametrize(
    ("model", "environ", "url"),
    [
        ("azure/gpt-4.1", {}, "https://corp.openai.azure.com/openai/v1/chat/completions"),
        (
            "azure/my-own-deployment",
            {"AZURE_OPENAI_ENDPOINT": "https://other.openai.azure.com/"},
            "https://other.openai.azure.com/openai/v1/chat/completions",
        ),
        (
            "azure-deployments/gpt 4",
            {},
            "https://corp.openai.azure.com/openai/deployments/gpt%204/chat/completions?api-version=2024-10-21",
        ),
        (
            "azure-deployments/gpt4",
            {"AZURE_OPENAI_ENDPOINT": "https://other.openai.azure.com/", "OPENAI_API_VERSION": "2025-01-01-preview"},
            "https://other.openai.azure.com/openai/deployments/gpt4/chat/completions?api-version=2025-01-01-preview",
        ),
        ("azure/claude-sonnet-4-5", {}, "https://corp.services.ai.azure.com/anthropic/v1/messages"),
        ("azure/deepseek-r1", {}, "https://corp.openai.azure.com/openai/v1/chat/completions"),
        ("azure/grok-4-20-reasoning", {}, "https://corp.openai.azure.com/openai/v1/chat/completions"),
    ],
)
def test_azure_is_asked_at_its_address(model: str, environ: dict[str, str], url: str) -> None:
    assert asked(registry(AZURE_API_KEY=KEY, **environ), model).url == url


@pytest.mark.parametrize(
    ("model", "header"),
    [("azure/gpt-4.1", "api-key"), ("azure-deployments/gpt4", "api-key"), ("azure/claude-sonnet-4-5", "x-api-key")],
)
def test_a_key_of_azure_goes_in_the_header_of_the_service(model: str, header: str) -> None:
    sent = asked(registry(AZURE_API_KEY=KEY), model)
    assert sent.headers[header] == KEY
    assert "authorization" not in sent.headers


def test_an_address_that_is_given_with_its_version_keeps_it() -> None:
    place = "https://old.openai.azure.com/openai/deployments/gpt4?api-version=2023-07-01-preview"
    for model in ("azure/gpt4", "azure-deployments/gpt4"):
        sent = asked(registry(AZURE_API_KEY=KEY), model, base_url=place)
        assert sent.url == "https://old.openai.azure.com/openai/deployments/gpt4/chat/completions?api-version=2023-07-01-preview"


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("global", "aiplatform.googleapis.com"),
        ("us", "aiplatform.us.rep.googleapis.com"),
        ("europe-west4", "europe-west4-aiplatform.googleapis.com"),
    ],
)
@pytest.mark.parametrize(
    ("model", "path"),
    [
        ("google-vertex/gemini-2.5-pro", "publishers/google/models/gemini-2.5-pro:generateContent"),
        (f"google-vertex/{CLAUDE}", f"publishers/anthropic/models/{CLAUDE}:rawPredict"),
        (f"google-vertex-anthropic/{CLAUDE}", f"publishers/anthropic/models/{CLAUDE}:rawPredict"),
        ("google-vertex/zai-org/glm-5-maas", "endpoints/openapi/chat/completions"),
    ],
)
def test_vertex_is_asked_in_its_location(location: str, host: str, model: str, path: str) -> None:
    sent = asked(registry(GOOGLE_CLOUD_LOCATION=location), model, api_key="ya29.given")
    assert sent.url == f"https://{host}/v1/projects/p-1/locations/{location}/{path}"
    assert sent.headers["authorization"] == "Bearer ya29.given"


@pytest.mark.parametrize("unset", ["", " "])
@pytest.mark.parametrize(
    ("model", "location", "host"),
    [
        ("google-vertex/gemini-2.5-pro", "us-central1", "us-central1-aiplatform.googleapis.com"),
        (f"google-vertex/{CLAUDE}", "global", "aiplatform.googleapis.com"),
        (f"google-vertex-anthropic/{CLAUDE}", "global", "aiplatform.googleapis.com"),
        ("google-vertex/zai-org/glm-5-maas", "global", "aiplatform.googleapis.com"),
    ],
)
def test_where_no_variable_says_a_location_gemini_is_asked_in_us_central1_and_others_globally_and_the_plan_says_so(
    unset: str, model: str, location: str, host: str
) -> None:
    names = registry(GOOGLE_CLOUD_LOCATION=unset)
    assert asked(names, model, api_key="ya29.given").url.startswith(f"https://{host}/v1/projects/p-1/locations/{location}/")
    (reason,) = names.plan(model, api_key="ya29.given").reasons
    assert f"is asked in the location {location}, as none of " in reason
    assert "GOOGLE_CLOUD_LOCATION" in reason


def test_a_location_cannot_lead_elsewhere() -> None:
    error = refusal(registry(GOOGLE_CLOUD_LOCATION="evil.example/x").plan, "google-vertex/gemini-2.5-pro")
    assert "cannot be a part of Vertex's URL" in str(error)


def test_vertex_needs_a_project() -> None:
    names = Registry(environ={}, config=Config())
    assert "GOOGLE_CLOUD_PROJECT or GOOGLE_VERTEX_PROJECT" in str(refusal(names.plan, "vertex/gemini-2.5-pro"))


def test_claude_on_bedrock_speaks_its_own_protocol_where_that_is_asked_for() -> None:
    model = "bedrock-invoke/us.anthropic.claude-sonnet-4-5-20250929-v1:0"
    sent = asked(registry(AWS_BEARER_TOKEN_BEDROCK="ABSKQmVkcm9ja0FQSUtleS0x"), model, stream=True)
    assert sent.url == (
        "https://bedrock-runtime.eu-west-1.amazonaws.com/model/us.anthropic.claude-sonnet-4-5-20250929-v1%3A0"
        "/invoke-with-response-stream"
    )
    assert sent.headers["authorization"] == "Bearer ABSKQmVkcm9ja0FQSUtleS0x"


def test_mistral_speaks_its_dialect() -> None:
    (candidate,) = registry(MISTRAL_API_KEY="abcdef1234567890").plan("mistral/mistral-large-latest").candidates
    assert candidate.wire.name == "mistral-chat"


def test_a_users_own_address_of_a_model_wins_over_the_providers() -> None:
    tables = {"models": {f"google-vertex/{CLAUDE}": {"base_url": "https://proxy.corp/claude"}}}
    config = Config((ConfigFile("user file", "turnout.toml", tables, {}, trusted=True),))
    names = Registry(environ=ENVIRON, config=config)
    assert (
        asked(names, f"google-vertex/{CLAUDE}", api_key="ya29.x").url == f"https://proxy.corp/claude/models/{CLAUDE}:rawPredict"
    )


@pytest.mark.parametrize("field", [{"base_urls": {"anthropic-vertex": "https://evil.example"}}, {"query": "to=evil"}])
def test_a_projects_file_moves_no_models_of_a_known_provider(field: dict[str, object]) -> None:
    file = ConfigFile("project file", "turnout.toml", {"providers": {"google-vertex": field}}, {}, trusted=False)
    names = Registry(environ=ENVIRON, config=Config((file,)))
    assert "TURNOUT_TRUST_PROJECT" in str(refusal(names.plan, f"google-vertex/{CLAUDE}"))


def test_a_projects_address_gets_no_key_of_the_environment() -> None:
    tables = {"providers": {"azure": {"base_url": "https://evil.example/v1"}}}
    file = ConfigFile("project file", "turnout.toml", tables, {}, trusted=False)
    names = Registry(environ={**ENVIRON, "AZURE_API_KEY": KEY}, config=Config((file,)))
    assert KEY not in str(refusal(names.plan, "azure/gpt-4.1"))


def test_an_address_and_a_key_that_are_given_belong_together() -> None:
    sent = asked(registry(), "azure/gpt-4.1", base_url="https://proxy.corp/v1", api_key=Secret(KEY, "api_key"))
    assert (sent.url, sent.headers["api-key"]) == ("https://proxy.corp/v1/chat/completions", KEY)


@pytest.mark.parametrize(
    ("provider", "module", "said"),
    [
        ("azure", "azure.identity", "pip install 'turnout[azure]'"),
        ("google-vertex", "google.auth", "pip install 'turnout[google]'"),
    ],
)
def test_a_cloud_without_a_key_is_usable_with_the_extra_that_finds_credentials(
    monkeypatch: pytest.MonkeyPatch, provider: str, module: str, said: str
) -> None:
    monkeypatch.setattr("turnout.registry.known._installed", lambda name: name == module)
    usable, reason = registry().usable(provider)
    assert usable
    assert "credentials that are found when it is called" in reason
    monkeypatch.setattr("turnout.registry.known._installed", lambda name: False)
    usable, reason = registry().usable(provider)
    assert not usable
    assert said in reason


def test_an_extra_whose_package_is_not_there_at_all_is_not_installed() -> None:
    from turnout.registry.known import _installed

    assert not _installed("no_such_package_anywhere.identity")


def test_azures_responses_and_embeddings_are_data_too() -> None:
    table = {
        "wire": "openai-responses",
        "base_url": "https://{AZURE_RESOURCE_NAME}.openai.azure.com/openai/v1",
        "auth": "azure",
        "key_env": ["AZURE_API_KEY"],
    }
    config = Config((ConfigFile("user file", "turnout.toml", {"providers": {"azure-responses": table}}, {}, trusted=True),))
    names = Registry(environ={**ENVIRON, "AZURE_API_KEY": KEY}, config=config)
    sent = asked(names, "azure-responses/gpt-5")
    assert (sent.url, sent.headers["api-key"]) == ("https://corp.openai.azure.com/openai/v1/responses", KEY)
    (candidate,) = names.plan("azure-deployments/embedder", operation="embed").candidates
    assert candidate.wire.embed is not None
    http = candidate.wire.embed.encode(EmbedRequest(model="embedder", input=("hi",)), candidate.provider).http
    assert obtained(candidate.sign(http)).url == (
        "https://corp.openai.azure.com/openai/deployments/embedder/embeddings?api-version=2024-10-21"
    )
