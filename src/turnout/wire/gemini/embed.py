"""Embeddings: ``embedContent`` for one content, ``batchEmbedContents`` for several.

https://ai.google.dev/api/embeddings, and Vertex AI's settings in an object of their own, embedContentConfig:
https://cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.publishers.models/embedContent (read 2026-11-21)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from turnout.catalog.schema import Provider
from turnout.errors import Error, RequestError, ServerFault, Unsupported
from turnout.receipt import dropped
from turnout.types import (
    Content,
    Embedding,
    Embeddings,
    EmbedInput,
    EmbedRequest,
    HttpResponse,
    Origin,
    ReceiptLine,
    Target,
    Text,
    Usage,
)
from turnout.wire import Encoded
from turnout.wire.embedding_shape import is_vector, write_word
from turnout.wire.gemini.codec import resource
from turnout.wire.gemini.faults import error_of, read_error, write_error
from turnout.wire.gemini.part_writer import PartWriter
from turnout.wire.gemini.parts import read_part
from turnout.wire.gemini.usage import read_usage, write_usage
from turnout.wire.gemini.words import ORIGIN, WIRE_NAME, Spelled, deep_merge, find, is_own, take
from turnout.wire.json_body import answer_object, merge_extra, post, request_object, with_quirks, write
from turnout.wire.response_headers import kept_headers

# https://ai.google.dev/gemini-api/docs/embeddings: a batch holds at most 100 requests (read 2026-11-21)
MOST_INPUTS = 100

TASKS: Mapping[str, tuple[str, ...]] = {
    "query": ("RETRIEVAL_QUERY",),
    "document": ("RETRIEVAL_DOCUMENT",),
    "similarity": ("SEMANTIC_SIMILARITY",),
    "classification": ("CLASSIFICATION",),
    "clustering": ("CLUSTERING",),
    "question_answering": ("QUESTION_ANSWERING",),
    "fact_verification": ("FACT_VERIFICATION",),
    "code_query": ("CODE_RETRIEVAL_QUERY",),
}
_OURS = {theirs[0]: ours for ours, theirs in TASKS.items()}


class GeminiEmbedCodec:
    def inputs_per_call(self, request: EmbedRequest, provider: Provider) -> int | None:
        return provider.quirks.inputs_per_call or MOST_INPUTS

    def encode(self, request: EmbedRequest, provider: Provider) -> Encoded:
        lines: list[ReceiptLine] = []
        model = resource(request.model)
        form = (request.spelled or {}).get("form") if is_own(request.origin) else None
        if form == "one" or (form is None and len(request.input) == 1):
            method, body = "embedContent", _write_item(request, 0, lines)
        else:
            items = [{"model": model, **_write_item(request, at, lines)} for at in range(len(request.input))]
            method, body = "batchEmbedContents", {"requests": items}
        _report(request, lines)
        merge_extra(body, request.extra, request.origin, WIRE_NAME, lines)
        body = with_quirks(body, provider, lines)
        return Encoded(post(f"{provider.base_url}/{model}:{method}", body, provider), tuple(dict.fromkeys(lines)))

    def decode(self, response: HttpResponse, request: EmbedRequest, target: Target) -> Embeddings:
        body = answer_object(response, target)
        headers = kept_headers(response.headers)
        if body.get("error") is not None and "embeddings" not in body:
            raise error_of(body, None, target, headers=headers)
        return _read_answer(body, target, headers)

    def decode_error(self, response: HttpResponse, target: Target) -> Error:
        return read_error(response, target)


class GeminiEmbedServer:
    """The address says the model and whether it is one content or a batch; the body says the second too."""

    def parse(self, body: bytes) -> EmbedRequest:
        return _read_request(request_object(body, "content, or requests"))

    def render(self, embeddings: Embeddings, request: EmbedRequest) -> bytes:
        return write(_write_answer(embeddings, request), "the answer")

    def render_error(self, error: Error) -> tuple[int, bytes]:
        status, body = write_error(error)
        return status, write(body, "the error")


# -- requests --------------------------------------------------------------------------------------


def _read_request(raw: dict[str, Any]) -> EmbedRequest:
    fields = dict(raw)
    if "requests" not in fields:
        return _joined([fields], {}, "one", [])
    items = fields.pop("requests")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise RequestError("requests: expected a list of objects with content", param="requests")
    named = items[0].get("model") if items and all(item.get("model") == items[0].get("model") for item in items) else None
    model = [named] if isinstance(named, str) and named.startswith("models/") else []
    if model:
        items = [{name: value for name, value in item.items() if name != "model"} for item in items]
    return _joined(items, fields, "batch", model)


def _joined(items: list[dict[str, Any]], rest: dict[str, Any], form: str, model: list[str]) -> EmbedRequest:
    """Settings that all items share are the request's; any other stay with their item."""
    contents = [dict(item) for item in items]
    spelled: Spelled = {"form": form}
    known: dict[str, Any] = {}
    holders = contents
    if contents and all(isinstance(item.get("embedContentConfig"), dict) for item in contents):
        holders = [dict(item["embedContentConfig"]) for item in contents]
        spelled["settings"] = "embedContentConfig"
        for item, holder in zip(contents, holders, strict=True):
            item["embedContentConfig"] = holder
    for ours, theirs, kind in (("input_type", "taskType", str), ("dimensions", "outputDimensionality", int)):
        keys = {find(holder, theirs, {}) for holder in holders}
        key = keys.pop() if len(keys) == 1 else None
        values = [holder.get(key) for holder in holders] if key is not None else []
        value = values[0] if values and all(other == values[0] for other in values) else None
        said = _OURS.get(value) if ours == "input_type" and isinstance(value, str) else value
        if said is not None and type(value) is kind:
            known[ours] = said
            for holder in holders:
                take(holder, theirs, kind, spelled)
    for item in contents:
        if item.get("embedContentConfig") == {}:
            del item["embedContentConfig"]
    return EmbedRequest(
        model=model[0].removeprefix("models/") if model else "",
        input=tuple(_read_input(item, f"requests[{at}]" if form == "batch" else "body") for at, item in enumerate(contents)),
        extra=rest or None,
        origin=ORIGIN,
        spelled=spelled,
        **known,
    )


