"""Content blocks: this protocol's objects to our parts.

A block is an object with one member, which names its kind. Reading is total: a block that is unknown, or not formed as
documented, is kept whole as Opaque. What has no word of ours stays in ``extra``, at its place in the block. A ``cachePoint`` is a
block of its own, and becomes the mark of the part before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import msgspec
from msgspec.structs import replace

from turnout.types import (
    Audio,
    CacheControl,
    Document,
    Image,
    Opaque,
    Origin,
    Part,
    Reasoning,
    ResultPart,
    Text,
    ToolCall,
    ToolResult,
    Video,
)
from turnout.wire.bedrock_converse.citations import read_citation
from turnout.wire.bedrock_converse.media import read_media, read_search_result
from turnout.wire.bedrock_converse.texts import ABSENT, join_texts
from turnout.wire.json_text import is_json

Block = dict[str, Any]
_MEDIA = ("image", "document", "video", "audio")
_KINDS = frozenset(
    {"text", "toolUse", "toolResult", "reasoningContent", "guardContent", "citationsContent", "searchResult", "json", *_MEDIA}
)
_CALLED_BY_US = (None, "tool_use")  # what a call says of its type that is not run by the provider itself


def read_blocks(raw: list[Any], origin: Origin, inputs: Mapping[int, str], *, role: str) -> tuple[Part, ...]:
    """``inputs``: the text of each tool call's input, by block, as far as it is known."""
    parts: list[Part] = []
    for at, block in enumerate(raw):
        mark = read_mark(block) if parts and parts[-1].cache_control is None else None
        if mark is not None:
            parts[-1] = replace(parts[-1], cache_control=mark)
        else:
            parts.append(read_block(block, origin, inputs.get(at), role=role))
    return tuple(parts)


def read_mark(raw: Any) -> CacheControl | None:
    """A cache point (https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html, read 2026-11-21), or None."""
    point = raw.get("cachePoint") if isinstance(raw, dict) and len(raw) == 1 else None
    if not isinstance(point, dict) or point.get("type") != "default":
        return None
    fields = {name: value for name, value in point.items() if name != "type"}
    ttl = fields.pop("ttl") if isinstance(fields.get("ttl"), str) else None
    return CacheControl(ttl, fields or None)


def read_block(raw: Any, origin: Origin, input_text: str | None = None, *, role: str = "user") -> Part:
    """``role``: of the message the block stands in, since the results in an answer are those of the provider's own tools."""
    if not isinstance(raw, dict):
        return Opaque(raw, origin=origin)
    if len(raw) == 1 and type(text := raw.get("text")) is str:
        return Text(text)
    kinds = raw.keys() & _KINDS
    kind = next(iter(kinds)) if len(kinds) == 1 else ""
    part = _read(kind, raw.get(kind), origin, input_text, role)
    if part is None:
        return Opaque(raw, origin=origin)
    beside = {name: value for name, value in raw.items() if name != kind}
    return replace(part, extra=beside | (part.extra or {})) if beside else part


def _read(kind: str, raw: Any, origin: Origin, input_text: str | None, role: str) -> Part | None:
    match kind:
        case "text" if isinstance(raw, str):
            return Text(raw)
        case "toolUse" if isinstance(raw, dict):
            return _read_tool_use(raw, origin, input_text)
        case "toolResult" if isinstance(raw, dict) and role != "assistant":
            return _read_tool_result(raw, origin)
        case "reasoningContent":
            return _read_reasoning(raw, origin)
        case "guardContent" if isinstance(raw, dict):
            return _read_guarded(raw)
        case "citationsContent" if isinstance(raw, dict):
            return _read_cited(raw)
        case "searchResult":
            return read_search_result(raw)
        case "image" | "document" | "video" | "audio":
            return read_media(kind, raw)
    return None


