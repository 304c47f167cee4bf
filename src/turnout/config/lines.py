"""Where in a TOML file a key stands, which tomllib does not say."""

from __future__ import annotations

Path = tuple[str, ...]


def locate(text: str) -> dict[Path, int]:
    """Each key's and table's path -> its line, from 1; the first of two.

    Reads headers and the keys that begin a line, which is how people write them. A key inside an inline table has no entry of
    its own: its line is that of the nearest enclosing key.
    """
    lines: dict[Path, int] = {}
    table: Path = ()
    for number, line in enumerate(text.splitlines(), start=1):
        line = line.strip()
        if line.startswith("["):
            found = _keys(line.lstrip("["))
            if found is not None and found[1].startswith("]"):
                table = found[0]
                lines.setdefault(table, number)
        elif (found := _keys(line)) is not None and found[1].startswith("="):
            lines.setdefault(table + found[0], number)
    return lines


def _keys(text: str) -> tuple[Path, str] | None:
    """The dotted key that ``text`` begins with, and what follows it; None if it begins with none."""
    keys: list[str] = []
    while True:
        text = text.lstrip()
        if text[:1] in ("'", '"'):
            key, closed, text = text[1:].partition(text[0])
            if not closed:
                return None
        else:
            end = next((at for at, character in enumerate(text) if not (character.isalnum() or character in "-_")), len(text))
            key, text = text[:end], text[end:]
            if not key:
                return None
        keys.append(key)
        text = text.lstrip()
        if not text.startswith("."):
            return tuple(keys), text
        text = text[1:]
