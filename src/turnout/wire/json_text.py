"""JSON from outside, read only so deep as anything sensible is nested: what walks the value never runs out of stack."""

from __future__ import annotations

import re
from typing import Any

import msgspec

# Google reads JSON to a depth of 100 and .NET's parser to 64; a schema of a tool reaches 20. Python's stack holds 1000 calls.
# https://protobuf.dev/programming-guides/json/ and
# https://learn.microsoft.com/dotnet/api/system.text.json.jsonreaderoptions.maxdepth (both read 2026-11-21)
MAX_DEPTH = 128

_decode = msgspec.json.Decoder().decode
_BRACKETS = bytes.maketrans(b"[]", b"{}")
_MARKS = re.compile(r'\\(?:.|\Z)|["{}\[\]]', re.DOTALL)  # all that tells where an object ends
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")


def read_json(text: bytes | str) -> Any:
    """The value that ``text`` says. Raises msgspec.DecodeError, UnicodeError, or RecursionError where it is nested too deeply."""
    if isinstance(text, str):
        text = text.encode()
    if text.count(b"{") + text.count(b"[") > MAX_DEPTH and _is_deep(text):
        raise RecursionError(f"it is nested deeper than {MAX_DEPTH} levels")
    return _decode(text)


def is_json(text: str) -> bool:
    """True if ``read_json`` reads it."""
    try:
        read_json(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return False
    return True


class GrowingObject:
    """Whether the JSON object that comes in ``pieces`` is whole, with one look at each piece however often that is asked.

    ``pieces`` is the list of whoever gathers them, who only ever appends.
    """

    __slots__ = ("_depth", "_escaped", "_in_text", "_pieces", "_read", "_whole")

    def __init__(self, pieces: list[str]) -> None:
        self._pieces = pieces
        self._read = 0
        self._depth = 0
        self._in_text = False
        self._escaped = False  # a piece ended with a backslash
        self._whole: bool | None = None  # None: it is still to be closed

    @property
    def is_whole(self) -> bool:
        while self._read < len(self._pieces) and self._whole is not False:
            piece = self._pieces[self._read]
            self._read += 1
            if self._whole:
                self._whole = not piece.strip()  # nothing but white space follows an object
            elif (rest := self._closed(piece)) is not None:
                self._whole = not rest.strip() and self._is_object()
        return bool(self._whole)

    def _closed(self, piece: str) -> str | None:
        """What follows the bracket that closes the first one, or None if there is none in ``piece``."""
        begins = 1 if self._escaped and piece else 0
        self._escaped = self._escaped and not piece
        for mark in _MARKS.finditer(piece, begins):
            found = mark[0]
            if found[0] == "\\":
                self._escaped = len(found) == 1
            elif found == '"':
                self._in_text = not self._in_text
            elif not self._in_text:
                self._depth += 1 if found in "{[" else -1
                if self._depth <= 0:
                    return piece[mark.end() :]
        return None

    def _is_object(self) -> bool:
        try:
            return isinstance(read_json("".join(self._pieces[: self._read])), dict)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return False


def _is_deep(text: bytes) -> bool:
    """True if brackets outside of strings stand in one another more than ``MAX_DEPTH`` times."""
    plain = text.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in text else text
    left = b"".join(plain.split(b'"')[::2]).translate(_BRACKETS, _NO_BRACKETS)
    for _ in range(MAX_DEPTH):
        fewer = left.replace(b"{}", b"")  # the innermost
        if len(fewer) == len(left):
            return fewer.count(b"{") > MAX_DEPTH  # those that never close
        left = fewer
    return b"{}" in left or left.count(b"{") > MAX_DEPTH
