"""Requests built by a person, or understood from another protocol, as Anthropic Messages hears them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from messages_wire import ACME, CODEC, departures, encode, lines

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

OPENAI = Origin("openai-chat", "other")
HELLO = Message("user", (Text("Hello"),))
LOOK = Tool(name="look", parameters={"type": "object"})


def ask(*messages: Message, **fields: Any) -> ChatRequest:
    return ChatRequest(model="claude", messages=messages or (HELLO,), **({"max_output_tokens": 9} | fields))


def user(*parts: Part) -> Message:
    return Message("user", parts)


def assistant(*parts: Part) -> Message:
    return Message("assistant", parts)


def turns(*messages: Message, **fields: Any) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = encode(ask(*messages, **fields))["messages"]
    return said


def test_a_plain_request_is_as_small_as_the_protocol_allows() -> None:
    assert encode(ask()) == {"model": "claude", "max_tokens": 9, "messages": [{"role": "user", "content": "Hello"}]}
    assert encode(ask(), stream=True)["stream"] is True
    assert lines(ask()) == ()


def test_the_required_limit_leaves_room_for_thinking() -> None:
    request = ChatRequest(model="claude", messages=(HELLO,), reasoning=ReasoningConfig(budget_tokens=2000))
    assert encode(request)["max_tokens"] == 6096
    (line,) = lines(request)
    assert (line.fate, line.field) == ("mapped", "max_output_tokens")
    assert "https://docs.claude.com/en/api/messages" in line.reason


def test_a_limit_that_another_protocol_left_null_is_as_good_as_forgotten() -> None:
    request = ChatRequest(model="claude", messages=(HELLO,), extra={"max_tokens": None}, origin=OPENAI)
    assert encode(request)["max_tokens"] == 4096


# -- system ----------------------------------------------------------------------------------------


def test_system_and_developer_messages_go_to_the_top() -> None:
    request = ask(Message("system", (Text("Be brief."),)), Message("developer", (Text("Be kind."),)), HELLO)
    body = encode(request)
    assert body["system"] == [{"type": "text", "text": "Be brief."}, {"type": "text", "text": "Be kind."}]
    assert body["messages"] == [{"role": "user", "content": "Hello"}]
    assert departures(request) == {"messages[0]": "mapped", "messages[1]": "mapped"}


def test_a_system_message_keeps_its_cache_mark() -> None:
    body = encode(ask(Message("system", (Text("Be brief.", cache_control=CacheControl("1h")),)), HELLO))
    assert body["system"] == [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]


def test_a_system_message_in_the_middle_is_told_to_be_approximated() -> None:
    request = ask(HELLO, Message("system", (Text("Be brief."),)), HELLO)
    assert encode(request)["system"] == "Be brief."
    assert departures(request) == {"messages[1]": "approximated"}


def test_a_system_message_of_images_is_told_to_be_dropped() -> None:
    request = ask(Message("system", (Image(UrlSource("https://a")),)), HELLO)
    assert "system" not in encode(request)
    assert [line.fate for line in lines(request)] == ["mapped", "dropped"]


# -- turns -----------------------------------------------------------------------------------------


def test_tool_results_are_merged_into_one_user_turn_and_come_first() -> None:
    said = turns(
        HELLO,
        assistant(Text("Let me look."), ToolCall("a", "look", '{"x": 1}'), ToolCall("b", "look", "{}")),
        Message("tool", (ToolResult("a", (Text("1"),)),)),
        Message("tool", (ToolResult("b", (Text("no"),), is_error=True),)),
        user(Text("And?")),
    )
    assert said[1]["content"] == [
        {"type": "text", "text": "Let me look."},
        {"type": "tool_use", "id": "a", "name": "look", "input": {"x": 1}},
        {"type": "tool_use", "id": "b", "name": "look", "input": {}},
    ]
    assert said[2:] == [
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "a", "content": "1"},
                {"type": "tool_result", "tool_use_id": "b", "content": "no", "is_error": True},
                {"type": "text", "text": "And?"},
            ],
        }
    ]


def test_tool_results_that_follow_a_text_are_put_before_it() -> None:
    (_, _, turn) = turns(
        HELLO, assistant(ToolCall("a", "look", "{}")), user(Text("And?")), Message("tool", (ToolResult("a", (Text("1"),)),))
    )
    assert [block["type"] for block in turn["content"]] == ["tool_result", "text"]


def test_turns_of_one_role_are_merged_with_their_order_and_cache_marks() -> None:
    (turn,) = turns(
        user(Text("a", cache_control=CacheControl())), user(Image(UrlSource("https://a")), Text("b")), user(Text("c"))
    )
    assert turn == {
        "role": "user",
        "content": [
            {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}},
            {"type": "image", "source": {"type": "url", "url": "https://a"}},
            {"type": "text", "text": "b"},
            {"type": "text", "text": "c"},
        ],
    }


def test_a_conversation_begins_with_the_user() -> None:
    request = ask(assistant(Text("Hi")), HELLO)
    assert [turn["role"] for turn in encode(request)["messages"]] == ["user", "assistant", "user"]
    assert departures(request) == {"messages": "approximated"}


def test_empty_texts_are_left_out_and_their_cache_mark_moves_up() -> None:
    (turn,) = turns(user(Text("a"), Text(" \n", cache_control=CacheControl()), Text("")), assistant(Text("")))
    assert turn["content"] == [{"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}]


def test_a_cache_mark_on_nothing_is_told_to_be_dropped() -> None:
    assert departures(ask(user(Text("", cache_control=CacheControl())), HELLO)) == {
        "messages[0].parts[0].cache_control": "dropped"
    }


def test_the_given_beginning_of_an_answer_does_not_end_in_white_space() -> None:
    request = ask(HELLO, assistant(Text("The answer is: ")))
    assert encode(request)["messages"][1] == {"role": "assistant", "content": "The answer is:"}
    assert departures(request) == {"messages": "approximated"}


def test_white_space_inside_the_conversation_stays() -> None:
    assert turns(HELLO, assistant(Text("Hi ")), HELLO)[1]["content"] == "Hi "


def test_a_tool_message_without_a_result_is_the_callers_mistake() -> None:
    with pytest.raises(RequestError, match=r"messages\[1\]: a tool message must hold a ToolResult"):
        encode(ask(HELLO, Message("tool", (Text("42"),))))


def test_a_refusal_is_said_as_text() -> None:
    request = ask(HELLO, assistant(Refusal("No.")), HELLO)
    assert encode(request)["messages"][1]["content"] == "No."
    assert departures(request) == {"messages[1].parts[0]": "approximated"}


def test_names_and_fields_of_another_protocol_are_told_to_be_dropped() -> None:
    message = Message(
        "user", (Text("x", extra={"a": 1, "b": None}),), name="ann", extra={"weight": 1, "gone": None}, origin=OPENAI
    )
    request = ask(message, extra={"logit_bias": {}, "store": None}, origin=OPENAI)
    assert encode(request) == encode(ask(user(Text("x"))))
    assert departures(request) == {
        "messages[0].parts[0].extra": "dropped",
        "messages[0].name": "dropped",
        "messages[0].extra": "dropped",
        "extra.logit_bias": "dropped",
    }


def test_what_a_person_adds_goes_as_it_is() -> None:
    body = encode(ask(user(Text("x", extra={"a": 1})), extra={"container": "c", "metadata": {"k": 1}}, user="u"))
    assert body["messages"][0]["content"] == [{"type": "text", "text": "x", "a": 1}]
    assert (body["container"], body["metadata"]) == ("c", {"user_id": "u", "k": 1})


# -- tool calls ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "sent", "told"),
    [
        ('{"b": 1, "a": 2}', {"b": 1, "a": 2}, {}),
        ("", {}, {}),
        ('{"a": ', {"INVALID_JSON": '{"a": '}, {"messages[1].parts[0].arguments": "approximated"}),
        ("[1]", {"INVALID_JSON": "[1]"}, {"messages[1].parts[0].arguments": "approximated"}),
        ("null", {"INVALID_JSON": "null"}, {"messages[1].parts[0].arguments": "approximated"}),
    ],
)
def test_arguments_are_sent_as_an_object(arguments: str, sent: dict[str, Any], told: dict[str, str]) -> None:
    request = ask(HELLO, assistant(ToolCall("a", "look", arguments)), HELLO)
    assert encode(request)["messages"][1]["content"][0]["input"] == sent
    assert departures(request) == told


def test_arguments_keep_their_text() -> None:
    body = CODEC.encode(ask(HELLO, assistant(ToolCall("a", "look", '{"z" : 1.0}')), HELLO), ACME, stream=False).http.body
    assert b'"input":{"z" : 1.0}' in body


def test_a_custom_call_travels_as_an_object() -> None:
    request = ask(HELLO, assistant(ToolCall("a", "run", "print(1)", custom=True)), HELLO)
    assert encode(request)["messages"][1]["content"][0]["input"] == {"input": "print(1)"}
    assert departures(request) == {"messages[1].parts[0].arguments": "approximated"}


def test_ids_are_rewritten_alike_on_both_sides_of_a_call() -> None:
    said = turns(HELLO, assistant(ToolCall("a.b:1", "look", "{}")), Message("tool", (ToolResult("a.b:1", (Text("1"),)),)))
    id = said[1]["content"][0]["id"]
    assert id == said[2]["content"][0]["tool_use_id"]
    assert id != "a.b:1"
    assert id.replace("_", "").isalnum()


@pytest.mark.parametrize("ids", [("a.b", "a:b"), ("é", "è"), ("x" * 50 + ".1", "x" * 50 + ".2")])
def test_different_ids_stay_different(ids: tuple[str, str]) -> None:
    (_, turn) = turns(HELLO, assistant(*(ToolCall(id, "look", "{}") for id in ids)))
    assert len({block["id"] for block in turn["content"]}) == 2


def test_an_image_in_a_tool_result_arrives() -> None:
    (turn,) = turns(Message("tool", (ToolResult("a", (Text("see"), Image(DataSource("aGk=", "image/png")))),)))
    assert turn["content"][0]["content"] == [
        {"type": "text", "text": "see"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}},
    ]


# -- reasoning, opaque blocks, citations -----------------------------------------------------------


@pytest.mark.parametrize(
    "origin", [OPENAI, Origin("openai-chat"), Origin("anthropic-messages", "other"), None], ids=lambda origin: str(origin)
)
def test_reasoning_that_is_not_this_providers_is_never_sent(origin: Origin | None) -> None:
    thoughts = Reasoning("hm", "secret", origin=origin), Reasoning("", encrypted="secret", origin=origin)
    request = ask(HELLO, assistant(*thoughts, Text("Hi")), HELLO)
    assert "secret" not in json.dumps(encode(request))
    assert departures(request) == {"messages[1].parts[0]": "dropped", "messages[1].parts[1]": "dropped"}


@pytest.mark.parametrize("origin", [Origin("anthropic-messages", "acme"), Origin("anthropic-messages")], ids=str)
def test_this_providers_reasoning_returns_unchanged_before_the_call(origin: Origin) -> None:
    thoughts = (
        Reasoning("", "s1", origin=origin),
        Reasoning("", encrypted="e", origin=origin),
        Reasoning("hm", "s2", origin=origin),
    )
    said = turns(HELLO, Message("assistant", (*thoughts, ToolCall("a", "look", "{}")), origin=origin), HELLO)
    assert said[1]["content"] == [
        {"type": "thinking", "thinking": "", "signature": "s1"},
        {"type": "redacted_thinking", "data": "e"},
        {"type": "thinking", "thinking": "hm", "signature": "s2"},
        {"type": "tool_use", "id": "a", "name": "look", "input": {}},
    ]


def test_an_opaque_block_returns_to_its_provider_and_goes_to_no_other() -> None:
    block = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "x"}}
    ours, theirs = (Opaque(block, origin=Origin("anthropic-messages", name)) for name in ("acme", "other"))
    request = ask(HELLO, assistant(ours, theirs, Text("x")), HELLO)
    assert encode(request)["messages"][1]["content"] == [block, {"type": "text", "text": "x"}]
    assert departures(request) == {"messages[1].parts[1]": "dropped"}


def test_an_answer_that_reached_its_limit_can_be_sent_back() -> None:
    cut_off = Message("assistant", (Text(""), ToolCall("a", "look", '{"x": "cut')), origin=Origin("anthropic-messages", "acme"))
    request = ask(HELLO, cut_off, Message("tool", (ToolResult("a", (Text("invalid"),), is_error=True),)))
    assert encode(request)["messages"][1]["content"] == [
        {"type": "tool_use", "id": "a", "name": "look", "input": {"INVALID_JSON": '{"x": "cut'}}
    ]


def test_citations_of_another_protocol_are_not_sent_back() -> None:
    request = ask(HELLO, Message("assistant", (Text("x", (Citation(url="https://a"),)),), origin=OPENAI), HELLO)
    assert encode(request)["messages"][1]["content"] == "x"
    assert departures(request) == {"messages[1].parts[0].citations": "dropped"}


# -- images and documents --------------------------------------------------------------------------

PDF, PNG = "JVBERi0xLjQ=", "iVBORw0KGgoAAAA="


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (Image(DataSource(PNG)), {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}),
        (
            Document(DataSource(PDF), filename="a.pdf"),
            {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": PDF}, "title": "a.pdf"},
        ),
        (
            Document(DataSource("aGk=", "text/markdown"), title="T", context="C", citations=True),
            {
                "type": "document",
                "source": {"type": "text", "media_type": "text/plain", "data": "hi"},
                "title": "T",
                "context": "C",
                "citations": {"enabled": True},
            },
        ),
        (
            Document(TextSource("hi", "text/csv")),
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "hi"}},
        ),
        (Document(UrlSource("https://a")), {"type": "document", "source": {"type": "url", "url": "https://a"}}),
    ],
    ids=str,
)
def test_media_arrive_in_the_form_the_protocol_takes(part: Part, block: dict[str, Any]) -> None:
    assert turns(user(part))[0]["content"] == [block]


@pytest.mark.parametrize(
    "part",
    [
        Audio(DataSource("aGk=", "audio/wav")),
        Video(UrlSource("https://a")),
        Image(FileSource("file-1")),
        Image(DataSource("AAAA")),
        Document(DataSource("aGk=", "application/msword")),
        Document(DataSource("/w==", "text/plain")),
        Image(TextSource("x")),
    ],
    ids=str,
)
def test_what_the_protocol_cannot_hold_is_refused_before_sending(part: Part) -> None:
    with pytest.raises(Unsupported, match=r"messages\[1\]\.parts\[1\]: "):
        encode(ask(HELLO, user(Text("see"), part)))


def test_the_detail_of_an_image_is_told_to_be_dropped() -> None:
    request = ask(user(Image(UrlSource("https://a"), detail="low")))
    assert departures(request) == {"messages[0].parts[0].detail": "dropped"}


# -- settings --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choice", "parallel", "sent"),
    [
        (None, None, None),
        (None, True, None),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (ToolChoice("auto"), None, {"type": "auto"}),
        (ToolChoice("auto"), True, {"type": "auto"}),
        (ToolChoice("auto"), False, {"type": "auto", "disable_parallel_tool_use": True}),
        (ToolChoice("required"), None, {"type": "any"}),
        (ToolChoice("required"), False, {"type": "any", "disable_parallel_tool_use": True}),
        (ToolChoice("named", "look"), False, {"type": "tool", "name": "look", "disable_parallel_tool_use": True}),
        (ToolChoice("none"), None, {"type": "none"}),
        (ToolChoice("none"), False, {"type": "none"}),
    ],
    ids=str,
)
def test_the_choice_of_tools_says_whether_they_may_run_in_parallel(choice: Any, parallel: bool | None, sent: Any) -> None:
    assert encode(ask(tools=(LOOK,), tool_choice=choice, parallel_tool_calls=parallel)).get("tool_choice") == sent


def test_serial_calls_need_no_word_where_there_are_no_tools() -> None:
    assert "tool_choice" not in encode(ask(parallel_tool_calls=False))


def test_a_tool_keeps_its_whole_schema() -> None:
    schema = {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {}}, "additionalProperties": False}
    tool = Tool(name="look", description="d", parameters=schema, strict=True, cache_control=CacheControl())
    assert encode(ask(tools=(tool,)))["tools"] == [
        {"name": "look", "description": "d", "input_schema": schema, "strict": True, "cache_control": {"type": "ephemeral"}}
    ]


def test_a_tool_of_no_known_parameters_takes_an_object() -> None:
    assert encode(ask(tools=(Tool(name="look"),)))["tools"] == [
        {"name": "look", "input_schema": {"type": "object", "properties": {}}}
    ]
    request = ask(tools=(Tool(name="look", parameters={"properties": {}}),))
    assert encode(request)["tools"][0]["input_schema"] == {"type": "object", "properties": {}}
    assert departures(request) == {"tools[0].parameters": "mapped"}


def test_a_tool_that_another_provider_runs_is_told_to_be_dropped() -> None:
    request = ask(tools=(Opaque({"type": "web_search"}, origin=OPENAI),))
    assert "tools" not in encode(request)
    assert departures(request) == {"tools[0]": "dropped"}


def test_a_schema_for_the_answer_goes_to_output_config() -> None:
    wanted = ResponseFormat(kind="json_schema", schema={"type": "object"}, name="river", strict=True)
    request = ask(response_format=wanted, reasoning=ReasoningConfig(effort="low"))
    assert encode(request)["output_config"] == {"format": {"type": "json_schema", "schema": {"type": "object"}}, "effort": "low"}
    assert departures(request) == {"response_format.name": "dropped", "reasoning.effort": "mapped"}


def test_json_without_a_schema_is_told_to_be_dropped() -> None:
    assert departures(ask(response_format=ResponseFormat(kind="json_object"))) == {"response_format": "dropped"}
    assert departures(ask(response_format=ResponseFormat(kind="text"))) == {}


@pytest.mark.parametrize(
    ("wanted", "thinking", "effort"),
    [
        (ReasoningConfig(enabled=True), {"type": "adaptive"}, None),
        (ReasoningConfig(enabled=False), {"type": "disabled"}, None),
        (ReasoningConfig(effort="none"), {"type": "disabled"}, None),
        (ReasoningConfig(effort="high"), {"type": "adaptive"}, "high"),
        (ReasoningConfig(effort="minimal"), {"type": "adaptive"}, "low"),
        (ReasoningConfig(budget_tokens=2000), {"type": "enabled", "budget_tokens": 2000}, None),
        (ReasoningConfig(budget_tokens=2000, effort="max"), {"type": "enabled", "budget_tokens": 2000}, "max"),
        (ReasoningConfig(enabled=True, extra={"display": "omitted"}), {"type": "adaptive", "display": "omitted"}, None),
        (ReasoningConfig(effort="ludicrous"), None, None),
    ],
    ids=str,
)
def test_how_much_to_think_is_said_in_the_protocols_words(wanted: ReasoningConfig, thinking: Any, effort: str | None) -> None:
    body = encode(ask(reasoning=wanted))
    assert (body.get("thinking"), body.get("output_config", {}).get("effort")) == (thinking, effort)


def test_thinking_excludes_sampling_and_a_forced_tool() -> None:
    request = ask(reasoning=ReasoningConfig(effort="low"), temperature=0.2, top_k=4, top_p=0.95)
    body = encode(request)
    assert ("temperature" in body, "top_k" in body, body["top_p"]) == (False, False, 0.95)
    assert departures(request) == {"reasoning.effort": "mapped", "temperature": "dropped", "top_k": "dropped"}
    forced = ask(reasoning=ReasoningConfig(effort="low"), tools=(LOOK,), tool_choice=ToolChoice("required"))
    assert "thinking" not in encode(forced)
    assert departures(forced) == {"reasoning": "dropped"}


def test_a_temperature_beyond_the_range_is_told_to_be_approximated() -> None:
    assert encode(ask(temperature=1.7))["temperature"] == 1.0
    assert departures(ask(temperature=1.7)) == {"temperature": "approximated"}


def test_stop_user_and_tier_have_their_places() -> None:
    body = encode(ask(stop=("a", "b"), user="u", service_tier="default"))
    assert (body["stop_sequences"], body["metadata"], body["service_tier"]) == (["a", "b"], {"user_id": "u"}, "standard_only")
    assert departures(ask(service_tier="flex")) == {"service_tier": "dropped"}


@pytest.mark.parametrize(
    "field",
    [{"n": 2}, {"seed": 0}, {"logprobs": True}, {"top_logprobs": 3}, {"frequency_penalty": 0.5}, {"presence_penalty": -1}],
    ids=str,
)
def test_what_the_protocol_has_no_place_for_is_told_to_be_dropped(field: dict[str, Any]) -> None:
    assert encode(ask(**field)) == encode(ask())
    assert departures(ask(**field)) == dict.fromkeys(field, "dropped")


def test_what_says_nothing_is_left_out_in_silence() -> None:
    quiet = ask(n=1, logprobs=False, frequency_penalty=0, presence_penalty=0.0, top_logprobs=0, stream_usage=True)
    assert encode(quiet) == encode(ask())
    assert lines(quiet) == ()


def test_what_cannot_be_written_as_json_is_the_requests_fault() -> None:
    with pytest.raises(RequestError, match="cannot be written as JSON"):
        encode(ask(user(Text("\ud800"))))
    with pytest.raises(RequestError, match="cannot be written as JSON"):
        encode(ask(extra={"x": object()}))
