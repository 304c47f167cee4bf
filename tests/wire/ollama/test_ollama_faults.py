"""Errors of this protocol: what a provider's mean, and how ours are told to a caller."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st
from ollama_wire import CODEC, SERVER, TARGET, decode, unexplained

from turnout.errors import (
    AllTargetsFailed,
    AuthenticationFailed,
    BudgetExceeded,
    ConfigError,
    ContextTooLong,
    Error,
    ModelNotFound,
    Overloaded,
    QuotaExhausted,
    RateLimited,
    RequestError,
    ServerFault,
    TimedOut,
    TransportFailed,
    Unsupported,
)
from turnout.types import HttpResponse

SAID: list[tuple[int, str, type[Error]]] = [
    (400, "invalid options: num_ctx", RequestError),
    (400, "registry.ollama.ai/library/gemma3:1b does not support tools", Unsupported),
    (400, '"gemma3:1b" does not support thinking', Unsupported),
    (400, "the input length exceeds the context length", ContextTooLong),
    (400, "input exceeds maximum context length and cannot be truncated further", ContextTooLong),
    (401, "unauthorized", AuthenticationFailed),
    (403, "this model requires a subscription, upgrade for access", AuthenticationFailed),
    (404, "model 'nope:latest' not found", ModelNotFound),
    (408, "request timed out", TimedOut),
    (429, "too many concurrent requests", RateLimited),
    (429, "you've reached your weekly usage limit, please upgrade to continue", QuotaExhausted),
    (500, "model requires more system memory (9.1 GiB) than is available (7.0 GiB)", ServerFault),
    (502, "upstream error", ServerFault),
    (503, "server busy, please try again.  maximum pending requests exceeded", Overloaded),
    (504, "gateway timeout", TimedOut),
]


@pytest.mark.parametrize(("status", "words", "kind"), SAID, ids=lambda value: str(value)[:30])
def test_an_error_is_of_the_class_that_says_who_has_to_act(status: int, words: str, kind: type[Error]) -> None:
    body = json.dumps({"error": words}).encode()
    error = CODEC.decode_error(HttpResponse(status=status, headers={"retry-after": "3"}, body=body), TARGET)
    assert type(error) is kind
    assert str(error) == f"acme/q: HTTP {status}: {words}"
    assert (error.status, error.retry_after, error.body, error.wire) == (status, 3.0, {"error": words}, "ollama")
    assert SERVER.render_error(error) == (status, json.dumps({"error": words}, separators=(",", ":")).encode())


def test_the_kit_finds_an_error_carried_whole() -> None:
    assert unexplained(b'{"error":"model \'x\' not found"}', status=404, framing="json") == []


def test_an_error_inside_a_whole_200_is_raised() -> None:
    with pytest.raises(ServerFault, match="acme/q: an error inside the answer: it broke"):
        decode({"error": "it broke"})


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "no message"),
        (b"<html>bad gateway</html>", "bad gateway"),
        (b'{"error":{"message":"inner","type":"t"}}', "inner"),
        (b'{"message":"beside"}', "beside"),
        (b'{"error":{"odd":1}}', '{"odd":1}'),
        (b'"text"', "text"),
        (b"[1]", "[1]"),
    ],
)
def test_the_words_are_found_wherever_they_stand(body: bytes, words: str) -> None:
    assert words in str(CODEC.decode_error(HttpResponse(status=502, body=body), TARGET))


@given(st.binary(max_size=40), st.integers(100, 999))
def test_reading_an_error_never_raises(body: bytes, status: int) -> None:
    error = CODEC.decode_error(HttpResponse(status=status, body=body), TARGET)
    told, said = SERVER.render_error(error)
    assert told >= 400
    assert json.loads(said)["error"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RequestError("r"), 400),
        (Unsupported("u"), 400),
        (AuthenticationFailed("a"), 401),
        (BudgetExceeded("b"), 402),
        (ModelNotFound("m"), 404),
        (RateLimited("r", status=429, wire="openai-chat", body={"error": {"message": "theirs"}}), 429),
        (TransportFailed("t"), 502),
        (Overloaded("o"), 503),
        (TimedOut("t"), 504),
        (ConfigError("c"), 500),
        (AllTargetsFailed([(TARGET, ServerFault("s")), (TARGET, RateLimited("last"))]), 429),
    ],
    ids=lambda value: type(value).__name__,
)
def test_our_errors_are_told_in_its_words(error: Error, status: int) -> None:
    told, body = SERVER.render_error(error)
    said: Any = json.loads(body)
    assert told == status
    assert list(said) == ["error"]
    assert isinstance(said["error"], str)
    assert "theirs" not in said["error"]
