"""Requests built by a person, or understood from another protocol, as Gemini hears them; and Gemini's as others hear them."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from gemini_wire import departures, encode, lines, parse

from turnout.catalog.schema import Provider
from turnout.errors import RequestError, Unsupported
from turnout.types import (
    Audio,
    CacheControl,
    ChatRequest,
    DataSource,
    Document,
    FileSource,
    Image,
    Message,
    Opaque,
    Origin,
    Part,
    Reasoning,
    ReasoningConfig,
    Refusal,
    ResponseFormat,
    Text,
    TextSource,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    UrlSource,
)
from turnout.wire import Wire
from turnout.wire.anthropic_messages import WIRE as ANTHROPIC
from turnout.wire.openai_chat import WIRE as OPENAI

OTHER = Origin("openai-chat", "other")
HELLO = Message("user", (Text("Hello"),))
LOOK = Tool(
    name="look", parameters={"$defs": {"x": {"type": "string"}}, "type": "object", "properties": {"a": {"$ref": "#/$defs/x"}}}
)


def ask(*messages: Message, model: str = "gemini-2.5-flash", **fields: Any) -> ChatRequest:
    return ChatRequest(model=model, messages=messages or (HELLO,), **fields)


def user(*parts: Part) -> Message:
    return Message("user", parts)


def assistant(*parts: Part) -> Message:
    return Message("assistant", parts)


def contents(*messages: Message, **fields: Any) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = encode(ask(*messages, **fields))["contents"]
    return said


def understood(wire: Wire, body: dict[str, Any]) -> ChatRequest:
    assert wire.server is not None
    request, _ = wire.server.parse(json.dumps(body).encode())
    return request


# -- system and turns ------------------------------------------------------------------------------


def test_system_messages_become_one_instruction_and_a_late_one_is_approximated() -> None:
    request = ask(Message("system", (Text("A"),)), HELLO, Message("developer", (Text("B"),)))
    body = encode(request)
    assert body["systemInstruction"] == {"parts": [{"text": "A"}, {"text": "B"}]}
    assert body["contents"] == [{"role": "user", "parts": [{"text": "Hello"}]}]
    assert departures(request) == {"messages[0]": "mapped", "messages[2]": "approximated"}


def test_a_system_message_alone_is_said_by_the_user() -> None:
    request = ask(Message("system", (Text("A"),)))
    body = encode(request)
    assert body["contents"] == [{"role": "user", "parts": [{"text": "A"}]}]
    assert "systemInstruction" not in body
    assert departures(request)["messages"] == "approximated"


def test_results_of_parallel_calls_stand_in_one_content_and_know_their_functions() -> None:
    body = {
        "model": "m",
        "messages": [
            {"role": "user", "content": "Look"},
            {
                "role": "assistant",
                "content": "I look.",
                "tool_calls": [
                    {"id": "a", "type": "function", "function": {"name": "look", "arguments": '{"at": "sky"}'}},
                    {"id": "b", "type": "function", "function": {"name": "hear", "arguments": ""}},
                ],
            },
            {"role": "tool", "tool_call_id": "a", "content": "blue"},
            {"role": "tool", "tool_call_id": "b", "content": "wind"},
            {"role": "user", "content": "And?"},
        ],
    }
    said = encode(understood(OPENAI, body))["contents"]
    assert [content["role"] for content in said] == ["user", "model", "user", "user"]
    assert said[1]["parts"][0] == {"text": "I look."}
    assert [part["functionCall"]["args"] for part in said[1]["parts"][1:]] == [{"at": "sky"}, {}]
    assert said[2]["parts"] == [
        {"functionResponse": {"id": "a", "name": "look", "response": {"output": "blue"}}},
        {"functionResponse": {"id": "b", "name": "hear", "response": {"output": "wind"}}},
    ]
    assert said[3] == {"role": "user", "parts": [{"text": "And?"}]}


def test_results_come_before_what_the_user_says_with_them_and_errors_are_told() -> None:
    body = {
        "model": "m",
        "max_tokens": 9,
        "messages": [
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "see", "input": {"a": 1}}]},
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "t1", "is_error": True, "content": [{"type": "text", "text": "no"}]},
                    {"type": "text", "text": "Well?"},
                ],
            },
        ],
    }
    said = encode(understood(ANTHROPIC, body))["contents"]
    assert said[1]["parts"] == [{"functionResponse": {"id": "t1", "name": "see", "response": {"error": "no"}}}]
    assert said[2]["parts"] == [{"text": "Well?"}]


def test_calls_of_two_messages_stand_in_one_content_so_that_the_results_are_as_many() -> None:
    said = contents(
        assistant(ToolCall("a", "look", "{}")),
        assistant(ToolCall("b", "hear", "{}")),
        user(ToolResult("a", (Text("x"),)), ToolResult("b", (Text("y"),))),
    )
    assert [len(content["parts"]) for content in said] == [2, 2]


def test_an_image_in_a_result_goes_beside_its_response() -> None:
    result = ToolResult("a", (Text("see"), Image(DataSource("AAAA", "image/png"))), name="look")
    (content,) = contents(user(result))
    assert content["parts"][0]["functionResponse"] == {
        "id": "a",
        "name": "look",
        "response": {"output": "see"},
        "parts": [{"inlineData": {"mimeType": "image/png", "data": "AAAA"}}],
    }


def test_a_result_of_a_call_that_was_never_made_is_told_to_be_one() -> None:
    assert departures(ask(user(ToolResult("zz", (Text("x"),)))))["messages[0].parts[0].name"] == "approximated"


def test_a_tool_message_without_a_result_is_refused() -> None:
    with pytest.raises(RequestError):
        encode(ask(Message("tool", (Text("x"),))))


@pytest.mark.parametrize(("text", "args"), [("", {}), ("{}", {}), ("[1]", {"input": "[1]"}), ("{bad", {"input": "{bad"})])
def test_arguments_are_always_an_object(text: str, args: dict[str, Any]) -> None:
    assert contents(assistant(ToolCall("a", "look", text)))[0]["parts"][0]["functionCall"]["args"] == args


def test_empty_texts_are_not_sent() -> None:
    assert contents(user(Text(""), Text("x")), assistant(Text(""))) == [{"role": "user", "parts": [{"text": "x"}]}]


# -- custody ---------------------------------------------------------------------------------------


def test_what_belongs_to_another_provider_never_travels() -> None:
    request = ask(
        HELLO,
        Message(
            "assistant",
            (
                Reasoning("secret thought", "c2ln", origin=OTHER),
                Opaque({"type": "server_tool"}, origin=OTHER),
                ToolCall("a", "look", "{}", extra={"signature": "sealed"}, origin=OTHER),
            ),
            extra={"annotations": ["noted"]},
            origin=OTHER,
        ),
        extra={"web_search_options": {"x": 1}},
        origin=OTHER,
    )
    body = json.dumps(encode(request))
    for word in ("secret", "c2ln", "server_tool", "sealed", "noted", "web_search_options"):
        assert word not in body
    assert set(departures(request).values()) == {"dropped"}
    assert all(line.reason for line in lines(request))


@pytest.mark.parametrize(("model", "marked"), [("gemini-3-pro", True), ("gemini-flash-latest", True), ("gemini-2.5-pro", False)])
def test_a_call_that_gemini_did_not_make_is_marked_so_where_a_signature_is_asked_for(model: str, marked: bool) -> None:
    calls = assistant(ToolCall("a", "look", "{}"), ToolCall("b", "look", "{}"))
    first, second = contents(HELLO, calls, model=model)[1]["parts"]
    assert ("thoughtSignature" in first) is marked
    assert "thoughtSignature" not in second


# -- tools, form, parameters -----------------------------------------------------------------------


def test_a_json_schema_goes_whole() -> None:
    assert encode(ask(tools=(LOOK,)))["tools"] == [
        {"functionDeclarations": [{"name": "look", "parametersJsonSchema": LOOK.parameters}]}
    ]


@pytest.mark.parametrize(
    ("choice", "config"),
    [
        (ToolChoice("auto"), {"mode": "AUTO"}),
        (ToolChoice("none"), {"mode": "NONE"}),
        (ToolChoice("required"), {"mode": "ANY"}),
        (ToolChoice("named", "look"), {"mode": "ANY", "allowedFunctionNames": ["look"]}),
    ],
)
def test_every_choice_of_tools_has_its_words(choice: ToolChoice, config: dict[str, Any]) -> None:
    assert encode(ask(tools=(LOOK,), tool_choice=choice))["toolConfig"] == {"functionCallingConfig": config}


def test_a_choice_without_tools_is_not_sent() -> None:
    request = ask(tools=(Opaque({"type": "web_search"}, origin=OTHER),), tool_choice=ToolChoice("auto"), origin=OTHER)
    assert encode(request).keys() == {"contents"}
    assert departures(request) == {"tools[0]": "dropped", "tool_choice": "dropped"}


@pytest.mark.parametrize(
    ("form", "config"),
    [
        (ResponseFormat(kind="text"), None),
        (ResponseFormat(kind="json_object"), {"responseMimeType": "application/json"}),
        (
            ResponseFormat(kind="json_schema", schema={"type": "object", "additionalProperties": False}, name="x"),
            {"responseMimeType": "application/json", "responseJsonSchema": {"type": "object", "additionalProperties": False}},
        ),
    ],
)
def test_every_form_of_answer_has_its_words(form: ResponseFormat, config: dict[str, Any] | None) -> None:
    assert encode(ask(response_format=form)).get("generationConfig") == config


@pytest.mark.parametrize(
    ("model", "wanted", "config"),
    [
        ("gemini-2.5-flash", ReasoningConfig(effort="low"), {"thinkingBudget": 1024, "includeThoughts": True}),
        ("gemini-2.5-flash", ReasoningConfig(effort="none"), {"thinkingBudget": 0}),
        ("gemini-2.5-flash", ReasoningConfig(enabled=False), {"thinkingBudget": 0}),
        ("gemini-2.5-flash", ReasoningConfig(enabled=True, budget_tokens=99), {"thinkingBudget": 99, "includeThoughts": True}),
        ("gemini-3-pro", ReasoningConfig(effort="high"), {"thinkingLevel": "high", "includeThoughts": True}),
        ("gemini-3-pro", ReasoningConfig(effort="xhigh"), {"thinkingLevel": "high", "includeThoughts": True}),
        ("gemini-3-pro", ReasoningConfig(enabled=False), {"thinkingLevel": "minimal"}),
        ("gemini-3-pro", ReasoningConfig(enabled=True, budget_tokens=99), {"thinkingBudget": 99, "includeThoughts": True}),
        ("gemini-3-pro", ReasoningConfig(enabled=True), {"includeThoughts": True}),
    ],
)
def test_how_much_to_think_is_said_as_the_model_wants_it(model: str, wanted: ReasoningConfig, config: dict[str, Any]) -> None:
    assert encode(ask(model=model, reasoning=wanted, origin=OTHER))["generationConfig"]["thinkingConfig"] == config


def test_parameters_go_under_their_names() -> None:
    request = ask(
        max_output_tokens=9, temperature=0.5, top_p=0.9, top_k=4, stop=("x",), seed=7, n=2, logprobs=True, top_logprobs=3,
        frequency_penalty=0.1, presence_penalty=0.2, service_tier="priority",
    )  # fmt: skip
    body = encode(request)
    assert body["generationConfig"] == {
        "maxOutputTokens": 9,
        "temperature": 0.5,
        "topP": 0.9,
        "topK": 4,
        "stopSequences": ["x"],
        "seed": 7,
        "candidateCount": 2,
        "responseLogprobs": True,
        "logprobs": 3,
        "frequencyPenalty": 0.1,
        "presencePenalty": 0.2,
    }
    assert body["serviceTier"] == "priority"
    assert departures(request) == {}


def test_what_the_protocol_cannot_say_gets_a_line_with_a_reason() -> None:
    marked = Text("x", cache_control=CacheControl())
    strict = Tool(name="f", strict=True, cache_control=CacheControl())
    request = ask(user(marked), tools=(strict,), parallel_tool_calls=False, user="me", service_tier="scale", origin=OTHER)
    assert departures(request) == {
        "messages[0].parts[0].cache_control": "dropped",
        "tools[0].strict": "dropped",
        "tools[0].cache_control": "dropped",
        "service_tier": "dropped",
        "parallel_tool_calls": "dropped",
        "user": "dropped",
    }
    assert all(line.reason for line in lines(request))


def test_fields_of_a_person_who_names_no_protocol_are_sent_as_they_are() -> None:
    body = encode(ask(max_output_tokens=9, extra={"safetySettings": [], "generationConfig": {"mediaResolution": "LOW"}}))
    assert body["safetySettings"] == []
    assert body["generationConfig"] == {"maxOutputTokens": 9, "mediaResolution": "LOW"}


# -- media -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (Image(DataSource("iVBORw0KGgoAAA")), {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgoAAA"}}),
        (
            Image(UrlSource("https://a.test/x.webp?y")),
            {"fileData": {"mimeType": "image/webp", "fileUri": "https://a.test/x.webp?y"}},
        ),
        (Audio(DataSource("AAAA"), format="mp3"), {"inlineData": {"mimeType": "audio/mp3", "data": "AAAA"}}),
        (Document(DataSource("JVBERi0xAAA")), {"inlineData": {"mimeType": "application/pdf", "data": "JVBERi0xAAA"}}),
        (
            Document(TextSource("plain")),
            {"inlineData": {"mimeType": "text/plain", "data": base64.b64encode(b"plain").decode()}},
        ),
        (Audio(FileSource("audio_1"), transcript="as said", origin=OTHER), {"text": "as said"}),
        (Refusal("No."), {"text": "No."}),
    ],
)
def test_media_says_what_it_is(part: Part, said: dict[str, Any]) -> None:
    assert contents(user(part)) == [{"role": "user", "parts": [said]}]


def test_a_type_that_had_to_be_guessed_is_told() -> None:
    request = ask(user(Image(UrlSource("https://a.test/image"))))
    assert encode(request)["contents"][0]["parts"][0]["fileData"]["mimeType"] == "image/jpeg"
    assert departures(request) == {"messages[0].parts[0]": "approximated"}


def test_a_file_that_another_provider_holds_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(Unsupported, match="another provider holds"):
        encode(ask(user(Document(FileSource("file_1"), origin=OTHER))))


# -- to the other wires ----------------------------------------------------------------------------

GEMINI_ASKS = {
    "systemInstruction": {"role": "user", "parts": [{"text": "Be brief."}]},
    "contents": [
        {"role": "user", "parts": [{"text": "Look"}, {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}]},
        {
            "role": "model",
            "parts": [
                {"text": "hidden", "thought": True, "thoughtSignature": "c2ln"},
                {"text": "I look."},
                {"functionCall": {"name": "look", "args": {"at": "sky"}}, "thoughtSignature": "Y2FsbA=="},
            ],
        },
        {"role": "user", "parts": [{"functionResponse": {"name": "look", "response": {"result": "blue"}}}]},
    ],
    "tools": [
        {"functionDeclarations": [{"name": "look", "parameters": {"type": "OBJECT", "properties": {"at": {"type": "STRING"}}}}]}
    ],
    "toolConfig": {"functionCallingConfig": {"mode": "ANY"}},
    "generationConfig": {"maxOutputTokens": 9, "temperature": 0.5},
}


def said_to(wire: Wire, body: dict[str, Any]) -> dict[str, Any]:
    assert wire.chat is not None
    provider = Provider(id="other", name="Other", wire=wire.name, base_url="https://other.test")
    said: dict[str, Any] = json.loads(wire.chat.encode(parse(body), provider, stream=False).http.body)
    return said


@pytest.mark.parametrize("wire", [OPENAI, ANTHROPIC], ids=lambda wire: wire.name)
def test_signatures_and_thoughts_stay_behind(wire: Wire) -> None:
    body = json.dumps(said_to(wire, GEMINI_ASKS))
    for word in ("c2ln", "Y2FsbA", "hidden"):
        assert word not in body


def test_a_conversation_goes_to_openai() -> None:
    body = said_to(OPENAI, GEMINI_ASKS)
    system, question, call, result = body["messages"]
    assert system == {"role": "system", "content": "Be brief."}
    assert question["content"][1]["image_url"]["url"] == "data:image/png;base64,AAAA"
    assert call["tool_calls"][0]["function"] == {"name": "look", "arguments": '{"at":"sky"}'}
    assert result["tool_call_id"] == call["tool_calls"][0]["id"] != ""
    assert result["content"] == "blue"
    assert body["tools"][0]["function"]["parameters"] == {"type": "object", "properties": {"at": {"type": "string"}}}
    assert (body["tool_choice"], body["temperature"]) == ("required", 0.5)


def test_a_conversation_goes_to_anthropic() -> None:
    body = said_to(ANTHROPIC, GEMINI_ASKS)
    assert body["system"] == "Be brief."
    call = next(block for block in body["messages"][1]["content"] if block["type"] == "tool_use")
    assert call["input"] == {"at": "sky"}
    assert body["messages"][2]["content"][0]["tool_use_id"] == call["id"]
    assert body["tools"][0]["input_schema"] == {"type": "object", "properties": {"at": {"type": "string"}}}
    assert body["tool_choice"] == {"type": "any"}
