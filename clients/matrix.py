"""The table: every client at every family, with the number of features that passed, and why each of the others did not."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from clients.clients import Client, Raised
from clients.families import Family
from clients.features import Cell
from clients.real import RealCell
from clients.story import SCENES
from clients.upstream import Upstream

_AT_ONCE = 12  # conversations; most of their time is spent waiting
_AT_ONCE_REAL = 2  # of those with a real model, which computes


@dataclass
class Outcome:
    """``passed`` and ``failed`` name scenes; ``lacking`` those that this pair cannot have, with the reason."""

    passed: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    lacking: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        if self.failed:
            return f"{len(self.passed)}/{len(self.passed) + len(self.failed)} !"
        return f"{len(self.passed)}" + "-" * len(self.lacking)


Table = dict[tuple[str, str], Outcome]


def play(client: Client, family: Family, upstream: Upstream, records: Path, scene: str) -> str | None:
    """None if the scene passed, else what was wrong."""
    try:
        cell = Cell(client, family, upstream) if family.replayed else RealCell(client, family, records)
        getattr(cell, scene)()
    except (AssertionError, Raised) as wrong:
        return str(wrong)
    except Exception as wrong:  # noqa: BLE001 - whatever a client raises besides is a failure of the cell
        return f"{type(wrong).__name__}: {wrong}"
    return None


def run(
    clients: Sequence[Client], families: Sequence[Family], upstream: Upstream, records: Path, scenes: Iterable[str] = SCENES
) -> Table:
    """``records``: the file to which the gateway writes of each call."""
    table: Table = {(client.name, family.name): Outcome() for client in clients for family in families}
    with ThreadPoolExecutor(_AT_ONCE) as pool, ThreadPoolExecutor(_AT_ONCE_REAL) as slow:
        waiting = []
        for scene in scenes:
            for client in clients:
                for family in families:
                    outcome = table[client.name, family.name]
                    lacks = client.lacks.get(scene) or family.lacks.get(scene) or client.lacks_at.get((scene, family.name))
                    if lacks:
                        outcome.lacking[scene] = lacks
                        continue
                    waiting.append(
                        (
                            scene,
                            outcome,
                            (pool if family.replayed else slow).submit(play, client, family, upstream, records, scene),
                        )
                    )
        for scene, outcome, future in waiting:
            wrong = future.result()
            if wrong is None:
                outcome.passed.append(scene)
            else:
                outcome.failed[scene] = wrong
    return table


def show(table: Table, absent: Mapping[str, str], seconds: float) -> str:
    """The matrix, then once each reason for a dash, then each failure. ``absent``: client -> why its row could not be played."""
    rows = list(dict.fromkeys(client for client, _ in table))
    columns = list(dict.fromkeys(family for _, family in table))
    first = max((len(name) for name in [*rows, *absent]), default=0) + 2
    widths = [max(len(column), 6) + 1 for column in columns]
    lines = [" " * first + "".join(name.rjust(width) for name, width in zip(columns, widths, strict=True))]
    for row in rows:
        cells = [table[row, column].text if (row, column) in table else "?" for column in columns]
        lines.append(row.ljust(first) + "".join(text.rjust(width) for text, width in zip(cells, widths, strict=True)))
    lines += [f"{name.ljust(first)}{why}" for name, why in absent.items()]
    reasons: dict[tuple[str, str], list[str]] = {}
    for (row, column), outcome in table.items():
        for scene, why in outcome.lacking.items():
            reasons.setdefault((scene, why), []).append(f"{row} at {column}")
    if reasons:
        lines += [
            "",
            f"Each cell: how many of the {len(SCENES)} features passed ({', '.join(SCENES)}); a dash for each not to be had:",
        ]
        lines += [f"- {scene}: {why} ({len(pairs)} cells)" for (scene, why), pairs in reasons.items()]
    failures = [(pair, scene, why) for pair, outcome in table.items() for scene, why in outcome.failed.items()]
    if failures:
        lines += ["", "Failed:"]
        lines += [f"! {row} at {column}, {scene}: {why}" for (row, column), scene, why in failures]
    passed = sum(len(outcome.passed) for outcome in table.values())
    lacking = sum(len(outcome.lacking) for outcome in table.values())
    lines += ["", f"{passed} passed, {len(failures)} failed, {lacking} not to be had, in {seconds:.0f} s"]
    return "\n".join(lines)


def timed(begun: float) -> float:
    return time.monotonic() - begun


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
