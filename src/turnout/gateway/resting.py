"""Which targets each worker leaves alone: every worker says its own in a file of its place, and whoever asks adds them up."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

import msgspec

from turnout.discovery.standing import Resting
from turnout.types import Target

_SUFFIX = ".resting"
_MOST = 1000  # targets of one worker
_SAME = 1.0  # seconds: two times this near each other are one


class SharedResting:
    """``directory`` belongs to the workers that share it; ``place`` is this one's number. For one thread."""

    def __init__(self, directory: str, place: int, now: Callable[[], float] = time.time) -> None:
        self._path = os.path.join(directory, f"{place}{_SUFFIX}")
        self._now = now
        self._written: dict[str, float] | None = None

    def write(self, resting: Sequence[tuple[Target, float]]) -> None:
        """``resting``: targets and the seconds until each is tried again. Nothing is written while nothing has changed.

        Raises OSError; what the others read is then the last that was written.
        """
        now = self._now()
        until = {str(target): now + seconds for target, seconds in resting[:_MOST]}
        if self._written is not None and _alike(until, self._written):
            return
        with open(self._path + ".new", "wb") as file:
            file.write(msgspec.json.encode(until))
        os.replace(self._path + ".new", self._path)
        self._written = until


def resting_in(directory: str, now: float) -> tuple[Resting, ...]:
    """What the workers of ``directory`` leave alone at ``now`` (seconds since 1970), each target once.

    The seconds are those of the worker that waits longest, for until then a call may meet that one.
    """
    found: dict[str, Resting] = {}
    for name in sorted(os.listdir(directory)):
        for target, until in _read(os.path.join(directory, name)).items() if name.endswith(_SUFFIX) else ():
            if until > now:
                seconds, before = round(until - now, 1), found.get(target)
                found[target] = (
                    Resting(target, max(seconds, before.seconds), before.workers + 1) if before else Resting(target, seconds)
                )
    return tuple(found.values())


def _alike(one: dict[str, float], other: dict[str, float]) -> bool:
    return one.keys() == other.keys() and all(abs(until - other[target]) < _SAME for target, until in one.items())


def _read(path: str) -> dict[str, float]:
    with suppress(OSError, msgspec.DecodeError), open(path, "rb") as file:
        return msgspec.json.decode(file.read(), type=dict[str, float])
    return {}
