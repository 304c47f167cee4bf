"""One call's hold on the transport, for asyncio. Its twin for threads is ``line``."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec.structs import replace

from turnout.client.line import left
from turnout.client.obtaining import obtained_async
from turnout.client.settings import Performed, Settings
from turnout.effects import Emit, Fetch, Obtain, Open, Send, Sleep, Steps
from turnout.errors import Error
from turnout.types import HttpResponse
from turnout.wire.response_headers import kept_headers

if TYPE_CHECKING:
    from typing import Self

    from turnout.effects import Session
    from turnout.engine.plan import Plan
    from turnout.transport import AsyncBody, AsyncTransport

T = TypeVar("T")


class Line:
    """Performs the effects of one call, and lets go of everything at the end."""

    def __init__(self, call: Performed, plan: Plan, transport: AsyncTransport, settings: Settings) -> None:
        self._call = call
        self._plan = plan
        self._transport = transport
        self._settings = settings
        self._held: AbstractAsyncContextManager[AsyncBody] | None = None
        self._body: AsyncBody | None = None
        self._next_by: float | None = None  # when the wait for the next event ends; None while nobody waits

    async def run(self, steps: Steps[T]) -> T:
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
                    if isinstance(effect, Send):  # the two that every whole answer has
                        answer = await self._transport.send(effect.request, timeouts=effect.timeouts, deadline=effect.deadline)
                    elif isinstance(effect, Emit):
                        self._settings.emit(effect.record)
                    else:
                        answer = await self._perform(effect)
                except Error as error:
                    failure = error
        finally:
            steps.close()

    async def _perform(self, effect: Open | Sleep | Obtain | Fetch) -> Any:
        match effect:
            case Open():
                return await self._open(effect)
            case Sleep(seconds):
                import asyncio  # 35 ms; whoever runs a loop has paid it already

                await asyncio.sleep(seconds)
                return None
            case Obtain(source):
                return await obtained_async(source, self._call.deadline - self._plan.clock())
            case Fetch():
                from turnout.transport.fetch_async import fetch  # only those who have addresses fetched pay for it

                return await fetch(effect)

    async def _open(self, effect: Open) -> HttpResponse | None:
        await self._let_go()  # of an earlier attempt's connection
        clock, session = self._plan.clock, effect.session
        first_by = min(clock() + (effect.timeouts.first_event or effect.timeouts.total), effect.deadline)
        held = self._transport.open(effect.request, timeouts=effect.timeouts, deadline=effect.deadline)
        body = self._body = await held.__aenter__()
        self._held = held
        if not 200 <= body.head.status < 300:
            rest = []
            while chunk := await body.read(left(first_by, clock())):
                rest.append(chunk)
            return replace(body.head, body=b"".join(rest))
        session.headers = kept_headers(body.head.headers)
        while not (session.has_output or session.ended):
            chunk = await body.read(left(first_by, clock()))
            if chunk:
                session.feed(chunk)
            else:
                session.end()
            if not session.has_output:
                session.check()
        return None

    async def advance(self, session: Session) -> Sequence[Any]:
        """The next events of an open stream; empty when bytes came that complete none."""
        assert self._body is not None
        now = self._plan.clock()
        if self._next_by is None:
            timeouts = self._plan.timeouts
            self._next_by = min(now + (timeouts.between_events or timeouts.total), self._call.deadline)
        chunk = await self._body.read(left(self._next_by, now))
        events = session.feed(chunk) if chunk else session.end()
        if events:
            self._next_by = None
        return events

    def settle(self, record: Any) -> None:
        self._settings.emit(record)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *why: object) -> None:
        if not self._call.recorded:  # abandoned, or cancelled
            self._settings.emit(self._call.record("cancelled"))
        await self._let_go()

    async def _let_go(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            await held.__aexit__(None, None, None)
