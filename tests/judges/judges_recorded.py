"""Answers of the recorded traffic, as their wires decoded them: enough of them to show what there is to be seen, or all."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from typing import Any

from judges_wires import JUDGED, recorded, wire
from msgspec import Struct

from turnout.testing.checks.subject import Subject, subjects
from turnout.testing.routes import route_of
from turnout.types import Completion

ALL = os.environ.get("TURNOUT_JUDGES") == "all"  # every recorded answer, which takes minutes


# Bytes. Mistral's SDK makes a class for everything that it reads, so that a long stream takes it seconds.
_LONG = 15_000
_LONGEST = {"mistral-chat": 3000}


class Answer(Struct, frozen=True):
    """``said``: the vendor's own bytes. ``provider``: who answered."""

    wire: str
    mode: str
    said: bytes
    subject: Subject
    completion: Completion
    provider: str
    id: str


def answers(source: str, target: str, mode: str) -> tuple[Answer, ...]:
    """Different answers over ``source`` to render for a caller of ``target``.

    Unless ALL, so many that each thing is shown once which can come through: to a caller of the same wire every member, kind and
    word that a vendor wrote, and every provider; to another what our vocabulary has a word for, in answers that are not long.
    """
    if ALL:
        return _every().get((source, mode), ())
    if source == target:
        return _chosen(source, mode, _members)
    return tuple(answer for answer in _chosen(source, mode, _words) if len(answer.said) <= _LONGEST.get(target, _LONG))


@cache
def _chosen(source: str, mode: str, shows: Callable[[Answer], frozenset[str]]) -> tuple[Answer, ...]:
    """The shortest come first: what takes time is the SDKs' reading of long streams."""
    all_shown: set[str] = set()
    chosen: list[Answer] = []
    found = [(shows(answer), answer) for answer in _every().get((source, mode), ())]
    for shown, answer in sorted(found, key=lambda it: (len(it[1].said), it[1].id)):
        if not shown <= all_shown:
            all_shown |= shown
            chosen.append(answer)
    return tuple(chosen)


@cache
def _every() -> dict[tuple[str, str], tuple[Answer, ...]]:
    """Every different answer that came whole, by wire and mode."""
    found: dict[tuple[str, str], list[Answer]] = {}
    seen: set[tuple[str, bytes]] = set()
    for exchange in recorded():
        route = route_of(exchange)
        if route is None or route.operation != "chat" or route.wire not in JUDGED:
            continue
        if (route.wire, exchange.response.body) in seen:
            continue
        seen.add((route.wire, exchange.response.body))
        for subject in subjects(exchange, wire(route.wire), None, route):
            if subject.broken or not isinstance(subject.outcome, Completion):
                continue
            mode = "stream" if subject.streamed else "whole"
            said = _as_sdks_ask(subject)
            answer = Answer(route.wire, mode, said, subject, subject.outcome, exchange.provider, exchange.id)
            found.setdefault((route.wire, mode), []).append(answer)
    return {key: tuple(some) for key, some in found.items()}


def _as_sdks_ask(subject: Subject) -> bytes:
    """The vendor's bytes; a stream in the framing that its SDK asks for, where a vendor has two."""
    if subject.framing == "array" and subject.streamed:
        return b"".join(b"data: " + json.dumps(frame.value).encode() + b"\n\n" for frame in subject.frames)
    return subject.exchange.response.body


# -- what an answer shows --------------------------------------------------------------------------

_KINDS = ("type", "role", "finish_reason", "stop_reason", "stopReason", "finishReason", "status", "done_reason")

# What a model wrote for a tool, and what an answer repeats of the request: no part of what the protocol says in answers.
_CALLERS = ("input", "args", "arguments", "json", "tools", "metadata", "schema", "input_schema", "parameters")


def _members(answer: Answer) -> frozenset[str]:
    """The members that the vendor's answer has, by path, and the words it uses to say of what kind they are."""
    return frozenset((answer.provider, *_paths(answer.subject.answer)))


def _paths(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, member in value.items():
            yield f"{path}.{name}"
            if name in _KINDS and isinstance(member, str):
                yield f"{path}.{name}={member}"
            if name not in _CALLERS:
                yield from _paths(member, f"{path}.{name}")
    elif isinstance(value, list):
        for item in value:
            yield from _paths(item, f"{path}[]")


_BOUND = ("extra", "origin", "spelled", "raw", "wire")  # what stays with its own protocol


def _words(answer: Answer) -> frozenset[str]:
    """What of our vocabulary the answer uses: the fields of its values, by kind, which part follows which, and why it ended."""
    completion = answer.completion
    shown = {*_fields(completion), *_fields(completion.usage), f"{len(completion.choices)} choices"}
    for choice in completion.choices:
        kinds = [type(part).__name__ for part in choice.message.parts]
        shown |= {f"{before} {after}" for before, after in pairwise(["", *kinds, ""])}
        shown |= {field for part in choice.message.parts for field in _fields(part)}
        shown.add("no finish" if choice.finish is None else f"{choice.finish.unified}: {choice.finish.raw}")
    return frozenset(shown)


def _fields(value: Struct) -> Iterator[str]:
    for name in value.__struct_fields__:
        held = getattr(value, name)
        if name not in _BOUND:
            yield f"{type(value).__name__}.{name}: {'none' if held is None else 'some' if held else 'empty'}"
