"""The side that understands callers."""

from __future__ import annotations

import msgspec

from turnout.errors import Error, RequestError
from turnout.types import ChatRequest, Completion
from turnout.wire.json_text import read_json
from turnout.wire.openai_responses.answers import write_completion
from turnout.wire.openai_responses.faults import write_error
from turnout.wire.openai_responses.renderer import OpenAIResponsesRenderer
from turnout.wire.openai_responses.requests import read_request

_encode = msgspec.json.Encoder().encode


class OpenAIResponsesServer:
    """Stateless: one instance serves every caller."""

    def parse(self, body: bytes) -> tuple[ChatRequest, bool]:
        try:
            fields = read_json(body)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise RequestError(f"the request body is not JSON: {error}") from error
        if not isinstance(fields, dict):
            raise RequestError("the request body is no JSON object: expected model and input")
        return read_request(fields)

    def render(self, completion: Completion) -> bytes:
        return _encode(write_completion(completion))

    def renderer(self, request: ChatRequest) -> OpenAIResponsesRenderer:
        return OpenAIResponsesRenderer()

    def render_error(self, error: Error) -> tuple[int, bytes]:
        status, body = write_error(error)
        return status, _encode(body)
