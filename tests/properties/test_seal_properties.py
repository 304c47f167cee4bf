"""Envelopes: whatever is sealed comes out as it was, from a whole answer and from a stream, and nothing that comes in raises."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given, strategies as st

from turnout.events import Event, Finished, PartAdded, ReasoningDelta, SignatureDelta, Started, TextDelta, ToolCallDelta
from turnout.types import ChatRequest, FinishReason, Message, Origin, Part, Reasoning, Text, ToolCall
from turnout.wire.sealing import Sealing, sealed
from turnout.wire.seals import MARK, Envelope, Thought, is_envelope, seal, unseal
from turnout.wire.unsealing import opened

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=6)
SEALS = st.text("abc+/=", min_size=1, max_size=6)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | TEXTS, lambda inner: st.lists(inner, max_size=2), max_leaves=4
)
EXTRAS = st.none() | st.dictionaries(st.sampled_from(["item", "x"]), JSON, min_size=1, max_size=2)
ORIGIN = Origin("gemini", "origin")
THOUGHTS = st.builds(
    lambda text, signature, encrypted, extra: Reasoning(
        text if encrypted is None else "", None if encrypted is not None else signature, encrypted, extra=extra, origin=ORIGIN
    ),
    TEXTS,
    st.none() | SEALS,
    st.none() | SEALS,
    EXTRAS,
)
SIGNED: dict[str, Any] = {"thoughtSignature": "c2ln"}


def answers() -> st.SearchStrategy[list[Part]]:
    """Calls with ids of their own, texts, and thoughts of every kind."""
    others = st.sampled_from(
        [
            Text("Hi", origin=ORIGIN),
            Text("Ho", extra=SIGNED, origin=ORIGIN),
            ToolCall("", "look", "{}", origin=ORIGIN),
            ToolCall("", "look", "{}", extra=SIGNED, origin=ORIGIN),
        ]
    )
    return st.lists(THOUGHTS | others, max_size=7).map(_numbered)


def _numbered(parts: list[Any]) -> list[Part]:
    from msgspec.structs import replace

    return [replace(part, id=f"call_{at}") if isinstance(part, ToolCall) else part for at, part in enumerate(parts)]


def is_sealed(part: Part) -> bool:
    return isinstance(part, Reasoning) and (bool(part.signature) or part.encrypted is not None)


@pytest.mark.parametrize("gathered", [False, True])
@given(answers())
def test_what_was_sealed_comes_back_as_it_was_and_where_it_stood(gathered: bool, parts: list[Part]) -> None:
    shown = tuple(sealed(Message("assistant", tuple(parts), origin=ORIGIN), None, "m", "anthropic-messages", gathered=gathered))
    request = ChatRequest(model="m", messages=(Message("assistant", shown, origin=Origin("anthropic-messages")),))
    (message,) = opened(request, MARK.encode()).messages
    assert [part for part in message.parts if is_sealed(part)] == [part for part in parts if is_sealed(part)]
    calls = [(part.id, part.extra) for part in message.parts if isinstance(part, ToolCall)]
    assert calls == [(part.id, part.extra) for part in parts if isinstance(part, ToolCall)]
    texts = [(part.text, part.extra) for part in message.parts if isinstance(part, Text)]
    assert texts == [(part.text, part.extra) for part in parts if isinstance(part, Text)]
    said = [(type(part), is_sealed(part)) for part in message.parts if not isinstance(part, Reasoning) or is_sealed(part)]
    assert said == [(type(part), is_sealed(part)) for part in parts if not isinstance(part, Reasoning) or is_sealed(part)]


def events_of(parts: list[Part]) -> list[Event]:
    events: list[Event] = [Started("1", "m", origin=ORIGIN)]
    for at, part in enumerate(parts):
        if isinstance(part, Reasoning) and part.encrypted is None and part.extra is None:
            events += [ReasoningDelta(piece, at) for piece in part.text or ("",)]
            events += [SignatureDelta(piece, at) for piece in part.signature or ""]
        elif isinstance(part, ToolCall) and not part.extra:
            events += [ToolCallDelta(at, part.id, part.name), ToolCallDelta(at, arguments=part.arguments)]
        elif isinstance(part, Text) and not part.extra:
            events += [TextDelta(piece, at) for piece in part.text]
        else:
            events.append(PartAdded(at, part))
    return [*events, Finished(FinishReason("stop"))]


@pytest.mark.parametrize("gathered", [False, True])
@given(answers())
def test_a_stream_seals_what_the_whole_answer_seals(gathered: bool, parts: list[Part]) -> None:
    message = Message("assistant", tuple(parts), origin=ORIGIN)
    whole = list(sealed(message, None, "m", "anthropic-messages", gathered=gathered))
    sealing = Sealing("anthropic-messages", gathered=gathered)
    streamed = [said for event in events_of(parts) for said in sealing.through(event)]
    assert envelopes(streamed) == [
        text for part in whole if isinstance(part, Reasoning) for text in (part.signature, part.encrypted) if is_envelope(text)
    ]
    assert not sealing.runs


def envelopes(events: list[Event]) -> list[str]:
    found: list[str] = []
    for event in events:
        if isinstance(event, SignatureDelta):
            found.append(event.signature)
        elif isinstance(event, PartAdded) and isinstance(event.part, Reasoning) and event.part.encrypted is not None:
            found.append(event.part.encrypted)
    assert all(map(is_envelope, found))
    return found


@given(
    st.builds(
        lambda wire, provider, thoughts, call: Envelope(wire=wire, provider=provider, thoughts=tuple(thoughts), call=call),
        TEXTS.filter(bool),
        TEXTS.filter(bool),
        st.lists(
            st.builds(Thought, TEXTS, st.none() | st.integers(0, 9), st.none() | TEXTS, st.none() | TEXTS, EXTRAS), max_size=3
        ),
        TEXTS,
    )
)
def test_an_envelope_is_read_as_it_was_written(envelope: Envelope) -> None:
    text = seal(envelope)
    assert text is not None
    assert is_envelope(text)
    assert unseal(text) == envelope
    assert unseal(text.rstrip("=").replace("+", "-").replace("/", "_")) == envelope


@given(st.one_of(st.text(max_size=40), st.binary(max_size=40).map(lambda raw: b64encode(b"turnout.v1. " + raw).decode()[12:])))
def test_anything_after_the_mark_is_read_or_is_no_envelope(rest: str) -> None:
    assert unseal(MARK + rest) is None
