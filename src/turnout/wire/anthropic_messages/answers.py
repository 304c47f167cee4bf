"""Whole answers: this protocol's ``message`` object to a Completion, and back."""

from __future__ import annotations

from typing import Any

from turnout.errors import ServerFault
from turnout.types import Choice, Completion, Message, Origin, ToolCall, Usage
from turnout.wire.anthropic_messages.blocks import BlockWriter, is_empty, read_block
from turnout.wire.anthropic_messages.usage import read_usage, service_tier, write_usage
from turnout.wire.anthropic_messages.words import WIRE_NAME, is_own, stop_reason, take_finish
from turnout.wire.claude_turns import is_plain, spoken
from turnout.wire.sealing import sealed
from turnout.wire.seals import DETAILS


def read_completion(raw: dict[str, Any], provider: str | None, inputs: dict[int, str]) -> Completion:
    """``inputs``: the text of each tool call's input, by block. Raises ServerFault when there is no content to read."""
    origin = Origin(WIRE_NAME, provider)
    fields = dict(raw)
    content = fields.pop("content", None)
    if not isinstance(content, list):
        raise ServerFault("the answer has no list of content blocks: the endpoint does not speak Anthropic Messages", body=raw)
    id, model = take_envelope(fields)
    tier, usage = None, Usage()
    if isinstance(fields.get("usage"), dict):
        tier, usage = service_tier(fields["usage"]), read_usage(fields.pop("usage"))
    parts = tuple(read_block(block, origin, inputs.get(at)) for at, block in enumerate(content))
    finish = take_finish(fields)
    return Completion(
        id=id,
        model=model,
        choices=(Choice(message=Message("assistant", parts, origin=origin), finish=finish),),
        usage=usage,
        service_tier=tier,
        extra=fields or None,
        origin=origin,
    )


def take_envelope(fields: dict[str, Any]) -> tuple[str, str]:
    """Id and model, taken out of ``fields`` together with what every message says of itself."""
    for name, value in (("type", "message"), ("role", "assistant")):
        if fields.get(name) == value:
            del fields[name]
    id = fields.pop("id") if isinstance(fields.get("id"), str) else ""
    model = fields.pop("model") if isinstance(fields.get("model"), str) else ""
    return id, model


def write_completion(completion: Completion) -> dict[str, Any]:
    """The answer for a caller of this protocol, whoever gave it. Only the first choice: the protocol has one."""
    own = is_own(completion.origin)
    body = write_envelope(completion.id, completion.model, own)
    if own:
        body |= completion.extra or {}
    body["content"] = write_content(completion)
    finish = completion.finish
    called = any(isinstance(part, ToolCall) for part in completion.parts)
    if finish is not None:
        body["stop_reason"] = stop_reason(finish, completion.origin, called_tools=called)
    elif not own:
        body["stop_reason"] = None
    if finish is not None and finish.stop_sequence is not None:
        body["stop_sequence"] = finish.stop_sequence
    elif not own:
        body["stop_sequence"] = None
    usage = write_usage(completion.usage, own=own)
    if usage is not None:
        body["usage"] = usage
    return body


def write_envelope(id: str, model: str, own: bool) -> dict[str, Any]:
    named = {"id": id, "type": "message", "role": "assistant", "model": model}
    return {name: value for name, value in named.items() if value or not own}


def write_content(completion: Completion) -> list[Any]:
    own = is_own(completion.origin)
    parts = completion.parts
    if not own and len(parts) == 1 and is_plain(text := completion.parts[0]) and DETAILS not in (completion.message.extra or ()):
        return [{"type": "text", "text": text.text}] if text.text.strip() else []
    writer = BlockWriter(completion.origin, None, [])
    if not own:
        kept = sealed(completion.message, completion.origin, completion.model, WIRE_NAME)
        parts = tuple(spoken(part, f"toolu_{completion.id}_{at}") for at, part in enumerate(kept))
    blocks = (writer.write(part, "") for part in parts)
    return [block for block in blocks if block is not None and (own or not is_empty(block))]
