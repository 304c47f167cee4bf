"""Is what the answer and the request say where a reader of the neutral form looks for it, and not in an opaque corner?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from turnout.testing.checks.subject import Subject
from turnout.testing.difference import Difference, compared
from turnout.testing.reference import Meaning
from turnout.types import ChatRequest, Choice, Reasoning, Refusal, Text, Tool, ToolCall

CHECK = "understands"


def understands(subject: Subject) -> Iterator[Difference]:
    """Text, reasoning, refusal, tool calls and the reason to stop, choice by choice."""
    completion = subject.completion
    if completion is None or subject.broken:
        return
    meanings = subject.reference.meaning(subject.answer)
    if len(meanings) != len(completion.choices):
        yield Difference(CHECK, "choices", len(meanings), len(completion.choices))
        return
    for index, (meaning, choice) in enumerate(zip(meanings, completion.choices, strict=True)):
        path = f"choices[{index}]"
        for name, kind in (("text", Text), ("reasoning", Reasoning), ("refusal", Refusal)):
            got = "".join(part.text for part in choice.message.parts if isinstance(part, kind))
            yield from compared(CHECK, getattr(meaning, name), got, f"{path}.{name}")
        yield from _calls(meaning, choice, f"{path}.calls")
        unified = choice.finish.unified if choice.finish is not None and choice.finish.raw else None
        if unified not in (meaning.finish or {None}):
            yield Difference(CHECK, f"{path}.finish", sorted(meaning.finish), unified)


def understood(subject: Subject, body: dict[str, Any], request: ChatRequest) -> Iterator[Difference]:
    """Model, text, tools, limit and temperature of the request."""
    asked = subject.reference.asked(body)
    text = "".join(part.text for message in request.messages for part in message.parts if isinstance(part, Text))
    got = {
        "model": request.model,
        "text": text,
        "tools": [tool.name for tool in request.tools or () if isinstance(tool, Tool)],
        "max_output_tokens": request.max_output_tokens,
    }
    expected = {
        "model": asked.model,
        "text": asked.text,
        "tools": list(asked.tools),
        "max_output_tokens": asked.max_output_tokens,
    }
    yield from compared(CHECK, expected, got, "request")
    if request.temperature != asked.temperature:
        yield Difference(CHECK, "request.temperature", asked.temperature, request.temperature)


def _calls(meaning: Meaning, choice: Choice, path: str) -> Iterator[Difference]:
    """An id that the provider left out may be any, but for those of the other calls."""
    calls = [part for part in choice.message.parts if isinstance(part, ToolCall)]
    unnamed = [at for at, (identity, *_) in enumerate(meaning.calls) if identity is None]
    got = [_call(None if at in unnamed else part.id, part.name, part.arguments) for at, part in enumerate(calls)]
    yield from compared(CHECK, [_call(*call) for call in meaning.calls], got, path)
    ids = [part.id for part in calls]
    if unnamed and ("" in ids or len(set(ids)) < len(ids)):
        yield Difference(CHECK, path, "an id of its own for each call", ids)


def _call(identity: str | None, name: str, arguments: str) -> list[Any]:
    try:
        return [identity, name, msgspec.json.decode(arguments)]
    except msgspec.DecodeError:
        return [identity, name, arguments]
