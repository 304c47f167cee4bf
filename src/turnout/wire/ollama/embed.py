"""Embeddings: ``/api/embed``, and ``/api/embeddings`` of old for callers that still speak it.

https://docs.ollama.com/api/embed (read 2026-11-21)
"""

from __future__ import annotations

from typing import Any

from turnout.catalog.schema import Provider
from turnout.errors import Error, RequestError, ServerFault
from turnout.receipt import approximated, dropped
from turnout.types import Embedding, Embeddings, EmbedRequest, HttpResponse, Origin, ReceiptLine, Target, Usage
from turnout.wire import Encoded
from turnout.wire.embedding_inputs import read_inputs, write_inputs
from turnout.wire.embedding_shape import is_vector
from turnout.wire.input_usage import read_tokens
from turnout.wire.json_body import answer_object, merge_extra, post, request_object, take, take_model, with_quirks, write
from turnout.wire.ollama.faults import error_of, read_error, write_error
from turnout.wire.ollama.usage import take_usage
from turnout.wire.ollama.words import WIRE_NAME, is_own
from turnout.wire.response_headers import kept_headers

_ORIGIN = Origin(WIRE_NAME)


class OllamaEmbedCodec:
    def inputs_per_call(self, request: EmbedRequest, provider: Provider) -> int | None:
        return provider.quirks.inputs_per_call

    def encode(self, request: EmbedRequest, provider: Provider) -> Encoded:
        lines: list[ReceiptLine] = []
        body = with_quirks(_write_request(request, lines), provider, lines)
        root = provider.base_url.removesuffix("/v1").removesuffix("/api")  # as for chat: people have written all three
        url = f"{root}/api/{'embeddings' if 'prompt' in body else 'embed'}"
        return Encoded(post(url, body, provider), tuple(lines))

    def decode(self, response: HttpResponse, request: EmbedRequest, target: Target) -> Embeddings:
        body = answer_object(response, target)
        if body.get("error") and "embeddings" not in body:
            raise error_of(body, None, target)
        return _read_answer(body, target, kept_headers(response.headers))

    def decode_error(self, response: HttpResponse, target: Target) -> Error:
        return read_error(response, target)


class OllamaEmbedServer:
    def parse(self, body: bytes) -> EmbedRequest:
        return _read_request(request_object(body, "model and input"))

    def render(self, embeddings: Embeddings, request: EmbedRequest) -> bytes:
        return write(_write_answer(embeddings, request), "the answer")

    def render_error(self, error: Error) -> tuple[int, bytes]:
        status, body = write_error(error)
        return status, write(body, "the error")


def _read_request(raw: dict[str, Any]) -> EmbedRequest:
    fields, spelled = dict(raw), dict[str, str]()
    model = take_model(fields)
    name = "prompt" if "input" not in fields and isinstance(fields.get("prompt"), str) else "input"
    inputs = read_inputs(fields.pop(name, None), _ORIGIN, spelled, name)
    if name == "prompt":
        spelled["input"] = name
    cut = take(fields, "truncate", bool)
    return EmbedRequest(
        model=model,
        input=inputs,
        dimensions=take(fields, "dimensions", int),
        truncate=None if cut is None else "end" if cut else "none",
        extra=fields or None,
        origin=_ORIGIN,
        spelled=spelled or None,
    )


def _write_request(request: EmbedRequest, lines: list[ReceiptLine]) -> dict[str, Any]:
    own = is_own(request.origin)
    form = (request.spelled or {}).get("input") if own else None
    inputs = write_inputs(request, WIRE_NAME, "none", lines)
    if not inputs and not own:
        raise RequestError("input: nothing to embed", param="input")
    body: dict[str, Any] = {"model": request.model}
    body["prompt" if form == "prompt" else "input"] = inputs[0] if form in ("one", "prompt") and len(inputs) == 1 else inputs
    if request.dimensions is not None:
        body["dimensions"] = request.dimensions
    if request.truncate is not None:
        body["truncate"] = request.truncate != "none"
        if request.truncate == "start":
            lines.append(approximated("request", "truncate", f"{WIRE_NAME} cuts off the end, not the start"))
    unsaid = (("encoding_format", "float"), ("embedding_types", ("float",)), ("input_type", None), ("user", None))
    for field, absent in unsaid:
        if getattr(request, field) not in (None, absent):
            lines.append(dropped("request", field, f"{WIRE_NAME} has no field for it"))
    merge_extra(body, request.extra, request.origin, WIRE_NAME, lines)
    return body


def _read_answer(raw: dict[str, Any], target: Target, headers: dict[str, str] | None) -> Embeddings:
    fields, spelled = dict(raw), dict[str, str]()
    vectors = fields.pop("embeddings", None)
    if vectors is None and is_vector(fields.get("embedding")):
        vectors, spelled["form"] = [fields.pop("embedding")], "embedding"
    if not isinstance(vectors, list) or not all(is_vector(vector) for vector in vectors):
        raise ServerFault(f"{target}: the answer has no embeddings", body=raw, target=target)
    if "model" not in fields:
        spelled["model"] = "absent"
    return Embeddings(
        data=tuple(Embedding(index=at, forms={"float": vector}) for at, vector in enumerate(vectors)),
        model=take(fields, "model", str) or "",
        usage=take_usage(fields) or Usage(),
        extra=fields or None,
        origin=Origin(WIRE_NAME, target.provider),
        spelled=spelled or None,
        headers=headers,
    )


def _write_answer(embeddings: Embeddings, request: EmbedRequest) -> dict[str, Any]:
    own = is_own(embeddings.origin)
    spelled = (embeddings.spelled or {}) if own else {}
    vectors = [item.numbers for item in embeddings.data]
    legacy = spelled.get("form") == "embedding" or (not own and (request.spelled or {}).get("input") == "prompt")
    if legacy:
        body: dict[str, Any] = {"embedding": vectors[0] if vectors else []}
    else:
        body = {"model": embeddings.model or request.model, "embeddings": vectors}
        if spelled.get("model") == "absent":
            del body["model"]
    if embeddings.usage.wire == WIRE_NAME and embeddings.usage.raw is not None:
        body |= embeddings.usage.raw
    elif not own and not legacy and (used := read_tokens(embeddings.usage)) is not None:
        body["prompt_eval_count"] = used
    return body | (embeddings.extra or {}) if own else body
