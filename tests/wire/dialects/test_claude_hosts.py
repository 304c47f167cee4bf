"""Claude on Bedrock and on Vertex: the same protocol in another envelope, at another address."""

from __future__ import annotations

import json
from base64 import b64encode
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from turnout.catalog.schema import Provider
from turnout.errors import (
    AuthenticationFailed,
    Error,
    Overloaded,
    RateLimited,
    RequestError,
    ServerFault,
    TimedOut,
    TransportFailed,
)
from turnout.events import Event, Finished, TextDelta, fold
from turnout.types import ChatRequest, HttpResponse, Message, Origin, Reasoning, Target, Text
from turnout.wire import Wire
from turnout.wire.anthropic_messages.bedrock import WIRE as BEDROCK
from turnout.wire.anthropic_messages.vertex import WIRE as VERTEX
from turnout.wire.aws_events import AwsEventDecoder, encode_event

AWS = Provider(
    id="bedrock-x", name="Bedrock", wire="anthropic-bedrock", base_url="https://bedrock-runtime.eu-west-1.amazonaws.com"
)
GCP = Provider(id="vertex-x", name="Vertex", wire="anthropic-vertex", base_url="https://g.example/v1/publishers/anthropic")
MODEL = "anthropic.claude-x-v1:0"
USER = {"role": "user", "content": "hi"}
HELLO = Message("user", (Text("hi"),))
HOSTS = pytest.mark.parametrize(("wire", "provider"), [(BEDROCK, AWS), (VERTEX, GCP)], ids=["bedrock", "vertex"])
VERSIONS = {"anthropic-bedrock": "bedrock-2023-05-31", "anthropic-vertex": "vertex-2023-10-16"}


def ours(**fields: Any) -> ChatRequest:
    return ChatRequest(model=MODEL, messages=(HELLO,), max_output_tokens=9, **fields)


def body_of(wire: Wire, provider: Provider, request: ChatRequest, *, stream: bool = False) -> dict[str, Any]:
    assert wire.chat is not None
    body: dict[str, Any] = json.loads(wire.chat.encode(request, provider, stream=stream).http.body)
    return body


@HOSTS
def test_the_address_names_the_model_and_the_body_the_version(wire: Wire, provider: Provider) -> None:
    assert body_of(wire, provider, ours()) == {
        "max_tokens": 9,
        "messages": [USER],
        "anthropic_version": VERSIONS[wire.name],
    }


@pytest.mark.parametrize(
    ("stream", "url", "accept"),
    [
        (False, f"{AWS.base_url}/model/anthropic.claude-x-v1%3A0/invoke", "application/json"),
        (
            True,
            f"{AWS.base_url}/model/anthropic.claude-x-v1%3A0/invoke-with-response-stream",
            "application/vnd.amazon.eventstream",
        ),
    ],
)
def test_bedrock_says_in_the_address_whether_to_stream(stream: bool, url: str, accept: str) -> None:
    assert BEDROCK.chat is not None
    http = BEDROCK.chat.encode(ours(), AWS, stream=stream).http
    assert (http.url, http.headers["accept"]) == (url, accept)
    assert "anthropic-version" not in http.headers
    assert "stream" not in json.loads(http.body)


@pytest.mark.parametrize(("stream", "method"), [(False, "rawPredict"), (True, "streamRawPredict")])
def test_vertex_says_it_in_the_address_and_in_the_body(stream: bool, method: str) -> None:
    assert VERTEX.chat is not None
    request = ChatRequest(model="claude-sonnet-4-5@20250929", messages=(HELLO,), max_output_tokens=9)
    http = VERTEX.chat.encode(request, GCP, stream=stream).http
    assert http.url == f"{GCP.base_url}/models/claude-sonnet-4-5@20250929:{method}"
    assert json.loads(http.body).get("stream") == (True if stream else None)


def test_an_arn_is_one_segment_of_the_path() -> None:
    assert BEDROCK.chat is not None
    arn = "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-x"
    http = BEDROCK.chat.encode(ChatRequest(model=arn, messages=(HELLO,)), AWS, stream=False).http
    assert http.url.count("/") == 5


