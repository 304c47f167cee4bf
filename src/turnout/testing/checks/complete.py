"""Is every leaf that the provider sent somewhere in the neutral form? An accounting of its own, apart from rendering."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from turnout.errors import Error
from turnout.testing.checks.subject import Subject
from turnout.testing.difference import ABSENT, Difference, leaves
from turnout.testing.neutral import Holdings

CHECK = "complete"


def complete(subject: Subject) -> Iterator[Difference]:
    """Leaves of a whole body must be held as they are; those of a stream also in the text that they became a piece of."""
    if subject.streamed:
        yield from _stream(subject)
    else:
        holdings = Holdings([subject.completion or _error_values(subject.outcome)])
        for path, leaf in leaves(subject.body if isinstance(subject.body, (dict, list)) else None):
            if not _implied(subject, path, leaf) and not holdings.holds(leaf):
                yield Difference(CHECK, path, leaf, ABSENT)


def _stream(subject: Subject) -> Iterator[Difference]:
    """Every leaf of every event, and of what the events add up to. ``got``: what another event says there, held instead."""
    held = [subject.completion, *([] if subject.decoded.failure is None else [_error_values(subject.decoded.failure)])]
    holdings = Holdings(held)
    looked_up: set[tuple[type, Any]] = set()
    frames = subject.frames if subject.fault is None else subject.frames[: subject.fault + 1]
    said = [list(leaves(frame.value)) for frame in frames if isinstance(frame.value, (dict, list))]
    held_at = {_place(path): leaf for event in said for path, leaf in event if holdings.holds(leaf)}
    for index, event in enumerate(said):
        for path, leaf in event:
            key = (type(leaf), leaf)
            if key in looked_up or _shape(path) in subject.reference.assembled or _implied(subject, path, leaf):
                continue
            looked_up.add(key)
            if not holdings.holds_piece(leaf):
                yield Difference(CHECK, f"[{index}].{path}", leaf, held_at.get(_place(path), ABSENT))

    for path, leaf in leaves(subject.answer):
        if not _implied(subject, path, leaf) and not holdings.holds(leaf):
            yield Difference(CHECK, f"merged {path}", leaf, ABSENT)


def _shape(path: str) -> str:
    return re.sub(r"\[\d+\]", "[]", path)


def _place(path: str) -> str:
    """The first event of a stream may wrap as ``message`` what later ones report anew beside it."""
    return path.removeprefix("message.")


def _error_values(outcome: object) -> list[Any]:
    if not isinstance(outcome, Error):
        return []
    return [str(outcome), outcome.status, outcome.code, outcome.type, outcome.param, outcome.request_id, outcome.body]


def _implied(subject: Subject, path: str, leaf: Any) -> bool:
    """Discriminators that a neutral type stands for, and positions that order stands for."""
    name = path.rpartition(".")[2]
    if name == "index" and isinstance(leaf, int):
        return True
    return leaf in subject.reference.implied.get(name, ()) if isinstance(leaf, (str, int)) else False
