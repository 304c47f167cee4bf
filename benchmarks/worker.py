"""One measured process: holds some subjects, and times what the runner asks for, line by line.

    python benchmarks/worker.py ORIGIN CHUNKS SUBJECT…

Reads one JSON object a line ({"subject", "kind", "mode", "count"}) and answers each with what it took. The first line
it writes says whether the subjects could be made: {"failed": null}, or why not.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import time
from typing import Any

from mock_upstream import TEXT, stream_events, stream_text, whole_body
from subjects import SUBJECTS, Subject


class Worker:
    def __init__(self, origin: str, chunks: int, names: list[str]) -> None:
        self._subjects = {name: SUBJECTS[name](origin, chunks) for name in names}
        stream = (stream_text(chunks), b"".join(stream_events(chunks)))
        self._expected: dict[str, tuple[str, bytes]] = {"whole": (TEXT, whole_body()), "paced": stream, "burst": stream}
        self._loop = asyncio.new_event_loop()

    def close(self) -> None:
        self._loop.close()

    def measure(self, subject: str, kind: str, mode: str, count: int) -> dict[str, float]:
        """Seconds that ``count`` answers took: of this process's own CPU, all threads, and of the clock; reads of streams."""
        asked = self._subjects[subject]
        reads_before = getattr(asked, "reads", 0)
        gc.collect()
        if mode == "sync":
            cpu, wall, answer = _timed(asked, kind, count)
        else:
            cpu, wall, answer = self._loop.run_until_complete(_timed_async(asked, kind, count))
        if answer not in self._expected[kind]:
            raise AssertionError(f"{subject} answered a {kind} call with {answer[:200]!r}, not with what the mock says")
        return {"cpu": cpu, "wall": wall, "count": count, "reads": getattr(asked, "reads", 0) - reads_before}


def _timed(asked: Subject, kind: str, count: int) -> tuple[float, float, str | bytes]:
    answer: str | bytes = ""
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(count):
        answer = asked.answer(kind)
    return time.process_time() - cpu, time.perf_counter() - wall, answer


async def _timed_async(asked: Subject, kind: str, count: int) -> tuple[float, float, str | bytes]:
    answer: str | bytes = ""
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(count):
        answer = await asked.answer_async(kind)
    return time.process_time() - cpu, time.perf_counter() - wall, answer


def main(origin: str, chunks: str, *names: str) -> None:
    replies = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # what a library prints must not get between the figures

    def reply(value: dict[str, Any]) -> None:
        replies.write(json.dumps(value) + "\n")

    try:
        worker = Worker(origin, int(chunks), list(names))
    except Exception as error:  # noqa: BLE001 - whatever keeps a peer from working is what its rows say
        reply({"failed": f"{type(error).__name__}: {error}"})
        return
    reply({"failed": None})
    for line in sys.stdin:
        try:
            reply(worker.measure(**json.loads(line)))
        except Exception as error:  # noqa: BLE001 - likewise
            reply({"failed": f"{type(error).__name__}: {error}"})
    worker.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
