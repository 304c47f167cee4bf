"""Counts of tokens: the request that each vendor counts, its answer, and what a caller who asks us is told."""

from __future__ import annotations

import json
import typing
from base64 import b64decode
from typing import Any

import pytest

from turnout.catalog.schema import Provider
from turnout.errors import AuthenticationFailed, Error, ModelNotFound, RequestError, ServerFault, Unsupported
from turnout.registry import Registry
from turnout.types import (
    ChatRequest,
    DataSource,
    HttpRequest,
    HttpResponse,
    Image,
    Message,
    ReasoningConfig,
    ResponseFormat,
    Target,
    Text,
    TokenCount,
    Tool,
)
from turnout.wire import CountCodec, CountServer, Encoded

WIRES = Registry(environ={}).wires
TARGET = Target("acme", "m")
COUNTING = [
    "anthropic-bedrock",
    "anthropic-messages",
    "anthropic-vertex",
    "bedrock-converse",
    "cohere-chat",
    "gemini",
    "openai-responses",
]
HELLO = ChatRequest(model="m", messages=(Message("user", (Text("hello"),)),))
WEATHER = Tool(name="weather", description="Of a city", parameters={"type": "object", "properties": {"city": {"type": "string"}}})
FULL = ChatRequest(
    model="m",
    messages=(Message("system", (Text("Be brief"),)), *HELLO.messages),
    tools=(WEATHER,),
    max_output_tokens=9,
    temperature=0.2,
    top_p=0.9,
    stop=("x",),
    seed=3,
)


def codec(wire: str) -> CountCodec:
    found = WIRES.get(wire).count
    assert found is not None
    return found


def server(wire: str) -> CountServer:
    found = WIRES.get(wire).count_server
    assert found is not None
    return found


def encoded(wire: str, request: ChatRequest = HELLO, base_url: str = "https://h/v1") -> Encoded:
    return codec(wire).encode(request, Provider(id="acme", name="Acme", wire=wire, base_url=base_url))


def body_of(request: HttpRequest) -> Any:
    assert request.method == "POST"
    assert request.headers["content-type"] == "application/json"
    return json.loads(request.body)


def counted(wire: str, body: bytes) -> TokenCount:
    return codec(wire).decode(HttpResponse(status=200, body=body), TARGET)


# -- what is asked ---------------------------------------------------------------------------------


def test_anthropic_counts_what_a_message_would_be() -> None:
    http = encoded("anthropic-messages", FULL).http
    assert http.url == "https://h/v1/messages/count_tokens"
    assert http.headers["anthropic-version"] == "2023-06-01"
    assert body_of(http) == {
        "model": "m",
        "system": "Be brief",
        "messages": [{"role": "user", "content": "hello"}],
        "tools": [{"name": "weather", "description": "Of a city", "input_schema": WEATHER.parameters}],
    }


def test_openai_counts_what_a_response_would_be() -> None:
    http = encoded("openai-responses", FULL, "https://h/v1?api-version=1").http
    assert http.url == "https://h/v1/responses/input_tokens?api-version=1"
    body = body_of(http)
    assert set(body) == {"model", "input", "tools"}
    assert body["tools"][0]["name"] == "weather"


def test_the_gemini_api_counts_a_whole_request_only_inside_a_member() -> None:
    http = encoded("gemini", FULL, "https://h/v1beta").http
    assert http.url == "https://h/v1beta/models/m:countTokens"
    body = body_of(http)
    assert set(body) == {"generateContentRequest"}
    assert body["generateContentRequest"]["model"] == "models/m"
    assert body["generateContentRequest"]["systemInstruction"] == {"parts": [{"text": "Be brief"}]}
    assert "tools" in body["generateContentRequest"]


def test_vertex_counts_the_same_fields_by_themselves() -> None:
    request = ChatRequest(
        model="m", messages=FULL.messages, tools=FULL.tools, extra={"cachedContent": "projects/p/cachedContents/1"}
    )
    result = encoded("gemini", request, "https://h/v1/projects/p/locations/l/publishers/google")
    assert result.http.url == "https://h/v1/projects/p/locations/l/publishers/google/models/m:countTokens"
    assert set(body_of(result.http)) == {"contents", "systemInstruction", "tools"}
    assert [line.field for line in result.lines if line.fate == "dropped"] == ["cachedContent"]


def test_bedrock_counts_a_converse_request() -> None:
    http = encoded("bedrock-converse", FULL, "https://h").http
    assert http.url == "https://h/model/m/count-tokens"
    body = body_of(http)
    assert set(body["input"]["converse"]) == {"messages", "system", "toolConfig"}


def test_bedrock_counts_a_claude_request_as_invoke_model_would_take_it() -> None:
    http = encoded("anthropic-bedrock", FULL, "https://h").http
    assert http.url == "https://h/model/m/count-tokens"
    inner = json.loads(b64decode(body_of(http)["input"]["invokeModel"]["body"]))
    assert (inner["anthropic_version"], inner["max_tokens"], inner["system"]) == ("bedrock-2023-05-31", 9, "Be brief")


