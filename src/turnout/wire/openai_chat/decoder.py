"""Streams from providers: ``chat.completion.chunk`` events to ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from turnout.errors import ServerFault, TransportFailed
from turnout.events import (
    Event,
    ExtraReported,
    Finished,
    LogprobsDelta,
    ReasoningDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from turnout.types import Origin, Target, Text
from turnout.wire.json_text import read_json
from turnout.wire.openai_chat.chunks import decode_common
from turnout.wire.openai_chat.faults import error_of
from turnout.wire.openai_chat.progress import CALLS, REASONING, Progress
from turnout.wire.openai_chat.usage import read_usage
from turnout.wire.openai_chat.words import WIRE_NAME, finish_reason
from turnout.wire.sse import SseDecoder

_SILENT_ROLES = (None, "assistant", "")


class OpenAIChatDecoder:
    def __init__(self, target: Target) -> None:
        self._target = target
        self._origin = Origin(WIRE_NAME, target.provider)
        self._sse = SseDecoder()
        self._started: Started | None = None
        self._said: dict[str, Any] = {}  # the constants as last reported
        self._fingerprint: str | None = None  # one of them
        self._choices: dict[int, Progress] = {}
        self._done = False
        self._uncommon = 0  # chunks in a row that were not the common kind

    def feed(self, chunk: bytes) -> Iterator[Event]:
        for name, data in self._sse.feed(chunk):
            if self._uncommon < 3:  # then the common shape is not this dialect's, and trying it is waste
                event = self._common(data)
                if event is not None:
                    yield event
                    continue
            yield from self._read(name, data)

    def close(self) -> Iterator[Event]:
        for name, data in self._sse.close():
            yield from self._read(name, data)
        finished = bool(self._choices) and all(progress.finished for progress in self._choices.values())
        if not (finished or self._done):
            raise TransportFailed(
                f"{self._target}: the stream ended before the provider said that it finished", target=self._target
            )

    def _read(self, name: str | None, data: bytes) -> Iterator[Event]:
        if data.startswith(b"[DONE]"):
            self._done = True
            return
        try:
            body = read_json(data)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            raise ServerFault(f"{self._target}: a stream event is not JSON: {error}", target=self._target) from error
        if not isinstance(body, dict):
            raise ServerFault(f"{self._target}: a stream event is no JSON object", target=self._target)
        yield from self._general(body)
        if body.get("error") or (name == "error"):
            raise error_of(body, None, self._target)

    def _common(self, data: bytes) -> Event | None:
        """The one event of a chunk that only continues what an earlier chunk began, else None."""
        try:
            chunk = decode_common(data)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            self._uncommon += 1
            return None
        started = self._started
        if (
            started is None
            or len(chunk.choices) != 1
            or chunk.model != started.model
            or chunk.service_tier != started.service_tier
            or chunk.system_fingerprint != self._fingerprint
        ):
            return None
        choice = chunk.choices[0]
        delta = choice.delta
        progress = self._choices.get(choice.index)
        if progress is None or delta.role not in _SILENT_ROLES:
            return None
        self._uncommon = 0
        if delta.content:
            if progress.kind is Text and not delta.tool_calls and not delta.reasoning_content:
                return TextDelta(delta.content, progress.at, choice.index)
        elif delta.tool_calls:
            call = delta.tool_calls[0]
            slot = progress.slots.get(call.index)
            if slot is not None and len(delta.tool_calls) == 1 and not delta.reasoning_content:
                progress.last_call = slot
                return ToolCallDelta(CALLS + slot, "", "", call.function.arguments, choice.index)
        elif delta.reasoning_content and progress.reasoning == "reasoning_content":
            return ReasoningDelta(delta.reasoning_content, REASONING, choice.index)
        return None

    # -- any chunk -----------------------------------------------------------------------------

    def _general(self, body: dict[str, Any]) -> Iterator[Event]:
        fields = dict(body)
        choices = fields.pop("choices", None)
        usage = fields.pop("usage", None)
        for silent in ("object", "obfuscation", "error"):  # a constant, padding, and what is raised after the events
            fields.pop(silent, None)
        yield from self._start(fields)
        news = {name: value for name, value in fields.items() if value is not None and self._said.get(name) != value}
        if news:
            self._said.update(news)
            self._fingerprint = self._said.get("system_fingerprint")
            yield ExtraReported(news)
        for at, choice in enumerate(choices if isinstance(choices, list) else ()):
            if isinstance(choice, dict):
                yield from self._choice(dict(choice), at)
        if isinstance(usage, dict):
            yield UsageReported(read_usage(usage))

    def _start(self, fields: dict[str, Any]) -> Iterator[Event]:
        """Takes out of ``fields`` what is the same on every chunk; a ``Started`` when some of it is new.

        Some servers stamp each chunk with an id and a time of its own: what came first holds.
        """
        id, model, created, tier = (fields.get(name) for name in ("id", "model", "created", "service_tier"))
        before = self._started or Started("", "")
        started = Started(
            id=before.id or (id if isinstance(id, str) else ""),
            model=before.model or (model if isinstance(model, str) else ""),
            created=before.created or (created if type(created) is int else before.created),
            origin=self._origin,
            service_tier=tier if isinstance(tier, str) else before.service_tier,
        )
        for name, kind in (("id", str), ("model", str), ("created", int), ("service_tier", str)):
            if isinstance(fields.get(name), kind):
                del fields[name]
        if started != self._started:
            self._started = started
            yield started

    def _choice(self, fields: dict[str, Any], at: int) -> Iterator[Event]:
        index = fields.pop("index") if type(fields.get("index")) is int else at
        progress = self._progress(index)
        delta, finish = fields.pop("delta", None), fields.pop("finish_reason", None)
        logprobs = fields.pop("logprobs", None)
        fields.pop("message", None)  # Perplexity and Writer restate beside each delta what deltas say
        if isinstance(delta, dict):
            yield from progress.delta(dict(delta), index, self._origin)
        if logprobs is not None:
            yield LogprobsDelta(logprobs, index)
        news = {name: value for name, value in fields.items() if value is not None and progress.said.get(name) != value}
        if news:
            progress.said.update(news)
            yield ExtraReported(news, "choice", index)
        if isinstance(finish, str) and finish and not progress.finished:
            progress.finished = True
            yield Finished(finish_reason(finish, called_tools=progress.calls > 0), index)

    def _progress(self, index: int) -> Progress:
        progress = self._choices.get(index)
        if progress is None:
            progress = self._choices[index] = Progress()
        return progress
