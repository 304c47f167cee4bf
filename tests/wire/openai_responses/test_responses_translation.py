"""Between this protocol and others: what another caller asked, as Responses hears it, and the other way round."""

from __future__ import annotations

import json
from typing import Any

import pytest
from responses_wire import (
    ACME,
    CODEC,
    answer,
    call,
    decode,
    departures,
    encode,
)

from turnout.catalog.schema import Provider
from turnout.errors import RequestError, Unsupported
from turnout.types import (
    Audio,
    CacheControl,
    ChatRequest,
    Citation,
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
    Video,
)
from turnout.wire import ChatCodec, ChatServer, Wire
from turnout.wire.anthropic_messages import WIRE as ANTHROPIC
from turnout.wire.openai_chat import WIRE as CHAT

FOREIGN = Origin("openai-chat", "other")
SAME_WIRE = Origin("openai-responses", "another")
MINE = Origin("openai-responses", "acme")
HELLO = Message("user", (Text("Hello"),))
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def both(wire: Wire) -> tuple[ChatCodec, ChatServer]:
    assert wire.chat is not None
    assert wire.server is not None
    return wire.chat, wire.server


def asked_in(wire: Wire, body: dict[str, Any]) -> ChatRequest:
    return both(wire)[1].parse(json.dumps(body).encode())[0]


def said_in(wire: Wire, request: ChatRequest) -> dict[str, Any]:
    provider = Provider(id="other", name="Other", wire=wire.name, base_url="https://other.test/v1")
    body: dict[str, Any] = json.loads(both(wire)[0].encode(request, provider, stream=False).http.body)
    return body


def ask(*messages: Message, **fields: Any) -> ChatRequest:
    return ChatRequest(model="gpt", messages=messages or (HELLO,), **fields)


def items(*messages: Message, **fields: Any) -> list[dict[str, Any]]:
    given: list[dict[str, Any]] = encode(ask(*messages, **fields))["input"]
    return given


def user(*parts: Part) -> Message:
    return Message("user", parts)


def assistant(*parts: Part, origin: Origin | None = None) -> Message:
    return Message("assistant", parts, origin=origin)


# -- requests of other callers ---------------------------------------------------------------------


def test_a_plain_request_is_as_small_as_the_protocol_allows() -> None:
    assert encode(ask()) == {"model": "gpt", "input": [{"role": "user", "content": "Hello"}]}
    assert encode(ask(), stream=True)["stream"] is True
    assert departures(ask()) == {}


def test_a_chat_callers_conversation_becomes_items_in_their_places() -> None:
    called = {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"city":"Rome"}'}}
    body = {
        "model": "gpt",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}]},
            {
                "role": "assistant",
                "content": "I look.",
                "tool_calls": [called],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": "18 degrees"},
            {"role": "developer", "content": "Now be kind."},
        ],
        "tools": [{"type": "function", "function": {"name": "look", "parameters": SCHEMA}}],
        "tool_choice": {"type": "function", "function": {"name": "look"}},
        "max_tokens": 99,
        "reasoning_effort": "low",
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA, "strict": True}},
        "stop": ["END"],
        "logprobs": True,
        "top_logprobs": 2,
        "logit_bias": {"1": 2},
    }
    request = asked_in(CHAT, body)
    assert encode(request) == {
        "model": "gpt",
        "input": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "input_image", "image_url": "https://x.test/a.png", "detail": "auto"}]},
            {"role": "assistant", "content": "I look."},
            {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": '{"city":"Rome"}'},
            {"type": "function_call_output", "call_id": "call_1", "output": "18 degrees"},
            {"role": "developer", "content": "Now be kind."},
        ],
        "tools": [{"type": "function", "name": "look", "parameters": SCHEMA, "strict": False}],
        "tool_choice": {"type": "function", "name": "look"},
        "max_output_tokens": 99,
        "reasoning": {"effort": "low"},
        "text": {"format": {"type": "json_schema", "name": "n", "schema": SCHEMA, "strict": True}},
        "include": ["message.output_text.logprobs", "reasoning.encrypted_content"],
        "top_logprobs": 2,
        "store": False,
    }
    fates = {"stop": "dropped", "extra.logit_bias": "dropped", "logprobs": "mapped", "store": "mapped", "include": "mapped"}
    assert departures(request) == fates


