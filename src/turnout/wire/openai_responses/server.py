"""The side that understands callers."""

from __future__ import annotations

import msgspec

from turnout.errors import Error
from turnout.types import ChatRequest, Completion
from turnout.wire.json_body import request_object
from turnout.wire.openai_responses.answers import write_completion
from turnout.wire.openai_responses.faults import write_error
from turnout.wire.openai_responses.renderer import OpenAIResponsesRenderer
from turnout.wire.openai_responses.requests import read_request
from turnout.wire.unsealing import opened

_encode = msgspec.json.Encoder().encode


class OpenAIResponsesServer:
    """Stateless: one instance serves every caller."""

    def parse(self, body: bytes) -> tuple[ChatRequest, bool]:
        fields = request_object(body, "model and input")
        request, stream = read_request(fields)
        return opened(request, body), stream

    def render(self, completion: Completion) -> bytes:
        return _encode(write_completion(completion))

    def renderer(self, request: ChatRequest) -> OpenAIResponsesRenderer:
        return OpenAIResponsesRenderer()

    def render_error(self, error: Error) -> tuple[int, bytes]:
        status, body = write_error(error)
        return status, _encode(body)
