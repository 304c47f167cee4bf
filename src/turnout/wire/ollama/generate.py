"""``/api/generate`` from callers: a prompt instead of messages, served as a chat of one turn.

https://docs.ollama.com/api/generate and the fields of the official client, ollama 0.6 (read 2026-11-21). What steers the text
before it reaches the model has no place in a chat, of this protocol or another, and leaves a receipt line: ``raw``,
``template``, ``suffix`` and ``context``, the tokens of an earlier answer. No answer carries a ``context`` either.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from turnout.errors import Error, RequestError
from turnout.events import Event
from turnout.types import ChatRequest, Completion
from turnout.wire import Wire
from turnout.wire.json_body import request_object
from turnout.wire.ollama.answer_rules import ANSWERS
from turnout.wire.ollama.answers import write_completion
from turnout.wire.ollama.faults import write_error
from turnout.wire.ollama.renderer import OllamaRenderer
from turnout.wire.ollama.requests import GENERATE_ONLY, read_request
from turnout.wire.ollama.words import WIRE_NAME

_encode = msgspec.json.Encoder().encode


class OllamaGenerateServer:
    def parse(self, body: bytes) -> tuple[ChatRequest, bool]:
        fields = request_object(body, "model and prompt")
        request, stream = read_request(_as_chat(fields))
        return replace(request, spelled={**(request.spelled or {}), "path": "generate"}), stream

    def render(self, completion: Completion) -> bytes:
        return _encode(_as_generated(write_completion(completion)))

    def renderer(self, request: ChatRequest) -> OllamaGenerateRenderer:
        return OllamaGenerateRenderer()

    def render_error(self, error: Error) -> tuple[int, bytes]:
        status, body = write_error(error)
        return status, _encode(body)


class OllamaGenerateRenderer:
    def __init__(self) -> None:
        self._chat = OllamaRenderer()
        self.fail = self._chat.fail

    def render(self, event: Event) -> bytes:
        return _generated(self._chat.render(event))

    def finish(self) -> bytes:
        return _generated(self._chat.finish())


def _as_chat(raw: dict[str, Any]) -> dict[str, Any]:
    fields = {name: value for name, value in raw.items() if value or name not in GENERATE_ONLY}
    if "messages" in fields:
        raise RequestError("messages: /api/generate takes a prompt; messages go to /api/chat", param="messages")
    texts: dict[str, str] = {}
    for name in ("system", "prompt"):
        text = fields.pop(name, None)
        if not isinstance(text, (str, type(None))):
            raise RequestError(f"{name}: expected a string", param=name)
        if text:
            texts[name] = text
    images = fields.pop("images", None)
    if not isinstance(images, (list, type(None))) or not all(isinstance(image, str) for image in images or ()):
        raise RequestError("images: expected a list of strings, each an image in base64", param="images")
    if not (texts.get("prompt") or images):
        return fields  # which asks to load the model
    asked: dict[str, Any] = {"role": "user", "content": texts.get("prompt", "")}
    if images:
        asked["images"] = images
    system = [{"role": "system", "content": texts["system"]}] if "system" in texts else []
    return fields | {"messages": [*system, asked]}


def _generated(lines: bytes) -> bytes:
    return b"".join(_encode(_as_generated(msgspec.json.decode(line))) + b"\n" for line in lines.splitlines() if line)


def _as_generated(body: dict[str, Any]) -> dict[str, Any]:
    """A chat's object as this endpoint says it: the text in ``response``, and what stood beside it next to that."""
    said = dict(body.get("message") or {})
    said.pop("role", None)
    text = {"response": said.pop("content", "")} if "message" in body else {}
    written: dict[str, Any] = {}
    for name, value in body.items():
        written |= text | said if name == "message" else {name: value}
    return written


WIRE = Wire(name="ollama-generate", dialect_of=WIRE_NAME, server=OllamaGenerateServer(), answers=ANSWERS)
