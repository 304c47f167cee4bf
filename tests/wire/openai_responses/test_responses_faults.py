"""Errors: what a provider said becomes the class of its remedy, and what a caller is told is the protocol's own object."""

from __future__ import annotations

import json
from typing import Any

import pytest
from responses_wire import CODEC, SERVER, TARGET

from turnout.errors import (
    AuthenticationFailed,
    BudgetExceeded,
    ContextTooLong,
    Error,
    ModelNotFound,
    Overloaded,
    QuotaExhausted,
    RateLimited,
    RequestError,
    ServerFault,
    TimedOut,
)
from turnout.types import HttpResponse


def error(status: int, body: Any, **headers: str) -> Error:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return CODEC.decode_error(HttpResponse(status=status, headers=names, body=raw), TARGET)


def openai(code: str | None = None, type: str = "invalid_request_error", message: str = "said") -> dict[str, Any]:
    return {"error": {"message": message, "type": type, "param": None, "code": code}}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, openai(), RequestError),
        (400, openai("context_length_exceeded"), ContextTooLong),
        (400, openai(message="Your input exceeds the context window of this model."), ContextTooLong),
        (400, openai("model_not_found"), ModelNotFound),
        (401, openai("invalid_api_key"), AuthenticationFailed),
        (403, openai(), AuthenticationFailed),
        (402, openai(), QuotaExhausted),
        (404, openai(), ModelNotFound),
        (408, openai(), TimedOut),
        (413, b"", RequestError),
        (422, openai(), RequestError),
        (429, openai("rate_limit_exceeded", "tokens"), RateLimited),
        (429, openai("insufficient_quota", "insufficient_quota"), QuotaExhausted),
        (429, openai("string_above_max_length"), RateLimited),
        (500, openai("server_error", "server_error"), ServerFault),
        (500, openai("model_not_found"), ServerFault),
        (502, b"<html>bad gateway</html>", ServerFault),
        (503, openai(), Overloaded),
        (504, b"", TimedOut),
        (529, b"null", Overloaded),
        (400, {"code": "invalid-argument", "error": "Incorrect API key provided."}, RequestError),
        (418, b'["odd"]', RequestError),
    ],
)
def test_every_error_has_the_class_of_its_remedy(status: int, body: Any, kind: type[Error]) -> None:
    assert type(error(status, body)) is kind


def test_what_the_provider_said_stays_readable() -> None:
    body = openai("model_not_found", message="The model 'x' does not exist.")
    body["error"]["param"] = "model"
    told = error(400, body, x_request_id="req_1", retry_after="3")
    assert (told.code, told.type, told.param, told.status) == ("model_not_found", "invalid_request_error", "model", 400)
    assert (told.request_id, told.retry_after, told.body, told.wire) == ("req_1", 3.0, body, "openai-responses")
    assert str(told) == "acme/m: HTTP 400: The model 'x' does not exist."


def test_an_error_that_is_a_bare_string_keeps_the_code_beside_it() -> None:
    told = error(400, {"code": "invalid-argument", "error": "Incorrect API key provided."})
    assert told.code == "invalid-argument"
    assert "Incorrect API key provided." in str(told)


def test_the_wait_is_read_from_whichever_header_tells_it() -> None:
    assert error(429, openai(), retry_after_ms="250").retry_after == 0.25
    reset = {"x_ratelimit_remaining_requests": "0", "x_ratelimit_reset_requests": "1m2s"}
    assert error(429, openai(), **reset).retry_after == 62.0
    assert error(429, openai()).retry_after is None


def test_an_error_of_this_protocol_is_told_as_it_came() -> None:
    body = openai("rate_limit_exceeded", "tokens")
    status, written = SERVER.render_error(error(429, body))
    assert (status, json.loads(written)) == (429, body)


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (RequestError("no", param="input[0]"), 400, None),
        (ContextTooLong("no"), 400, "context_length_exceeded"),
        (AuthenticationFailed("no"), 401, "invalid_api_key"),
        (ModelNotFound("no"), 404, "model_not_found"),
        (RateLimited("no"), 429, "rate_limit_exceeded"),
        (BudgetExceeded("no"), 429, "budget_exceeded"),
        (Overloaded("no", status=529, wire="anthropic-messages", body={"type": "error"}), 503, "overloaded"),
        (ServerFault("no"), 502, "upstream_failed"),
        (Error("no"), 500, None),
    ],
)
def test_any_other_error_is_told_in_the_protocols_words(failure: Error, status: int, code: str | None) -> None:
    told, written = SERVER.render_error(failure)
    said = json.loads(written)["error"]
    assert (told, said["code"], said["message"], said["param"]) == (status, code, "no", failure.param)
