"""In which way an object is asked for: what each mode sends, which one a target is asked in, and what is refused."""

from __future__ import annotations

import enum
import json
from typing import Any

import pytest
from msgspec.structs import replace
from people import ANNA, KEYS, SAID, Asked, Person, Town, completion, refused

import turnout
from turnout import AsyncClient, Client
from turnout.catalog.schema import Limit, Limits, Model
from turnout.config import Config, ConfigFile
from turnout.errors import ModeError, RequestError, Unsupported
from turnout.registry import ProviderRegistry, Registry
from turnout.structured.modes import MODES, Way, is_mode, ways
from turnout.testing.transport import Script
from turnout.types import HttpResponse, ReasoningConfig, Target
from turnout.wire.openai_chat import WIRE

TOWN = {
    "title": "Town",
    "type": "object",
    "properties": {"name": {"type": "string"}, "people": {"type": "integer", "default": 0}},
    "required": ["name"],
}
TOWN_STRICT = TOWN | {
    "properties": {"name": {"type": "string"}, "people": {"type": ["integer", "null"], "default": 0}},
    "required": ["name", "people"],
    "additionalProperties": False,
}
WISH = "Answer with one JSON object that fits this JSON Schema, and with nothing else:\n"


def names() -> Registry:
    return Registry(environ=KEYS, config=Config())


def sent(model: str, *, answer: HttpResponse | None = None, **options: Any) -> Any:
    """What the provider of ``model`` is sent for a Town."""
    asked = Asked("sync", answer or completion('{"name":"Ulm"}'))
    asked.chat("Where?", model=model, response_model=Town, **options)
    return asked.sent[0]


# -- what each mode sends --------------------------------------------------------------------------


def test_tools_asks_for_the_call_of_one_tool_that_has_the_schema() -> None:
    body = sent("openai/gpt-4", mode="tools")
    (tool,) = body["tools"]
    assert tool["function"] == {"name": "Town", "description": "Takes the answer.", "parameters": TOWN}
    assert body["tool_choice"] == {"type": "function", "function": {"name": "Town"}}
    assert "response_format" not in body


def test_json_schema_asks_for_an_answer_in_the_form_of_the_schema() -> None:
    body = sent("openai/gpt-4o", mode="json_schema")
    assert body["response_format"] == {
        "type": "json_schema",
        "json_schema": {"name": "Town", "schema": TOWN_STRICT, "strict": True},
    }
    assert body["messages"] == [{"role": "user", "content": "Where?"}]


def test_json_object_asks_for_json_and_tells_the_schema() -> None:
    body = sent("deepseek/deepseek-chat", mode="json_object", system="Be brief.")
    assert body["response_format"] == {"type": "json_object"}
    first, second, question = body["messages"]
    assert (first["content"], question["content"]) == ("Be brief.", "Where?")
    assert second["role"] == "system"
    assert json.loads(second["content"].removeprefix(WISH)) == TOWN


def test_text_only_tells_the_schema() -> None:
    body = sent("openai/gpt-4o", mode="text")
    assert json.loads(body["messages"][0]["content"].removeprefix(WISH)) == TOWN
    assert not {"tools", "response_format", "tool_choice"} & body.keys()


def test_a_model_that_thinks_is_asked_to_call_and_not_forced_to() -> None:
    body = sent("openai/gpt-4", mode="tools", reasoning=ReasoningConfig(enabled=True))
    assert body["tool_choice"] == "auto"
    assert body["messages"][0] == {"role": "system", "content": "Give the answer by calling the tool Town, once."}
    assert sent("openai/gpt-4", mode="tools", reasoning=ReasoningConfig(enabled=False))["tool_choice"] != "auto"


@pytest.mark.parametrize(
    ("model", "place"),
    [
        ("anthropic/claude-sonnet-4-5", ("output_config", "format", "schema")),
        ("google/gemini-2.5-flash", ("generationConfig", "responseJsonSchema")),
        ("mistral/mistral-large-latest", ("response_format", "json_schema", "schema")),
        ("cohere/command-a-03-2025", ("response_format", "json_schema")),
        ("ollama/gemma2", ("format",)),
    ],
)
def test_each_protocol_is_told_the_schema_where_it_looks_for_one(model: str, place: tuple[str, ...]) -> None:
    asked = Asked("sync", HttpResponse(status=418, body=b"{}"))
    with pytest.raises(turnout.Error):
        asked.chat("Where?", model=model, response_model=Town, mode="json_schema")
    found = asked.sent[0]
    for step in place:
        found = found[step]
    assert found["properties"]["name"] == {"type": "string"}


# -- which one is asked in ---------------------------------------------------------------------------


