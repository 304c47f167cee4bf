"""One call's hold on the transport, for threads. Its twin for asyncio is ``line_async``."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec.structs import replace

from turnout.client.obtaining import obtained
from turnout.client.settings import Performed, Settings
from turnout.effects import Emit, Fetch, Obtain, Open, Send, Sleep, Steps
from turnout.errors import Error, TimedOut
from turnout.events import Event
from turnout.session import StreamSession
from turnout.types import HttpResponse
from turnout.wire.response_headers import kept_headers

if TYPE_CHECKING:
    from typing import Self

    from turnout.engine.plan import Plan
    from turnout.transport import Body, Transport

T = TypeVar("T")


class Line:
    """Performs the effects of one call, and lets go of everything at the end."""

    def __init__(self, call: Performed, plan: Plan, transport: Transport, settings: Settings) -> None:
        self._call = call
        self._plan = plan
        self._transport = transport
        self._settings = settings
        self._held: AbstractContextManager[Body] | None = None
        self._body: Body | None = None
        self._next_by: float | None = None  # when the wait for the next event ends; None while nobody waits

    def run(self, steps: Steps[T]) -> T:
        answer: Any = None
        failure: Error | None = None
        try:
            while True:
                try:
                    effect = steps.throw(failure) if failure is not None else steps.send(answer)
                except StopIteration as done:
                    return done.value  # type: ignore[no-any-return]
                answer = failure = None
                try:
                    match effect:
                        case Send(request, timeouts, deadline):
                            answer = self._transport.send(request, timeouts=timeouts, deadline=deadline)
                        case Open():
                            answer = self._open(effect)
                        case Sleep(seconds):
                            time.sleep(seconds)
                        case Emit(record):
                            self._settings.emit(record)
                        case Obtain(source):
                            answer = obtained(source, self._call.deadline - self._plan.clock())
                        case Fetch():
                            from turnout.transport.fetch import fetch  # only those who have addresses fetched pay for it

                            answer = fetch(effect)
                except Error as error:
                    failure = error
        finally:
            steps.close()

    def _open(self, effect: Open) -> HttpResponse | None:
        self._let_go()  # of an earlier attempt's connection
        clock, session = self._plan.clock, effect.session
        first_by = min(clock() + (effect.timeouts.first_event or effect.timeouts.total), effect.deadline)
        held = self._transport.open(effect.request, timeouts=effect.timeouts, deadline=effect.deadline)
        body = self._body = held.__enter__()
        self._held = held
        if not 200 <= body.head.status < 300:
            rest = []
            while chunk := body.read(left(first_by, clock())):
                rest.append(chunk)
            return replace(body.head, body=b"".join(rest))
        session.headers = kept_headers(body.head.headers)
        while not (session.has_output or session.ended):
            chunk = body.read(left(first_by, clock()))
            if chunk:
                session.feed(chunk)
            else:
                session.end()
            if not session.has_output:
                session.check()
        return None

    def advance(self, session: StreamSession) -> list[Event]:
        """The next events of an open stream; empty when bytes came that complete none.

        The wait for them begins now: a reader that takes its time is no stall of the provider.
        """
        assert self._body is not None
        now = self._plan.clock()
        if self._next_by is None:
            timeouts = self._plan.timeouts
            self._next_by = min(now + (timeouts.between_events or timeouts.total), self._call.deadline)
        chunk = self._body.read(left(self._next_by, now))
        events = session.feed(chunk) if chunk else session.end()
        if events:
            self._next_by = None
        return events

    def settle(self, record: Any) -> None:
        self._settings.emit(record)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *why: object) -> None:
        if not self._call.recorded:  # abandoned, or ended by something that is no answer: Ctrl-C
            self._settings.emit(self._call.record("cancelled"))
        self._let_go()

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            held.__exit__(None, None, None)


def left(by: float, now: float) -> float:
    """Seconds until ``by``. Raises TimedOut when it is past."""
    if now >= by:
        raise TimedOut("no event came in time: the provider is slow or stalled; raise `timeout` if it needs longer")
    return by - now
