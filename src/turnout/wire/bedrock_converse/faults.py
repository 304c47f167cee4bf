"""Errors: AWS's exceptions, as a header, in a body or in a stream, to our classes and back.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_Errors,
https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html and
https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html (read 2026-11-21)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from turnout.errors import (
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
from turnout.types import Target
from turnout.wire.bedrock_converse.words import WIRE_NAME
from turnout.wire.faults import first_words, for_all_targets, made, of_status, place, reader, told

_BY_TYPE: dict[str, type[Error]] = {
    "ValidationException": RequestError,
    "ValidationError": RequestError,
    "SerializationException": RequestError,
    "MalformedHttpRequestException": RequestError,
    "AccessDeniedException": AuthenticationFailed,
    "AccessDenied": AuthenticationFailed,
    "ExpiredTokenException": AuthenticationFailed,
    "ExpiredToken": AuthenticationFailed,
    "IncompleteSignature": AuthenticationFailed,
    "IncompleteSignatureException": AuthenticationFailed,
    "InvalidSignatureException": AuthenticationFailed,
    "InvalidClientTokenId": AuthenticationFailed,
    "MissingAuthenticationTokenException": AuthenticationFailed,
    "NotAuthorized": AuthenticationFailed,
    "OptInRequired": AuthenticationFailed,
    "UnauthorizedException": AuthenticationFailed,
    "UnrecognizedClientException": AuthenticationFailed,
    "ResourceNotFoundException": ModelNotFound,
    "ServiceQuotaExceededException": QuotaExhausted,
    "ThrottlingException": RateLimited,
    "Throttling": RateLimited,
    "TooManyRequestsException": RateLimited,
    "RequestExpired": ServerFault,  # the clocks differ, or it waited long: signed anew it may pass
    "ModelNotReadyException": Overloaded,  # a model that is being loaded; the SDKs try again
    "ModelTimeoutException": TimedOut,
    "ModelErrorException": ServerFault,
    "ModelStreamErrorException": ServerFault,
    "InternalServerException": ServerFault,
    "InternalFailure": ServerFault,
    "ServiceUnavailableException": Overloaded,
    "ServiceUnavailable": Overloaded,
}
_BY_STATUS: dict[int, type[Error]] = {
    401: AuthenticationFailed,
    403: AuthenticationFailed,
    404: TargetError,  # nothing answers at this address; a missing model says so
    408: TimedOut,
    424: ServerFault,  # the model failed, not the request
    429: RateLimited,
    503: Overloaded,
    504: TimedOut,
}
_TOO_LONG = (
    "input is too long",
    "prompt is too long",
    "too many input tokens",
    "input tokens exceed",
    "maximum context length",
    "exceeds the context window",
)
_NO_MODEL = (
    "model identifier is invalid",
    "model id",  # "Invocation of model ID … with on-demand throughput isn't supported", "access to the model with the … model ID"
    "could not resolve the foundation model",
    "reached the end of its life",
)
_UNABLE = ("doesn't support", "does not support", "isn't supported", "not supported")


def error_of(
    body: Any,
    status: int | None,
    target: Target,
    *,
    kind: str | None = None,
    headers: Mapping[str, str] | None = None,
    text: str = "",
) -> Error:
    """The error that ``body`` (parsed JSON, or None) and ``status`` (None inside a stream) mean.

    ``kind``: the exception that an event of a stream names.
    """
    headers = headers or {}
    fields = body if isinstance(body, dict) else {"message": body} if isinstance(body, str) else {}
    kind = kind or _type(headers.get("x-amzn-errortype")) or _type(fields.get("__type")) or _type(fields.get("code"))
    message = first_words(fields, ("message", "Message", "originalMessage"), text)
    return made(
        _class(kind, status, message),
        message,
        where=place(status),
        wire=WIRE_NAME,
        target=target,
        status=status,
        headers=headers,
        body=body,
        type=kind,
    )


read_error = reader(error_of)


def _type(said: Any) -> str | None:
    """The exception's own name in "ValidationException:http://internal.amazon.com/coral/…" or "com.amazon.coral#Throttling"."""
    if not isinstance(said, str):
        return None
    return said.partition(":")[0].rpartition("#")[2].strip() or None


