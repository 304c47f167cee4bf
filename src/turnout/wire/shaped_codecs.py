"""Codecs and servers of embeddings and reranking for the protocols that share a shape: a dialect, an address, and errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from turnout.catalog.schema import Provider
from turnout.errors import Error
from turnout.types import (
    Content,
    Embeddings,
    EmbedRequest,
    HttpResponse,
    Ranking,
    ReceiptLine,
    RerankRequest,
    Target,
    Usage,
)
from turnout.wire import Encoded, embedding_shape, ranking_shape
from turnout.wire.embedding_shape import EmbedDialect
from turnout.wire.input_usage import write_usage
from turnout.wire.json_body import answer_object, post, request_object, write
from turnout.wire.ranking_shape import RerankDialect
from turnout.wire.response_headers import kept_headers

ReadError = Callable[[HttpResponse, Target], Error]
WriteError = Callable[[Error], tuple[int, Any]]
WriteUsage = Callable[[Usage, str], dict[str, Any] | None]


class ShapedEmbedCodec:
    """``content_path`` is where inputs of several parts go, if elsewhere; ``most_inputs`` what one exchange takes."""

    def __init__(
        self,
        dialect: EmbedDialect,
        read_error: ReadError,
        *,
        path: str = "/embeddings",
        content_path: str = "",
        most_inputs: int | None = None,
    ) -> None:
        self._dialect = dialect
        self._read_error = read_error
        self._path = path
        self._content_path = content_path
        self._most_inputs = most_inputs

    def inputs_per_call(self, request: EmbedRequest, provider: Provider) -> int | None:
        return provider.quirks.inputs_per_call or self._most_inputs

    def encode(self, request: EmbedRequest, provider: Provider) -> Encoded:
        lines: list[ReceiptLine] = []
        body = embedding_shape.write_request(request, provider, self._dialect, lines)
        path = self._path
        if self._content_path and any(isinstance(value, Content) for value in request.input):
            path = self._content_path
        return Encoded(post(f"{provider.base_url}{path}", body, provider), tuple(lines))

    def decode(self, response: HttpResponse, request: EmbedRequest, target: Target) -> Embeddings:
        body = answer_object(response, target)
        if body.get("error") and "data" not in body:
            raise self._read_error(response, target)
        return embedding_shape.read_answer(body, request, target, self._dialect, kept_headers(response.headers))

    def decode_error(self, response: HttpResponse, target: Target) -> Error:
        return self._read_error(response, target)


class ShapedEmbedServer:
    def __init__(self, dialect: EmbedDialect, write_error: WriteError) -> None:
        self._dialect = dialect
        self._write_error = write_error

    def parse(self, body: bytes) -> EmbedRequest:
        return embedding_shape.read_request(request_object(body, "model and input"), self._dialect)

    def render(self, embeddings: Embeddings, request: EmbedRequest) -> bytes:
        return write(embedding_shape.write_answer(embeddings, request, self._dialect), "the answer")

    def render_error(self, error: Error) -> tuple[int, bytes]:
        status, body = self._write_error(error)
        return status, write(body, "the error")


class ShapedRerankCodec:
    def __init__(self, dialect: RerankDialect, read_error: ReadError, *, path: str = "/rerank") -> None:
        self._dialect = dialect
        self._read_error = read_error
        self._path = path

    def encode(self, request: RerankRequest, provider: Provider) -> Encoded:
        lines: list[ReceiptLine] = []
        body = ranking_shape.write_request(request, provider, self._dialect, lines)
        return Encoded(post(f"{provider.base_url}{self._path}", body, provider), tuple(lines))

    def decode(self, response: HttpResponse, request: RerankRequest, target: Target) -> Ranking:
        body = answer_object(response, target)
        if body.get("error") and self._dialect.results not in body:
            raise self._read_error(response, target)
        return ranking_shape.read_answer(body, request, target, self._dialect, kept_headers(response.headers))

    def decode_error(self, response: HttpResponse, target: Target) -> Error:
        return self._read_error(response, target)


class ShapedRerankServer:
    def __init__(self, dialect: RerankDialect, write_error: WriteError, write_usage: WriteUsage = write_usage) -> None:
        self._dialect = dialect
        self._write_error = write_error
        self._write_usage = write_usage

    def parse(self, body: bytes) -> RerankRequest:
        return ranking_shape.read_request(request_object(body, "model, query and documents"), self._dialect)

    def render(self, ranking: Ranking, request: RerankRequest) -> bytes:
        usage = self._write_usage(ranking.usage, self._dialect.wire)
        return write(ranking_shape.write_answer(ranking, request, self._dialect, usage), "the answer")

    def render_error(self, error: Error) -> tuple[int, bytes]:
        status, body = self._write_error(error)
        return status, write(body, "the error")
