"""What users of a structured-output library's registry rely on. Its 19 rows: catalog/test_earlier_layers.py."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from importlib.resources import files
from typing import Annotated, get_overloads

import msgspec
import pydantic
import pytest

import turnout
from turnout import AsyncClient, Client, Retry
from turnout.catalog.schema import Provider
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


def answer(text: str) -> HttpResponse:
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    return HttpResponse(status=200, body=json.dumps({"id": "1", "model": "m", "choices": [choice]}).encode())


ANSWER = answer('{"name":"Anna","age":31}')


class Person(msgspec.Struct):
    name: str
    age: Annotated[int, msgspec.Meta(ge=0)]


class Human(pydantic.BaseModel):
    name: str
    age: int = pydantic.Field(ge=0)


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


@pytest.mark.parametrize("model", ["gpt-4", "no-provider-at-all"])
def test_a_bad_model_string_says_both_sentences_that_users_look_for(model: str) -> None:
    with pytest.raises(UnknownName) as raised:
        turnout.from_provider(model, registry=names(OPENAI_API_KEY=KEY))
    text = str(raised.value)
    assert f"Model must be in 'provider/model-name' format. Got: {model}" in text
    assert 'Model string must be in format "provider/model-name" (e.g. "openai/gpt-4" or "anthropic/claude-3-sonnet")' in text
    assert text.startswith(f"{model!r} is neither an alias nor 'provider/model'")


def test_an_unknown_provider_says_who_is_available_and_supported_the_nearest_first() -> None:
    providers = ProviderRegistry(names())
    calls = (
        lambda: turnout.from_provider("gorq/x", registry=providers.registry),
        lambda: providers.get("gorq"),
        lambda: providers.get_factory("gorq"),
        lambda: providers.create_client("gorq"),
    )
    for call in calls:
        with pytest.raises(UnknownName) as raised:
            call()
        text = str(raised.value)
        assert text.startswith("unknown provider 'gorq'; did you mean 'groq'?")
        assert "Unknown provider: gorq. Available: groq, openai, " in text
        assert "Unsupported provider: gorq. Supported providers are: [groq, openai, " in text
        assert raised.value.nearest == ("groq",)


def test_a_missing_key_says_how_to_set_it_in_both_ways_that_users_know() -> None:
    providers = ProviderRegistry(names())
    for call in (lambda: turnout.from_provider("groq/x", registry=names()), lambda: providers.create_client("groq", model="x")):
        with pytest.raises(MissingKey) as raised:
            call()
        text = str(raised.value)
        assert text.startswith("Groq needs an API key: set GROQ_API_KEY")
        assert "API key required for groq. Set GROQ_API_KEY environment variable or pass api_key parameter. See: https://" in text
        assert (
            "GROQ_API_KEY is not set. Set it with `export GROQ_API_KEY=<your-api-key>` or pass it as kwarg api_key=<your-api-key>"
            in text
        )


def test_a_placeholder_is_not_said_to_be_unset() -> None:
    with pytest.raises(MissingKey) as raised:
        turnout.from_provider("groq/x", registry=names(GROQ_API_KEY="your_key_here"))
    assert "GROQ_API_KEY is not set" not in str(raised.value)
    assert "API key required for groq" in str(raised.value)


def test_an_unsupported_mode_says_both_sentences_that_users_look_for() -> None:
    with pytest.raises(ValueError, match=r"Invalid mode 'COHERE_TOOLS' for provider 'groq'\. Valid modes: TOOLS, JSON") as raised:
        mode_of(names().provider("groq"), "x", "COHERE_TOOLS")
    assert isinstance(raised.value, ConfigurationError)
    assert "Mode COHERE_TOOLS not supported by groq. Supported modes: TOOLS, JSON" in str(raised.value)


def test_a_name_that_is_taken_and_a_provider_with_nothing_to_call_say_what_to_do_in_the_words_that_users_know() -> None:
    providers = ProviderRegistry(names())
    with pytest.raises(ValueError, match=r"Provider 'groq' already registered\. Use replace=True to override\."):
        providers.register("groq", lambda **given: None)
    with pytest.raises(ValueError, match="Must provide factory or lazy_factory"):
        providers.register("acme")


def test_a_missing_package_is_told_in_the_words_that_users_know(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "groq", None)
    with pytest.raises(MissingExtra) as raised:
        turnout.sdk_client("groq", sdk="groq", registry=names(GROQ_API_KEY=KEY))
    assert "The groq package is required to use the groq provider. Install it with `pip install groq`." in str(raised.value)


def test_writer_is_called_at_its_own_path() -> None:
    script = Script(HttpResponse(status=418, body=b"{}"), HttpResponse(status=418, body=b"{}"))
    for model in ("palmyra-x5", "palmyra-of-tomorrow"):
        with Client(names(WRITER_API_KEY=KEY), script) as client, pytest.raises(Error, match="418"):
            client.chat("x", model=f"writer/{model}", max_output_tokens=9)
    assert {sent.url for sent in script.sent} == {"https://api.writer.com/v1/chat"}
    assert script.sent[0].headers["authorization"] == f"Bearer {KEY}"
    assert json.loads(script.sent[0].body) == {
        "model": "palmyra-x5",
        "messages": [{"role": "user", "content": "x"}],
        "max_tokens": 9,
    }


def test_the_project_of_vertexai_is_required_and_its_location_is_us_central1_unless_said() -> None:
    with pytest.raises(ConfigurationError, match="GOOGLE_CLOUD_PROJECT"), pytest.warns(DeprecationWarning, match="vertexai"):
        names().plan("vertexai/gemini-2.5-flash")
    plan = names(GOOGLE_CLOUD_PROJECT="corp").plan("vertex/gemini-2.5-flash", api_key="ya29.given")
    assert "/locations/us-central1/" in plan.candidates[0].provider.base_url
    assert "us-central1" in plan.reasons[0]


def test_what_a_provider_config_said_the_row_of_a_provider_says_and_create_client_heeds() -> None:
    row = Provider(
        id="acme",
        name="Acme",
        wire="openai-chat",
        base_url="https://llm.acme.example/v1",
        key_env=("ACME_API_KEY",),
        docs="https://acme.example/docs",
        modes=("TOOLS", "JSON"),
        default_mode="JSON",
        deprecated="use groq",
    )
    providers = ProviderRegistry(names(ACME_API_KEY=KEY))
    providers.register(row)
    found = providers.get("acme")
    for said in ("id", "wire", "base_url", "key_env", "docs", "modes", "default_mode", "deprecated"):
        assert getattr(found, said) == getattr(row, said)
    script = Script(ANSWER)
    with pytest.warns(DeprecationWarning, match="acme.*use groq"), providers.create_client("acme", transport=script) as client:
        client.chat("hi", model="acme/m", response_model=Person)
    assert script.sent[0].url == "https://llm.acme.example/v1/chat/completions"
    assert json.loads(script.sent[0].body)["response_format"] == {"type": "json_object"}


def test_get_factory_gives_the_very_function_that_was_registered() -> None:
    def factory(**given: object) -> dict[str, object]:
        return given

    providers = ProviderRegistry(names())
    providers.register("test", factory)
    assert providers.get_factory("test") is factory


def test_providers_are_listed_in_order_and_counted_by_the_names_that_users_know() -> None:
    providers = ProviderRegistry(names())
    assert providers.list_providers() == sorted(providers.list_providers())
    assert providers.has_provider("groq")
    assert not providers.has_provider("gorq")
    counts = providers.stats()
    assert {name: counts[name] for name in ("total", "lazy", "loaded")} == {
        "total": len(providers.list_providers()),
        "lazy": counts.total,
        "loaded": 0,
    }
    assert counts["deprecated"] >= 2  # vertexai and generative-ai


@pytest.mark.parametrize("name", ["vertexai", "generative-ai"])
def test_a_deprecated_provider_warns_when_its_client_is_made_at_the_callers_line(name: str) -> None:
    given = {"GOOGLE_CLOUD_PROJECT": "corp", "GOOGLE_API_KEY": KEY}
    with pytest.warns(DeprecationWarning, match=f"{name}.*google") as warned:
        ProviderRegistry(names(**given)).create_client(name, model="gemini-2.5-flash", api_key="ya29.given")
    assert warned[0].filename == __file__


def test_a_created_client_is_told_to_the_log_with_its_provider_its_mode_and_its_kind(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "turnout"):
        ProviderRegistry(names(GROQ_API_KEY=KEY)).create_client("groq", model="x", async_client=True)
    (record,) = caplog.records
    assert record.message == "Created groq client"
    assert [record.__dict__[name] for name in ("provider", "mode", "async")] == ["groq", "TOOLS", True]
    assert KEY not in caplog.text


@pytest.mark.parametrize("mode", ["COHERE_TOOLS", "JSONS"])
def test_a_mode_is_validated_when_the_client_is_made(mode: str) -> None:
    registry = names(GROQ_API_KEY=KEY)
    for make in (
        lambda: turnout.from_provider("groq/x", mode=mode, registry=registry),
        lambda: ProviderRegistry(registry).create_client("groq", model="x", mode=mode),
    ):
        with pytest.raises(ValueError, match=mode) as raised:
            make()
        assert isinstance(raised.value, ConfigurationError)


def test_what_from_provider_and_create_client_are_given_beside_reaches_the_client() -> None:
    registry = names(GROQ_API_KEY=KEY)
    settings: dict[str, object] = {"timeout": 7.0, "retry": Retry(attempts=1), "translation": "strict"}
    for client in (
        turnout.from_provider("groq/x", registry=registry, **settings),  # type: ignore[call-overload]
        ProviderRegistry(registry).create_client("groq", model="x", **settings),
    ):
        _, plan = client._settings.request(None, "hi", {})
        assert (plan.timeouts.total, plan.retry.attempts, client._settings.translation) == (7.0, 1, "strict")


def test_from_provider_is_typed_for_editors_by_the_kind_of_client_it_gives() -> None:
    kinds = [one.__annotations__["return"] for one in get_overloads(turnout.from_provider)]
    assert kinds == ["Client", "AsyncClient"]
    assert [one.__annotations__["return"] for one in get_overloads(Client.chat)] == ["TypedCompletion[T]", "Completion"]


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("library", ["msgspec", "pydantic"])
def test_structured_output_is_returned_and_asked_for_again_when_it_does_not_validate(kind: str, library: str) -> None:
    wanted = Person if library == "msgspec" else Human
    script = Script(answer('{"name":"Anna","age":-4}'), answer('{"name":"Anna","age":31}'))
    bound = {"registry": names(GROQ_API_KEY=KEY), "model": "groq/x", "mode": "JSON"}

    async def run() -> object:
        async with AsyncClient(transport=script.asynchronous, **bound) as client:
            return (await client.chat("Anna, 31", response_model=wanted)).parsed

    if kind == "sync":
        with Client(transport=script, **bound) as client:
            found = client.chat("Anna, 31", response_model=wanted).parsed
    else:
        found = asyncio.run(run())
    assert found == wanted(name="Anna", age=31)
    assert "$.age" in json.loads(script.sent[1].body)["messages"][-1]["content"]


def test_no_library_of_a_vendor_is_imported_to_make_a_client_and_call_it() -> None:
    code = (
        "import sys, turnout\n"
        "from turnout.registry import ProviderRegistry, Registry\n"
        "made = ProviderRegistry(Registry(environ={'GROQ_API_KEY': 'k-4vJ8Qm2ZtXc9RbNw'}))\n"
        "made.create_client('groq', model='x'); turnout.from_provider('groq/x', registry=made.registry)\n"
        "libraries = 'openai anthropic groq google.genai mistralai cohere boto3 writerai cerebras xai_sdk pydantic instructor'\n"
        "print([name for name in libraries.split() if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.strip() == "[]"


ADDRESSES = [
    ("azure_openai", {"azure_endpoint": "https://corp.openai.azure.com"}, "https://corp.openai.azure.com/openai/v1"),
    (
        "azure-deployments",
        {"azure_endpoint": "https://corp.openai.azure.com", "api_version": "2024-02-01"},
        "https://corp.openai.azure.com/openai/deployments/m/chat/completions?api-version=2024-02-01",
    ),
    ("bedrock", {"region": "eu-west-1"}, "https://bedrock-runtime.eu-west-1.amazonaws.com/"),
    ("bedrock", {"region_name": "eu-west-1"}, "https://bedrock-runtime.eu-west-1.amazonaws.com/"),
    (
        "google-vertex",
        {"project": "corp", "location": "europe-west4"},
        "https://europe-west4-aiplatform.googleapis.com/v1/projects/corp/locations/europe-west4/publishers/google/models/m:",
    ),
    ("ollama", {"host": "http://gpu.corp:11434"}, "http://gpu.corp:11434/api/chat"),
]


@pytest.mark.parametrize(("provider", "address", "url"), ADDRESSES)
@pytest.mark.parametrize("make", ["from_provider", "create_client", "create_client without a model"])
def test_what_an_address_needs_may_be_passed_by_the_names_that_its_vendors_library_has_for_it(
    provider: str, address: dict[str, str], url: str, make: str
) -> None:
    registry = names(AWS_REGION="us-east-1", GOOGLE_CLOUD_PROJECT="another", AZURE_OPENAI_ENDPOINT="https://other.example")
    script = Script(HttpResponse(status=418, body=b"{}"))
    if make == "from_provider":
        client = turnout.from_provider(f"{provider}/m", api_key=KEY, registry=registry, **address)
        client._transport = script
    else:
        model = None if make.endswith("model") else "m"
        client = ProviderRegistry(registry).create_client(provider, model=model, api_key=KEY, transport=script, **address)
    with pytest.raises(Error, match="418"):
        client.chat("hi", model=f"{provider}/m")
    assert script.sent[0].url.startswith(url)
    assert registry.environ["AWS_REGION"] == "us-east-1"


def test_a_name_that_no_address_needs_is_refused_with_those_that_this_one_does() -> None:
    with pytest.raises(ConfigurationError, match="'regoin' is nothing that the address of Amazon Bedrock needs; it takes region"):
        turnout.from_provider("bedrock/x", api_key=KEY, registry=names(), regoin="eu-west-1")
    with pytest.raises(ConfigurationError, match="'aws_access_key_id' is nothing"):
        turnout.from_provider("bedrock/x", registry=names(), aws_access_key_id="AKIA")
    with pytest.raises(TypeError, match="regoin"):
        ProviderRegistry(names(GROQ_API_KEY=KEY)).create_client("groq", model="x", regoin="eu")
