"""Content parts, documents and tool calls: this protocol's objects to ours, and back.

Reading is total: a part that is unknown, or not formed as documented, is kept whole as Opaque.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from turnout.types import Document, Image, Opaque, Origin, Part, Reasoning, Text, TextSource, ToolCall
from turnout.wire.cohere_chat.words import deep_merge, is_object, source, take, url


def read_part(raw: Any, origin: Origin) -> Part:
    part: Part | None = None
    if isinstance(raw, dict):
        fields = {name: value for name, value in raw.items() if name != "type"}
        match raw.get("type"):
            case "text" if isinstance(fields.get("text"), str):
                part = Text(fields.pop("text"))
            case "thinking" if isinstance(fields.get("thinking"), str):
                part = Reasoning(fields.pop("thinking"), origin=origin)
            case "image_url":
                part = _read_image(fields)
            case "document" if isinstance(fields.get("document"), dict):
                part = read_document(fields["document"])
                if part is not None:
                    del fields["document"]
                    return _with(part, (part.extra or {}) | fields, origin)
        if part is not None:
            return _with(part, fields, origin)
    return Opaque(raw, origin=origin)


def _with(part: Part, fields: dict[str, Any], origin: Origin) -> Part:
    return replace(part, extra=fields, origin=origin) if fields else part


def _read_image(fields: dict[str, Any]) -> Image | None:
    held = fields.get("image_url")
    if not isinstance(held, dict) or not isinstance(held.get("url"), str):
        return None
    inner = dict(fields.pop("image_url"))
    image = Image(source(inner.pop("url")), detail=take(inner, "detail"))
    if inner:
        fields["image_url"] = inner
    return image


def read_document(raw: Any) -> Document | None:
    """A document of text: a string, or an object of named fields, which is then said as JSON. None if it is neither.

    https://docs.cohere.com/docs/retrieval-augmented-generation-rag (read 2026-11-21)
    """
    if isinstance(raw, str):
        return Document(TextSource(raw), spelled={"document": "string"})
    if not isinstance(raw, dict) or not isinstance(raw.get("data"), (str, dict)):
        return None
    fields = dict(raw)
    data = fields.pop("data")
    if isinstance(data, str):
        text, spelled = data, {"data": "string"}
    else:
        text, spelled = msgspec.json.encode(data).decode(), {"data": "object"}
    return Document(TextSource(text), extra={"document": fields} if fields else None, spelled=spelled)


def write_document(part: Document, own: bool) -> Any:
    """An entry of ``documents``, or what a document part holds. None for what is no text."""
    if not isinstance(part.source, TextSource):
        return None
    text, spelled = part.source.text, (part.spelled or {}) if own else {}
    if spelled.get("document") == "string":
        return text
    if spelled.get("data") == "string":
        data: Any = text
    elif spelled.get("data") == "object" and is_object(text):
        data = msgspec.Raw(text.encode())
    else:
        told = {"title": part.title if part.title is not None else part.filename, "context": part.context, "text": text}
        data = {name: value for name, value in told.items() if value is not None}
    written = {"data": data}
    held = (part.extra or {}).get("document") if own else None
    return written | held if isinstance(held, dict) else written


def write_part(part: Part, own: bool) -> dict[str, Any] | None:
    """``part`` as a content part; None when the protocol has no place for it. Extras are merged where they are ``own``."""
    written: dict[str, Any] | None = None
    match part:
        case Text():
            written = {"type": "text", "text": part.text}
        case Reasoning():
            written = {"type": "thinking", "thinking": part.text}
        case Image() if (address := url(part.source)) is not None:
            written = {"type": "image_url", "image_url": {"url": address} | ({"detail": part.detail} if part.detail else {})}
        case Document() if (document := write_document(part, own)) is not None:
            written = {"type": "document", "document": document}
            rest = {name: value for name, value in (part.extra or {}).items() if name != "document"}
            return written | rest if own else written
    return deep_merge(written, part.extra) if written is not None and own else written


def read_tool_call(raw: Any, origin: Origin) -> ToolCall | Opaque:
    """An entry of ``tool_calls``; Opaque when it is no function call."""
    if not isinstance(raw, dict) or not isinstance(raw.get("function"), dict):
        return Opaque(raw, slot="tool_calls", origin=origin)
    fields, spelled = dict(raw), dict[str, str]()
    inner = dict(fields.pop("function"))
    if fields.get("type") == "function":
        del fields["type"]
    elif "type" not in fields:
        spelled["type"] = "absent"
    id, name, arguments = take(fields, "id"), take(inner, "name"), take(inner, "arguments")
    for field, value in (("id", id), ("name", name), ("arguments", arguments)):
        if value is None:
            spelled[field] = "absent"
    if isinstance(inner.get("arguments"), dict):
        arguments = msgspec.json.encode(inner["arguments"]).decode()  # the object itself stays in extra
    if inner:
        fields["function"] = inner
    return ToolCall(
        id or "",
        name or "",
        arguments or "",
        extra=fields or None,
        origin=origin if fields or spelled else None,
        spelled=spelled or None,
    )


def write_tool_call(part: ToolCall, own: bool, arguments: str) -> dict[str, Any]:
    spelled = (part.spelled or {}) if own else {}
    function = {"name": part.name, "arguments": arguments}
    written: dict[str, Any] = {"id": part.id, "type": "function", "function": function}
    for name in spelled:
        (function if name in function else written).pop(name, None)
    return deep_merge(written, part.extra) if own else written
