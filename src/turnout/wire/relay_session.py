"""Passing a stream on as it comes: its events are read no further than accounts and the truth about its end need."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from turnout.errors import Error, ServerFault
from turnout.events import Event, ExtraReported, Finished, Started, UsageReported
from turnout.types import Choice, Completion, Message, Usage
from turnout.wire.relaying import RelayRules
from turnout.wire.sse import MAX_EVENT_BYTES

_NOT_STARTED = Started("", "")


class _Decoder(Protocol):
    def feed(self, chunk: bytes) -> Iterable[Event]: ...
    def close(self) -> Iterable[Event]: ...


class RelaySession:
    """Whole events go out as they came in, and the wire's own decoder sees all that are not plain.

    So an error inside the stream, its usage and its end are found as a ``StreamSession`` finds them. What arrives before there
    is output stays in ``seen``: until then the call may still go elsewhere.
    """

    def __init__(self, decoder: _Decoder, rules: RelayRules, *, hide_usage: bool) -> None:
        self._decoder = decoder
        self._plain = rules.plain
        self._endings = rules.endings
        self._lines = rules.framing == "ndjson"
        self._hide_usage = hide_usage
        self._rest = b""
        self._failure: Error | None = None
        self._started: Started | None = None
        self._usage: UsageReported | None = None
        self._finished: dict[int, Finished] = {}
        self.seen: list[bytes] = []
        self.has_output = False
        self.ended = False
        self.headers: dict[str, str] | None = None

    def feed(self, chunk: bytes) -> list[bytes]:
        """The bytes to send on: whole events. An error behind them is kept for ``check``."""
        if self._failure is not None:
            raise self._failure
        data = self._rest + chunk if self._rest else chunk
        end = self._end_of_events(data)
        if end == len(data):
            self._rest = b""
        else:
            self._rest = data[end:]
            data = data[:end]
            if len(self._rest) > MAX_EVENT_BYTES:
                self._failure = ServerFault(
                    f"an event grew beyond {MAX_EVENT_BYTES:,} bytes; the provider does not speak its protocol"
                )
        return self._pass(data) if data else []

    def end(self) -> list[bytes]:
        """The bytes ended. ``check`` then raises if the provider never said that it finished."""
        self.check()
        rest, self._rest = self._rest, b""
        passed = self._pass(rest + (b"\n" if self._lines else b"\n\n")) if rest.strip() else []
        if self._failure is None:
            try:
                for event in self._decoder.close():
                    self._note(event)
                self.ended = True
            except Error as error:
                self._failure = error
        return passed

    def check(self) -> None:
        """Raises what broke the stream, if something did."""
        if self._failure is not None:
            raise self._failure

    def completion(self) -> Completion:
        """What is known of the answer: everything but its content."""
        started = self._started or _NOT_STARTED
        origin = started.origin
        return Completion(
            id=started.id,
            model=started.model,
            choices=tuple(
                Choice(index=index, message=Message("assistant", (), origin=origin), finish=self._finished[index].finish)
                for index in sorted(self._finished)
            ),
            usage=self._usage.usage if self._usage is not None else Usage(),
            created=started.created,
            service_tier=started.service_tier,
            origin=origin,
            headers=self.headers,
        )

    def _end_of_events(self, data: bytes) -> int:
        if self._lines:
            return data.rfind(b"\n") + 1
        if data.endswith(b"\n\n"):
            return len(data)
        after = data.rfind(b"\n\n")
        end = after + 2 if after >= 0 else 0
        if b"\r" in data:
            after = data.rfind(b"\r\n\r\n")
            end = max(end, after + 4 if after >= 0 else 0)
        return end

    def _pass(self, block: bytes) -> list[bytes]:
        begun = self.has_output
        separator = b"\n" if self._lines else b"\n\n"
        if b"\r" in block and not self._lines and b"\r\n\r\n" in block:  # a byte is looked for ten times as fast as four are
            separator = b"\r\n\r\n"
        events = block.split(separator)
        changed = False
        plain, endings = self._plain, self._endings if b'"error"' not in block else ()
        for at, event in enumerate(events):
            if not event or (self.has_output and (event.endswith(endings) or plain(event))):
                continue
            try:
                only_usage = self._read(event + separator)
            except Error as error:
                self._failure = error
                events[at:] = [b""]  # what led to it still goes out
                changed = True
                break
            if only_usage and self._hide_usage:
                events[at] = b""
                changed = True
        if changed:
            block = separator.join(event for event in events if event)
            block += separator if block else b""
        if not begun and block:
            self.seen.append(block)
        return [block] if block else []

    def _read(self, event: bytes) -> bool:
        """Notes what the decoder makes of it; true if that is the usage and nothing more."""
        only_usage = False
        output = False
        for noted in self._decoder.feed(event):
            only_usage = only_usage or isinstance(noted, UsageReported)
            output = output or not isinstance(noted, (Started, UsageReported, ExtraReported))
            self._note(noted)
        self.has_output = self.has_output or output
        return only_usage and not output

    def _note(self, event: Event) -> None:
        match event:
            case Started():
                self._started = event
            case UsageReported():
                self._usage = event
            case Finished():
                self._finished[event.choice] = event
