"""Items: what this protocol's input and output are lists of, to our parts and back.

A message or a reasoning item may hold several parts. The first of them keeps the item's own fields in ``extra["item"]``;
those that follow in the same item are spelled {"item": "continued"}.
"""

from __future__ import annotations

from typing import Any

import msgspec

from turnout.types import Opaque, Origin, Part, Reasoning, Text, ToolCall
from turnout.wire.openai_responses.content import read_content, verbatim, write_output
from turnout.wire.openai_responses.words import deep_merge, take

Item = dict[str, Any]
Placed = list[tuple[int, Part]]

# Where a part stands in its item: content in the order it has, then for reasoning its own words, then what is sealed.
PLACES = 10_000
REASONING_TEXT, SEALED = 4_000, 9_000


def read_items(raw: list[Any], origin: Origin) -> list[Part]:
    return [part for item in raw for _, part in read_item(item, origin)]


def read_item(raw: Any, origin: Origin) -> Placed:
    """The parts of an item of an answer, each with its place. An item that is unknown, or oddly formed, is kept whole."""
    placed: Placed | None = None
    if isinstance(raw, dict):
        match raw.get("type"):
            case "message" | None if raw.get("role") == "assistant":
                placed = _read_message(dict(raw), origin)
            case "reasoning":
                placed = _read_reasoning(dict(raw), origin)
            case "function_call":
                placed = _read_call(dict(raw), "arguments", origin)
            case "custom_tool_call":
                placed = _read_call(dict(raw), "input", origin)
    return [(0, Opaque(raw, origin=origin))] if placed is None else placed


def _read_message(fields: Item, origin: Origin) -> Placed | None:
    spelled = {} if "type" in fields else {"type": "absent"}
    fields.pop("type", None)
    del fields["role"]
    content = fields.pop("content", None)
    if isinstance(content, str):
        part: Part = Text(content, origin=origin, phase=take(fields, "phase"), spelled={"content": "string"})
        return [(0, _first(part, fields, spelled))]
    if not isinstance(content, list) or not content:
        return None
    parts = [read_content(item, origin, "output_text") for item in content]
    phase = take(fields, "phase") if any(isinstance(part, Text) for part in parts) else None
    parts = [_in_phase(part, phase) for part in parts]
    return [(0, _first(parts[0], fields, spelled)), *((at, _continued(part)) for at, part in enumerate(parts[1:], 1))]


def _in_phase(part: Part, phase: str | None) -> Part:
    return msgspec.structs.replace(part, phase=phase) if isinstance(part, Text) and phase is not None else part


def _first(part: Part, fields: Item, spelled: dict[str, str]) -> Part:
    """``part`` as the one that keeps its item's ``fields``. The item's missing type is spelled apart from the part's own."""
    known = (part.spelled or {}) | ({"item_type": "absent"} if spelled else {})
    extra = (part.extra or {}) | ({"item": fields} if fields else {})
    return msgspec.structs.replace(part, extra=extra or None, spelled=known or None)


def _continued(part: Part) -> Part:
    return msgspec.structs.replace(part, spelled=(part.spelled or {}) | {"item": "continued"})


def _read_reasoning(fields: Item, origin: Origin) -> Placed | None:
    del fields["type"]
    spelled = {} if isinstance(fields.get("summary"), list) else {"summary": "absent"}
    texts: Placed = []
    for field, kind, base in (("summary", "summary_text", 0), ("content", "reasoning_text", REASONING_TEXT)):
        entries = fields.get(field)
        if not isinstance(entries, list) or not entries:
            continue
        del fields[field]
        for at, entry in enumerate(entries):
            if not (isinstance(entry, dict) and entry.get("type") == kind and isinstance(entry.get("text"), str)):
                return None
            rest = {name: value for name, value in entry.items() if name not in ("type", "text")}
            said = {"reasoning": "content"} if field == "content" else None
            texts.append((base + at, Reasoning(entry["text"], extra=rest or None, origin=origin, spelled=said)))
    if fields.get("summary") == []:
        del fields["summary"]
    sealed = take(fields, "encrypted_content")
    if sealed is not None or not texts:
        texts.append((SEALED, Reasoning("", encrypted=sealed, origin=origin, spelled={"reasoning": "sealed"})))
    (at, first), *others = texts
    first = _first(first, fields, {})
    first = msgspec.structs.replace(first, spelled=((first.spelled or {}) | spelled) or None)
    return [(at, first), *((at, _continued(part)) for at, part in others)]


