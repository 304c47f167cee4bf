"""The side that understands callers."""

from __future__ import annotations

import msgspec

from turnout.errors import Error
from turnout.types import ChatRequest, Completion
from turnout.wire.json_body import request_object
from turnout.wire.ollama.answers import write_completion
from turnout.wire.ollama.faults import write_error
from turnout.wire.ollama.renderer import OllamaRenderer
from turnout.wire.ollama.requests import read_request

_encode = msgspec.json.Encoder().encode


class OllamaServer:
    def parse(self, body: bytes) -> tuple[ChatRequest, bool]:
        fields = request_object(body, "model and messages")
        return read_request(fields)

    def render(self, completion: Completion) -> bytes:
        return _encode(write_completion(completion))

    def renderer(self, request: ChatRequest) -> OllamaRenderer:
        return OllamaRenderer()

    def render_error(self, error: Error) -> tuple[int, bytes]:
        status, body = write_error(error)
        return status, _encode(body)
