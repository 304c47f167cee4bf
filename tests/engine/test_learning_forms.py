"""A target that takes no JSON schema is asked for the answer in another way, and the answer is held to the schema."""

from __future__ import annotations

import json
from typing import Any

import pytest

from turnout.adapt import prepare
from turnout.catalog.measured import Measured
from turnout.catalog.schema import Limit, Limits, Model
from turnout.client.sync import Client
from turnout.config import Config
from turnout.engine.plan import Retry
from turnout.errors import RequestError, Unsupported
from turnout.events import TextDelta, ToolCallDelta
from turnout.registry import Registry
from turnout.testing.transport import Script, ScriptedStream
from turnout.types import ChatRequest, HttpResponse, Message, ReasoningConfig, ResponseFormat, Target, Text, Tool

MODEL = "groq/new-model"
SCHEMA = {"type": "object", "properties": {"river": {"type": "string"}}, "required": ["river"], "additionalProperties": False}
RIVER = ResponseFormat(kind="json_schema", name="river", schema=SCHEMA, strict=True)
TOOL = Tool(name="look", description="", parameters={"type": "object", "properties": {}})


def refusal(message: str, status: int = 400) -> HttpResponse:
    return HttpResponse(status=status, body=json.dumps({"error": {"message": message, "type": "invalid_request_error"}}).encode())


NO_SCHEMA = refusal("Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model. Learn more")
NO_TOOL_CHOICE = refusal("deepseek-reasoner does not support this tool_choice")
NO_JSON = refusal("Prompt must contain the word 'json' in some form to use 'response_format' of type 'json_object'.")


def answered(message: dict[str, Any], finish: str = "stop") -> HttpResponse:
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    return HttpResponse(status=200, body=json.dumps({"id": "1", "model": "m", "choices": [choice]}).encode())


def call(arguments: str) -> dict[str, Any]:
    return {"id": "call_1", "type": "function", "function": {"name": "river", "arguments": arguments}}


CALLED = answered({"content": None, "tool_calls": [call('{"river":"Loire"}')]}, "tool_calls")


def registry(limit: Limit | None = None) -> Registry:
    known = Registry(environ={"GROQ_API_KEY": "gsk-real-looking-1234"}, config=Config())
    if limit is not None:
        known.learned.by_target[Target("groq", "new-model")] = Measured(limits={"response_format": limit})
    return known


def bodies(script: Script) -> list[dict[str, Any]]:
    return [json.loads(request.body or b"") for request in script.sent]


def fates(answer: Any) -> list[tuple[str, str]]:
    return [(line.field, line.fate) for line in answer.receipt.lines if line.fate != "exact"]


def test_a_schema_that_is_refused_is_asked_for_as_a_tools_arguments_at_once_and_from_then_on():
    script, known = Script(NO_SCHEMA, CALLED, CALLED), registry()
    with Client(known, script) as client:
        answer = client.chat("A river", model=MODEL, response_format=RIVER)
        again = client.chat("A river", model=MODEL, response_format=RIVER)
    first, second, third = bodies(script)
    assert first["response_format"]["type"] == "json_schema"
    assert "response_format" not in second
    assert second["tools"][0]["function"]["parameters"] == SCHEMA
    assert second["tool_choice"] == {"type": "function", "function": {"name": "river"}}
    assert third == second
    assert (answer.text, answer.choices[0].finish.unified) == ('{"river":"Loire"}', "stop")
    assert answer.message.parts == again.message.parts == (Text('{"river":"Loire"}'),)
    assert fates(answer) == [("response_format", "approximated")]


def test_an_answer_that_does_not_meet_the_schema_is_told_in_the_receipt():
    called = answered({"content": None, "tool_calls": [call('{"rivers":1}')]}, "tool_calls")
    with Client(registry(Limit(only="tool")), Script(called)) as client:
        answer = client.chat("A river", model=MODEL, response_format=RIVER)
    assert ("response_format", "approximated") in fates(answer)
    assert any(field.startswith("choices[0].parts[0].text") for field, _ in fates(answer))


def test_a_stream_of_the_tools_arguments_is_a_stream_of_text():
    head = b'data: {"id":"1","object":"chat.completion.chunk","model":"m","choices":[{"index":0,"delta":'
    chunks = [
        head + json.dumps({"tool_calls": [{"index": 0, **call('{"riv')}]}).encode() + b',"finish_reason":null}]}\n\n',
        head + b'{"tool_calls":[{"index":0,"function":{"arguments":"er\\":\\"Loire\\"}"}}]},"finish_reason":"tool_calls"}]}\n\n',
        b"data: [DONE]\n\n",
    ]
    script = Script(ScriptedStream(chunks=chunks))
    with Client(registry(Limit(only="tool")), script) as client:
        with client.stream("A river", model=MODEL, response_format=RIVER) as stream:
            events = list(stream)
        answer = stream.completion()
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == '{"river":"Loire"}'
    assert not [event for event in events if isinstance(event, ToolCallDelta)]
    assert (answer.text, answer.choices[0].finish.unified) == ('{"river":"Loire"}', "stop")


