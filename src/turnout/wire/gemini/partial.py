"""A function call whose arguments are streamed: pieces, each with the JSON path of the value that it begins or continues.

https://cloud.google.com/vertex-ai/generative-ai/docs/multimodal/function-calling#streaming-fc (read 2026-11-21)
"""

from __future__ import annotations

import re
from typing import Any

_STEP = re.compile(r"""\.([^.\[\]]+)|\[(\d+)\]|\['([^']*)'\]|\["([^"]*)"\]""")
_VALUES = ("stringValue", "numberValue", "boolValue")
_LONGEST = 10_000  # items of one list: beyond it a provider is at fault, and memory is ours


class PartialCall:
    """``feed`` every part that continues the call. ``part`` is then the one that came in pieces, as if it had come whole."""

    def __init__(self, part: dict[str, Any]) -> None:
        call = part["functionCall"]
        self._part = part
        self._call = {name: value for name, value in call.items() if name not in ("partialArgs", "willContinue")}
        given = self._call.get("args")
        self._args: dict[str, Any] = dict(given) if isinstance(given, dict) else {}
        self._unfinished: dict[str, str] = {}
        self.open = True
        self.feed(call)

    def feed(self, call: dict[str, Any]) -> None:
        pieces = call.get("partialArgs")
        for piece in pieces if isinstance(pieces, list) else ():
            if isinstance(piece, dict):
                self._put(piece)
        self.open = bool(call.get("willContinue"))

    def part(self) -> dict[str, Any]:
        return self._part | {"functionCall": self._call | {"args": self._args}}

    def _put(self, piece: dict[str, Any]) -> None:
        path = piece.get("jsonPath")
        path = path if isinstance(path, str) else "$"
        value = next((piece[name] for name in _VALUES if name in piece), None)
        if isinstance(value, str):
            value = self._unfinished.pop(path, "") + value
            if piece.get("willContinue"):
                self._unfinished[path] = value
        steps: list[str | int] = [name or quoted or double or int(at) for name, at, quoted, double in _STEP.findall(path)]
        if not steps:
            self._args = value if isinstance(value, dict) else self._args
            return
        holder: Any = self._args
        for step, after in zip(steps, [*steps[1:], None], strict=True):
            if isinstance(step, int) != isinstance(holder, list) or (isinstance(step, int) and step > _LONGEST):
                return
            if isinstance(step, int):
                holder.extend([None] * (step + 1 - len(holder)))
            if after is None:
                holder[step] = value
                return
            kind = list if isinstance(after, int) else dict
            inner = holder[step] if isinstance(step, int) else holder.get(step)
            if not isinstance(inner, kind):
                inner = holder[step] = kind()
            holder = inner


def begins_in_pieces(part: Any) -> bool:
    call = part.get("functionCall") if isinstance(part, dict) else None
    return isinstance(call, dict) and (bool(call.get("willContinue")) or "partialArgs" in call)


def continues(part: Any) -> bool:
    call = part.get("functionCall") if isinstance(part, dict) else None
    return isinstance(call, dict) and "name" not in call
