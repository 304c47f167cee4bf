"""Requests built by a person, or understood from another protocol, as this one hears them; and this one's in theirs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cohere_wire import (
    ACME,
    CODEC,
    TARGET,
    WIRES,
    answer,
    called,
    cited,
    content,
    decode,
    departures,
    encode,
    end,
    events,
    lines,
    parse,
    planned,
    said,
    start,
)

from turnout.catalog.schema import Provider
from turnout.errors import Unsupported
from turnout.events import fold
from turnout.types import (
    Audio,
    CacheControl,
    ChatRequest,
    Citation,
    DataSource,
    Document,
    FileSource,
    HttpResponse,
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
    Video,
)

OPENAI = Origin("openai-chat", "other")
HELLO = Message("user", (Text("Hello"),))
LOOK, SEE = Tool(name="look", parameters={"type": "object"}), Tool(name="see")
PNG = DataSource("iVBORw0KGgo=", "image/png")


def ask(*messages: Message, **fields: Any) -> ChatRequest:
    return ChatRequest(model="command", messages=messages or (HELLO,), **fields)


def user(*parts: Part) -> Message:
    return Message("user", parts)


def assistant(*parts: Part) -> Message:
    return Message("assistant", parts)


def turns(*messages: Message) -> list[dict[str, Any]]:
    written: list[dict[str, Any]] = encode(ask(*messages))["messages"]
    return written


def test_a_persons_request_is_sent_under_its_names() -> None:
    request = ask(
        max_output_tokens=9,
        temperature=0.5,
        top_p=0.9,
        top_k=3,
        seed=1,
        stop=("x",),
        frequency_penalty=0.1,
        presence_penalty=0.2,
        logprobs=True,
        extra={"safety_mode": "STRICT"},
    )
    assert encode(request) == {
        "model": "command",
        "messages": [{"role": "user", "content": "Hello"}],
        "max_tokens": 9,
        "temperature": 0.5,
        "p": 0.9,
        "k": 3,
        "seed": 1,
        "frequency_penalty": 0.1,
        "presence_penalty": 0.2,
        "logprobs": True,
        "stop_sequences": ["x"],
        "safety_mode": "STRICT",
    }
    assert departures(request) == {}
    assert encode(request, stream=True)["stream"] is True


def test_the_same_request_gives_the_same_bytes() -> None:
    request = ask(tools=(LOOK, SEE), temperature=0, reasoning=ReasoningConfig(budget_tokens=5))
    assert CODEC.encode(request, ACME, stream=True) == CODEC.encode(request, ACME, stream=True)


@pytest.mark.parametrize(
    ("field", "value", "theirs", "sent"),
    [
        ("top_p", 1, "p", 0.99),
        ("top_p", 0, "p", 0.01),
        ("top_k", 900, "k", 500),
        ("frequency_penalty", -2.0, "frequency_penalty", 0),
        ("presence_penalty", 1.5, "presence_penalty", 1),
    ],
)
def test_a_value_beyond_its_bounds_is_sent_as_the_nearest_and_that_is_told(
    field: str, value: Any, theirs: str, sent: Any
) -> None:
    request = ask(**{field: value})
    assert encode(request)[theirs] == sent
    assert departures(request) == {field: "approximated"}


def test_more_stop_sequences_than_it_takes() -> None:
    request = ask(stop=tuple("abcdefg"))
    assert encode(request)["stop_sequences"] == list("abcde")
    assert departures(request) == {"stop": "approximated"}


# -- media -----------------------------------------------------------------------------------------


def test_images_go_by_url_or_as_data() -> None:
    message = user(Text("what"), Image(PNG, "low"), Image(UrlSource("https://h/a.png")), Text("?"))
    assert turns(message)[0]["content"] == [
        {"type": "text", "text": "what"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low"}},
        {"type": "image_url", "image_url": {"url": "https://h/a.png"}},
        {"type": "text", "text": "?"},
    ]
    assert departures(ask(message)) == {}


@pytest.mark.parametrize(
    "part",
    [
        Image(FileSource("file_1")),
        Audio(DataSource("AAAA"), format="wav"),
        Video(UrlSource("https://h/v.mp4")),
        Document(DataSource("JVBERi", "application/pdf")),
        Document(UrlSource("https://h/a.pdf")),
    ],
    ids=lambda part: type(part).__name__,
)
def test_media_it_cannot_take_are_refused_before_anything_is_sent(part: Any) -> None:
    with pytest.raises(Unsupported, match=r"messages\[0\].parts\[0\]: Cohere takes no such"):
        encode(ask(user(part)))


@pytest.mark.parametrize(
    "message", [Message("tool", (ToolResult("c", (Image(PNG),)),)), assistant(Image(PNG))], ids=["result", "assistant"]
)
def test_images_are_the_users_alone(message: Message) -> None:
    with pytest.raises(Unsupported, match=r"messages\[0\].*Cohere takes no"):
        encode(ask(message))


def test_a_users_document_of_text_is_cited_from() -> None:
    request = ask(user(Document(TextSource("words"), title="T", citations=True), Text("sum up")))
    body = encode(request)
    assert body["documents"] == [{"data": {"title": "T", "text": "words"}}]
    assert body["messages"] == [{"role": "user", "content": "sum up"}]
    assert departures(request) == {"messages[0].document": "mapped"}


# -- tools -----------------------------------------------------------------------------------------


def test_text_beside_calls_is_the_plan_and_results_are_bound_by_id() -> None:
    request = ask(
        assistant(Text("I look"), ToolCall("c/1", "look", '{"a": 1.0}'), ToolCall("c2", "see", "")),
        Message("tool", (ToolResult("c2", (Text("two"),)),)),
        user(ToolResult("c/1", (Text("one"), Document(TextSource("words"), title="T")), is_error=True), Text("go on")),
    )
    assert encode(request)["messages"] == [
        {
            "role": "assistant",
            "tool_calls": [
                {"id": "c/1", "type": "function", "function": {"name": "look", "arguments": '{"a": 1.0}'}},
                {"id": "c2", "type": "function", "function": {"name": "see", "arguments": "{}"}},
            ],
            "tool_plan": "I look",
        },
        {"role": "tool", "tool_call_id": "c2", "content": "two"},
        {
            "role": "tool",
            "tool_call_id": "c/1",
            "content": [
                {"type": "text", "text": "one"},
                {"type": "document", "document": {"data": {"title": "T", "text": "words"}}},
            ],
        },
        {"role": "user", "content": "go on"},
    ]
    assert departures(request) == {"messages[0].parts[0]": "mapped", "messages[2].is_error": "approximated"}


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        (ToolCall("c", "f", '{"a": tru'), {"INVALID_JSON": '{"a": tru'}),
        (ToolCall("c", "f", "[1]"), {"INVALID_JSON": "[1]"}),
        (ToolCall("c", "f", "free text", custom=True), {"input": "free text"}),
    ],
)
def test_arguments_that_are_no_object_travel_inside_one(call: ToolCall, arguments: dict[str, Any]) -> None:
    assert json.loads(turns(assistant(call))[0]["tool_calls"][0]["function"]["arguments"]) == arguments
    assert departures(ask(assistant(call))) == {"messages[0].parts[0].arguments": "approximated"}


@pytest.mark.parametrize(
    ("choice", "names", "told", "fate"),
    [
        (ToolChoice("auto"), ["look", "see"], None, None),
        (ToolChoice("none"), ["look", "see"], "NONE", None),
        (ToolChoice("required"), ["look", "see"], "REQUIRED", None),
        (ToolChoice("named", "see"), ["see"], "REQUIRED", "mapped"),
        (Opaque({"type": "allowed_tools"}, origin=OPENAI), ["look", "see"], None, "dropped"),
    ],
)
def test_the_choice_of_tools(choice: Any, names: list[str], told: str | None, fate: str | None) -> None:
    request = ask(tools=(LOOK, SEE), tool_choice=choice)
    body = encode(request)
    assert [tool["function"]["name"] for tool in body["tools"]] == names
    assert body.get("tool_choice") == told
    assert departures(request).get("tool_choice") == fate


def test_a_choice_without_a_tool_is_not_sent() -> None:
    request = ask(tools=(Opaque({"type": "web_search"}, origin=OPENAI),), tool_choice=ToolChoice("required"))
    assert encode(request).keys() == {"model", "messages"}
    assert departures(request) == {"tools[web_search]": "dropped", "tool_choice": "dropped"}


@pytest.mark.parametrize(
    ("strict", "sent", "departed"),
    [
        ((True, True), True, {}),
        ((True, None), None, {"tools[a].strict": "dropped"}),
        ((False, False), None, {}),
        ((None, None), None, {}),
    ],
)
def test_tools_are_strict_together_or_not_at_all(strict: Any, sent: bool | None, departed: dict[str, str]) -> None:
    tools = tuple(Tool(name=name, parameters={"type": "object"}, strict=it) for name, it in zip("ab", strict, strict=True))
    assert encode(ask(tools=tools)).get("strict_tools") == sent
    assert departures(ask(tools=tools)) == departed


# -- what else it can and cannot say -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "thinking", "departed"),
    [
        (ReasoningConfig(enabled=True), {"type": "enabled"}, {}),
        (ReasoningConfig(enabled=False, budget_tokens=5), {"type": "disabled"}, {}),
        (ReasoningConfig(effort="none"), {"type": "disabled"}, {}),
        (ReasoningConfig(budget_tokens=2000), {"type": "enabled", "token_budget": 2000}, {}),
        (ReasoningConfig(effort="high"), {"type": "enabled"}, {"reasoning.effort": "approximated"}),
        (ReasoningConfig(), None, {}),
    ],
)
def test_how_much_to_think(wanted: ReasoningConfig, thinking: Any, departed: dict[str, str]) -> None:
    assert encode(ask(reasoning=wanted)).get("thinking") == thinking
    assert departures(ask(reasoning=wanted)) == departed


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (ResponseFormat(kind="text"), {"type": "text"}),
        (ResponseFormat(kind="json_object"), {"type": "json_object"}),
        (ResponseFormat(kind="json_schema", schema={"a": 1}, name="n"), {"type": "json_object", "json_schema": {"a": 1}}),
    ],
)
def test_the_form_of_the_answer(wanted: ResponseFormat, told: Any) -> None:
    assert encode(ask(response_format=wanted))["response_format"] == told


def test_what_has_no_place_is_dropped_with_a_reason() -> None:
    request = ask(
        Message("developer", (Text("be brief", cache_control=CacheControl()),), name="boss"),
        user(Text("x", (Citation(url="https://a"),), extra={"novel": 1}, origin=OPENAI), Image(PNG, "original")),
        tools=(Tool(name="f", cache_control=CacheControl()),),
        parallel_tool_calls=False,
        n=2,
        user="u",
        service_tier="flex",
        top_logprobs=3,
        extra={"logit_bias": {}},
        origin=OPENAI,
    )
    assert departures(request) == {
        "messages[0].parts[0].cache_control": "dropped",
        "messages[0].name": "dropped",
        "messages[0].role": "mapped",
        "messages[1].parts[0].citations": "dropped",
        "messages[1].parts[0].extra": "dropped",
        "messages[1].parts[1].detail": "dropped",
        "tools[f].cache_control": "dropped",
        "parallel_tool_calls": "dropped",
        "n": "dropped",
        "user": "dropped",
        "service_tier": "dropped",
        "top_logprobs": "dropped",
        "extra.logit_bias": "dropped",
    }
    assert all(len(line.reason.split()) > 3 for line in lines(request))


# -- custody ---------------------------------------------------------------------------------------


def test_thinking_goes_back_to_its_own_provider_and_to_no_other() -> None:
    own, other = Origin("cohere-chat", "acme"), Origin("cohere-chat", "elsewhere")
    for origin, told in ((own, True), (Origin("cohere-chat"), True), (other, False), (OPENAI, False)):
        message = Message("assistant", (Reasoning("hm", "sig", origin=origin), Text("x")), origin=origin)
        assert ({"type": "thinking", "thinking": "hm"} in list(turns(message)[0]["content"])) is told
        assert departures(ask(message)) == ({} if told else {"messages[0].parts[0]": "dropped"})


def test_a_turn_of_which_nothing_is_left_is_not_said() -> None:
    foreign = Message("assistant", (Reasoning("hm", origin=OPENAI), Opaque({"type": "odd"}, origin=OPENAI)), origin=OPENAI)
    assert turns(HELLO, foreign, HELLO) == [{"role": "user", "content": "Hello"}] * 2


def test_extras_opaque_blocks_and_citations_of_another_provider_never_travel() -> None:
    elsewhere = Origin("cohere-chat", "elsewhere")
    parts = (
        Text("x", (Citation(extra={"secret": 1}),), extra={"secret": 1}, origin=elsewhere),
        ToolCall("c", "f", "{}", extra={"secret": 1}, origin=elsewhere),
        Opaque({"secret": 1}, slot="tool_calls", origin=elsewhere),
    )
    message = Message("assistant", parts, extra={"secret": 1}, origin=elsewhere)
    assert "secret" not in json.dumps(turns(message))


def test_an_answer_goes_back_to_its_provider_as_it_came() -> None:
    body = answer(
        {
            "content": [{"type": "thinking", "thinking": "hm"}],
            "tool_plan": "plan",
            "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
        }
    )
    assert turns(decode(body).message) == [body["message"]]


def test_a_refusal_is_said_as_text() -> None:
    assert turns(assistant(Refusal("no")))[0]["content"] == "no"


# -- from and to the other protocols -----------------------------------------------------------------


def heard(wire: str, body: dict[str, Any]) -> dict[str, Any]:
    """What a provider of this protocol hears of a request in another."""
    server = WIRES.get(wire).server
    assert server is not None
    request, stream = server.parse(json.dumps(body, separators=(",", ":")).encode())
    return encode(request, stream=stream)


CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
FUNCTION = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
HEARD = {
    "model": "command",
    "messages": [
        {"role": "system", "content": "sys"},
        {"role": "user", "content": [{"type": "text", "text": "what"}, IMAGE]},
        {"role": "assistant", "tool_calls": [CALL], "tool_plan": "I look"},
        {"role": "tool", "tool_call_id": "c1", "content": "one"},
    ],
    "tools": [FUNCTION],
    "tool_choice": "REQUIRED",
    "max_tokens": 9,
    "temperature": 0.5,
    "stream": True,
}


def test_a_caller_of_openai_chat_is_heard() -> None:
    body = {
        "model": "command",
        "messages": [
            {"role": "system", "content": "sys"},
            {"role": "user", "content": [{"type": "text", "text": "what"}, IMAGE]},
            {"role": "assistant", "content": "I look", "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "c1", "content": "one"},
        ],
        "tools": [FUNCTION],
        "tool_choice": "required",
        "max_completion_tokens": 9,
        "temperature": 0.5,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    assert heard("openai-chat", body) == HEARD


def test_a_caller_of_anthropic_messages_is_heard() -> None:
    image = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
    body = {
        "model": "command",
        "max_tokens": 9,
        "system": "sys",
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "what"}, {"type": "image", "source": image}]},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "sig"},
                    {"type": "text", "text": "I look"},
                    {"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}},
                ],
            },
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "one"}]},
        ],
        "tools": [{"name": "f", "input_schema": {"type": "object"}}],
        "tool_choice": {"type": "any"},
        "temperature": 0.5,
        "stream": True,
    }
    assert heard("anthropic-messages", body) == HEARD


def told(wire: str, request: ChatRequest) -> dict[str, Any]:
    codec = WIRES.get(wire).chat
    assert codec is not None
    provider = Provider(id="o", name="O", wire=wire, base_url="https://o.test/v1")
    body: dict[str, Any] = json.loads(codec.encode(request, provider, stream=False).http.body)
    return body


ASKED = parse(
    {
        "model": "command",
        "messages": [
            {"role": "system", "content": "sys"},
            {"role": "user", "content": [{"type": "text", "text": "what"}, IMAGE]},
            {"role": "assistant", "tool_plan": "I look", "tool_calls": [CALL]},
            {"role": "tool", "tool_call_id": "c1", "content": [{"type": "document", "document": {"data": {"text": "one"}}}]},
            {"role": "user", "content": "and now?"},
        ],
        "documents": [{"id": "d", "data": {"text": "facts"}}],
        "tools": [FUNCTION],
        "strict_tools": True,
        "max_tokens": 9,
        "p": 0.5,
    }
)


def test_a_caller_of_this_protocol_is_heard_by_openai_chat() -> None:
    body = told("openai-chat", ASKED)
    assert [message["role"] for message in body["messages"]] == ["system", "user", "assistant", "tool", "user"]
    assert body["messages"][2] == {"role": "assistant", "content": "I look", "tool_calls": [CALL]}
    assert '{"text":"one"}' in json.dumps(body["messages"][3]).replace("\\", "")
    assert '{"text":"facts"}' in json.dumps(body["messages"][4]).replace("\\", "")
    assert (body["top_p"], body["tools"][0]["function"]["strict"]) == (0.5, True)


def test_a_caller_of_this_protocol_is_heard_by_anthropic_messages() -> None:
    body = told("anthropic-messages", ASKED)
    assert body["system"] == "sys"
    assert body["messages"][1]["content"][0] == {"type": "text", "text": "I look"}
    assert body["messages"][1]["content"][1] == {"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}}
    result, document, question = body["messages"][2]["content"]
    assert (result["type"], result["tool_use_id"]) == ("tool_result", "c1")
    assert result["content"][0]["source"]["data"] == '{"text":"one"}'
    assert document["source"]["data"] == '{"text":"facts"}'
    assert question == {"type": "text", "text": "and now?"}


STREAM = (
    start()
    + content(0, "hm", kind="thinking")
    + content(1, "Hi")
    + cited(
        0, start=0, end=2, text="Hi", sources=[{"type": "document", "id": "d", "document": {"url": "https://a"}}], content_index=1
    )
    + planned(" I ", "look")
    + called(0, "c1", '{"a":', "0}")
    + called(1, "c2", '{"a":1}')
    + end("TOOL_CALL")
)


@pytest.mark.parametrize("wire", ["openai-chat", "anthropic-messages"])
def test_an_answer_of_this_protocol_reaches_a_caller_of_another_whole_and_in_a_stream(wire: str) -> None:
    """Neither has a place for what a model says while still at work but beside its reasoning."""
    other = WIRES.get(wire)
    assert other.server is not None
    assert other.chat is not None
    renderer = other.server.renderer(ChatRequest(model="command", messages=(), stream_usage=True))
    written = b"".join([*map(renderer.render, events(STREAM)), renderer.finish()])
    decoder = other.chat.decoder(TARGET)
    streamed = fold([*decoder.feed(written), *decoder.close()])
    whole = other.chat.decode(HttpResponse(status=200, body=other.server.render(fold(events(STREAM)))), TARGET)
    for completion in (streamed, whole):
        assert (completion.text, completion.reasoning, completion.model) == ("Hi", "hm I look", "command")
        assert [(call.id, json.loads(call.arguments)) for call in completion.tool_calls] == [("c1", {"a": 0}), ("c2", {"a": 1})]
        assert completion.finish is not None
        assert completion.finish.unified == "tool_calls"
        assert (completion.usage.input_tokens, completion.usage.output_tokens) == (500, 9)
        cites = [citation.url for part in completion.parts if isinstance(part, Text) for citation in part.citations]
        assert cites == ["https://a"]


@pytest.mark.parametrize("wire", ["openai-chat", "anthropic-messages"])
def test_a_truncated_answer_is_truncated_in_every_protocol(wire: str) -> None:
    other = WIRES.get(wire)
    assert other.server is not None
    assert other.chat is not None
    body = other.server.render(decode(answer(said("cut"), finish_reason="MAX_TOKENS")))
    finish = other.chat.decode(HttpResponse(status=200, body=body), TARGET).finish
    assert finish is not None
    assert finish.unified == "length"