def test_vertex_counts_a_claude_request_at_one_address_for_all_models() -> None:
    http = encoded("anthropic-vertex", FULL, "https://h/publishers/anthropic").http
    assert http.url == "https://h/publishers/anthropic/models/count-tokens:rawPredict"
    body = body_of(http)
    assert (body["model"], body["anthropic_version"]) == ("m", "vertex-2023-10-16")
    assert "max_tokens" not in body


def test_cohere_counts_one_text() -> None:
    http = encoded("cohere-chat", base_url="https://h/v2").http
    assert (http.url, body_of(http)) == ("https://h/v1/tokenize", {"model": "m", "text": "hello"})


@pytest.mark.parametrize(
    "request_",
    [
        FULL,
        ChatRequest(model="m", messages=HELLO.messages, tools=(WEATHER,)),
        ChatRequest(model="m", messages=(Message("user", (Image(DataSource("iVBORw0=", "image/png")),)),)),
        ChatRequest(model="m", messages=()),
    ],
)
def test_cohere_is_not_asked_for_what_it_cannot_count(request_: ChatRequest) -> None:
    with pytest.raises(Unsupported, match="one text"):
        encoded("cohere-chat", request_)


@pytest.mark.parametrize("wire", ["anthropic-messages", "openai-responses", "gemini", "bedrock-converse"])
def test_how_long_an_answer_may_be_leaves_no_line_in_a_count(wire: str) -> None:
    assert [line for line in encoded(wire, FULL).lines if line.fate == "dropped"] == []


def test_thinking_and_the_form_of_the_answer_are_counted() -> None:
    form = ResponseFormat(kind="json_schema", name="a", schema={"type": "object"})
    request = ChatRequest(
        model="m", messages=HELLO.messages, response_format=form, reasoning=ReasoningConfig(enabled=True, budget_tokens=2048)
    )
    body = body_of(encoded("anthropic-messages", request).http)
    assert body["thinking"] == {"type": "enabled", "budget_tokens": 2048}
    assert "output_config" in body
    assert body_of(encoded("openai-responses", request).http)["text"]["format"]["type"] == "json_schema"


def test_a_field_that_the_model_would_read_and_nobody_counts_is_told() -> None:
    request = ChatRequest(model="m", messages=HELLO.messages, extra={"prompt": {"id": "pmpt_1"}})
    result = encoded("openai-responses", request)
    assert "prompt" not in body_of(result.http)
    assert [(line.field, line.fate) for line in result.lines] == [("prompt", "dropped")]


# -- what is answered ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wire", "body", "count"),
    [
        ("anthropic-messages", b'{"input_tokens":43}', TokenCount(input_tokens=43)),
        ("openai-responses", b'{"object":"response.input_tokens","input_tokens":11}', TokenCount(input_tokens=11)),
        ("gemini", b'{"totalTokens":8,"cachedContentTokenCount":3}', TokenCount(input_tokens=8, cached_tokens=3)),
        ("bedrock-converse", b'{"inputTokens":375}', TokenCount(input_tokens=375)),
        ("anthropic-bedrock", b'{"inputTokens":375}', TokenCount(input_tokens=375)),
        ("anthropic-vertex", b'{"input_tokens":14}', TokenCount(input_tokens=14)),
        (
            "cohere-chat",
            b'{"tokens":[34313,19,3845],"token_strings":["hello",","," world"]}',
            TokenCount(input_tokens=3, of="text"),
        ),
    ],
)
def test_a_count_is_the_providers_own(wire: str, body: bytes, count: TokenCount) -> None:
    got = counted(wire, body)
    assert (got.input_tokens, got.cached_tokens, got.of, got.target) == (
        count.input_tokens,
        count.cached_tokens,
        count.of,
        TARGET,
    )


def test_what_is_said_beside_a_count_is_kept() -> None:
    details = {"promptTokensDetails": [{"modality": "TEXT", "tokenCount": 8}], "totalBillableCharacters": 25}
    assert counted("gemini", json.dumps({"totalTokens": 8, **details}).encode()).extra == details


@pytest.mark.parametrize("wire", COUNTING)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"input_tokens":null,"totalTokens":"8","inputTokens":true,"tokens":3}',
        b'{"input_tokens":-1,"totalTokens":-1,"inputTokens":1.5,"tokens":null}',
        b"[" * 100_000,
    ],
)
def test_no_count_is_ever_made_up(wire: str, body: bytes) -> None:
    with pytest.raises(ServerFault):
        counted(wire, body)


def test_an_error_inside_a_200_is_an_error() -> None:
    with pytest.raises(Error, match="overloaded"):
        counted("gemini", b'{"error":{"code":503,"message":"overloaded","status":"UNAVAILABLE"}}')


@pytest.mark.parametrize(
    ("wire", "status", "body", "kind"),
    [
        ("anthropic-messages", 404, b'{"type":"error","error":{"type":"not_found_error","message":"model: x"}}', ModelNotFound),
        ("openai-responses", 401, b'{"error":{"message":"no","code":"invalid_api_key"}}', AuthenticationFailed),
        ("bedrock-converse", 400, b'{"message":"The provided model identifier is invalid."}', Error),
    ],
)
def test_a_refusal_is_the_error_that_the_protocol_means(wire: str, status: int, body: bytes, kind: type[Error]) -> None:
    error = codec(wire).decode_error(HttpResponse(status=status, body=body), TARGET)
    assert isinstance(error, kind)
    assert error.status == status