def test_an_anthropic_callers_conversation_becomes_items_in_their_places() -> None:
    body = {
        "model": "gpt",
        "max_tokens": 99,
        "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
        "messages": [
            {"role": "user", "content": "Weather?"},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "Hm.", "signature": "opaque"},
                    {"type": "text", "text": "I look."},
                    {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "toolu_1", "content": "no such city", "is_error": True},
                    {"type": "text", "text": "And now?"},
                ],
            },
        ],
        "tools": [{"name": "look", "input_schema": SCHEMA}],
        "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
        "stop_sequences": ["END"],
        "thinking": {"type": "enabled", "budget_tokens": 2000},
        "service_tier": "standard_only",
    }
    request = asked_in(ANTHROPIC, body)
    written = encode(request)
    assert written["input"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": "I look."},
        {"type": "function_call", "call_id": "toolu_1", "name": "look", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "toolu_1", "output": "no such city"},
        {"role": "user", "content": "And now?"},
    ]
    assert (written["tool_choice"], written["parallel_tool_calls"]) == ("required", False)
    assert "opaque" not in json.dumps(written)
    assert departures(request) == {
        "messages[0].parts[0].cache_control": "dropped",
        "messages[2].parts[0]": "dropped",
        "messages[3].parts[0].is_error": "approximated",
        "reasoning.budget_tokens": "dropped",
        "service_tier": "dropped",
        "stop": "dropped",
        "store": "mapped",
        "include": "mapped",
    }


def test_ids_that_are_too_long_are_shortened_alike_for_call_and_result() -> None:
    long = "call_" + "x" * 90
    called, result = items(assistant(ToolCall(long, "look", "{}")), Message("tool", (ToolResult(long, (Text("ok"),)),)))
    assert called["call_id"] == result["call_id"]
    assert len(called["call_id"]) <= 64
    (other,) = items(assistant(ToolCall(long + "y", "look", "{}")))
    assert other["call_id"] != called["call_id"]


def test_calls_without_ids_are_answered_in_their_order() -> None:
    turns = [assistant(ToolCall("", "look", "{}")), Message("tool", (ToolResult("", (Text("a"),)),))]
    given = items(*turns, *turns)
    assert [item["call_id"] for item in given] == ["call_unnamed_1", "call_unnamed_1", "call_unnamed_2", "call_unnamed_2"]


def test_a_tool_of_free_text_gets_its_result_as_such() -> None:
    called, result = items(assistant(ToolCall("c", "sql", "SELECT", custom=True)), Message("tool", (ToolResult("c", ()),)))
    assert called == {"type": "custom_tool_call", "call_id": "c", "name": "sql", "input": "SELECT"}
    assert result == {"type": "custom_tool_call_output", "call_id": "c", "output": ""}


def test_media_go_as_the_protocol_wants_them() -> None:
    pdf = Document(DataSource("AA==", "application/pdf"))
    content = user(Image(DataSource("AA==", "image/png"), "high"), pdf, Document(UrlSource("https://x.test/a.pdf"), title="A"))
    (item,) = items(content, Message("user", ()))
    assert item["content"] == [
        {"type": "input_image", "image_url": "data:image/png;base64,AA==", "detail": "high"},
        {"type": "input_file", "file_data": "data:application/pdf;base64,AA==", "filename": "document.pdf"},
        {"type": "input_file", "file_url": "https://x.test/a.pdf"},
    ]
    assert items(user(Document(TextSource("plain")))) == [{"role": "user", "content": "plain"}]


@pytest.mark.parametrize(
    "part", [Video(UrlSource("https://x.test/a.mp4")), Audio(DataSource("AA==")), Image(FileSource("file-1"), origin=FOREIGN)]
)
def test_what_a_person_said_and_the_model_would_miss_is_refused_before_it_is_sent(part: Part) -> None:
    with pytest.raises(Unsupported, match=r"messages\[0\]\.parts\[0\]"):
        encode(ask(user(part)))


def test_a_tool_message_must_answer_a_call() -> None:
    with pytest.raises(RequestError, match="ToolResult"):
        encode(ask(Message("tool", (Text("18"),))))


def test_a_tool_that_says_nothing_of_strictness_is_said_not_to_be_strict() -> None:
    (loose,) = encode(ask(tools=(Tool(name="f"),)))["tools"]
    assert loose == {"type": "function", "name": "f", "parameters": {"type": "object", "properties": {}}, "strict": False}
    (strict,) = encode(ask(tools=(Tool(name="f", parameters=SCHEMA, strict=True),)))["tools"]
    assert strict["strict"] is True


def test_tools_marks_and_forms_of_others_leave_a_line() -> None:
    search = Opaque({"type": "web_search_20250305", "name": "web_search"}, slot="tools", origin=Origin("anthropic-messages"))
    request = ask(
        user(Text("x", cache_control=CacheControl())),
        tools=(search,),
        tool_choice=ToolChoice("required"),
        response_format=Opaque({"type": "grammar"}, origin=FOREIGN),
        reasoning=ReasoningConfig(enabled=False),
        n=2,
        seed=1,
        top_k=5,
    )
    assert encode(request) == {"model": "gpt", "input": [{"role": "user", "content": "x"}], "reasoning": {"effort": "none"}}
    assert departures(request) == {
        "messages[0].parts[0].cache_control": "dropped",
        "tools[0]": "dropped",
        "tool_choice": "dropped",
        "response_format": "dropped",
        "reasoning.enabled": "mapped",
        "n": "dropped",
        "seed": "dropped",
        "top_k": "dropped",
    }


