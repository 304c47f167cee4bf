"""A program in a terminal of its own: type into it, wait for what it shows."""

from __future__ import annotations

import os
import pty
import re
import select
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence

DEADLINE = 30.0  # seconds; a bound on a failing test, never the measure of a passing one


class PseudoTerminal:
    """``stdin``, ``stdout`` and ``stderr`` are one terminal, as at a desk."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], *, columns: int = 100) -> None:
        self._fd, inner = pty.openpty()
        termios.tcsetwinsize(inner, (40, columns))
        self._process = subprocess.Popen(
            command, stdin=inner, stdout=inner, stderr=inner, env=dict(env), start_new_session=True, preexec_fn=_take_terminal
        )
        os.close(inner)
        self.shown = ""

    def type(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def expect(self, pattern: str) -> None:
        """Waits until what was not yet expected holds ``pattern``, and takes everything up to its end."""
        if not self._shows(pattern, DEADLINE):
            raise AssertionError(f"never showed {pattern!r}, but:\n{self.shown}")

    def press_until(self, key: str, pattern: str) -> None:
        """Types ``key`` until ``pattern`` is shown.

        For Ctrl-C at a prompt: CPython looks for signals before it waits for a key, so one that comes in between goes unseen.
        """
        for _ in range(30):
            self.type(key)
            if self._shows(pattern, DEADLINE / 30):
                return
        raise AssertionError(f"never showed {pattern!r}, but:\n{self.shown}")

    def _shows(self, pattern: str, seconds: float) -> bool:
        by = time.monotonic() + seconds
        while not (found := re.search(pattern, self.shown)):
            if not self._read(by):
                return False
        self.shown = self.shown[found.end() :]
        return True

    def ends(self) -> int:
        """The exit code. What was still shown is in ``shown``."""
        by = time.monotonic() + DEADLINE
        while self._read(by):
            pass
        return self._process.wait(timeout=DEADLINE)

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._fd)

    def _read(self, by: float) -> bool:
        """False when the program closed the terminal, or time is up."""
        ready, _, _ = select.select([self._fd], [], [], max(by - time.monotonic(), 0))
        try:
            data = os.read(self._fd, 65536) if ready else b""
        except OSError:  # how Linux says that the other side was closed
            data = b""
        self.shown += data.decode(errors="replace")
        return bool(data)


def _take_terminal() -> None:
    """Makes stdin the controlling terminal, so that Ctrl-C typed into it becomes SIGINT."""
    import fcntl

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