@HOSTS
def test_a_call_without_a_model_is_refused(wire: Wire, provider: Provider) -> None:
    with pytest.raises(RequestError, match="name of a model"):
        body_of(wire, provider, ChatRequest(model="", messages=(HELLO,)))


def from_a_caller(wire: Wire, **fields: Any) -> ChatRequest:
    assert wire.server is not None
    request, _ = wire.server.parse(json.dumps({"max_tokens": 9, "messages": [USER], **fields}).encode())
    return request


@HOSTS
def test_what_its_own_caller_says_goes_back_word_for_word(wire: Wire, provider: Provider) -> None:
    said = {
        "anthropic_version": VERSIONS[wire.name],
        "anthropic_beta": ["a-beta-of-tomorrow"],
        "max_tokens": 9,
        "messages": [USER],
        "top_k": 5,
    }
    assert wire.server is not None
    assert wire.chat is not None
    request, stream = wire.server.parse(json.dumps(said).encode())
    assert (request.model, stream) == ("", False)
    encoded = wire.chat.encode(_named(request), provider, stream=False)
    assert json.loads(encoded.http.body) == said
    assert encoded.lines == ()


def _named(request: ChatRequest) -> ChatRequest:
    from msgspec.structs import replace

    return replace(request, model=MODEL)


def test_another_hosts_version_does_not_come_along() -> None:
    request = _named(from_a_caller(VERTEX, anthropic_version="vertex-2023-10-16"))
    assert body_of(BEDROCK, AWS, request)["anthropic_version"] == "bedrock-2023-05-31"


def test_what_a_host_says_in_the_body_anthropic_says_in_headers() -> None:
    from turnout.wire.anthropic_messages import WIRE

    assert WIRE.chat is not None
    request = _named(from_a_caller(BEDROCK, anthropic_version="bedrock-2023-05-31", anthropic_beta=["context-1m-2025-08-07"]))
    anthropic = Provider(id="anthropic", name="Anthropic", wire=WIRE.name, base_url="https://api.anthropic.com/v1")
    encoded = WIRE.chat.encode(request, anthropic, stream=False)
    assert json.loads(encoded.http.body).keys() == {"model", "max_tokens", "messages"}
    assert encoded.http.headers["anthropic-version"] == "2023-06-01"
    assert encoded.http.headers["anthropic-beta"] == "context-1m-2025-08-07"
    assert {line.fate for line in encoded.lines} == {"mapped"}


BETAS = ["interleaved-thinking-2025-05-14", "claude-code-20250219"]


def test_betas_of_a_caller_go_where_the_host_takes_them_and_only_those_that_it_knows() -> None:
    assert BEDROCK.chat is not None
    assert VERTEX.chat is not None
    request = _named(from_a_caller(BEDROCK, betas=BETAS))
    for wire, provider in ((BEDROCK, AWS), (VERTEX, GCP)):
        assert wire.chat is not None
        encoded = wire.chat.encode(request, provider, stream=False)
        body = json.loads(encoded.http.body)
        assert (body.get("anthropic_beta") or encoded.http.headers["anthropic-beta"].split(",")) == BETAS[:1]
        assert [(line.fate, line.field) for line in encoded.lines] == [("dropped", "extra.betas")]
        assert "claude-code-20250219" in encoded.lines[0].reason


def test_betas_that_the_program_asks_for_itself_are_its_own_business() -> None:
    assert body_of(BEDROCK, AWS, ours(extra={"betas": BETAS}))["anthropic_beta"] == BETAS


