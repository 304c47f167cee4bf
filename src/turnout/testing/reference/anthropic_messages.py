"""Messages answers as documented: https://docs.anthropic.com/en/api/messages and /en/api/messages-streaming (read 2026-11-21).

A stream is ``message_start``, then per content block ``content_block_start``, deltas, ``content_block_stop``, then
``message_delta`` and ``message_stop``. ``ping`` may come anywhere, and ``error`` ends it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from turnout.testing.frames import Frame
from turnout.testing.reference import Asked, Meaning, Reference, Said, Totals


def merge(frames: Sequence[Frame]) -> dict[str, Any]:
    message: dict[str, Any] = {}
    blocks: dict[int, dict[str, Any]] = {}
    inputs: dict[int, str] = {}
    for event in (frame.value for frame in frames if isinstance(frame.value, dict)):
        rest = {name: value for name, value in event.items() if name not in ("type", "index")}
        match event.get("type"):
            case "message_start":
                message.update(rest.pop("message", {}))
                blocks = dict(enumerate(message.pop("content", None) or []))
            case "content_block_start":
                blocks[event["index"]] = dict(rest.pop("content_block"))
            case "content_block_delta":
                _grow(blocks.setdefault(event["index"], {}), rest.pop("delta"), inputs, event["index"])
            case "message_delta":
                message.update({name: value for name, value in rest.pop("delta", {}).items() if value is not None})
                message["usage"] = _later(message.get("usage"), rest.pop("usage", None))
        message.update({name: _later(message.get(name), value) for name, value in rest.items()})
    for index, text in inputs.items():
        blocks[index]["input"] = _parsed(text) if text else blocks[index].get("input", {})
    return {**message, "content": [blocks[index] for index in sorted(blocks)]}


def _grow(block: dict[str, Any], delta: dict[str, Any], inputs: dict[int, str], index: int) -> None:
    match delta:
        case {"type": "text_delta", "text": text}:
            block["text"] = block.get("text", "") + text
        case {"type": "thinking_delta", "thinking": thinking}:
            block["thinking"] = block.get("thinking", "") + thinking
        case {"type": "signature_delta", "signature": signature}:
            block["signature"] = block.get("signature", "") + signature
        case {"type": "input_json_delta", "partial_json": piece}:
            inputs[index] = inputs.get(index, "") + piece
        case {"type": "citations_delta", "citation": citation}:
            block["citations"] = [*(block.get("citations") or ()), citation]
        case {**members}:
            block.update({name: value for name, value in members.items() if name != "type"})


def _later(old: Any, new: Any) -> Any:
    """Counts in ``message_delta`` are cumulative, so they replace; a member that it leaves out stays."""
    if isinstance(old, dict) and isinstance(new, dict):
        return {name: _later(old.get(name), new.get(name)) for name in {**old, **new}}
    return old if new is None else new


def _parsed(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text  # the model was cut off in the middle


def ended(frames: Sequence[Frame]) -> bool:
    return any(isinstance(frame.value, dict) and frame.value.get("type") == "message_stop" for frame in frames)


def begins(frame: Frame) -> bool:
    return isinstance(frame.value, dict) and frame.value.get("type") == "message_start"


def error(value: Any, event: str | None = None) -> Any:
    if isinstance(value, dict) and (value.get("type") == "error" or event == "error"):
        return value.get("error", value)
    return None


def said(body: Any) -> Said:
    """https://docs.anthropic.com/en/api/errors (read 2026-11-21)."""
    inner = body.get("error", body) if isinstance(body, dict) else None
    if not isinstance(inner, dict):
        return Said(message=inner if isinstance(inner, str) else None)
    return Said(message=inner.get("message"), type=inner.get("type"))


