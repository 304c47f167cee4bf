"""Content codings (RFC 9110, 8.4): compressed pieces to plain ones, never more than a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zlib import _Decompress

ACCEPT_ENCODING = "gzip, deflate"  # what Decompressor undoes with the standard library alone

_GZIP, _ZLIB, _RAW_DEFLATE = 31, 15, -15  # zlib's window bits choose the format


class ContentError(Exception):
    """The coded bytes are not what their coding says."""


class Decompressor:
    """Undoes one ``content-encoding``. Any cutting of the same bytes gives the same plain bytes."""

    def __init__(self, coding: str) -> None:
        """Raises ContentError for a coding that was never asked for."""
        if coding not in ("gzip", "x-gzip", "deflate"):
            raise ContentError(f"its content coding was not asked for (only {ACCEPT_ENCODING})")
        self._coding = coding
        self._stream: _Decompress | None = None
        self._held = b""  # too few bytes yet to tell zlib from raw deflate

    def decode(self, data: bytes, limit: int) -> bytes:
        """The plain bytes that ``data`` completes, but at most ``limit + 1``: one too many tells the caller."""
        import zlib

        pieces = []
        room = limit + 1
        try:
            while data and room > 0:
                if self._stream is None:
                    data, self._held = self._held + data, b""
                    if len(data) < 2:
                        self._held = data
                        break
                    self._stream = zlib.decompressobj(self._window_bits(data))
                piece = self._stream.decompress(data, room)
                room -= len(piece)
                pieces.append(piece)
                if not self._stream.eof:
                    break
                data = self._stream.unused_data  # gzip may hold several members
                if data:
                    self._stream = None
        except zlib.error as error:
            raise ContentError(f"the body is not {self._coding}: {error}") from None
        return b"".join(pieces)

    def finish(self) -> None:
        """Raises ContentError if the coded bytes broke off."""
        if self._held or (self._stream is not None and not self._stream.eof):
            raise ContentError(f"the {self._coding} body breaks off")

    def _window_bits(self, data: bytes) -> int:
        if self._coding != "deflate":
            return _GZIP
        # "deflate" means zlib's wrapping, but servers also send it bare: RFC 9110, 8.4.1.2
        return _ZLIB if data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0 else _RAW_DEFLATE
