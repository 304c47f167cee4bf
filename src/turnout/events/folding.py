"""Events added up to a Completion: the only accumulator of streams."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from turnout.events.extras import Continued, Extras, continued_extras, merge_extra
from turnout.events.kinds import (
    AudioDelta,
    CitationAdded,
    Event,
    ExtraReported,
    Finished,
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
from turnout.types import (
    Audio,
    Choice,
    Citation,
    Completion,
    DataSource,
    FinishReason,
    Message,
    Origin,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    Usage,
)


def fold(events: Iterable[Event]) -> Completion:
    """The completion that these events add up to: the same that the whole answer would have decoded to."""
    folding = Fold()
    for event in events:
        folding.add(event)
    return folding.completion()


def _once_more(seen: Started, more: Started) -> Started:
    """Some servers stamp each chunk anew: what was said first holds, except for the tier, which is known only at the end."""
    return Started(
        id=seen.id or more.id,
        model=seen.model or more.model,
        created=more.created if not seen.created and more.created is not None else seen.created,
        origin=more.origin or seen.origin,
        service_tier=more.service_tier if more.service_tier is not None else seen.service_tier,
    )


class Fold:
    """The only accumulator of streams: add events as they come, ask for the completion at any time."""

    def __init__(self) -> None:
        self._started = Started("", "")
        self._extra = Extras()
        self._usage = Usage()
        self._choices: dict[int, _Choice] = {}

    def add(self, event: Event) -> None:
        if isinstance(event, TextDelta) and (choice := self._choices.get(event.choice)) is not None:
            choice.add_text(event)  # what most streams consist of
        elif isinstance(event, Started):
            self._started = _once_more(self._started, event)
        elif isinstance(event, UsageReported):
            self._usage = event.usage
        elif isinstance(event, ExtraReported) and event.scope == "completion":
            self._extra.add(event.fields)
        else:
            choice = self._choices.get(event.choice)
            if choice is None:
                choice = self._choices[event.choice] = _Choice()
            choice.add(event)

    def part(self, index: int, choice: int = 0) -> Part:
        """The part ``index`` as far as it has come. Raises KeyError before its first event."""
        return self._choices[choice].part(index, self._started.origin)

    def completion(self) -> Completion:
        origin = self._started.origin
        return Completion(
            id=self._started.id,
            model=self._started.model,
            created=self._started.created,
            service_tier=self._started.service_tier,
            origin=origin,
            choices=tuple(self._choices[index].choice(index, origin) for index in sorted(self._choices)),
            usage=self._usage,
            extra=self._extra.value() or None,
        )


class _Growing:
    """One part, in pieces."""

    __slots__ = ("begun", "citations", "extra", "id", "kind", "name", "signature", "text", "transcript")

    def __init__(self, kind: type) -> None:
        self.kind = kind
        self.begun: Part | None = None
        self.text: list[str] = []
        self.signature: list[str] = []
        self.transcript: list[str] = []
        self.citations: list[Citation] = []
        self.extra = Extras()
        self.id = self.name = ""

    def part(self, origin: Origin | None) -> Part:
        from msgspec.structs import replace

        text = "".join(self.text)
        extra = self.extra.value() or None
        match self.begun:
            case Text() as begun:
                citations = (*begun.citations, *self.citations)
                extra = _cited(_both(begun.extra, extra), citations)
                return replace(begun, text=begun.text + text, citations=citations, extra=extra)
            case Reasoning() as begun:
                signature = self._signed(begun.signature)
                return replace(begun, text=begun.text + text, signature=signature, extra=_both(begun.extra, extra))
            case Refusal() as begun:
                return replace(begun, text=begun.text + text, extra=_both(begun.extra, extra))
            case ToolCall() as begun:
                return replace(begun, arguments=begun.arguments + text, extra=_both(begun.extra, extra))
            case None:
                return self._from_deltas(text, extra, origin)
            case begun:
                return replace(begun, extra=_both(begun.extra, extra)) if extra else begun

    def _from_deltas(self, text: str, extra: dict[str, Any] | None, origin: Origin | None) -> Part:
        if self.kind is ToolCall:
            return ToolCall(self.id, self.name, text, extra=extra)
        if self.kind is Reasoning:
            return Reasoning(text, self._signed(None), extra=extra, origin=origin)
        if self.kind is Refusal:
            return Refusal(text, extra=extra)
        if self.kind is Audio:
            return Audio(DataSource(text), transcript="".join(self.transcript) or None, extra=extra)
        return Text(text, tuple(self.citations), extra=_cited(extra, tuple(self.citations)))

    def _signed(self, begun: str | None) -> str | None:
        """An empty signature is one; None is none."""
        return (begun or "") + "".join(self.signature) if self.signature or begun is not None else None


def _cited(extra: dict[str, Any] | None, citations: tuple[Citation, ...]) -> dict[str, Any] | None:
    """``extra`` without the empty list that a text began with and its citations have taken the place of."""
    if not extra or not citations:
        return extra
    return {name: value for name, value in extra.items() if name != "citations"} or None


def _both(one: dict[str, Any] | None, other: dict[str, Any] | None) -> dict[str, Any] | None:
    return merge_extra(one, other) if one and other else one or other


class _Choice:
    def __init__(self) -> None:
        self._parts: dict[int, _Growing] = {}
        self._finish: FinishReason | None = None
        self._logprobs = Continued()
        self._extra = Extras()
        self._message_extra = continued_extras()

    def _growing(self, index: int, kind: type) -> _Growing:
        part = self._parts.get(index)
        if part is None:
            part = self._parts[index] = _Growing(kind)
        return part

    def add_text(self, event: TextDelta) -> None:
        part = self._parts.get(event.index)
        if part is None:
            part = self._parts[event.index] = _Growing(Text)
        part.text.append(event.text)

    def add(self, event: Event) -> None:
        match event:
            case TextDelta():
                self.add_text(event)
            case ReasoningDelta():
                self._growing(event.index, Reasoning).text.append(event.text)
            case ToolCallDelta():
                call = self._growing(event.index, ToolCall)
                call.id = call.id or event.id
                call.name = call.name or event.name
                call.text.append(event.arguments)
            case PartAdded():
                self._growing(event.index, type(event.part)).begun = event.part
            case SignatureDelta():
                self._growing(event.index, Reasoning).signature.append(event.signature)
            case RefusalDelta():
                self._growing(event.index, Refusal).text.append(event.text)
            case CitationAdded():
                self._growing(event.index, Text).citations.append(event.citation)
            case AudioDelta():
                audio = self._growing(event.index, Audio)
                audio.text.append(event.data)
                audio.transcript.append(event.transcript)
                audio.extra.add(event.extra or {})
            case LogprobsDelta():
                self._logprobs.add(event.logprobs)
            case Finished():
                self._finish = event.finish
            case ExtraReported(scope="choice"):
                self._extra.add(event.fields)
            case ExtraReported(scope="message"):
                self._message_extra.add(event.fields)
            case ExtraReported(scope="part"):
                self._growing(event.index, Text).extra.add(event.fields)

    def part(self, index: int, origin: Origin | None) -> Part:
        return self._parts[index].part(origin)

    def choice(self, index: int, origin: Origin | None) -> Choice:
        parts = tuple(self._parts[at].part(origin) for at in sorted(self._parts))
        message = Message("assistant", parts, extra=self._message_extra.value() or None, origin=origin)
        return Choice(
            index=index, message=message, finish=self._finish, logprobs=self._logprobs.value(), extra=self._extra.value() or None
        )
