"""Errors: what the provider's mean, and how ours are told to a caller."""

from __future__ import annotations

import json
from typing import Any

import pytest
from gemini_wire import CODEC, SERVER, TARGET

from turnout.errors import (
    AllTargetsFailed,
    AuthenticationFailed,
    ContextTooLong,
    Error,
    ModelNotFound,
    Overloaded,
    QuotaExhausted,
    RateLimited,
    RequestError,
    ServerFault,
    TargetError,
    TimedOut,
)
from turnout.types import HttpResponse


def refused(status: int, word: str, message: str = "It went wrong.", *details: Any) -> dict[str, Any]:
    inner = {"code": status, "message": message, "status": word}
    return {"error": inner | ({"details": list(details)} if details else {})}


def error(status: int, body: Any, **headers: str) -> Error:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return CODEC.decode_error(HttpResponse(status=status, body=raw, headers=headers), TARGET)


INFO = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}
DELAY = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "48.9s"}
A_DAY = {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": "RequestsPerDayPerProject"}]}
A_MINUTE = {"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": "RequestsPerMinutePerProject"}]}


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (400, refused(400, "INVALID_ARGUMENT"), RequestError),
        (
            400,
            refused(400, "INVALID_ARGUMENT", "The input token count (2000000) exceeds the maximum number of tokens allowed"),
            ContextTooLong,
        ),
        (400, refused(400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.", INFO), AuthenticationFailed),
        (400, refused(400, "FAILED_PRECONDITION", "User location is not supported for the API use."), TargetError),
        (400, refused(400, "FAILED_PRECONDITION", "Please enable billing on project 1"), QuotaExhausted),
        (401, refused(401, "UNAUTHENTICATED"), AuthenticationFailed),
        (403, refused(403, "PERMISSION_DENIED"), AuthenticationFailed),
        (404, refused(404, "NOT_FOUND", "models/x is not found for API version v1beta"), ModelNotFound),
        (404, refused(404, "NOT_FOUND", "cachedContents/x was not found"), RequestError),
        (404, b"<html>Not Found</html>", TargetError),
        (429, refused(429, "RESOURCE_EXHAUSTED"), RateLimited),
        (429, refused(429, "RESOURCE_EXHAUSTED", "Quota exceeded", A_MINUTE, DELAY), RateLimited),
        (429, refused(429, "RESOURCE_EXHAUSTED", "Quota exceeded", A_DAY, DELAY), QuotaExhausted),
        (500, refused(500, "INTERNAL"), ServerFault),
        (503, refused(503, "UNAVAILABLE", "The model is overloaded."), Overloaded),
        (504, refused(504, "DEADLINE_EXCEEDED"), TimedOut),
        (400, [refused(400, "INVALID_ARGUMENT")], RequestError),
        (502, b"", ServerFault),
        (418, {"error": "teapot"}, RequestError),
    ],
)
def test_every_refusal_is_the_error_that_says_who_must_act(status: int, body: Any, expected: type[Error]) -> None:
    got = error(status, body)
    assert type(got) is expected
    assert got.status == status


def test_what_the_provider_said_stays_readable() -> None:
    field = {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [{"field": "contents[0].parts"}]}
    got = error(400, refused(400, "INVALID_ARGUMENT", "Wrong.", field, INFO | {"reason": "OTHER"}))
    assert "Wrong." in str(got)
    assert (got.type, got.code, got.param) == ("INVALID_ARGUMENT", "OTHER", "contents[0].parts")


@pytest.mark.parametrize(
    ("delay", "seconds"), [("48.9s", 48.9), ("0s", 0.0), ("soon", None), (3, None), ("-1s", None), ("infs", None)]
)
def test_the_wait_that_the_body_asks_for_is_read(delay: Any, seconds: float | None) -> None:
    assert error(429, refused(429, "RESOURCE_EXHAUSTED", "x", {"retryDelay": delay})).retry_after == seconds


def test_a_retry_after_header_counts_before_the_body() -> None:
    assert error(429, refused(429, "RESOURCE_EXHAUSTED", "x", DELAY), **{"retry-after": "3"}).retry_after == 3


@pytest.mark.parametrize("body", [refused(429, "RESOURCE_EXHAUSTED", "x", DELAY), [refused(400, "INVALID_ARGUMENT")]])
def test_a_providers_error_is_told_as_it_came(body: Any) -> None:
    status = 429 if isinstance(body, dict) else 400
    told, raw = SERVER.render_error(error(status, body))
    assert (told, json.loads(raw)) == (status, body)


@pytest.mark.parametrize(
    ("ours", "status", "word"),
    [
        (RequestError("x"), 400, "INVALID_ARGUMENT"),
        (AuthenticationFailed("x"), 401, "UNAUTHENTICATED"),
        (AuthenticationFailed("x", status=403), 403, "PERMISSION_DENIED"),
        (ModelNotFound("x"), 404, "NOT_FOUND"),
        (RateLimited("x"), 429, "RESOURCE_EXHAUSTED"),
        (Overloaded("x"), 503, "UNAVAILABLE"),
        (TimedOut("x"), 504, "DEADLINE_EXCEEDED"),
        (ServerFault("x"), 500, "INTERNAL"),
        (AllTargetsFailed([(TARGET, RateLimited("x"))]), 429, "RESOURCE_EXHAUSTED"),
    ],
)
def test_every_error_of_ours_has_the_protocols_word(ours: Error, status: int, word: str) -> None:
    told, raw = SERVER.render_error(ours)
    body = json.loads(raw)["error"]
    assert (told, body["code"], body["status"]) == (status, status, word)
