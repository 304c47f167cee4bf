"""Embeddings in the shape that Cohere gave them, which Bedrock speaks for Cohere's models: vectors of several kinds at once.

https://docs.cohere.com/reference/embed and
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed.html (read 2026-11-21)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from turnout.errors import RequestError, ServerFault
from turnout.receipt import approximated, dropped, mapped
from turnout.types import Content, Embedding, Embeddings, EmbedRequest, Image, InputType, Origin, ReceiptLine, Target, Text, Usage
from turnout.types.embeddings import packed, unpacked
from turnout.wire.embedding_inputs import address, read_content, source, write_content, write_inputs
from turnout.wire.embedding_shape import is_vector, read_word, write_word
from turnout.wire.input_usage import read_tokens
from turnout.wire.json_body import count, is_makers, merge_extra, take, take_model

MOST_INPUTS = 96  # https://docs.cohere.com/reference/embed (read 2026-11-21)

INPUT_TYPES: Mapping[str, tuple[str, ...]] = {
    "document": ("search_document",),
    "query": ("search_query",),
    "classification": ("classification",),
    "clustering": ("clustering",),
    "image": ("image",),
}
TRUNCATE: Mapping[str, tuple[str, ...]] = {"none": ("NONE",), "start": ("START",), "end": ("END",)}

# What the vectors are for is a question that must be answered here, and questions of a special kind are questions.
_NEAREST: Mapping[InputType, InputType] = {
    "question_answering": "query",
    "fact_verification": "query",
    "code_query": "query",
    "similarity": "clustering",
}


def read_request(raw: dict[str, Any], wire: str) -> EmbedRequest:
    """Raises RequestError that says what is wrong where."""
    fields, origin, spelled = dict(raw), Origin(wire), dict[str, str]()
    model = take_model(fields)
    name = next((name for name in ("texts", "images", "inputs") if isinstance(fields.get(name), list)), None)
    if name is None:
        raise RequestError("texts: expected a list of texts (or images, or inputs)", param="texts")
    items = fields.pop(name)
    kind: type = dict if name == "inputs" else str
    if not all(isinstance(item, kind) for item in items):
        raise RequestError(f"{name}: expected a list of {'objects' if name == 'inputs' else 'texts'}", param=name)
    inputs: list[str | Content] = []
    for item in items:
        if name == "texts":
            inputs.append(item)
        elif name == "images":
            inputs.append(Content((Image(source(item)),), origin=origin))
        else:
            inputs.append(read_content(item, origin))
    if name != "texts":
        spelled["input"] = name
    types = fields.get("embedding_types")
    if isinstance(types, list) and types and all(isinstance(item, str) for item in types):
        del fields["embedding_types"]
    else:
        types = None
    return EmbedRequest(
        model=model,
        input=tuple(inputs),
        dimensions=take(fields, "output_dimension", int),
        embedding_types=tuple(types) if types else None,
        input_type=read_word(fields, "input_type", INPUT_TYPES, "input_type", spelled),  # type: ignore[arg-type]
        truncate=read_word(fields, "truncate", TRUNCATE, "truncate", spelled),  # type: ignore[arg-type]
        extra=fields or None,
        origin=origin,
        spelled=spelled or None,
    )


def write_request(request: EmbedRequest, wire: str, lines: list[ReceiptLine]) -> dict[str, Any]:
    """The body, without a model. Each field that could not go exactly gets a line in ``lines``."""
    own = is_makers(None, request.origin, request.spelled, wire)
    spelled = (request.spelled or {}) if own else {}
    body: dict[str, Any] = {}
    name = spelled.get("input", "texts") if own else _place(request)
    _write_inputs(request, name, wire, body, lines)
    _write_input_type(request, name, own, wire, body, lines)
    types = request.embedding_types
    if types is None and request.encoding_format == "base64":
        types = ("base64",)
        lines.append(mapped("request", "encoding_format", f"{wire} says base64 as one of embedding_types"))
    elif request.encoding_format not in (None, "float", "base64"):
        lines.append(dropped("request", "encoding_format", f"{wire} has no field for how numbers are written"))
    if types is not None:
        body["embedding_types"] = list(types)
    if request.dimensions is not None:
        body["output_dimension"] = request.dimensions
    if request.truncate is not None:
        body["truncate"] = write_word(request.truncate, TRUNCATE, spelled.get("truncate"), wire, "truncate", lines)
    if request.user is not None:
        lines.append(dropped("request", "user", f"{wire} has no field for the user"))
    merge_extra(body, request.extra, None if own else request.origin, "Cohere's embeddings", lines)
    return body


def _place(request: EmbedRequest) -> str:
    """The list that the inputs of another protocol go to: all of one kind, or each of several parts."""
    contents = [value for value in request.input if isinstance(value, Content)]
    pictures = all(len(content.parts) == 1 and isinstance(content.parts[0], Image) for content in contents)
    if pictures and contents and len(contents) == len(request.input):
        return "images"
    return "inputs" if any(not isinstance(part, Text) for content in contents for part in content.parts) else "texts"


def _write_inputs(request: EmbedRequest, name: str, wire: str, body: dict[str, Any], lines: list[ReceiptLine]) -> None:
    if name == "texts":
        body[name] = write_inputs(request, wire, "none", lines)
        return
    written: list[Any] = []
    for at, value in enumerate(request.input):
        part = value.parts[0] if isinstance(value, Content) and value.parts else None
        if name == "images" and isinstance(part, Image):
            written.append(address(part.source, wire, f"input[{at}]"))
        elif isinstance(value, Content):
            said = write_content(value, wire, "openai", lines, f"input[{at}]")
            written.append({"content": [{"type": "text", "text": said}]} if isinstance(said, str) else said)
        else:
            texts = write_inputs(EmbedRequest(model="", input=(value,)), wire, "none", lines)
            written.append({"content": [{"type": "text", "text": texts[0]}]})
    body[name] = written


def _write_input_type(
    request: EmbedRequest, name: str, own: bool, wire: str, body: dict[str, Any], lines: list[ReceiptLine]
) -> None:
    """Required, so that a request of another protocol without it gets the likeliest one."""
    wanted = request.input_type
    if wanted is not None and wanted in INPUT_TYPES:
        body["input_type"] = INPUT_TYPES[wanted][0]
    elif wanted is not None:
        nearest = INPUT_TYPES[_NEAREST.get(wanted, "document")][0]
        body["input_type"] = nearest
        lines.append(approximated("request", "input_type", f"{wire} has no word for {wanted!r}; said as {nearest}"))
    elif not own and "input_type" not in (request.extra or {}):
        body["input_type"] = "image" if name == "images" else "search_document"
        lines.append(approximated("request", "input_type", f"{wire} requires one; said as {body['input_type']}"))


# -- answers ---------------------------------------------------------------------------------------


def read_answer(
    raw: dict[str, Any], request: EmbedRequest, target: Target, wire: str, headers: dict[str, str] | None
) -> Embeddings:
    """Raises ServerFault when there are no vectors to read."""
    fields, spelled = dict(raw), dict[str, str]()
    said = fields.pop("embeddings", None)
    if isinstance(said, list):  # version 1 without embedding_types
        said, spelled["embeddings"] = {"float": said}, "list"
    if not isinstance(said, dict):
        raise ServerFault(f"{target}: the answer has no embeddings", body=raw, target=target)
    nothing = {kind: value for kind, value in said.items() if value is None}
    kinds = {kind: value for kind, value in said.items() if value is not None}
    lengths = {len(vectors) if isinstance(vectors, list) else -1 for vectors in kinds.values()}
    if len(lengths) > 1 or -1 in lengths or not all(is_vector(vector) for vectors in kinds.values() for vector in vectors):
        raise ServerFault(f"{target}: the embeddings are no lists of vectors of the same length", body=raw, target=target)
    if nothing:
        fields["embeddings"] = nothing
    if "id" not in fields:
        spelled["id"] = "absent"
    meta = fields.pop("meta") if isinstance(fields.get("meta"), dict) else None
    return Embeddings(
        data=tuple(
            Embedding(index=at, forms={kind: vectors[at] for kind, vectors in kinds.items()})
            for at in range(max(lengths, default=0))
        ),
        id=take(fields, "id", str) or "",
        usage=read_meta(meta, wire) if meta is not None else Usage(),
        extra=fields or None,
        origin=Origin(wire, target.provider),
        spelled=spelled or None,
        headers=headers,
    )


def write_answer(embeddings: Embeddings, request: EmbedRequest, wire: str) -> dict[str, Any]:
    """The answer for a caller of this protocol, whoever gave it."""
    own = is_makers(None, embeddings.origin, embeddings.spelled, wire)
    spelled = (embeddings.spelled or {}) if own else {}
    body: dict[str, Any] = {} if spelled.get("id") == "absent" else {"id": embeddings.id}
    wanted = request.embedding_types or ("float",)
    kinds = tuple(dict.fromkeys(kind for item in embeddings.data for kind in item.forms)) if own else wanted
    said = {kind: [_form(item, kind, own) for item in embeddings.data] for kind in kinds or wanted}
    body["embeddings"] = said["float"] if spelled.get("embeddings") == "list" and "float" in said else said
    if not own:
        if all(isinstance(value, str) for value in request.input):
            body["texts"] = list(request.input)
        body["response_type"] = "embeddings_by_type"
    meta = write_meta(embeddings.usage, wire) if not own or embeddings.usage.wire == wire else None
    if meta is not None:  # of Bedrock's answers only a header counts tokens
        body["meta"] = meta
    if own and embeddings.extra:
        merge_extra(body, embeddings.extra, None, wire, [])
    return body


def _form(item: Embedding, kind: str, own: bool) -> Any:
    """The vector of ``kind``; of another protocol's, the form that comes nearest to what was asked for."""
    if kind in item.forms:
        vector = item.forms[kind]
    else:
        came, vector = next(iter(item.forms.items()))
        if kind == "base64" and came == "float" and isinstance(vector, list):
            return packed(vector)
        kind = came
    if own or kind == "base64" or not isinstance(vector, str):
        return vector
    try:
        return unpacked(vector, kind)
    except ValueError:
        return vector


# -- usage -----------------------------------------------------------------------------------------


def read_meta(meta: dict[str, Any], wire: str) -> Usage:
    """``meta`` says what was billed, and sometimes what was counted. Images are billed at a price of their own."""
    tokens, units = meta.get("tokens"), meta.get("billed_units")
    billed = None
    if (read := count(units, "input_tokens")) is not None:
        images = count(units, "images") or count(units, "image_tokens")
        billed = Usage(uncached_input_tokens=None if images else read, raw=units, wire=wire)
    return Usage(
        uncached_input_tokens=count(tokens, "input_tokens"),
        text_output_tokens=count(tokens, "output_tokens"),
        raw=meta,
        wire=wire,
        billed=billed,
    )


def write_meta(usage: Usage, wire: str) -> dict[str, Any] | None:
    """The provider's own if it was written in this protocol; None if nothing was reported."""
    if usage.raw is not None and usage.wire == wire:
        return usage.raw
    used = read_tokens(usage)
    return None if used is None else {"api_version": {"version": "2"}, "billed_units": {"input_tokens": used}}
