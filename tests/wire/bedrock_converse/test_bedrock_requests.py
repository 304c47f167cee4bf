"""Requests of callers of Converse: understood, and said to a provider of Converse as they came."""

from __future__ import annotations

from typing import Any

import pytest
from converse_wire import BEDROCK, CLAUDE, CODEC, SERVER, ask, assistant, departures, encode, lines, parse, there_and_back, user
from msgspec.structs import replace

from turnout.errors import RequestError
from turnout.types import (
    Audio,
    CacheControl,
    DataSource,
    Document,
    Image,
    Message,
    Opaque,
    Reasoning,
    ReasoningConfig,
    Text,
    TextSource,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    UrlSource,
    Video,
)

POINT = {"cachePoint": {"type": "default"}}
SPEC = {"toolSpec": {"name": "look", "description": "Looks", "inputSchema": {"json": {"type": "object"}}}}


@pytest.mark.parametrize(
    "body",
    [
        ask(),
        ask(system=[], inferenceConfig={}),
        ask(system=[{"text": "Be brief."}, POINT, {"guardContent": {"text": {"text": "safe?"}}}]),
        ask(inferenceConfig={"maxTokens": 5, "temperature": 0.5, "topP": 0.9, "stopSequences": ["END"], "new": 1}),
        ask(inferenceConfig={"maxTokens": None, "stopSequences": []}),
        ask(inferenceConfig={"maxTokens": "many"}),
        ask(toolConfig={"tools": [SPEC, POINT, {"systemTool": {"name": "nova_grounding"}}], "toolChoice": {"auto": {}}}),
        ask(toolConfig={"tools": [SPEC], "toolChoice": {"tool": {"name": "look"}}, "later": {"x": 1}}),
        ask(toolConfig={"tools": [SPEC], "toolChoice": {"any": {"deeply": True}}}),
        ask(toolConfig={"tools": [SPEC], "toolChoice": {"perhaps": {}}}),
        ask(toolConfig={"tools": [{"toolSpec": {"name": "bare"}}, {"toolSpec": {"name": "s", "strict": True, "new": 1}}]}),
        ask(toolConfig={"tools": [POINT, SPEC]}),
        ask(toolConfig={"tools": []}),
        ask(additionalModelRequestFields={"thinking": {"type": "enabled", "budget_tokens": 1024}, "top_k": 5}),
        ask(additionalModelRequestFields={"thinking": {"type": "adaptive", "display": "summarized"}}),
        ask(additionalModelRequestFields={"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}}),
        ask(additionalModelRequestFields={"thinking": {"type": "disabled"}}, outputConfig={"effort": "low"}),
        ask(additionalModelRequestFields={"reasoning_config": {"type": "enabled", "budget_tokens": 1024}}),
        ask(additionalModelRequestFields={"reasoning_config": "high"}),
        ask(additionalModelRequestFields={"reasoning_effort": "medium"}),
        ask(additionalModelRequestFields={"reasoningConfig": {"type": "enabled", "maxReasoningEffort": "low"}}),
        ask(additionalModelRequestFields={"inferenceConfig": {"topK": 5}}),
        ask(additionalModelRequestFields={}),
        ask(outputConfig={"effort": "xhigh"}),
        ask(
            additionalModelResponseFieldPaths=["/stop_sequence"],
            guardrailConfig={"guardrailIdentifier": "g1", "guardrailVersion": "DRAFT", "trace": "enabled"},
            performanceConfig={"latency": "optimized"},
            requestMetadata={"team": "blue"},
            serviceTier={"type": "flex"},
        ),
        {"promptVariables": {"who": {"text": "Ada"}}},
        {"messages": []},
        {"messages": [user({"text": "a"}), user({"text": "b"}), {"role": "system", "content": [{"text": "now"}]}]},
        {"messages": [user(), assistant({"text": "  "}), assistant({"text": ""})]},
        {"messages": [user({"text": "a"}) | {"later": None}]},
    ],
)
def test_a_request_goes_on_as_it_came(body: dict[str, Any]) -> None:
    assert there_and_back(body) == body
    assert lines(parse(body)) == ()


BLOCKS: list[dict[str, Any]] = [
    {"text": "Hi", "type": "text"},
    {"image": {"format": "png", "source": {"bytes": "aGk="}}},
    {"image": {"format": "png", "source": {"s3Location": {"uri": "s3://bucket/a.png", "bucketOwner": "123456789012"}}}},
    {"image": {"format": "heic", "source": {"bytes": "aGk="}, "error": {"message": "no"}}},
    {"image": {"format": "png", "source": {"elsewhere": 1}}},
    {
        "document": {
            "format": "pdf",
            "name": "Q1 (draft).pdf?",
            "source": {"bytes": "aGk="},
            "context": "c",
            "citations": {"enabled": True},
        }
    },
    {"document": {"name": "notes", "source": {"text": "one"}}},
    {"document": {"format": "txt", "name": "n", "source": {"content": [{"text": "one"}, {"text": ""}, {"text": "two"}]}}},
    {"document": {"format": "txt", "name": "n", "source": {"content": []}}},
    {"document": {"format": "md", "source": {"s3Location": {"uri": "s3://bucket/a.md"}}}},
    {"video": {"format": "three_gp", "source": {"bytes": "aGk="}}},
    {"video": {"format": "mpg", "source": {"bytes": "aGk="}}},
    {"audio": {"format": "mp3", "source": {"bytes": "aGk="}}},
    {"toolResult": {"toolUseId": "t1", "content": [{"json": {"a": [1.0, None]}}, {"text": "b"}], "status": "error"}},
    {"toolResult": {"toolUseId": "t1", "content": [{"image": {"format": "gif", "source": {"bytes": "aGk="}}}], "type": "x"}},
    {"toolResult": {"toolUseId": "t1", "content": [], "status": "odd"}},
    {"toolResult": {"toolUseId": "t1"}},
    {
        "toolResult": {
            "toolUseId": "t1",
            "content": [{"searchResult": {"source": "s", "title": "t", "content": [{"text": "x"}]}}, POINT],
        }
    },
    {"toolUse": {"toolUseId": "t.1:2", "name": "look", "input": {"a": 1}}},
    {"toolUse": {"toolUseId": "t1", "name": "look", "input": "cut off {"}},
    {"toolUse": {"toolUseId": "t1", "name": "look"}},
    {"toolUse": {"toolUseId": "t1", "name": "run", "input": {}, "type": "server_tool_use"}},
    {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "c2ln", "new": 1}}},
    {"reasoningContent": {"redactedContent": "c2VjcmV0"}},
    {"reasoningContent": {"newer": {}}},
    {"guardContent": {"text": {"text": "guard me", "qualifiers": ["query"]}}},
    {"guardContent": {"image": {"format": "png", "source": {"bytes": "aGk="}}}},
    {"citationsContent": {"content": [{"text": "a"}, {"text": "b"}], "citations": []}},
    {
        "citationsContent": {
            "citations": [{"title": "t", "location": {"documentChar": {"documentIndex": 0, "start": 1, "end": 2}}}]
        }
    },
    {
        "citationsContent": {
            "content": [{"text": "a"}],
            "citations": [
                {"title": "t", "source": "https://e.example", "sourceContent": [{"text": "q"}]},
                {"location": {"web": {"url": "https://w.example", "domain": "w.example"}}, "source": "https://other.example"},
                {"source": "a file", "sourceContent": [{"text": "q"}, {"text": "r"}], "location": 5},
            ],
        }
    },
    {"citationsContent": {"content": [{"other": "a"}]}},
    {
        "searchResult": {
            "source": "https://e.example",
            "title": "t",
            "content": [{"text": "x"}, {"text": "y"}],
            "citations": {"enabled": False},
        }
    },
    {"toolAddition": {"tools": [{"name": "x"}]}},
    {"text": "two", "image": {}},
    {"cachePoint": {"type": "newer"}},
]


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: next(iter(block)))
@pytest.mark.parametrize("role", ["user", "assistant"])
def test_a_block_goes_on_as_it_came_also_between_others_and_with_its_mark(role: str, block: dict[str, Any]) -> None:
    content = [{"text": "before"}, block, {"cachePoint": {"type": "default", "ttl": "1h", "new": 1}}, block]
    body = {"messages": [{"role": role, "content": content}]}
    assert there_and_back(body) == body
    assert lines(parse(body)) == ()


