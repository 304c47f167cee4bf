"""Requests built by a person, or understood from another protocol, as Bedrock Converse hears them."""

from __future__ import annotations

from typing import Any

import pytest
from converse_wire import CLAUDE, assistant, departures, encode, lines, user

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
    Refusal,
    Source,
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
BEDROCK = Origin("bedrock-converse", "bedrock")
ELSEWHERE = Origin("bedrock-converse", "another account")
HELLO = Message("user", (Text("Hello"),))
LOOK = Tool(name="look", parameters={"type": "object"})
LOOKED = {"toolSpec": {"name": "look", "inputSchema": {"json": {"type": "object"}}}}
POINT = {"cachePoint": {"type": "default"}}
CALLED = (Message("assistant", (ToolCall("c1", "look", "{}"),)), Message("tool", (ToolResult("c1", (Text("seen"),)),)))


def ask(*messages: Message, model: str = CLAUDE, **fields: Any) -> ChatRequest:
    return ChatRequest(model=model, messages=messages or (HELLO,), **fields)


def says(role: Any, *parts: Part, **fields: Any) -> Message:
    return Message(role, parts, **fields)


def turns(*messages: Message, **fields: Any) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = encode(ask(*messages, **fields))["messages"]
    return said


def content(*parts: Part) -> list[Any]:
    (turn,) = turns(says("user", *parts))
    return list(turn["content"])


# -- turns -----------------------------------------------------------------------------------------


def test_system_and_developer_messages_go_to_the_top() -> None:
    request = ask(says("system", Text("a")), says("developer", Text("b")), HELLO)
    assert encode(request) == {"messages": [user({"text": "Hello"})], "system": [{"text": "a"}, {"text": "b"}]}
    assert departures(request) == {"messages[0]": "mapped", "messages[1]": "mapped"}


def test_a_system_message_in_the_middle_is_said_to_be_moved() -> None:
    assert departures(ask(HELLO, says("system", Text("a"))))["messages[1]"] == "approximated"


def test_an_image_in_a_system_message_is_named_as_lost() -> None:
    request = ask(says("system", Text("a"), Image(DataSource("aGk=", "image/png"))), HELLO)
    assert encode(request)["system"] == [{"text": "a"}]
    assert [line.reason for line in lines(request) if line.fate == "dropped"] == ["`system` takes text only, no image"]


def test_roles_alternate_and_results_come_first_in_their_turn() -> None:
    said = turns(
        HELLO,
        says("assistant", Text("I look."), ToolCall("a", "look", "{}"), ToolCall("b", "look", '{"x": 1}')),
        says("user", Text("Well?")),
        says("tool", ToolResult("a", (Text("1"),))),
        says("tool", ToolResult("b", (Text("2"),), is_error=True)),
    )
    assert said == [
        user({"text": "Hello"}),
        assistant(
            {"text": "I look."},
            {"toolUse": {"toolUseId": "a", "name": "look", "input": {}}},
            {"toolUse": {"toolUseId": "b", "name": "look", "input": {"x": 1}}},
        ),
        user(
            {"toolResult": {"toolUseId": "a", "content": [{"text": "1"}]}},
            {"toolResult": {"toolUseId": "b", "content": [{"text": "2"}], "status": "error"}},
            {"text": "Well?"},
        ),
    ]


def test_a_cache_point_stays_behind_the_result_it_marks_when_results_are_put_first() -> None:
    mark = CacheControl()
    said = turns(HELLO, CALLED[0], says("user", Text("a"), ToolResult("c1", (Text("1"),), cache_control=mark)))
    assert said[-1]["content"] == [{"toolResult": {"toolUseId": "c1", "content": [{"text": "1"}]}}, POINT, {"text": "a"}]


def test_a_conversation_begins_with_the_user() -> None:
    request = ask(says("assistant", Text("Hi")), says("user", Text("b")))
    assert [turn["role"] for turn in encode(request)["messages"]] == ["user", "assistant", "user"]
    assert departures(request) == {"messages": "approximated"}


