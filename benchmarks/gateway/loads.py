"""What is asked of each gateway, in rounds that take turns, and the table of what came back."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from peers import Peer

BASE, OWN = "no gateway", "turnout, fast"  # what is added to is the first; the others are compared with the second


class Load(NamedTuple):
    """``rate`` 0: as fast as it goes. ``padding``: bytes of prompt beside the question."""

    name: str
    stream: bool = False
    connections: int = 64
    rate: int = 0
    padding: int = 0
    events: int = 50


LOADS = (
    Load("whole answers, 64 connections"),
    Load("whole answers, 256 connections", connections=256),
    Load("50-event streams, 64 connections", stream=True),
    Load("50-event streams, 256 connections", stream=True, connections=256),
    Load("2,000-event streams, 16 connections", stream=True, connections=16, events=2000),
    Load("a 400 KB prompt, 16 connections", connections=16, padding=400_000),
    Load("1,000 whole answers a second", rate=1000),
)


class Measured(NamedTuple):
    per_second: float
    cpu_us: float  # of the gateway, a request
    p50: float  # milliseconds
    p99: float
    failed: int
    memory: float  # MiB, resident, after the round


def measured(said: Mapping[str, Any], cpu: float, memory: float) -> Measured:
    """Of what ``load`` printed, and the seconds of CPU that the gateway took meanwhile. Only right answers count."""
    right = said["right"]
    failed = said["wrong"] + said["broken"] + said["late"]
    return Measured(right / said["seconds"], cpu / max(right, 1) * 1e6, said["p50"], said["p99"], failed, memory)


def interleaved(
    peers: Sequence[Peer], measure: Callable[[Peer, float], Measured | None], rounds: int, seconds: float
) -> dict[str, list[Measured]]:
    """By peer. The first round, of a second, counts for nothing: caches, pools, compilers."""
    results: dict[str, list[Measured]] = {}
    for counted in range(rounds + 1):
        for peer in peers:
            result = measure(peer, seconds if counted else 1.0)
            if counted and result is not None:
                results.setdefault(peer.name, []).append(result)
    return results


def table(load: Load, peers: Sequence[Peer], results: Mapping[str, list[Measured]]) -> str:
    """Medians of the rounds, and all that failed. At a given rate the times are those that each gateway adds."""
    own, base = results.get(OWN), results.get(BASE)
    added = "added p50 and p99" if load.rate else "p50 and p99"
    rounds = max(map(len, results.values()), default=0)
    lines = [
        f"{load.name}: median of {rounds} rounds; {added} in ms; MiB of all its processes",
        f"{'':26}{'a second':>12}{'turnout is':>12}{'CPU us':>10}{'p50':>9}{'p99':>9}{'MiB':>8}{'failed':>8}",
    ]
    for peer in peers:
        rows = results.get(peer.name)
        if not rows:
            lines.append(f"{peer.name:26}{'not measured':>12}")
            continue
        per_second = middle(rows, "per_second")
        times = f"{middle(own, 'per_second') / per_second:.2f} x" if own and per_second else "-"
        less = base if base and load.rate and peer.name != BASE else []
        p50 = middle(rows, "p50") - (middle(less, "p50") if less else 0)
        p99 = middle(rows, "p99") - (middle(less, "p99") if less else 0)
        lines.append(
            f"{peer.name:26}{per_second:>12,.0f}{times:>12}{middle(rows, 'cpu_us'):>10,.0f}{p50:>9.2f}{p99:>9.2f}"
            f"{middle(rows, 'memory'):>8,.0f}{sum(row.failed for row in rows):>8}"
        )
    return "\n".join(lines)


def middle(rows: Sequence[Measured], field: str) -> float:
    return statistics.median(getattr(row, field) for row in rows)
