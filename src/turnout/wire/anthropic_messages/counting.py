"""Anthropic's count of a request's tokens, both directions.

https://docs.claude.com/en/api/messages-count-tokens (read 2026-11-21)
"""

from __future__ import annotations

import msgspec

from turnout.catalog.schema import Provider
from turnout.errors import Error
from turnout.types import ChatRequest, HttpResponse, ReceiptLine, Target, TokenCount
from turnout.wire import Encoded
from turnout.wire.anthropic_messages.codec import API_VERSION
from turnout.wire.anthropic_messages.faults import read_error, write_error
from turnout.wire.anthropic_messages.requests import read_request, write_request
from turnout.wire.anthropic_messages.words import WIRE_NAME, is_own
from turnout.wire.json_body import request_object
from turnout.wire.token_counts import counted, of_the_prompt, posted, read_count
from turnout.wire.unsealing import opened

_encode = msgspec.json.Encoder().encode

# Fields of a message that its count does not take: all but these go, so that a new one of the protocol does.
REFUSED = frozenset(
    (
        *("max_tokens", "stream", "temperature", "top_p", "top_k", "stop_sequences", "metadata", "service_tier"),
        *("inference_geo", "container", "diagnostics"),
    )
)


class AnthropicCountCodec:
    """Stateless: one instance serves every provider that speaks this protocol."""

    def encode(self, request: ChatRequest, provider: Provider) -> Encoded:
        lines: list[ReceiptLine] = []
        body, betas = write_request(request, provider, False, lines)
        lines = [*of_the_prompt(lines)]
        body = counted(body, None, REFUSED, lines)
        headers = {"anthropic-version": API_VERSION, **provider.headers}
        if betas:
            always = headers.get("anthropic-beta")
            headers["anthropic-beta"] = ",".join((*((always,) if always else ()), *betas))
        return Encoded(posted(f"{provider.base_url}/messages/count_tokens", headers, body), tuple(lines))

    def decode(self, response: HttpResponse, target: Target) -> TokenCount:
        return read_count(response, target, WIRE_NAME, "input_tokens", read_error)

    def decode_error(self, response: HttpResponse, target: Target) -> Error:
        return read_error(response, target)


class AnthropicCountServer:
    """Stateless: one instance serves every caller."""

    def parse(self, body: bytes) -> ChatRequest:
        return opened(read_request(request_object(body, "model and messages"), body)[0], body)

    def render(self, count: TokenCount) -> bytes:
        return _encode({"input_tokens": count.input_tokens, **((count.extra or {}) if is_own(count.origin) else {})})

    def render_error(self, error: Error) -> tuple[int, bytes]:
        status, body = write_error(error)
        return status, _encode(body)


COUNT = AnthropicCountCodec()
COUNT_SERVER = AnthropicCountServer()