def test_blank_texts_are_left_out_and_so_is_a_turn_that_says_nothing() -> None:
    assert turns(HELLO, says("assistant", Text(" \n")), says("user", Text(""), Text("b"))) == [
        user({"text": "Hello"}, {"text": "b"})
    ]


def test_a_prefill_does_not_end_in_white_space() -> None:
    request = ask(HELLO, says("assistant", Text("The answer is ")))
    assert encode(request)["messages"][-1] == assistant({"text": "The answer is"})
    assert departures(request) == {"messages": "approximated"}


def test_a_tool_message_without_a_result_is_refused() -> None:
    with pytest.raises(RequestError, match=r"messages\[0\]: a tool message must hold a ToolResult"):
        encode(ask(says("tool", Text("seen"))))


# -- ids, calls, results ---------------------------------------------------------------------------


@pytest.mark.parametrize("id", ["", "a b", "call|1", "x" * 65, "é", "a.b:c"])
def test_an_id_that_is_not_accepted_is_rewritten_alike_in_call_and_result(id: str) -> None:
    said = turns(HELLO, says("assistant", ToolCall(id, "look", "{}")), says("tool", ToolResult(id, (Text("1"),))))
    written = said[1]["content"][0]["toolUse"]["toolUseId"]
    assert said[2]["content"][0]["toolResult"]["toolUseId"] == written
    assert 0 < len(written) <= 64
    assert written.replace("_", "").replace("-", "").isalnum()
    assert written.isascii()


def test_ids_that_look_alike_once_rewritten_stay_apart() -> None:
    said = turns(HELLO, says("assistant", ToolCall("a.b", "look", "{}"), ToolCall("a:b", "look", "{}")))
    assert len({block["toolUse"]["toolUseId"] for block in said[1]["content"]}) == 2


@pytest.mark.parametrize(
    ("arguments", "input", "fate"),
    [
        ("", {}, {}),
        ('{"a": 1}', {"a": 1}, {}),
        ('{"a": ', {"INVALID_JSON": '{"a": '}, {"messages[1].parts[0].arguments": "approximated"}),
        ("[1]", {"INVALID_JSON": "[1]"}, {"messages[1].parts[0].arguments": "approximated"}),
    ],
)
def test_arguments_are_an_object_whatever_the_model_wrote(arguments: str, input: Any, fate: dict[str, str]) -> None:
    request = ask(HELLO, says("assistant", ToolCall("c", "look", arguments)), tools=(LOOK,))
    assert encode(request)["messages"][1]["content"][0]["toolUse"]["input"] == input
    assert departures(request) == fate


def test_free_text_for_a_custom_tool_travels_in_an_object() -> None:
    said = turns(HELLO, says("assistant", ToolCall("c", "look", "ls -l", custom=True)))
    assert said[1]["content"][0]["toolUse"]["input"] == {"input": "ls -l"}


def test_an_empty_result_says_so() -> None:
    request = ask(HELLO, CALLED[0], says("tool", ToolResult("c1", (Text(""),))), tools=(LOOK,))
    assert encode(request)["messages"][2]["content"][0]["toolResult"]["content"] == [{"text": "(no output)"}]
    assert departures(request) == {"messages[2].parts[0].parts": "approximated"}


def test_a_result_holds_images_documents_and_json() -> None:
    parts = (Image(DataSource("aGk=", "image/png")), Document(DataSource("aGk=", "application/pdf"), title="n"))
    said = turns(HELLO, CALLED[0], says("tool", ToolResult("c1", parts)))
    assert said[2]["content"][0]["toolResult"]["content"] == [
        {"image": {"format": "png", "source": {"bytes": "aGk="}}},
        {"document": {"format": "pdf", "name": "n", "source": {"bytes": "aGk="}}},
    ]