@HOSTS
def test_a_signature_returns_to_the_host_that_gave_it_and_to_no_other(wire: Wire, provider: Provider) -> None:
    assert wire.chat is not None
    answer = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": [{"type": "thinking", "thinking": "hm", "signature": "EqQB"}, {"type": "text", "text": "5"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 2},
    }
    said = wire.chat.decode(HttpResponse(status=200, body=json.dumps(answer).encode()), Target(provider.id, MODEL))
    message = said.choices[0].message
    assert message.parts[0].origin == Origin("anthropic-messages", provider.id)
    again = ChatRequest(model=MODEL, messages=(HELLO, message, HELLO), max_output_tokens=9)
    assert body_of(wire, provider, again)["messages"][1]["content"] == answer["content"]
    other_wire, other = (VERTEX, GCP) if wire is BEDROCK else (BEDROCK, AWS)
    assert "EqQB" not in json.dumps(body_of(other_wire, other, again))


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (403, b'{"message":"no access to the model with the specified model ID."}', AuthenticationFailed),
        (429, b'{"message":"Too many requests"}', RateLimited),
        (400, b'{"message":"max_tokens: Field required"}', RequestError),
        (401, b'[{"error":{"code":401,"message":"invalid credentials","status":"UNAUTHENTICATED"}}]', AuthenticationFailed),
        (503, b"<html>", Overloaded),
    ],
)
@HOSTS
def test_refusals_are_the_errors_that_they_are(
    wire: Wire, provider: Provider, status: int, body: bytes, expected: type[Error]
) -> None:
    assert wire.chat is not None
    error = wire.chat.decode_error(HttpResponse(status=status, body=body), Target(provider.id, MODEL))
    assert isinstance(error, (expected, AuthenticationFailed) if wire is BEDROCK and status == 401 else expected)
    assert error.status == status
    if body.startswith(b"{"):
        assert json.loads(body)["message"] in str(error)


# -- Bedrock's stream ------------------------------------------------------------------------------

EVENTS: list[dict[str, Any]] = [
    {
        "type": "message_start",
        "message": {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": "claude",
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": 3, "output_tokens": 1},
        },
    },
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Grüß\n"}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Gott"}},
    {"type": "content_block_stop", "index": 0},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": {"output_tokens": 4}},
    {"type": "message_stop", "amazon-bedrock-invocationMetrics": {"inputTokenCount": 3}},
]


def framed(event: Any, **more: Any) -> bytes:
    text = event if isinstance(event, bytes) else json.dumps(event, ensure_ascii=False).encode()
    payload = {"bytes": b64encode(text).decode(), "p": "abcdef", **more}
    headers = {":event-type": "chunk", ":content-type": "application/json", ":message-type": "event"}
    return encode_event(headers, json.dumps(payload).encode())


def exception(kind: str, message: str = "why") -> bytes:
    headers = {":exception-type": kind, ":content-type": "application/json", ":message-type": "exception"}
    return encode_event(headers, json.dumps({"message": message}).encode())


STREAM = b"".join(map(framed, EVENTS))


def events_of(*pieces: bytes, close: bool = True) -> list[Event]:
    assert BEDROCK.chat is not None
    decoder = BEDROCK.chat.decoder(Target(AWS.id, MODEL))
    found: list[Event] = []
    for piece in pieces:
        found.extend(decoder.feed(piece))
    if close:
        found.extend(decoder.close())
    return found


def test_events_inside_events_are_the_answer() -> None:
    whole = fold(events_of(STREAM))
    assert whole.text == "Grüß\nGott"
    assert whole.finish is not None
    assert whole.finish.unified == "stop"
    assert (whole.usage.input_tokens, whole.usage.output_tokens) == (3, 4)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_any_cutting_of_the_stream_gives_the_same_events(cuts: list[int]) -> None:
    bounds = [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[start:end] for start, end in pairwise(bounds)]
    assert events_of(*pieces) == events_of(STREAM)


def test_an_event_written_over_several_lines_is_one_event() -> None:
    spread = b"".join(framed(json.dumps(event, indent=1).encode()) for event in EVENTS)
    assert fold(events_of(spread)).text == "Grüß\nGott"


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("throttlingException", RateLimited),
        ("serviceUnavailableException", Overloaded),
        ("modelTimeoutException", TimedOut),
        ("modelStreamErrorException", ServerFault),
        ("internalServerException", ServerFault),
        ("validationException", RequestError),
        ("somethingNewException", ServerFault),
    ],
)
def test_an_exception_in_the_stream_is_raised_behind_what_came_before(kind: str, expected: type[Error]) -> None:
    assert BEDROCK.chat is not None
    decoder = BEDROCK.chat.decoder(Target(AWS.id, MODEL))
    found: list[Event] = []
    with pytest.raises(expected, match="why") as raised:
        found.extend(decoder.feed(b"".join(map(framed, EVENTS[:3])) + exception(kind)))
    assert any(isinstance(event, TextDelta) for event in found)
    assert raised.value.type == kind


