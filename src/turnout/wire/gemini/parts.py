"""Parts of a content: this protocol's objects to ours (https://ai.google.dev/api/caching#Part, read 2026-11-21).

Reading is total: a part that is unknown, or not formed as documented, is kept whole as Opaque. A ``thoughtSignature`` stays
with the part that it came on: as the signature of reasoning, and among the extras of any other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from turnout.types import (
    Audio,
    DataSource,
    Document,
    FileSource,
    Image,
    Opaque,
    Origin,
    Part,
    Reasoning,
    ResultPart,
    Source,
    Text,
    ToolCall,
    ToolResult,
    UrlSource,
    Video,
)
from turnout.wire.gemini.words import Spelled, find, take

Fields = dict[str, Any]

# What a part is; the rest is said about it.
_KINDS = ("functionCall", "functionResponse", "inlineData", "fileData")
_HELD = ("gs://", "https://generativelanguage.googleapis.com/", "files/")  # files that only Google can open
_BARE = {"response": "json"}  # the response of a function is said as it stands


def no_id(name: str, arguments: str) -> str:
    return ""


def read_part(raw: Any, origin: Origin, new_id: Callable[[str, str], str] = no_id) -> Part:
    """``new_id``: the id for a function call of that name and those arguments which came without one."""
    if not isinstance(raw, dict):
        return Opaque(raw, origin=origin)
    fields = dict(raw)
    spelled: Spelled = {}
    part: Part | None = None
    if isinstance(fields.get("text"), str):
        part = _read_text(fields, spelled, origin)
    else:
        kind = next((kind for kind in _KINDS if find(fields, kind, {}) is not None), None)
        inner = take(fields, kind, dict, spelled) if kind is not None else None
        if kind is not None and inner is not None:
            part = _read_data(kind, dict(inner), spelled, new_id, origin)
            if part is not None and part.extra:
                fields[spelled.get(kind, kind)] = part.extra
    if part is None:
        return Opaque(raw, origin=origin)
    if not fields and not spelled and not part.extra:
        return part
    keep = origin if fields or isinstance(part, Reasoning) else part.origin
    return msgspec.structs.replace(part, extra=fields or None, spelled=spelled or None, origin=keep)


def _read_text(fields: Fields, spelled: Spelled, origin: Origin) -> Part:
    text = fields.pop("text")
    if fields.get("thought") is not True:
        return Text(text)
    del fields["thought"]
    return Reasoning(text, take(fields, "thoughtSignature", str, spelled), origin=origin)


def _read_data(kind: str, inner: Fields, spelled: Spelled, new_id: Callable[[str, str], str], origin: Origin) -> Part | None:
    """The part, with what else ``inner`` says as its extra; None if it is not formed as documented."""
    match kind:
        case "functionCall" if isinstance(inner.get("name"), str):
            return _read_call(inner, spelled, new_id)
        case "functionResponse" if isinstance(inner.get("name"), str):
            return _read_response(inner, spelled, origin)
        case "inlineData" if isinstance(inner.get("data"), str):
            media_type = take(inner, "mimeType", str, spelled)
            return _media(DataSource(_read_base64(inner.pop("data"), spelled), media_type), media_type, inner)
        case "fileData":
            media_type, uri = take(inner, "mimeType", str, spelled), take(inner, "fileUri", str, spelled)
            if uri is not None:
                held = uri.startswith(_HELD)
                return _media(FileSource(uri, media_type) if held else UrlSource(uri, media_type), media_type, inner)
    return None


def _read_base64(data: str, spelled: Spelled) -> str:
    """``data`` in the alphabet of every other protocol: callers may write either (https://protobuf.dev/programming-guides/json,
    read 2026-11-21), and Google's own SDK writes the one for URLs."""
    if ("-" in data or "_" in data) and "+" not in data and "/" not in data:
        spelled["data"] = "urlsafe"
        return data.replace("-", "+").replace("_", "/")
    return data


def _media(source: Source, media_type: str | None, rest: Fields) -> Part:
    kinds: dict[str, type[Image] | type[Audio] | type[Video]] = {"image": Image, "audio": Audio, "video": Video}
    kind = kinds.get((media_type or "").partition("/")[0], Document)
    return kind(source, extra=rest or None)


def _read_call(inner: Fields, spelled: Spelled, new_id: Callable[[str, str], str]) -> ToolCall:
    name = inner.pop("name")
    arguments = "{}"
    if isinstance(inner.get("args"), dict):
        arguments = msgspec.json.encode(inner.pop("args")).decode()
    else:
        spelled["args"] = "absent"
    id = inner.pop("id") if isinstance(inner.get("id"), str) else None
    if id is None:
        spelled["id"] = "absent"
        id = new_id(name, arguments)
    return ToolCall(id, name, arguments, extra=inner or None)


def _read_response(inner: Fields, spelled: Spelled, origin: Origin) -> ToolResult:
    """``response`` is an object. Of one text under one name the text is the result; any other is said as its JSON."""
    name = inner.pop("name")
    id = inner.pop("id") if isinstance(inner.get("id"), str) else None
    if id is None:
        spelled["id"] = "absent"
    parts: list[ResultPart] = []
    is_error = None
    response = inner.pop("response") if isinstance(inner.get("response"), dict) else None
    match response:
        case None:
            spelled["response"] = "absent"
        case {} if not response:
            spelled["response"] = "empty"
        case {**members} if len(members) == 1 and isinstance(text := next(iter(members.values())), str):
            key = next(iter(members))
            spelled["response"] = f"text:{key}"
            parts.append(Text(text))
            is_error = True if key == "error" else None
        case _:
            spelled |= _BARE
            parts.append(Text(msgspec.json.encode(response).decode()))
            is_error = True if response.keys() == {"error"} else None
    if isinstance(inner.get("parts"), list) and inner["parts"]:
        parts += [_read_result_part(item, origin) for item in inner.pop("parts")]
    return ToolResult(id or "", tuple(parts), is_error, name, extra=inner or None)


def _read_result_part(raw: Any, origin: Origin) -> ResultPart:
    part = read_part(raw, origin)
    return part if isinstance(part, (Image, Audio, Video, Document)) else Opaque(raw, origin=origin)
