"""Responses answers as documented: https://platform.openai.com/docs/api-reference/responses and /responses-streaming.

Read 2026-11-21. A stream says each output item three times: in deltas, whole in ``response.output_item.done``, and whole in
the last event, which states the response. What is opaque in an item may be sealed anew each time; the first whole one counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from turnout.testing.frames import Frame
from turnout.testing.reference import Asked, Meaning, Reference, Said, Totals

_LAST = ("response.completed", "response.incomplete", "response.failed", "response.cancelled")


def _events(frames: Sequence[Frame]) -> Iterator[dict[str, Any]]:
    return (frame.value for frame in frames if isinstance(frame.value, dict))


def merge(frames: Sequence[Frame]) -> dict[str, Any]:
    answer: dict[str, Any] = {}
    items: dict[int, dict[str, Any]] = {}
    done: set[int] = set()
    texts: dict[tuple[int, int], str] = {}
    for event in _events(frames):
        kind, at = event.get("type"), event.get("output_index", 0)
        if isinstance(event.get("response"), dict):
            beside = {name: value for name, value in event.items() if name not in ("type", "sequence_number", "response")}
            stated = {**beside, **event["response"]}
            output = stated.pop("output", None) or []
            answer.update({name: value for name, value in stated.items() if value is not None or name not in answer})
            if kind in _LAST:
                items.update({place: item for place, item in enumerate(output) if place not in done})
        elif kind == "response.output_item.added":
            items[at] = event["item"]
        elif kind == "response.output_item.done":
            items[at] = event["item"]
            done.add(at)
        elif at not in done:
            _grow(items.setdefault(at, {}), str(kind), event)
            if kind == "response.output_text.delta":
                place = (at, event.get("content_index", 0))
                texts[place] = texts.get(place, "") + event["delta"]
    for (at, index), text in texts.items():
        items[at] = _as_told(items[at], index, text)
    return {**answer, "output": [items[at] for at in sorted(items)]}


def _as_told(item: dict[str, Any], index: int, text: str) -> dict[str, Any]:
    """What deltas told was read; the finished item repeats it, or continues it."""
    content = list(item.get("content") or ())
    if index < len(content) and not (content[index].get("text") or "").startswith(text):
        content[index] = {**content[index], "text": text}
    return {**item, "content": content}


def _grow(item: dict[str, Any], kind: str, event: Mapping[str, Any]) -> None:
    """The item so far: what is left of one that the stream never finishes."""
    match kind:
        case "response.output_text.delta":
            _part(item, "content", event.get("content_index", 0), "output_text", "text", event["delta"])
        case "response.refusal.delta":
            _part(item, "content", event.get("content_index", 0), "refusal", "refusal", event["delta"])
        case "response.reasoning_text.delta":
            _part(item, "content", event.get("content_index", 0), "reasoning_text", "text", event["delta"])
        case "response.reasoning_summary_text.delta":
            _part(item, "summary", event.get("summary_index", 0), "summary_text", "text", event["delta"])
        case "response.function_call_arguments.delta":
            item["arguments"] = item.get("arguments", "") + event["delta"]
        case "response.custom_tool_call_input.delta":
            item["input"] = item.get("input", "") + event["delta"]


def _part(item: dict[str, Any], field: str, at: int, kind: str, text: str, piece: str) -> None:
    parts = list(item.get(field) or ())
    parts += [{"type": kind, text: ""} for _ in range(at + 1 - len(parts))]
    parts[at] = {**parts[at], text: parts[at][text] + piece}
    item[field] = parts


def ended(frames: Sequence[Frame]) -> bool:
    return any(event.get("type") in _LAST for event in _events(frames))


def begins(frame: Frame) -> bool:
    return isinstance(frame.value, dict) and frame.value.get("type") == "response.created"


def error(value: Any, event: str | None = None) -> Any:
    """Under ``error``, in a body, in an event or in the response that failed; the event itself where it is flat."""
    if not isinstance(value, dict):
        return None
    if value.get("type") == "response.failed":
        return value["response"].get("error") or value["response"]
    if value.get("error") is not None:
        return value["error"] if isinstance(value["error"], dict) else value
    return value if value.get("type") == "error" or event == "error" else None


def said(body: Any) -> Said:
    """``{"error": {"message", "type", "code", "param"}}``; xAI: ``{"code", "error": "…"}``."""
    inner = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(inner, str):
        inner = {**body, "message": inner} if isinstance(body, dict) else {"message": inner}
    if not isinstance(inner, dict):
        return Said()
    kind = inner.get("type")
    return Said(
        message=inner.get("message"),
        code=None if inner.get("code") is None else str(inner["code"]),
        type=None if kind == "error" else kind,
    )


def totals(answer: Mapping[str, Any]) -> Totals | None:
    usage = answer.get("usage")
    if not isinstance(usage, dict):
        return None
    into, out, total = (usage.get(name) for name in ("input_tokens", "output_tokens", "total_tokens"))
    inside, outside = usage.get("input_tokens_details") or {}, usage.get("output_tokens_details") or {}
    outputs = {out}
    if total is not None and into is not None and out is not None and total - into - out == outside.get("reasoning_tokens"):
        outputs = {total - into}  # counted beside, as xAI does in Chat Completions: https://docs.x.ai/docs/guides/reasoning
    counted = {name for name, count in (*inside.items(), *outside.items()) if count is not None}
    kinds = {"cached_tokens": "cache", "cache_write_tokens": "cache", "reasoning_tokens": "reasoning", "audio_tokens": "audio"}
    return Totals(
        raw=usage,
        input=frozenset({into}),
        output=frozenset(outputs),
        reports=frozenset(kind for name, kind in kinds.items() if name in counted),
    )


_FINISH = {
    "completed": frozenset({"stop"}),
    "complete": frozenset({"stop"}),  # by servers that are compatible but for this word
    "max_output_tokens": frozenset({"length"}),
    "content_filter": frozenset({"content_filter", "refusal"}),
    "failed": frozenset({"error"}),
    "cancelled": frozenset({"error"}),
}
_UNDOCUMENTED = frozenset({"length", "tool_calls", "content_filter", "refusal", "pause", "error", "other"})  # never "stop"


def meaning(answer: Mapping[str, Any]) -> list[Meaning]:
    items = [item for item in answer.get("output") or () if isinstance(item, dict)]
    content = [part for item in items if item.get("type") == "message" for part in item.get("content") or ()]
    thoughts = [item for item in items if item.get("type") == "reasoning"]
    calls = tuple(call for item in items if (call := _call(item)) is not None)
    status = answer.get("status")
    reason = (answer.get("incomplete_details") or {}).get("reason") if status == "incomplete" else None
    finish = _FINISH.get(reason or status, _UNDOCUMENTED) if status not in (None, "queued", "in_progress") else frozenset()
    if calls and finish == {"stop"}:
        finish = frozenset({"tool_calls"})
    return [
        Meaning(
            text="".join(part.get("text", "") for part in content if part.get("type") == "output_text"),
            reasoning="".join(
                entry.get("text", "") for item in thoughts for name in ("summary", "content") for entry in item.get(name) or ()
            ),
            refusal="".join(part.get("refusal", "") for part in content if part.get("type") == "refusal"),
            calls=calls,
            finish=finish,
        )
    ]


def _call(item: Mapping[str, Any]) -> tuple[str, str, str] | None:
    match item.get("type"):
        case "function_call":
            return item.get("call_id", ""), item.get("name", ""), item.get("arguments", "")
        case "custom_tool_call":
            return item.get("call_id", ""), item.get("name", ""), item.get("input", "")
    return None


def asked(body: Mapping[str, Any]) -> Asked:
    given = body.get("input")
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given or []
    spoken = [item for item in items if item.get("type", "message") == "message"]
    return Asked(
        model=body.get("model") or "",
        text=(body.get("instructions") or "") + "".join(_texts(item.get("content")) for item in spoken),
        tools=tuple(tool["name"] for tool in body.get("tools") or () if tool.get("type") == "function"),
        max_output_tokens=body.get("max_output_tokens"),
        temperature=body.get("temperature"),
    )


def _texts(content: Any) -> str:
    if isinstance(content, str):
        return content
    return "".join(part.get("text") or "" for part in content or () if part.get("type") in ("input_text", "output_text"))


def violations(frames: Sequence[Frame]) -> Iterator[str]:
    events = list(_events(frames))
    kinds = [event.get("type") for event in events]
    for frame, kind in zip(frames, kinds, strict=False):
        if frame.event != kind:
            yield f"an event is named by its type, but {kind!r} came as {frame.event!r}"
    if kinds[:2] != ["response.created", "response.in_progress"]:
        yield f"a stream begins with response.created and response.in_progress, not {kinds[:2]}"
    if [kind for kind in kinds if kind in _LAST] != kinds[-1:]:
        yield f"a stream ends with one of {', '.join(_LAST)}, not with {kinds[-1:]}"
    if [event.get("sequence_number") for event in events] != list(range(len(events))):
        yield "sequence_number counts the events from 0"
    yield from _items_in_order(events)


def _items_in_order(events: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Items are added in order, say something only while they are open, under the id that they were added with, and are done."""
    opened: dict[int, str | None] = {}
    count = 0
    for event in events:
        at, kind = event.get("output_index"), event.get("type")
        if at is None:
            continue
        if kind == "response.output_item.added":
            if at != count:
                yield f"items are numbered from 0 without gaps, but {at} was added after {count - 1}"
            opened[at] = event["item"].get("id")
            count += 1
        elif at not in opened:
            yield f"{kind} belongs to item {at}, which is not open"
        elif kind == "response.output_item.done":
            del opened[at]
        elif event.get("item_id") != (opened[at] or ""):
            yield f"{kind} names the item {event.get('item_id')!r}, which was added as {opened[at]!r}"
    if opened:
        yield f"items {sorted(opened)} are never done"


class _Kinds(frozenset[Any]):
    """The words that neutral types stand for, and every event's own: there are new ones whenever a tool is added."""

    def __contains__(self, word: object) -> bool:
        return super().__contains__(word) or (isinstance(word, str) and word.startswith("response."))


REFERENCE = Reference(
    wire="openai-responses",
    merge=merge,
    ended=ended,
    begins=begins,
    error=error,
    said=said,
    totals=totals,
    meaning=meaning,
    asked=asked,
    violations=violations,
    assembled=frozenset(
        {
            *("sequence_number", "output_index", "content_index", "summary_index", "annotation_index"),
            *("command_index", "partial_image_index"),
        }
    ),
    implied={
        "object": frozenset({"response"}),
        "role": frozenset({"assistant"}),
        "type": _Kinds(
            {
                *("message", "reasoning", "function_call", "custom_tool_call", "error"),
                *("output_text", "refusal", "summary_text", "reasoning_text", "url_citation"),
            }
        ),
        "status": frozenset({"in_progress"}),  # said while the stream still says what comes
    },
)
