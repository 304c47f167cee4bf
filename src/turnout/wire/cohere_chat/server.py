"""The side that understands callers."""

from __future__ import annotations

import msgspec

from turnout.errors import Error
from turnout.types import ChatRequest, Completion
from turnout.wire.cohere_chat.answers import write_completion
from turnout.wire.cohere_chat.faults import write_error
from turnout.wire.cohere_chat.renderer import CohereChatRenderer
from turnout.wire.cohere_chat.requests import read_request
from turnout.wire.json_body import request_object

_encode = msgspec.json.Encoder().encode


class CohereChatServer:
    def parse(self, body: bytes) -> tuple[ChatRequest, bool]:
        fields = request_object(body, "model and messages")
        return read_request(fields)

    def render(self, completion: Completion) -> bytes:
        return _encode(write_completion(completion))

    def renderer(self, request: ChatRequest) -> CohereChatRenderer:
        return CohereChatRenderer()

    def render_error(self, error: Error) -> tuple[int, bytes]:
        status, body = write_error(error)
        return status, _encode(body)