def _read_input(fields: dict[str, Any], path: str) -> EmbedInput:
    content = fields.pop("content", None)
    if not isinstance(content, dict) or not isinstance(content.get("parts"), list):
        raise RequestError(f"{path}.content: expected an object with parts", param="content")
    for at, part in enumerate(content["parts"]):
        if not isinstance(part, dict):
            raise RequestError(f"{path}.content.parts[{at}]: expected an object", param="content")
    match content["parts"]:
        case [{"text": str(text)}] if len(content) == 1 and len(content["parts"][0]) == 1 and not fields:
            return text
    rest = {name: value for name, value in content.items() if name != "parts"}
    extra = fields | ({"content": rest} if rest else {})
    return Content(tuple(read_part(part, ORIGIN) for part in content["parts"]), extra=extra or None, origin=ORIGIN)


def _write_item(request: EmbedRequest, at: int, lines: list[ReceiptLine]) -> dict[str, Any]:
    if at >= len(request.input):
        raise RequestError("input: nothing to embed", param="input")
    own = is_own(request.origin)
    spelled = (request.spelled or {}) if own else {}
    settings: dict[str, Any] = {}
    if request.input_type is not None:
        word = write_word(request.input_type, TASKS, None, WIRE_NAME, "input_type", lines)
        settings |= {spelled.get("taskType", "taskType"): word} if word is not None else {}
    if request.dimensions is not None:
        settings[spelled.get("outputDimensionality", "outputDimensionality")] = request.dimensions
    item = {"content": _write_content(request.input[at], f"input[{at}]", lines)}
    nested = spelled.get("settings") == "embedContentConfig" and settings
    item |= {"embedContentConfig": settings} if nested else settings
    value = request.input[at]
    if isinstance(value, Content) and value.extra and is_own(value.origin):
        deep_merge(item, value.extra)
    return item


def _write_content(value: EmbedInput, path: str, lines: list[ReceiptLine]) -> dict[str, Any]:
    if isinstance(value, str):
        return {"parts": [{"text": value}]}
    if not isinstance(value, Content):
        raise Unsupported(f"{path} is a list of token ids, and {WIRE_NAME} embeds texts: send the text")
    writer, parts = PartWriter(WIRE_NAME, lines), []
    for at, part in enumerate(value.parts):
        written = (
            {"text": part.text}
            if isinstance(part, Text) and not part.extra
            else writer.write(part, f"{path}.parts[{at}]", value.origin)
        )
        if written is None:
            raise Unsupported(f"{path}.parts[{at}] is a {type(part).__name__.lower()}, which {WIRE_NAME} cannot embed")
        parts.append(written)
    return {"parts": parts}


def _report(request: EmbedRequest, lines: list[ReceiptLine]) -> None:
    """What this protocol has no field for."""
    if request.encoding_format not in (None, "float"):
        lines.append(dropped("request", "encoding_format", f"{WIRE_NAME} writes vectors as lists of numbers"))
    if request.embedding_types not in (None, ("float",)):
        lines.append(dropped("request", "embedding_types", f"{WIRE_NAME} gives vectors of floats and no others"))
    if request.truncate is not None:
        lines.append(dropped("request", "truncate", f"{WIRE_NAME} has no field that says what to cut"))
    if request.user is not None:
        lines.append(dropped("request", "user", f"{WIRE_NAME} has no field for the user"))


# -- answers ---------------------------------------------------------------------------------------


def _read_answer(raw: dict[str, Any], target: Target, headers: dict[str, str] | None) -> Embeddings:
    fields, spelled = dict(raw), dict[str, str]()
    items = fields.pop("embeddings", None)
    if items is None and isinstance(fields.get("embedding"), dict):
        items, spelled["form"] = [fields.pop("embedding")], "one"
    if not isinstance(items, list) or not all(isinstance(item, dict) and is_vector(item.get("values")) for item in items):
        raise ServerFault(f"{target}: the answer has no embeddings", body=raw, target=target)
    data = [
        Embedding(
            index=at,
            forms={"float": item["values"]},
            extra={name: value for name, value in item.items() if name != "values"} or None,
        )
        for at, item in enumerate(items)
    ]
    usage = fields.pop("usageMetadata") if isinstance(fields.get("usageMetadata"), dict) else None
    return Embeddings(
        data=tuple(data),
        usage=read_usage(usage) if usage is not None else Usage(),
        extra=fields or None,
        origin=Origin(WIRE_NAME, target.provider),
        spelled=spelled or None,
        headers=headers,
    )


def _write_answer(embeddings: Embeddings, request: EmbedRequest) -> dict[str, Any]:
    own = is_own(embeddings.origin)
    spelled = (embeddings.spelled if own else request.spelled) or {}
    items = []
    for item in embeddings.data:
        written: dict[str, Any] = {"values": item.numbers}
        items.append(written | (item.extra or {}) if own else written)
    body: dict[str, Any] = {"embedding": items[0]} if spelled.get("form") == "one" and items else {"embeddings": items}
    if (usage := write_usage(embeddings.usage)) is not None:
        body["usageMetadata"] = {name: value for name, value in usage.items() if own or name == "promptTokenCount"}
    return body | (embeddings.extra or {}) if own else body
