"""One answer of one exchange, decoded once by the wire under test: what every check looks at."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from itertools import pairwise
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from turnout.errors import ConfigError, Error
from turnout.events import Event, fold
from turnout.testing.exchange import Exchange
from turnout.testing.frames import FRAMINGS, NOT_JSON, Frame
from turnout.testing.reference import Reference, reference_for
from turnout.testing.routes import Route
from turnout.types import Completion, HttpResponse, Target
from turnout.wire import ChatCodec, ChatServer, Wire

_BINARY = ("aws-events", "aws-chunks")


class Decoded(Struct):
    """What a decoder made of some bytes: the events, and what it raised, if it raised."""

    events: list[Event]
    failure: Exception | None


class Subject:
    """``wire`` under test, ``reference`` to judge it by, and ``exchange``, which holds one answer."""

    def __init__(self, exchange: Exchange, wire: Wire, reference: Reference, route: Route | None = None) -> None:
        if wire.chat is None or wire.server is None:
            raise ConfigError(f"the conformance kit needs both directions of wire {wire.name!r}: chat and server")
        self.exchange = exchange
        self.wire = wire
        self.codec: ChatCodec = wire.chat
        self.server: ChatServer = wire.server
        self.reference = reference
        self.route = route
        self.target = Target(exchange.provider, "conformance")

    @cached_property
    def framing(self) -> str:
        """How the events of the body are told apart: not a key of FRAMINGS for a body that is one answer."""
        if self.exchange.framing == "base64":
            return self.reference.framing if self.reference.framing in _BINARY else "aws-events"
        array = self.route is not None and self.route.array and self.exchange.response.body.lstrip().startswith(b"[")
        return "array" if array and self.exchange.framing == "json" else self.exchange.framing

    @cached_property
    def streamed(self) -> bool:
        return self.framing in FRAMINGS and self.exchange.succeeded

    @cached_property
    def frames(self) -> list[Frame]:
        return FRAMINGS[self.framing](self.exchange.response.body)

    @cached_property
    def fault(self) -> int | None:
        """Which event of the stream is an error, or not the protocol; None if all of it is the answer."""
        for index, frame in enumerate(self.frames):
            if self.reference.error(frame.value, frame.event) is not None:
                return index
            if frame.value is NOT_JSON and frame.data not in ("", "[DONE]"):
                return index
        return None

    @cached_property
    def body(self) -> Any:
        """The response body as JSON, or NOT_JSON."""
        try:
            return msgspec.json.decode(self.exchange.response.body)
        except msgspec.DecodeError:
            return NOT_JSON

    @cached_property
    def refused(self) -> bool:
        """The body is an error: by its status, or by what it says in spite of a 200."""
        return not self.exchange.succeeded or self.body is NOT_JSON or self.reference.error(self.body, None) is not None

    @cached_property
    def cut_short(self) -> bool:
        """The recording itself stops before the protocol's own end."""
        return self.streamed and self.fault is None and not self.reference.ended(self.frames)

    @property
    def broken(self) -> bool:
        """The response is not an answer, or not a whole one, so that the wire must give an Error."""
        return self.fault is not None or self.cut_short if self.streamed else self.refused

    @property
    def as_expected(self) -> bool:
        """The wire gave an answer where there is one, and an Error where there is none: the rest is worth comparing."""
        return isinstance(self.outcome, Error) if self.broken else isinstance(self.outcome, Completion)

    @cached_property
    def answer(self) -> dict[str, Any]:
        """The whole answer as JSON: the body, or what the stream's events up to a fault add up to."""
        if not self.streamed:
            return self.body if isinstance(self.body, dict) else {}
        return self.reference.merge(self.frames[: self.fault])

    @cached_property
    def decoded(self) -> Decoded:
        """The stream, in one piece."""
        return self.decode_stream([self.exchange.response.body])

    @cached_property
    def outcome(self) -> Completion | Exception:
        """What the wire made of the response: an answer, or the error it raised or returned."""
        if self.streamed:
            return self.decoded.failure or fold(self.decoded.events)
        response = self.exchange.response
        try:
            if not self.exchange.succeeded:
                return self.codec.decode_error(response, self.target)
            return self.codec.decode(response, self.target)
        except Exception as error:  # noqa: BLE001 - whatever a wire raises is a finding, not a crash of the kit
            return error

    @cached_property
    def completion(self) -> Completion | None:
        """The answer, also the part of it that came before a stream broke; None if there is none to look at."""
        if self.streamed:
            return fold(self.decoded.events)
        return self.outcome if isinstance(self.outcome, Completion) else None

    def decode_stream(self, chunks: Iterable[bytes], *, close: bool = True) -> Decoded:
        events: list[Event] = []
        try:
            decoder = self.codec.decoder(self.target)
            for chunk in chunks:
                events.extend(decoder.feed(chunk))
            if close:
                events.extend(decoder.close())
        except Exception as error:  # noqa: BLE001 - as above
            return Decoded(events, error)
        return Decoded(events, None)

    def decode_answer(self, answer: dict[str, Any]) -> Completion:
        return self.codec.decode(HttpResponse(status=200, body=msgspec.json.encode(answer)), self.target)


def subjects(exchange: Exchange, wire: Wire, reference: Reference | None = None, route: Route | None = None) -> list[Subject]:
    """One for each answer in the recorded body: a recording may hold the answers of several turns, one after the other."""
    judge = reference or reference_for(wire.name)
    if judge is None:
        raise ConfigError(
            f"no reference is known for wire {wire.name!r}; pass one: turnout.testing.Reference(wire=…, merge=…, …)"
        )
    whole = Subject(exchange, wire, judge, route)
    if not whole.streamed:
        return [whole]
    starts = [index for index, frame in enumerate(whole.frames) if judge.begins(frame)]
    cuts = [0, *(whole.frames[index - 1].end for index in starts[1:]), len(exchange.response.body)]
    if len(cuts) == 2:
        return [whole]
    bodies = [exchange.response.body[start:end] for start, end in pairwise(cuts)]
    return [Subject(replace(exchange, response=replace(exchange.response, body=body)), wire, judge, route) for body in bodies]
