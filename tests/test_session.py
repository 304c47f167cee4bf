"""A stream's session: bytes to events, and the verdict."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from turnout.errors import Overloaded, TransportFailed
from turnout.events import Event, Finished, Started, TextDelta
from turnout.session import StreamSession
from turnout.types import FinishReason


class Letters:
    """A protocol in which every byte is a letter of the answer, "!" is an error and "." is the end."""

    def __init__(self) -> None:
        self.ended = False

    def feed(self, chunk: bytes) -> Iterable[Event]:
        for letter in chunk.decode():
            if letter == "!":
                raise Overloaded("busy")
            if letter == "^":
                yield Started("1", "m")
            elif letter == ".":
                self.ended = True
                yield Finished(FinishReason("stop"))
            else:
                yield TextDelta(letter)

    def close(self) -> Iterable[Event]:
        if not self.ended:
            raise TransportFailed("cut off")
        return ()


def test_the_beginning_alone_is_no_output() -> None:
    session = StreamSession(Letters())
    session.feed(b"^")
    assert not session.has_output
    session.feed(b"a")
    assert session.has_output


def test_events_before_an_error_in_the_same_chunk_are_given_first() -> None:
    session = StreamSession(Letters())
    assert session.feed(b"ab!c") == [TextDelta("a"), TextDelta("b")]
    with pytest.raises(Overloaded):
        session.check()
    with pytest.raises(Overloaded):
        session.feed(b"d")


def test_only_a_stream_that_says_so_has_ended() -> None:
    cut = StreamSession(Letters())
    cut.feed(b"a")
    cut.end()
    assert not cut.ended
    with pytest.raises(TransportFailed):
        cut.check()
    whole = StreamSession(Letters())
    whole.feed(b"a.")
    whole.end()
    assert whole.ended
    assert whole.completion().text == "a"


def test_an_interruption_carries_what_had_arrived_and_why() -> None:
    session = StreamSession(Letters())
    session.feed(b"abc")
    interrupted = session.interrupted(Overloaded("busy", status=529, retry_after=3.0))
    assert interrupted.partial.text == "abc"
    assert (interrupted.status, interrupted.retry_after) == (529, 3.0)
    assert str(interrupted) == "the stream broke off after output began: busy"


def test_a_session_that_keeps_no_content_forgets_the_text_of_the_beginning_too() -> None:
    session = StreamSession(Letters(), keeps_content=False)
    assert [event.text for event in session.feed(b"^ab") if isinstance(event, TextDelta)] == ["a", "b"]
    session.feed(b"c.")
    session.end()
    completion = session.completion()
    assert (completion.id, completion.text) == ("1", "")
    assert completion.finish == FinishReason("stop")
