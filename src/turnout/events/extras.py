"""What events say in pieces and the vocabulary has no word for, added up in time that grows with what was said."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

_LABELS = frozenset({"channel", "role", "type", "name", "id", "format"})  # said again with each piece, not continued
_GROWING = frozenset({"text", "summary", "data"})


def merge_extra(seen: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """``seen`` brought up to date by ``fields``: objects are merged, anything else is replaced by a non-null newcomer."""
    merged = dict(seen)
    for name, value in fields.items():
        old = merged.get(name)
        if isinstance(old, dict) and isinstance(value, dict):
            merged[name] = merge_extra(old, value)
        elif value is not None or name not in merged:
            merged[name] = value
    return merged


def continue_extra(seen: dict[str, Any], fields: dict[str, Any]) -> dict[str, Any]:
    """``seen`` continued by ``fields``, the next piece of the same message: texts grow, lists grow by what is new in them."""
    message = continued_extras()
    message.add(seen)
    message.add(fields)
    return message.value()


class Extras:
    """Fields, brought up to date by later ones: objects are merged, anything else is replaced by a non-null newcomer.

    ``grows`` says of a name whether texts under it continue each other; ``lists``: lists grow by what is new in them.
    """

    __slots__ = ("_fields", "_grows", "_lists")

    def __init__(self, grows: Callable[[str], bool] | None = None, lists: bool = False) -> None:
        self._fields: dict[str, Any] = {}  # values as they came, or what adds up the pieces of one
        self._grows = grows
        self._lists = lists

    def __bool__(self) -> bool:
        return bool(self._fields)

    def add(self, fields: dict[str, Any]) -> None:
        for name, value in fields.items():
            old = self._fields.get(name)
            if isinstance(value, dict) and isinstance(old, (dict, Extras)):
                self._fields[name] = merged = old if isinstance(old, Extras) else _begun(Extras(), old)
                merged.add(value)
            elif isinstance(value, str) and isinstance(old, (str, _Text)) and self._grows is not None and self._grows(name):
                self._fields[name] = text = old if isinstance(old, _Text) else _Text(old)
                text.pieces.append(value)
            elif isinstance(value, list) and self._lists:
                self._fields[name] = items = old if isinstance(old, _Items) else _Items()
                items.add(value)
            elif value is not None or name not in self._fields:
                self._fields[name] = value

    def value(self) -> dict[str, Any]:
        return {name: value.value() if isinstance(value, _SUMS) else value for name, value in self._fields.items()}


def continued_extras() -> Extras:
    """Of a message that comes in pieces."""
    return Extras(lambda name: name not in _LABELS, lists=True)


def _begun(extras: Extras, fields: dict[str, Any]) -> Extras:
    extras.add(fields)
    return extras


class _Text:
    __slots__ = ("pieces",)

    def __init__(self, text: str) -> None:
        self.pieces = [text]

    def value(self) -> str:
        return "".join(self.pieces)


class _Items:
    """Items of type "reasoning.…" with the same index are pieces of one item, of which the texts grow.

    https://openrouter.ai/docs/use-cases/reasoning-tokens (read 2026-11-21): the pieces must go back as whole items.
    """

    __slots__ = ("_items", "_known", "_places")

    def __init__(self) -> None:
        self._items: list[Any] = []
        self._known: set[str] = set()  # what stands there already, written down
        self._places: dict[tuple[Any, str], int] = {}

    def add(self, more: Iterable[Any]) -> None:
        for piece in more:
            place = _place(piece)
            at = self._places.get(place) if place is not None else None
            if at is not None:
                item = self._items[at]
                self._items[at] = grown = item if isinstance(item, Extras) else _begun(Extras(_GROWING.__contains__), item)
                grown.add(piece)
            elif (written := repr(piece)) not in self._known:
                self._known.add(written)
                self._items.append(piece)
                if place is not None:
                    self._places[place] = len(self._items) - 1

    def value(self) -> list[Any]:
        return [item.value() if isinstance(item, Extras) else item for item in self._items]


def _place(piece: Any) -> tuple[Any, str] | None:
    """Which item ``piece`` is a piece of; None if it is whole."""
    if not isinstance(piece, dict) or not isinstance(piece.get("index"), (int, str)):
        return None
    kind = piece.get("type")
    return (piece["index"], kind) if isinstance(kind, str) and kind.startswith("reasoning.") else None


_SUMS = (Extras, _Text, _Items)


class Continued:
    """Logprobs: lists of tokens, or objects of such lists, each delta with the next ones."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        self._held: Any = None  # a value as it came, a list of our own, or Continued by name

    def add(self, more: Any) -> None:
        if isinstance(more, dict):
            members = self._held = self._held if isinstance(self._held, dict) else {}
            for name, value in more.items():
                members.setdefault(name, Continued()).add(value)
        elif isinstance(more, list):
            tokens = self._held = self._held if isinstance(self._held, list) else []
            tokens += more
        elif more is not None:
            self._held = more

    def value(self) -> Any:
        if isinstance(self._held, dict):
            return {name: value.value() for name, value in self._held.items()}
        return list(self._held) if isinstance(self._held, list) else self._held
