"""Which keywords a dialect understands with the value they have, and how those are told of that it does not."""

from __future__ import annotations

import re
from typing import Any

from turnout.adapt.schemas.notes import Notes
from turnout.adapt.schemas.vocabulary import CHECKING, DECLARATIONS, RANGES, Schema, json_text, type_of, types
from turnout.rules import Dialect

_TELLING = ("format", "pattern", "type")  # with their value they say more


def understands(dialect: Dialect, key: str, value: Any, node: Schema) -> bool:
    """True for the keyword with this value, in ``node``."""
    if dialect.keywords is not None and key not in dialect.keywords:
        return False
    match key:
        case "format":
            return dialect.formats is None or (isinstance(value, str) and value in dialect.formats)
        case "pattern" if dialect.patterns is not None:
            return isinstance(value, str) and re.search(dialect.patterns, value, re.DOTALL) is not None
        case "enum" | "const" if dialect.enums is not None:
            values = value if key == "enum" and isinstance(value, list) else [value]
            return all(type_of(it) in dialect.enums for it in values)
        case _ if key in RANGES and dialect.ranges is not None:
            return bool(types(node)) and set(types(node)) <= dialect.ranges
    return True


def named(keys: list[str], node: Schema) -> str:
    return ", ".join(f"{key} {json_text(node[key])}" if key in _TELLING else key for key in keys)


def say_instead(refused: dict[str, Any], written: Schema, notes: Notes, *, sayable: bool) -> None:
    """What is not sent is said in the description where it is short."""
    said: list[str] = []
    told: dict[str, list[str]] = {}
    for key, value in refused.items():
        text = json_text(value) if sayable and key not in DECLARATIONS else ""
        if text:
            said.append(f"{key}: {text}")
        kind = "declared" if key in DECLARATIONS else "checked" if key in CHECKING else "note"
        told.setdefault(f"{kind}{' said' if text else ''}", []).append(key)
    if said:
        before = written.get("description")
        written["description"] = f"{before} ({'; '.join(said)})" if before else f"({'; '.join(said)})"
    for kind, keys in told.items():
        names = ", ".join(keys)
        match kind:
            case "declared":
                notes.said_otherwise(f"{names}: left out, which changes nothing")
            case "checked said":
                notes.weakened(f"{names}: not understood here; the description says it")
            case "checked":
                notes.weakened(f"{names}: not understood here")
            case "note said":
                notes.said_otherwise(f"{names}: said in the description")
            case _:
                notes.left_out(f"{names}: not understood here")
