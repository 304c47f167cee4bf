"""Who may come in now: a bound on calls at once, and a bounded queue before it."""

from __future__ import annotations

import asyncio
from collections import deque
from math import ceil
from time import monotonic

from turnout.errors import RateLimited
from turnout.gateway.settings import Limits

_WEIGHT = 0.05  # of the newest call in the average duration


class Admission:
    """One worker's doors. ``enter`` before a call, ``leave`` after it, however it ended."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._queue: deque[asyncio.Future[None]] = deque()
        self.active = 0
        self.refused = 0  # since the beginning
        self._average = 1.0  # seconds a call takes

    @property
    def waiting(self) -> int:
        return len(self._queue)

    async def enter(self) -> float:
        """When the call began. Raises RateLimited, with how long to wait, if too many calls are waiting already."""
        if self.active < self._limits.concurrent:
            self.active += 1
            return monotonic()
        if len(self._queue) >= self._limits.waiting:
            raise self._full()
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            async with asyncio.timeout(self._limits.waiting_seconds):
                await turn
        except BaseException as reason:
            if turn in self._queue:
                self._queue.remove(turn)
            elif turn.done() and not turn.cancelled():
                self._pass_on()  # the place was ours already
            if isinstance(reason, TimeoutError):
                raise self._full() from None
            raise
        return monotonic()

    def leave(self, began: float) -> None:
        self._average += _WEIGHT * (monotonic() - began - self._average)
        self._pass_on()

    def _pass_on(self) -> None:
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.active -= 1

    def _full(self) -> RateLimited:
        self.refused += 1
        wait = max(1, ceil(self._average * (len(self._queue) + 1) / self._limits.concurrent))
        return RateLimited(
            f"{self.active} calls are under way here and {len(self._queue)} wait, which is all: try again in {wait} s",
            status=429,
            retry_after=wait,
        )
