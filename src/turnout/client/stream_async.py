"""One answer as it comes, for asyncio. Its twin for threads is ``stream``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from turnout.client.line_async import Line
from turnout.client.settings import Settings
from turnout.engine.call import Call
from turnout.errors import ConfigError, Error
from turnout.events import Event, TextDelta
from turnout.session import StreamSession
from turnout.types import Completion

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from turnout.engine.plan import Plan
    from turnout.transport import AsyncTransport


class AsyncStream:
    """``Stream`` for asyncio."""

    def __init__(self, call: Call, plan: Plan, transport: AsyncTransport, settings: Settings) -> None:
        self._call = call
        self._line = Line(self._call, plan, transport, settings)
        self._session: StreamSession | None = None
        self._whole: Completion | None = None

    async def __aenter__(self) -> Self:
        try:
            self._session = await self._line.run(self._call.open())
        except BaseException:
            await self._line.__aexit__()
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._line.__aexit__()

    async def __aiter__(self) -> AsyncIterator[Event]:
        """Every event, once. Raises StreamInterrupted, with what had arrived, if the stream breaks off."""
        session = self._opened()
        for event in tuple(session.seen):
            yield event
        try:
            session.check()
            while not session.ended:
                for event in await self._line.advance(session):
                    yield event
                session.check()
        except Error as cause:
            interrupted = self._call.broke(session, cause)
            self._line.settle(self._call.record(type(interrupted).__name__, session.completion()))
            raise interrupted from cause
        self._whole = self._call.ended(session)
        self._line.settle(self._call.record("ok", self._whole))

    async def text(self) -> AsyncIterator[str]:
        """Only the text of the answer, piece by piece."""
        async for event in self:
            if isinstance(event, TextDelta) and event.choice == 0:
                yield event.text

    def completion(self) -> Completion:
        return self._whole or self._call.priced(self._opened().completion())

    def _opened(self) -> StreamSession:
        if self._session is None:
            raise ConfigError("a stream opens in a with block: `async with client.stream(…) as events:`")
        return self._session