def test_an_error_of_anthropics_own_inside_a_chunk_is_raised_too() -> None:
    with pytest.raises(Overloaded):
        events_of(framed({"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}))


def test_a_stream_that_stops_before_its_end_is_no_success() -> None:
    with pytest.raises(TransportFailed):
        events_of(b"".join(map(framed, EVENTS[:-1])))
    with pytest.raises(TransportFailed, match="inside an event"):
        events_of(STREAM + framed(EVENTS[2])[:20])


@pytest.mark.parametrize(
    "bad",
    [
        encode_event({":event-type": "chunk", ":message-type": "event"}, b'{"bytes":"*"}'),
        encode_event({":event-type": "chunk", ":message-type": "event"}, b"{}"),
        encode_event({":event-type": "chunk", ":message-type": "event"}, b"\xff"),
        encode_event({":event-type": "other", ":message-type": "event"}, b"{}"),
        framed(b"[1]"),
        framed(b"not json"),
        b"\x00" * 64,
    ],
)
def test_what_is_not_the_protocol_is_a_fault_of_the_server(bad: bytes) -> None:
    with pytest.raises(ServerFault):
        events_of(bad)


@given(st.binary(max_size=200))
def test_no_bytes_bring_anything_but_an_error_of_ours(garbage: bytes) -> None:
    for stream in (garbage, framed(garbage), encode_event({":event-type": "chunk"}, garbage)):
        try:
            events_of(stream)
        except Error:
            continue


def test_a_caller_of_bedrock_gets_the_stream_in_its_frames() -> None:
    assert BEDROCK.server is not None
    renderer = BEDROCK.server.renderer(ours())
    rendered = b"".join(map(renderer.render, events_of(STREAM))) + renderer.finish()
    kinds = [frame.headers[":event-type"] for frame in AwsEventDecoder().feed(rendered)]
    assert set(kinds) == {"chunk"}
    assert fold(events_of(rendered)) == fold(events_of(STREAM))


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (RateLimited("slow down"), "throttlingException"),
        (Overloaded("busy"), "serviceUnavailableException"),
        (RequestError("wrong"), "validationException"),
        (ServerFault("broken"), "internalServerException"),
    ],
)
def test_a_break_is_told_as_an_exception_of_the_operation(error: Error, kind: str) -> None:
    assert BEDROCK.server is not None
    (frame,) = AwsEventDecoder().feed(BEDROCK.server.renderer(ours()).fail(error))
    assert frame.headers[":exception-type"] == kind
    assert json.loads(frame.payload) == {"message": str(error)}


def test_an_exception_of_bedrock_is_passed_on_as_it_came() -> None:
    assert BEDROCK.server is not None
    with pytest.raises(Error) as raised:
        events_of(exception("modelStreamErrorException", "the model broke"))
    (frame,) = AwsEventDecoder().feed(BEDROCK.server.renderer(ours()).fail(raised.value))
    assert frame.headers[":exception-type"] == "modelStreamErrorException"
    assert json.loads(frame.payload) == {"message": "the model broke"}


def test_the_reasoning_of_another_protocol_carries_no_signature_there() -> None:
    thought = Reasoning("hm", signature="abc", origin=Origin("gemini", "google"))
    request = ChatRequest(model=MODEL, messages=(HELLO, Message("assistant", (thought, Text("5"))), HELLO), max_output_tokens=9)
    assert "abc" not in json.dumps(body_of(BEDROCK, AWS, request))


def test_the_finish_stands_in_the_stream() -> None:
    assert [event.finish.raw for event in events_of(STREAM) if isinstance(event, Finished)] == ["end_turn"]
