"""Runs a gateway under half load for a while, with callers that leave and a provider that fails, and says what it found.

    python tests/soak/soak_run.py --seconds 600

What must hold: every call ends in the provider's answer or in an error of the caller's protocol; memory does not grow; no
connection outlives its call; and the event loop is never held up (a page that costs nothing answers within 10 ms, 99 times of
100; that is only printed in runs of less than five minutes, which are for machines that do other things too).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from soak_callers import Caller, Wrong
from soak_upstream import Upstream

CALLERS = 12
THINKING = 0.04  # seconds between two calls of a caller: about half of what one core answers
LEAVE = FAIL = 0.05  # of all calls
GROWTH = 4.0  # MiB that memory may differ by between the second quarter of the run and the last
LATE_MS = 10.0
TIMED = 300.0  # seconds of a run from which on lateness counts


async def main(seconds: float, seed: int) -> list[str]:
    """What did not hold."""
    callers: list[Caller] = []
    async with Upstream(seed, FAIL) as upstream:
        with tempfile.TemporaryDirectory() as folder:
            gateway, port = await _gateway(upstream.port, folder)
            try:
                callers = [Caller(port, seed + at, LEAVE) for at in range(CALLERS)]
                await asyncio.gather(
                    *(_use(caller, time.monotonic() + 1) for caller in callers)
                )  # first calls import and connect
                before = await _idle(gateway.pid, port, callers, upstream)
                watch = asyncio.create_task(_watch(gateway.pid, port))
                until = time.monotonic() + seconds
                wrong = [fault for found in await asyncio.gather(*(_use(caller, until) for caller in callers)) for fault in found]
                watch.cancel()
                (ended,) = await asyncio.gather(watch, return_exceptions=True)
                if not isinstance(ended, asyncio.CancelledError):  # it saw nothing of the rest
                    wrong.append(f"the page that was watched failed: {ended!r}")
                memory, late = _watched
                after = await _idle(gateway.pid, port, callers, upstream)
            finally:
                gateway.terminate()
                await gateway.wait()
    return verdict(wrong, memory, late, before, after, callers, upstream, timed=seconds >= TIMED)


async def _use(caller: Caller, until: float) -> list[str]:
    wrong = []
    while time.monotonic() < until and len(wrong) < 5:
        try:
            await caller.ask()
        except (Wrong, TimeoutError, OSError, EOFError, ValueError, LookupError) as error:
            wrong.append(f"{type(error).__name__}: {error}")
            caller.hang_up()
        await asyncio.sleep(THINKING)
    return wrong


_watched: tuple[list[float], list[float]] = ([], [])


async def _watch(pid: int, port: int) -> None:
    """Memory in MiB, and how late the gateway's loop is, in milliseconds, every 50 ms."""
    memory, late = _watched
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while True:
            began = time.perf_counter()
            writer.write(b"GET /health HTTP/1.1\r\nhost: gateway\r\n\r\n")
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\r\n")[0]))
            late.append((time.perf_counter() - began) * 1000)
            memory.append(_resident(pid))
            await asyncio.sleep(0.05)
    finally:
        writer.transport.abort()


async def _idle(pid: int, port: int, callers: list[Caller], upstream: Upstream) -> int:
    """Open files when nobody calls: waits until nothing is under way, at most 10 s."""
    for caller in callers:
        caller.hang_up()
    upstream.hang_up()
    until = time.monotonic() + 10
    least = _files(pid)
    while time.monotonic() < until:
        await asyncio.sleep(0.2)
        text = await asyncio.to_thread(_metrics, port)
        least = min(least, _files(pid))
        if "turnout_calls_in_flight 0.0" in text and not upstream.open:
            await asyncio.sleep(0.3)
            return min(least, _files(pid))
    return _files(pid)


async def _gateway(upstream: int, folder: str) -> tuple[asyncio.subprocess.Process, int]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "VIRTUAL_ENV") if name in os.environ}
    environ = {
        **kept,
        "XDG_CONFIG_HOME": folder,
        "GROQ_API_KEY": "gsk-of-the-soak",
        "GROQ_BASE_URL": f"http://127.0.0.1:{upstream}/v1",
    }
    command = [sys.executable, "-m", "turnout", "serve", "--port", "0", "--records", str(Path(folder) / "records.jsonl")]
    process = await asyncio.create_subprocess_exec(*command, env=environ, cwd=folder, stderr=asyncio.subprocess.PIPE)
    assert process.stderr is not None
    async with asyncio.timeout(30):
        while line := (await process.stderr.readline()).decode():
            if "serving on" in line:
                asyncio.get_running_loop().create_task(_drain(process.stderr))
                return process, int(line.rstrip().rpartition(":")[2])
    raise SystemExit("the gateway did not start")


async def _drain(errors: asyncio.StreamReader) -> None:
    while line := await errors.readline():
        sys.stderr.write(f"gateway: {line.decode(errors='replace')}")


def verdict(
    wrong: list[str],
    memory: list[float],
    late: list[float],
    before: int,
    after: int,
    callers: list[Caller],
    upstream: Upstream,
    *,
    timed: bool,
) -> list[str]:
    quarter = max(1, len(memory) // 4)
    grown = statistics.median(memory[-quarter:]) - statistics.median(memory[quarter : 2 * quarter] or memory)
    latest = statistics.quantiles(late, n=100)[98] if len(late) > 1 else 0.0
    seen = {how: sum(caller.seen[how] for caller in callers) for how in ("answered", "refused", "left")}
    print(f"calls: {sum(seen.values()):,}: " + ", ".join(f"{count:,} {how}" for how, count in seen.items()))
    print("the provider's faults: " + ", ".join(f"{fault} {count}" for fault, count in upstream.told.items()))
    print(f"memory: {memory[-1]:.1f} MiB at the end, {grown:+.1f} MiB from the second quarter to the last")
    print(f"open files when idle: {before} before, {after} after")
    print(f"an idle page: {statistics.median(late):.2f} ms at the median, {latest:.2f} ms 99 times of 100")
    found = [f"a call ended wrongly: {fault}" for fault in wrong[:10]]
    if grown > GROWTH:
        found.append(f"memory grew by {grown:.1f} MiB, more than {GROWTH} MiB")
    if after > before:
        found.append(f"{after - before} files or sockets were left open")
    if latest >= LATE_MS and timed:
        found.append(f"the event loop was held up: {latest:.1f} ms, not under {LATE_MS:g} ms")
    if not all(seen.values()) or not all(upstream.told.values()):
        found.append("the run was too short to see every kind of call and of fault: give it more SECONDS")
    return found


def _metrics(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as page:
        return str(page.read(), "utf-8")


def _resident(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def _files(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if not os.path.isdir("/proc/self/fd"):
        raise SystemExit("this reads memory and open files from /proc, which only Linux has")
    found = asyncio.run(main(arguments.seconds, arguments.seed))
    for fault in found:
        print(f"WRONG: {fault}")
    raise SystemExit(1 if found else 0)