def test_the_input_of_a_call_keeps_its_text() -> None:
    raw = b'{"messages":[{"role":"assistant","content":[{"toolUse":{"toolUseId":"t","name":"f","input":{"a": 1.0,  "b":1e2}}}]}]}'
    request = parse(raw)
    assert request.messages[0].parts == (ToolCall("t", "f", '{"a": 1.0,  "b":1e2}'),)
    assert b'"input":{"a": 1.0,  "b":1e2}' in CODEC.encode(replace(request, model="m"), BEDROCK, stream=False).http.body


def test_what_a_request_says_is_where_a_reader_looks_for_it() -> None:
    request = parse(
        ask(
            {"text": "Hello"},
            system=[{"text": "Be brief."}, POINT],
            inferenceConfig={"maxTokens": 5, "temperature": 0.5, "topP": 0.9, "stopSequences": ["END"]},
            toolConfig={"tools": [SPEC, POINT], "toolChoice": {"tool": {"name": "look"}}},
            additionalModelRequestFields={"thinking": {"type": "enabled", "budget_tokens": 1024}, "top_k": 3},
            serviceTier={"type": "priority"},
        )
    )
    assert (request.model, request.messages[0].text, request.messages[1].text) == ("", "Be brief.", "Hello")
    assert request.messages[0].parts[0].cache_control == CacheControl()
    assert (request.max_output_tokens, request.temperature, request.top_p, request.top_k) == (5, 0.5, 0.9, 3)
    assert (request.stop, request.service_tier) == (("END",), "priority")
    assert request.tool_choice == ToolChoice("named", "look")
    assert request.reasoning == ReasoningConfig(enabled=True, budget_tokens=1024)
    assert request.extra is None
    (tool,) = request.tools or ()
    assert isinstance(tool, Tool)
    assert (tool.name, tool.parameters, tool.cache_control) == ("look", {"type": "object"}, CacheControl())


