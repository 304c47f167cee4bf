"""Content parts and tool calls: this protocol's objects to our parts, and back."""

from __future__ import annotations

from typing import Any

import msgspec

from turnout.receipt import approximated, dropped
from turnout.types import (
    Audio,
    CacheControl,
    Citation,
    DataSource,
    Document,
    FileSource,
    Image,
    Opaque,
    Origin,
    Part,
    Reasoning,
    ReceiptLine,
    Refusal,
    Text,
    TextSource,
    ToolCall,
    UrlSource,
    Video,
)
from turnout.wire.openai_chat.words import deep_merge, said_in, source, url


def read_part(raw: Any, origin: Origin | None) -> Part:
    """A content part. What has no neutral form, or not the form the protocol gives it, is kept whole as Opaque."""
    if not isinstance(raw, dict):
        return Opaque(raw, origin=origin)
    fields = dict(raw)
    kind = fields.pop("type", None)
    mark = read_cache_control(fields)
    part: Part | None = None
    match kind:
        case "text" if isinstance(fields.get("text"), str):
            part = Text(fields.pop("text"), cache_control=mark)
        case "refusal" if isinstance(fields.get("refusal"), str):
            part = Refusal(fields.pop("refusal"))
        case "image_url":
            part = _read_image(fields, mark)
        case "input_audio" if _has(fields.get("input_audio"), "data"):
            inner = dict(fields.pop("input_audio"))
            data, format = inner.pop("data"), _take(inner, "format")
            part = Audio(DataSource(data), format=format, cache_control=mark)
            fields |= {"input_audio": inner} if inner else {}
        case "file" if _has(fields.get("file"), "file_id") or _has(fields.get("file"), "file_data"):
            part = _read_file(fields, mark)
        case "video_url" if _has(fields.get("video_url"), "url"):
            inner = dict(fields.pop("video_url"))
            part = Video(source(inner.pop("url")), cache_control=mark)
            fields |= {"video_url": inner} if inner else {}
        case "document_url" if isinstance(fields.get("document_url"), str):  # Mistral
            address, name = fields.pop("document_url"), _take(fields, "document_name")
            part = Document(source(address), title=name, cache_control=mark, spelled={"type": "document_url"})
        case "thinking":  # Mistral
            part = _read_thinking(fields, origin)
    if part is None:
        return Opaque(raw, origin=origin)
    return msgspec.structs.replace(part, extra=fields, origin=origin) if fields else part


def _read_image(fields: dict[str, Any], mark: CacheControl | None) -> Image | None:
    if isinstance(fields.get("image_url"), str):  # Mistral takes the bare URL too
        return Image(source(fields.pop("image_url")), cache_control=mark, spelled={"image_url": "string"})
    if not _has(fields.get("image_url"), "url"):
        return None
    inner = dict(fields.pop("image_url"))
    image = Image(source(inner.pop("url")), detail=_take(inner, "detail"), cache_control=mark)
    if inner:
        fields["image_url"] = inner
    return image


def _read_file(fields: dict[str, Any], mark: CacheControl | None) -> Document:
    inner = dict(fields.pop("file"))
    name = _take(inner, "filename")
    data = _take(inner, "file_data")
    if data is not None:
        whole = source(data)
        held = whole if isinstance(whole, DataSource) else DataSource(data) if not data.startswith("http") else whole
    else:
        held = FileSource(inner.pop("file_id"))
    if inner:
        fields["file"] = inner
    return Document(held, filename=name, cache_control=mark)


def _read_thinking(fields: dict[str, Any], origin: Origin | None) -> Reasoning | None:
    thinking = fields.get("thinking")
    if not isinstance(thinking, list) or not all(_has(item, "text") for item in thinking):
        return None
    if [{"type": "text", "text": item["text"]} for item in thinking] == thinking and len(thinking) == 1:
        del fields["thinking"]  # else it stays, and says exactly how the text was cut
    text = "".join(item["text"] for item in thinking)
    return Reasoning(text, origin=origin, spelled={"reasoning": "thinking"})