def exception_type(said: str) -> str:
    """The name of an exception that a stream names as a member, in lower camel case."""
    return said[:1].upper() + said[1:]


def _class(kind: str | None, status: int | None, message: str) -> type[Error]:
    said = message.lower().replace("\u2019", "'")
    found = _BY_TYPE.get(kind or "") or of_status(status, _BY_STATUS)
    if found is RequestError and any(phrase in said for phrase in _TOO_LONG):
        return ContextTooLong
    if found in (RequestError, AuthenticationFailed, TargetError) and any(phrase in said for phrase in _NO_MODEL):
        return ModelNotFound
    if found is RequestError and any(phrase in said for phrase in _UNABLE):
        return Unsupported
    return found


# -- towards callers -------------------------------------------------------------------------------

# class -> (status, type) in this protocol's words; the first that matches
_TOLD: tuple[tuple[type[Error], tuple[int, str]], ...] = (
    (RequestError, (400, "ValidationException")),
    (AuthenticationFailed, (403, "AccessDeniedException")),
    (QuotaExhausted, (400, "ServiceQuotaExceededException")),
    (BudgetExceeded, (400, "ServiceQuotaExceededException")),
    (ModelNotFound, (404, "ResourceNotFoundException")),
    (UnknownName, (404, "ResourceNotFoundException")),
    (Unsupported, (400, "ValidationException")),
    (RateLimited, (429, "ThrottlingException")),
    (CircuitOpen, (503, "ServiceUnavailableException")),
    (Overloaded, (503, "ServiceUnavailableException")),
    (TimedOut, (408, "ModelTimeoutException")),
    (DeadlineExceeded, (408, "ModelTimeoutException")),
    (TransportFailed, (503, "ServiceUnavailableException")),
)
_NATIVE_STATUS = {
    "ValidationException": 400,
    "AccessDeniedException": 403,
    "ResourceNotFoundException": 404,
    "ModelTimeoutException": 408,
    "ModelErrorException": 424,
    "ModelStreamErrorException": 424,
    "ThrottlingException": 429,
    "ModelNotReadyException": 429,
    "ServiceUnavailableException": 503,
}
_FALLBACK = (500, "InternalServerException")
# What a stream can say went wrong; anything else is told as the nearest of them.
_IN_STREAMS = frozenset(
    {
        "InternalServerException",
        "ModelStreamErrorException",
        "ValidationException",
        "ThrottlingException",
        "ServiceUnavailableException",
    }
)


def write_error(error: Error) -> tuple[int, Any]:
    """Status and body for a caller of this protocol: the provider's own where it spoke it, else ours in its words."""
    error = for_all_targets(error)
    if error.wire == WIRE_NAME and isinstance(error.body, dict):
        failed = error.status is not None and error.status >= 400  # an error can also stand in a stream, or in a 200
        status = error.status if failed and error.status else _NATIVE_STATUS.get(error.type or "", 500)
        return status, error.body if error.type is None else {"__type": error.type, **error.body}
    status, kind = told(error, _TOLD, _FALLBACK)
    message = str(error)
    if isinstance(error, ContextTooLong) and not any(phrase in message.lower() for phrase in _TOO_LONG):
        message = f"Input is too long for requested model: {message}"  # the words by which clients of this protocol know it
    return status, {"__type": kind, "message": message}


def write_exception(error: Error) -> tuple[str, Any]:
    """The name, in the stream's spelling, and the payload of the event that ends a stream with ``error``."""
    error = for_all_targets(error)
    if error.wire == WIRE_NAME and isinstance(error.body, dict) and error.type is not None:
        return error.type[:1].lower() + error.type[1:], error.body
    kind = told(error, _TOLD, _FALLBACK)[1]
    kind = kind if kind in _IN_STREAMS else "ModelStreamErrorException"
    return kind[:1].lower() + kind[1:], {"message": str(error)}
