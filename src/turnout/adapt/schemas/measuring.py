"""How large a schema is, against what a dialect allows."""

from __future__ import annotations

from typing import Any

from turnout.adapt.schemas.vocabulary import DEFINITIONS, LISTS, MAPS, SINGLES, members, speaks_of
from turnout.rules.schemas import Bounds

_NONE = Bounds()


def too_large(schema: Any, bounds: Bounds) -> str | None:
    """What is too much, in words; None if nothing is."""
    if bounds == _NONE:
        return None
    size = _Size()
    size.add(schema, 0)
    for what, found, most in (
        ("properties", size.properties, bounds.properties),
        ("levels of objects", size.depth, bounds.depth),
        ("enum values", size.enum_values, bounds.enum_values),
        ("characters of names and values", size.characters, bounds.characters),
    ):
        if most is not None and found > most:
            return f"the schema has {found} {what}, and may have {most}"
    return None


class _Size:
    def __init__(self) -> None:
        self.properties = self.depth = self.enum_values = self.characters = 0

    def add(self, schema: Any, depth: int) -> None:
        if not isinstance(schema, dict):
            return
        if speaks_of(schema, "object"):
            depth += 1
            self.depth = max(self.depth, depth)
        for key, value in schema.items():
            if (key in MAPS or key in DEFINITIONS) and isinstance(value, dict):
                self.properties += len(value) if key == "properties" else 0
                self.characters += sum(map(len, value))
                for member in members(schema, key).values():
                    self.add(member, 0 if key in DEFINITIONS else depth)
            elif key in LISTS and isinstance(value, list):
                for member in value:
                    self.add(member, depth)
            elif key in SINGLES:
                self.add(value, depth)
            elif key == "enum" and isinstance(value, list):
                self.enum_values += len(value)
                self.characters += sum(len(it) for it in value if isinstance(it, str))
            elif key == "const" and isinstance(value, str):
                self.characters += len(value)
