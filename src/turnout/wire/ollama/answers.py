"""Whole answers: this protocol's object to a Completion, and back.

``created_at`` counts nanoseconds and may have any offset, so it stays as it was written, beside the seconds of ours.
"""

from __future__ import annotations

from typing import Any

from turnout.errors import ServerFault
from turnout.types import Choice, Completion, Origin, ToolCall, Usage
from turnout.wire.ollama.conversation import ConversationWriter
from turnout.wire.ollama.messages import MakeId, read_said
from turnout.wire.ollama.usage import take_usage, write_usage
from turnout.wire.ollama.words import WIRE_NAME, done_reason, finish_reason, is_own, made_up_id, read_time, write_time


def read_completion(raw: dict[str, Any], provider: str | None, headers: dict[str, str] | None = None) -> Completion:
    """Raises ServerFault when there is no message to read."""
    origin = Origin(WIRE_NAME, provider)
    fields = dict(raw)
    message = fields.pop("message", None)
    if not isinstance(message, dict):
        raise ServerFault("the answer has no message: the endpoint does not speak Ollama's protocol", body=raw)
    said = dict(message)
    if said.get("role") == "assistant":
        del said["role"]
    read = read_said(said, origin, ids_of(fields.get("created_at")))
    finish = None
    if fields.get("done") is True:
        del fields["done"]
        called = any(isinstance(part, ToolCall) for part in read.parts)
        finish = finish_reason(take_reason(fields), called_tools=called)
    logprobs = fields.pop("logprobs") if isinstance(fields.get("logprobs"), list) and fields["logprobs"] else None
    usage = take_usage(fields)
    return Completion(
        id="",
        model=fields.pop("model") if isinstance(fields.get("model"), str) and fields["model"] else "",
        created=read_time(fields.get("created_at")),
        choices=(Choice(message=read, finish=finish, logprobs=logprobs),),
        usage=usage or Usage(),
        extra=fields or None,
        origin=origin,
        headers=headers,
    )


def ids_of(created_at: Any) -> MakeId:
    """Ids for the calls of the answer that began then, where the server gives none."""
    return lambda number, name, arguments: made_up_id(created_at, number, name, arguments)


def take_reason(fields: dict[str, Any]) -> str | None:
    reason = fields.get("done_reason")
    return fields.pop("done_reason") if isinstance(reason, str) and reason else None


def write_completion(completion: Completion) -> dict[str, Any]:
    """The answer for a caller of this protocol, whoever gave it. Only the first choice: the protocol has one."""
    own = is_own(completion.origin)
    body = write_envelope(completion.model, completion.created, own)
    body["message"] = {"role": "assistant"} | ConversationWriter(None, []).said(completion.message, "message")
    logprobs = completion.choices[0].logprobs if completion.choices else None
    if logprobs is not None and own:
        body["logprobs"] = logprobs
    if completion.finish is not None or not own:
        body["done"] = True
    if completion.finish is not None and (reason := done_reason(completion.finish, completion.origin)) is not None:
        body["done_reason"] = reason
    if own:
        body |= completion.extra or {}
    return body | write_usage(completion.usage)


def write_envelope(model: str, created: int | None, own: bool) -> dict[str, Any]:
    """What every object of an answer begins with. An own answer's time is in its extra, to the nanosecond."""
    body: dict[str, Any] = {"model": model} if model or not own else {}
    if not own and created is not None and (at := write_time(created)) is not None:
        body["created_at"] = at
    return body
