"""Streams to callers: events of any wire to this protocol's whole grammar.

created, in_progress, then per item output_item.added, its parts with their deltas and done, output_item.done; at the end
completed, incomplete or failed, which states the whole response:
https://platform.openai.com/docs/api-reference/responses-streaming (read 2026-11-21).
"""

from __future__ import annotations

from typing import Any, Union

import msgspec

from turnout.errors import Error
from turnout.events import (
    AudioDelta,
    CitationAdded,
    Event,
    ExtraReported,
    Finished,
    Fold,
    LogprobsDelta,
    PartAdded,
    ReasoningDelta,
    RefusalDelta,
    SignatureDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    UsageReported,
)
from turnout.types import Audio, Part, Reasoning, Refusal, Text, ToolCall
from turnout.wire.openai_responses.answers import is_sayable, joins, write_response
from turnout.wire.openai_responses.content import write_annotation
from turnout.wire.openai_responses.faults import written_inside
from turnout.wire.openai_responses.items import is_continued, kind_of
from turnout.wire.openai_responses.rendering import OpenItem
from turnout.wire.openai_responses.words import WIRE_NAME, is_own
from turnout.wire.sealing import Sealing

_encode = msgspec.json.Encoder().encode
_ENDINGS = ("completed", "incomplete", "failed", "cancelled")

PartEvent = Union[
    PartAdded, TextDelta, ReasoningDelta, SignatureDelta, RefusalDelta, ToolCallDelta, CitationAdded, AudioDelta, ExtraReported
]


