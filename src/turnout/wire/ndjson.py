"""Newline-delimited JSON, incrementally: one value a line (https://github.com/ndjson/ndjson-spec, read 2026-11-21)."""

from __future__ import annotations

from collections.abc import Iterator

from turnout.errors import ServerFault

MAX_LINE_BYTES = 64 * 1024 * 1024  # an image comes in one line; beyond this a server is at fault

_BLANK = b" \t\r"


class NdjsonDecoder:
    """``feed`` bytes however they arrive; get each line, without the white space around it, once it is complete.

    Lines end in LF or CRLF. Blank ones are passed over, and so is a byte order mark at the beginning.
    """

    def __init__(self, max_line_bytes: int = MAX_LINE_BYTES) -> None:
        self._max = max_line_bytes
        self._rest: list[bytes] = []  # pieces of the line that has not ended yet
        self._size = 0
        self._begun = False

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        *lines, rest = chunk.split(b"\n")
        if lines and self._rest:
            self._grow(len(lines[0]))
            lines[0] = b"".join((*self._rest, lines[0]))
            self._rest.clear()
        for line in lines:
            self._size = 0
            self._grow(len(line))
            if kept := self._stripped(line):
                yield kept
        if lines:
            self._size = 0
        if rest:
            self._rest.append(rest)
            self._grow(len(rest))

    def close(self) -> Iterator[bytes]:
        """The last line, if the bytes ended without its newline: most servers write one, and some do not."""
        rest = b"".join(self._rest)
        self._rest.clear()
        if kept := self._stripped(rest):
            yield kept

    def _stripped(self, line: bytes) -> bytes:
        if not self._begun:
            line = line.removeprefix(b"\xef\xbb\xbf")
            self._begun = True
        return line.strip(_BLANK)

    def _grow(self, size: int) -> None:
        self._size += size
        if self._size > self._max:
            raise ServerFault(f"a line grew beyond {self._max:,} bytes; the provider does not speak its protocol")
