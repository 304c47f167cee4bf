"""What a stream adds up to does not depend on how finely it was said, nor on how its parts took turns."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from hypothesis import given, strategies as st
from msgspec.structs import replace
from said import pieces

from turnout.events import (
    CitationAdded,
    Event,
    Finished,
    ReasoningDelta,
    RefusalDelta,
    SignatureDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    UsageReported,
    fold,
)
from turnout.types import Citation, FinishReason, Usage

TEXT = st.text(max_size=12)
CUTS = st.lists(st.integers(1, 5), min_size=1, max_size=5)
Spoken = list[list[Event]]  # each list the events of one part, in order


@st.composite
def parts(draw: st.DrawFn) -> Spoken:
    spoken: Spoken = []
    for choice in range(draw(st.integers(1, 2))):
        for index in range(draw(st.integers(0, 3))):
            text = draw(TEXT)
            match draw(st.sampled_from(["text", "reasoning", "refusal", "call"])):
                case "text":
                    cited = [CitationAdded(Citation(url="https://x.test/", start=0, end=1), index, choice)]
                    spoken.append([TextDelta(text, index, choice), *(cited if draw(st.booleans()) else [])])
                case "reasoning":
                    spoken.append([ReasoningDelta(text, index, choice), SignatureDelta(draw(TEXT), index, choice)])
                case "refusal":
                    spoken.append([RefusalDelta(text, index, choice)])
                case _:
                    spoken.append([ToolCallDelta(index, f"call_{index}", "look", text, choice)])
        spoken.append([Finished(FinishReason("stop"), choice)])
    return spoken


def finer(event: Event, sizes: list[int]) -> Iterator[Event]:
    """``event`` in several pieces."""
    match event:
        case ToolCallDelta(index, _, _, arguments, choice):
            yield replace(event, arguments="")
            yield from (ToolCallDelta(index, "", "", piece, choice) for piece in pieces(arguments, sizes))
        case TextDelta(text) | ReasoningDelta(text) | RefusalDelta(text):
            yield replace(event, text="")
            yield from (replace(event, text=piece) for piece in pieces(text, sizes))
        case SignatureDelta(signature):
            yield replace(event, signature="")
            yield from (replace(event, signature=piece) for piece in pieces(signature, sizes))
        case _:
            yield event


def around(events: list[Event]) -> list[Event]:
    return [Started("c1", "m"), *events, UsageReported(Usage(uncached_input_tokens=3, text_output_tokens=2))]


@given(parts(), CUTS)
def test_deltas_said_more_finely_add_up_to_the_same(spoken: Spoken, sizes: list[int]) -> None:
    once = [event for part in spoken for event in part]
    again = [piece for event in once for piece in finer(event, sizes)]
    assert fold(around(again)) == fold(around(once))


@given(parts(), CUTS, st.randoms(use_true_random=False))
def test_parts_that_take_turns_add_up_to_what_they_say_one_after_the_other(
    spoken: Spoken, sizes: list[int], draw: object
) -> None:
    waiting = [deque(piece for event in part for piece in finer(event, sizes)) for part in spoken]
    turns = []
    while waiting := [part for part in waiting if part]:
        turns.append(draw.choice(waiting).popleft())  # type: ignore[attr-defined]
    once = [event for part in spoken for event in part]
    assert fold(around(turns)) == fold(around(once))