def test_a_target_that_refuses_each_way_is_asked_for_text_in_the_end_and_that_is_remembered():
    script, known = (
        Script(NO_SCHEMA, NO_TOOL_CHOICE, NO_JSON, answered({"content": "Loire"}), answered({"content": "Rhine"})),
        registry(),
    )
    with Client(known, script, retry=Retry(attempts=8, per_target=8)) as client:
        answer = client.chat("A river", model=MODEL, response_format=RIVER)
        client.chat("A river", model=MODEL, response_format=RIVER)
    ways = [sorted({"response_format", "tools"} & body.keys()) for body in bodies(script)]
    assert ways == [["response_format"], ["tools"], ["response_format"], [], []]
    assert bodies(script)[2]["response_format"] == {"type": "json_object"}
    assert answer.text == "Loire"
    assert ("response_format", "dropped") in fates(answer)
    assert len(fates(answer)) == 2  # and that the answer is no such JSON


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        ("tool", "messages.3: tool_use ids were found without tool_result blocks"),
        ("tool", "This model's rate of tools is none of your concern"),
        ("json_object", "Invalid JSON body"),
        ("text", "Invalid parameter: 'response_format'"),
    ],
)
def test_a_complaint_about_something_else_changes_no_way(limit, message):
    known = registry(Limit(only=limit))
    with Client(known, Script(refusal(message))) as client, pytest.raises(RequestError):
        client.chat("A river", model=MODEL, response_format=RIVER)
    assert known.learned.by_target[Target("groq", "new-model")].limits["response_format"].only == limit


@pytest.mark.parametrize(
    "message", ["does not support tools", "Tool use is not enabled on this server", "tool_choice: only auto"]
)
def test_the_words_with_which_a_forced_tool_is_refused_are_understood(message):
    known = registry(Limit(only="tool"))
    with Client(known, Script(refusal(message), answered({"content": '{"river":"Loire"}'}))) as client:
        assert client.chat("A river", model=MODEL, response_format=RIVER).text == '{"river":"Loire"}'
    assert known.learned.by_target[Target("groq", "new-model")].limits["response_format"].only == "json_object"


def test_beside_tools_of_the_callers_own_any_json_is_asked_for():
    script = Script(answered({"content": '{"river":"Loire"}'}))
    with Client(registry(Limit(only="tool")), script) as client:
        client.chat("A river", model=MODEL, response_format=RIVER, tools=(TOOL,))
    (body,) = bodies(script)
    assert body["response_format"] == {"type": "json_object"}
    assert [tool["function"]["name"] for tool in body["tools"]] == ["look"]


def test_a_model_that_is_to_think_is_not_made_to_call_a_tool():
    script = Script(answered({"content": '{"river":"Loire"}'}))
    with Client(registry(Limit(only="tool")), script) as client:
        client.chat("A river", model=MODEL, response_format=RIVER, reasoning=ReasoningConfig(effort="high"))
    (body,) = bodies(script)
    assert (body["response_format"], "tools" in body) == ({"type": "json_object"}, False)


def test_a_strict_translation_raises_the_refusal_and_what_is_known_before_it_is_sent():
    script, known = Script(NO_SCHEMA), registry()
    with Client(known, script, translation="strict") as client, pytest.raises(RequestError, match="is not supported with this"):
        client.chat("A river", model=MODEL, response_format=RIVER)
    script = Script()
    with Client(registry(Limit(only="tool")), script, translation="strict") as client, pytest.raises(Unsupported):
        client.chat("A river", model=MODEL, response_format=RIVER)
    assert not script.sent


@pytest.mark.parametrize(
    ("message", "status"),
    [
        ("This response_format type is unavailable now", 400),
        (
            "Failed to deserialize: response_format: response_format.type `json_schema` is unavailable now at line 1",
            422,
        ),
        (
            "The parameter `response_format.type` specified in the request are not valid: invalid value: `json_schema`, supported"
            " values are: `json_object` and `text`.",
            400,
        ),
    ],
)
def test_the_words_with_which_vendors_refuse_a_schema_are_understood(message, status):
    with Client(registry(), Script(refusal(message, status), CALLED)) as client:
        assert client.chat("A river", model=MODEL, response_format=RIVER).text == '{"river":"Loire"}'