# -- tools -----------------------------------------------------------------------------------------


def test_tools_keep_their_whole_schema_and_their_order() -> None:
    schema = {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {"A": {}}, "additionalProperties": False}
    tools = (Tool(name="b", description="B", parameters=schema, strict=True), Tool(name="a", description=""), LOOK)
    assert encode(ask(tools=tools))["toolConfig"]["tools"] == [
        {"toolSpec": {"name": "b", "description": "B", "inputSchema": {"json": schema}, "strict": True}},
        {"toolSpec": {"name": "a", "inputSchema": {"json": {"type": "object", "properties": {}}}}},
        LOOKED,
    ]


def test_a_marked_tool_is_followed_by_a_cache_point() -> None:
    marked = Tool(name="look", parameters={"type": "object"}, cache_control=CacheControl("1h"))
    assert encode(ask(tools=(marked,)))["toolConfig"] == {"tools": [LOOKED, {"cachePoint": {"type": "default", "ttl": "1h"}}]}


def test_a_tool_that_another_provider_runs_is_named_as_lost() -> None:
    request = ask(tools=(Opaque({"type": "web_search"}, slot="tools", origin=OPENAI),))
    assert "toolConfig" not in encode(request)
    assert departures(request) == {"tools[0]": "dropped"}


@pytest.mark.parametrize(
    ("choice", "written"),
    [
        (ToolChoice("auto"), {"auto": {}}),
        (ToolChoice("required"), {"any": {}}),
        (ToolChoice("named", "look"), {"tool": {"name": "look"}}),
    ],
)
def test_a_choice_among_tools(choice: ToolChoice, written: Any) -> None:
    assert encode(ask(tools=(LOOK,), tool_choice=choice))["toolConfig"]["toolChoice"] == written


def test_none_of_the_tools_means_that_none_is_sent() -> None:
    request = ask(tools=(LOOK,), tool_choice=ToolChoice("none"))
    assert "toolConfig" not in encode(request)
    assert departures(request) == {"tool_choice": "mapped"}


def test_none_of_the_tools_cannot_be_said_once_some_were_called() -> None:
    request = ask(HELLO, *CALLED, tools=(LOOK,), tool_choice=ToolChoice("none"))
    assert encode(request)["toolConfig"] == {"tools": [LOOKED]}
    assert departures(request) == {"tool_choice": "approximated"}


def test_tools_that_were_called_are_described_although_the_caller_does_not() -> None:
    request = ask(HELLO, *CALLED)
    assert encode(request)["toolConfig"] == {
        "tools": [{"toolSpec": {"name": "look", "inputSchema": {"json": {"type": "object", "properties": {}}}}}]
    }
    assert departures(request) == {"tools": "approximated"}


def test_a_choice_without_tools_is_not_sent() -> None:
    assert "toolConfig" not in encode(ask(tool_choice=ToolChoice("auto")))


def test_one_call_at_a_time_cannot_be_asked_for() -> None:
    assert departures(ask(tools=(LOOK,), parallel_tool_calls=False)) == {"parallel_tool_calls": "dropped"}
    assert departures(ask(tools=(LOOK,), parallel_tool_calls=True)) == {}


# -- cache marks -----------------------------------------------------------------------------------


def test_a_mark_becomes_a_cache_point_behind_its_part() -> None:
    assert content(Text("a", cache_control=CacheControl()), Text("b", cache_control=CacheControl("5m", {"scope": "x"}))) == [
        {"text": "a"},
        POINT,
        {"text": "b"},
        {"cachePoint": {"type": "default", "ttl": "5m", "scope": "x"}},
    ]


def test_what_another_protocol_says_of_a_mark_is_named_as_lost() -> None:
    request = ask(says("user", Text("a", cache_control=CacheControl(extra={"scope": "x"})), origin=OPENAI))
    assert encode(request)["messages"][0]["content"] == [{"text": "a"}, POINT]
    assert departures(request) == {"messages[0].parts[0].cache_control": "dropped"}


