"""Candidates, the choices of an answer: this protocol's objects to ours, and back."""

from __future__ import annotations

from functools import partial
from typing import Any

from msgspec.structs import replace

from turnout.types import Choice, FinishReason, Message, Origin, Part, Reasoning, Text, ToolCall
from turnout.wire.asides import set_aside
from turnout.wire.gemini.grounding import read_citations, write_grounding
from turnout.wire.gemini.part_writer import PartWriter
from turnout.wire.gemini.parts import read_part
from turnout.wire.gemini.words import WIRE_NAME, call_id, finish_reason, is_own, raw_finish
from turnout.wire.sealing import sealed

USUAL_CONTENT = {"role": "model"}


def read_candidate(raw: dict[str, Any], at: int, origin: Origin, answer: str) -> Choice:
    """``answer``: its id, from which calls without one get theirs."""
    fields = dict(raw)
    index = fields["index"] if type(fields.get("index")) is int else at
    parts: list[Part] = []
    calls = 0
    content = fields.get("content")
    if isinstance(content, dict):
        rest, listed = split_content(content)
        for item in listed:
            part = read_part(item, origin, partial(call_id, answer, calls, index))
            calls += isinstance(part, ToolCall)
            parts.append(part)
        del fields["content"]
        if rest != USUAL_CONTENT or not listed:
            fields["content"] = rest
    for place, citation in read_citations(fields, [(at, part.text) for at, part in enumerate(parts) if isinstance(part, Text)]):
        text = parts[place]
        if isinstance(text, Text):
            parts[place] = replace(text, citations=(*text.citations, citation))
    finish = take_finish(fields, called_tools=calls > 0)
    logprobs = fields.pop("logprobsResult") if isinstance(fields.get("logprobsResult"), dict) else None
    message = Message("assistant", tuple(parts), origin=origin)
    return Choice(index=index, message=message, finish=finish, logprobs=logprobs, extra=fields or None)


def split_content(content: dict[str, Any]) -> tuple[dict[str, Any], list[Any]]:
    """What a content says beside its parts, and the parts. An empty list, or what is none, stays among the former."""
    parts = content.get("parts")
    if not isinstance(parts, list) or not parts:
        return content, []
    return {name: value for name, value in content.items() if name != "parts"}, parts


def take_finish(fields: dict[str, Any], *, called_tools: bool) -> FinishReason | None:
    """The finish reason, taken out of ``fields``. A number, which enums come as on demand, also stays there."""
    raw = fields.get("finishReason")
    if isinstance(raw, str):
        del fields["finishReason"]
    elif type(raw) is not int:
        return None
    return finish_reason(raw, called_tools=called_tools)


def write_candidate(choice: Choice, origin: Origin | None, model: str = "") -> dict[str, Any]:
    """``model``: which of ``origin``'s gave the answer."""
    own = is_own(origin)
    extra = dict(choice.extra or {}) if own else {}
    message = choice.message
    written: dict[str, Any] = {}
    if message.parts or "content" in extra or not own:
        parts = write_parts(message, origin, model)
        content = extra.pop("content", USUAL_CONTENT)
        written["content"] = content | {"parts": parts} if isinstance(content, dict) and (parts or not own) else content
    if choice.finish is not None and "finishReason" not in extra:
        written["finishReason"] = raw_finish(choice.finish, origin)
    if not own:
        written["index"] = choice.index
        grounding = write_grounding([part for part in map(set_aside, message.parts) if isinstance(part, Text)])
        if grounding is not None:
            written["groundingMetadata"] = grounding
        return written
    if choice.logprobs is not None:
        written["logprobsResult"] = choice.logprobs
    return written | extra


def write_parts(message: Message, origin: Origin | None, model: str) -> list[Any]:
    writer = PartWriter(None, [])
    if is_own(origin):
        own = (writer.write(part, "", message.origin or origin) for part in message.parts)
        return [part for part in own if part is not None]
    written: list[Any] = []
    envelopes = Envelopes()
    for part in sealed(message, origin, model, WIRE_NAME, gathered=True):
        if isinstance(part, Reasoning) and part.encrypted is not None:
            envelopes.add(part.encrypted)
            continue
        said = writer.write(set_aside(part), "", message.origin or origin)
        if said is not None and said != {"text": ""}:
            written.append(envelopes.onto(said))
    return written + envelopes.left()


class Envelopes:
    """Seals of other protocols on their way to the part that they stand before, as a signature stands here.

    https://ai.google.dev/gemini-api/docs/thought-signatures (read 2026-11-21): on the first call of several, on a text, or on
    an empty text. What is shown of thoughts bears none, and clients may leave it out of what they send back. Gemini CLI leaves
    out empty texts too (https://github.com/google-gemini/gemini-cli/issues/25808, read 2026-11-21).
    """

    def __init__(self) -> None:
        self._waiting: list[str] = []

    def add(self, envelope: str) -> None:
        self._waiting.append(envelope)

    def onto(self, part: Any) -> Any:
        if not self._waiting or not isinstance(part, dict) or part.get("thought"):
            return part
        return part | {"thoughtSignature": self._waiting.pop(0)}

    def left(self) -> list[Any]:
        """What no part followed."""
        left = [{"text": "", "thoughtSignature": envelope} for envelope in self._waiting]
        self._waiting = []
        return left