def way(model: str, asked: object = None, **known: Any) -> Way:
    (candidate,) = names().plan(model).candidates
    what = known.pop("known", candidate.model)
    return ways(asked, candidate.wire, candidate.provider, what, candidate.target.model, **known)[0]


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("openai/gpt-4o", Way("tools", strict=True)),  # TOOLS, and held to the schema where that is known to be safe
        ("openai/gpt-4", Way("tools")),
        ("anthropic/claude-sonnet-4-5", Way("tools", strict=True)),
        ("anthropic/claude-of-tomorrow", Way("tools")),
        ("perplexity/sonar", Way("json_schema")),
        ("xai/grok-of-tomorrow", Way("json_object")),
        ("ollama/qwen3:4b", Way("tools")),
        ("ollama/gemma2", Way("json_schema")),  # JSON: its own protocol holds every answer to a schema
        ("groq/llama-of-tomorrow", Way("tools")),
        ("bedrock/anthropic.claude-of-tomorrow-v1:0", Way("tools")),
        ("bedrock/amazon.nova-of-tomorrow-v1:0", Way("text")),  # JSON, which that protocol asks for by a schema or not at all
    ],
)
def test_unasked_the_providers_default_for_the_model_counts(model: str, expected: Way) -> None:
    assert way(model) == expected


def test_a_default_that_the_model_lacks_gives_way_to_what_it_is_known_to_take() -> None:
    target = Target("openai", "x")
    no_tools = Model(target=target, lacks=frozenset({"tools"}), supports=frozenset({"structured_output"}))
    assert way("openai/x", known=no_tools) == Way("json_schema", strict=True)
    neither = Model(target=target, lacks=frozenset({"tools", "structured_output"}))
    assert way("openai/x", known=neither) == Way("json_object")
    learned = replace(no_tools, limits=Limits(fields={"response_format": (Limit(only="json_object"),)}))
    assert way("openai/x", known=learned) == Way("json_object")
    assert way("openai/x", "json_schema", known=learned) == Way("json_schema")


def test_a_provider_that_says_no_default_is_asked_in_what_it_is_known_to_take() -> None:
    openai, row = WIRE, names().provider("together")
    assert row.default_mode == ""

    def first(*supports: str) -> Way:
        model = Model(target=Target("together", "x"), supports=frozenset(supports))
        return ways(None, openai, row, model, "x")[0]

    assert first("structured_output", "tools") == Way("json_schema", strict=True)
    assert first("tools") == Way("tools")
    assert first() == Way("json_schema")


def test_a_thinking_model_that_holds_answers_to_a_schema_is_asked_for_one() -> None:
    assert way("anthropic/claude-sonnet-4-5", thinks=True).mode == "json_schema"
    assert way("openai/gpt-4", thinks=True).mode == "tools"


@pytest.mark.parametrize(
    ("asked", "model", "expected"),
    [
        ("TOOLS", "openai/gpt-4", "tools"),
        ("FUNCTIONS", "openai/gpt-4", "tools"),
        ("TOOLS_STRICT", "openai/gpt-4", "tools"),
        ("JSON", "openai/gpt-4", "json_object"),
        ("JSON", "openai/gpt-4o", "json_schema"),
        ("MD_JSON", "openai/gpt-4o", "text"),
        ("ANTHROPIC_TOOLS", "anthropic/claude-sonnet-4-5", "tools"),
        ("ANTHROPIC_JSON", "anthropic/claude-sonnet-4-5", "text"),
        ("GENAI_STRUCTURED_OUTPUTS", "google/gemini-2.5-flash", "json_schema"),
        ("COHERE_JSON_SCHEMA", "cohere/command-a-03-2025", "json_schema"),
        ("MISTRAL_STRUCTURED_OUTPUTS", "mistral/x", "json_schema"),
        ("BEDROCK_JSON", "ollama/x", "json_schema"),
        ("CEREBRAS_JSON", "groq/x", "json_object"),
    ],
)
def test_instructors_names_mean_a_mode_of_ours(asked: str, model: str, expected: str) -> None:
    assert way(model, asked).mode == expected
    assert is_mode(asked)


def test_every_mode_of_a_provider_in_the_catalog_is_known() -> None:
    registry = names()
    rows = [registry.provider(id) for id in registry.provider_ids()]
    modes = {mode for row in rows for mode in (*row.modes, *row.mode_by_model.values(), row.default_mode) if mode}
    assert len(modes) > 20
    assert [mode for mode in sorted(modes) if not is_mode(mode)] == []


# -- what a target refuses ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_mode_that_the_target_refuses_gives_way_to_the_next(kind: str) -> None:
    no = refused("This model does not support response format `json_schema`")
    asked = Asked(kind, no, completion(call=SAID), model="together/of-tomorrow")
    done = asked.chat(response_model=Person)
    assert done.parsed == ANNA
    assert asked.sent[0]["response_format"]["type"] == "json_schema"
    assert "response_format" not in asked.sent[1]
    assert asked.sent[1]["tool_choice"]["function"]["name"] == "Person"
    assert [attempt.error for attempt in done.attempts] == ["RequestError", None]


def test_what_was_learned_of_a_refusal_holds_for_the_next_call() -> None:
    no = refused("Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.")
    script = Script(no, completion(call=SAID), completion(call=SAID))
    with Client(names(), script, model="together/of-tomorrow") as client:
        assert [client.chat("Anna", response_model=Person).parsed for _ in range(2)] == [ANNA, ANNA]
    assert ["tools" in json.loads(request.body) for request in script.sent] == [False, True, True]


