"""The side that understands callers."""

from __future__ import annotations

from typing import Any

import msgspec

from turnout.errors import Error
from turnout.types import ChatRequest, Completion
from turnout.wire.json_body import request_object
from turnout.wire.openai_chat.answers import write_completion
from turnout.wire.openai_chat.faults import write_error
from turnout.wire.openai_chat.renderer import OpenAIChatRenderer
from turnout.wire.openai_chat.request_reader import read_request
from turnout.wire.unsealing import opened

_encode = msgspec.json.Encoder().encode


class OpenAIChatServer:
    def parse(self, body: bytes) -> tuple[ChatRequest, bool]:
        fields = request_object(body, "model and messages")
        request, stream = read_request(fields)
        return opened(request, body), stream

    def render(self, completion: Completion) -> bytes:
        body = write_completion(completion)
        for choice in body["choices"]:
            message = choice["message"]
            if type(message) is dict and type(message.get("content")) is list:
                _flatten(message)
        return _encode(body)

    def renderer(self, request: ChatRequest) -> OpenAIChatRenderer:
        return OpenAIChatRenderer(usage=bool(request.stream_usage))

    def render_error(self, error: Error) -> tuple[int, bytes]:
        status, body = write_error(error)
        return status, _encode(body)


def _flatten(message: dict[str, Any]) -> None:
    """Mistral says what was thought in a list of content; callers of this protocol read a text there."""
    content = message["content"]
    thoughts = [part for part in content if isinstance(part, dict) and part.get("type") == "thinking"]
    if not thoughts:
        return
    said = [part.get("text", "") for part in content if isinstance(part, dict) and part.get("type") == "text"]
    listed = [held if isinstance(held, list) else [held] for held in (part.get("thinking") for part in thoughts)]
    thought: list[Any] = [piece.get("text", "") if isinstance(piece, dict) else None for pieces in listed for piece in pieces]
    if not all(isinstance(text, str) for text in (*said, *thought)):
        return  # of no form that Mistral writes: it goes on as it came
    message["content"] = "".join(said) or None
    message["reasoning_content"] = "".join(thought)
