"""Whole answers: this protocol's ``response`` object to a Completion, and back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from turnout.errors import ServerFault
from turnout.types import (
    Audio,
    Choice,
    Completion,
    FinishReason,
    Message,
    Origin,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    Usage,
)
from turnout.wire.openai_responses.content import write_output
from turnout.wire.openai_responses.items import Item, kind_of, read_items, write_call, write_own_items
from turnout.wire.openai_responses.usage import read_usage, write_usage
from turnout.wire.openai_responses.words import WIRE_NAME, call_id, ending, finish_reason, is_own, item_id, service_tier, take
from turnout.wire.sealing import sealed

OBJECT = "response"


def read_completion(raw: dict[str, Any], provider: str | None, headers: dict[str, str] | None = None) -> Completion:
    """Raises ServerFault when there is no output to read. What the vocabulary has no word for stays in ``extra``."""
    origin = Origin(WIRE_NAME, provider)
    fields = dict(raw)
    output = fields.get("output")
    if isinstance(output, list):
        del fields["output"]
    elif output is not None or fields.get("object") != OBJECT:
        raise ServerFault("the answer has no list of output items: the endpoint does not speak OpenAI Responses", body=raw)
    parts = tuple(read_items(output or [], origin))
    finish = finish_reason(fields, called_tools=any(isinstance(part, ToolCall) for part in parts))
    envelope = take_envelope(fields)
    usage = read_usage(fields.pop("usage")) if isinstance(fields.get("usage"), dict) else Usage()
    return Completion(
        **envelope,
        choices=(Choice(message=Message("assistant", parts, origin=origin), finish=finish),),
        usage=usage,
        extra=fields or None,
        origin=origin,
        headers=headers,
    )


def take_envelope(fields: dict[str, Any]) -> dict[str, Any]:
    """Who answers, taken out of ``fields``. A constant that means nothing goes with it."""
    if fields.get("object") == OBJECT:
        del fields["object"]
    return {
        "id": take(fields, "id") or "",
        "model": take(fields, "model") or "",
        "created": take(fields, "created_at", int),
        "service_tier": take(fields, "service_tier"),
    }


def write_completion(completion: Completion) -> dict[str, Any]:
    """The answer for a caller of this protocol, whoever gave it."""
    own = is_own(completion.origin)
    if own:
        output = write_own_items(list(completion.parts))
    else:
        parts = sealed(completion.message, completion.origin, completion.model, WIRE_NAME)
        output = [write_item(group, completion.id, number) for number, group in enumerate(grouped(parts))]
    return write_response(completion, output)


def write_response(completion: Completion, output: list[Any]) -> dict[str, Any]:
    """The ``response`` object around ``output``. The members it requires are there whoever answered."""
    own = is_own(completion.origin)
    body: dict[str, Any] = {"id": completion.id, "object": OBJECT}
    if completion.created is not None or not own:
        body["created_at"] = completion.created or 0
    body |= {"model": completion.model}
    if not own or "status" not in (completion.extra or {}):
        body |= _written_ending(completion.finish)
    if not own:
        # Required: https://platform.openai.com/docs/api-reference/responses/object (read 2026-11-21)
        body |= {"instructions": None, "metadata": {}, "parallel_tool_calls": True, "temperature": None, "top_p": None}
        body |= {"tool_choice": "auto", "tools": []}
    body["output"] = output
    usage = write_usage(completion.usage)
    if usage is not None:
        body["usage"] = usage
    tier = completion.service_tier
    if tier is not None and (tier := tier if own else service_tier(tier)) is not None:
        body["service_tier"] = tier
    return body | (completion.extra or {}) if own else body


def _written_ending(finish: FinishReason | None) -> dict[str, Any]:
    status, reason = ending(finish)
    failed = {"code": "server_error", "message": f"the provider stopped: {finish.raw or finish.unified}"} if finish else None
    return {
        "status": status,
        "error": failed if status == "failed" else None,
        "incomplete_details": {"reason": reason} if reason is not None else None,
    }


# -- parts of another protocol ---------------------------------------------------------------------


def grouped(parts: Iterable[Part]) -> list[list[Part]]:
    """Parts of another protocol, by the item that they make together; those with no place here are left out."""
    groups: list[list[Part]] = []
    for part in parts:
        if not is_sayable(part):
            continue
        if groups and joins(part, groups[-1][-1]):
            groups[-1].append(part)
        else:
            groups.append([part])
    return groups


def is_sayable(part: Part) -> bool:
    """True if an answer of this protocol has a place for ``part`` of another."""
    match part:
        case ToolCall():
            return True
        case Reasoning():
            return bool(part.text) or is_closed(part)
        case Text() | Refusal():
            return bool(part.text)
        case Audio():
            return bool(part.transcript)
    return False


def joins(part: Part, before: Part) -> bool:
    """True if ``part`` of another protocol goes into the item that ends with ``before``."""
    kind = kind_of(part)
    if kind != kind_of(before) or kind == "call" or is_closed(before):
        return False
    return phase_of(part) == phase_of(before)


def is_closed(part: Part) -> bool:
    """True for reasoning with an envelope: an item holds one."""
    return isinstance(part, Reasoning) and (part.signature is not None or part.encrypted is not None)


def phase_of(part: Part) -> str | None:
    return part.phase if isinstance(part, Text) else None


def write_item(parts: list[Part], answer_id: str, number: int) -> Item:
    """Item ``number`` of an answer, from parts of another protocol."""
    first = parts[0]
    match first:
        case ToolCall():
            id = call_id(first.id) or item_id("call", answer_id, number)
            call = write_call(first) | {"call_id": id, "status": "completed"}
            return {"id": item_id("ctc" if first.custom else "fc", answer_id, number)} | call
        case Reasoning():
            thoughts = [part for part in parts if isinstance(part, Reasoning)]
            texts = [{"type": "summary_text", "text": part.text} for part in thoughts if part.text]
            item = {"id": item_id("rs", answer_id, number), "type": "reasoning", "summary": texts}
            envelope = thoughts[-1].encrypted or thoughts[-1].signature
            return item | ({"encrypted_content": envelope} if envelope else {})
    content = [written for part in parts if (written := write_output(part, own=False)) is not None]
    item = {"id": item_id("msg", answer_id, number), "type": "message", "status": "completed", "role": "assistant"}
    phase = phase_of(first)
    return item | {"content": content} | ({} if phase is None else {"phase": phase})
