"""What whoever runs a gateway may choose."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace


class Limits(Struct, frozen=True, kw_only=True):
    """Bounds on what callers can make a gateway hold. ``concurrent`` and ``waiting`` are of all its workers together."""

    body_bytes: int = 64 * 1024 * 1024
    bodies_bytes: int = 1024 * 1024 * 1024  # of each worker: all requests that it holds at once
    body_seconds: float = 60.0  # for a whole request body to arrive
    head_bytes: int = 64 * 1024  # of the request line and the headers
    headers: int = 100
    head_seconds: float = 10.0  # for a whole head to arrive
    idle_seconds: float = 75.0  # between two requests of a connection
    write_seconds: float = 60.0  # for a caller who reads nothing while we hold more for him
    connections: int = 10_000  # of each worker
    concurrent: int = 1000  # calls at once, streams included
    waiting: int = 1000  # calls that wait for their turn; the next is refused with 429
    waiting_seconds: float = 30.0

    def part(self, place: int, workers: int) -> Limits:
        """What the worker at ``place`` may hold, of ``workers``: their calls, and those that wait, add up to what all may."""
        return replace(
            self,
            concurrent=self.concurrent // workers + (place < self.concurrent % workers),
            waiting=self.waiting // workers + (place < self.waiting % workers),
        )


class Settings(Struct, frozen=True, kw_only=True):
    """``api_key`` is what callers must send, if anything; ``lane`` "full" reads and writes every request anew."""

    api_key: str | None = None
    limits: Limits = Limits()
    lane: Literal["fast", "full"] = "fast"
    translation: Literal["lenient", "strict"] = "lenient"
    keep_alive_seconds: float = 15.0  # of silence before a stream's caller is told that it still lives
    records_kept: int = 1000  # in memory, to be asked for by their id; 0: none

    def __repr__(self) -> str:
        """Without the key."""
        return f"Settings(api_key={'set' if self.api_key else 'none'}, limits={self.limits}, lane={self.lane!r})"
