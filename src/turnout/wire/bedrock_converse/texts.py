"""Several texts as one: where the protocol has a list of text items and the vocabulary one text.

How long each item was is remembered beside the text, so that the same list can be written again.
"""

from __future__ import annotations

from typing import Any

ABSENT = "absent"


def join_texts(items: Any, separator: str = "") -> tuple[str, str | None] | None:
    """The text of ``items``, and how it was cut (None: not at all); None for anything but a list of objects with a text alone."""
    if not isinstance(items, list):
        return None
    texts: list[str] = []
    for item in items:
        if not isinstance(item, dict) or item.keys() != {"text"} or not isinstance(item["text"], str):
            return None
        texts.append(item["text"])
    whole = len(texts) == 1 and texts[0] != ""
    return separator.join(texts), None if whole else ",".join(str(len(text)) for text in texts)


def split_text(text: str, cuts: str | None, separator: str = "") -> list[dict[str, str]]:
    """The list that ``join_texts`` made one of. A text that was changed since is one item."""
    if cuts is not None:
        lengths = [int(length) for length in cuts.split(",")] if cuts else []
        items: list[str] = []
        at = 0
        for length in lengths:
            items.append(text[at : at + length])
            at += length + len(separator)
        if separator.join(items) == text:
            return [{"text": item} for item in items]
    return [{"text": text}]