def test_a_schema_for_the_answer_is_an_object_and_keeps_its_text() -> None:
    schema = '{"type":"object",  "properties": {"n": {"type": "integer"}}}'
    structure = {"jsonSchema": {"schema": schema, "name": "N", "description": "d", "later": 1}}
    body = ask(outputConfig={"textFormat": {"type": "json_schema", "structure": structure}})
    wanted = parse(body).response_format
    assert not isinstance(wanted, Opaque)
    assert wanted is not None
    assert (wanted.kind, wanted.name, wanted.description) == ("json_schema", "N", "d")
    assert wanted.schema == {"type": "object", "properties": {"n": {"type": "integer"}}}
    assert there_and_back(body) == body


def test_a_schema_that_is_no_json_stays_as_it_is() -> None:
    form = {"type": "json_schema", "structure": {"jsonSchema": {"schema": "{"}}}
    body = ask(outputConfig={"textFormat": form})
    assert parse(body).response_format is None
    assert there_and_back(body) == body


@pytest.mark.parametrize(
    ("block", "part"),
    [
        ({"text": "Hi"}, Text("Hi")),
        ({"image": {"format": "jpeg", "source": {"bytes": "aGk="}}}, Image(DataSource("aGk=", "image/jpeg"))),
        (
            {"image": {"format": "png", "source": {"s3Location": {"uri": "s3://b/a"}}}},
            Image(UrlSource("s3://b/a", "image/png")),
        ),
        (
            {"document": {"format": "pdf", "name": "n", "source": {"bytes": "aGk="}, "citations": {"enabled": True}}},
            Document(DataSource("aGk=", "application/pdf"), title="n", citations=True),
        ),
        ({"video": {"format": "mp4", "source": {"bytes": "aGk="}}}, Video(DataSource("aGk=", "video/mp4"))),
        ({"audio": {"format": "wav", "source": {"bytes": "aGk="}}}, Audio(DataSource("aGk=", "audio/wav"), format="wav")),
        (
            {"toolResult": {"toolUseId": "t", "content": [{"text": "ok"}], "status": "success"}},
            ToolResult("t", (Text("ok"),), is_error=False),
        ),
        ({"toolResult": {"toolUseId": "t", "content": [], "status": "error"}}, ToolResult("t", (), is_error=True)),
        (
            {"document": {"format": "txt", "name": "n", "source": {"content": [{"text": "one"}, {"text": "two"}]}}},
            Document(TextSource("one\n\ntwo"), title="n", spelled={"source": "content", "content": "3,3"}),
        ),
        (
            {"guardContent": {"text": {"text": "g", "qualifiers": ["query"]}}},
            Text("g", extra={"guardContent": {"text": {"qualifiers": ["query"]}}}, spelled={"block": "guardContent"}),
        ),
    ],
)
def test_a_block_is_the_part_it_means(block: dict[str, Any], part: Any) -> None:
    assert parse(ask(block)).messages[0].parts == (part,)


def test_reasoning_remembers_where_it_came_from() -> None:
    thought = {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}}
    (part,) = parse({"messages": [assistant(thought)]}).messages[0].parts
    assert isinstance(part, Reasoning)
    assert (part.text, part.signature, part.origin and part.origin.wire) == ("hm", "s", "bedrock-converse")


