"""The body of Amazon Nova's embedding models: one text, image, video or sound, and one vector.

https://docs.aws.amazon.com/nova/latest/userguide/embeddings-schema.html (read 2026-11-21)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from turnout.errors import RequestError, ServerFault, Unsupported
from turnout.receipt import approximated, dropped
from turnout.types import (
    Content,
    DataSource,
    Embedding,
    Embeddings,
    EmbedInput,
    EmbedRequest,
    Image,
    Opaque,
    Origin,
    Part,
    ReceiptLine,
    Target,
    Usage,
)
from turnout.wire.embedding_inputs import plain_text
from turnout.wire.embedding_shape import is_vector, read_word, write_word
from turnout.wire.json_body import deep_merge, is_makers, merge_extra, take

MOST_INPUTS = 1

_TASK, _SINGLE = "taskType", "singleEmbeddingParams"
_PURPOSES: Mapping[str, tuple[str, ...]] = {
    "document": ("GENERIC_INDEX",),
    "query": ("GENERIC_RETRIEVAL", "TEXT_RETRIEVAL"),
    "classification": ("CLASSIFICATION",),
    "clustering": ("CLUSTERING",),
}
_CUTS: Mapping[str, tuple[str, ...]] = {"none": ("NONE",), "start": ("START",), "end": ("END",)}


def read_request(raw: dict[str, Any], wire: str) -> EmbedRequest:
    fields, origin, spelled = dict(raw), Origin(wire), {"maker": "nova"}
    inner = fields.get(_SINGLE)
    if fields.get(_TASK) != "SINGLE_EMBEDDING" or not isinstance(inner, dict):
        raise RequestError(f"{_TASK}: expected SINGLE_EMBEDDING, with {_SINGLE}", param=_TASK)
    del fields[_TASK], fields[_SINGLE]
    inner, known = dict(inner), dict[str, Any]()
    known["input_type"] = read_word(inner, "embeddingPurpose", _PURPOSES, "input_type", spelled)
    known["dimensions"] = take(inner, "embeddingDimension", int)
    text = inner.get("text")
    value: EmbedInput
    if isinstance(text, dict) and isinstance(text.get("value"), str):
        rest = dict(inner.pop("text"))
        value = rest.pop("value")
        known["truncate"] = read_word(rest, "truncationMode", _CUTS, "truncate", spelled)
        inner |= {"text": rest} if rest else {}
    else:
        kind = next((kind for kind in ("image", "video", "audio", "text") if isinstance(inner.get(kind), dict)), None)
        if kind is None:
            raise RequestError(f"{_SINGLE}: expected text, image, video or audio", param=_SINGLE)
        value = Content((_read_media(kind, inner.pop(kind), origin),), origin=origin)
    if inner:
        fields[_SINGLE] = inner
    return EmbedRequest(model="", input=(value,), extra=fields or None, origin=origin, spelled=spelled, **known)


def _read_media(kind: str, raw: dict[str, Any], origin: Origin) -> Part:
    match raw:
        case {"format": str(format), "source": {"bytes": str(data), **others}, **rest} if kind == "image" and not others:
            extra = {str(name): value for name, value in rest.items()}
            return Image(DataSource(data, f"image/{format}"), origin=origin, extra=extra or None)
    return Opaque({kind: raw}, origin=origin)


def write_request(request: EmbedRequest, wire: str, lines: list[ReceiptLine]) -> dict[str, Any]:
    if len(request.input) != 1:
        raise RequestError(f"input: Nova embeds one input a call, got {len(request.input)}", param="input")
    own = is_makers("nova", request.origin, request.spelled, wire)
    spelled = (request.spelled or {}) if own else {}
    inner: dict[str, Any] = _inputs(request.input[0], wire, lines)
    if request.input_type is not None:
        purpose = write_word(request.input_type, _PURPOSES, spelled.get("input_type"), "Amazon Nova", "input_type", lines)
        inner |= {"embeddingPurpose": purpose} if purpose is not None else {}
    if not own and "embeddingPurpose" not in inner:
        inner["embeddingPurpose"] = "GENERIC_INDEX"
        lines.append(approximated("request", "input_type", "Amazon Nova requires a purpose; said as GENERIC_INDEX"))
    if request.dimensions is not None:
        inner["embeddingDimension"] = request.dimensions
    if "text" in inner:
        cut = request.truncate
        if cut is not None:
            inner["text"]["truncationMode"] = write_word(cut, _CUTS, None, "Amazon Nova", "truncate", lines)
        elif not own:
            inner["text"]["truncationMode"] = "NONE"  # required: the page above
    for field, absent in (("encoding_format", "float"), ("embedding_types", ("float",)), ("user", None)):
        if getattr(request, field) not in (None, absent):
            lines.append(dropped("request", field, "Amazon Nova has no field for it"))
    body: dict[str, Any] = {_TASK: "SINGLE_EMBEDDING", _SINGLE: inner}
    merge_extra(body, request.extra, None if own else request.origin, "Amazon Nova", lines)
    return body


def _inputs(value: EmbedInput, wire: str, lines: list[ReceiptLine]) -> dict[str, Any]:
    if isinstance(value, str):
        return {"text": {"value": value}}
    if not isinstance(value, Content):
        raise Unsupported("input[0] is a list of token ids, and Nova embeds texts: send the text")
    if (text := plain_text(value, lines, "input[0]")) is not None:
        return {"text": {"value": text}}
    match value.parts:
        case (Image(source=DataSource(data=data, media_type=media_type)) as shown,):
            own = shown.origin is not None and shown.origin.returns_to(wire)
            format = (media_type or "").rpartition("/")[2] or "png"
            return {"image": {"format": format, "source": {"bytes": data}} | ((shown.extra or {}) if own else {})}
        case (Opaque(value=dict(raw), origin=Origin() as origin),) if origin.returns_to(wire):
            return dict(raw)
    raise Unsupported("input[0]: Nova embeds one text or one image as base64 here, and nothing else")


def read_answer(
    raw: dict[str, Any], request: EmbedRequest, target: Target, wire: str, headers: dict[str, str] | None
) -> Embeddings:
    fields = dict(raw)
    items = fields.pop("embeddings", None)
    if not isinstance(items, list) or not all(isinstance(item, dict) and is_vector(item.get("embedding")) for item in items):
        raise ServerFault(f"{target}: the answer has no list of embeddings", body=raw, target=target)
    data = [
        Embedding(
            index=at,
            forms={"float": item["embedding"]},
            extra={name: value for name, value in item.items() if name != "embedding"} or None,
        )
        for at, item in enumerate(items)
    ]
    return Embeddings(
        data=tuple(data),
        usage=Usage(),  # only a header counts tokens
        extra=fields or None,
        origin=Origin(wire, target.provider),
        spelled={"maker": "nova"},
        headers=headers,
    )


def write_answer(embeddings: Embeddings, request: EmbedRequest, wire: str) -> dict[str, Any]:
    own = is_makers("nova", embeddings.origin, embeddings.spelled, wire)
    items: list[dict[str, Any]] = []
    for item in embeddings.data:
        written = {"embedding": item.numbers}
        items.append(written | (item.extra or {}) if own else {"embeddingType": "TEXT"} | written)
    body: dict[str, Any] = {"embeddings": items}
    return deep_merge(body, embeddings.extra or {}) if own else body
