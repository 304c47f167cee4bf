"""The side that speaks to providers."""

from __future__ import annotations

import msgspec

from turnout.catalog.schema import Provider
from turnout.errors import Error, RequestError
from turnout.types import ChatRequest, Completion, HttpRequest, HttpResponse, ReceiptLine, Target
from turnout.wire import Encoded
from turnout.wire.cohere_chat.answers import read_completion
from turnout.wire.cohere_chat.decoder import CohereChatDecoder
from turnout.wire.cohere_chat.faults import read_error
from turnout.wire.cohere_chat.requests import write_request
from turnout.wire.json_body import answer_object
from turnout.wire.response_headers import kept_headers

_encode = msgspec.json.Encoder().encode


class CohereChatCodec:
    """Stateless: one instance serves every provider that speaks this protocol."""

    def encode(self, request: ChatRequest, provider: Provider, *, stream: bool) -> Encoded:
        lines: list[ReceiptLine] = []
        try:
            body = _encode(write_request(request, provider, stream, lines))
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise RequestError(f"the request cannot be written as JSON: {error}") from error
        headers = {"content-type": "application/json", **provider.headers}
        return Encoded(HttpRequest(method="POST", url=f"{provider.base_url}/chat", headers=headers, body=body), tuple(lines))

    def decode(self, response: HttpResponse, target: Target) -> Completion:
        body = answer_object(response, target)
        return read_completion(body, target, kept_headers(response.headers))

    def decode_error(self, response: HttpResponse, target: Target) -> Error:
        return read_error(response, target)

    def decoder(self, target: Target) -> CohereChatDecoder:
        return CohereChatDecoder(target)
