"""Where two JSON values differ, and which leaves of one are missing from another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct


class _Absent:
    def __repr__(self) -> str:
        return "<absent>"


ABSENT = _Absent()


class Difference(Struct, frozen=True):
    """One departure that one check found. ``path`` is a JSON path of the recorded body, or says what was compared."""

    check: str
    path: str
    expected: Any
    got: Any

    @property
    def kind(self) -> str:
        """The path with every index left out: equal for differences of the same cause."""
        return re.sub(r"\[\d+\]", "[]", self.path)

    def __str__(self) -> str:
        return f"{self.check} {self.path or 'body'}: expected {shortened(self.expected)}, got {shortened(self.got)}"


def shortened(value: Any, limit: int = 200) -> str:
    """``value`` as text for a person, at most ``limit`` characters."""
    if value is ABSENT or isinstance(value, BaseException):
        text = repr(value)
    else:
        try:
            text = msgspec.json.encode(value).decode()
        except (TypeError, msgspec.MsgspecError, UnicodeError):
            text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 20]}… ({len(text)} characters)"


def as_json(value: Any) -> Any:
    """A neutral value as the JSON value it serialises to."""
    return msgspec.json.decode(msgspec.json.encode(value))


def compared(check: str, expected: Any, got: Any, path: str = "") -> Iterator[Difference]:
    """Where ``got`` departs from ``expected``, two JSON values. A null member equals an absent one; 1 is not 1.0 nor true."""
    if isinstance(expected, dict) and isinstance(got, dict):
        for name in {**expected, **got}:
            old, new = expected.get(name, ABSENT), got.get(name, ABSENT)
            if (old is ABSENT or old is None) and (new is ABSENT or new is None):
                continue
            yield from compared(check, old, new, f"{path}.{name}" if path else name)
    elif isinstance(expected, list) and isinstance(got, list):
        for index in range(max(len(expected), len(got))):
            old = expected[index] if index < len(expected) else ABSENT
            new = got[index] if index < len(got) else ABSENT
            yield from compared(check, old, new, f"{path}[{index}]")
    elif type(expected) is not type(got) or expected != got:
        yield Difference(check, path, expected, got)


Leaf = tuple[str, Any]


def leaves(value: Any, path: str = "") -> Iterator[Leaf]:
    """Every scalar of a JSON value but null, with its path."""
    if isinstance(value, dict):
        for name, member in value.items():
            yield from leaves(member, f"{path}.{name}" if path else name)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from leaves(item, f"{path}[{index}]")
    elif value is not None:
        yield path, value
