"""Writes files so that whoever reads them, whenever and whatever was killed, finds the old content or the new, and never half."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from turnout.errors import ConfigError

_LEFT_BEHIND = 3600.0  # seconds after which an unfinished file is the leaving of a process that was killed
_PAUSE = 0.02  # seconds between two tries for a lock


def replace_file(path: Path, content: bytes, *, mode: int = 0o600, backup: bool = False) -> None:
    """Makes ``content`` what ``path`` holds, with these permissions, on disk when this returns. Makes its folder too.

    ``backup`` keeps what was there as NAME.bak, as private as the file. A symbolic link stays one: what it points to is written.
    Raises OSError, and the old file is as it was. Who writes what it has read holds ``locked`` over both.
    """
    path = Path(os.path.realpath(path))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if backup:
        with suppress(FileNotFoundError):
            replace_file(path.with_name(path.name + ".bak"), path.read_bytes(), mode=mode)
    _sweep(path)
    # beside the file, for a rename between file systems copies
    unfinished = path.with_name(f".{path.name}.{os.getpid()}-{os.urandom(6).hex()}.new")
    opened = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    try:
        try:
            left = memoryview(content)
            while left:
                left = left[os.write(opened, left) :]
            if sys.platform != "win32":
                os.fchmod(opened, mode)  # whatever the umask is
            os.fsync(opened)
        finally:
            os.close(opened)
        os.replace(unfinished, path)
    except BaseException:
        with suppress(OSError):
            unfinished.unlink()
        raise
    _sync_folder(path.parent)


@contextmanager
def locked(path: Path, deadline: float) -> Iterator[None]:
    """Nobody else who asks, in any process or thread of this machine, holds ``path`` meanwhile. ``deadline``: seconds to wait.

    The lock is a file of its own beside it, for the file itself is replaced; it stays, because removing it would let two in.
    It ends with the process that holds it. Raises ConfigError after ``deadline``, and OSError where it cannot be made.
    """
    path = Path(os.path.realpath(path))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    until = time.monotonic() + deadline
    opened = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        while not _take(opened):
            if time.monotonic() >= until:
                raise ConfigError(
                    f"{path} is being written by another process, for {deadline:g} s by now; try again when it is done"
                )
            time.sleep(_PAUSE)
        try:
            yield
        finally:
            _give_back(opened)
    finally:
        os.close(opened)


if sys.platform == "win32":

    def _take(opened: int) -> bool:
        import msvcrt

        try:
            msvcrt.locking(opened, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _give_back(opened: int) -> None:
        import msvcrt

        os.lseek(opened, 0, os.SEEK_SET)
        msvcrt.locking(opened, msvcrt.LK_UNLCK, 1)

    def _sync_folder(folder: Path) -> None:
        """Windows gives no way to; a rename there is in the file system's own journal."""

else:

    def _take(opened: int) -> bool:
        import fcntl

        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _give_back(opened: int) -> None:
        import fcntl

        fcntl.flock(opened, fcntl.LOCK_UN)

    def _sync_folder(folder: Path) -> None:
        """The new name outlives a loss of power only when its folder is on disk too."""
        with suppress(OSError):  # some network file systems refuse it, and a folder may be written to that may not be read
            opened = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(opened)
            finally:
                os.close(opened)


def _sweep(path: Path) -> None:
    """Removes what processes that were killed while they wrote ``path`` left: it may hold keys."""
    long_ago = time.time() - _LEFT_BEHIND
    with suppress(OSError):
        for name in os.listdir(path.parent):
            if name.startswith(f".{path.name}.") and name.endswith(".new"):
                left = path.with_name(name)
                if left.stat().st_mtime < long_ago:
                    left.unlink()
