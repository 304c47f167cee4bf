"""Seals on their way out: the parts and events of an answer as a caller of another protocol is given them.

A seal becomes an envelope, which the renderers write as if it were their own protocol's: a signature beside the text that it
signs, or a part of reasoning that has nothing to read, the carrier. Where a protocol's place for it is apart from what is shown,
``gathered`` puts all that was thought in a row into one carrier, texts included. What cannot be sealed is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from turnout.events import (
    Event,
    ExtraReported,
    Finished,
    Fold,
    PartAdded,
    ReasoningDelta,
    SignatureDelta,
    Started,
    ToolCallDelta,
    UsageReported,
)
from turnout.events.extras import Extras, continued_extras
from turnout.types import Message, Origin, Part, Reasoning, Text, ToolCall
from turnout.wire.seals import DETAILS, Envelope, Thought, fits, seal, sealed_in, sealed_of_message

_AFTER = 1 << 30  # the index of what comes after all parts
_BESIDE = ("completion", "choice", "message")  # what an event reports fields of that is no part


def sealed(message: Message, origin: Origin | None, model: str, wire: str, *, gathered: bool = False) -> Iterator[Part]:
    """The parts of ``message``, an answer that ``origin`` gave, for a caller of ``wire``."""
    sealer = _Sealer(message.origin or origin, model, wire)
    run: list[Reasoning] = []  # thoughts in a row that no envelope holds yet
    for part in message.parts:
        if type(part) is Reasoning:
            run.append(part)
            if gathered:
                yield _bare(part)
            elif _is_sealed(part):
                yield from _in_place(part, sealer.envelope(run, in_place=True), sealer.home)
                run = []
            else:
                yield part
            continue
        fields = sealer.fields(part)
        thoughts = run if gathered and any(map(_is_sealed, run)) else ()
        if (thoughts or fields) and (envelope := sealer.envelope(thoughts, part, fields)):
            yield _carrier(envelope, sealer.home)
        run = []
        yield part
    if gathered and any(map(_is_sealed, run)) and (envelope := sealer.envelope(run)):
        yield _carrier(envelope, sealer.home)
    if message.extra and (envelope := sealer.of_message(message.extra)):
        yield _carrier(envelope, sealer.home)


class Sealing:
    """The same for the events of a stream: an envelope comes as soon as what it holds is whole.

    Holds no more of the stream than the thoughts in a row of the turn in hand, which the end of that row lets go.
    """

    def __init__(self, wire: str, *, gathered: bool = False) -> None:
        self._wire = wire
        self._sealer = _Sealer(None, "", wire)
        self._gathered = gathered
        self.runs: dict[int, _Run] = {}  # by choice; without any, a text goes through as it is
        self._details: dict[int, Extras] = {}  # by choice: of the message

    def through(self, event: Event) -> Sequence[Event]:
        """The events to render for ``event``."""
        if isinstance(event, (ReasoningDelta, SignatureDelta)):
            return self._think(event)
        if isinstance(event, PartAdded):
            if isinstance(event.part, Reasoning):
                return self._think(event)
            fields = self._sealer.fields(event.part) if event.part.extra else None
            return self._speak(event, event.part, fields) if fields or self.runs else (event,)
        if isinstance(event, Started):
            self._sealer = _Sealer(event.origin, event.model, self._wire)
        if isinstance(event, ExtraReported) and event.scope == "message" and DETAILS in event.fields:
            self._details.setdefault(event.choice, continued_extras()).add({DETAILS: event.fields[DETAILS]})
        if isinstance(event, (Started, UsageReported)) or not (self.runs or (self._details and isinstance(event, Finished))):
            return (event,)
        if isinstance(event, ExtraReported):
            if event.scope in _BESIDE:
                return (event,)
            run = self.runs.get(event.choice)
            if run is not None and event.index in run.indexes:
                run.fold.add(event)
                return (event,)
        return self._speak(event, None, None)

    def _think(self, event: ReasoningDelta | SignatureDelta | PartAdded) -> Sequence[Event]:
        run = self.runs.get(event.choice)
        if run is None:
            run = self.runs[event.choice] = _Run(event.choice)
        out: list[Event] = []
        if event.index not in run.indexes:
            if run.is_sealed and not self._gathered:
                out = self._end(run)
            run.indexes[event.index] = None
        run.fold.add(event)
        match event:
            case SignatureDelta():
                run.is_sealed = True
            case PartAdded(part=Reasoning() as part):
                run.is_sealed = run.is_sealed or _is_sealed(part)
                if part.text or part.encrypted is None:
                    out.append(replace(event, part=_bare(part)))
            case _:
                out.append(event)
        return out

    def _speak(self, event: Any, part: Part | None, fields: dict[str, Any] | None) -> Sequence[Event]:
        """``event`` is of no thought: a row of them has ended."""
        run = self.runs.pop(event.choice, None)
        out: list[Event] = []
        if self._gathered:
            thoughts = run.parts() if run is not None and run.is_sealed else ()
            before = ToolCall(event.id, "", "") if isinstance(event, ToolCallDelta) and event.id else part
            if (thoughts or fields) and (envelope := self._sealer.envelope(thoughts, before, fields)):
                out.append(_added(envelope, 0, event.choice, self._sealer.home))
        else:
            if run is not None and run.is_sealed:
                out = self._end(run)
            if fields and (envelope := self._sealer.envelope((), part, fields)):
                out.append(_added(envelope, event.index, event.choice, self._sealer.home))
        details = self._details.pop(event.choice, None) if isinstance(event, Finished) else None
        if details is not None and (envelope := self._sealer.of_message(details.value())):
            out.append(_added(envelope, _AFTER, event.choice, self._sealer.home))
        out.append(event)
        return out

    def _end(self, run: _Run) -> list[Event]:
        """The envelope for the last of ``run``, which is sealed."""
        at = next(reversed(run.indexes))
        parts = run.parts()
        envelope = self._sealer.envelope(parts, in_place=True)
        run.indexes, run.fold, run.is_sealed = {}, Fold(), False
        if envelope is None:
            return []
        if _is_signed(parts[-1]):
            return [SignatureDelta(envelope, at, run.choice)]
        return [_added(envelope, at, run.choice, self._sealer.home)]


class _Run:
    """Thoughts in a row, of one choice."""

    __slots__ = ("choice", "fold", "indexes", "is_sealed")

    def __init__(self, choice: int) -> None:
        self.choice = choice
        self.fold = Fold()
        self.indexes: dict[int, None] = {}  # as they began
        self.is_sealed = False

    def parts(self) -> list[Reasoning]:
        parts = (self.fold.part(index, self.choice) for index in self.indexes)
        return [part for part in parts if isinstance(part, Reasoning)]


class _Sealer:
    """Who gives the answer, and to whom."""

    def __init__(self, origin: Origin | None, model: str, wire: str) -> None:
        self.home = Origin(wire)
        self._origin = origin
        self._model = model

    def fields(self, part: Part) -> dict[str, Any] | None:
        """What its provider sealed in a part that is no reasoning."""
        origin = part.origin or self._origin
        if not part.extra or origin is None or origin.wire == self.home.wire:
            return None
        if not (isinstance(part, Text) or (isinstance(part, ToolCall) and part.id)):
            return None
        return sealed_in(part.extra, origin.wire)

    def of_message(self, extra: dict[str, Any]) -> str | None:
        """For what its provider sealed of the whole message."""
        origin = self._origin
        if origin is None or origin.provider is None or origin.wire == self.home.wire:
            return None
        fields = sealed_of_message(extra, origin.wire)
        if fields is None:
            return None
        return seal(Envelope(wire=origin.wire, provider=origin.provider, model=self._model, message=fields))

    def envelope(
        self,
        run: Sequence[Reasoning],
        before: Part | None = None,
        fields: dict[str, Any] | None = None,
        *,
        in_place: bool = False,
    ) -> str | None:
        """For the thoughts ``run``, and for ``fields`` of the part ``before`` which they stand; None if it cannot be sealed.

        ``in_place``: only the last of ``run`` is sealed, and if that is a signature of a text, it is written beside it.
        """
        last = run[-1] if run else before
        origin = (last.origin if last is not None else None) or self._origin
        if origin is None or origin.provider is None or origin.wire == self.home.wire or not fits(*run):
            return None
        signed = run[-1] if in_place and _is_signed(run[-1]) else None
        return seal(
            Envelope(
                wire=origin.wire,
                provider=origin.provider,
                model=self._model,
                thoughts=(_told(signed, shown=True),) if signed is not None else tuple(map(_told, run)),
                call=before.id if isinstance(before, ToolCall) else "",
                extra=fields,
                alone=fields is not None and isinstance(before, Text) and not before.text,
            )
        )


def _told(part: Reasoning, *, shown: bool = False) -> Thought:
    return Thought(
        text="" if shown else part.text,
        shown=len(part.text) if shown else None,
        signature=part.signature,
        encrypted=part.encrypted,
        extra=part.extra,
        spelled=part.spelled,
    )


def _in_place(part: Reasoning, envelope: str | None, home: Origin) -> Iterator[Part]:
    if envelope is None:
        yield _bare(part)
    elif _is_signed(part):
        yield Reasoning(part.text, envelope, origin=home)
    else:
        if part.text:
            yield _bare(part)
        yield _carrier(envelope, home)


def _carrier(envelope: str, home: Origin) -> Reasoning:
    return Reasoning("", encrypted=envelope, origin=home)


def _added(envelope: str, index: int, choice: int, home: Origin) -> PartAdded:
    """A carrier for the part ``index``, which may have been shown: no index of a stream's own is negative."""
    return PartAdded(-1 - index, _carrier(envelope, home), choice)


def _is_signed(part: Reasoning) -> bool:
    """True where a signature can stand beside what it signs."""
    return part.encrypted is None and bool(part.text)


def _is_sealed(part: Reasoning) -> bool:
    return bool(part.signature) or part.encrypted is not None


def _bare(part: Reasoning) -> Reasoning:
    return replace(part, signature=None, encrypted=None) if part.signature is not None or part.encrypted is not None else part
