"""Idle keep-alive connections, bounded in number and age."""

from __future__ import annotations

import threading
from typing import Generic, Protocol, TypeVar


class Poolable(Protocol):
    def alive(self) -> bool:
        """Whether another exchange may be tried on it. Costs no more than a system call."""
        ...

    def close(self) -> None: ...


C = TypeVar("C", bound=Poolable)


class Pool(Generic[C]):
    """Newest first, so that those not needed grow old and are closed. May be shared by threads."""

    def __init__(self, *, max_idle: int, max_age: float) -> None:
        """``max_age``: seconds a connection may lie idle; servers close theirs without a word."""
        self._max_idle = max_idle
        self._max_age = max_age
        self._idle: dict[str, list[tuple[C, float]]] = {}
        self._count = 0
        self._closed = False
        self._lock = threading.Lock()

    @property
    def count(self) -> int:
        return self._count

    def take(self, key: str, now: float) -> C | None:
        """A connection that looks alive, or None."""
        while True:
            with self._lock:
                stack = self._idle.get(key)
                if not stack:
                    return None
                connection, since = stack.pop()
                self._count -= 1
                if not stack:
                    del self._idle[key]
            if now - since <= self._max_age and connection.alive():
                return connection
            connection.close()

    def put(self, key: str, connection: C, now: float) -> None:
        """Keeps it for later, or closes it when there are enough."""
        surplus: list[C] = []
        with self._lock:
            if self._count >= self._max_idle:
                surplus += self._remove_older_than(now - self._max_age)
            if self._closed or self._count >= self._max_idle:
                surplus.append(connection)
            else:
                self._idle.setdefault(key, []).append((connection, now))
                self._count += 1
        for old in surplus:
            old.close()

    def close(self) -> None:
        """Closes all, and from now on every connection that is put back."""
        with self._lock:
            self._closed = True
            connections = self._remove_older_than(float("inf"))
        for connection in connections:
            connection.close()

    def heir(self) -> Pool[C]:
        """An empty pool for a forked child. Closes its copies of the connections, which remain the parent's."""
        for stack in list(self._idle.values()):  # without the lock: a thread that is not here any more may hold it
            for connection, _ in stack:
                connection.close()
        self._idle.clear()
        return Pool(max_idle=self._max_idle, max_age=self._max_age)

    def _remove_older_than(self, since: float) -> list[C]:
        removed: list[C] = []
        for key, stack in list(self._idle.items()):
            young = [entry for entry in stack if entry[1] >= since]
            removed += [connection for connection, idle_since in stack if idle_since < since]
            if young:
                self._idle[key] = young
            else:
                del self._idle[key]
        self._count -= len(removed)
        return removed
