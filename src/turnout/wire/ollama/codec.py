"""The side that speaks to providers."""

from __future__ import annotations

import msgspec

from turnout.catalog.schema import Provider
from turnout.errors import Error, RequestError
from turnout.types import ChatRequest, Completion, HttpRequest, HttpResponse, ReceiptLine, Target
from turnout.wire import Encoded
from turnout.wire.json_body import answer_object
from turnout.wire.ollama.answers import read_completion
from turnout.wire.ollama.decoder import OllamaDecoder
from turnout.wire.ollama.faults import error_of, read_error
from turnout.wire.ollama.requests import write_request
from turnout.wire.response_headers import kept_headers

_encode = msgspec.json.Encoder().encode


class OllamaCodec:
    """Stateless: one instance serves every provider that speaks this protocol."""

    def encode(self, request: ChatRequest, provider: Provider, *, stream: bool) -> Encoded:
        lines: list[ReceiptLine] = []
        try:
            body = _encode(write_request(request, provider, stream, lines))
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise RequestError(f"the request cannot be written as JSON: {error}") from error
        headers = {"content-type": "application/json", **provider.headers}
        return Encoded(HttpRequest(method="POST", url=_url(provider.base_url), headers=headers, body=body), tuple(lines))

    def decode(self, response: HttpResponse, target: Target) -> Completion:
        body = answer_object(response, target)
        if body.get("error") and "message" not in body:
            raise error_of(body, None, target)
        return read_completion(body, target.provider, kept_headers(response.headers))

    def decode_error(self, response: HttpResponse, target: Target) -> Error:
        return read_error(response, target)

    def decoder(self, target: Target) -> OllamaDecoder:
        return OllamaDecoder(target)


def _url(base_url: str) -> str:
    """People have written the address of the OpenAI-compatible endpoint, or of the API; the server is the same.

    https://docs.ollama.com/openai and https://docs.ollama.com/api/introduction (read 2026-11-21)
    """
    return f"{base_url.removesuffix('/v1').removesuffix('/api')}/api/chat"
