"""Embeddings beside chat, versions 1 and 2 (https://docs.cohere.com/reference/embed, read 2026-11-21)."""

from __future__ import annotations

from turnout.catalog.schema import Provider
from turnout.errors import Error
from turnout.types import Embeddings, EmbedRequest, HttpResponse, ReceiptLine, Target
from turnout.wire import Encoded
from turnout.wire.cohere_chat.faults import read_error, write_error
from turnout.wire.cohere_chat.words import WIRE_NAME
from turnout.wire.embedding_by_type import MOST_INPUTS, read_answer, read_request, write_answer, write_request
from turnout.wire.json_body import answer_object, post, request_object, with_quirks, write
from turnout.wire.response_headers import kept_headers


class CohereEmbedCodec:
    def inputs_per_call(self, request: EmbedRequest, provider: Provider) -> int | None:
        return provider.quirks.inputs_per_call or MOST_INPUTS

    def encode(self, request: EmbedRequest, provider: Provider) -> Encoded:
        lines: list[ReceiptLine] = []
        body = {"model": request.model, **write_request(request, WIRE_NAME, lines)}
        return Encoded(post(f"{provider.base_url}/embed", with_quirks(body, provider, lines), provider), tuple(lines))

    def decode(self, response: HttpResponse, request: EmbedRequest, target: Target) -> Embeddings:
        body = answer_object(response, target)
        if "message" in body and "embeddings" not in body:
            raise read_error(response, target)
        return read_answer(body, request, target, WIRE_NAME, kept_headers(response.headers))

    def decode_error(self, response: HttpResponse, target: Target) -> Error:
        return read_error(response, target)


class CohereEmbedServer:
    def parse(self, body: bytes) -> EmbedRequest:
        return read_request(request_object(body, "model, texts and input_type"), WIRE_NAME)

    def render(self, embeddings: Embeddings, request: EmbedRequest) -> bytes:
        return write(write_answer(embeddings, request, WIRE_NAME), "the answer")

    def render_error(self, error: Error) -> tuple[int, bytes]:
        status, body = write_error(error)
        return status, write(body, "the error")
