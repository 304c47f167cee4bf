"""What a value's ``extra`` says that means something beyond the protocol it is written in.

A receipt tells what was lost on the way to another protocol. Left out of it, by every wire alike, is what loses nothing: names
that a protocol gives its own items, and values that say what is so anyway.
"""

from __future__ import annotations

from typing import Any

# ``id``, ``status`` and ``index`` name or count an item within its own protocol: ids of Responses items, the places of calls in a
# list. Their counterparts that bind something (the id of a call, of a cited document) have words of our own, or another name.
# ``type`` says of which kind an object is, which its translation says in other words.
_OF_THE_ITEM = frozenset({"id", "status", "index", "type"})

# Objects of a protocol that our values keep the rest of: what they hold is said of the item itself.
_PARTS_OF_THE_ITEM = frozenset({"item", "function", "custom", "toolUse", "toolResult"})

# What is so where nothing is said: a call that the model itself makes, an answer that is not begun, a tool described at once.
_SO_ANYWAY: dict[str, tuple[Any, ...]] = {
    "caller": ({"type": "direct"},),
    "prefix": (False,),
    "defer_loading": (False,),
}


def said_in(extra: dict[str, Any] | None) -> str:
    """The names of the fields of ``extra`` that would be missed, for a receipt; empty if there are none.

    A null, an empty text, list or object says nothing, and neither does a list or object that holds nothing else.
    """
    return ", ".join(name for name, value in (extra or {}).items() if _is_missed(name, value))


def _is_missed(name: str, value: Any) -> bool:
    if name in _OF_THE_ITEM or value is None or value == "" or value in _SO_ANYWAY.get(name, ()):
        return False
    if isinstance(value, dict):
        of_the_item = name in _PARTS_OF_THE_ITEM
        return any(_is_missed(inner if of_the_item else "", item) for inner, item in value.items())
    return not isinstance(value, list) or any(_is_missed("", item) for item in value)
