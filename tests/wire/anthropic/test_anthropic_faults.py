"""Errors in Anthropic Messages: what a refusal means, and how a caller of this protocol is told of one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st
from messages_wire import CODEC, SERVER, TARGET

from turnout.errors import (
    AllTargetsFailed,
    AuthenticationFailed,
    BudgetExceeded,
    CircuitOpen,
    ConfigError,
    ContextTooLong,
    DeadlineExceeded,
    Error,
    MissingKey,
    ModelNotFound,
    Overloaded,
    QuotaExhausted,
    RateLimited,
    RequestError,
    ServerFault,
    StreamInterrupted,
    TargetError,
    TimedOut,
    TransportFailed,
    UnknownName,
    Unsupported,
)
from turnout.types import Completion, HttpResponse


def read(status: int, body: Any, headers: dict[str, str] | None = None) -> Error:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return CODEC.decode_error(HttpResponse(status=status, headers=headers or {}, body=raw), TARGET)


def native(kind: str, message: str = "no") -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


@pytest.mark.parametrize(
    ("status", "kind", "message", "meaning"),
    [
        (400, "invalid_request_error", "messages: at least one message is required", RequestError),
        (400, "invalid_request_error", "prompt is too long: 203456 tokens > 200000 maximum", ContextTooLong),
        (400, "invalid_request_error", "input length and `max_tokens` exceed context limit: 1 + 2 > 3", ContextTooLong),
        (400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API.", QuotaExhausted),
        (400, "invalid_request_error", "You have reached your specified API usage limits.", QuotaExhausted),
        (401, "authentication_error", "invalid x-api-key", AuthenticationFailed),
        (402, "billing_error", "Pay.", QuotaExhausted),
        (403, "permission_error", "Not yours.", AuthenticationFailed),
        (404, "not_found_error", "model: claude-9", ModelNotFound),
        (404, "not_found_error", "File not found: file_1", RequestError),
        (413, "request_too_large", "Request exceeds the maximum size", RequestError),
        (429, "rate_limit_error", "Slow down.", RateLimited),
        (500, "api_error", "Internal server error", ServerFault),
        (504, "timeout_error", "Too slow.", TimedOut),
        (529, "overloaded_error", "Overloaded", Overloaded),
        (400, "a_type_of_next_year", "no", RequestError),
    ],
)
def test_an_error_means_what_its_type_says(status: int, kind: str, message: str, meaning: type[Error]) -> None:
    body = native(kind, message)
    error = read(status, body)
    assert type(error) is meaning
    assert (error.status, error.type, error.request_id, error.wire, error.target) == (
        status,
        kind,
        "req_1",
        "anthropic-messages",
        TARGET,
    )
    assert error.body == body
    assert str(error) == f"acme/m: HTTP {status}: {message}"


@pytest.mark.parametrize(
    ("status", "body", "meaning"),
    [
        (400, {"message": "Malformed input"}, RequestError),
        (403, {"message": "You don't have access to the model with the specified model ID."}, AuthenticationFailed),
        (404, {"error": "model 'x' not found"}, ModelNotFound),
        (404, b"404 page not found", TargetError),
        (408, b"", TimedOut),
        (409, b"", ServerFault),
        (418, b"", RequestError),
        (429, b"", RateLimited),
        (502, b"<html>Bad gateway</html>", ServerFault),
        (503, b"", Overloaded),
        (307, b"", ServerFault),
    ],
    ids=str,
)
def test_without_a_type_the_status_decides(status: int, body: Any, meaning: type[Error]) -> None:
    assert type(read(status, body)) is meaning


def test_a_page_of_a_proxy_is_quoted_from_its_beginning() -> None:
    error = read(502, b"<html>" + b"x" * 1000)
    assert str(error) == "acme/m: HTTP 502: <html>" + "x" * 294
    assert error.body is None
    assert str(read(500, b"")) == "acme/m: HTTP 500: no message"


def test_limits_and_ids_of_the_response_are_kept_and_nothing_else() -> None:
    headers = {
        "retry-after": "34",
        "request-id": "req_2",
        "anthropic-ratelimit-requests-remaining": "0",
        "x-should-retry": "true",
        "set-cookie": "secret",
    }
    error = read(429, {"type": "error", "error": {"type": "rate_limit_error", "message": "no"}}, headers)
    assert (error.retry_after, error.request_id) == (34.0, "req_2")
    assert error.headers == {name: value for name, value in headers.items() if name != "set-cookie"}


def test_the_field_at_fault_is_told() -> None:
    body = native("invalid_request_error", "messages.0.content.1: Input does not match")
    assert read(400, body).param == "messages.0.content.1"
    assert read(400, native("invalid_request_error", "This model does not think")).param is None


@given(st.binary(max_size=60), st.integers(300, 599))
def test_whatever_a_server_refuses_with_it_is_an_error_of_ours(body: bytes, status: int) -> None:
    SERVER.render_error(read(status, body))


@given(
    st.recursive(
        st.none() | st.text(max_size=3) | st.integers(),
        lambda it: st.dictionaries(st.sampled_from(["error", "type", "message", "request_id", "code"]), it),
    )
)
def test_whatever_form_an_error_body_has_it_is_understood(body: Any) -> None:
    SERVER.render_error(read(400, body))


# -- towards callers -------------------------------------------------------------------------------


def told(error: Error) -> tuple[int, str, str]:
    status, raw = SERVER.render_error(error)
    body = json.loads(raw)
    assert body["type"] == "error"
    return status, body["error"]["type"], body["error"]["message"]


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (RequestError("no"), 400, "invalid_request_error"),
        (RequestError("no", status=422), 400, "invalid_request_error"),
        (RequestError("no", status=413), 413, "request_too_large"),
        (Unsupported("no"), 400, "invalid_request_error"),
        (AuthenticationFailed("no", status=401), 401, "authentication_error"),
        (AuthenticationFailed("no", status=403), 403, "permission_error"),
        (QuotaExhausted("no"), 402, "billing_error"),
        (BudgetExceeded("no"), 402, "billing_error"),
        (ModelNotFound("no"), 404, "not_found_error"),
        (UnknownName("no"), 404, "not_found_error"),
        (RateLimited("no"), 429, "rate_limit_error"),
        (Overloaded("no"), 529, "overloaded_error"),
        (CircuitOpen("no"), 529, "overloaded_error"),
        (TimedOut("no"), 504, "timeout_error"),
        (DeadlineExceeded("no"), 504, "timeout_error"),
        (TransportFailed("no"), 502, "api_error"),
        (ServerFault("no"), 500, "api_error"),
        (ConfigError("no"), 500, "api_error"),
        (MissingKey("no"), 500, "api_error"),
        (StreamInterrupted("no", partial=Completion(id="", model="", choices=())), 500, "api_error"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Error) else "",
)
def test_every_error_has_its_status_and_type(error: Error, status: int, kind: str) -> None:
    assert told(error) == (status, kind, "no")


def test_a_prompt_that_is_too_long_is_told_in_the_words_clients_know() -> None:
    assert told(ContextTooLong("300 tokens do not fit"))[2] == "prompt is too long: 300 tokens do not fit"
    assert told(ContextTooLong("acme/m: prompt is too long"))[2] == "acme/m: prompt is too long"


def test_the_provider_of_this_protocol_is_quoted_as_it_spoke() -> None:
    body = native("overloaded_error") | {"new": 1}
    assert SERVER.render_error(read(529, body)) == (529, json.dumps(body, separators=(",", ":")).encode())


def test_an_error_that_stood_in_a_200_gets_its_own_status() -> None:
    error = Overloaded("no", status=200, type="overloaded_error", body=native("overloaded_error"), wire="anthropic-messages")
    assert SERVER.render_error(error)[0] == 529


def test_the_body_of_another_protocol_is_not_passed_on() -> None:
    error = RateLimited("no", status=429, body={"error": {"code": "x"}}, wire="openai-chat", request_id="req_9")
    status, raw = SERVER.render_error(error)
    assert (status, json.loads(raw)) == (
        429,
        {"type": "error", "error": {"type": "rate_limit_error", "message": "no"}, "request_id": "req_9"},
    )


def test_when_every_target_failed_the_last_failure_is_told() -> None:
    failures = [(TARGET, RateLimited("slow")), (TARGET, Overloaded("busy"))]
    assert told(AllTargetsFailed(failures)) == (529, "overloaded_error", "busy")
