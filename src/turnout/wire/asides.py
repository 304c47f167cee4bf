"""What a model says while still at work, in protocols that have no word for it.

A caller hears it as reasoning, for it must not read as the answer; a provider hears it as the text that it was.
"""

from __future__ import annotations

from turnout.events import Event, PartAdded, ReasoningDelta, TextDelta
from turnout.receipt import approximated, mapped
from turnout.types import Message, Part, Reasoning, ReceiptLine, Text, ToolCall

Asides = set[tuple[int, int]]  # the parts found to be commentary so far, by choice and index


def turned(event: Event, asides: Asides) -> Event:
    """``event`` as it is to be rendered; ``asides`` grows by the part that it begins, if that is commentary."""
    if type(event) is PartAdded:
        part = event.part
        if type(part) is Text and part.phase == "commentary":
            asides.add((event.choice, event.index))
            return ReasoningDelta(part.text, event.index, event.choice)
    elif type(event) is TextDelta and (event.choice, event.index) in asides:
        return ReasoningDelta(event.text, event.index, event.choice)
    return event


def set_aside(part: Part) -> Part:
    """The same for a part of a whole answer."""
    return Reasoning(part.text) if isinstance(part, Text) and part.phase == "commentary" else part


def report(message: Message, path: str, lines: list[ReceiptLine]) -> None:
    """Lines for the commentary in ``message``, which a provider hears as plain text.

    Beside calls nobody takes it for the answer; alone it could be taken for one.
    """
    found = [at for at, part in enumerate(message.parts) if type(part) is Text and part.phase == "commentary"]
    if not found:
        return
    if any(type(part) is ToolCall for part in message.parts):
        why = "said as plain text beside the calls"
        lines += [mapped("request", f"{path}.parts[{at}].phase", why) for at in found]
    else:
        why = "said as plain text: this protocol does not tell commentary from the answer"
        lines += [approximated("request", f"{path}.parts[{at}].phase", why) for at in found]
