"""Whether a model chats: the question that tells, and what an answer or an error to it means."""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from turnout.errors import (
    AllTargetsFailed,
    AuthenticationFailed,
    Error,
    ModelNotFound,
    RequestError,
    StreamInterrupted,
    Unsupported,
)
from turnout.types import ChatRequest, Completion, Message, Target, Text

Verdict = Literal["valid", "invalid", "unknown"]

_TOLD = "If I say 'ping', you will respond with 'pong'."
_REFUSED_FIELDS = {  # a field of the question -> what a refusal of it alone calls it
    "temperature": ("temperature",),
    "max_output_tokens": ("max_tokens", "max_completion_tokens", "max_output_tokens", "maxoutputtokens", "num_predict"),
}


def ping(target: Target) -> ChatRequest:
    """The question: ten tokens are room enough for the answer."""
    said = (Message("system", (Text(_TOLD),)), Message("user", (Text("ping"),)))
    return ChatRequest(model=str(target), messages=said, max_output_tokens=10, temperature=0.1)


def eased(request: ChatRequest, error: Error) -> ChatRequest | None:
    """``request`` without the field that ``error`` refuses, which says nothing of the model; None if it is about another."""
    if not isinstance(error, (RequestError, Unsupported)):
        return None
    said = f"{error.param or ''} {error}".lower()
    for field, names in _REFUSED_FIELDS.items():
        if getattr(request, field) is not None and any(name in said for name in names):
            return replace(request, **{field: None})
    return None


def verdict(answer: Completion | Error) -> Verdict:
    """Valid when the answer holds "pong" in any case; invalid when the model answered something else or is refused for good.

    Unknown is whatever says nothing of the model: a limit on rate or money, an overload, a fault, a timeout, a broken
    connection, a key that may not, or an answer cut off before its first word, as that of a model which was still thinking.
    """
    if isinstance(answer, Completion):
        if "pong" in answer.text.lower():
            return "valid"
        finish = answer.choices[0].finish if answer.choices else None
        cut_off = finish is not None and finish.unified == "length"
        return "unknown" if cut_off and not answer.text.strip() else "invalid"
    error = answer.failures[-1][1] if isinstance(answer, AllTargetsFailed) else answer
    refused = isinstance(error, (RequestError, ModelNotFound, Unsupported)) and not isinstance(error, StreamInterrupted)
    return "invalid" if refused else "unknown"


def ends_all(error: Error) -> bool:
    """Whether ``error`` to one model's question is the provider's answer to every one: the key is refused."""
    return isinstance(error, AuthenticationFailed) and error.status == 401
