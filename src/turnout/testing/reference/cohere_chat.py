"""Cohere's chat answers as documented: https://docs.cohere.com/reference/chat and /docs/streaming (read 2026-11-21).

A stream is ``message-start``, then ``content-``, ``tool-plan-``, ``tool-call-`` and ``citation-`` events, then ``message-end``.
Each has the piece of the message that it adds in ``delta.message``; content and calls are numbered apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from turnout.testing.frames import Frame
from turnout.testing.reference import Asked, Meaning, Reference, Said, Totals


def merge(frames: Sequence[Frame]) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    message: dict[str, Any] = {}
    contents: dict[int, dict[str, Any]] = {}
    calls: dict[int, dict[str, Any]] = {}
    for event in (frame.value for frame in frames if isinstance(frame.value, dict)):
        kind, delta = event.get("type"), dict(event.get("delta") or {})
        piece = dict(delta.pop("message", None) or {})
        rest = {name: value for name, value in event.items() if name not in ("type", "index", "delta")} | delta
        match kind:
            case "content-start" | "content-delta" if "content" in piece:
                _continue(contents.setdefault(event.get("index", 0), {}), piece.pop("content") or {})
                if "logprobs" in rest:
                    answer["logprobs"] = [*(answer.get("logprobs") or ()), rest.pop("logprobs")]
            case "tool-call-start" | "tool-call-delta" if "tool_calls" in piece:
                _continue(calls.setdefault(event.get("index", 0), {}), piece.pop("tool_calls") or {})
            case "citation-start" if "citations" in piece:
                message["citations"] = [*(message.get("citations") or ()), piece.pop("citations")]
        _continue(message, {name: value for name, value in piece.items() if value not in (None, "", [])})
        answer.update({name: value for name, value in rest.items() if value is not None})
    if contents:
        message["content"] = [_typed(contents[index]) for index in sorted(contents)]
    if calls:
        message["tool_calls"] = [calls[index] for index in sorted(calls)]
    return {**answer, "message": message}


_LABELS = frozenset({"type", "role", "id", "name"})


def _continue(seen: dict[str, Any], piece: Mapping[str, Any]) -> None:
    """Texts grow; objects are continued inside; anything else is as it was said last."""
    for name, value in piece.items():
        old = seen.get(name)
        if isinstance(value, str) and isinstance(old, str) and name not in _LABELS:
            seen[name] = old + value
        elif isinstance(value, dict) and isinstance(old, dict):
            _continue(old, value)
        elif value is not None:
            seen[name] = dict(value) if isinstance(value, dict) else value


def _typed(content: dict[str, Any]) -> dict[str, Any]:
    return {"type": "thinking" if "thinking" in content else "text"} | content


def ended(frames: Sequence[Frame]) -> bool:
    return any(isinstance(frame.value, dict) and frame.value.get("type") == "message-end" for frame in frames)


def begins(frame: Frame) -> bool:
    return isinstance(frame.value, dict) and frame.value.get("type") == "message-start"


def error(value: Any, event: str | None = None) -> Any:
    """A body with words and no answer, in a stream too; and an end that tells of an error."""
    if not isinstance(value, dict):
        return None
    if value.get("type") == "message-end" and (value.get("delta") or {}).get("error"):
        return {"message": value["delta"]["error"]}
    if event == "error" or ("type" not in value and isinstance(value.get("message"), str)):
        return value
    return None


def said(body: Any) -> Said:
    if not isinstance(body, dict):
        return Said()
    words = body.get("message")
    return Said(message=words if isinstance(words, str) else None, type=body.get("error_type"))


def totals(answer: Mapping[str, Any]) -> Totals | None:
    """Images are counted beside the input's text, cached tokens within it, reasoning within the output."""
    usage = answer.get("usage")
    if not isinstance(usage, dict):
        return None
    tokens = usage.get("tokens") or {}
    read = [tokens[name] for name in ("input_tokens", "image_tokens") if tokens.get(name) is not None]
    reports = {"cache"} if usage.get("cached_tokens") is not None else set()
    if tokens.get("reasoning_tokens") is not None:
        reports.add("reasoning")
    return Totals(
        raw=usage,
        input=frozenset({sum(read) if read else None}),
        output=frozenset({tokens.get("output_tokens")}),
        reports=frozenset(reports),
    )


