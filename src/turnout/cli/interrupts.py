"""What a signal must not leave half done."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Ctrl-C does nothing meanwhile. For short ends of what it has stopped already: the screen as it was, what came saved."""
    try:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    except ValueError:  # not the main thread, which alone Ctrl-C reaches
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if before is None else before)  # None: not set from Python


@contextmanager
def told_to_end(leaves: Callable[[SystemExit], bool]) -> Iterator[None]:
    """SIGTERM, and SIGHUP when the window is closed, raise SystemExit meanwhile: what came is saved, the terminal is as it was.

    ``leaves``: asked first, for an event loop cannot be left from a signal; True: it will raise what it was given.
    """

    def end(number: int, frame: FrameType | None) -> None:
        left = SystemExit(128 + number)
        if not leaves(left):
            raise left

    asked = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    try:
        before = {number: signal.signal(number, end) for number in asked if signal.getsignal(number) is signal.SIG_DFL}
    except ValueError:  # not the main thread
        before = {}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