# -- callers ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wire", "body"),
    [
        ("anthropic-messages", b'{"model":"m","messages":[{"role":"user","content":"hello"}]}'),
        ("openai-responses", b'{"model":"m","input":"hello"}'),
        ("gemini", b'{"contents":[{"role":"user","parts":[{"text":"hello"}]}]}'),
        ("gemini", b'{"generateContentRequest":{"model":"models/m","contents":[{"role":"user","parts":[{"text":"hello"}]}]}}'),
        ("bedrock-converse", b'{"input":{"converse":{"messages":[{"role":"user","content":[{"text":"hello"}]}]}}}'),
    ],
)
def test_what_a_caller_wants_counted_is_a_chat_request(wire: str, body: bytes) -> None:
    assert [message.text for message in server(wire).parse(body).messages] == ["hello"]


@pytest.mark.parametrize(
    ("wire", "body"),
    [
        ("anthropic-messages", b"[]"),
        ("anthropic-messages", b'{"model":"m"}'),
        ("openai-responses", b"\xff"),
        ("gemini", b'{"generateContentRequest":3}'),
        ("gemini", b'{"generateContentRequest":{"contents":[]},"contents":[{"parts":[{"text":"x"}]}]}'),
        ("bedrock-converse", b'{"input":{"invokeModel":{"body":"e30="}}}'),
        ("bedrock-converse", b'{"input":null}'),
    ],
)
def test_a_body_that_nothing_can_be_counted_of_is_refused(wire: str, body: bytes) -> None:
    with pytest.raises(RequestError) as raised:
        server(wire).parse(body)
    assert server(wire).render_error(raised.value)[0] == 400


FOREIGN = TokenCount(input_tokens=12, cached_tokens=4, extra={"odd": 1}, origin=None)


def test_a_count_from_elsewhere_is_told_in_the_callers_words_only() -> None:
    assert json.loads(server("anthropic-messages").render(FOREIGN)) == {"input_tokens": 12}
    assert json.loads(server("openai-responses").render(FOREIGN)) == {"object": "response.input_tokens", "input_tokens": 12}
    assert json.loads(server("gemini").render(FOREIGN)) == {"totalTokens": 12, "cachedContentTokenCount": 4}
    assert json.loads(server("bedrock-converse").render(FOREIGN)) == {"inputTokens": 12}


# -- judged by the vendors' own types --------------------------------------------------------------


def test_anthropics_own_types_know_every_field_we_send_and_take_our_answer() -> None:
    from anthropic.types import MessageTokensCount
    from anthropic.types.message_count_tokens_params import MessageCountTokensParams
    from anthropic.types.message_create_params import MessageCreateParamsBase

    from turnout.wire.anthropic_messages.counting import REFUSED

    taken = set(typing.get_type_hints(MessageCountTokensParams))
    assert set(body_of(encoded("anthropic-messages", FULL).http)) <= taken
    assert set(typing.get_type_hints(MessageCreateParamsBase)) - taken <= REFUSED
    assert not taken & REFUSED
    assert MessageTokensCount.model_validate_json(server("anthropic-messages").render(FOREIGN)).input_tokens == 12


def test_openais_own_types_know_every_field_we_send_and_take_our_answer() -> None:
    from openai.types.responses.input_token_count_params import InputTokenCountParams
    from openai.types.responses.input_token_count_response import InputTokenCountResponse
    from openai.types.responses.response_create_params import ResponseCreateParamsBase

    from turnout.wire.openai_responses.counting import _REFUSED

    taken = set(typing.get_type_hints(InputTokenCountParams))
    assert set(body_of(encoded("openai-responses", FULL).http)) <= taken
    assert set(typing.get_type_hints(ResponseCreateParamsBase)) - taken <= _REFUSED
    assert not taken & _REFUSED
    assert InputTokenCountResponse.model_validate_json(server("openai-responses").render(FOREIGN), strict=True).input_tokens == 12


def test_googles_own_types_take_our_answer() -> None:
    from google.genai.types import CountTokensResponse

    response = CountTokensResponse.model_validate_json(server("gemini").render(FOREIGN))
    assert (response.total_tokens, response.cached_content_token_count) == (12, 4)


def test_botocore_accepts_what_we_send() -> None:
    from botocore.session import Session
    from botocore.validate import ParamValidator

    shape = Session().get_service_model("bedrock-runtime").operation_model("CountTokens").input_shape
    body = body_of(encoded("bedrock-converse", FULL, "https://h").http)
    assert ParamValidator().validate({"modelId": "m", **body}, shape).generate_report() == ""


def test_coheres_own_types_read_what_we_read() -> None:
    from cohere.types import TokenizeResponse

    body = b'{"tokens":[34313,19,3845],"token_strings":["hello",","," world"]}'
    assert len(TokenizeResponse.model_validate_json(body).tokens) == counted("cohere-chat", body).input_tokens
