"""Converse answers as documented: API_runtime_Converse.html and API_runtime_ConverseStream.html (read 2026-11-21), under
https://docs.aws.amazon.com/bedrock/latest/APIReference/.

A stream is ``messageStart``, then per content block ``contentBlockStart`` (not for text), deltas, ``contentBlockStop``, then
``messageStop`` and ``metadata``. An exception ends it.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from turnout.testing.frames import Frame
from turnout.testing.reference import Asked, Meaning, Reference, Said, Totals

Block = dict[str, Any]


def merge(frames: Sequence[Frame]) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    message: dict[str, Any] = {}
    blocks: dict[int, list[tuple[str, Any]]] = {}
    for frame in frames:
        if not isinstance(frame.value, dict):
            continue
        rest = {name: value for name, value in frame.value.items() if name != "p"}
        index = rest.pop("contentBlockIndex", None)
        match frame.event:
            case "messageStart":
                message["role"] = rest.pop("role", "assistant")
            case "contentBlockStart":
                blocks.setdefault(index, []).append(("start", rest.pop("start", {})))
            case "contentBlockDelta":
                blocks.setdefault(index, []).append(("delta", rest.pop("delta", {})))
            case "contentBlockStop":
                blocks.setdefault(index, [])
        answer.update(rest)
    message["content"] = [_block(said) for _, said in sorted(blocks.items())]
    message.setdefault("role", "assistant")
    return {**answer, "output": {"message": message}}


def _block(said: Sequence[tuple[str, Any]]) -> Block:
    start: Block = {}
    for step, value in said:
        if step == "start":
            start = {**start, **value}
    deltas = [value for step, value in said if step == "delta"]
    if "toolUse" in start:
        text = "".join(delta.get("toolUse", {}).get("input", "") for delta in deltas)
        return {"toolUse": {**start["toolUse"], "input": _parsed(text) if text else {}}}
    if "toolResult" in start:
        return {"toolResult": {**start["toolResult"], "content": [item for delta in deltas for item in delta["toolResult"]]}}
    if "image" in start:
        return {
            "image": {name: value for delta in ({"image": start["image"]}, *deltas) for name, value in delta["image"].items()}
        }
    thoughts = [delta["reasoningContent"] for delta in deltas if "reasoningContent" in delta]
    if thoughts:
        return {"reasoningContent": _thought(thoughts)}
    text = "".join(delta.get("text", "") for delta in deltas)
    citations = [delta["citation"] for delta in deltas if "citation" in delta]
    if citations:
        return {"citationsContent": {"citations": citations} | ({"content": [{"text": text}]} if text else {})}
    return {"text": text}


def _thought(thoughts: Sequence[Block]) -> Block:
    redacted = [thought["redactedContent"] for thought in thoughts if "redactedContent" in thought]
    if len(redacted) == 1:
        return {"redactedContent": redacted[0]}
    if redacted:
        return {"redactedContent": b64encode(b"".join(b64decode(piece) for piece in redacted)).decode()}
    signatures = [thought["signature"] for thought in thoughts if "signature" in thought]
    signed = {"signature": "".join(signatures)} if signatures else {}
    return {"reasoningText": {"text": "".join(thought.get("text", "") for thought in thoughts)} | signed}


def _parsed(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text  # the model was cut off in the middle


def ended(frames: Sequence[Frame]) -> bool:
    return any(frame.event == "messageStop" for frame in frames)


def begins(frame: Frame) -> bool:
    return frame.event == "messageStart"


_EVENTS = ("messageStart", "contentBlockStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata")


def error(value: Any, event: str | None = None) -> Any:
    """An event of no documented name is an exception; a whole body is one if it has a message and nothing of an answer."""
    if event is not None:
        if event in _EVENTS or not event.endswith(("Exception", "Error", "Failure")):
            return None
        return {"__type": event, **(value if isinstance(value, dict) else {})}
    if isinstance(value, dict) and "output" not in value and ("message" in value or "__type" in value):
        return value
    return None


def said(body: Any) -> Said:
    """https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html (read 2026-11-21)."""
    if not isinstance(body, dict):
        return Said(message=body if isinstance(body, str) else None)
    kind = body.get("__type")
    if isinstance(kind, str):
        kind = kind.rpartition("#")[2]
        kind = kind[:1].upper() + kind[1:]
    return Said(message=body.get("message") or body.get("Message"), type=kind)


def totals(answer: Mapping[str, Any]) -> Totals | None:
    """https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_TokenUsage.html (read 2026-11-21)."""
    usage = answer.get("usage")
    if not isinstance(usage, dict):
        return None
    cached = [usage.get(name) for name in ("cacheReadInputTokens", "cacheWriteInputTokens")]
    known = [count for count in (usage.get("inputTokens"), *cached) if count is not None]
    return Totals(
        raw=usage,
        input=frozenset({sum(known) if known else None}),
        output=frozenset({usage.get("outputTokens")}),
        reports=frozenset({"cache"} if any(count is not None for count in cached) else ()),
    )


_FINISH = {
    "end_turn": frozenset({"stop"}),
    "max_tokens": frozenset({"length"}),
    "stop_sequence": frozenset({"stop_sequence"}),
    "tool_use": frozenset({"tool_calls"}),
    "guardrail_intervened": frozenset({"content_filter", "refusal"}),
    "content_filtered": frozenset({"content_filter", "refusal"}),
    "malformed_model_output": frozenset({"error", "other"}),
    "malformed_tool_use": frozenset({"error", "other"}),
    "model_context_window_exceeded": frozenset({"length"}),
}
_UNDOCUMENTED = frozenset({"length", "tool_calls", "content_filter", "refusal", "pause", "error", "other"})  # never "stop"


def meaning(answer: Mapping[str, Any]) -> list[Meaning]:
    """A call of type server_tool_use is made by the provider, so it is none of the caller's."""
    content = answer["output"]["message"]["content"]
    reason = answer.get("stopReason")
    uses = [block["toolUse"] for block in content if "toolUse" in block]
    return [
        Meaning(
            text=_texts(content),
            reasoning="".join(
                block["reasoningContent"].get("reasoningText", {}).get("text", "")
                for block in content
                if "reasoningContent" in block
            ),
            calls=tuple(
                (use["toolUseId"], use["name"], msgspec.json.encode(use["input"]).decode())
                for use in uses
                if use.get("type") != "server_tool_use"
            ),
            finish=_FINISH.get(reason, _UNDOCUMENTED) if reason else frozenset(),
        )
    ]


