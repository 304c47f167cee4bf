"""Streams from providers: this protocol's lines to our events. Each line is an answer that holds the next piece."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from turnout.errors import ServerFault, TransportFailed
from turnout.events import (
    Event,
    ExtraReported,
    Finished,
    LogprobsDelta,
    PartAdded,
    ReasoningDelta,
    Started,
    TextDelta,
    UsageReported,
)
from turnout.types import Origin, Target
from turnout.wire.json_text import read_json
from turnout.wire.ndjson import NdjsonDecoder
from turnout.wire.ollama.answers import ids_of, take_reason
from turnout.wire.ollama.faults import error_of
from turnout.wire.ollama.messages import MakeId, read_image, read_tool_call
from turnout.wire.ollama.usage import take_usage
from turnout.wire.ollama.words import WIRE_NAME, finish_reason, read_time

# In the order in which a whole answer holds them.
_THINKING, _IMAGES, _TEXT, _CALLS = 0, 1, 100_000, 200_000


class _Message(Struct, forbid_unknown_fields=True):
    role: str
    content: str = ""
    thinking: str = ""


class _Line(Struct, forbid_unknown_fields=True):
    """The line that most of a stream consists of. Any other takes the general way."""

    model: str
    message: _Message
    created_at: str = ""
    done: bool = False


_decode_common = msgspec.json.Decoder(_Line).decode


class OllamaDecoder:
    def __init__(self, target: Target) -> None:
        self._target = target
        self._origin = Origin(WIRE_NAME, target.provider)
        self._lines = NdjsonDecoder()
        self._model: str | None = None  # once the first line has said it
        self._said: dict[str, Any] = {}  # other fields of the answer, as last reported
        self._make_id: MakeId = ids_of(None)
        self._images = self._calls = 0
        self._finished = False

    def feed(self, chunk: bytes) -> Iterator[Event]:
        for line in self._lines.feed(chunk):
            try:
                said = _decode_common(line)
            except (msgspec.DecodeError, UnicodeError, RecursionError):
                yield from self._read(line)
                continue
            message = said.message
            if said.done or said.model != self._model or message.role != "assistant":
                yield from self._read(line)
            elif message.thinking:
                yield ReasoningDelta(message.thinking, _THINKING)
                if message.content:
                    yield TextDelta(message.content, _TEXT)
            elif message.content:
                yield TextDelta(message.content, _TEXT)

    def close(self) -> Iterator[Event]:
        for line in self._lines.close():
            try:
                read_json(line)
            except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
                raise TransportFailed(f"{self._target}: the stream ended inside a line", target=self._target) from error
            yield from self._read(line)
        if not self._finished:
            raise TransportFailed(f"{self._target}: the stream ended before the provider said done", target=self._target)

    # -- any line ------------------------------------------------------------------------------

    def _read(self, line: bytes) -> Iterator[Event]:
        try:
            fields = read_json(line)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise ServerFault(f"{self._target}: a line of the stream is not JSON: {error}", target=self._target) from error
        if not isinstance(fields, dict):
            raise ServerFault(f"{self._target}: a line of the stream is no JSON object", target=self._target)
        if fields.get("error"):
            raise error_of(fields, None, self._target)
        yield from self._start(fields)
        message = fields.pop("message", None)
        if isinstance(message, dict):
            yield from self._message(dict(message))
        if isinstance(fields.get("logprobs"), list) and (logprobs := fields.pop("logprobs")):
            yield LogprobsDelta(logprobs)
        done = fields.pop("done", None)
        reason = take_reason(fields) if done is True else None
        usage = take_usage(fields)
        news = {name: value for name, value in fields.items() if value is not None and self._said.get(name) != value}
        if news:
            self._said |= news
            yield ExtraReported(news)
        if usage is not None:
            yield UsageReported(usage)
        if done is True and not self._finished:
            self._finished = True
            yield Finished(finish_reason(reason, called_tools=self._calls > 0))

    def _start(self, fields: dict[str, Any]) -> Iterator[Event]:
        """Takes out of ``fields`` what every line repeats. Each has the time of its own; the first one's is the answer's."""
        model = fields.pop("model") if isinstance(fields.get("model"), str) else ""
        created_at = fields.pop("created_at", None)
        if self._model is None:
            self._model = model
            self._make_id = ids_of(created_at)
            yield Started("", model, read_time(created_at), self._origin)
            if created_at is not None:
                yield ExtraReported({"created_at": created_at})

    def _message(self, fields: dict[str, Any]) -> Iterator[Event]:
        if fields.get("role") == "assistant":
            del fields["role"]
        if isinstance(fields.get("thinking"), str) and (thinking := fields.pop("thinking")):
            yield ReasoningDelta(thinking, _THINKING)
        if isinstance(fields.get("images"), list) and all(isinstance(image, str) for image in fields["images"]):
            for image in fields.pop("images"):
                yield PartAdded(_IMAGES + self._images, read_image(image))
                self._images += 1
        if isinstance(fields.get("content"), str) and (content := fields.pop("content")):
            yield TextDelta(content, _TEXT)
        if isinstance(fields.get("tool_calls"), list):
            for call in fields.pop("tool_calls"):
                yield PartAdded(_CALLS + self._calls, read_tool_call(call, self._calls, self._origin, self._make_id))
                self._calls += 1
        rest = {name: value for name, value in fields.items() if value is not None and value != ""}
        if rest:
            yield ExtraReported(rest, "message")
