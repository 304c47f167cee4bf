"""The side that understands callers. The address, which is not the body's, names the model and asks for a stream."""

from __future__ import annotations

import msgspec

from turnout.errors import Error
from turnout.types import ChatRequest, Completion
from turnout.wire.gemini.answers import write_completion
from turnout.wire.gemini.faults import write_error
from turnout.wire.gemini.renderer import GeminiRenderer
from turnout.wire.gemini.requests import read_request
from turnout.wire.json_body import request_object
from turnout.wire.unsealing import opened

_encode = msgspec.json.Encoder().encode


class GeminiServer:
    """Stateless: one instance serves every caller."""

    def parse(self, body: bytes) -> tuple[ChatRequest, bool]:
        """``model`` is empty unless the body names it, and the flag is always False: whoever read the address knows both."""
        fields = request_object(body, "contents")
        return opened(read_request(fields), body), False

    def render(self, completion: Completion) -> bytes:
        return _encode(write_completion(completion))

    def renderer(self, request: ChatRequest) -> GeminiRenderer:
        """For a caller that asked with alt=sse. Without it the answer is a JSON array: ``GeminiRenderer(array=True)``."""
        return GeminiRenderer()

    def render_error(self, error: Error) -> tuple[int, bytes]:
        status, body = write_error(error)
        return status, _encode(body)
