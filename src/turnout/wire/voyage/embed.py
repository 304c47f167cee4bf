"""Embeddings: OpenAI's shape with words of Voyage's own. Inputs with images go to an address of their own."""

from __future__ import annotations

from typing import Any

from turnout.catalog.schema import Provider
from turnout.types import Content, EmbedRequest, ReceiptLine
from turnout.wire import Encoded
from turnout.wire.embedding_shape import EmbedDialect, write_request
from turnout.wire.json_body import post
from turnout.wire.shaped_codecs import ShapedEmbedCodec, ShapedEmbedServer
from turnout.wire.voyage.faults import WIRE_NAME, read_error, write_error

MOST_INPUTS = 1000  # https://docs.voyageai.com/reference/embeddings-api (read 2026-11-21)

DIALECT = EmbedDialect(
    wire=WIRE_NAME,
    dimensions=("output_dimension",),
    says_float=False,  # encoding_format is null or base64
    types="output_dtype",
    input_type="input_type",
    input_types={"document": ("document",), "query": ("query",)},
    truncate="truncation",
    content="voyage",
)


class VoyageEmbedCodec(ShapedEmbedCodec):
    def encode(self, request: EmbedRequest, provider: Provider) -> Encoded:
        if not any(isinstance(value, Content) for value in request.input):
            return super().encode(request, provider)
        lines: list[ReceiptLine] = []
        body = write_request(request, provider, DIALECT, lines)
        if "input" in body:
            body["inputs"] = [_content(value) for value in _listed(body.pop("input"))]
        if "encoding_format" in body:
            body["output_encoding"] = body.pop("encoding_format")
        return Encoded(post(f"{provider.base_url}/multimodalembeddings", body, provider), tuple(lines))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _content(value: Any) -> Any:
    return {"content": [{"type": "text", "text": value}]} if isinstance(value, str) else value


EMBED = VoyageEmbedCodec(DIALECT, read_error, most_inputs=MOST_INPUTS)
EMBED_SERVER = ShapedEmbedServer(DIALECT, write_error)
