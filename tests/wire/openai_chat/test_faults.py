"""OpenAI Chat errors: what a status and a body mean, and what callers of this protocol are told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from turnout.errors import (
    AuthenticationFailed,
    ConfigError,
    ContextTooLong,
    DeadlineExceeded,
    Error,
    ModelNotFound,
    Overloaded,
    QuotaExhausted,
    RateLimited,
    RequestError,
    ServerFault,
    TimedOut,
    TransportFailed,
    UnknownName,
)
from turnout.types import HttpResponse, Target
from turnout.wire.openai_chat import WIRE

TARGET = Target("acme", "m")


def error(status: int, body: Any, **headers: str) -> Error:
    assert WIRE.chat is not None
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    kept = {name.replace("_", "-"): value for name, value in headers.items()}
    return WIRE.chat.decode_error(HttpResponse(status=status, headers=kept, body=raw), TARGET)


def said(message: str = "no", **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": "some_error", "param": None, "code": None, **more}}


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, said(), RequestError),
        (400, said(code="context_length_exceeded"), ContextTooLong),
        (400, said("This model's maximum context length is 8192 tokens."), ContextTooLong),
        (401, said(code="invalid_api_key"), AuthenticationFailed),
        (402, said(), QuotaExhausted),
        (403, said(), AuthenticationFailed),
        (404, said(code="model_not_found"), ModelNotFound),
        (408, said(), TimedOut),
        (413, said(), RequestError),
        (422, {"detail": "bad"}, RequestError),
        (429, said(), RateLimited),
        (429, said(code="insufficient_quota"), QuotaExhausted),
        (498, said(), Overloaded),
        (500, b"", ServerFault),
        (502, b"<html>Bad gateway</html>", ServerFault),
        (503, said(), Overloaded),
        (529, said(), Overloaded),
        (302, b"", ServerFault),
    ],
)
def test_the_class_says_who_must_act(status: int, body: Any, expected: type[Error]) -> None:
    assert type(error(status, body)) is expected


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (said("plain"), "plain"),
        ({"error": "a string"}, "a string"),
        ({"detail": "detailed"}, "detailed"),
        ({"message": "bare"}, "bare"),
        ([{"error": {"message": "listed"}}], "listed"),
        (b"<html>Bad gateway</html>", "<html>Bad gateway</html>"),
        (b"", "no message"),
        ({"error": {"message": {"nested": 1}}}, '{"nested":1}'),
    ],
)
def test_the_message_is_found_wherever_the_dialect_puts_it(body: Any, message: str) -> None:
    assert str(error(500, body)) == f"acme/m: HTTP 500: {message}"


def test_everything_a_provider_said_stays_readable() -> None:
    seen = error(
        429,
        said("slow down", type="tokens", param="model", code="rate_limit_exceeded"),
        retry_after="12",
        x_ratelimit_remaining_tokens="0",
        x_request_id="req_1",
        set_cookie="secret",
    )
    assert (seen.status, seen.code, seen.type, seen.param) == (429, "rate_limit_exceeded", "tokens", "model")
    assert (seen.request_id, seen.retry_after) == ("req_1", 12.0)
    assert seen.headers is not None
    assert sorted(seen.headers) == ["retry-after", "x-ratelimit-remaining-tokens", "x-request-id"]
    assert seen.body == said("slow down", type="tokens", param="model", code="rate_limit_exceeded")


def told(seen: Error) -> tuple[int, Any]:
    assert WIRE.server is not None
    status, body = WIRE.server.render_error(seen)
    return status, json.loads(body)


def test_a_provider_of_the_same_protocol_is_quoted_verbatim() -> None:
    body = said("slow down", code="rate_limit_exceeded", odd=[1])
    assert told(error(429, body)) == (429, body)


@pytest.mark.parametrize(
    ("seen", "status", "code"),
    [
        (RequestError("bad", param="messages[0]"), 400, None),
        (ContextTooLong("long"), 400, "context_length_exceeded"),
        (UnknownName("unknown provider 'gorq'; did you mean 'groq'?"), 404, "model_not_found"),
        (AuthenticationFailed("no"), 401, "invalid_api_key"),
        (RateLimited("slow"), 429, "rate_limit_exceeded"),
        (Overloaded("busy"), 503, "overloaded"),
        (DeadlineExceeded("late"), 504, "timeout"),
        (TransportFailed("reset"), 502, "upstream_unreachable"),
        (ConfigError("broken"), 500, "configuration"),
        (Error("?"), 500, None),
    ],
)
def test_our_own_errors_are_told_in_the_callers_words(seen: Error, status: int, code: str | None) -> None:
    got, body = told(seen)
    assert (got, body["error"]["code"], body["error"]["message"]) == (status, code, str(seen))


def test_what_another_protocol_said_is_put_into_this_ones_words() -> None:
    foreign = RateLimited("anthropic/claude: slow", status=429, wire="anthropic-messages", body={"type": "error"})
    assert told(foreign)[1]["error"]["type"] == "rate_limit_error"
