"""The side that speaks to providers."""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from turnout.catalog.schema import Provider
from turnout.errors import Error, RequestError
from turnout.receipt import mapped
from turnout.types import ChatRequest, Completion, HttpRequest, HttpResponse, ReceiptLine, Target
from turnout.wire import Encoded
from turnout.wire.anthropic_messages.answers import read_completion
from turnout.wire.anthropic_messages.decoder import AnthropicMessagesDecoder
from turnout.wire.anthropic_messages.faults import error_of, read_error
from turnout.wire.anthropic_messages.messages import input_texts
from turnout.wire.anthropic_messages.requests import write_request
from turnout.wire.json_body import answer_object
from turnout.wire.response_headers import kept_headers

API_VERSION = "2023-06-01"  # a required header: https://docs.claude.com/en/api/versioning (read 2026-11-21)

_encode = msgspec.json.Encoder().encode


class AnthropicMessagesCodec:
    """Stateless: one instance serves every provider that speaks this protocol."""

    def encode(self, request: ChatRequest, provider: Provider, *, stream: bool) -> Encoded:
        lines: list[ReceiptLine] = []
        body, betas = write_request(request, provider, stream, lines)
        headers = {"content-type": "application/json", "anthropic-version": API_VERSION, **provider.headers}
        # what callers of Bedrock and Vertex say in the body is said in headers here
        if body.pop("anthropic_version", None) is not None:
            lines.append(mapped("request", "extra.anthropic_version", "the version is this protocol's own, in a header"))
        if isinstance(asked := body.pop("anthropic_beta", None), list) and all(isinstance(name, str) for name in asked):
            betas = (*betas, *asked)
            lines.append(mapped("request", "extra.anthropic_beta", "said in a header"))
        if betas:
            always = headers.get("anthropic-beta")
            headers["anthropic-beta"] = ",".join((*((always,) if always else ()), *betas))
        try:
            written = _encode(body)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise RequestError(f"the request cannot be written as JSON: {error}") from error
        http = HttpRequest(method="POST", url=f"{provider.base_url}/messages", headers=headers, body=written)
        return Encoded(http, tuple(lines))

    def decode(self, response: HttpResponse, target: Target) -> Completion:
        body = answer_object(response, target)
        if body.get("type") == "error":
            raise error_of(body, response.status, target, headers=response.headers)
        completion = read_completion(body, target.provider, input_texts(response.body))
        headers = kept_headers(response.headers)
        return completion if headers is None else replace(completion, headers=headers)

    def decode_error(self, response: HttpResponse, target: Target) -> Error:
        return read_error(response, target)

    def decoder(self, target: Target) -> AnthropicMessagesDecoder:
        return AnthropicMessagesDecoder(target)
