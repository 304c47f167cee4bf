"""Whole answers: this protocol's response to a Completion, and back."""

from __future__ import annotations

from typing import Any

from turnout.errors import ServerFault
from turnout.types import Choice, Completion, Message, Origin, Target, ToolCall, Usage
from turnout.wire.bedrock_converse.block_writer import BlockWriter, is_blank
from turnout.wire.bedrock_converse.blocks import read_blocks
from turnout.wire.bedrock_converse.usage import read_usage, write_usage
from turnout.wire.bedrock_converse.words import WIRE_NAME, deep_merge, finish_reason, is_own, stop_reason, take_inner
from turnout.wire.claude_turns import spoken
from turnout.wire.sealing import sealed


def read_completion(raw: dict[str, Any], target: Target, inputs: dict[int, str], id: str = "") -> Completion:
    """``inputs``: the text of each tool call's input, by block. Raises ServerFault when there is no content to read.

    An answer names neither itself nor its model: ``id`` is that of the request, the model the one that was asked.
    """
    origin = Origin(WIRE_NAME, target.provider)
    output = raw.get("output")
    message = output.get("message") if isinstance(output, dict) else None
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(output, dict) or not isinstance(message, dict) or not isinstance(content, list):
        raise ServerFault("the answer has no list of content blocks: the endpoint does not speak Bedrock Converse", body=raw)
    beside = {name: value for name, value in message.items() if name != "content"}
    if beside.get("role") == "assistant":
        del beside["role"]
    fields = {name: value for name, value in raw.items() if name != "output"}
    if rest := {name: value for name, value in output.items() if name != "message"}:
        fields["output"] = rest
    usage = read_usage(fields.pop("usage")) if isinstance(fields.get("usage"), dict) else Usage()
    finish = finish_reason(fields.pop("stopReason")) if isinstance(fields.get("stopReason"), str) else None
    parts = read_blocks(content, origin, inputs, role="assistant")
    return Completion(
        id=id,
        model=target.model,
        choices=(Choice(message=Message("assistant", parts, extra=beside or None, origin=origin), finish=finish),),
        usage=usage,
        service_tier=take_inner(fields, ("serviceTier", "type"), str),
        extra=fields or None,
        origin=origin,
    )


def write_completion(completion: Completion) -> dict[str, Any]:
    """The answer for a caller of this protocol, whoever gave it. Only the first choice: the protocol has one."""
    own = is_own(completion.origin)
    message = {"role": "assistant", "content": write_content(completion)}
    if own:
        message |= completion.message.extra or {}
    body: dict[str, Any] = {"output": {"message": message}}
    called = any(isinstance(part, ToolCall) for part in completion.parts)
    if (reason := stop_reason(completion.finish, completion.origin, called_tools=called)) is not None:
        body["stopReason"] = reason
    if (usage := write_usage(completion.usage, own=own)) is not None:
        body["usage"] = usage
    if own:
        if completion.service_tier is not None:
            body["serviceTier"] = {"type": completion.service_tier}
        deep_merge(body, completion.extra)
    return body


def write_content(completion: Completion) -> list[Any]:
    own = is_own(completion.origin)
    writer = BlockWriter(completion.origin, None, [])
    content: list[Any] = []
    parts = completion.parts if own else sealed(completion.message, completion.origin, completion.model, WIRE_NAME)
    for at, part in enumerate(parts):
        said = part if own else spoken(part, f"tooluse_{completion.id}_{at}")
        block = writer.write(said, "")
        if block is not None and (own or not is_blank(block)):
            content.append(block)
            if own and (mark := writer.write_mark(said, "")) is not None:
                content.append(mark)
    return content