_FINISH = {
    "COMPLETE": frozenset({"stop"}),
    "STOP_SEQUENCE": frozenset({"stop_sequence"}),
    "MAX_TOKENS": frozenset({"length"}),
    "TOOL_CALL": frozenset({"tool_calls"}),
    "ERROR": frozenset({"error"}),
    "TIMEOUT": frozenset({"error"}),
}
_UNDOCUMENTED = frozenset({"length", "tool_calls", "content_filter", "refusal", "pause", "error", "other"})  # never "stop"


def meaning(answer: Mapping[str, Any]) -> list[Meaning]:
    """A plan is text that the model says beside its calls, after the content."""
    message = answer.get("message") or {}
    calls = [(call.get("id") or "", call.get("function") or {}) for call in message.get("tool_calls") or ()]
    reason = answer.get("finish_reason")
    return [
        Meaning(
            text=_texts(message.get("content"), "text") + (message.get("tool_plan") or ""),
            reasoning=_texts(message.get("content"), "thinking"),
            calls=tuple((id, function.get("name") or "", function.get("arguments") or "") for id, function in calls),
            finish=_FINISH.get(reason, _UNDOCUMENTED) if reason else frozenset(),
        )
    ]


def _texts(content: Any, kind: str) -> str:
    if isinstance(content, str):
        return content if kind == "text" else ""
    return "".join(part.get(kind) or "" for part in content or () if part.get("type") == kind)


def asked(body: Mapping[str, Any]) -> Asked:
    spoken = [message for message in body.get("messages") or () if message.get("role") != "tool"]
    return Asked(
        model=body.get("model") or "",
        text="".join(_texts(message.get("content"), "text") + (message.get("tool_plan") or "") for message in spoken),
        tools=tuple(tool["function"]["name"] for tool in body.get("tools") or () if "function" in tool),
        max_output_tokens=body.get("max_tokens"),
        temperature=body.get("temperature"),
    )


def violations(frames: Sequence[Frame]) -> Iterator[str]:
    events = [frame.value for frame in frames if isinstance(frame.value, dict)]
    for frame in frames:
        if isinstance(frame.value, dict) and frame.event != frame.value.get("type"):
            yield f"an event is named by its type, but {frame.value.get('type')!r} came as {frame.event!r}"
    kinds = [str(event.get("type")) for event in events]
    if kinds[:1] != ["message-start"] or kinds[-1:] != ["message-end"]:
        yield f"a stream is message-start … message-end, not {kinds[:1]} … {kinds[-1:]}"
    for family in ("content", "tool-call", "citation"):
        yield from _unordered(family, [event for event in events if str(event.get("type")).startswith(f"{family}-")])


def _unordered(family: str, events: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    begun, open = 0, set[Any]()
    for event in events:
        step, index = event["type"].rpartition("-")[2], event.get("index")
        if step == "start":
            if index != begun:
                yield f"{family} is numbered from 0 without gaps, but {index} begins after {begun - 1}"
            begun, open = begun + 1, open | {index}
        elif index not in open:
            yield f"{event['type']} belongs to an open {family}, not to {index}"
        if step == "end":
            open = open - {index}
    if open:
        yield f"{family} {sorted(open)} never ends"


REFERENCE = Reference(
    wire="cohere-chat",
    merge=merge,
    ended=ended,
    begins=begins,
    error=error,
    said=said,
    totals=totals,
    meaning=meaning,
    asked=asked,
    violations=violations,
    implied={
        "role": frozenset({"assistant"}),
        "type": frozenset(
            {
                *("text", "thinking", "function", "message-start", "message-end", "tool-plan-delta"),
                *(f"{family}-{step}" for family in ("content", "tool-call", "citation") for step in ("start", "delta", "end")),
            }
        ),
    },
)
