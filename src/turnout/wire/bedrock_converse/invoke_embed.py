"""Embeddings on Bedrock: ``InvokeModel``, whose body is that of the model's maker: Amazon's Titan and Nova, or Cohere.

The address says the model, the body whose it is. Read 2026-11-21:
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html (and -titan-embed-mm.html),
https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed.html and
https://docs.aws.amazon.com/nova/latest/userguide/embeddings-schema.html
"""

from __future__ import annotations

import re
from typing import Any, Protocol

from msgspec.structs import replace

from turnout.catalog.schema import Provider
from turnout.errors import Error, RequestError, Unsupported
from turnout.types import Embeddings, EmbedRequest, HttpResponse, ReceiptLine, Target, Usage
from turnout.wire import Encoded, embedding_by_type
from turnout.wire.bedrock_converse import nova_embed, titan_embed
from turnout.wire.bedrock_converse.codec import quoted
from turnout.wire.bedrock_converse.faults import error_of, read_error, write_error
from turnout.wire.bedrock_converse.requests import check_model
from turnout.wire.bedrock_converse.words import WIRE_NAME
from turnout.wire.json_body import answer_object, count, post, request_object, with_quirks, write
from turnout.wire.response_headers import kept_headers, request_id


class _Maker(Protocol):
    """A maker's body, both directions."""

    MOST_INPUTS: int

    def read_request(self, raw: dict[str, Any], wire: str) -> EmbedRequest: ...
    def write_request(self, request: EmbedRequest, wire: str, lines: list[ReceiptLine]) -> dict[str, Any]: ...
    def read_answer(
        self, raw: dict[str, Any], request: EmbedRequest, target: Target, wire: str, headers: dict[str, str] | None
    ) -> Embeddings: ...
    def write_answer(self, embeddings: Embeddings, request: EmbedRequest, wire: str) -> dict[str, Any]: ...


# What stands in the id of a model (after a region or an ARN's path) -> whose body it takes. All take what they are given in
# one region as in another; ids are listed at https://docs.aws.amazon.com/bedrock/latest/userguide/models-supported.html.
_MAKERS: tuple[tuple[re.Pattern[str], _Maker], ...] = (
    (re.compile(r"amazon\.titan-embed"), titan_embed),
    (re.compile(r"amazon\.nova-.*embed"), nova_embed),
    (re.compile(r"cohere\.embed"), embedding_by_type),
)
_TOKENS = "x-amzn-bedrock-input-token-count"


class BedrockEmbedCodec:
    def inputs_per_call(self, request: EmbedRequest, provider: Provider) -> int | None:
        return _maker(request.model).MOST_INPUTS

    def encode(self, request: EmbedRequest, provider: Provider) -> Encoded:
        lines: list[ReceiptLine] = []
        body = _maker(request.model).write_request(request, WIRE_NAME, lines)
        url = f"{provider.base_url}/model/{quoted(check_model(request.model))}/invoke"
        return Encoded(post(url, with_quirks(body, provider, lines), provider), tuple(lines))

    def decode(self, response: HttpResponse, request: EmbedRequest, target: Target) -> Embeddings:
        body = answer_object(response, target)
        if isinstance(body.get("__type"), str):
            raise error_of(body, response.status, target, headers=response.headers)
        headers = kept_headers(response.headers)
        answer = _maker_of(body, titan_embed).read_answer(body, request, target, WIRE_NAME, headers)
        usage = answer.usage
        if usage.input_tokens is None and (tokens := _header_count(response)) is not None:
            usage = Usage(uncached_input_tokens=tokens, raw=usage.raw, wire=usage.wire, billed=usage.billed)
        return replace(answer, usage=usage, id=answer.id or request_id(response.headers) or "")

    def decode_error(self, response: HttpResponse, target: Target) -> Error:
        return read_error(response, target)


class BedrockEmbedServer:
    """Whoever serves ``/model/{modelId}/invoke`` puts in the model that the path says."""

    def parse(self, body: bytes) -> EmbedRequest:
        raw = request_object(body, "inputText, texts, or taskType")
        return _maker_of(raw, None).read_request(raw, WIRE_NAME)

    def render(self, embeddings: Embeddings, request: EmbedRequest) -> bytes:
        maker = (request.spelled or {}).get("maker") or (embeddings.spelled or {}).get("maker")
        named = {"titan": titan_embed, "nova": nova_embed}.get(maker or "", embedding_by_type)
        return write(named.write_answer(embeddings, request, WIRE_NAME), "the answer")

    def render_error(self, error: Error) -> tuple[int, bytes]:
        status, body = write_error(error)
        return status, write(body, "the error")


def _maker(model: str) -> _Maker:
    maker = next((maker for pattern, maker in _MAKERS if pattern.search(model)), None)
    if maker is None:
        raise Unsupported(
            f"Bedrock embeds with the body of the model's maker, and {model!r} is of none that is known: a name has "
            "amazon.titan-embed, amazon.nova-…-embed or cohere.embed in it"
        )
    return maker


def _maker_of(raw: dict[str, Any], otherwise: _Maker | None) -> _Maker:
    """Whose body ``raw`` is: by the fields that only one maker's requests or answers have."""
    if "taskType" in raw or "singleEmbeddingParams" in raw:
        return nova_embed
    if "inputText" in raw or "inputImage" in raw or "embedding" in raw:
        return titan_embed
    said = raw.get("embeddings")
    if isinstance(said, list) and said and isinstance(said[0], dict):
        return nova_embed
    if "texts" in raw or "images" in raw or "inputs" in raw or said is not None:
        return embedding_by_type
    if otherwise is None:
        raise RequestError("the body is no request for embeddings: expected inputText, texts, images, inputs or taskType")
    return otherwise


def _header_count(response: HttpResponse) -> int | None:
    said = response.headers.get(_TOKENS, "")
    return count({"tokens": int(said)}, "tokens") if said.isascii() and said.isdigit() and len(said) < 16 else None
