"""Records to a file, one JSON object a line, written by a thread: a slow disk never holds up a call."""

from __future__ import annotations

import os
from collections import deque
from io import FileIO
from threading import Event, Thread

from msgspec import json

from turnout.errors import ConfigError
from turnout.gateway.records import GatewayRecord

_MOST_WAITING = 10_000  # records; beyond that they are counted and left out
_LAST_WRITE = 5.0  # seconds that a gateway which ends waits for a write under way: a disk may hang
_PAUSE = 0.1  # seconds between two writes: a thread that woke for each record would take the interpreter from the calls


class JsonlSink:
    """``dropped`` counts the records that found the queue full or the disk. ``close`` writes what waits, if the disk takes it.

    Raises ConfigError for a file that cannot be opened.
    """

    def __init__(self, path: str) -> None:
        try:
            self._file = FileIO(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")
        except OSError as error:
            raise ConfigError(f"records cannot be written to {path}: {error.strerror}") from None
        self._encode = json.Encoder().encode
        self._lines: deque[bytes] = deque()
        self._closing = Event()
        self.dropped = 0
        self._failed = False
        self._torn = False  # the file ends in a part of a line
        self._thread = Thread(target=self._write, name="turnout-records", daemon=True)
        self._thread.start()

    def __call__(self, record: GatewayRecord) -> None:
        if len(self._lines) < _MOST_WAITING:
            self._lines.append(self._encode(record))
        else:
            self.dropped += 1

    def close(self) -> None:
        self._closing.set()
        self._thread.join(_LAST_WRITE)
        if not self._thread.is_alive():
            self._file.close()

    def _write(self) -> None:
        last = False
        while not last:
            last = self._closing.wait(_PAUSE)
            lines = [self._lines.popleft() for _ in range(len(self._lines))]
            if not lines:
                continue
            try:
                self._append(b"\n".join(lines) + b"\n")
            except OSError as error:
                self.dropped += len(lines)
                self._complain(error)

    def _append(self, data: bytes) -> None:
        """In one write where the system takes it whole, so that the lines of several workers do not mix."""
        if self._torn:
            data = b"\n" + data  # what a full disk cut off is a line of its own, and spoils no other
        size = len(data)
        try:
            while data:
                data = data[self._file.write(data) :]
            self._torn = False
        except OSError:
            self._torn = self._torn or len(data) < size
            raise

    def _complain(self, error: OSError) -> None:
        """Once: the count goes on in the metrics."""
        if self._failed:
            return
        self._failed = True
        import logging

        logging.getLogger("turnout.gateway").error("records cannot be written: %s", error)
