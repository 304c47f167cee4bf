"""What a receipt says of a rendered answer is what happened to it: each claim is tried by reading the rendered bytes again."""

from __future__ import annotations

from typing import Any

import pytest

from turnout.adapt.answers import departures
from turnout.errors import Error
from turnout.registry import WIRES, Registry
from turnout.testing import probes
from turnout.types import Completion, HttpResponse, Target, Usage
from turnout.wire import Wire

TARGET = Target("here", "m")
REGISTRY = Registry(environ={})
SPEAKING = [REGISTRY.wires.get(name) for name in WIRES]
SERVERS = [wire for wire in SPEAKING if wire.server is not None and wire.chat is not None]
COUNTS = [name for name in Usage.__struct_fields__ if name not in ("raw", "wire", "billed")]


def said(completion: Completion) -> list[Any]:
    """What the answer says, without where it came from and how it was spelled."""
    facts: list[Any] = [completion.id, completion.created, completion.service_tier, completion.extra is None]
    for choice in completion.choices:
        finish = choice.finish
        facts.append((choice.index, choice.logprobs, finish and (finish.unified, finish.stop_sequence)))
        for part in choice.message.parts:
            fields = {name: getattr(part, name) or None for name in part.__struct_fields__}  # an empty signature is none
            for name in ("origin", "extra", "spelled", "cache_control", "format"):  # a format repeats its media type
                fields.pop(name, None)
            facts.append((type(part), fields))
    facts.append([getattr(completion.usage, name) or None for name in COUNTS])  # a count of zero says no more than none
    return facts


def again(wire: Wire, completion: Completion) -> Completion:
    assert wire.server is not None
    assert wire.chat is not None
    return wire.chat.decode(HttpResponse(status=200, body=wire.server.render(completion)), TARGET)


@pytest.mark.parametrize("wire", SERVERS, ids=lambda wire: wire.name)
@pytest.mark.parametrize("feature", probes.answers())
def test_a_feature_is_said_exactly_or_the_receipt_says_otherwise(wire: Wire, feature: str) -> None:
    answer = probes.answers()[feature]
    lines = departures(answer, wire)
    try:
        read = again(wire, answer)
    except Error:
        assert lines
        return
    differs = differing(wire, answer, read)
    if lines:
        assert differs, f"{wire.name} says {feature} exactly, yet the receipt says {lines}"
    else:
        assert not differs, f"{wire.name} does not say {feature} exactly, and no line tells: {differs}"


def differing(wire: Wire, answer: Completion, read: Completion) -> list[Any]:
    """The facts that did not survive, except what this wire adds to the plainest answer too (an id it makes up, a date)."""
    plain = probes.answers()["reasoning"]
    plain_read = again(wire, plain)
    made_up = {name for name in ("id", "created", "service_tier") if getattr(plain, name) != getattr(plain_read, name)}
    pairs: list[tuple[Any, Any]] = [
        (getattr(answer, name) or None, getattr(read, name) or None)
        for name in ("id", "created", "service_tier")
        if getattr(answer, name) or name not in made_up
    ]
    pairs.append((said(answer)[4:], said(read)[4:]))
    pairs.append((bool(answer.extra), False))
    return [pair for pair in pairs if pair[0] != pair[1]]


@pytest.mark.parametrize("wire", SERVERS, ids=lambda wire: wire.name)
def test_an_answer_of_the_same_protocol_has_no_departures(wire: Wire) -> None:
    for answer in probes.answers().values():
        assert departures(again(wire, probes.answers()["reasoning"]), wire) == ()
        assert all(line.side == "response" for line in departures(answer, wire))
