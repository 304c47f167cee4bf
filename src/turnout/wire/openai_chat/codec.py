"""The side that speaks to providers."""

from __future__ import annotations

import msgspec

from turnout.catalog.schema import Provider
from turnout.errors import Error
from turnout.types import ChatRequest, Completion, HttpRequest, HttpResponse, ReceiptLine, Target
from turnout.wire import Encoded
from turnout.wire.json_body import answer_object
from turnout.wire.openai_chat.answers import read_completion
from turnout.wire.openai_chat.decoder import OpenAIChatDecoder
from turnout.wire.openai_chat.faults import error_of, read_error
from turnout.wire.openai_chat.mistral_words import is_mistrals, say_plainly
from turnout.wire.openai_chat.request_writer import write_request
from turnout.wire.response_headers import kept_headers

encode_body = msgspec.json.Encoder().encode


class OpenAIChatCodec:
    """Stateless: one instance serves every provider that speaks this protocol."""

    def encode(self, request: ChatRequest, provider: Provider, *, stream: bool) -> Encoded:
        lines: list[ReceiptLine] = []
        body = write_request(request, provider, stream, lines)
        if is_mistrals(request):
            say_plainly(body, lines)
        http = HttpRequest(
            method="POST",
            url=f"{provider.base_url}/{provider.quirks.chat_path or 'chat/completions'}",
            headers={"content-type": "application/json", **provider.headers},
            body=encode_body(body),
        )
        return Encoded(http, tuple(lines))

    def decode(self, response: HttpResponse, target: Target) -> Completion:
        body = answer_object(response, target)
        if body.get("error") and not body.get("choices"):
            raise error_of(body, None, target)
        return read_completion(body, target.provider, kept_headers(response.headers))

    def decode_error(self, response: HttpResponse, target: Target) -> Error:
        return read_error(response, target)

    def decoder(self, target: Target) -> OpenAIChatDecoder:
        return OpenAIChatDecoder(target)
