"""Requests built by a person, or understood from another protocol, as this one hears them; and this one's in theirs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ollama_wire import ACME, CODEC, TARGET, WIRES, answer, decode, departures, encode, events, last, line, lines, parse

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
    Target,
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
    return ChatRequest(model="q", messages=messages or (HELLO,), **fields)


def user(*parts: Part) -> Message:
    return Message("user", parts)


def assistant(*parts: Part) -> Message:
    return Message("assistant", parts)


def turns(*messages: Message) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = encode(ask(*messages))["messages"]
    return said


def test_a_persons_request_is_sent_as_it_is() -> None:
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
        top_logprobs=2,
        extra={"options": {"num_ctx": 8192}, "keep_alive": "5m", "truncate": False},
    )
    assert encode(request) == {
        "model": "q",
        "messages": [{"role": "user", "content": "Hello"}],
        "logprobs": True,
        "top_logprobs": 2,
        "options": {
            "num_predict": 9,
            "temperature": 0.5,
            "top_p": 0.9,
            "top_k": 3,
            "seed": 1,
            "frequency_penalty": 0.1,
            "presence_penalty": 0.2,
            "stop": ["x"],
            "num_ctx": 8192,
        },
        "stream": False,
        "keep_alive": "5m",
        "truncate": False,
    }
    assert departures(request) == {}


def test_the_same_request_gives_the_same_bytes() -> None:
    request = ask(tools=(LOOK, SEE), temperature=0, reasoning=ReasoningConfig(effort="low"))
    assert CODEC.encode(request, ACME, stream=True) == CODEC.encode(request, ACME, stream=True)


# -- media -----------------------------------------------------------------------------------------


def test_images_are_said_as_bare_base64() -> None:
    message = user(Text("what"), Image(PNG), Image(UrlSource("data:image/gif;base64,R0lGOD")))
    assert turns(message) == [{"role": "user", "content": "what", "images": ["iVBORw0KGgo=", "R0lGOD"]}]
    assert departures(ask(message)) == {}


def test_images_between_texts_lose_their_place_and_that_is_told() -> None:
    message = user(Text("a"), Image(PNG), Text("b"))
    assert turns(message)[0]["content"] == "a\n\nb"
    assert departures(ask(message)) == {"messages[0]": "approximated"}


@pytest.mark.parametrize(
    "part",
    [
        Image(UrlSource("https://h/a.png")),
        Image(FileSource("file_1")),
        Image(UrlSource("data:image/svg+xml,<svg/>")),
        Audio(DataSource("AAAA"), format="wav"),
        Video(UrlSource("https://h/v.mp4")),
        Document(DataSource("JVBERi", "application/pdf")),
    ],
    ids=lambda part: type(part).__name__,
)
@pytest.mark.parametrize("place", ["message", "result"])
def test_media_it_cannot_take_are_refused_before_anything_is_sent(part: Any, place: str) -> None:
    message = user(part) if place == "message" else Message("tool", (ToolResult("c", (part,)),))
    with pytest.raises(Unsupported, match=r"messages\[0\].parts\[0\]: Ollama takes"):
        encode(ask(message))


def test_a_document_of_text_is_said_as_text() -> None:
    message = user(Document(TextSource("words")), Text("sum up"))
    assert turns(message)[0]["content"] == "words\n\nsum up"
    assert departures(ask(message))["messages[0].parts[0]"] == "mapped"


# -- tools -----------------------------------------------------------------------------------------


def test_calls_and_results_are_bound_by_id_and_name() -> None:
    said = turns(
        assistant(Text("I look"), ToolCall("c/1", "look", '{"a": 1.0}'), ToolCall("c2", "see", "")),
        Message("tool", (ToolResult("c2", (Text("two"),)),)),
        Message("tool", (ToolResult("c/1", (Text("one"), Image(PNG)), is_error=True),)),
    )
    assert said == [
        {
            "role": "assistant",
            "content": "I look",
            "tool_calls": [
                {"id": "c/1", "function": {"name": "look", "arguments": {"a": 1.0}}},
                {"id": "c2", "function": {"name": "see", "arguments": {}}},
            ],
        },
        {"role": "tool", "content": "two", "tool_name": "see", "tool_call_id": "c2"},
        {"role": "tool", "content": "one", "images": ["iVBORw0KGgo="], "tool_name": "look", "tool_call_id": "c/1"},
    ]


def test_results_in_one_message_become_several_before_what_the_user_says() -> None:
    message = user(ToolResult("a", (Text("1"),), name="f"), ToolResult("b", ()), Text("go on"))
    assert [(it["role"], it["content"]) for it in turns(message)] == [("tool", "1"), ("tool", ""), ("user", "go on")]


def test_an_error_result_cannot_be_marked_and_that_is_told() -> None:
    message = Message("tool", (ToolResult("c", (Text("bad"),), is_error=True),))
    assert departures(ask(message)) == {"messages[0].is_error": "approximated"}


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        (ToolCall("c", "f", '{"a": tru'), {"INVALID_JSON": '{"a": tru'}),
        (ToolCall("c", "f", "[1]"), {"INVALID_JSON": "[1]"}),
        (ToolCall("c", "f", "free text", custom=True), {"input": "free text"}),
    ],
)
def test_arguments_that_are_no_object_travel_inside_one(call: ToolCall, arguments: dict[str, Any]) -> None:
    assert turns(assistant(call))[0]["tool_calls"][0]["function"]["arguments"] == arguments
    assert departures(ask(assistant(call))) == {"messages[0].parts[0].arguments": "approximated"}


def test_numbers_in_arguments_keep_every_digit() -> None:
    request = ask(assistant(ToolCall("c", "f", '{"n": 12345678901234567890.10}')))
    assert b'{"n": 12345678901234567890.10}' in CODEC.encode(request, ACME, stream=False).http.body


def test_a_tool_is_a_function_with_an_object_schema() -> None:
    assert encode(ask(tools=(LOOK, SEE)))["tools"] == [
        {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}},
        {"type": "function", "function": {"name": "see", "parameters": {"type": "object", "properties": {}}}},
    ]


@pytest.mark.parametrize(
    ("choice", "names", "fate"),
    [
        (ToolChoice("auto"), ["look", "see"], None),
        (ToolChoice("none"), [], "mapped"),
        (ToolChoice("required"), ["look", "see"], "dropped"),
        (ToolChoice("named", "see"), ["see"], "approximated"),
        (Opaque({"type": "allowed_tools"}, origin=OPENAI), ["look", "see"], "dropped"),
    ],
)
def test_a_choice_is_said_by_what_is_offered(choice: Any, names: list[str], fate: str | None) -> None:
    request = ask(tools=(LOOK, SEE), tool_choice=choice)
    assert [tool["function"]["name"] for tool in encode(request).get("tools", ())] == names
    assert departures(request).get("tool_choice") == fate


# -- what else it can and cannot say -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "think", "departed"),
    [
        (ReasoningConfig(enabled=True), True, {}),
        (ReasoningConfig(enabled=False), False, {}),
        (ReasoningConfig(effort="none"), False, {}),
        (ReasoningConfig(effort="medium"), "medium", {}),
        (ReasoningConfig(effort="minimal"), "low", {"reasoning.effort": "approximated"}),
        (ReasoningConfig(effort="xhigh"), "high", {"reasoning.effort": "approximated"}),
        (ReasoningConfig(effort="dynamic"), True, {"reasoning.effort": "approximated"}),
        (ReasoningConfig(budget_tokens=2000), True, {"reasoning.budget_tokens": "dropped"}),
        (ReasoningConfig(enabled=True, effort="high", budget_tokens=9), "high", {"reasoning.budget_tokens": "dropped"}),
        (ReasoningConfig(), None, {}),
    ],
)
def test_how_much_to_think(wanted: ReasoningConfig, think: Any, departed: dict[str, str]) -> None:
    request = ask(reasoning=wanted)
    assert encode(request).get("think") == think
    assert departures(request) == departed


@pytest.mark.parametrize(
    ("wanted", "format"),
    [
        (ResponseFormat(kind="text"), None),
        (ResponseFormat(kind="json_object"), "json"),
        (ResponseFormat(kind="json_schema"), "json"),
        (ResponseFormat(kind="json_schema", schema={"$defs": {"a": {}}}), {"$defs": {"a": {}}}),
    ],
)
def test_the_form_of_the_answer(wanted: ResponseFormat, format: Any) -> None:
    assert encode(ask(response_format=wanted)).get("format") == format


def test_what_has_no_place_is_dropped_with_a_reason() -> None:
    request = ask(
        Message("developer", (Text("be brief", cache_control=CacheControl()),), name="boss"),
        user(Text("x", (Citation(url="https://a"),), extra={"novel": 1}, origin=OPENAI), Image(PNG, "low")),
        tools=(Tool(name="f", strict=True, cache_control=CacheControl()), Opaque({"type": "web_search"}, origin=OPENAI)),
        parallel_tool_calls=False,
        n=2,
        user="u",
        service_tier="flex",
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
        "tools[f].strict": "dropped",
        "tools[f].cache_control": "dropped",
        "tools[web_search]": "dropped",
        "parallel_tool_calls": "dropped",
        "n": "dropped",
        "user": "dropped",
        "service_tier": "dropped",
        "extra.logit_bias": "dropped",
    }
    assert all(len(line.reason.split()) > 3 for line in lines(request))


# -- custody ---------------------------------------------------------------------------------------


def test_thinking_goes_back_to_its_own_provider_and_to_no_other() -> None:
    own, other = Origin("ollama", "acme"), Origin("ollama", "elsewhere")
    for origin, told in ((own, "hm"), (Origin("ollama"), "hm"), (other, None), (OPENAI, None)):
        message = Message("assistant", (Reasoning("hm", "sig", origin=origin), Text("x")), origin=origin)
        assert turns(message)[0].get("thinking") == told
        assert departures(ask(message)) == ({} if told else {"messages[0].parts[0]": "dropped"})


def test_a_turn_of_which_nothing_is_left_is_not_said() -> None:
    foreign = Message("assistant", (Reasoning("hm", origin=OPENAI), Opaque({"type": "odd"}, origin=OPENAI)), origin=OPENAI)
    assert turns(HELLO, foreign, HELLO) == [{"role": "user", "content": "Hello"}] * 2


def test_extras_and_opaque_blocks_of_another_provider_never_travel() -> None:
    elsewhere = Origin("ollama", "elsewhere")
    parts = (
        ToolCall("c", "f", "{}", extra={"secret": 1}, origin=elsewhere),
        Opaque({"secret": 1}, slot="tool_calls", origin=elsewhere),
    )
    message = Message("assistant", parts, extra={"secret": 1}, origin=elsewhere)
    assert "secret" not in json.dumps(turns(message))
    assert set(departures(ask(message)).values()) == {"dropped"}


def test_a_refusal_is_said_as_text() -> None:
    assert turns(assistant(Refusal("no")))[0]["content"] == "no"


# -- from and to the other protocols -----------------------------------------------------------------


def heard(wire: str, body: dict[str, Any]) -> dict[str, Any]:
    """What a provider of this protocol hears of a request in another."""
    server = WIRES.get(wire).server
    assert server is not None
    request, stream = server.parse(json.dumps(body).encode())
    return encode(request, stream=stream)


TURNS = [
    {"role": "system", "content": "sys"},
    {"role": "user", "content": "what", "images": ["iVBORw0KGgo="]},
    {"role": "assistant", "content": "I look", "tool_calls": [{"id": "c1", "function": {"name": "f", "arguments": {"a": 1}}}]},
    {"role": "tool", "content": "one", "tool_name": "f", "tool_call_id": "c1"},
]
HEARD = {
    "model": "q",
    "messages": TURNS,
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
    "options": {"num_predict": 9, "temperature": 0.5},
    "stream": True,
}


def test_a_caller_of_openai_chat_is_heard() -> None:
    said = heard(
        "openai-chat",
        {
            "model": "q",
            "messages": [
                {"role": "system", "content": "sys"},
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "what"},
                        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
                    ],
                },
                {
                    "role": "assistant",
                    "content": "I look",
                    "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}],
                },
                {"role": "tool", "tool_call_id": "c1", "content": "one"},
            ],
            "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
            "max_completion_tokens": 9,
            "temperature": 0.5,
            "stream": True,
            "stream_options": {"include_usage": True},
        },
    )
    assert said == HEARD


def test_a_caller_of_anthropic_messages_is_heard() -> None:
    image = {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
    said = heard(
        "anthropic-messages",
        {
            "model": "q",
            "max_tokens": 9,
            "system": "sys",
            "messages": [
                {"role": "user", "content": [{"type": "image", "source": image}, {"type": "text", "text": "what"}]},
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
            "temperature": 0.5,
            "stream": True,
        },
    )
    assert said == HEARD


@pytest.mark.parametrize("named", [True, False])
def test_a_caller_of_this_protocol_is_heard_by_openai_chat(named: bool) -> None:
    turns = TURNS if named else json.loads(json.dumps(TURNS).replace('"id": "c1", ', "").replace(', "tool_call_id": "c1"', ""))
    codec = WIRES.get("openai-chat").chat
    assert codec is not None
    provider = Provider(id="o", name="O", wire="openai-chat", base_url="https://o.test/v1")
    request = parse({"model": "q", "messages": turns, "options": {"num_predict": 9, "num_ctx": 1}, "think": "low"})
    encoded = codec.encode(request, provider, stream=True)
    body = json.loads(encoded.http.body)
    assert [message["role"] for message in body["messages"]] == ["system", "user", "assistant", "tool"]
    assert body["messages"][1]["content"][0]["image_url"]["url"] == "data:image/png;base64,iVBORw0KGgo="
    call = body["messages"][2]["tool_calls"][0]
    assert call["id"]
    assert call["function"] == {"name": "f", "arguments": '{"a":1}'}
    assert body["messages"][3]["tool_call_id"] == call["id"]
    assert (body["max_tokens"] if "max_tokens" in body else body["max_completion_tokens"]) == 9
    assert (body["reasoning_effort"], body["stream"]) == ("low", True)
    assert "extra.options" in [line.field for line in encoded.lines]


def test_a_caller_of_this_protocol_is_heard_by_anthropic_messages() -> None:
    codec = WIRES.get("anthropic-messages").chat
    assert codec is not None
    provider = Provider(id="a", name="A", wire="anthropic-messages", base_url="https://a.test/v1")
    body = json.loads(codec.encode(parse({"model": "q", "messages": TURNS}), provider, stream=False).http.body)
    assert body["system"] == "sys"
    image, text = body["messages"][0]["content"]
    assert image["source"] == {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}
    assert text == {"type": "text", "text": "what"}
    assert body["messages"][1]["content"][1] == {"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}}
    assert body["messages"][2]["content"][0]["tool_use_id"] == "c1"


STREAM = (
    line({"thinking": "hm"})
    + line({"content": "Hi"})
    + line({"tool_calls": [{"function": {"index": 0, "name": "f", "arguments": {"a": at}}} for at in range(2)]})
    + last()
)


@pytest.mark.parametrize("wire", ["openai-chat", "anthropic-messages"])
def test_an_answer_of_this_protocol_reaches_a_caller_of_another_whole_and_in_a_stream(wire: str) -> None:
    other = WIRES.get(wire)
    assert other.server is not None
    assert other.chat is not None
    renderer = other.server.renderer(ChatRequest(model="q", messages=(), stream_usage=True))
    written = b"".join([*map(renderer.render, events(STREAM)), renderer.finish()])
    decoder = other.chat.decoder(Target("gate", "q"))
    streamed = fold([*decoder.feed(written), *decoder.close()])
    whole = other.chat.decode(HttpResponse(status=200, body=other.server.render(fold(events(STREAM)))), Target("gate", "q"))
    for completion in (streamed, whole):
        assert (completion.text, completion.reasoning) == ("Hi", "hm")
        assert [(call.name, json.loads(call.arguments)) for call in completion.tool_calls] == [("f", {"a": 0}), ("f", {"a": 1})]
        assert len({call.id for call in completion.tool_calls}) == 2
        assert completion.finish is not None
        assert completion.finish.unified == "tool_calls"
        assert (completion.usage.input_tokens, completion.usage.output_tokens) == (16, 22)


@pytest.mark.parametrize("wire", ["openai-chat", "anthropic-messages"])
def test_a_truncated_answer_is_truncated_in_every_protocol(wire: str) -> None:
    other = WIRES.get(wire)
    assert other.server is not None
    assert other.chat is not None
    body = other.server.render(decode(answer({"content": "cut"}, done_reason="length")))
    finish = other.chat.decode(HttpResponse(status=200, body=body), TARGET).finish
    assert finish is not None
    assert finish.unified == "length"
