"""The body of Amazon Titan's embedding models: one text, one image, or both, and one vector.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html (read 2026-11-21)
"""

from __future__ import annotations

from typing import Any

from turnout.errors import RequestError, ServerFault, Unsupported
from turnout.receipt import dropped
from turnout.types import (
    Content,
    DataSource,
    Embedding,
    Embeddings,
    EmbedInput,
    EmbedRequest,
    Image,
    Origin,
    ReceiptLine,
    Target,
    Text,
    Usage,
)
from turnout.wire.embedding_inputs import plain_text
from turnout.wire.embedding_shape import is_vector
from turnout.wire.input_usage import read_tokens
from turnout.wire.json_body import count, deep_merge, is_makers, merge_extra, take

MOST_INPUTS = 1

_COUNT = "inputTextTokenCount"


def read_request(raw: dict[str, Any], wire: str) -> EmbedRequest:
    fields, origin, spelled = dict(raw), Origin(wire), {"maker": "titan"}
    text, image = take(fields, "inputText", str), take(fields, "inputImage", str)
    value: EmbedInput = text if text is not None else ""
    if image is not None:
        shown = Image(DataSource(image), origin=origin)
        value = Content((shown,) if text is None else (Text(text), shown), origin=origin)
    elif text is None:
        raise RequestError("inputText: expected a text", param="inputText")
    types = fields.get("embeddingTypes")
    if isinstance(types, list) and types and all(isinstance(kind, str) for kind in types):
        del fields["embeddingTypes"]
    else:
        types = None
    dimensions = take(fields, "dimensions", int)
    config = fields.get("embeddingConfig")
    if dimensions is None and isinstance(config, dict) and type(config.get("outputEmbeddingLength")) is int:
        rest = dict(fields.pop("embeddingConfig"))
        dimensions, spelled["dimensions"] = rest.pop("outputEmbeddingLength"), "embeddingConfig"
        fields |= {"embeddingConfig": rest} if rest else {}
    return EmbedRequest(
        model="",
        input=(value,),
        dimensions=dimensions,
        embedding_types=tuple(types) if types else None,
        extra=fields or None,
        origin=origin,
        spelled=spelled,
    )


def write_request(request: EmbedRequest, wire: str, lines: list[ReceiptLine]) -> dict[str, Any]:
    if len(request.input) != 1:
        raise RequestError(f"input: Titan embeds one input a call, got {len(request.input)}", param="input")
    own = is_makers("titan", request.origin, request.spelled, wire)
    body: dict[str, Any] = _inputs(request.input[0], lines)
    if request.dimensions is not None:
        # The models that embed images say it in an object: model-parameters-titan-embed-mm.html, beside the page above.
        nested = (request.spelled or {}).get("dimensions") == "embeddingConfig" if own else "titan-embed-image" in request.model
        body |= (
            {"embeddingConfig": {"outputEmbeddingLength": request.dimensions}} if nested else {"dimensions": request.dimensions}
        )
    if request.embedding_types is not None and (own or request.embedding_types != ("float",)):
        body["embeddingTypes"] = list(request.embedding_types)
    for field, absent in (("encoding_format", "float"), ("input_type", None), ("truncate", None), ("user", None)):
        if getattr(request, field) not in (None, absent):
            lines.append(dropped("request", field, "Amazon Titan has no field for it"))
    merge_extra(body, request.extra, None if own else request.origin, "Amazon Titan", lines)
    return body


def _inputs(value: EmbedInput, lines: list[ReceiptLine]) -> dict[str, Any]:
    if isinstance(value, str):
        return {"inputText": value}
    if not isinstance(value, Content):
        raise Unsupported("input[0] is a list of token ids, and Titan embeds texts: send the text")
    if (text := plain_text(value, lines, "input[0]")) is not None:
        return {"inputText": text}
    body: dict[str, Any] = {}
    for part in value.parts:
        match part:
            case Text(text=said) if "inputText" not in body:
                body["inputText"] = said
            case Image(source=DataSource(data=data)) if "inputImage" not in body:
                body["inputImage"] = data
            case _:
                raise Unsupported("input[0]: Titan embeds one text, one image as base64, or one of each, and nothing else")
    return body


def read_answer(
    raw: dict[str, Any], request: EmbedRequest, target: Target, wire: str, headers: dict[str, str] | None
) -> Embeddings:
    fields, spelled = dict(raw), {"maker": "titan", "forms": "by type"}
    kinds, whole = fields.get("embeddingsByType"), fields.get("embedding")
    forms: dict[str, Any] = {}
    if isinstance(kinds, dict) and kinds and all(is_vector(vector) for vector in kinds.values()):
        forms = fields.pop("embeddingsByType")
    if is_vector(whole) and (not forms or forms.get("float") == whole):
        spelled["forms"] = "both" if forms else "one"
        forms = forms or {"float": whole}
        del fields["embedding"]
    if not forms:
        raise ServerFault(f"{target}: the answer has no embedding", body=raw, target=target)
    tokens = {_COUNT: fields.pop(_COUNT)} if count(fields, _COUNT) is not None else None
    return Embeddings(
        data=(Embedding(index=0, forms=forms),),
        usage=Usage(uncached_input_tokens=count(tokens, _COUNT), raw=tokens, wire=wire) if tokens is not None else Usage(),
        extra=fields or None,
        origin=Origin(wire, target.provider),
        spelled=spelled,
        headers=headers,
    )


def write_answer(embeddings: Embeddings, request: EmbedRequest, wire: str) -> dict[str, Any]:
    own = is_makers("titan", embeddings.origin, embeddings.spelled, wire)
    spelled = (embeddings.spelled or {}) if own else {}
    body: dict[str, Any] = {}
    if embeddings.data:
        item = embeddings.data[0]
        form = spelled.get("forms", "one")
        if form != "by type":
            body["embedding"] = item.forms.get("float", item.numbers)
        if form != "one" or request.embedding_types is not None:
            body["embeddingsByType"] = dict(item.forms)
    if embeddings.usage.wire == wire and embeddings.usage.raw is not None:
        body |= embeddings.usage.raw
    elif not own and (used := read_tokens(embeddings.usage)) is not None:
        body[_COUNT] = used
    return deep_merge(body, embeddings.extra or {}) if own else body
