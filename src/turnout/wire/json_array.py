"""JSON values one after the other, incrementally: the items of an array (RFC 8259 section 5), or a sequence without one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from turnout.errors import ServerFault

MAX_ITEM_BYTES = 64 * 1024 * 1024  # an image or a sound comes in one item; beyond this a server is at fault

# The next brace or bracket outside of strings; a quote only where its string does not end in these bytes.
_STRUCTURE = re.compile(rb'(?:[^"{}\[\]]++|"(?:[^"\\]|\\.)*+")*+(["{}\[\]])', re.DOTALL)
_IN_STRING = re.compile(rb'["\\]')
_BETWEEN = b" \t\r\n,"


class JsonArrayDecoder:
    """``feed`` bytes however they arrive; get each item, an object, as soon as it is complete.

    ``closed`` says that the array has ended. Raises ServerFault for what stands between the items and is none.
    """

    def __init__(self, max_item_bytes: int = MAX_ITEM_BYTES) -> None:
        self._max = max_item_bytes
        self._item = bytearray()
        self._depth = 0
        self._in_string = False
        self._escaped = False
        self._opened = False
        self.closed = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        at = 0
        while at < len(chunk):
            if not self._depth:
                at = self._between(chunk, at)
                if at == len(chunk):
                    return
                if chunk[at] != 0x7B:
                    raise ServerFault(f"expected a list of JSON objects, got {chunk[at : at + 1]!r}")
            end = self._scan(chunk, at)
            self._item += chunk[at:end]
            if len(self._item) > self._max:
                raise ServerFault(f"an item grew beyond {self._max:,} bytes; the provider does not speak its protocol")
            at = end
            if not self._depth:
                yield bytes(self._item)
                self._item.clear()

    @property
    def within(self) -> bool:
        """True while an item, or an array around items, is incomplete."""
        return bool(self._depth) or (self._opened and not self.closed)

    def _between(self, chunk: bytes, at: int) -> int:
        """Where the next item begins, or the end of ``chunk``."""
        while at < len(chunk):
            byte = chunk[at]
            if byte == 0x5B and not self._opened:
                self._opened = True
            elif byte == 0x5D and self._opened and not self.closed:
                self.closed = True
            elif byte not in _BETWEEN:
                return at
            at += 1
        return at

    def _scan(self, chunk: bytes, at: int) -> int:
        """The end of the item, or of ``chunk`` if the item goes on beyond it."""
        while at < len(chunk):
            if self._escaped:
                self._escaped = False
                at += 1
                continue
            found = _IN_STRING.search(chunk, at) if self._in_string else _STRUCTURE.match(chunk, at)
            if found is None:
                return len(chunk)
            at = found.end()
            byte = chunk[at - 1]
            if byte == 0x22:
                self._in_string = not self._in_string
            elif byte == 0x5C:
                self._escaped = True
            elif byte in b"{[":
                self._depth += 1
            else:
                self._depth -= 1
                if not self._depth:
                    return at
        return at
