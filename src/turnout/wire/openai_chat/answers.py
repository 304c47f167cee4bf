"""Whole answers: this protocol's ``chat.completion`` object to a Completion, and back."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from turnout.errors import ServerFault
from turnout.types import Choice, Completion, FinishReason, Message, Origin, Reasoning, ToolCall, Usage
from turnout.wire.openai_chat.message_writer import write_said
from turnout.wire.openai_chat.messages import read_said
from turnout.wire.openai_chat.usage import read_usage, write_usage
from turnout.wire.openai_chat.words import WIRE_NAME, finish_reason, is_own, raw_finish, service_tier
from turnout.wire.sealing import sealed

OBJECT = "chat.completion"


def read_completion(raw: dict[str, Any], provider: str | None, headers: dict[str, str] | None = None) -> Completion:
    """Raises ServerFault when there are no choices to read."""
    origin = Origin(WIRE_NAME, provider)
    fields = dict(raw)
    choices = fields.pop("choices", None)
    if not isinstance(choices, list):
        raise ServerFault("the answer has no list of choices: the endpoint does not speak OpenAI Chat Completions", body=raw)
    if fields.get("object") == OBJECT:
        del fields["object"]
    spelled: dict[str, str] | None = None
    if "id" not in fields or "model" not in fields:
        spelled = {name: "absent" for name in ("id", "model") if name not in fields}
    usage = read_usage(fields.pop("usage")) if isinstance(fields.get("usage"), dict) else Usage()
    return Completion(
        id=fields.pop("id") if isinstance(fields.get("id"), str) else "",
        model=fields.pop("model") if isinstance(fields.get("model"), str) else "",
        created=fields.pop("created") if type(fields.get("created")) is int else None,
        service_tier=fields.pop("service_tier") if isinstance(fields.get("service_tier"), str) else None,
        choices=tuple(_read_choice(choice, at, origin) for at, choice in enumerate(choices)),
        usage=usage,
        extra=fields or None,
        origin=origin,
        headers=headers,
        spelled=spelled,
    )


def _read_choice(raw: Any, at: int, origin: Origin) -> Choice:
    if not isinstance(raw, dict):
        raise ServerFault(f"choices[{at}] is no object: the endpoint does not speak OpenAI Chat Completions")
    fields = dict(raw)
    message = Message("assistant", (), origin=origin)
    if isinstance(fields.get("message"), dict):
        said = dict(fields.pop("message"))
        if said.get("role") == "assistant":
            del said["role"]
        message = read_said(said, origin)
    finish: FinishReason | None = None
    if isinstance(fields.get("finish_reason"), str):
        finish = finish_reason(fields.pop("finish_reason"), called_tools=ToolCall in map(type, message.parts))
    return Choice(
        index=fields.pop("index") if type(fields.get("index")) is int else at,
        message=message,
        finish=finish,
        logprobs=fields.pop("logprobs") if fields.get("logprobs") is not None else None,
        extra=fields or None,
    )


def write_completion(completion: Completion, *, seals: bool = True) -> dict[str, Any]:
    """The answer for a caller of this protocol, whoever gave it. ``seals``: the caller knows ``reasoning_details``."""
    own = is_own(completion.origin)
    if not own and seals:
        completion = replace(completion, choices=tuple(_sealed(choice, completion) for choice in completion.choices))
    body: dict[str, Any] = {"id": completion.id, "object": OBJECT}
    if completion.created is not None or not own:
        body["created"] = completion.created or 0
    body["model"] = completion.model
    for name in completion.spelled or () if own else ():
        del body[name]
    body["choices"] = [_write_choice(choice, completion.origin) for choice in completion.choices]
    usage = write_usage(completion.usage)
    if usage is not None:
        body["usage"] = usage
    if (tier := service_tier(completion.service_tier, completion.origin)) is not None:
        body["service_tier"] = tier
    if own:
        body.update(completion.extra or {})
    return body


def _sealed(choice: Choice, completion: Completion) -> Choice:
    message = choice.message
    if not any(isinstance(part, Reasoning) or part.extra for part in message.parts):
        return choice
    parts = sealed(message, completion.origin, completion.model, WIRE_NAME, gathered=True)
    return replace(choice, message=replace(message, parts=tuple(parts)))


def _write_choice(choice: Choice, origin: Origin | None) -> dict[str, Any]:
    own = is_own(origin)
    written: dict[str, Any] = {
        "index": choice.index,
        "message": write_said(choice.message, []),
        "finish_reason": raw_finish(choice.finish, origin) if choice.finish is not None else None,
    }
    if choice.logprobs is not None and own:
        written["logprobs"] = choice.logprobs
    if own:
        written.update(choice.extra or {})
    return written