def _read_tool_use(raw: Block, origin: Origin, input_text: str | None) -> ToolCall | None:
    fields = dict(raw)
    id, name = fields.pop("toolUseId", None), fields.pop("name", None)
    if not isinstance(id, str) or not isinstance(name, str) or raw.get("type") not in _CALLED_BY_US:
        return None
    spelled = None if "input" in fields else {"input": ABSENT}
    arguments = _arguments(fields.pop("input"), input_text) if spelled is None else ""
    extra = {"toolUse": fields} if fields else None
    return ToolCall(id, name, arguments, extra=extra, origin=origin if extra else None, spelled=spelled)


def _arguments(value: Any, text: str | None) -> str:
    """The text of ``value``. A string that is no JSON itself is what a call cut off in the middle leaves: it is the text."""
    if isinstance(value, str) and not is_json(value):
        return value
    return msgspec.json.encode(value).decode() if text is None else text


_STATUS = {"success": False, "error": True}


def _read_tool_result(raw: Block, origin: Origin) -> ToolResult | None:
    fields = dict(raw)
    call_id = fields.pop("toolUseId", None)
    content = fields.pop("content", None)
    if not isinstance(call_id, str) or not isinstance(content, (list, type(None))):
        return None
    if "content" in raw and content is None:
        fields["content"] = None
    is_error = _STATUS.get(fields["status"]) if isinstance(fields.get("status"), str) else None
    if is_error is not None:
        del fields["status"]
    spelled = {"content": ABSENT} if content is None else None
    parts = tuple(_read_result_block(block, origin) for block in content or ())
    return ToolResult(call_id, parts, is_error, extra={"toolResult": fields} if fields else None, spelled=spelled)


def _read_result_block(raw: Any, origin: Origin) -> ResultPart:
    if isinstance(raw, dict) and len(raw) == 1 and "json" in raw:
        return Text(msgspec.json.encode(raw["json"]).decode(), spelled={"block": "json"})
    part = read_block(raw, origin)
    return part if isinstance(part, (Text, Image, Audio, Video, Document)) else Opaque(raw, origin=origin)


def _read_reasoning(raw: Any, origin: Origin) -> Reasoning | None:
    match raw:
        case {"reasoningText": {"text": str(text), **fields}, **rest} if not rest:
            signature = cast(str, fields.pop("signature")) if isinstance(fields.get("signature"), str) else None
            extra = {"reasoningContent": {"reasoningText": fields}} if fields else None
            return Reasoning(text, signature, extra=extra, origin=origin)
        case {"redactedContent": str(data), **rest} if not rest:
            return Reasoning("", encrypted=data, origin=origin)
    return None


def _read_guarded(raw: Block) -> Part | None:
    """What a guardrail is to look at: https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-use-converse-api.html."""
    match raw:
        case {"text": {"text": str(text), **fields}, **rest} if not rest:
            extra = {"guardContent": {"text": fields}} if fields else None
            return Text(text, extra=extra, spelled={"block": "guardContent"})
        case {"image": dict(inner), **rest} if not rest and (image := read_media("image", inner)) is not None:
            extra = {"guardContent": image.extra} if image.extra else None
            return replace(image, extra=extra, spelled={**(image.spelled or {}), "block": "guardContent"})
    return None


def _read_cited(raw: Block) -> Text | None:
    fields = dict(raw)
    spelled = {"block": "citationsContent"}
    text = ""
    if "content" not in fields:
        spelled["content"] = ABSENT
    elif (joined := join_texts(fields.pop("content"))) is None:
        return None
    else:
        text, cuts = joined
        spelled |= {} if cuts is None else {"content": cuts}
    citations = fields.get("citations")
    found: tuple[Any, ...] = ()
    if isinstance(citations, list) and citations and all(isinstance(item, dict) for item in citations):
        found = tuple(read_citation(item) for item in fields.pop("citations"))
    return Text(text, found, extra={"citationsContent": fields} if fields else None, spelled=spelled)
