"""Do the bytes of a stream mean the same however they are cut, and is one that was cut short never taken for whole?"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import repeat
from zlib import crc32

from turnout.errors import Error
from turnout.testing.checks.subject import Decoded, Subject
from turnout.testing.difference import ABSENT, Difference
from turnout.testing.frames import chunks

SIZES = (1, 2, 7, 64, 4096)


def cuts_alike(subject: Subject) -> Iterator[Difference]:
    """Pieces of 1, 2, 7, 64 and 4096 bytes and of random lengths give the events of the whole, and the same error."""
    if not subject.streamed:
        return
    body = subject.exchange.response.body
    draw = random.Random(crc32(body))  # noqa: S311 - the same cuts on every run
    for name, sizes in (*((f"pieces of {size}", repeat(size)) for size in SIZES), ("random pieces", _drawn(draw))):
        yield from _same(name, subject.decoded, subject.decode_stream(chunks(body, sizes)))


def _drawn(draw: random.Random) -> Iterator[int]:
    while True:
        yield min(int(draw.expovariate(1 / 40)) + 1, 2000)


def _same(name: str, whole: Decoded, cut: Decoded) -> Iterator[Difference]:
    if whole.events != cut.events:
        for index in range(max(len(whole.events), len(cut.events))):
            old = whole.events[index] if index < len(whole.events) else ABSENT
            new = cut.events[index] if index < len(cut.events) else ABSENT
            if old != new:
                yield Difference("cuts alike", f"{name}, event {index}", old, new)
                break
    if repr(whole.failure) != repr(cut.failure):
        yield Difference("cuts alike", f"{name}, end", whole.failure, cut.failure)


def notices_truncation(subject: Subject) -> Iterator[Difference]:
    """Bytes that stop at an event, or inside one, before the protocol's own end give an Error and never a clean end."""
    if not subject.streamed:
        return
    body = subject.exchange.response.body
    for end, where in _cut_points(subject):
        failure = subject.decode_stream([body[:end]]).failure
        if not isinstance(failure, Error):
            yield Difference("notices truncation", where, "an Error", failure if failure else "a clean end")


def _cut_points(subject: Subject) -> Iterator[tuple[int, str]]:
    """The beginning, three events in between, the last one before the end, and the middle of the event after that."""
    ends = [0, *(frame.end for frame in subject.frames[: subject.fault])]
    last = len(ends) - 1
    while last > 0 and subject.reference.ended(subject.frames[:last]):
        last -= 1
    for index in sorted({0, 1, last // 3, last * 2 // 3, last}):
        if index <= last and not subject.reference.ended(subject.frames[:index]):
            yield ends[index], f"cut after {index} of {len(subject.frames)} events"
    if last + 1 < len(ends):
        yield (ends[last] + ends[last + 1]) // 2, f"cut inside event {last + 1} of {len(subject.frames)}"
