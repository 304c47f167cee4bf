"""The side that speaks to providers."""

from __future__ import annotations

import msgspec

from turnout.catalog.schema import Provider
from turnout.errors import Error, RequestError
from turnout.types import ChatRequest, Completion, HttpRequest, HttpResponse, ReceiptLine, Target
from turnout.wire import Encoded
from turnout.wire.json_body import answer_object
from turnout.wire.openai_responses.answers import read_completion
from turnout.wire.openai_responses.decoder import OpenAIResponsesDecoder
from turnout.wire.openai_responses.faults import error_of, read_error
from turnout.wire.openai_responses.requests import write_request
from turnout.wire.response_headers import kept_headers

_encode = msgspec.json.Encoder().encode


class OpenAIResponsesCodec:
    """Stateless: one instance serves every provider that speaks this protocol."""

    def encode(self, request: ChatRequest, provider: Provider, *, stream: bool) -> Encoded:
        lines: list[ReceiptLine] = []
        body = write_request(request, provider, stream, lines)
        try:
            written = _encode(body)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise RequestError(f"the request cannot be written as JSON: {error}") from error
        base, mark, query = provider.base_url.partition("?")
        http = HttpRequest(
            method="POST",
            url=f"{base}/responses{mark}{query}",
            headers={"content-type": "application/json", **provider.headers},
            body=written,
        )
        return Encoded(http, tuple(lines))

    def decode(self, response: HttpResponse, target: Target) -> Completion:
        body = answer_object(response, target)
        if body.get("error"):
            raise error_of(body, None, target, headers=kept_headers(response.headers))
        return read_completion(body, target.provider, kept_headers(response.headers))

    def decode_error(self, response: HttpResponse, target: Target) -> Error:
        return read_error(response, target)

    def decoder(self, target: Target) -> OpenAIResponsesDecoder:
        return OpenAIResponsesDecoder(target)