def _read_call(fields: Item, argument: str, origin: Origin) -> Placed | None:
    id, name, text = fields.get("call_id"), fields.get("name"), fields.get(argument)
    if not (isinstance(id, str) and isinstance(name, str) and isinstance(text, str)):
        return None
    rest = {name: value for name, value in fields.items() if name not in ("type", "call_id", "name", argument)}
    return [(0, ToolCall(id, name, text, custom=argument == "input", extra=rest or None, origin=origin))]


# -- back to items ---------------------------------------------------------------------------------


def kind_of(part: Part) -> str:
    """The kind of item that ``part`` belongs to: "message", "reasoning", "call" or "whole"."""
    if isinstance(part, Reasoning):
        return "reasoning"
    if isinstance(part, ToolCall):
        return "call"
    return "whole" if isinstance(part, Opaque) and part.slot is None else "message"


def is_continued(part: Part) -> bool:
    return (part.spelled or {}).get("item") == "continued"


def item_fields(part: Part) -> Item:
    """What the item that begins with ``part`` says of itself."""
    fields = (part.extra or {}).get("item")
    return fields if isinstance(fields, dict) else {}


def write_own_items(parts: list[Part]) -> list[Any]:
    """Parts that this protocol said, as the items they were."""
    items: list[Any] = []
    group: list[Part] = []
    for part in parts:
        if group and not (is_continued(part) and kind_of(part) == kind_of(group[0])):
            items.append(write_own_item(group))
            group = []
        group.append(part)
    if group:
        items.append(write_own_item(group))
    return items


def write_own_item(parts: list[Part]) -> Any:
    """One item from all of its parts."""
    first = parts[0]
    match first:
        case Reasoning():
            return _write_reasoning(parts)
        case ToolCall():
            return write_call(first) | (first.extra or {})
        case Opaque(slot=None):
            return first.value
    return _write_message(parts)


def _write_message(parts: list[Part]) -> Item:
    first = parts[0]
    spelled = first.spelled or {}
    item: Item = {} if spelled.get("item_type") == "absent" else {"type": "message"}
    item["role"] = "assistant"
    if len(parts) == 1 and isinstance(first, Text) and spelled.get("content") == "string" and not first.citations:
        item["content"] = first.text
    else:
        item["content"] = [content for part in parts if (content := write_output(part, own=True)) is not None]
    phase = next((part.phase for part in parts if isinstance(part, Text) and part.phase is not None), None)
    return item | ({} if phase is None else {"phase": phase}) | item_fields(first)


def _write_reasoning(parts: list[Part]) -> Item:
    first = parts[0]
    item: Item = {"type": "reasoning"}
    if (first.spelled or {}).get("summary") != "absent":
        item["summary"] = []
    item |= item_fields(first)
    for part in parts:
        if not isinstance(part, Reasoning):
            continue
        if part.encrypted is not None:
            item["encrypted_content"] = part.encrypted
        if is_sealed(part):
            continue
        in_content = (part.spelled or {}).get("reasoning") == "content"
        kind, field = ("reasoning_text", "content") if in_content else ("summary_text", "summary")
        entry = deep_merge({"type": kind, "text": part.text}, verbatim(part))
        before = item.get(field)
        item[field] = [*(before if isinstance(before, list) else ()), entry]
    return item


def is_sealed(part: Reasoning) -> bool:
    """True for the part of a reasoning item that has nothing to read."""
    sealed = part.encrypted is not None or part.signature is not None
    return (part.spelled or {}).get("reasoning") == "sealed" or (sealed and not part.text)


def write_call(call: ToolCall) -> Item:
    if call.custom:
        return {"type": "custom_tool_call", "call_id": call.id, "name": call.name, "input": call.arguments}
    return {"type": "function_call", "call_id": call.id, "name": call.name, "arguments": call.arguments}
