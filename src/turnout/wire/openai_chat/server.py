"""The side that understands callers."""

from __future__ import annotations

import msgspec

from turnout.errors import Error, RequestError
from turnout.types import ChatRequest, Completion
from turnout.wire.json_text import read_json
from turnout.wire.openai_chat.answers import write_completion
from turnout.wire.openai_chat.faults import write_error
from turnout.wire.openai_chat.renderer import OpenAIChatRenderer
from turnout.wire.openai_chat.request_reader import read_request

_encode = msgspec.json.Encoder().encode


class OpenAIChatServer:
    def parse(self, body: bytes) -> tuple[ChatRequest, bool]:
        try:
            fields = read_json(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise RequestError(f"the body is not JSON: {error}") from error
        if not isinstance(fields, dict):
            raise RequestError("the body: expected a JSON object with model and messages")
        return read_request(fields)

    def render(self, completion: Completion) -> bytes:
        return _encode(write_completion(completion))

    def renderer(self, request: ChatRequest) -> OpenAIChatRenderer:
        return OpenAIChatRenderer(usage=bool(request.stream_usage))

    def render_error(self, error: Error) -> tuple[int, bytes]:
        status, body = write_error(error)
        return status, _encode(body)
