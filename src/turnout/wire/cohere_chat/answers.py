"""Whole answers: this protocol's object to a Completion, and back. It does not say which model answered."""

from __future__ import annotations

from typing import Any

from turnout.errors import ServerFault
from turnout.types import Choice, Completion, Origin, Target, ToolCall, Usage
from turnout.wire.cohere_chat.conversation import Saying
from turnout.wire.cohere_chat.messages import read_said
from turnout.wire.cohere_chat.usage import read_usage, write_usage
from turnout.wire.cohere_chat.words import WIRE_NAME, deep_merge, finish_reason, is_own, raw_finish, take


def read_completion(raw: dict[str, Any], target: Target, headers: dict[str, str] | None = None) -> Completion:
    """The model is the one that was asked. Raises ServerFault when there is no message to read."""
    origin = Origin(WIRE_NAME, target.provider)
    fields = dict(raw)
    message = fields.pop("message", None)
    if not isinstance(message, dict):
        raise ServerFault("the answer has no message: the endpoint does not speak Cohere's chat protocol", body=raw)
    said = dict(message)
    if said.get("role") == "assistant":
        del said["role"]
    id, reason = take(fields, "id"), take(fields, "finish_reason")
    usage = read_usage(fields.pop("usage")) if isinstance(fields.get("usage"), dict) else Usage()
    logprobs = fields.pop("logprobs") if isinstance(fields.get("logprobs"), list) and fields["logprobs"] else None
    choice = Choice(
        message=read_said(said, origin),
        finish=finish_reason(reason) if reason is not None else None,
        logprobs=logprobs,
    )
    return Completion(
        id=id or "",
        model=target.model,
        choices=(choice,),
        usage=usage,
        extra=fields or None,
        origin=origin,
        headers=headers,
        spelled={"id": "absent"} if id is None else None,
    )


def write_completion(completion: Completion) -> dict[str, Any]:
    """The answer for a caller of this protocol, whoever gave it. Only the first choice: the protocol has one."""
    own = is_own(completion.origin)
    body: dict[str, Any] = {"id": completion.id}
    if own and (completion.spelled or {}).get("id") == "absent":
        del body["id"]
    message = completion.message
    said = Saying(message.origin or completion.origin, None, []).write(list(message.parts), message, "message")
    body["message"] = {"role": "assistant"} | (deep_merge(said, message.extra) if own else said)
    called = any(isinstance(part, ToolCall) for part in message.parts)
    if (reason := raw_finish(completion.finish, completion.origin, called_tools=called)) is not None:
        body["finish_reason"] = reason
    if (usage := write_usage(completion.usage)) is not None:
        body["usage"] = usage
    logprobs = completion.choices[0].logprobs if completion.choices else None
    if logprobs is not None and own:
        body["logprobs"] = logprobs
    return body | (completion.extra or {}) if own else body
