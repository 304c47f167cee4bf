"""Seeds made large in one place each, to see that time grows with their size and no faster.

Every event of a stream, item of a list, text and object of a seed has its turn: repeated, lengthened, filled or buried.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from copy import deepcopy
from types import FrameType
from typing import Any, NamedTuple

from fuzz_mutation import places
from fuzz_seeds import Piece, Seed, join
from fuzz_targets import Fuzzed

FACTOR = 8
MOST = 2.5 * FACTOR  # how much longer ``FACTOR`` times the size may take: quadratic would be FACTOR squared
FAST = 0.02  # seconds of CPU below which nothing is measured well, nor matters


class Growing(NamedTuple):
    """``made(n)``: the seed with ``n`` of what ``where`` says."""

    where: str
    made: Callable[[int], bytes]


class Growth(NamedTuple):
    target: str
    where: str
    size: int
    seconds: float
    times: float  # as long as an input of an eighth of the size

    def __str__(self) -> str:
        times = f"{self.times:.0f} times as long as {FACTOR} times less"
        return f"{self.target}: {self.where}, {self.size:,} bytes: {self.seconds:.2f} s, {times}"


def growing(seed: Seed) -> Iterator[Growing]:
    for at, piece in enumerate(seed.pieces):
        label = f"{seed.wire} {seed.kind} [{at}]"
        if len(seed.pieces) > 1:
            yield Growing(f"{label} repeated", _repeated(seed, at))
        if isinstance(piece.value, bytes):
            continue
        for number, (holder, key) in enumerate(places(piece.value)):
            where = f"{label} {key!r} of {sorted(holder)[:3] if isinstance(holder, dict) else 'a list'}"
            value = holder[key]
            yield Growing(f"{where} buried in lists", _changed(seed, at, number, lambda _, n: _buried(n)))
            if isinstance(value, str):
                yield Growing(f"{where} lengthened", _changed(seed, at, number, lambda old, n: (old or "a") * n))
                yield Growing(f"{where} of spaces", _changed(seed, at, number, lambda _, n: " " * n * 8))
                yield Growing(f"{where} of digits", _changed(seed, at, number, lambda _, n: "1" * n * 8))
                yield Growing(f"{where} of brackets", _changed(seed, at, number, lambda _, n: '{"a":' * n))
            elif isinstance(value, list):
                yield Growing(f"{where} with more items", _changed(seed, at, number, lambda old, n: (old or [0]) * n))
                yield Growing(f"{where} with more numbered items", _changed(seed, at, number, _numbered))
            elif isinstance(value, dict):
                yield Growing(
                    f"{where} with more fields", _changed(seed, at, number, lambda old, n: old | {f"x{i}": i for i in range(n)})
                )
            elif isinstance(value, (int, float)) and not isinstance(value, bool):
                yield Growing(f"{where} of many digits", _digits(seed, at, number))


def measured(target: Fuzzed, case: Growing, size: int = 300) -> Growth | None:
    """None when time grows no faster than size: at once, or when what looked otherwise is looked at again, larger."""
    growth = _measured(target, case, size)
    return growth and _measured(target, case, size * FACTOR)


def _measured(target: Fuzzed, case: Growing, size: int) -> Growth | None:
    """In the best of several tries."""
    small, large = case.made(size), case.made(size * FACTOR)
    best_small = best_large = float("inf")
    for _ in range(4):
        best_large = min(best_large, seconds(target, large))
        if best_large < FAST:
            return None
        best_small = min(best_small, seconds(target, small))
        if best_large / best_small < MOST:
            return None
    return Growth(target.name, case.where, len(large), best_large, best_large / best_small)


def seconds(target: Fuzzed, data: bytes) -> float:
    gc.collect()
    before = time.process_time()
    with suppress(Exception):  # not the subject here
        target.run(data)
    return max(time.process_time() - before, 1e-6)


def work(target: Fuzzed, data: bytes) -> int:
    """Lines of Python that it takes to read ``data``. Blind to what the interpreter does within one, such as copying."""
    lines = 0

    def count(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal lines
        lines += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        target.run(data)
    finally:
        sys.settrace(before)
    return lines


def _repeated(seed: Seed, at: int) -> Callable[[int], bytes]:
    return lambda n: join(seed.framing, (*seed.pieces[:at], *[seed.pieces[at]] * n, *seed.pieces[at:]))


def _changed(seed: Seed, at: int, number: int, change: Callable[[Any, int], Any]) -> Callable[[int], bytes]:
    def made(n: int) -> bytes:
        value = deepcopy(seed.pieces[at].value)
        holder, key = places(value)[number]
        holder[key] = change(holder[key], n)
        return join(seed.framing, _with(seed.pieces, at, value))

    return made


def _digits(seed: Seed, at: int, number: int) -> Callable[[int], bytes]:
    mark = 1234567890987654321
    marked = _changed(seed, at, number, lambda _, n: mark)
    return lambda n: marked(n).replace(str(mark).encode(), b"9" * n * 8)


def _with(pieces: Sequence[Piece], at: int, value: Any) -> tuple[Piece, ...]:
    return (*pieces[:at], pieces[at]._replace(value=value), *pieces[at + 1 :])


def _buried(depth: int) -> Any:
    """As deep as the standard library can write; what is deeper is a matter of bytes."""
    value: Any = []
    for _ in range(min(depth, 900)):
        value = [value]
    return value


def _numbered(old: list[Any], n: int) -> list[Any]:
    """Items that differ in every text and number they hold."""
    items: list[Any] = []
    for number in range(n):
        item = deepcopy(old[number % len(old)]) if old else number
        for holder, key in places(item):
            if isinstance(holder[key], str) and key not in ("type", "role", "kind"):
                holder[key] = f"{holder[key]}{number}"
            elif type(holder[key]) is int:
                holder[key] = number
        items.append(item)
    return items
