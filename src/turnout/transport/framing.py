"""HTTP/1.1 responses from bytes, without I/O. llhttp, the parser of Node.js, does the cutting (through httptools)."""

from __future__ import annotations

from httptools import HttpParserCallbackError, HttpParserError, HttpParserUpgrade, HttpResponseParser

from turnout.errors import TimedOut, TransportFailed
from turnout.transport.content import ContentError, Decompressor
from turnout.types import HttpResponse

MAX_HEAD_BYTES = 256 * 1024  # of status line and headers, interim responses included


class ResponseReader:
    """One connection's bytes to responses, one after another: ``expect``, then ``feed`` until ``complete``.

    What broke is kept in ``failure``, and ``take`` raises it after the bytes that came before it.
    """

    def __init__(self, host: str, max_body_bytes: int) -> None:
        self._host = host
        self._max_body_bytes = max_body_bytes
        self._fed: list[bytes] = []  # pieces of the body that the parser gave, not looked at yet
        self.on_body = self._fed.append  # the parser's callback: a method of ours would cost ten times as much a piece
        self._parser: HttpResponseParser | None = HttpResponseParser(self)
        self.expect("")

    def expect(self, method: str) -> None:
        """Begin the response to a request with ``method``."""
        self.head: HttpResponse | None = None
        self.failure: TransportFailed | TimedOut | None = None
        self.started = False  # a byte of the response arrived
        self.complete = False
        self.reusable = False  # the connection may carry another exchange
        self.buffered = 0  # bytes that ``take`` would give
        self._method = method
        self._interim = False
        self._headers: dict[str, str] = {}
        self._head_bytes = 0
        self._coded_bytes = 0  # of the body, as they travelled
        self._body_bytes = 0
        self._length: int | None = None  # as announced
        self._until_close = False
        self._pieces: list[bytes] = []
        self._decompressor: Decompressor | None = None
        self._fed.clear()

    def feed(self, data: bytes) -> None:
        if self._parser is None or self.failure is not None:
            return
        self.started = True
        if self.head is None:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserCallbackError as error:
            raise error.__context__ or error from None  # Ctrl-C can strike in a method that the parser calls
        except (HttpParserError, HttpParserUpgrade) as error:
            self._look_at_fed()  # what came before it is whole
            self.reusable = False
            if not self.complete:
                self._fail(f"answered something that is not HTTP/1.1: {error}")
        if self._fed:
            self._look_at_fed()
        if self.head is None and self._head_bytes > MAX_HEAD_BYTES:
            self._fail(f"sent headers of more than {MAX_HEAD_BYTES} bytes")

    def end(self) -> None:
        """The connection's bytes ended."""
        self.reusable = False
        if self.complete:
            return
        if not self.started:
            self._fail("closed the connection before it answered")
        elif self.head is None:
            self._fail("closed the connection in the middle of the headers")
        elif self._until_close:
            self._finish()
        elif self._length is not None:
            self._fail(f"closed the connection after {self._coded_bytes} of {self._length} bytes of the body")
        else:
            self._fail(f"closed the connection in the middle of a chunked body, after {self._coded_bytes} bytes")

    def fail(self, failure: TransportFailed | TimedOut) -> None:
        """The connection broke. Means nothing to a response that was complete."""
        self.reusable = False
        if not self.complete and self.failure is None:
            self.failure = failure

    def take(self) -> bytes:
        """The body's bytes that arrived since the last ``take``; b"" if there are none yet, or none to come."""
        pieces = self._pieces
        if not pieces:
            if self.failure is not None:
                raise self.failure
            return b""
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self.buffered = 0
        return data

    def release(self) -> None:
        """No byte will be fed again: lets go of the parser, which holds this object in turn."""
        self._parser = None

    # Called by the parser.

    def on_message_begin(self) -> None:
        self.reusable = False  # true for bytes after a complete response; else set again when it completes

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.head is not None:
            return  # a trailer
        key = name.decode("latin-1").lower()
        text = value.decode("latin-1")
        known = self._headers.get(key)
        self._headers[key] = text if known is None else f"{known}, {text}"

    def on_headers_complete(self) -> None:
        if self._parser is None or self.complete:
            return
        status = self._parser.get_status_code()
        headers = self._headers
        if status < 200:
            if status == 101:
                self._fail("switched protocols, which nobody asked for")
            self._interim = True
            self._headers = {}
            return
        chunked = "transfer-encoding" in headers
        length = headers.get("content-length")
        self._length = int(length) if length is not None and not chunked else None
        self._until_close = self._length is None and not chunked
        if self._length is not None and self._length > self._max_body_bytes and self._method != "HEAD":
            self._too_large()
        self._use_content_coding(headers)
        self.head = HttpResponse(status=status, headers=headers)
        if self._method == "HEAD":
            self._decompressor = None
            self._finish()  # llhttp waits for the announced body, so the connection is not reusable

    def on_message_complete(self) -> None:
        if self._fed:
            self._look_at_fed()
        if self._interim:
            self._interim = False
        elif self.head is not None and not self.complete and self._parser is not None:
            self._finish()
            self.reusable = self.complete and self._parser.should_keep_alive()

    def _look_at_fed(self) -> None:
        """Takes over what the parser gave, up to the first fault in it."""
        fed = self._fed
        if self.complete or self.failure is not None:
            fed.clear()
            return
        if self._decompressor is None:
            size = sum(map(len, fed))
            self._coded_bytes += size
            if self._body_bytes + size <= self._max_body_bytes:
                self._body_bytes += size
                self.buffered += size
                self._pieces += fed
                fed.clear()
                return
        pieces = fed.copy()
        fed.clear()
        for data in pieces:
            if self.failure is None:
                self._take_piece(data)

    def _take_piece(self, data: bytes) -> None:
        if self._decompressor is not None:
            self._coded_bytes += len(data)
            try:
                data = self._decompressor.decode(data, self._max_body_bytes - self._body_bytes)
            except ContentError as error:
                self._fail(f"sent a broken body: {error}")
                return
        self._body_bytes += len(data)
        if self._body_bytes > self._max_body_bytes:
            self._too_large()
        elif data:
            self._pieces.append(data)
            self.buffered += len(data)

    def _use_content_coding(self, headers: dict[str, str]) -> None:
        coding = headers.get("content-encoding", "").strip().lower()
        if coding in ("", "identity"):
            return
        try:
            self._decompressor = Decompressor(coding)
        except ContentError as error:
            self._fail(f"sent a body that cannot be read: {error}")
            return
        headers.pop("content-encoding")
        headers.pop("content-length", None)  # of the coded body

    def _finish(self) -> None:
        if self.failure is not None:
            return
        if self._decompressor is not None:
            try:
                self._decompressor.finish()
            except ContentError as error:
                self._fail(f"sent a broken body: {error}")
                return
        self.complete = True

    def _too_large(self) -> None:
        self._fail(f"sent a body of more than {self._max_body_bytes} bytes, the limit of this transport (max_body_bytes)")

    def _fail(self, what: str) -> None:
        self.reusable = False
        if self.failure is None:
            self.failure = TransportFailed(f"{self._host} {what}")
