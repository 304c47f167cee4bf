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
_CONTENT = b'"content":'  # can only be a name: inside a string its quotes would be escaped
_MOST_LEARNT = 4  # where chunks differ in more than their text, as in OpenAI's padding, looking for what they share is waste

_NOT_STARTED = Started("", "")
_decode_text = msgspec.json.Decoder(str).decode


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
        self._around: tuple[bytes, bytes, int, int] | None = None  # what stood before and after the last text, and its place
        self._learnt = 0  # how often that was found out

    def feed(self, chunk: bytes) -> Iterator[Event]:
        for name, data in self._sse.feed(chunk):
            if self._uncommon < 3:  # then the common shape is not this dialect's, and trying it is waste
                event = self._alike(data) or self._common(data)
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
        self._around = None
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

    def _alike(self, data: bytes) -> TextDelta | None:
        """The text of a chunk that differs from the last one in nothing but its text; None for any other."""
        if self._around is None:
            return None
        before, after, index, choice = self._around
        if not (data.startswith(before) and data.endswith(after)):
            return None
        try:
            text = _decode_text(data[len(before) : -len(after)])
        except (msgspec.DecodeError, UnicodeError):
            return None  # more than one string: some other shape after all
        return TextDelta(text, index, choice) if text else None

    def _learn(self, data: bytes, text: str, index: int, choice: int) -> None:
        """Splits a chunk around its text, for those that will be alike. Found only where the text is written as it is."""
        self._learnt += 1
        before, member, rest = data.rpartition(_CONTENT)
        literal = b'"%b"' % text.encode("utf-8", "surrogatepass")
        if member and rest.startswith(literal) and len(rest) > len(literal):
            self._around = before + member, rest[len(literal) :], index, choice

    def _common(self, data: bytes) -> Event | None:
        """The one event of a chunk that only continues what an earlier chunk began, else None."""
        started = self._started
        if started is None:
            return None  # nothing to continue
        try:
            chunk = decode_common(data)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            self._uncommon += 1
            return None
        if (
            len(chunk.choices) != 1
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
                if self._learnt < _MOST_LEARNT:
                    self._learn(data, delta.content, progress.at, choice.index)
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

    def _general(self, body: dict[str, Any]) -> list[Event]:
        events: list[Event] = []
        fields = dict(body)
        choices = fields.pop("choices", None)
        usage = fields.pop("usage", None)
        for silent in ("object", "obfuscation", "error"):  # a constant, padding, and what is raised after the events
            fields.pop(silent, None)
        started = self._start(fields)
        if started != self._started:
            self._started = started
            events.append(started)
        news = {name: value for name, value in fields.items() if value is not None and self._said.get(name) != value}
        if news:
            self._said.update(news)
            self._fingerprint = self._said.get("system_fingerprint")
            events.append(ExtraReported(news))
        for at, choice in enumerate(choices if isinstance(choices, list) else ()):
            if isinstance(choice, dict):
                self._choice(dict(choice), at, events)
        if isinstance(usage, dict):
            events.append(UsageReported(read_usage(usage)))
        return events

    def _start(self, fields: dict[str, Any]) -> Started:
        """Takes out of ``fields`` what is the same on every chunk.

        Some servers stamp each chunk with an id and a time of its own: what came first holds.
        """
        id, model, created, tier = fields.get("id"), fields.get("model"), fields.get("created"), fields.get("service_tier")
        before = self._started or _NOT_STARTED
        if isinstance(id, str):
            del fields["id"]
        if isinstance(model, str):
            del fields["model"]
        if isinstance(created, int):
            del fields["created"]
        if isinstance(tier, str):
            del fields["service_tier"]
        return Started(
            id=before.id or (id if isinstance(id, str) else ""),
            model=before.model or (model if isinstance(model, str) else ""),
            created=before.created or (created if type(created) is int else before.created),
            origin=self._origin,
            service_tier=tier if isinstance(tier, str) else before.service_tier,
        )

    def _choice(self, fields: dict[str, Any], at: int, events: list[Event]) -> None:
        index = fields.pop("index") if type(fields.get("index")) is int else at
        progress = self._progress(index)
        delta, finish = fields.pop("delta", None), fields.pop("finish_reason", None)
        logprobs = fields.pop("logprobs", None)
        fields.pop("message", None)  # Perplexity and Writer restate beside each delta what deltas say
        if delta and isinstance(delta, dict):
            events += progress.delta(dict(delta), index, self._origin)
        if logprobs is not None:
            events.append(LogprobsDelta(logprobs, index))
        news = {name: value for name, value in fields.items() if value is not None and progress.said.get(name) != value}
        if news:
            progress.said.update(news)
            events.append(ExtraReported(news, "choice", index))
        if isinstance(finish, str) and finish and not progress.finished:
            progress.finished = True
            events.append(Finished(finish_reason(finish, called_tools=progress.calls > 0), index))

    def _progress(self, index: int) -> Progress:
        progress = self._choices.get(index)
        if progress is None:
            progress = self._choices[index] = Progress()
        return progress
