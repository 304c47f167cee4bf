"""Reranking on Bedrock: ``InvokeModel`` with the body of Cohere's API, which Amazon's own reranker takes too.

The answers of the agents' Rerank API, whose scores are ``relevanceScore``, are understood as well. Read 2026-11-21:
https://docs.aws.amazon.com/bedrock/latest/userguide/rerank-supported.html and
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_Rerank.html
"""

from __future__ import annotations

from msgspec.structs import replace

from turnout.catalog.schema import Provider
from turnout.errors import Error
from turnout.types import HttpResponse, Ranking, ReceiptLine, RerankRequest, Target
from turnout.wire import Encoded
from turnout.wire.bedrock_converse.codec import quoted
from turnout.wire.bedrock_converse.faults import error_of, read_error, write_error
from turnout.wire.bedrock_converse.requests import check_model
from turnout.wire.bedrock_converse.words import WIRE_NAME
from turnout.wire.json_body import answer_object, post
from turnout.wire.ranking_shape import RerankDialect, read_answer, write_request
from turnout.wire.response_headers import kept_headers
from turnout.wire.shaped_codecs import ShapedRerankServer

DIALECT = RerankDialect(wire=WIRE_NAME, max_tokens_per_doc="max_tokens_per_doc", returns=False, says_model=False)
_API_VERSION = 2  # what cohere.rerank models require; Amazon's has no such field


class BedrockRerankCodec:
    def encode(self, request: RerankRequest, provider: Provider) -> Encoded:
        lines: list[ReceiptLine] = []
        body = write_request(replace(request, model=""), provider, DIALECT, lines)
        if "cohere." in request.model:
            body.setdefault("api_version", _API_VERSION)
        url = f"{provider.base_url}/model/{quoted(check_model(request.model))}/invoke"
        return Encoded(post(url, body, provider), tuple(lines))

    def decode(self, response: HttpResponse, request: RerankRequest, target: Target) -> Ranking:
        body = answer_object(response, target)
        if isinstance(body.get("__type"), str):
            raise error_of(body, response.status, target, headers=response.headers)
        return read_answer(body, request, target, DIALECT, kept_headers(response.headers))

    def decode_error(self, response: HttpResponse, target: Target) -> Error:
        return read_error(response, target)


RERANK = BedrockRerankCodec()
RERANK_SERVER = ShapedRerankServer(DIALECT, write_error)