def test_a_mode_that_was_asked_for_is_not_exchanged_for_another() -> None:
    asked = Asked("sync", refused("unknown field response_format"), model="together/x")
    with pytest.raises(RequestError, match="response_format"):
        asked.chat(response_model=Person, mode="json_schema")


def test_a_refusal_of_anything_else_is_no_reason_to_ask_in_another_mode() -> None:
    asked = Asked("sync", refused("messages: too many"), model="together/x")
    with pytest.raises(RequestError, match="too many"):
        asked.chat(response_model=Person)


def test_a_strict_translation_is_asked_in_a_way_that_loses_nothing() -> None:
    """OpenAI's strict mode knows no maxLength; a tool that is not strict may say it."""
    asked = Asked("sync", completion(call=SAID), translation="strict")
    assert asked.chat(response_model=Person).parsed == ANNA
    assert asked.sent[0]["tools"][0]["function"]["parameters"]["properties"]["name"] == {"type": "string", "maxLength": 20}
    asked = Asked("sync", translation="strict")
    with pytest.raises(Unsupported, match="maxLength"):
        asked.chat(response_model=Person, mode="TOOLS_STRICT")


# -- asking for one ----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["TOOLZ", "Tools", "json", "", 7])
def test_a_mode_that_nobody_knows_is_refused_with_those_that_are_known(mode: Any) -> None:
    with pytest.raises(ModeError, match="json_schema, tools, json_object, text"):
        turnout.from_provider("groq/x", mode=mode, registry=names())


@pytest.mark.parametrize("kind", [False, True])
def test_a_client_is_made_for_a_mode_and_a_call_may_choose_otherwise(kind: bool) -> None:
    client = turnout.from_provider("groq/x", mode="JSON", registry=names(), async_client=kind)
    assert type(client) is (AsyncClient if kind else Client)
    script = Script(completion(SAID), completion(call=SAID))
    with Client(names(), script, model="groq/x", mode="JSON") as bound:
        assert bound.chat("Anna", response_model=Person).parsed == ANNA
        assert bound.chat("Anna", response_model=Person, mode="tools").parsed == ANNA
    first, second = (json.loads(request.body) for request in script.sent)
    assert (first["response_format"], "tools" in second) == ({"type": "json_object"}, True)


def test_a_member_of_an_enumeration_goes_by_its_name() -> None:
    class Mode(enum.Enum):
        TOOLS = "tool_call"

    body = sent("groq/x", mode=Mode.TOOLS)
    assert [tool["function"]["name"] for tool in body["tools"]] == ["Town"]


def test_clients_of_a_provider_registry_ask_in_the_mode_that_they_were_made_with() -> None:
    made = ProviderRegistry(names())
    for mode, expected in (("JSON", "response_format"), ("json_object", "response_format"), (None, "tools")):
        script = Script(completion(SAID))
        client = made.create_client("groq", model="x", mode=mode, transport=script)
        assert client.chat("Anna", response_model=Person).parsed == ANNA
        assert expected in json.loads(script.sent[0].body)
        with made.create_client("groq", mode=mode, transport=Script(completion(SAID))) as unbound:
            assert unbound.chat("Anna", model="groq/x", response_model=Person).parsed == ANNA


@pytest.mark.parametrize("make", ["from_provider", "create_client", "chat"])
def test_a_json_object_without_its_schema_is_not_asked_of_a_protocol_that_cannot_say_it(make: str) -> None:
    ways: dict[str, Any] = {
        "from_provider": lambda mode: turnout.from_provider("anthropic/claude-x", mode=mode, registry=names()),
        "create_client": lambda mode: ProviderRegistry(names()).create_client("anthropic", model="claude-x", mode=mode),
        "chat": lambda mode: Asked("sync").chat(model="anthropic/claude-x", response_model=Person, mode=mode),
    }
    with pytest.raises(ModeError, match=r"Mode json_object not supported by anthropic\. Supported modes: json_schema, tools"):
        ways[make]("json_object")


def test_our_words_are_no_words_of_a_factory_that_code_registered() -> None:
    registry = ProviderRegistry(names())
    row = registry.get("groq")
    registry.register(row, lambda **given: given, replace=True)
    assert registry.create_client("groq", api_key="k", mode="JSON")["mode"] == "JSON"
    with pytest.raises(ModeError, match=r"Mode json_schema not supported by groq\. Supported modes: TOOLS, JSON"):
        registry.create_client("groq", api_key="k", mode="json_schema")


def test_a_provider_of_a_file_takes_every_mode_of_ours() -> None:
    table = {"corp": {"wire": "openai-chat", "base_url": "https://llm.corp/v1", "auth": "none"}}
    registry = Registry(environ={}, config=Config((ConfigFile("user file", "turnout.toml", {"providers": table}),)))
    for mode in MODES:
        asked = Asked("sync", completion(call=SAID) if mode == "tools" else completion(SAID), registry=registry, model="corp/x")
        assert asked.chat(response_model=Person, mode=mode).parsed == ANNA