def test_a_tool_that_the_provider_ran_is_no_call_of_the_callers() -> None:
    use = {"toolUse": {"toolUseId": "t", "name": "nova_code_interpreter", "input": {}, "type": "server_tool_use"}}
    result = {"toolResult": {"toolUseId": "t", "content": [{"json": {}}], "type": "nova_code_interpreter_result"}}
    parts = parse({"messages": [assistant(use, result)]}).messages[0].parts
    assert [type(part) for part in parts] == [Opaque, Opaque]


def test_a_document_of_chunks_that_was_edited_is_one_chunk() -> None:
    request = parse(ask({"document": {"format": "txt", "name": "n", "source": {"content": [{"text": "one"}, {"text": "two"}]}}}))
    (document,) = request.messages[0].parts
    assert isinstance(document, Document)
    edited = replace(document, source=TextSource("one, edited\n\ntwo"))
    request = replace(request, messages=(replace(request.messages[0], parts=(edited,)),))
    (block,) = encode(request)["messages"][0]["content"]
    assert block["document"]["source"] == {"content": [{"text": "one, edited\n\ntwo"}]}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "the request body is not JSON"),
        (b"[]", "no JSON object"),
        ({"messages": {}}, "messages: expected a list of messages, got an object"),
        ({"messages": ["hi"]}, "messages[0]: expected an object with role and content"),
        ({"messages": [{"content": []}]}, "messages[0].role: missing"),
        ({"messages": [{"role": "tool", "content": []}]}, "messages[0].role: expected one of user, assistant, system"),
        ({"messages": [{"role": "user"}]}, "messages[0].content: missing"),
        ({"messages": [{"role": "user", "content": "hi"}]}, 'messages[0].content: expected a list of blocks, got "hi"'),
        ({"messages": [user("hi")]}, "messages[0].content[0]: expected a content block"),
        ({"messages": [user({"toolUse": {"name": "f"}})]}, "messages[0].content[0].toolUse.toolUseId: missing"),
        (
            {"messages": [user({"toolResult": {"toolUseId": 5}})]},
            "messages[0].content[0].toolResult.toolUseId: expected a string",
        ),
        (ask(system="be brief"), "system: expected a list of blocks"),
        (ask(toolConfig=[]), "toolConfig: expected an object with tools, got a list"),
        (ask(toolConfig={"tools": {}}), "toolConfig.tools: expected a list of tools"),
        (ask(toolConfig={"tools": ["f"]}), "toolConfig.tools[0]: expected an object with a toolSpec"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(body: Any, said: str) -> None:
    with pytest.raises(RequestError) as raised:
        parse(body)
    assert said in str(raised.value)


def test_the_model_and_the_stream_stand_in_the_address() -> None:
    arn = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/eu.anthropic.claude-x-v1:0"
    request = replace(parse(ask()), model=arn)
    assert SERVER.parse(b'{"messages":[]}')[1] is False
    whole, streamed = (CODEC.encode(request, BEDROCK, stream=stream).http for stream in (False, True))
    quoted = "arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Feu.anthropic.claude-x-v1%3A0"
    assert whole.url == f"https://bedrock-runtime.eu-west-1.amazonaws.com/model/{quoted}/converse"
    assert streamed.url == whole.url + "-stream"
    assert streamed.headers["accept"] == "application/vnd.amazon.eventstream"
    assert whole.body == streamed.body


def test_a_request_without_a_model_is_refused_before_it_is_sent() -> None:
    with pytest.raises(RequestError, match="stands in the address"):
        CODEC.encode(parse(ask()), BEDROCK, stream=False)


def test_a_choice_to_call_nothing_that_was_put_in_later_is_met_as_far_as_it_can_be() -> None:
    request = replace(parse(ask(toolConfig={"tools": [SPEC]})), tool_choice=ToolChoice("none"))
    assert "toolConfig" not in encode(request)
    assert departures(request) == {"tool_choice": "mapped"}


def test_the_same_request_gives_the_same_bytes() -> None:
    request = replace(parse(ask(*({"text": f"{n}"} for n in range(5)), toolConfig={"tools": [SPEC]})), model=CLAUDE)
    assert CODEC.encode(request, BEDROCK, stream=True) == CODEC.encode(request, BEDROCK, stream=True)


def test_a_message_that_was_added_by_hand_joins_the_turn_before_it() -> None:
    request = parse(ask())
    request = replace(request, messages=(*request.messages, Message("user", (Text("and?"),))))
    assert encode(request)["messages"] == [user({"text": "Hello"}, {"text": "and?"})]
