"""Server-sent events, incrementally (https://html.spec.whatwg.org/multipage/server-sent-events.html, read 2026-11-21)."""

from __future__ import annotations

from collections.abc import Iterator

from turnout.errors import ServerFault

MAX_EVENT_BYTES = 64 * 1024 * 1024  # an image or a sound comes in one event; beyond this a server is at fault


class SseDecoder:
    """``feed`` bytes however they arrive; get each event's name (None if unnamed) and data once it is complete.

    Lines may end in LF, CRLF or CR. Comments, ids and retry hints carry nothing for us and are passed over.
    """

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max = max_event_bytes
        self._line: list[bytes] = []  # pieces of the line that has not ended yet
        self._data: list[bytes] = []
        self._event: str | None = None
        self._size = 0  # bytes of the event that are held
        self._after_cr = False
        self._begun = False

    def feed(self, chunk: bytes) -> Iterator[tuple[str | None, bytes]]:
        if (  # whole events, one or several, and nothing else: what most streams consist of
            chunk.endswith(b"\n\n")
            and chunk.startswith(b"data: ")
            and chunk.count(b"\n") == 2 + 2 * chunk.count(b"\n\ndata: ")
            and not self._line
            and not self._data
            and self._event is None
            and b"\r" not in chunk
            and len(chunk) <= self._max
        ):
            for data in chunk[6:-2].split(b"\n\ndata: "):
                yield None, data
            return
        if (  # the same with CRLF, which Google writes
            chunk.endswith(b"\r\n\r\n")
            and chunk.startswith(b"data: ")
            and chunk.count(b"\n") == chunk.count(b"\r") == 2
            and not self._line
            and not self._data
            and self._event is None
            and len(chunk) <= self._max
        ):
            self._after_cr = False
            yield None, chunk[6:-4]
            return
        if self._after_cr and chunk:
            self._after_cr = False
            chunk = chunk.removeprefix(b"\n")
        if b"\r" in chunk:
            self._after_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, rest = chunk.split(b"\n")
        if lines and self._line:
            self._size -= sum(map(len, self._line))  # of a line that is counted when it is whole
            lines[0] = b"".join((*self._line, lines[0]))
            self._line.clear()
        for line in lines:
            if line.startswith(b"data:"):
                self._size += len(line)
                if self._size > self._max:
                    self._grow(0)
                self._data.append(line[6:] if line.startswith(b"data: ") else line[5:])
            elif not line:
                if self._data:
                    yield self._event, self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
                    self._data.clear()
                self._event = None
                self._size = 0
            else:
                self._other(line)
        if rest:
            self._line.append(rest)
            self._grow(len(rest))

    def close(self) -> Iterator[tuple[str | None, bytes]]:
        """The event that the end of the bytes cut off before its blank line, if there is one: some servers omit it."""
        self._after_cr = False
        yield from self.feed(b"\n\n" if self._line else b"\n")

    def _other(self, line: bytes) -> None:
        if self._size + len(line) > self._max:
            self._grow(len(line))
        if not self._begun and line.startswith(b"\xef\xbb\xbf"):  # a byte order mark may open the stream
            line = line[3:]
            if line.startswith(b"data:"):
                self._grow(len(line))
                self._data.append(line[5:].removeprefix(b" "))
        self._begun = True
        if line.startswith(b"event:"):
            self._event = line[6:].strip().decode("utf-8", "replace")
        elif line == b"data":
            self._grow(len(line))
            self._data.append(b"")

    def _grow(self, size: int) -> None:
        self._size += size
        if self._size > self._max:
            raise ServerFault(f"a server-sent event grew beyond {self._max:,} bytes; the provider does not speak its protocol")
