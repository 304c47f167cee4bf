"""Every error that the gateway itself tells, in the shape that its description promises, with an id to ask about it by."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from raw_http import exchange, fetched, get, post
from running_gateway import running

from turnout.gateway import Limits, Settings
from turnout.gateway.routes import ROUTES, Route
from turnout.testing.transport import Script

KEY = "team-key"
WITH_KEY = f"authorization: Bearer {KEY}"
IDS = {"anthropic-messages": "request-id", "bedrock-converse": "x-amzn-requestid"}


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, dict[str, Any]]]:
    """The URL of a gateway with a key, and its description."""
    with running(Script(), Settings(api_key=KEY, limits=Limits(body_bytes=1000))) as (url, _):
        yield url, fetched(url, "/openapi.json")[1]


def asked(route: Route, body: bytes, *headers: str, model: str = "nobody/knows") -> bytes:
    path = route.path.replace("{model}", model)
    own = (f"{route.header.decode()}: 1",) if route.header else ()
    return post(path, body, *headers) if route.method == "POST" else get(path, *own, *headers)


def check(description: dict[str, Any], route: Route, answer: tuple[int, dict[str, str], bytes], status: int) -> str:
    """What it says. The shape is the one that is described; the body's own status, where it has one, is the answer's."""
    got, headers, body = answer
    said = json.loads(body)
    assert got == status, said
    schema = description["components"]["schemas"][f"{route.wire}-error"]
    Draft202012Validator(schema).validate(said)
    assert said["error"]["code"] == status if route.wire == "gemini" else True
    assert headers["x-request-id"].startswith("req_")
    if route.wire in IDS:
        assert headers[IDS[route.wire]] == headers["x-request-id"]
    assert headers["content-type"] == "application/json"
    return body.decode()


EVERY = pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path} {route.wire}")
POSTED = pytest.mark.parametrize(
    "route", [route for route in ROUTES if route.method == "POST"], ids=lambda route: f"{route.path} {route.wire}"
)


@EVERY
def test_who_sends_no_key_is_told_in_his_protocol(route: Route, served: tuple[str, dict[str, Any]]) -> None:
    url, description = served
    assert "wants a key" in check(description, route, exchange(url, asked(route, b"{}")), 401)
    assert "is not this gateway's" in check(description, route, exchange(url, asked(route, b"{}", "x-api-key: x")), 401)


@POSTED
def test_who_sends_too_much_is_told_in_his_protocol(route: Route, served: tuple[str, dict[str, Any]]) -> None:
    url, description = served
    assert "1,000 bytes" in check(description, route, exchange(url, asked(route, b"x" * 1001, WITH_KEY)), 413)


@POSTED
def test_who_sends_no_json_is_told_in_his_protocol(route: Route, served: tuple[str, dict[str, Any]]) -> None:
    url, description = served
    assert check(description, route, exchange(url, asked(route, b"{", WITH_KEY)), 400)


@EVERY
def test_who_asks_by_another_method_is_told_in_his_protocol_which_there_is(
    route: Route, served: tuple[str, dict[str, Any]]
) -> None:
    url, description = served
    own = (f"{route.header.decode()}: 1",) if route.header else ()
    path = route.path.replace("{model}", "m")
    answer = exchange(url, get(path, *own).replace(b"GET", b"DELETE", 1))
    assert f"{path} takes " in check(description, route, answer, 405)
    assert route.method.lower() in answer[1]["allow"].split(", ")


@pytest.mark.parametrize(
    ("path", "wire", "headers"),
    [
        ("/v1/assistants", "openai-chat", ()),
        ("/v1/files", "anthropic-messages", ("anthropic-version: 2023-06-01",)),
        ("/v1/messages/batches", "anthropic-messages", ()),
        ("/v1/responses/resp_1/cancel", "openai-responses", ()),
        ("/v1beta/cachedContents", "gemini", ()),
        ("/v2/connectors", "cohere-chat", ()),
        ("/mistral/v1/fim/completions", "mistral-chat", ()),
        ("/api/pull", "ollama", ()),
        ("/model/m/invoke", "bedrock-converse", ()),
        ("/favicon.ico", "openai-chat", ()),
    ],
)
def test_a_path_that_is_not_there_is_told_in_the_protocol_that_it_is_most_like(
    path: str, wire: str, headers: tuple[str, ...], served: tuple[str, dict[str, Any]]
) -> None:
    url, description = served
    route = next(route for route in ROUTES if route.wire == wire)
    assert f"no such path: {path}" in check(description, route, exchange(url, post(path, b"{}", *headers)), 404)


def test_a_long_path_is_told_in_part(served: tuple[str, dict[str, Any]]) -> None:
    status, _, body = exchange(served[0], get("/v1/" + "a" * 20_000))
    assert status == 404
    assert len(body) < 600


@pytest.mark.parametrize("path", ["/health", "/metrics", "/calls/mine-1"])
def test_a_page_takes_no_other_method(path: str, served: tuple[str, dict[str, Any]]) -> None:
    status, headers, body = exchange(served[0], post(path, b"{}"))
    assert (status, headers["allow"]) == (405, "get, head")
    assert "takes GET, HEAD, not POST" in json.loads(body)["error"]["message"]


@POSTED
def test_a_model_that_nobody_knows_is_told_in_the_callers_protocol_with_what_to_do(route: Route) -> None:
    turn, parts = [{"role": "user", "content": "hi"}], {"parts": [{"text": "hi"}]}
    fields: dict[str, Any] = {"model": "groqq/llama-3.3-70b-versatile", "messages": turn, "max_tokens": 9}
    if route.wire == "bedrock-converse":
        fields["messages"] = [{"role": "user", "content": [{"text": "hi"}]}]
    if route.wire == "gemini":
        fields = {"contents": [parts]} if route.operation != "embed" else {"content": parts, "requests": [{"content": parts}]}
    if route.wire == "ollama-generate":
        fields = {"model": fields["model"], "prompt": "hi"}
    if route.operation in ("embed", "rerank"):
        fields |= {"input": "hi", "texts": ["hi"], "input_type": "search_query", "query": "hi", "documents": ["hi"]}
    if route.wire == "openai-responses":
        fields["input"] = "hi"
    body = json.dumps(fields).encode()
    with running(Script()) as (url, _):
        description = fetched(url, "/openapi.json")[1]
        answer = exchange(url, asked(route, body, model="groqq/llama-3.3-70b-versatile"))
    said = check(description, route, answer, 404)
    assert "unknown provider 'groqq'" in said
    assert "did you mean" in said


def test_a_name_that_is_too_long_to_be_one_is_refused_and_not_repeated() -> None:
    for name in ("x" * 5000, "groq/" + "x" * 5000, "a, " * 2000):
        body = json.dumps({"model": name, "messages": [{"role": "user", "content": "hi"}]}).encode()
        with running(Script()) as (url, gateway):
            status, headers, said = exchange(url, post("/v1/chat/completions", body))
        assert status == 400
        assert "4,096 are taken" in json.loads(said)["error"]["message"]
        assert len(said) < 500
        record = gateway.records.get(headers["x-request-id"])
        assert record is not None
        assert len(record.model) < 600