# Media types of sound -> the protocol's two words for it (https://platform.openai.com/docs/guides/audio, read 2026-11-21).
_SOUNDS = {"x-wav": "wav", "wave": "wav", "vnd.wave": "wav", "mpeg": "mp3", "mpga": "mp3", "x-mp3": "mp3"}


def write_part(part: Part, own: bool, lines: list[ReceiptLine], path: str) -> dict[str, Any] | None:
    """``part`` as a content part, or None with a line in ``lines`` when the protocol has no place for it.

    ``own``: the part came from this protocol, so what it keeps verbatim goes back.
    """
    written: dict[str, Any] | None = None
    match part:
        case Text():
            written = {"type": "text", "text": part.text}
        case Refusal():
            written = {"type": "refusal", "refusal": part.text}
        case Image():
            written = _write_image(part, own)
        case Audio(source=DataSource() as held):
            format = part.format or (held.media_type or "").rpartition("/")[2] or None
            format = format if own or format is None else _SOUNDS.get(format, format)
            written = {"type": "input_audio", "input_audio": {"data": held.data} | ({"format": format} if format else {})}
        case Document():
            written = _write_document(part, own)
            if isinstance(part.source, TextSource) and (part.filename or part.title or part.context or part.citations):
                lines.append(approximated("request", path, "a text document is said as plain text, without its name"))
        case Video(source=(UrlSource() | DataSource()) as held):
            written = {"type": "video_url", "video_url": {"url": url(held)}}
        case Reasoning() if own and (part.spelled or {}).get("reasoning") == "thinking":
            written = {"type": "thinking", "thinking": [{"type": "text", "text": part.text}]}
        case Opaque() if own:
            return part.value  # type: ignore[no-any-return]
    if written is None:
        lines.append(dropped("request", path, f"OpenAI Chat has no content part for this {type(part).__name__.lower()}"))
        return None
    if part.cache_control is not None:
        if own:
            written["cache_control"] = write_cache_control(part.cache_control)
        else:
            lines.append(dropped("request", f"{path}.cache_control", "this protocol caches prefixes without marks"))
    if part.extra:
        if own:
            deep_merge(written, part.extra)
        elif not isinstance(part, Reasoning) and (names := said_in(part.extra)):
            lines.append(dropped("request", f"{path}.extra", f"fields of another protocol: {names}"))
    return written


def _write_image(part: Image, own: bool) -> dict[str, Any] | None:
    address = url(part.source)
    if address is None:
        return None
    if own and (part.spelled or {}).get("image_url") == "string":
        return {"type": "image_url", "image_url": address}
    return {"type": "image_url", "image_url": {"url": address} | ({"detail": part.detail} if part.detail else {})}


def _write_document(part: Document, own: bool) -> dict[str, Any] | None:
    held, name = part.source, part.filename or (None if own else part.title)
    if own and (part.spelled or {}).get("type") == "document_url":
        return {"type": "document_url", "document_url": url(held)} | ({"document_name": part.title} if part.title else {})
    inner: dict[str, Any] = {"filename": name} if name else {}
    match held:
        case FileSource():
            inner["file_id"] = held.id
        case DataSource():
            inner["file_data"] = held.data if held.media_type is None else url(held)
        case UrlSource():
            inner["file_data"] = held.url
        case TextSource():
            return {"type": "text", "text": held.text}
    return {"type": "file", "file": inner}


def read_tool_call(raw: Any, origin: Origin | None) -> ToolCall | Opaque:
    """An entry of ``tool_calls``; Opaque when it is neither a function nor a custom call."""
    if not isinstance(raw, dict):
        return Opaque(raw, slot="tool_calls", origin=origin)
    fields = dict(raw)
    kind = fields.pop("type", "absent")
    custom = kind == "custom" or (kind == "absent" and "custom" in fields)
    inner = fields.pop("custom" if custom else "function", None)
    if not isinstance(inner, dict) or kind not in ("function", "custom", "absent", None, ""):
        return Opaque(raw, slot="tool_calls", origin=origin)
    inner = dict(inner)
    id, name = _take(fields, "id"), _take(inner, "name")
    argument_field = "input" if custom else "arguments"
    arguments = _take(inner, argument_field)
    spelled = {} if kind in ("function", "custom") else {"type": "absent" if kind == "absent" else "null"}
    spelled |= {} if id is not None else {"id": "absent"}
    if arguments is None:
        arguments = ""
        spelled["arguments"] = "absent"
        value = inner.get(argument_field)
        if value is not None:  # a server that sends the object instead of its text; the raw value stays beside it
            arguments = msgspec.json.encode(value).decode()
    if inner:
        fields["custom" if custom else "function"] = inner
    return ToolCall(
        id or "",
        name or "",
        arguments,
        custom=custom,
        extra=fields or None,
        origin=origin if fields else None,
        spelled=spelled or None,
    )


