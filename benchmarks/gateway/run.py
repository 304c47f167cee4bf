"""Gateways side by side: the gateway on one core, the load and the upstream on the other, in interleaved rounds.

``make bench-gateway ROUNDS=3 EACH=3 ONLY=turnout``: ONLY keeps the peers whose names hold that, and "no gateway".
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from loads import LOADS, Load, Measured, interleaved, measured, table  # noqa: E402 - this folder is no package
from peers import Peer, peers  # noqa: E402
from programs import built, missing  # noqa: E402

UPSTREAM = 9910
START_SECONDS = 90.0

Process = subprocess.Popen[bytes]


def main() -> int:
    rounds, seconds, only = int(os.environ.get("ROUNDS", "3")), float(os.environ.get("EACH", "3")), os.environ.get("ONLY", "")
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(cores) < 2:
        print("this needs two cores that it may choose: the gateway on one, the load on the other", file=sys.stderr)
        return 2
    if needed := missing():
        print(needed, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        for program in ("upstream", "load"):
            built(program, scratch)
        chosen = [peer for peer in peers(UPSTREAM, scratch) if only in peer.name or not peer.command]
        for peer in chosen:
            if peer.missing:
                print(f"left out: {peer.name}: {peer.missing}")
        chosen = [peer for peer in chosen if not peer.missing]
        with ExitStack() as stack:
            processes: dict[str, Process] = {}
            with _upstream(scratch, LOADS[0].events, cores[-1]):
                for peer in chosen:
                    if peer.command and not peer.embedded:
                        print(f"starting {peer.name}", flush=True)
                        processes[peer.name] = stack.enter_context(_running(peer, scratch, cores[0]))
            for load in LOADS:
                with _upstream(scratch, load.events, cores[-1]):
                    results = interleaved(chosen, _measuring(load, processes, scratch, cores), rounds, seconds)
                print(f"\n{table(load, chosen, results)}", flush=True)
    return 0


# -- one measurement -------------------------------------------------------------------------------


def _measuring(
    load: Load, processes: dict[str, Process], scratch: Path, cores: list[int]
) -> Callable[[Peer, float], Measured | None]:
    return lambda peer, seconds: _measure(peer, processes.get(peer.name), load, seconds, scratch, cores)


def _measure(peer: Peer, process: Process | None, load: Load, seconds: float, scratch: Path, cores: list[int]) -> Measured | None:
    if peer.embedded:
        if load.rate or load.padding:
            return None
        kind = "stream" if load.stream else "whole"
        command = [*peer.command, kind, str(load.connections), str(seconds)]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        try:
            said = _run(command, peer.environ, scratch, cores[0], seconds)
        except SystemExit as fault:  # it crashed: the others are measured all the same
            print(f"{peer.name}, {load.name}: {fault}", flush=True)
            return None
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return measured(said, cpu, 0.0)
    body, headers = scratch / "body.json", scratch / "headers"
    body.write_text(peer.body(load.stream, load.padding))
    headers.write_text("".join(f"{name}: {value}\r\n" for name, value in peer.headers.items()))
    port, end = str(peer.port), peer.end(load.stream)
    command = [str(scratch / "load"), port, peer.path, str(body), str(headers), end, str(load.connections)]
    _settle(process)
    before_cpu = _cpu(process)
    said = _run([*command, str(seconds), str(load.rate)], {}, scratch, cores[-1], seconds)
    result = measured(said, _cpu(process) - before_cpu, _memory(process))
    _settle(process)  # some go on with what nobody waits for, on the core of the next
    return result


def _run(command: list[str], environ: Mapping[str, str], scratch: Path, core: int, seconds: float) -> dict[str, Any]:
    ended = subprocess.run(
        ["taskset", "-c", str(core), *command],
        env=_environ(environ, scratch),
        capture_output=True,
        text=True,
        timeout=seconds + 90,
        check=False,
    )
    if ended.returncode:
        raise SystemExit(f"{command[0]} failed with {ended.returncode}: {ended.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return result


@contextmanager
def _upstream(scratch: Path, events: int, core: int) -> Iterator[None]:
    command = ["taskset", "-c", str(core), str(scratch / "upstream"), str(UPSTREAM), str(events)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        if not process.stdout.readline().startswith("ready "):
            raise SystemExit(f"the upstream did not start: is port {UPSTREAM} free?")
        try:
            yield
        finally:
            process.terminate()


@contextmanager
def _running(peer: Peer, scratch: Path, core: int) -> Iterator[Process]:
    with open(scratch / f"{peer.name}.log", "wb") as log:
        process = subprocess.Popen(
            ["taskset", "-c", str(core), *peer.command],
            env=_environ(peer.environ, scratch),
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=scratch,
        )
        try:
            _await(peer, process, scratch)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _await(peer: Peer, process: Process, scratch: Path) -> None:
    """Until it answers a request rightly."""
    question = urllib.request.Request(
        f"http://127.0.0.1:{peer.port}{peer.path}",
        data=peer.body(False).encode(),
        headers={"content-type": "application/json", **peer.headers},
    )
    until = time.monotonic() + START_SECONDS
    why = ""
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(question, timeout=10) as answer:
                if peer.end(False) in answer.read().decode():
                    return
                why = "its answer is not the upstream's"
        except urllib.error.HTTPError as error:
            why = f"{error.code} {error.read(500)!r}"
        except OSError as error:
            why = str(error)
        time.sleep(0.05)
    log = (scratch / f"{peer.name}.log").read_text(errors="replace")[-2000:]
    raise SystemExit(f"{peer.name} does not answer: {why}\n{log}")


def _environ(more: Mapping[str, str], scratch: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "PATH", "TMPDIR") if name in os.environ}
    return {**kept, "PYTHONPATH": str(HERE.parent.parent / "src"), "XDG_CONFIG_HOME": str(scratch / "config"), **more}


def _settle(process: Process | None) -> None:
    """Until it does nothing, or 20 s are over."""
    until = time.monotonic() + 20
    before = _cpu(process)
    while time.monotonic() < until:
        time.sleep(0.1)
        after = _cpu(process)
        if after - before <= 0.02:
            return
        before = after


def _cpu(process: Process | None) -> float:
    """Seconds that the process and its children have used: ``taskset`` becomes the program, so the id is the program's."""
    if process is None:
        return 0.0
    ticks = sum(
        int(field) for pid in _family(process.pid) for field in Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[11:13]
    )
    return ticks / os.sysconf("SC_CLK_TCK")


def _memory(process: Process | None) -> float:
    if process is None:
        return 0.0
    pages = sum(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in _family(process.pid))
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _family(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(found for child in children for found in _family(int(child)))]


if __name__ == "__main__":
    raise SystemExit(main())
