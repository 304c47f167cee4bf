"""The side that understands callers."""

from __future__ import annotations

import msgspec

from turnout.errors import Error, RequestError
from turnout.types import ChatRequest, Completion
from turnout.wire.anthropic_messages.answers import write_completion
from turnout.wire.anthropic_messages.faults import write_error
from turnout.wire.anthropic_messages.renderer import AnthropicMessagesRenderer
from turnout.wire.anthropic_messages.requests import read_request
from turnout.wire.json_text import read_json

_encode = msgspec.json.Encoder().encode


class AnthropicMessagesServer:
    """Stateless: one instance serves every caller."""

    def parse(self, body: bytes) -> tuple[ChatRequest, bool]:
        try:
            fields = read_json(body)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise RequestError(f"the request body is not JSON: {error}") from error
        if not isinstance(fields, dict):
            raise RequestError("the request body is no JSON object: expected model, max_tokens and messages")
        return read_request(fields, body)

    def render(self, completion: Completion) -> bytes:
        return _encode(write_completion(completion))

    def renderer(self, request: ChatRequest) -> AnthropicMessagesRenderer:
        return AnthropicMessagesRenderer()

    def render_error(self, error: Error) -> tuple[int, bytes]:
        status, body = write_error(error)
        return status, _encode(body)
