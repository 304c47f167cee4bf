"""Errors of this protocol: what a provider's mean, and how ours are told to a caller."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cohere_wire import CODEC, SERVER, TARGET, unexplained
from hypothesis import given, strategies as st

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
    (400, "invalid request: message must be at least 1 token long", RequestError),
    (400, "too many tokens: size limit exceeded by 11 tokens. Try using shorter or fewer inputs.", ContextTooLong),
    (400, "invalid request: response_format is not supported with tools", Unsupported),
    (401, "invalid api token", AuthenticationFailed),
    (402, "Please add or update your payment method to continue", QuotaExhausted),
    (403, "forbidden", AuthenticationFailed),
    (404, "model 'nope' not found, make sure the correct model ID was used", ModelNotFound),
    (422, "invalid request: unknown field: parameter n is not a valid field", RequestError),
    (429, "You are using a Trial key, which is limited to 20 API calls / minute.", RateLimited),
    (429, "You are using a Trial key, which is limited to 1000 API calls / month.", QuotaExhausted),
    (499, "request cancelled", ServerFault),
    (500, "internal server error, this has been reported to our developers", ServerFault),
    (503, "service unavailable", Overloaded),
    (504, "gateway timeout", TimedOut),
]


@pytest.mark.parametrize(("status", "words", "kind"), SAID, ids=lambda value: str(value)[:30])
def test_an_error_is_of_the_class_that_says_who_has_to_act(status: int, words: str, kind: type[Error]) -> None:
    said = {"id": "e1", "message": words}
    error = CODEC.decode_error(HttpResponse(status=status, headers={"retry-after": "3"}, body=json.dumps(said).encode()), TARGET)
    assert type(error) is kind
    assert str(error) == f"acme/command: HTTP {status}: {words}"
    assert (error.status, error.retry_after, error.body, error.request_id) == (status, 3.0, said, "e1")
    told, body = SERVER.render_error(error)
    assert (told, json.loads(body)) == (status, said)


def test_the_kind_of_an_error_is_told() -> None:
    body = b'{"error_type":"TOO_MANY_TOKENS","id":"e1","message":"limit"}'
    error = CODEC.decode_error(HttpResponse(status=400, body=body), TARGET)
    assert (type(error), error.type) == (ContextTooLong, "TOO_MANY_TOKENS")
    assert unexplained(body, status=400, framing="json") == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "no message"),
        (b"<html>bad gateway</html>", "bad gateway"),
        (b'{"error":"beside"}', "beside"),
        (b'{"error":{"message":"inner"}}', "inner"),
        (b'{"message":{"odd":1}}', '{"odd":1}'),
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
    assert json.loads(said)["message"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RequestError("r"), 400),
        (ContextTooLong("c"), 400),
        (AuthenticationFailed("a"), 401),
        (BudgetExceeded("b"), 402),
        (ModelNotFound("m"), 404),
        (Unsupported("u"), 422),
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
    assert isinstance(said["message"], str)
    assert "theirs" not in body.decode()
    assert said.get("error_type") == ("TOO_MANY_TOKENS" if isinstance(error, ContextTooLong) else None)
