"""Findings saved together: who waits while others write has its own written with those of all who wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from turnout.discovery.findings import Finding
from turnout.errors import Error

Save = Callable[[Sequence[Finding]], str | None]  # gives the file that was changed, or None
_Waiting = tuple[Sequence[Finding], "asyncio.Future[str | None]"]


class Saving:
    """Calls ``save`` in a thread, once at a time. For one event loop."""

    def __init__(self, save: Save) -> None:
        self._save = save
        self._lock = asyncio.Lock()
        self._waiting: list[_Waiting] = []

    async def save(self, findings: Sequence[Finding]) -> str | None:
        """What ``save`` gave or raised for these. Whoever is cancelled while it waits has nothing saved."""
        mine: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        waiting = (findings, mine)
        self._waiting.append(waiting)
        try:
            async with self._lock:
                batch, self._waiting = self._waiting, []
                if batch:
                    await self._save_all(batch, waiting)
            return await mine
        finally:
            if waiting in self._waiting:
                self._waiting.remove(waiting)

    async def _save_all(self, batch: list[_Waiting], own: _Waiting) -> None:
        saved: str | None = None
        failure: Error | None = None
        try:
            saved = await asyncio.to_thread(self._save, [finding for findings, _ in batch for finding in findings])
        except Error as error:
            failure = error
        except BaseException:  # cancelled: the others' findings are still to be saved, by whoever of them is next
            self._waiting[:0] = [other for other in batch if other is not own]
            raise
        for _, future in batch:
            if future.done():  # its owner was cancelled meanwhile
                continue
            if failure is not None:
                future.set_exception(failure)
            else:
                future.set_result(saved)
