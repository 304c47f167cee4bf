"""AWS's own SDK as judge: its shapes of a request, its parser of answers, errors and event streams."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import pytest
from converse_wire import BEDROCK, CLAUDE, CODEC, SERVER, START, answer, decode, end, events, rendered, stream, text, tool_use

from turnout.errors import RateLimited
from turnout.types import (
    CacheControl,
    ChatRequest,
    DataSource,
    Document,
    Image,
    Message,
    Reasoning,
    ReasoningConfig,
    ResponseFormat,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)

pytest.importorskip("botocore", reason="the extra aws is not installed")


@pytest.fixture(scope="module")
def service() -> Any:
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    return ServiceModel(Loader().load_service_model("bedrock-runtime", "service-2"))


def with_bytes(value: Any, shape: Any) -> Any:
    """JSON as the SDK's callers write it: bytes where the wire has base64."""
    if shape.type_name == "structure" and not shape.is_document_type:
        return {name: with_bytes(member, shape.members[name]) for name, member in value.items()}
    if shape.type_name == "list":
        return [with_bytes(item, shape.member) for item in value]
    return b64decode(value) if shape.type_name == "blob" else value


REQUEST = ChatRequest(
    model=CLAUDE,
    messages=(
        Message("system", (Text("Be brief.", cache_control=CacheControl("5m")),)),
        Message(
            "user",
            (
                Text("What?"),
                Image(DataSource("aGk=", "image/png")),
                Document(DataSource("aGk=", "application/pdf"), filename="a_b.pdf", citations=True),
            ),
        ),
        Message("assistant", (Reasoning("hm"), ToolCall("call|1", "look", '{"x": 1}'))),
        Message("tool", (ToolResult("call|1", (Text("seen"),), is_error=False),)),
    ),
    tools=(Tool(name="look", description="Looks", parameters={"type": "object"}, cache_control=CacheControl()),),
    tool_choice=ToolChoice("auto"),
    max_output_tokens=4096,
    temperature=1.0,
    stop=("END",),
    response_format=ResponseFormat(kind="json_schema", schema={"type": "object"}, name="N"),
    reasoning=ReasoningConfig(budget_tokens=1024),
    service_tier="default",
)


def test_the_sdk_accepts_the_shape_of_a_request(service: Any) -> None:
    from botocore.validate import ParamValidator

    shape = service.operation_model("Converse").input_shape
    body = json.loads(CODEC.encode(REQUEST, BEDROCK, stream=False).http.body)
    report = ParamValidator().validate({"modelId": CLAUDE, **with_bytes(body, shape)}, shape)
    assert report.generate_report() == ""


def test_the_sdk_builds_the_same_address_and_body(service: Any) -> None:
    from botocore.serialize import create_serializer

    operation = service.operation_model("Converse")
    http = CODEC.encode(REQUEST, BEDROCK, stream=False).http
    given = with_bytes(json.loads(http.body), operation.input_shape)
    theirs = create_serializer("rest-json").serialize_to_request({"modelId": CLAUDE, **given}, operation)
    assert http.url.endswith(theirs["url_path"])
    assert json.loads(theirs["body"]) == json.loads(http.body)


def test_the_sdk_reads_an_answer(service: Any) -> None:
    from botocore.parsers import create_parser

    body = SERVER.render(decode(answer({"text": "Hi"}, {"toolUse": {"toolUseId": "a", "name": "f", "input": {"x": 1}}})))
    shape = service.operation_model("Converse").output_shape
    read = create_parser("rest-json").parse({"status_code": 200, "headers": {}, "body": body}, shape)
    assert read["output"]["message"]["content"][0] == {"text": "Hi"}
    assert read["output"]["message"]["content"][1]["toolUse"]["input"] == {"x": 1}
    assert read["usage"]["totalTokens"] == 15


def test_the_sdk_knows_an_error_by_its_class(service: Any) -> None:
    from botocore.parsers import create_parser

    status, body = SERVER.render_error(RateLimited("slow down"))
    shape = service.operation_model("Converse").output_shape
    read = create_parser("rest-json").parse({"status_code": status, "headers": {}, "body": body}, shape)
    assert read["Error"] == {"Code": "ThrottlingException", "Message": "slow down"}


class Body:
    """A response's body as the SDK reads it."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def stream(self) -> Iterator[bytes]:
        return (self._data[at : at + 100] for at in range(0, len(self._data), 100))

    def close(self) -> None:
        return


def read_stream(service: Any, data: bytes) -> list[dict[str, Any]]:
    from botocore.eventstream import EventStream
    from botocore.parsers import create_parser

    shape = service.operation_model("ConverseStream").output_shape.members["stream"]
    return list(EventStream(Body(data), shape, create_parser("rest-json")._event_stream_parser, "ConverseStream"))


def test_the_sdk_reads_a_stream(service: Any) -> None:
    data = rendered(events(stream(START, *text(0, "Hel", "lo"), *tool_use(1, "a", '{"x":', "1}"), *end("tool_use"))))
    read = read_stream(service, data)
    assert [next(iter(event)) for event in read] == [
        "messageStart",
        *("contentBlockDelta", "contentBlockDelta", "contentBlockStop"),
        *("contentBlockStart", "contentBlockDelta", "contentBlockDelta", "contentBlockStop"),
        *("messageStop", "metadata"),
    ]
    assert read[1]["contentBlockDelta"] == {"contentBlockIndex": 0, "delta": {"text": "Hel"}}
    assert read[-1]["metadata"]["usage"]["totalTokens"] == 15


def test_the_sdk_raises_what_broke_a_stream(service: Any) -> None:
    from botocore.exceptions import EventStreamError

    renderer = SERVER.renderer(ChatRequest(model="m", messages=()))
    with pytest.raises(EventStreamError, match="slow down") as raised:
        read_stream(service, renderer.fail(RateLimited("slow down")))
    assert raised.value.response["Error"]["Code"] == "throttlingException"
