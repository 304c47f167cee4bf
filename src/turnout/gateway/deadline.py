"""One timer for many waits, one after the other: it is moved when it fires too early, so that a short wait sets none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_NEVER = float("inf")


class Deadline:
    """Calls ``passed`` once the time that was last set is over."""

    def __init__(self, loop: asyncio.AbstractEventLoop, passed: Callable[[], None]) -> None:
        self._loop = loop
        self._passed = passed
        self._due = _NEVER
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = _NEVER

    def set(self, seconds: float) -> None:
        """From now. An earlier one counts no more."""
        self._due = due = self._loop.time() + seconds
        if due < self._timer_at:
            if self._timer is not None:
                self._timer.cancel()
            self._timer_at = due
            self._timer = self._loop.call_later(seconds, self._look)

    def clear(self) -> None:
        """There is nothing to wait for now."""
        self._due = _NEVER

    def close(self) -> None:
        self.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer, self._timer_at = None, _NEVER
        left = self._due - self._loop.time()
        if left == _NEVER:
            return
        if left > 0:
            self._timer_at = self._due
            self._timer = self._loop.call_later(left, self._look)
        else:
            self.clear()
            self._passed()
