"""OpenAI's count of a request's tokens, both directions.

https://platform.openai.com/docs/api-reference/responses/input-tokens (read 2026-11-21)
"""

from __future__ import annotations

import msgspec

from turnout.catalog.schema import Provider
from turnout.errors import Error
from turnout.types import ChatRequest, HttpResponse, ReceiptLine, Target, TokenCount
from turnout.wire import Encoded
from turnout.wire.json_body import request_object
from turnout.wire.model_lists import below
from turnout.wire.openai_responses.faults import read_error, write_error
from turnout.wire.openai_responses.requests import read_request, write_request
from turnout.wire.openai_responses.words import WIRE_NAME, is_own
from turnout.wire.token_counts import counted, of_the_prompt, posted, read_count
from turnout.wire.unsealing import opened

_encode = msgspec.json.Encoder().encode

# Fields of a response's request that its count does not take: all but these go, so that a new one of the protocol does.
_REFUSED = frozenset(
    (
        *("stream", "stream_options", "store", "background", "background_options", "metadata", "user", "safety_identifier"),
        *("temperature", "top_p", "top_logprobs", "max_output_tokens", "max_tool_calls", "service_tier", "include"),
        *("prompt_cache_key", "prompt_cache_retention", "prompt_cache_options", "prompt", "context_management"),
        *("access_programs", "image", "moderation"),
    )
)


class OpenAICountCodec:
    """Stateless: one instance serves every provider that speaks this protocol."""

    def encode(self, request: ChatRequest, provider: Provider) -> Encoded:
        lines: list[ReceiptLine] = []
        body = write_request(request, provider, False, lines)
        lines = [*of_the_prompt(lines)]
        body = counted(body, None, _REFUSED, lines)
        return Encoded(posted(below(provider.base_url, "/responses/input_tokens"), provider.headers, body), tuple(lines))

    def decode(self, response: HttpResponse, target: Target) -> TokenCount:
        return read_count(response, target, WIRE_NAME, "input_tokens", read_error)

    def decode_error(self, response: HttpResponse, target: Target) -> Error:
        return read_error(response, target)


class OpenAICountServer:
    """Stateless: one instance serves every caller."""

    def parse(self, body: bytes) -> ChatRequest:
        return opened(read_request(request_object(body, "model and input"))[0], body)

    def render(self, count: TokenCount) -> bytes:
        rest = (count.extra or {}) if is_own(count.origin) else {"object": "response.input_tokens"}
        return _encode({**rest, "input_tokens": count.input_tokens})

    def render_error(self, error: Error) -> tuple[int, bytes]:
        status, body = write_error(error)
        return status, _encode(body)


COUNT = OpenAICountCodec()
COUNT_SERVER = OpenAICountServer()