def _texts(content: Sequence[Block]) -> str:
    return "".join(_text(block) for block in content)


def _text(block: Block) -> str:
    match block:
        case {"text": str(text)} | {"guardContent": {"text": {"text": str(text)}}}:
            return text
        case {"citationsContent": {"content": list(items)}}:
            return "".join(item.get("text", "") for item in items)
    return ""


def asked(body: Mapping[str, Any]) -> Asked:
    """The model stands in the address."""
    config = body.get("inferenceConfig") or {}
    tools = (body.get("toolConfig") or {}).get("tools") or ()
    return Asked(
        text=_texts(body.get("system") or ()) + "".join(_texts(message["content"]) for message in body.get("messages") or ()),
        tools=tuple(tool["toolSpec"]["name"] for tool in tools if "toolSpec" in tool),
        max_output_tokens=config.get("maxTokens"),
        temperature=config.get("temperature"),
    )


def violations(frames: Sequence[Frame]) -> Iterator[str]:
    kinds = [frame.event for frame in frames]
    if kinds[:1] != ["messageStart"] or kinds.count("messageStart") != 1:
        yield f"a stream begins with one messageStart, not with {kinds[:1]}"
    tail = kinds[kinds.index("messageStop") :] if "messageStop" in kinds else []
    if tail not in (["messageStop"], ["messageStop", "metadata"]):
        yield f"a stream ends with messageStop and metadata, not with {kinds[-2:]}"
    open_block: int | None = None
    next_block = 0
    for frame in frames:
        if frame.event not in ("contentBlockStart", "contentBlockDelta", "contentBlockStop"):
            continue
        index = frame.value["contentBlockIndex"]
        if open_block is None and index == next_block:  # a text begins with its first delta
            open_block, next_block = index, index + 1
        elif frame.event == "contentBlockStart" or index != open_block:
            yield f"blocks come in order and one at a time, but {frame.event} is of {index} while {open_block} is open"
        if frame.event == "contentBlockStop":
            open_block = None
    if open_block is not None:
        yield f"block {open_block} never stops"


REFERENCE = Reference(
    wire="bedrock-converse",
    merge=merge,
    ended=ended,
    begins=begins,
    error=error,
    said=said,
    totals=totals,
    meaning=meaning,
    asked=asked,
    violations=violations,
    framing="aws-events",
    assembled=frozenset({"delta.toolUse.input", "contentBlockIndex"}),
    implied={"role": frozenset({"assistant"})},
)
