"""Names: what the lists of models tell, in each protocol's own words, and what callers may write for a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anthropic
import ollama
import openai
import pytest
from google import genai
from mistralai.client import Mistral
from mistralai.client.models import BaseModelCard
from raw_http import exchange, fetched, post
from running_gateway import running

from turnout.testing.transport import Script
from turnout.types import HttpResponse

MODEL = "groq/llama-3.3-70b-versatile"
ANSWER = HttpResponse(
    status=200,
    body=b'{"id":"1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant",'
    b'"content":"The Loire"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}',
)
REFUSED = HttpResponse(status=401, body=b'{"error":{"message":"no"}}')
CHAT = "/v1/chat/completions"
ANTHROPIC = "anthropic-version: 2023-06-01"
ALIASES = (
    '[aliases]\nriver = ["mistral/mistral-large-latest", "groq/llama-3.3-70b-versatile"]\nlake = "mistral/mistral-large-latest"\n'
)


def test_openais_clients_are_told_a_models_price_bounds_and_abilities() -> None:
    with running(Script()) as (url, _):
        status, model = fetched(url, f"/v1/models/{MODEL}")
    assert (status, model["id"], model["object"], model["owned_by"]) == (200, MODEL, "model", "groq")
    assert model["pricing"] == {"prompt": "0.00000059", "completion": "0.00000079"}
    assert model["context_length"] == model["top_provider"]["context_length"] == 131072
    assert model["top_provider"]["max_completion_tokens"] == 32768
    assert {"tools", "temperature"} <= set(model["supported_parameters"])
    assert model["architecture"] == {"input_modalities": ["text"], "output_modalities": ["text"]}


def test_anthropics_clients_are_told_bounds_and_abilities_in_their_words() -> None:
    with running(Script()) as (url, _):
        _, model = fetched(url, "/v1/models/anthropic/claude-sonnet-4-5", ANTHROPIC)
        _, page = fetched(url, "/v1/models?limit=2", ANTHROPIC)
    assert (model["type"], model["id"]) == ("model", "anthropic/claude-sonnet-4-5")
    assert (model["max_input_tokens"], model["max_tokens"]) == (1_000_000, 64_000)
    assert model["capabilities"]["thinking"] == {"supported": True}
    assert len(page["data"]) == 2
    assert (page["has_more"], page["last_id"]) == (True, page["data"][-1]["id"])


def test_googles_clients_are_told_bounds_and_abilities_in_their_words() -> None:
    with running(Script()) as (url, _):
        _, model = fetched(url, f"/v1beta/models/{MODEL}")
        _, page = fetched(url, "/v1beta/models?pageSize=3")
        _, onward = fetched(url, f"/v1beta/models?pageSize=3&pageToken={page['nextPageToken']}")
    assert model["name"] == f"models/{MODEL}"
    assert (model["inputTokenLimit"], model["outputTokenLimit"]) == (131072, 32768)
    assert model["supportedGenerationMethods"] == ["generateContent"]
    names = [found["name"] for found in (*page["models"], *onward["models"])]
    assert len(set(names)) == 6


def test_ollamas_clients_are_told_abilities_in_their_words() -> None:
    with running(Script()) as (url, _):
        _, tags = fetched(url, "/api/tags")
    (model,) = [model for model in tags["models"] if model["model"] == MODEL]
    assert {"completion", "tools"} <= set(model["capabilities"])


@pytest.mark.parametrize(
    ("path", "header", "listed"),
    [
        ("/v1/models", (), lambda page: {model["id"] for model in page["data"]}),
        ("/mistral/v1/models", (), lambda page: {model["id"] for model in page["data"]}),
        ("/v1/models?limit=1000", (ANTHROPIC,), lambda page: {model["id"] for model in page["data"]}),
        ("/v1beta/models?pageSize=1000", (), lambda page: {model["name"].removeprefix("models/") for model in page["models"]}),
        ("/api/tags", (), lambda page: {model["model"] for model in page["models"]}),
    ],
    ids=["openai", "mistral", "anthropic", "gemini", "ollama"],
)
def test_lists_hold_what_can_be_called_and_aliases_of_it(tmp_path: Path, path: str, header: tuple[str, ...], listed: Any) -> None:
    (tmp_path / "turnout.toml").write_text(ALIASES)
    with running(Script(), TURNOUT_CONFIG_DIR=str(tmp_path)) as (url, _):
        names = listed(fetched(url, path, *header)[1])
    assert {MODEL, "river", "local/smollm2-135m"} <= names
    assert "lake" not in names, "nothing that it stands for can be called"
    assert not any(name.startswith("mistral/") for name in names)


def test_an_alias_is_described_as_the_first_that_it_stands_for_here(tmp_path: Path) -> None:
    (tmp_path / "turnout.toml").write_text(ALIASES)
    with running(Script(), TURNOUT_CONFIG_DIR=str(tmp_path)) as (url, _):
        _, model = fetched(url, "/v1/models/river")
        status, _ = fetched(url, "/v1/models/lake")
    assert (model["id"], model["owned_by"], model["context_length"]) == ("river", "groq", 131072)
    assert status == 404


@pytest.mark.parametrize(
    ("written", "meant"),
    [("groq%2Fllama-3.3-70b-versatile", MODEL), ("groq/odd%2525name", "groq/odd%25name"), ("groq/a%3A0", "groq/a:0")],
)
def test_a_model_in_a_path_is_decoded_once(written: str, meant: str) -> None:
    with running(Script(ANSWER)) as (url, _):
        body = json.dumps({"messages": [{"role": "user", "content": [{"text": "Name a river"}]}]}).encode()
        status, headers, _ = exchange(url, post(f"/model/{written}/converse", body))
    assert (status, headers["x-turnout-target"]) == (200, meant)


@pytest.mark.filterwarnings("ignore")  # the clients' own
def test_the_vendors_clients_read_the_lists() -> None:
    with running(Script(), MISTRAL_API_KEY="real-looking-1234567890") as (url, _):
        with Mistral(api_key="-", server_url=f"{url}/mistral") as mistral:
            card = mistral.models.retrieve(model_id=MODEL)
            assert {MODEL, "local/smollm2-135m"} <= {
                model.id for model in mistral.models.list().data or () if model.type == "base"
            }
        google = genai.Client(api_key="-", http_options={"base_url": url})
        assert f"models/{MODEL}" in {model.name for model in google.models.list()}
        described = google.models.get(model=MODEL)
        google.close()
        with anthropic.Anthropic(base_url=url, api_key="-") as client:
            assert MODEL in {model.id for model in client.models.list(limit=100)}
        with openai.OpenAI(base_url=f"{url}/v1", api_key="-") as plain:
            assert MODEL in {model.id for model in plain.models.list()}
        local = ollama.Client(host=url)
        assert MODEL in {model.model for model in local.list().models}
        local._client.close()  # it has no close of its own
    assert isinstance(card, BaseModelCard)
    assert (card.max_context_length, card.capabilities.function_calling) == (131072, True)
    assert (described.name, described.input_token_limit) == (f"models/{MODEL}", 131072)


def asked(model: str | None, *headers: str) -> bytes:
    body: dict[str, Any] = {"messages": [{"role": "user", "content": "Name a river"}]}
    return post(CHAT, json.dumps(body | ({"model": model} if model is not None else {})).encode(), *headers)


@pytest.mark.parametrize(
    ("model", "header", "sent"),
    [
        ("gpt-4o-mini", f"x-turnout-model: {MODEL}", [MODEL]),
        (None, f"x-turnout-model: {MODEL}", [MODEL]),
        ("gpt-4o-mini", f"x-turnout-model: {MODEL}, openai/gpt-4o-mini", [MODEL, "openai/gpt-4o-mini"]),
        (f"{MODEL}, openai/gpt-4o-mini", "x: y", [MODEL, "openai/gpt-4o-mini"]),
        ("river", "x: y", [MODEL]),
        ("gpt-4o-mini", "x: y", ["openai/gpt-4o-mini"]),
        ("claude-sonnet-4-5", "x: y", ["anthropic/claude-sonnet-4-5"]),
    ],
    ids=["header", "header alone", "header of two", "list", "alias", "bare name", "another vendor's bare name"],
)
def test_a_model_may_be_named_in_many_ways(tmp_path: Path, model: str | None, header: str, sent: list[str]) -> None:
    (tmp_path / "turnout.toml").write_text('[aliases]\nriver = "groq/llama-3.3-70b-versatile"\n')
    anthropic = HttpResponse(
        status=200,
        body=b'{"id":"msg_1","type":"message","role":"assistant","model":"c","content":[{"type":"text","text":"The Loire"}],'
        b'"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":3,"output_tokens":2}}',
    )
    last = anthropic if sent[-1].startswith("anthropic/") else ANSWER
    script = Script(*[REFUSED] * (len(sent) - 1), last)
    with running(script, TURNOUT_CONFIG_DIR=str(tmp_path)) as (url, gateway):
        status, headers, _ = exchange(url, asked(model, header))
    assert (status, headers["x-turnout-target"], headers["x-turnout-attempts"]) == (200, sent[-1], str(len(sent)))
    record = gateway.records.get(headers["x-request-id"])
    assert record is not None
    assert [str(attempt.target) for attempt in record.attempts] == sent