def totals(answer: Mapping[str, Any]) -> Totals | None:
    usage = answer.get("usage")
    if not isinstance(usage, dict):
        return None
    counts = [usage.get(name) for name in ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")]
    reports = {"cache"} if any(count is not None for count in counts[1:]) else set()
    if (usage.get("output_tokens_details") or {}).get("thinking_tokens") is not None:
        reports.add("reasoning")
    return Totals(
        raw=usage,
        input=frozenset({_sum(counts)}),
        output=frozenset({usage.get("output_tokens")}),
        reports=frozenset(reports),
    )


def _sum(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


_FINISH = {
    "end_turn": frozenset({"stop"}),
    "max_tokens": frozenset({"length"}),
    "stop_sequence": frozenset({"stop_sequence"}),
    "tool_use": frozenset({"tool_calls"}),
    "pause_turn": frozenset({"pause"}),
    "refusal": frozenset({"refusal", "content_filter"}),
    "model_context_window_exceeded": frozenset({"length"}),
}
_UNDOCUMENTED = frozenset({"length", "tool_calls", "content_filter", "refusal", "pause", "error", "other"})  # never "stop"


def meaning(answer: Mapping[str, Any]) -> list[Meaning]:
    blocks = answer.get("content") or []
    reason = answer.get("stop_reason")
    return [
        Meaning(
            text=_texts(blocks),
            reasoning="".join(block.get("thinking", "") for block in blocks if block.get("type") == "thinking"),
            calls=tuple(
                (block["id"], block["name"], msgspec.json.encode(block["input"]).decode())
                for block in blocks
                if block.get("type") == "tool_use"
            ),
            finish=_FINISH.get(reason, _UNDOCUMENTED) if reason else frozenset(),
        )
    ]


def _texts(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(block.get("text", "") for block in content or () if block.get("type") == "text")


def asked(body: Mapping[str, Any]) -> Asked:
    messages = "".join(_texts(message.get("content")) for message in body.get("messages") or ())
    return Asked(
        model=body.get("model") or "",
        text=_texts(body.get("system")) + messages,
        tools=tuple(
            tool["name"] for tool in body.get("tools") or () if "name" in tool and tool.get("type", "custom") == "custom"
        ),
        max_output_tokens=body.get("max_tokens"),
        temperature=body.get("temperature"),
    )


def violations(frames: Sequence[Frame]) -> Iterator[str]:
    kinds = [frame.value.get("type") for frame in frames if isinstance(frame.value, dict)]
    for frame, kind in zip(frames, kinds, strict=False):
        if frame.event != kind:
            yield f"an event is named by its type, but {kind!r} came as {frame.event!r}"
    said_kinds = [kind for kind in kinds if kind != "ping"]
    if said_kinds[:1] != ["message_start"] or said_kinds[-2:] != ["message_delta", "message_stop"]:
        yield f"a stream is message_start … message_delta message_stop, not {said_kinds[:1]} … {said_kinds[-2:]}"
    open_block: int | None = None
    next_block = 0
    for event in (frame.value for frame in frames if isinstance(frame.value, dict)):
        match event:
            case {"type": "content_block_start", "index": index}:
                if open_block is not None or index != next_block:
                    yield f"blocks begin in order and one at a time, but {index} begins after {next_block - 1}, {open_block} open"
                open_block, next_block = index, index + 1
            case {"type": "content_block_delta" | "content_block_stop" as kind, "index": index}:
                if index != open_block:
                    yield f"{kind} belongs to the open block {open_block}, not to {index}"
                if kind == "content_block_stop":
                    open_block = None
    if open_block is not None:
        yield f"block {open_block} never stops"


REFERENCE = Reference(
    wire="anthropic-messages",
    merge=merge,
    ended=ended,
    begins=begins,
    error=error,
    said=said,
    totals=totals,
    meaning=meaning,
    asked=asked,
    violations=violations,
    assembled=frozenset({"delta.type", "delta.partial_json"}),
    implied={
        "type": frozenset(
            {
                *("message", "error", "text", "thinking", "redacted_thinking", "tool_use"),
                *("message_start", "message_delta", "message_stop", "ping"),
                *("content_block_start", "content_block_delta", "content_block_stop"),
            }
        ),
        "role": frozenset({"assistant"}),
    },
)
