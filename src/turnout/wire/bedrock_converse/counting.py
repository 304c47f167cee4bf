"""Bedrock's count of a request's tokens, both directions.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html (read 2026-11-21)
"""

from __future__ import annotations

import msgspec

from turnout.catalog.schema import Provider
from turnout.errors import Error, RequestError
from turnout.types import ChatRequest, HttpResponse, ReceiptLine, Target, TokenCount
from turnout.wire import Encoded
from turnout.wire.bedrock_converse.codec import quoted
from turnout.wire.bedrock_converse.faults import read_error, write_error
from turnout.wire.bedrock_converse.requests import check_model, read_request, write_request
from turnout.wire.bedrock_converse.words import WIRE_NAME, is_own
from turnout.wire.json_body import request_object
from turnout.wire.token_counts import counted, of_the_prompt, posted, read_count
from turnout.wire.unsealing import opened

_encode = msgspec.json.Encoder().encode

_ACCEPTED = frozenset(("messages", "system", "toolConfig", "additionalModelRequestFields"))


class _Input(msgspec.Struct):
    converse: msgspec.Raw


class _Body(msgspec.Struct):
    input: _Input


_as_written = msgspec.json.Decoder(_Body).decode


class BedrockCountCodec:
    """Stateless: one instance serves every provider that speaks this protocol."""

    def encode(self, request: ChatRequest, provider: Provider) -> Encoded:
        lines: list[ReceiptLine] = []
        model = quoted(check_model(request.model))
        body = write_request(request, provider, lines)
        lines = [*of_the_prompt(lines)]
        body = {"input": {"converse": counted(body, _ACCEPTED, (), lines)}}
        headers = {"accept": "application/json", **provider.headers}
        return Encoded(posted(f"{provider.base_url}/model/{model}/count-tokens", headers, body), tuple(lines))

    def decode(self, response: HttpResponse, target: Target) -> TokenCount:
        return read_count(response, target, WIRE_NAME, "inputTokens", read_error)

    def decode_error(self, response: HttpResponse, target: Target) -> Error:
        return read_error(response, target)


class BedrockCountServer:
    """Of a Converse request. One of InvokeModel is in the model's own protocol, and is refused with words that say so."""

    def parse(self, body: bytes) -> ChatRequest:
        given = request_object(body, "input").get("input")
        converse = given.get("converse") if isinstance(given, dict) else None
        if not isinstance(converse, dict):
            raise RequestError("input: expected {converse: …}; what InvokeModel takes cannot be counted here", param="input")
        return opened(read_request(converse, bytes(_as_written(body).input.converse)), body)

    def render(self, count: TokenCount) -> bytes:
        return _encode({"inputTokens": count.input_tokens, **((count.extra or {}) if is_own(count.origin) else {})})

    def render_error(self, error: Error) -> tuple[int, bytes]:
        status, body = write_error(error)
        return status, _encode(body)


COUNT = BedrockCountCodec()
COUNT_SERVER = BedrockCountServer()
