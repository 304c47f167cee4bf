"""Mistral's callers: answers and streams as Mistral's own client reads them, whichever provider gave them.

https://docs.mistral.ai/api/ and the answer types of mistralai 3.7.0, its own client (read 2026-11-21): what was thought is a
chunk of the content, a call comes whole, and usage comes unasked with the chunk that says why the answer ended.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec.structs import replace

from turnout.errors import Error
from turnout.events import Event, ExtraReported, Finished, PartAdded, ToolCallDelta
from turnout.types import ChatRequest, Completion, ToolCall
from turnout.wire.openai_chat.answers import write_completion
from turnout.wire.openai_chat.faults import is_flat, write_error
from turnout.wire.openai_chat.mistral_words import DIALECT
from turnout.wire.openai_chat.parts import write_tool_call
from turnout.wire.openai_chat.renderer import OpenAIChatRenderer
from turnout.wire.openai_chat.server import OpenAIChatServer
from turnout.wire.openai_chat.usage import write_usage
from turnout.wire.openai_chat.words import WIRE_NAME

_encode = msgspec.json.Encoder().encode


class MistralChatServer(OpenAIChatServer):
    def parse(self, body: bytes) -> tuple[ChatRequest, bool]:
        request, stream = super().parse(body)
        return replace(request, spelled={**(request.spelled or {}), "dialect": DIALECT}), stream

    def render(self, completion: Completion) -> bytes:
        body = write_completion(completion, seals=False)
        for choice in body["choices"]:
            _put_thoughts(choice["message"])
        return _encode(body)

    def renderer(self, request: ChatRequest) -> MistralChatRenderer:
        return MistralChatRenderer()

    def render_error(self, error: Error) -> tuple[int, bytes]:
        if error.wire == WIRE_NAME and is_flat(error.body):
            return error.status or 502, _encode(error.body)
        status, body = write_error(error)
        told = body.get("error") if isinstance(body, dict) else None
        if isinstance(told, dict):
            body = {"object": "error", **told}
        return status, _encode(body)


class MistralChatRenderer(OpenAIChatRenderer):
    chunked = True

    def __init__(self) -> None:
        super().__init__(usage=False)
        self._calls: dict[tuple[int, int], dict[str, Any]] = {}  # choice and part -> what is known of a call; until it is whole
        self._arguments: dict[tuple[int, int], list[str]] = {}  # of those calls, in pieces
        self._ends: list[Finished] = []

    def render(self, event: Event) -> bytes:
        match event:
            case ToolCallDelta():
                call = self._call(event.choice, event.index)
                call["id"] = event.id or call.get("id", "")
                if event.name and "custom" not in call:
                    call["function"] = _object(call.get("function")) | {"name": event.name}
                self._arguments.setdefault((event.choice, event.index), []).append(event.arguments)
                return b""
            case PartAdded(part=ToolCall() as part):
                self._calls[event.choice, event.index] = write_tool_call(part, self._own, stream=True)
                return b""
            case ExtraReported(scope="part") if (event.choice, event.index) in self._calls:
                self._call(event.choice, event.index).update(event.fields)
                return b""
            case Finished():
                self._ends.append(event)  # usage may come after it
                return b""
            case _:
                pass
        return super().render(event)

    def finish(self) -> bytes:
        written = self._whole_calls()
        usage = write_usage(self._usage) if self._usage is not None else None
        for number, end in enumerate(self._ends, 1):
            if usage is not None and number == len(self._ends):
                self._once["usage"] = usage
            written += super().render(end)
        return written + super().finish()

    def _chunk(self, at: int, delta: dict[str, Any], finish: str | None = None, /, **more: Any) -> bytes:
        thought = next((delta.pop(name) for name in ("reasoning_content", "reasoning") if isinstance(delta.get(name), str)), None)
        if thought:
            delta["content"] = [_thinking(thought)]
        if isinstance(refusal := delta.pop("refusal", None), str):  # it has no other place for one
            delta["content"] = refusal
        return super()._chunk(at, delta, finish, **more)

    def _call(self, choice: int, part: int) -> dict[str, Any]:
        return self._calls.setdefault((choice, part), {"type": "function"})

    def _whole_calls(self) -> bytes:
        written = b""
        for place, call in self._calls.items():
            kind, field = ("custom", "input") if "custom" in call else ("function", "arguments")
            held = {"name": ""} | _object(call.get(kind))
            begun = held.get(field)
            held[field] = "".join((begun if isinstance(begun, str) else "", *self._arguments.get(place, ())))
            call[kind] = held
        for choice in sorted({choice for choice, _ in self._calls}):
            made = [call for (at, _), call in sorted(self._calls.items(), key=lambda item: item[0]) if at == choice]
            numbered = [{"index": number, **call} for number, call in enumerate(made)]
            written += self._chunk(choice, {"content": "", "tool_calls": numbered})
        return written


def _put_thoughts(message: dict[str, Any]) -> None:
    """Into the content, before what is said: OpenAI's dialects have a field for it, this one has not."""
    if not isinstance(message, dict) or not isinstance(message.get("content"), str | list | None):
        return  # what no protocol says goes on as it came
    if isinstance(refusal := message.get("refusal"), str) and not message.get("content"):
        message["content"] = refusal
        del message["refusal"]
    thought = next((message.pop(name) for name in ("reasoning_content", "reasoning") if isinstance(message.get(name), str)), None)
    if not thought:
        return
    content = message.get("content")
    said = [{"type": "text", "text": content}] if isinstance(content, str) and content else content or []
    message["content"] = [_thinking(thought), *said]


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _thinking(text: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": [{"type": "text", "text": text}]}