def test_a_complaint_about_the_schema_itself_teaches_nothing():
    known = registry()
    wrong = refusal("Invalid schema for response_format 'river': In context=(), 'additionalProperties' is required")
    with Client(known, Script(wrong)) as client, pytest.raises(RequestError, match="Invalid schema"):
        client.chat("A river", model=MODEL, response_format=RIVER)
    assert not known.learned.by_target


# -- what data may say ----------------------------------------------------------------------------


def fitted(wanted: ResponseFormat, **facts: Any) -> Any:
    known = registry()
    model = Model(
        target=Target("groq", "new-model"),
        lacks=facts.pop("lacks", frozenset()),
        limits=Limits(fields={"response_format": (Limit(**facts),)}),
    )
    provider = known.provider("groq")
    request = ChatRequest(model="m", messages=(Message("user", (Text("A river"),)),), response_format=wanted)
    return prepare(request, known.wires.get(provider.wire), provider, model)


JSON = ResponseFormat(kind="json_object")


@pytest.mark.parametrize(
    ("wanted", "facts", "kind"),
    [
        (RIVER, {"only": "json_object"}, "json_object"),
        (RIVER, {"only": "text"}, None),
        (RIVER, {"unsupported": True}, None),
        (RIVER, {"only": "tool", "lacks": frozenset({"tools"})}, "json_object"),
        (RIVER, {"only": "json_schema"}, "json_schema"),
        (RIVER, {"only": "text", "beside": "tools"}, "json_schema"),
        (JSON, {"only": "json_schema"}, None),
        (JSON, {"only": "tool"}, "json_object"),
        (JSON, {"only": "text"}, "json_object"),
        (JSON, {"unsupported": True}, None),
    ],
)
def test_each_way_that_data_may_name(wanted, facts, kind):
    prepared = fitted(wanted, **facts)
    sent = prepared.request.response_format
    assert (sent.kind if sent is not None else None) == kind
    changed = kind != wanted.kind
    assert [line.field for line in prepared.lines if line.field == "response_format"] == ["response_format"] * changed
    assert any(check.relaxed and check.tool is None for check in prepared.checks) == changed


def test_a_schema_that_is_no_objects_is_no_tools():
    many = ResponseFormat(kind="json_schema", name="rivers", schema={"anyOf": [SCHEMA, {"type": "null"}]})
    prepared = fitted(many, only="tool")
    assert prepared.request.tools is None
    assert prepared.request.response_format == ResponseFormat(kind="json_object")


def claude(limit: Limit) -> Registry:
    known = Registry(environ={"ANTHROPIC_API_KEY": "sk-ant-real-looking-1234"}, config=Config())
    known.learned.by_target[Target("anthropic", "claude-x")] = Measured(limits={"response_format": limit})
    return known


CLAUDE_STREAM = b"".join(
    b"event: %s\ndata: %s\n\n" % (json.loads(data)["type"].encode(), data)
    for data in (
        b'{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-x","content":[],'
        b'"stop_reason":null,"usage":{"input_tokens":9,"output_tokens":1}}}',
        b'{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"toolu_1","name":"river","input":{}}}',
        b'{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":""}}',
        b'{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\\"river\\": \\"Lo"}}',
        b'{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"ire\\"}"}}',
        b'{"type":"content_block_stop","index":0}',
        b'{"type":"message_delta","delta":{"stop_reason":"tool_use","stop_sequence":null},"usage":{"output_tokens":20}}',
        b'{"type":"message_stop"}',
    )
)


@pytest.mark.parametrize("size", [1, 7, 4096])
def test_a_stream_of_another_protocol_is_a_stream_of_text_however_it_is_cut(size):
    chunks = [CLAUDE_STREAM[at : at + size] for at in range(0, len(CLAUDE_STREAM), size)]
    with Client(claude(Limit(only="tool")), Script(ScriptedStream(chunks=chunks))) as client:
        with client.stream("A river", model="anthropic/claude-x", response_format=RIVER) as stream:
            events = list(stream)
        answer = stream.completion()
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == '{"river": "Loire"}'
    assert answer.message.parts == (Text('{"river": "Loire"}'),)
    assert (answer.text, answer.choices[0].finish.unified) == ('{"river": "Loire"}', "stop")


def test_a_whole_answer_of_another_protocol_is_text():
    body = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-x",
        "content": [{"type": "tool_use", "id": "toolu_1", "name": "river", "input": {"river": "Loire"}}],
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 9, "output_tokens": 20},
    }
    script = Script(HttpResponse(status=200, body=json.dumps(body).encode()))
    with Client(claude(Limit(only="tool")), script) as client:
        answer = client.chat("A river", model="anthropic/claude-x", response_format=RIVER)
    assert json.loads(answer.text) == {"river": "Loire"}
    (sent,) = bodies(script)
    assert sent["tool_choice"] == {"type": "tool", "name": "river"}
    assert "output_config" not in sent