def test_a_mark_on_what_cannot_be_sent_stands_behind_what_can() -> None:
    assert content(Text("a"), Text("", cache_control=CacheControl())) == [{"text": "a"}, POINT]


def test_a_mark_with_nothing_before_it_is_named_as_lost() -> None:
    request = ask(says("user", Text("", cache_control=CacheControl()), Text("a")))
    assert departures(request) == {"messages[0].parts[0].cache_control": "dropped"}


def test_a_mark_inside_a_result_stands_behind_the_result() -> None:
    request = ask(HELLO, CALLED[0], says("tool", ToolResult("c1", (Text("1", cache_control=CacheControl()),))), tools=(LOOK,))
    assert encode(request)["messages"][2]["content"] == [{"toolResult": {"toolUseId": "c1", "content": [{"text": "1"}]}}, POINT]
    assert departures(request) == {"messages[2].parts[0].parts.cache_control": "mapped"}


# -- reasoning and opaque blocks -------------------------------------------------------------------


def test_reasoning_goes_back_to_the_provider_it_came_from_as_it_was() -> None:
    thought = (Reasoning("hm", "c2ln", origin=BEDROCK), Reasoning("", encrypted="c2VjcmV0", origin=BEDROCK))
    said = turns(HELLO, says("assistant", *thought, Text("Hi"), origin=BEDROCK), HELLO)
    assert said[1]["content"] == [
        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "c2ln"}}},
        {"reasoningContent": {"redactedContent": "c2VjcmV0"}},
        {"text": "Hi"},
    ]


@pytest.mark.parametrize("origin", [OPENAI, ELSEWHERE, Origin("anthropic-messages", "anthropic"), None])
def test_reasoning_and_opaque_blocks_never_go_to_another_provider(origin: Origin | None) -> None:
    parts = (Reasoning("hm", "secret sig", origin=origin), Opaque({"secret": "block"}, origin=origin), Text("Hi"))
    request = ask(HELLO, says("assistant", *parts, origin=origin), HELLO)
    assert encode(request)["messages"][1] == assistant({"text": "Hi"})
    assert departures(request) == {"messages[1].parts[0]": "dropped", "messages[1].parts[1]": "dropped"}


def test_fields_of_another_protocol_stay_behind_and_are_named() -> None:
    request = ask(
        Message("user", (Text("Hello", extra={"x": 1}, origin=OPENAI),), name="Ada", extra={"y": 1}, origin=OPENAI),
        extra={"logit_bias": {}, "nothing": None},
        origin=OPENAI,
    )
    assert encode(request) == {"messages": [user({"text": "Hello"})]}
    assert departures(request) == {
        "messages[0].parts[0].extra": "dropped",
        "messages[0].name": "dropped",
        "messages[0].extra": "dropped",
        "extra.logit_bias": "dropped",
    }


def test_what_a_person_put_in_extra_is_sent() -> None:
    request = ask(temperature=0.5, extra={"inferenceConfig": {"new": 1}, "guardrailConfig": {"guardrailIdentifier": "g"}})
    body = encode(request)
    assert body["inferenceConfig"] == {"temperature": 0.5, "new": 1}
    assert body["guardrailConfig"] == {"guardrailIdentifier": "g"}
    assert request.extra == {"inferenceConfig": {"new": 1}, "guardrailConfig": {"guardrailIdentifier": "g"}}


def test_a_refusal_is_said_as_text_and_citations_are_named_as_lost() -> None:
    request = ask(HELLO, says("assistant", Refusal("No."), Text("x", (Citation(url="u"),), origin=OPENAI)), HELLO)
    assert encode(request)["messages"][1] == assistant({"text": "No."}, {"text": "x"})
    assert departures(request) == {"messages[1].parts[0]": "approximated", "messages[1].parts[1].citations": "dropped"}


