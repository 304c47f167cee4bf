"""Requests with schemas on their way to each protocol: what is rewritten, what is refused, what goes as it came."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import msgspec
import pytest

from turnout.adapt.schemas import fit
from turnout.adapt.schemas.rewriting import Rewriting
from turnout.catalog.schema import Provider
from turnout.errors import RequestError, Unsupported
from turnout.rules import Dialect, SchemaRules, dialects
from turnout.types import ChatRequest, Message, Opaque, Origin, ReceiptLine, ResponseFormat, Text, Tool
from turnout.wire import Wire

OPTIONAL: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1}},
    "required": ["city"],
}
FREE: dict[str, Any] = {
    "type": "object",
    "properties": {"scores": {"type": "object", "additionalProperties": {"type": "integer"}}},
}
WIRES = ["openai-chat", "openai-responses", "anthropic-messages", "bedrock-converse", "gemini", "cohere-chat", "ollama"]


def asking(**fields: Any) -> ChatRequest:
    return ChatRequest(model="m", messages=(Message("user", (Text(text="hi"),)),), **fields)


def wire(name: str) -> Wire:
    found: Wire = import_module(f"turnout.wire.{name.replace('-', '_')}").WIRE
    return found


def fitted(request: ChatRequest, rules: SchemaRules, name: str) -> tuple[ChatRequest, Any, list[str]]:
    lines: list[ReceiptLine] = []
    fit_request, checks = fit(request, rules, name, "acme", lines)
    return fit_request, checks, [f"{line.field} {line.fate}" for line in lines]


def test_a_request_without_schemas_is_the_same_object() -> None:
    for request in (asking(), asking(tools=()), asking(response_format=ResponseFormat(kind="json_object"))):
        for rules in (dialects.OPENAI, dialects.ANTHROPIC, SchemaRules()):
            assert fitted(request, rules, "x") == (request, (), [])
            assert fitted(request, rules, "x")[0] is request


@pytest.mark.parametrize("name", WIRES)
def test_a_schema_that_came_from_the_same_protocol_goes_as_it_came(name: str) -> None:
    origin = Origin(name)
    request = asking(
        tools=(Tool(name="look", parameters={"oneOf": [FREE]}, strict=True, origin=origin), Opaque({"type": "x"}, origin=origin)),
        response_format=ResponseFormat(kind="json_schema", schema={"type": "array", "items": {"$ref": "http://x"}}, strict=True),
        origin=origin,
    )
    fit_request, checks, lines = fitted(request, wire(name).schemas, name)
    assert fit_request is request
    assert checks == ()
    assert lines == []


def test_a_tool_that_is_not_strict_goes_whole_and_unchecked() -> None:
    request = asking(tools=(Tool(name="look", parameters=FREE),))
    for rules in (dialects.OPENAI, dialects.ANTHROPIC, dialects.BEDROCK, dialects.GEMINI, dialects.COHERE, dialects.OLLAMA):
        assert fitted(request, rules, "x") == (request, (), [])


def test_a_strict_tool_is_said_in_the_strict_dialect_and_its_nulls_are_remembered() -> None:
    fit_request, (check,), lines = fitted(
        asking(tools=(Tool(name="look", parameters=OPTIONAL, strict=True),)), dialects.OPENAI, "x"
    )
    tool = (fit_request.tools or ())[0]
    assert isinstance(tool, Tool)
    assert tool.strict
    assert tool.parameters == {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": ["integer", "null"], "minimum": 1}},
        "required": ["city", "days"],
        "additionalProperties": False,
    }
    assert check.schema is OPTIONAL
    assert (check.tool, check.nulls, check.relaxed) == ("look", True, False)
    assert lines == ["tools[0].parameters mapped"]


def test_a_strict_tool_that_strict_mode_cannot_say_is_sent_without_it_and_checked() -> None:
    fit_request, (check,), lines = fitted(asking(tools=(Tool(name="look", parameters=FREE, strict=True),)), dialects.OPENAI, "x")
    tool = (fit_request.tools or ())[0]
    assert isinstance(tool, Tool)
    assert tool.strict is None
    assert tool.parameters is FREE
    assert (check.tool, check.relaxed) == ("look", True)
    assert lines == ["tools[0].strict approximated"]


def test_a_strict_tool_where_nothing_holds_a_model_to_it_is_checked() -> None:
    for rules in (dialects.GEMINI, dialects.OLLAMA):
        _, (check,), _ = fitted(asking(tools=(Tool(name="look", parameters=OPTIONAL, strict=True),)), rules, "x")
        assert check.relaxed


def test_cohere_holds_a_model_to_all_tools_or_to_none() -> None:
    strict, loose = Tool(name="a", parameters=OPTIONAL, strict=True), Tool(name="b", parameters=OPTIONAL)
    fit_request, checks, _ = fitted(asking(tools=(strict, loose)), dialects.COHERE, "x")
    assert fit_request.tools == (strict, loose)
    assert [(check.tool, check.relaxed) for check in checks] == [("a", True)]
    fit_request, checks, _ = fitted(asking(tools=(strict,)), dialects.COHERE, "x")
    assert fit_request.tools != (strict,), "days has a bound, which is said in its description"


def test_structured_output_is_said_in_the_dialect_and_checked() -> None:
    request = asking(response_format=ResponseFormat(kind="json_schema", schema=OPTIONAL, name="trip"))
    fit_request, (check,), lines = fitted(request, dialects.ANTHROPIC, "x")
    assert fit_request.response_format == ResponseFormat(
        kind="json_schema",
        name="trip",
        schema={
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer", "description": "(minimum: 1)"}},
            "required": ["city"],
            "additionalProperties": False,
        },
    )
    assert check.schema is OPTIONAL
    assert check.relaxed
    assert lines == ["response_format.schema.days approximated", "response_format.schema mapped"]


def test_what_another_protocol_always_holds_is_asked_for_as_strict() -> None:
    wanted = ResponseFormat(kind="json_schema", schema=OPTIONAL)
    fit_request, _, lines = fitted(asking(response_format=wanted, origin=Origin("gemini")), dialects.OPENAI, "openai-chat")
    assert isinstance(fit_request.response_format, ResponseFormat)
    assert fit_request.response_format.strict is True
    assert lines[0] == "response_format.strict mapped"
    for origin in (None, Origin("openai-responses")):  # where strict is a choice, and it was not made
        request = asking(response_format=wanted, origin=origin)
        assert fitted(request, dialects.OPENAI, "openai-chat")[0] is request


def test_strict_output_that_strict_mode_cannot_say_is_sent_without_it_and_checked() -> None:
    request = asking(response_format=ResponseFormat(kind="json_schema", schema=FREE, strict=True))
    fit_request, (check,), lines = fitted(request, dialects.OPENAI, "x")
    assert fit_request.response_format == ResponseFormat(kind="json_schema", schema=FREE, strict=False)
    assert check.relaxed
    assert lines == ["response_format.strict approximated"]


def test_output_that_a_target_cannot_say_at_all_may_be_asked_of_another() -> None:
    request = asking(response_format=ResponseFormat(kind="json_schema", schema=FREE))
    with pytest.raises(Unsupported, match=r"response_format.schema: an object with names of its own choosing at \.scores"):
        fitted(request, dialects.ANTHROPIC, "x")
    listed = asking(response_format=ResponseFormat(kind="json_schema", schema={"type": "array", "items": {"type": "string"}}))
    with pytest.raises(Unsupported, match="must be an object"):
        fitted(listed, dialects.OPENAI, "x")
    assert fitted(listed, dialects.GEMINI, "x")[0] is listed
    with pytest.raises(Unsupported, match=r"tools\[0\].parameters: the root is of type string"):
        fitted(asking(tools=(Tool(name="a", parameters={"type": "string"}),)), dialects.ANTHROPIC, "x")


def test_a_reference_to_another_document_is_refused_before_anything_is_sent() -> None:
    schema = {"type": "object", "properties": {"a": {"$ref": "https://example.com/a.json"}}}
    with pytest.raises(RequestError, match="nothing is fetched: put it under"):
        fitted(asking(response_format=ResponseFormat(kind="json_schema", schema=schema)), dialects.ANTHROPIC, "x")


# -- every protocol, to its bytes ------------------------------------------------------------------

RICH: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1, "pattern": "^[A-Z]", "description": "Full name"},
        "born": {"type": "string", "format": "date"},
        "score": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        "kind": {"const": "person"},
        "contact": {
            "oneOf": [
                {"type": "object", "properties": {"by": {"const": "mail"}, "address": {"type": "string"}}, "required": ["by"]},
                {"type": "object", "properties": {"by": {"const": "phone"}, "number": {"type": "string"}}, "required": ["by"]},
            ]
        },
        "children": {"type": "array", "items": {"$ref": "#/$defs/Child"}, "maxItems": 9, "uniqueItems": True},
        "partner": {"anyOf": [{"$ref": "#/$defs/Child"}, {"type": "null"}]},
    },
    "required": ["name", "contact"],
    "$defs": {
        "Child": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#/$defs/Child"}}},
            "required": ["name"],
        }
    },
}


@pytest.mark.parametrize("name", WIRES)
@pytest.mark.parametrize("strict", [True, None])
def test_a_rich_schema_reaches_every_protocol_and_the_same_bytes_every_time(name: str, strict: bool | None) -> None:
    target = wire(name)
    provider = Provider(id="acme", name="Acme", wire=name, base_url="https://acme.test")
    request = asking(
        tools=(Tool(name="save", description="Saves.", parameters=RICH, strict=strict),),
        response_format=ResponseFormat(kind="json_schema", schema=RICH, name="person", strict=strict),
    )
    assert target.chat is not None
    bodies = set()
    for _ in range(2):
        fit_request, checks = fit(request, target.schemas, name, provider.id, [])
        bodies.add(target.chat.encode(fit_request, provider, stream=False).http.body)
        assert strict is None or any(check.relaxed for check in checks)
    assert len(bodies) == 1
    assert msgspec.json.decode(bodies.pop())


def sent(dialect: Dialect, schema: dict[str, Any]) -> dict[str, Any]:
    return Rewriting(schema, dialect, "response_format.schema").write()


def test_what_anthropic_is_sent_its_own_package_leaves_as_it_is() -> None:
    from anthropic import transform_schema

    schema = sent(dialects.ANTHROPIC.output, _without(RICH, "pattern"))  # which it moves into the description; the API takes it
    assert _sorted(transform_schema(msgspec.json.decode(msgspec.json.encode(schema)))) == _sorted(schema)


def test_what_openai_is_sent_as_strict_its_own_package_leaves_as_it_is() -> None:
    from openai.lib._pydantic import _ensure_strict_json_schema

    schema = sent(dialects.OPENAI.strict_output or Dialect(), RICH)
    copy = msgspec.json.decode(msgspec.json.encode(schema))
    assert _ensure_strict_json_schema(copy, path=(), root=copy) == schema


def test_what_gemini_is_sent_its_own_types_take() -> None:
    from google.genai.types import FunctionDeclaration, GenerateContentConfig, JSONSchema

    schema = sent(dialects.GEMINI.output, _without(RICH, "uniqueItems", "exclusiveMinimum"))
    JSONSchema.model_validate(schema)
    GenerateContentConfig(response_mime_type="application/json", response_json_schema=schema)
    FunctionDeclaration(name="save", parameters_json_schema=sent(dialects.GEMINI.tools, RICH))


def test_what_ollama_is_sent_its_own_types_take() -> None:
    from ollama import Tool as OllamaTool

    OllamaTool.model_validate({"type": "function", "function": {"name": "save", "parameters": sent(dialects.OLLAMA.tools, RICH)}})


def _without(schema: Any, *keywords: str) -> Any:
    if isinstance(schema, dict):
        return {key: _without(value, *keywords) for key, value in schema.items() if key not in keywords}
    return [_without(value, *keywords) for value in schema] if isinstance(schema, list) else schema


def _sorted(schema: Any) -> str:
    return msgspec.json.encode(schema, order="sorted").decode()
