"""Stands by a call that takes its time: notices when the caller leaves, and tells him meanwhile that his stream still lives."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Self

from turnout.gateway.asgi import Receive

_PATIENCE = 0.05  # seconds a call may take before anyone stands by it: most are over by then


class Attendant:
    """``async with Attendant(receive) as attendant:`` around a call; the task inside is cancelled if the caller leaves.

    ``left`` tells that apart from any other cancellation. ``ping``, if set, is awaited after each ``interval`` seconds of
    silence; ``spoke`` ends a silence.
    """

    def __init__(self, receive: Receive, ping: Callable[[], Awaitable[None]] | None = None, interval: float = 0.0) -> None:
        self._receive = receive
        self._ping = ping
        self._interval = interval
        self._loop = asyncio.get_running_loop()
        self._main = asyncio.current_task()
        self._task: asyncio.Task[None] | None = None
        self._silent_since = self._loop.time()
        self.left = False

    async def __aenter__(self) -> Self:
        self._timer = self._loop.call_later(_PATIENCE, self._begin)
        return self

    async def __aexit__(self, *why: object) -> None:
        self._timer.cancel()
        self._ping = None  # it knows the exchange, which knows us: a circle that only the garbage collector would find
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    def spoke(self) -> None:
        """Something was just sent to the caller."""
        self._silent_since = self._loop.time()

    def _begin(self) -> None:
        self._task = self._loop.create_task(self._stand_by())

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
        while (await self._receive())["type"] != "http.disconnect":
            pass
