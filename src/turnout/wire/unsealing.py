"""Seals on their way back: the envelopes in a caller's conversation, as the parts that they were.

Every part out of an envelope has the origin that it says, so that custody decides what becomes of it. One that cannot be read is
nobody's: it is told as left behind like the reasoning of any other provider, and never sent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from turnout.types import ChatRequest, Message, Opaque, Origin, Part, Reasoning, Text, ToolCall
from turnout.wire.seals import DETAILS, FORMAT, LOST, Envelope, Thought, holds_envelopes, is_envelope, unseal

_SIGNATURES = ("thoughtSignature", "thought_signature")  # of a part, in Gemini's words


def opened(request: ChatRequest, body: bytes) -> ChatRequest:
    """``request``, which was read from ``body``, with what envelopes hold in their places; the same one if there are none."""
    if not holds_envelopes(body):
        return request
    messages = tuple(map(_opened_message, request.messages))
    if all(new is old for new, old in zip(messages, request.messages, strict=True)):
        return request
    return replace(request, messages=messages)


def _opened_message(message: Message) -> Message:
    parts, extra = list(message.parts), message.extra
    details = extra.get(DETAILS) if extra else None
    if isinstance(details, list) and any(map(_is_ours, details)):
        parts = _with_details(parts, [detail["data"] for detail in details if _is_ours(detail)])
        left = [detail for detail in details if not _is_ours(detail)]
        extra = {name: left if name == DETAILS else value for name, value in (extra or {}).items() if name != DETAILS or left}
    elif not any(_envelope_of(part) for part in parts):
        return message
    opening = _Opening({part.id for part in parts if isinstance(part, ToolCall)})
    for part in parts:
        opening.add(part)
    return replace(message, parts=tuple(opening.ended()), extra=extra or None)


def _is_ours(detail: Any) -> bool:
    return isinstance(detail, dict) and detail.get("format") == FORMAT and is_envelope(detail.get("data"))


def _with_details(parts: list[Part], details: list[str]) -> list[Part]:
    """Each detail where its thoughts stood: before the call that it names, else after what was shown of them."""
    calls = {part.id for part in parts if isinstance(part, ToolCall)}
    before: dict[str, list[Part]] = {}  # "": what was said first
    for detail in details:
        envelope = unseal(detail)
        call = envelope.call if envelope is not None and envelope.call in calls else ""
        before.setdefault(call, []).append(Reasoning("", encrypted=detail))
    begins = next((at for at, part in enumerate(parts) if not isinstance(part, Reasoning)), len(parts))
    placed = [*parts[:begins], *before.pop("", ())]
    for part in parts[begins:]:
        if isinstance(part, ToolCall):
            placed += before.pop(part.id, ())
        placed.append(part)
    return placed


def _envelope_of(part: Part) -> str | None:
    if type(part) is Reasoning:
        return next((text for text in (part.encrypted, part.signature) if is_envelope(text)), None)
    if part.extra and not isinstance(part, Opaque):
        return next((text for name in _SIGNATURES if is_envelope(text := part.extra.get(name))), None)
    return None


class _Opening:
    """One message, part by part. ``calls``: the ids of those in it."""

    def __init__(self, calls: set[str]) -> None:
        self._calls = calls
        self._parts: list[Part] = []
        # Envelopes whose fields belong to a part that is still to come: to a call by its id, to the next call where an id was
        # changed on the way, to the next text.
        self._of_call: dict[str, Envelope] = {}
        self._of_next_call: deque[Envelope] = deque()
        self._of_text: deque[Envelope] = deque()
        self._details: Opaque | None = None  # of the whole message

    def add(self, part: Part) -> None:
        text = _envelope_of(part)
        if text is None:
            self._put(part)
            return
        envelope = unseal(text)
        if type(part) is not Reasoning:
            self._open(envelope, text, None)
            extra = {name: value for name, value in (part.extra or {}).items() if name not in _SIGNATURES}
            self._put(replace(part, extra=extra or None))
        else:
            self._open(envelope, text, part)

    def ended(self) -> list[Part]:
        self._parts = [self._filled(part) for part in self._parts]  # calls that a client put before their envelope
        self._parts += [Text("", extra=envelope.extra, origin=envelope.origin) for envelope in self._of_text]
        self._parts += [Reasoning("", encrypted="", origin=LOST) for _ in self._of_next_call]  # the call is gone
        if self._details is None:
            return self._parts
        self._tell_once(self._details.value)
        return [*self._parts, self._details]

    def _tell_once(self, details: list[Any]) -> None:
        """Leaves out the thoughts that the caller was shown, if ``details`` say the same."""
        shown = [part for part in self._parts if isinstance(part, Reasoning) and _is_shown(part)]
        said = "".join(str(detail.get("text") or detail.get("summary") or "") for detail in details)
        if "".join(part.text for part in shown) == said:
            self._parts = [part for part in self._parts if not (isinstance(part, Reasoning) and _is_shown(part))]

    def _open(self, envelope: Envelope | None, text: str, carrier: Reasoning | None) -> None:
        """``carrier``: the part that is an envelope, perhaps with the text that it signs."""
        thoughts = envelope.thoughts if envelope is not None else ()
        shown = thoughts[0].shown if len(thoughts) == 1 else None
        said: str | None = None
        if carrier is not None and carrier.encrypted is None:
            said = carrier.text if shown == len(carrier.text) else None
        elif shown is not None:
            said = self._taken(shown)
        else:
            said = self._taken_back("".join(thought.text for thought in thoughts))
        if envelope is None or said is None:
            self._parts.append(
                replace(carrier, origin=LOST) if carrier is not None else Reasoning("", encrypted=text, origin=LOST)
            )
            return
        if envelope.message:
            self._details = Opaque(envelope.message[DETAILS], slot=DETAILS, origin=envelope.origin)
        elif not thoughts:  # what was shown before it is its provider's too
            self._give_back(envelope.origin)
        self._parts += [_thought(thought, said, envelope.origin) for thought in thoughts]
        if envelope.extra and envelope.alone:
            self._parts.append(Text("", extra=envelope.extra, origin=envelope.origin))
        elif envelope.extra and envelope.call in self._calls:
            self._of_call[envelope.call] = envelope
        elif envelope.extra:
            (self._of_next_call if envelope.call else self._of_text).append(envelope)

    # -- what the caller was shown of it -------------------------------------------------------------

    def _shown(self) -> Iterator[tuple[int, Reasoning]]:
        """The thoughts that came last and that no envelope holds, the last of them first."""
        for at in range(len(self._parts) - 1, -1, -1):
            part = self._parts[at]
            if not isinstance(part, Reasoning) or not _is_shown(part):
                return
            yield at, part

    def _taken(self, length: int) -> str | None:
        """The text of that length which was shown last; None where it is no longer what it was."""
        texts: list[str] = []
        begins = len(self._parts)
        for at, part in self._shown():
            if not length:
                break
            length -= len(part.text)
            texts.append(part.text)
            begins = at
        if length:
            return None
        del self._parts[begins:]
        return "".join(reversed(texts))

    def _taken_back(self, text: str) -> str:
        """What was shown of ``text``, which the envelope holds, is said once."""
        left, begins = len(text), len(self._parts)
        for at, part in self._shown():
            if not left or not text.endswith(part.text, 0, left):
                break
            left -= len(part.text)
            begins = at
        if not left:
            del self._parts[begins:]
        return text

    def _give_back(self, origin: Origin) -> None:
        for at, part in list(self._shown()):
            self._parts[at] = Reasoning(part.text, origin=origin)

    def _put(self, part: Part) -> None:
        envelope: Envelope | None = None
        if isinstance(part, ToolCall) and part.id not in self._of_call and self._of_next_call:
            envelope = self._of_next_call.popleft()
        elif isinstance(part, Text) and self._of_text:
            envelope = self._of_text.popleft()
        self._parts.append(_restored(part, envelope) if envelope is not None else self._filled(part))

    def _filled(self, part: Part) -> Part:
        envelope = self._of_call.pop(part.id, None) if isinstance(part, ToolCall) else None
        return _restored(part, envelope) if envelope is not None else part


def _restored(part: Part, envelope: Envelope) -> Part:
    return replace(part, extra=envelope.extra, spelled=None, origin=envelope.origin)


def _is_shown(part: Reasoning) -> bool:
    """True for a thought that its caller was shown without a seal, which may be a copy of one that an envelope holds."""
    return not part.signature and part.encrypted is None and (part.origin is None or part.origin.provider is None)


def _thought(thought: Thought, said: str, origin: Origin) -> Reasoning:
    return Reasoning(
        said if thought.shown is not None else thought.text,
        thought.signature,
        thought.encrypted,
        extra=thought.extra,
        spelled=thought.spelled,
        origin=origin,
    )
