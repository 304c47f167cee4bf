"""The side that understands callers.

The address names the model and says whether to stream: ``parse`` gives a request whose model is "" and False, and whoever serves
``/model/{modelId}/converse[-stream]`` puts in what the path says. A stream's bytes are ``application/vnd.amazon.eventstream``.
"""

from __future__ import annotations

import msgspec

from turnout.errors import Error
from turnout.types import ChatRequest, Completion
from turnout.wire.bedrock_converse.answers import write_completion
from turnout.wire.bedrock_converse.faults import write_error
from turnout.wire.bedrock_converse.renderer import BedrockConverseRenderer
from turnout.wire.bedrock_converse.requests import read_request
from turnout.wire.json_body import request_object
from turnout.wire.unsealing import opened

_encode = msgspec.json.Encoder().encode


class BedrockConverseServer:
    """Stateless: one instance serves every caller."""

    def parse(self, body: bytes) -> tuple[ChatRequest, bool]:
        fields = request_object(body, "messages")
        return opened(read_request(fields, body), body), False

    def render(self, completion: Completion) -> bytes:
        return _encode(write_completion(completion))

    def renderer(self, request: ChatRequest) -> BedrockConverseRenderer:
        return BedrockConverseRenderer()

    def render_error(self, error: Error) -> tuple[int, bytes]:
        """The body also says ``__type``, because the header that AWS says it in, x-amzn-errortype, is not the body's to give."""
        status, body = write_error(error)
        return status, _encode(body)
