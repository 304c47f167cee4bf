"""Stands by a call that takes its time: notices when the caller leaves, and tells him meanwhile that his stream still lives."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Self

from turnout.gateway.asgi import Receive

_PATIENCE = 0.05  # seconds a call may take before anyone stands by it: most are over by then


class Patience:
    """Lets attendants begin who have waited long enough: one timer for the calls of a loop, most of which are over by then."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: deque[Attendant] = deque()  # all with the same patience, so the oldest is first

    def wait(self, attendant: Attendant, loop: asyncio.AbstractEventLoop) -> None:
        if loop is not self._loop:  # an earlier one has ended, and its timers with it
            self._loop = loop
            self._waiting.clear()
        if not self._waiting:
            loop.call_later(_PATIENCE, self._look, loop)
        self._waiting.append(attendant)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        waiting = self._waiting
        if loop is not self._loop:
            return
        until = loop.time() - _PATIENCE
        while waiting and (waiting[0].over or waiting[0].since <= until):
            waiting.popleft().begin()
        if waiting:
            loop.call_later(max(0.0, waiting[0].since - until), self._look, loop)


class Attendant:
    """``async with Attendant(patience, receive) as attendant:`` around a call; the task inside is cancelled if the caller leaves.

    ``left`` tells that apart from any other cancellation. ``ping``, if set, is awaited after each ``interval`` seconds of
    silence; ``spoke`` ends a silence.
    """

    __slots__ = (
        "_interval",
        "_loop",
        "_main",
        "_patience",
        "_ping",
        "_receive",
        "_silent_since",
        "_task",
        "left",
        "over",
        "since",
    )

    def __init__(
        self, patience: Patience, receive: Receive, ping: Callable[[], Awaitable[None]] | None = None, interval: float = 0.0
    ) -> None:
        self._patience = patience
        self._receive: Receive | None = receive
        self._ping = ping
        self._interval = interval
        self._loop = asyncio.get_running_loop()
        self._main: asyncio.Task[object] | None = None
        self._task: asyncio.Task[None] | None = None
        self.since = self._silent_since = self._loop.time()
        self.over = False
        self.left = False

    async def __aenter__(self) -> Self:
        self._patience.wait(self, self._loop)
        self._main = asyncio.current_task(self._loop)
        return self

    async def __aexit__(self, *why: object) -> None:
        self.over = True
        # these know the exchange, which knows us: a circle that only the garbage collector would find
        self._ping = self._receive = self._main = None
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    def begin(self) -> None:
        """Stands by from now on, unless the call is over."""
        if not self.over:
            self._task = self._loop.create_task(self._stand_by())

    def spoke(self) -> None:
        """Something was just sent to the caller."""
        self._silent_since = self._loop.time()

    async def _stand_by(self) -> None:
        leaving = self._loop.create_task(self._leaving())
        try:
            while True:
                silence = self._loop.time() - self._silent_since
                wait = self._interval - silence if self._ping is not None else None
                if wait is not None and wait <= 0 and self._ping is not None:
                    await self._ping()
                    self.spoke()
                    continue
                done, _ = await asyncio.wait([leaving], timeout=wait)
                if done:
                    self.left = True
                    if self._main is not None:
                        self._main.cancel()
                    return
        finally:
            leaving.cancel()
            await asyncio.wait([leaving])

    async def _leaving(self) -> None:
        receive = self._receive
        while receive is not None and (await receive())["type"] != "http.disconnect":
            pass