# -- media -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("part", "block"),
    [
        (Image(DataSource("aGk=", "image/jpg")), {"image": {"format": "jpeg", "source": {"bytes": "aGk="}}}),
        (Image(DataSource("iVBORw0KGgoAAA")), {"image": {"format": "png", "source": {"bytes": "iVBORw0KGgoAAA"}}}),
        (Image(UrlSource("s3://b/a.JPG")), {"image": {"format": "jpeg", "source": {"s3Location": {"uri": "s3://b/a.JPG"}}}}),
        (Video(DataSource("aGk=", "video/quicktime")), {"video": {"format": "mov", "source": {"bytes": "aGk="}}}),
        (Audio(DataSource("aGk=", "audio/mpeg")), {"audio": {"format": "mp3", "source": {"bytes": "aGk="}}}),
        (Audio(DataSource("aGk="), format="wav"), {"audio": {"format": "wav", "source": {"bytes": "aGk="}}}),
    ],
)
def test_media_travel_as_bytes_or_by_their_place_in_s3(part: Part, block: dict[str, Any]) -> None:
    assert content(part) == [block]


@pytest.mark.parametrize(
    ("source", "format", "bytes"),
    [
        (DataSource("aGk=", "application/pdf"), "pdf", "aGk="),
        (DataSource("aGk=", "text/markdown"), "md", "aGk="),
        (TextSource("hi"), "txt", "aGk="),
        (TextSource("hi", "text/csv"), "csv", "aGk="),
    ],
)
def test_a_document_travels_as_bytes_of_its_format(source: Source, format: str, bytes: str) -> None:
    part = Document(source, title="n", context="c", citations=True)
    named = {"name": "n", "context": "c", "citations": {"enabled": True}}
    assert content(part, Text("?"))[0] == {"document": {"format": format, "source": {"bytes": bytes}} | named}


def test_names_of_documents_are_brought_to_the_rules_and_kept_apart() -> None:
    source = DataSource("aGk=", "application/pdf")
    given = ("Q1_report (final)  v2.pdf", "Q1-report (final) v2", None, "....", "a" * 300)
    request = ask(says("user", *(Document(source, filename=name) for name in given), Text("?")))
    names = [block["document"]["name"] for block in encode(request)["messages"][0]["content"][:-1]]
    assert names == ["Q1-report (final) v2", "Q1-report (final) v2 (2)", "document", "document (2)", "a" * 200]
    assert departures(request) == {f"messages[0].parts[{at}].title": "mapped" for at in (0, 1, 3, 4)}


def test_a_document_has_a_text_beside_it() -> None:
    request = ask(says("user", Document(DataSource("aGk=", "application/pdf"), title="n")))
    assert encode(request)["messages"][0]["content"][1] == {"text": "The document is attached."}
    assert departures(request) == {"messages[0]": "approximated"}


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (Image(UrlSource("https://e.example/a.png")), "no image by its address (https:)"),
        (Image(FileSource("file-1")), "no image by a file id of another provider"),
        (Image(DataSource("aGk=", "image/tiff")), "no image as image/tiff"),
        (Image(DataSource("aGk=")), "no image of no stated media type"),
        (Document(DataSource("aGk=", "application/zip")), "no document as application/zip"),
        (Audio(FileSource("f")), "no audio by a file id"),
        (Image(UrlSource("s3://b/a")), "no image of an unknown format"),
    ],
)
def test_what_a_model_would_miss_is_refused_before_it_is_sent(part: Part, said: str) -> None:
    with pytest.raises(Unsupported) as raised:
        content(part)
    assert said in str(raised.value)
    assert "messages[0].parts[0]" in str(raised.value)


def test_the_resolution_of_an_image_is_named_as_lost() -> None:
    assert departures(ask(says("user", Image(DataSource("aGk=", "image/png"), detail="high")))) == {
        "messages[0].parts[0].detail": "dropped"
    }
