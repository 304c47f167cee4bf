"""One answer as it comes, for threads. Its twin for asyncio is ``stream_async``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from turnout.client.line import Line
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
    from turnout.transport import Transport


class Stream:
    """One answer as it comes. Iterate it inside its ``with``; leaving early closes the upstream at once.

    ``completion()`` is the answer so far, and once the stream has ended the whole of it, with usage, cost and receipt.
    """

    def __init__(self, call: Call, plan: Plan, transport: Transport, settings: Settings) -> None:
        self._call = call
        self._line = Line(self._call, plan, transport, settings)
        self._session: StreamSession | None = None
        self._whole: Completion | None = None

    def __enter__(self) -> Self:
        try:
            self._session = self._line.run(self._call.open())
        except BaseException:
            self._line.__exit__()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._line.__exit__()

    def __iter__(self) -> Iterator[Event]:
        """Every event, once. Raises StreamInterrupted, with what had arrived, if the stream breaks off."""
        session = self._opened()
        yield from tuple(session.seen)
        try:
            session.check()
            while not session.ended:
                yield from self._line.advance(session)
                session.check()
        except Error as cause:
            interrupted = self._call.broke(session, cause)
            self._line.settle(self._call.record(type(interrupted).__name__, session.completion()))
            raise interrupted from cause
        self._whole = self._call.ended(session)
        self._line.settle(self._call.record("ok", self._whole))

    def text(self) -> Iterator[str]:
        """Only the text of the answer, piece by piece."""
        for event in self:
            if isinstance(event, TextDelta) and event.choice == 0:
                yield event.text

    def completion(self) -> Completion:
        return self._whole or self._call.priced(self._opened().completion())

    def _opened(self) -> StreamSession:
        if self._session is None:
            raise ConfigError("a stream opens in a with block: `with client.stream(…) as events:`")
        return self._session
