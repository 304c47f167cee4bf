"""Errors of AWS: which class they are, what stays readable of them, and how callers are told of any."""

from __future__ import annotations

import json
from typing import Any

import pytest
from converse_wire import CODEC, SERVER, TARGET

from turnout.errors import (
    AllTargetsFailed,
    AuthenticationFailed,
    BudgetExceeded,
    CircuitOpen,
    ContextTooLong,
    DeadlineExceeded,
    Error,
    ModelNotFound,
    Overloaded,
    QuotaExhausted,
    RateLimited,
    RequestError,
    ServerFault,
    TargetError,
    TimedOut,
    TransportFailed,
    UnknownName,
    Unsupported,
)
from turnout.types import HttpResponse


def error(status: int, body: Any, **headers: str) -> Error:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return CODEC.decode_error(HttpResponse(status=status, headers=headers, body=raw), TARGET)


def typed(status: int, kind: str, message: str = "oh") -> Error:
    return error(
        status, {"message": message}, **{"x-amzn-errortype": f"{kind}:http://internal.amazon.com/coral/com.amazon.bedrock/"}
    )


@pytest.mark.parametrize(
    ("status", "kind", "expected"),
    [
        (400, "ValidationException", RequestError),
        (403, "AccessDeniedException", AuthenticationFailed),
        (403, "ExpiredTokenException", AuthenticationFailed),
        (403, "UnrecognizedClientException", AuthenticationFailed),
        (403, "InvalidSignatureException", AuthenticationFailed),
        (404, "ResourceNotFoundException", ModelNotFound),
        (400, "ServiceQuotaExceededException", QuotaExhausted),
        (429, "ThrottlingException", RateLimited),
        (429, "ModelNotReadyException", Overloaded),
        (408, "ModelTimeoutException", TimedOut),
        (424, "ModelErrorException", ServerFault),
        (500, "InternalServerException", ServerFault),
        (503, "ServiceUnavailableException", Overloaded),
        (418, "SomethingNewException", RequestError),
        (599, "SomethingNewException", ServerFault),
    ],
)
def test_an_exception_is_a_class_with_a_remedy(status: int, kind: str, expected: type[Error]) -> None:
    found = typed(status, kind)
    assert type(found) is expected
    assert (found.type, found.status, found.wire, found.retry_after) == (kind, status, "bedrock-converse", None)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, RequestError),
        (401, AuthenticationFailed),
        (403, AuthenticationFailed),
        (404, TargetError),
        (408, TimedOut),
        (424, ServerFault),
        (429, RateLimited),
        (500, ServerFault),
        (503, Overloaded),
        (504, TimedOut),
        (302, ServerFault),
    ],
)
def test_a_status_alone_is_a_class_too(status: int, expected: type[Error]) -> None:
    assert type(error(status, b"<html>no</html>")) is expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Input is too long for requested model.", ContextTooLong),
        (
            "The model returned the following errors: Input Tokens Exceeded: Number of input tokens exceeds",
            ContextTooLong,
        ),
        ("The model returned the following errors: prompt is too long: 209 tokens > 200 maximum", ContextTooLong),
        ("The provided model identifier is invalid.", ModelNotFound),
        (
            "Invocation of model ID x with on-demand throughput isn\u2019t supported. Retry with a profile.",
            ModelNotFound,
        ),
        ("This model doesn't support the video content block that you provided.", Unsupported),
        ("This model doesn\u2019t support tool use.", Unsupported),
        ("Malformed input request: #/messages/2: extraneous key [toolResult] is not permitted", RequestError),
    ],
)
@pytest.mark.parametrize("named", [True, False], ids=["with its type", "with its status alone"])
def test_a_validation_error_says_what_to_do_in_its_words(message: str, expected: type[Error], named: bool) -> None:
    found = typed(400, "ValidationException", message) if named else error(400, {"message": message})
    assert type(found) is expected
    assert message in str(found)


def test_a_model_that_this_key_may_not_use_is_not_found() -> None:
    message = "You don't have access to the model with the specified model ID."
    assert type(typed(403, "AccessDeniedException", message)) is ModelNotFound


@pytest.mark.parametrize(
    ("body", "kind", "message"),
    [
        ({"__type": "com.amazon.coral.service#ThrottlingException", "message": "slow"}, "ThrottlingException", "slow"),
        ({"code": "ThrottlingException", "Message": "slow"}, "ThrottlingException", "slow"),
        ({"message": {"deep": 1}}, None, '{"deep":1}'),
        ("in a string", None, "in a string"),
        (["in a list"], None, '["in a list"]'),
        (b"", None, "no message"),
        (b"\xff\xfe", None, "HTTP 429"),
    ],
)
def test_what_it_says_is_read_wherever_it_stands(body: Any, kind: str | None, message: str) -> None:
    found = error(429, body)
    assert isinstance(found, RateLimited)
    assert found.type == kind
    assert message in str(found)


def test_headers_and_hints_are_kept() -> None:
    found = error(429, {"message": "slow"}, **{"retry-after": "7", "x-amzn-requestid": "r1", "server": "x"})
    assert (found.retry_after, found.request_id) == (7.0, "r1")
    assert found.headers == {"retry-after": "7", "x-amzn-requestid": "r1"}


# -- towards callers -------------------------------------------------------------------------------


def told(error: Error) -> tuple[int, Any]:
    status, body = SERVER.render_error(error)
    return status, json.loads(body)


def test_an_error_of_this_protocol_goes_on_with_its_type_in_the_body() -> None:
    assert told(typed(429, "ThrottlingException", "slow")) == (429, {"__type": "ThrottlingException", "message": "slow"})
    assert told(error(400, {"message": "bad", "more": 1})) == (400, {"message": "bad", "more": 1})


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (RequestError("x"), 400, "ValidationException"),
        (Unsupported("x"), 400, "ValidationException"),
        (AuthenticationFailed("x"), 403, "AccessDeniedException"),
        (ModelNotFound("x"), 404, "ResourceNotFoundException"),
        (UnknownName("x"), 404, "ResourceNotFoundException"),
        (QuotaExhausted("x"), 400, "ServiceQuotaExceededException"),
        (BudgetExceeded("x"), 400, "ServiceQuotaExceededException"),
        (RateLimited("x", wire="openai-chat", status=429, body={"error": {}}), 429, "ThrottlingException"),
        (Overloaded("x"), 503, "ServiceUnavailableException"),
        (CircuitOpen("x"), 503, "ServiceUnavailableException"),
        (TransportFailed("x"), 503, "ServiceUnavailableException"),
        (TimedOut("x"), 408, "ModelTimeoutException"),
        (DeadlineExceeded("x"), 408, "ModelTimeoutException"),
        (ServerFault("x"), 500, "InternalServerException"),
        (Error("x"), 500, "InternalServerException"),
        (
            AllTargetsFailed([(TARGET, ServerFault("y")), (TARGET, RateLimited("x"))]),
            429,
            "ThrottlingException",
        ),
    ],
)
def test_any_error_is_told_in_this_protocols_words(error: Error, status: int, kind: str) -> None:
    assert told(error) == (status, {"__type": kind, "message": "x"})


def test_a_prompt_that_is_too_long_is_told_in_the_words_clients_know() -> None:
    status, body = told(ContextTooLong("256 tokens and no more"))
    assert status == 400
    assert body["message"].startswith("Input is too long for requested model")


def test_an_error_that_came_inside_a_200_gets_the_status_it_should_have_had() -> None:
    inside = ServerFault("x", status=200, type="ThrottlingException", wire="bedrock-converse", body={"message": "slow"})
    assert told(inside)[0] == 429