def write_tool_call(call: ToolCall, own: bool, *, stream: bool = False) -> dict[str, Any]:
    """``stream``: the call only begins here, and its arguments follow."""
    spelled = (call.spelled or {}) if own else {}
    inner = {"name": call.name}
    if spelled.get("arguments") != "absent":
        # No arguments are an empty object's here: https://platform.openai.com/docs/guides/function-calling (read 2026-11-21)
        inner["input" if call.custom else "arguments"] = call.arguments or ("" if own or call.custom or stream else "{}")
    kind = "custom" if call.custom else "function"
    written: dict[str, Any] = {"id": call.id, "type": kind, kind: inner}
    if spelled.get("id") == "absent":
        del written["id"]
    match spelled.get("type"):
        case "absent":
            del written["type"]
        case "null":
            written["type"] = None
    return deep_merge(written, call.extra) if own else written


def read_annotations(raw: Any) -> tuple[Citation, ...] | None:
    """``annotations`` as citations; None if any of them is not a ``url_citation``."""
    if not isinstance(raw, list) or not raw:
        return None
    citations = []
    for item in raw:
        if not (isinstance(item, dict) and item.get("type") == "url_citation" and _has(item.get("url_citation"), "url")):
            return None
        fields = {name: value for name, value in item.items() if name != "type"}
        inner = dict(fields.pop("url_citation"))
        known = {
            "url": inner.pop("url"),
            "title": _take(inner, "title"),
            "start": inner.pop("start_index") if isinstance(inner.get("start_index"), int) else None,
            "end": inner.pop("end_index") if isinstance(inner.get("end_index"), int) else None,
        }
        if inner:
            fields["url_citation"] = inner
        citations.append(Citation(**known, extra=fields or None))
    return tuple(citations)


def write_annotation(citation: Citation, own: bool, offset: int = 0) -> dict[str, Any]:
    """A ``url_citation``. ``offset``: characters of the answer before the text that ``citation`` counts in."""
    inner: dict[str, Any] = {}
    for name, value in (("start_index", citation.start), ("end_index", citation.end)):
        if value is not None:
            inner[name] = value + offset
    title = citation.title if own or citation.title is not None else ""  # the protocol wants one
    inner |= {name: text for name, text in (("title", title), ("url", citation.url)) if text is not None}
    written: dict[str, Any] = {"type": "url_citation", "url_citation": inner}
    return deep_merge(written, citation.extra) if own else written


def read_cache_control(fields: dict[str, Any]) -> CacheControl | None:
    """The mark of the Anthropic-serving dialects, taken out of ``fields``."""
    mark = fields.get("cache_control")
    if not isinstance(mark, dict) or mark.get("type") != "ephemeral":
        return None
    del fields["cache_control"]
    rest = {name: value for name, value in mark.items() if name not in ("type", "ttl")}
    ttl = mark.get("ttl")
    if "ttl" in mark and not isinstance(ttl, str):
        rest["ttl"] = ttl
    return CacheControl(ttl if isinstance(ttl, str) else None, rest or None)


def write_cache_control(mark: CacheControl) -> dict[str, Any]:
    return {"type": "ephemeral"} | ({"ttl": mark.ttl} if mark.ttl else {}) | (mark.extra or {})


def _has(value: Any, name: str) -> bool:
    return isinstance(value, dict) and isinstance(value.get(name), str)


def _take(fields: dict[str, Any], name: str) -> str | None:
    """``fields[name]`` taken out if it is a string; anything else stays where it is, to be kept verbatim."""
    return fields.pop(name) if isinstance(fields.get(name), str) else None
