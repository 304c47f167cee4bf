"""A stream after it opened: bytes to events, and the verdict at the end. Sans-IO."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from msgspec.structs import replace

from turnout.errors import Error, StreamInterrupted
from turnout.events import (
    AudioDelta,
    Event,
    ExtraReported,
    LogprobsDelta,
    ReasoningDelta,
    RefusalDelta,
    Started,
    TextDelta,
    ToolCallDelta,
    UsageReported,
    fold,
)
from turnout.types import Completion


class Decoding(Protocol):
    """What a session needs of a wire's stream decoder."""

    def feed(self, chunk: bytes) -> Iterable[Event]: ...
    def close(self) -> Iterable[Event]: ...


# what a stream consists of; parts that were not begun by an event of another kind are begun by the first of these
_CONTENT = (TextDelta, ReasoningDelta, ToolCallDelta, AudioDelta, LogprobsDelta, RefusalDelta)


class StreamSession:
    """Feeds one stream's bytes to its decoder and remembers what came out."""

    def __init__(self, decoder: Decoding, restore: Callable[[Event], Event] | None = None, *, keeps_content: bool = True) -> None:
        """``restore`` undoes in each event what was renamed for the provider.

        Without ``keeps_content`` the stream is forgotten as it passes, but for what accounts need: a gateway's caller has it.
        """
        self._decoder = decoder
        self._keeps_content = keeps_content
        self._restore = restore
        self._failure: Error | None = None
        self.seen: list[Event] = []
        self.has_output = False  # something a user could have seen
        self.ended = False  # the provider said that it finished
        self.headers: dict[str, str] | None = None  # what the response's head said about the call

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that ``chunk`` completed. An error behind them is kept for ``check``, so that cutting changes nothing."""
        if self._failure is not None:
            raise self._failure
        noted: list[Event] = []
        try:
            noted.extend(self._decoder.feed(chunk))
        except Error as error:
            self._failure = error
        return self._note(noted)

    def end(self) -> list[Event]:
        """The bytes ended. ``check`` then raises if the provider never said that it finished."""
        self.check()
        noted: list[Event] = []
        try:
            noted.extend(self._decoder.close())
            self.ended = True
        except Error as error:
            self._failure = error
        return self._note(noted)

    def check(self) -> None:
        """Raises what broke the stream, if something did."""
        if self._failure is not None:
            raise self._failure

    def completion(self) -> Completion:
        """What the events so far add up to; without ``keeps_content`` all but their text, even where that was seen."""
        seen = self.seen if self._keeps_content else [event for event in self.seen if not isinstance(event, _CONTENT)]
        return replace(fold(seen), headers=self.headers)

    def interrupted(self, cause: Error) -> StreamInterrupted:
        return StreamInterrupted(
            f"the stream broke off after output began: {cause}",
            partial=self.completion(),
            status=cause.status,
            code=cause.code,
            type=cause.type,
            request_id=cause.request_id,
            retry_after=cause.retry_after,
            headers=cause.headers,
            body=cause.body,
            wire=cause.wire,
            target=cause.target,
        )

    def _note(self, noted: list[Event]) -> list[Event]:
        if self._restore is not None:
            noted = [self._restore(event) for event in noted]
        if self._keeps_content or not self.has_output:
            if not self.has_output:
                self.has_output = any(not isinstance(event, (Started, UsageReported, ExtraReported)) for event in noted)
            self.seen += noted
        else:
            for event in noted:
                if not isinstance(event, _CONTENT):
                    self.seen.append(event)
        return noted