class OpenAIResponsesRenderer:
    def __init__(self) -> None:
        self._fold = Fold()
        self._sealing = Sealing(WIRE_NAME)
        self._answer_id = ""
        self._own = False
        self._sequence = 0
        self._started = False  # something was rendered
        self._begun = False  # response.created was written
        self._items: list[OpenItem] = []
        self._grown: dict[int, OpenItem] = {}  # those of them that may have become complete since the last one began
        self._of_part: dict[int, OpenItem] = {}

    def render(self, event: Event) -> bytes:
        if self._own or (type(event) is TextDelta and not self._sealing.runs):
            return self._hear(event)
        return b"".join([self._hear(said) for said in self._sealing.through(event)])

    def _hear(self, event: Event) -> bytes:
        match event:
            case TextDelta(choice=0) if (item := self._of_part.get(event.index)) is not None and item.takes(event.index):
                self._fold.add(event)
                return self._text(item, event.text)
            case Started():
                self._started = True
                self._fold.add(event)
                self._answer_id = self._answer_id or event.id
                self._own = is_own(event.origin)
            case UsageReported() | ExtraReported(scope="completion"):
                self._fold.add(event)
            case LogprobsDelta() | Finished() | ExtraReported(scope="choice" | "message"):
                if event.choice == 0:
                    self._fold.add(event)
            case _ if event.choice == 0:  # this protocol gives one answer
                self._fold.add(event)
                return self._say(event)
        return b""

    def finish(self) -> bytes:
        written = [self._begin(), *(item.done() for item in self._items)]
        body = self._response()
        status = body.get("status") if body.get("status") in _ENDINGS else "completed"
        written.append(self._event(f"response.{status}", {"response": body}))
        return b"".join(written)

    def fail(self, error: Error) -> bytes:
        """As the protocol's own servers do it: the error, then the response that failed of it.

        The error alone where nothing was rendered: the stream was passed on as it came, and which response it begins is not known
        here. A second one would be a fault of its own (openai 3.54, lib/streaming/responses: "identity changed").
        """
        told = written_inside(error)
        code, message = told.get("code") or "server_error", told.get("message") or str(error)
        flat = {"code": told.get("code"), "message": message, "param": told.get("param")}
        if not self._started:
            return self._event("error", flat | {"error": told})
        begun = self._begin()
        said = self._event("error", flat | {"error": told})
        failed = {"status": "failed", "error": {"code": code, "message": message}, "incomplete_details": None}
        return begun + said + self._event("response.failed", {"response": self._response() | failed})

    # -- the response --------------------------------------------------------------------------

    def _begin(self) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        body = write_response(self._fold.completion(), [])
        body |= {"status": "in_progress", "error": None, "incomplete_details": None, "usage": None}
        created = self._event("response.created", {"response": body})
        return created + self._event("response.in_progress", {"response": body})

    def _response(self) -> dict[str, Any]:
        return write_response(self._fold.completion(), [item.item() for item in self._items])

    def _event(self, kind: str, fields: dict[str, Any]) -> bytes:
        data = _encode({"type": kind, **fields, "sequence_number": self._sequence})
        self._sequence += 1
        return b"event: %b\ndata: %b\n\n" % (kind.encode(), data)

    def _text(self, item: OpenItem, text: str) -> bytes:
        """The event that most of a stream consists of, with nothing in it but the text left to encode."""
        if not text:
            return b""
        written = b"%b%b%b%d}\n\n" % (item.text_head, _encode(text), b',"logprobs":[],"sequence_number":', self._sequence)
        self._sequence += 1
        return written

    # -- items ---------------------------------------------------------------------------------

    def _say(self, event: PartEvent) -> bytes:
        item = self._of_part.get(event.index)
        if item is None:
            return self._start(event, since=0)
        if item.takes(event.index):
            return self._continue(item, event)
        if item.kind == "whole":  # said again, as it is now
            return item.done()
        text = _text_of(event)
        if text and item.kind in ("message", "reasoning"):  # its part is closed: what comes late makes an item of its own
            return self._start(event, since=len(_whole_text(self._fold.part(event.index))) - len(text))
        return b""

    def _start(self, event: PartEvent, since: int) -> bytes:
        """The part of ``event`` begins: in the item before it or in one of its own. ``since``: what of its text was said."""
        if self._own and isinstance(event, ExtraReported):
            return b""
        part = self._fold.part(event.index)
        if not self._own and not is_sayable(part):
            return b""
        begun = self._begin()
        last = self._items[-1] if self._items else None
        if last is not None and not last.is_done and self._continues(part, last):
            item, opened = last, b""
        else:
            closed = b"".join(item.done() for item in self._grown.values() if item.is_complete)
            item = OpenItem(len(self._items), part, self._fold, self._event, own=self._own, answer_id=self._answer_id)
            self._items.append(item)
            self._grown = {item.number: item}
            opened = closed + item.add(event.index, since)
        self._of_part[event.index] = item
        written = begun + opened + item.begin(event.index, part, since)
        text = _whole_text(part)[since:]
        if text:
            written += item.delta(text)
        if isinstance(part, Text) and not since:
            written += b"".join(self._cite(item, citation, part.text) for citation in part.citations)
        return written

    def _continues(self, part: Part, item: OpenItem) -> bool:
        if self._own:
            return is_continued(part) and kind_of(part) == item.kind
        return joins(part, item.last) and not item.is_closed

    def _continue(self, item: OpenItem, event: PartEvent) -> bytes:
        self._grown[item.number] = item
        if isinstance(event, CitationAdded):
            return self._cite(item, event.citation, _whole_text(self._fold.part(event.index)))
        text = _text_of(event)
        return item.delta(text) if text else b""

    def _cite(self, item: OpenItem, citation: Any, text: str) -> bytes:
        annotation = write_annotation(citation, text, self._own)
        return item.annotation(annotation) if annotation is not None else b""


def _text_of(event: PartEvent) -> str:
    """What ``event`` adds to its part."""
    match event:
        case TextDelta(text=text) | ReasoningDelta(text=text) | RefusalDelta(text=text) | AudioDelta(transcript=text):
            return text
        case ToolCallDelta(arguments=text):
            return text
        case PartAdded(part=part):
            return _whole_text(part)
    return ""


def _whole_text(part: Part) -> str:
    match part:
        case Text(text=text) | Reasoning(text=text) | Refusal(text=text) | ToolCall(arguments=text):
            return text
        case Audio(transcript=text):
            return text or ""
    return ""