def test_a_form_without_a_name_gets_one() -> None:
    form = encode(ask(response_format=ResponseFormat(kind="json_schema", schema=SCHEMA)))["text"]["format"]
    assert form == {"type": "json_schema", "name": "answer", "schema": SCHEMA}


def test_an_extra_of_the_user_goes_on_and_one_of_another_protocol_does_not() -> None:
    assert encode(ask(extra={"store": False, "text": {"verbosity": "low"}}))["text"] == {"verbosity": "low"}
    foreign = ask(extra={"prediction": {}, "audio": None}, origin=Origin("openai-chat"))
    assert "prediction" not in encode(foreign)
    assert departures(foreign) == {"extra.prediction": "dropped", "store": "mapped"}


# -- custody ---------------------------------------------------------------------------------------


def history(origin: Origin) -> Message:
    item = {"id": "rs_1", "status": "completed"}
    return assistant(
        Reasoning("Hm.", extra={"item": item}, origin=origin),
        Reasoning("", encrypted="sealed", origin=origin, spelled={"item": "continued", "reasoning": "sealed"}),
        Opaque({"type": "web_search_call", "id": "ws_1"}, origin=origin),
        ToolCall("call_1", "look", "{}", extra={"id": "fc_1"}, origin=origin),
        origin=origin,
    )


def test_what_this_provider_sealed_goes_back_to_it_as_it_was() -> None:
    summary = [{"type": "summary_text", "text": "Hm."}]
    assert items(history(MINE)) == [
        {"type": "reasoning", "summary": summary, "id": "rs_1", "status": "completed", "encrypted_content": "sealed"},
        {"type": "web_search_call", "id": "ws_1"},
        {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": "{}", "id": "fc_1"},
    ]


@pytest.mark.parametrize("origin", [SAME_WIRE, Origin("anthropic-messages", "acme")])
def test_what_another_provider_sealed_goes_to_nobody_else(origin: Origin) -> None:
    request = ask(history(origin))
    assert encode(request)["input"] == [{"type": "function_call", "call_id": "call_1", "name": "look", "arguments": "{}"}]
    assert set(departures(request).values()) == {"dropped"}
    for wire in (wire for wire in (CHAT, ANTHROPIC) if wire.name != origin.wire):
        written = json.dumps(said_in(wire, request))
        assert not {name for name in ("sealed", "Hm.", "ws_1", "rs_1", "fc_1") if name in written}


def test_reasoning_that_led_to_nothing_is_not_sent_again() -> None:
    thought = Reasoning("", encrypted="sealed", origin=MINE, spelled={"reasoning": "sealed"})
    request = ask(assistant(thought, origin=MINE), HELLO)
    assert encode(request)["input"] == [{"role": "user", "content": "Hello"}]
    assert departures(request) == {"messages[0].reasoning": "dropped"}


def test_where_nothing_is_stored_reasoning_without_its_seal_is_left_out_with_the_ids_that_ask_for_it() -> None:
    thought = Reasoning("", extra={"item": {"id": "rs_1"}}, origin=MINE, spelled={"reasoning": "sealed"})
    turn = assistant(thought, ToolCall("c", "look", "{}", extra={"id": "fc_1"}, origin=MINE), origin=MINE)
    assert [item.get("id") for item in items(turn)] == ["rs_1", "fc_1"]
    (left,) = items(turn, extra={"store": False})
    assert left == {"type": "function_call", "call_id": "c", "name": "look", "arguments": "{}"}


def test_an_answer_of_this_protocol_can_be_continued_with_another_and_back() -> None:
    body = answer({"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "sealed"}, call("call_1", '{"a":1}'))
    turn = [HELLO, decode(body).message, Message("tool", (ToolResult("call_1", (Text("ok"),)),))]
    chat = said_in(CHAT, ask(*turn))["messages"]
    assert [message["role"] for message in chat] == ["user", "assistant", "tool"]
    assert chat[1]["tool_calls"][0]["id"] == chat[2]["tool_call_id"] == "call_1"
    anthropic = said_in(ANTHROPIC, ask(*turn))["messages"]
    assert anthropic[1]["content"] == [{"type": "tool_use", "id": "call_1", "name": "look", "input": {"a": 1}}]
    assert [item.get("encrypted_content") for item in items(*turn)][1] == "sealed"


def test_refusals_and_citations_in_a_foreign_history_leave_a_line() -> None:
    request = ask(assistant(Text("x", (Citation(url="https://x.test"),), origin=FOREIGN), Refusal("no", origin=FOREIGN)), HELLO)
    assert [item["content"] for item in encode(request)["input"]] == ["x", "no", "Hello"]
    assert departures(request) == {"messages[0].parts[0].citations": "dropped", "messages[0].parts[1]": "approximated"}
    assert CODEC.encode(request, ACME, stream=False).lines[0].reason
