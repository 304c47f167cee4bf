"""Records to a file, one JSON object a line, written by a thread: a slow disk never holds up a call."""

from __future__ import annotations

import os
from queue import Empty, Full, Queue
from threading import Thread
from typing import BinaryIO

from msgspec import json

from turnout.gateway.records import GatewayRecord

_MOST_WAITING = 10_000  # records; beyond that they are counted and left out


class JsonlSink:
    """``dropped`` counts the records that found the queue full. ``close`` writes what is waiting."""

    def __init__(self, path: str) -> None:
        self._file: BinaryIO = os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")
        self._queue: Queue[GatewayRecord | None] = Queue(_MOST_WAITING)
        self.dropped = 0
        self._thread = Thread(target=self._write, name="turnout-records", daemon=True)
        self._thread.start()

    def __call__(self, record: GatewayRecord) -> None:
        try:
            self._queue.put_nowait(record)
        except Full:
            self.dropped += 1

    def close(self) -> None:
        self._queue.put(None)
        self._thread.join()
        self._file.close()

    def _write(self) -> None:
        encode = json.Encoder().encode
        while True:
            record = self._queue.get()
            lines: list[bytes] = []
            while record is not None:
                lines.append(encode(record) + b"\n")
                try:
                    record = self._queue.get_nowait()
                except Empty:
                    break
            self._file.write(b"".join(lines))
            self._file.flush()
            if record is None:
                return
