"""The side that speaks to providers."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from turnout.catalog.schema import Provider
from turnout.errors import Error, RequestError
from turnout.types import ChatRequest, Completion, HttpRequest, HttpResponse, ReceiptLine, Target
from turnout.wire import Encoded
from turnout.wire.aws_events import CONTENT_TYPE
from turnout.wire.bedrock_converse.answers import read_completion
from turnout.wire.bedrock_converse.decoder import BedrockConverseDecoder
from turnout.wire.bedrock_converse.faults import error_of, read_error
from turnout.wire.bedrock_converse.messages import answer_inputs
from turnout.wire.bedrock_converse.requests import check_model, write_request
from turnout.wire.json_body import answer_object
from turnout.wire.response_headers import kept_headers, request_id

_encode = msgspec.json.Encoder().encode
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


class BedrockConverseCodec:
    """Stateless: one instance serves every provider that speaks this protocol."""

    def encode(self, request: ChatRequest, provider: Provider, *, stream: bool) -> Encoded:
        lines: list[ReceiptLine] = []
        model = quoted(check_model(request.model))
        body = write_request(request, provider, lines)
        try:
            written = _encode(body)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise RequestError(f"the request cannot be written as JSON: {error}") from error
        accept = CONTENT_TYPE if stream else "application/json"
        http = HttpRequest(
            method="POST",
            url=f"{provider.base_url}/model/{model}/{'converse-stream' if stream else 'converse'}",
            headers={"content-type": "application/json", "accept": accept, **provider.headers},
            body=written,
        )
        return Encoded(http, tuple(lines))

    def decode(self, response: HttpResponse, target: Target) -> Completion:
        body = answer_object(response, target)
        if isinstance(body.get("__type"), str) and "output" not in body:
            raise error_of(body, response.status, target, headers=response.headers)
        id = request_id(response.headers) or ""
        completion = read_completion(body, target, answer_inputs(response.body), id)
        headers = kept_headers(response.headers)
        return completion if headers is None else replace(completion, headers=headers)

    def decode_error(self, response: HttpResponse, target: Target) -> Error:
        return read_error(response, target)

    def decoder(self, target: Target) -> BedrockConverseDecoder:
        return BedrockConverseDecoder(target)


def quoted(model: str) -> str:
    """A model's id or ARN as one segment of a path (RFC 3986 section 2.3); ARNs hold slashes and colons."""
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in model.encode("utf-8", "surrogatepass"))
