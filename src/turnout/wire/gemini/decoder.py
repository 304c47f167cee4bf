"""Streams from providers: response objects, each with the next parts, to our events.

They come as server-sent events (alt=sse) or as a JSON array, which the first byte tells apart. There is no terminal event: a
stream is whole when every candidate has said why it finished, or the prompt was blocked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from turnout.errors import ServerFault, TransportFailed
from turnout.events import Event, ExtraReported, Finished, ReasoningDelta, Started, TextDelta, UsageReported
from turnout.types import Origin, Reasoning, Target, Text
from turnout.wire.gemini.answers import block_reason, seconds, take_name
from turnout.wire.gemini.faults import error_of
from turnout.wire.gemini.progress import Progress, brought_up_to_date
from turnout.wire.gemini.usage import read_usage, service_tier
from turnout.wire.gemini.words import WIRE_NAME, blocked
from turnout.wire.json_array import JsonArrayDecoder
from turnout.wire.json_text import read_json
from turnout.wire.sse import SseDecoder


class _Part(Struct, forbid_unknown_fields=True):
    text: str
    thought: bool = False


class _Content(Struct, forbid_unknown_fields=True):
    parts: list[_Part]
    role: str


class _Candidate(Struct, forbid_unknown_fields=True):
    content: _Content
    index: int = 0


_Counts = dict[str, int | str | list[dict[str, int | str]]]  # no deeper: what is nested otherwise takes the general way


class _Chunk(Struct, forbid_unknown_fields=True):
    """The object that most of a stream consists of: the next piece of a text begun. Any other takes the general way."""

    candidates: list[_Candidate]
    usageMetadata: _Counts | None = None
    modelVersion: str = ""
    responseId: str = ""
    createTime: str | None = None


_decode_common = msgspec.json.Decoder(_Chunk).decode


class GeminiDecoder:
    def __init__(self, target: Target) -> None:
        self._target = target
        self._origin = Origin(WIRE_NAME, target.provider)
        self._sse: SseDecoder | None = None
        self._array: JsonArrayDecoder | None = None
        self._started: Started | None = None
        self._said: dict[str, Any] = {}  # fields of the whole answer as last reported
        self._usage: dict[str, Any] | None = None
        self._choices: dict[int, Progress] = {}
        self._blocked = False

    def feed(self, chunk: bytes) -> Iterator[Event]:
        if self._sse is not None:
            for _, data in self._sse.feed(chunk):
                yield from self._read(data)
        elif self._array is not None:
            for data in self._array.feed(chunk):
                yield from self._read(data)
        elif begun := chunk.lstrip(b" \t\r\n"):
            if begun[:1] in (b"[", b"{"):
                self._array = JsonArrayDecoder()
            else:
                self._sse = SseDecoder()
            yield from self.feed(begun)

    def close(self) -> Iterator[Event]:
        if self._sse is not None:
            for _, data in self._sse.close():
                yield from self._read(data)
        finished = bool(self._choices) and all(progress.finish is not None for progress in self._choices.values())
        if not (finished or self._blocked) or (self._array is not None and self._array.within):
            raise TransportFailed(
                f"{self._target}: the stream ended before the provider said that it finished", target=self._target
            )

    def _read(self, data: bytes) -> Iterator[Event]:
        try:
            chunk = _decode_common(data)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            pass
        else:
            event = self._common(chunk)
            if event is not None:
                yield event
                if chunk.usageMetadata is not None and chunk.usageMetadata != self._usage:
                    yield self._use(chunk.usageMetadata)
                return
        try:
            body = read_json(data)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            if data.strip() in (b"", b"[DONE]"):  # servers that are not Google's end every stream as OpenAI does
                return
            raise ServerFault(f"{self._target}: a stream event is not JSON: {error}", target=self._target) from error
        if not isinstance(body, dict):
            raise ServerFault(f"{self._target}: a stream event is no JSON object", target=self._target)
        failed = body.get("error") is not None and not body.get("candidates")
        yield from self._general({name: value for name, value in body.items() if not (failed and name == "error")})
        if failed:
            raise error_of(body, None, self._target)

    def _common(self, chunk: _Chunk) -> Event | None:
        """The event of an object that only continues the text or thought that an earlier one began, else None."""
        started = self._started
        if (
            started is None
            or chunk.responseId != started.id
            or chunk.modelVersion != started.model
            or len(chunk.candidates) != 1
            or (chunk.createTime is not None and chunk.createTime != self._said.get("createTime"))
        ):
            return None
        candidate = chunk.candidates[0]
        progress = self._choices.get(candidate.index)
        if progress is None or candidate.content.role != "model" or len(candidate.content.parts) != 1:
            return None
        part = candidate.content.parts[0]
        if part.thought:
            return ReasoningDelta(part.text, progress.at, candidate.index) if progress.kind is Reasoning and part.text else None
        if progress.kind is not Text or not part.text:
            return None
        progress.texts[-1][1].append(part.text)
        return TextDelta(part.text, progress.at, candidate.index)

    # -- any object ----------------------------------------------------------------------------

    def _general(self, fields: dict[str, Any]) -> Iterator[Event]:
        candidates = fields.pop("candidates") if isinstance(fields.get("candidates"), list) else []
        usage = fields.pop("usageMetadata") if isinstance(fields.get("usageMetadata"), dict) else None
        if fields or candidates or usage:
            yield from self._start(fields, service_tier(usage))
        if news := brought_up_to_date(self._said, fields):
            yield ExtraReported(news)
        for at, candidate in enumerate(candidates):
            if not isinstance(candidate, dict):
                raise ServerFault(f"{self._target}: a candidate in the stream is no object", target=self._target)
            index = candidate["index"] if type(candidate.get("index")) is int else at
            progress = self._choices.get(index)
            if progress is None:
                answer = self._started.id if self._started is not None else ""
                progress = self._choices[index] = Progress(index, self._origin, answer)
            yield from progress.read(dict(candidate))
        reason = block_reason(fields)
        if reason is not None and not self._choices and not self._blocked:
            self._blocked = True
            yield Finished(blocked(reason))
        if usage is not None and usage != self._usage:
            yield self._use(usage)

    def _start(self, fields: dict[str, Any], tier: str | None) -> Iterator[Event]:
        """Takes out of ``fields`` what every object repeats; a ``Started`` when some of it is new. What came first holds."""
        before = self._started or Started("", "")
        id, model = take_name(fields, "responseId"), take_name(fields, "modelVersion")
        created = seconds(fields.get("createTime")) if before.created is None else before.created
        started = Started(before.id or id, before.model or model, created, self._origin, tier or before.service_tier)
        if started != self._started:
            self._started = started
            yield started

    def _use(self, usage: dict[str, Any]) -> UsageReported:
        self._usage = usage
        return UsageReported(read_usage(usage))
