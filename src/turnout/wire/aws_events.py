"""The binary event stream of AWS (``application/vnd.amazon.eventstream``), incrementally and in both directions.

A message is a prelude (total length, length of the headers, CRC-32 of those eight bytes), headers, a payload, and the CRC-32 of
everything before it; integers are big-endian: https://smithy.io/2.0/aws/amazon-eventstream.html (read 2026-11-21).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from struct import Struct as Layout, error as LayoutError, unpack_from
from types import MappingProxyType
from typing import Union
from zlib import crc32

from msgspec import Struct

from turnout.errors import ServerFault

CONTENT_TYPE = "application/vnd.amazon.eventstream"

# The format allows 2^32; services of AWS keep to 24 MiB of payload and 128 KiB of headers, and so does their own decoder
# (botocore.eventstream, read 2026-11-21). Beyond that a length is garbage.
MAX_HEADER_BYTES = 128 * 1024
MAX_PAYLOAD_BYTES = 24 * 1024 * 1024

HeaderValue = Union[bool, int, bytes, str]

_PRELUDE = Layout(">III")
_LENGTHS = Layout(">II")
_CHECKSUM = Layout(">I")
_OVERHEAD = 16  # prelude and the closing checksum
_INTEGERS = {2: ">b", 3: ">h", 4: ">i", 5: ">q", 8: ">q"}  # type of header -> layout; 8 is milliseconds since 1970
_TRUE, _FALSE, _LONG, _BYTES, _STRING, _UUID = 0, 1, 5, 6, 7, 9


class AwsEvent(Struct, frozen=True):
    headers: Mapping[str, HeaderValue]
    payload: bytes

    def text(self, name: str) -> str | None:
        """The header of that name, if it is a string."""
        value = self.headers.get(name)
        return value if isinstance(value, str) else None


class AwsEventDecoder:
    """``feed`` bytes however they arrive; get each event once it is complete and its checksums are right.

    Raises ServerFault for what is not the format: nothing after it can be trusted.
    """

    def __init__(self) -> None:
        self._waiting = bytearray()  # the beginning of an event
        self._needed = _PRELUDE.size  # bytes without which nothing more can be said of it

    def feed(self, chunk: bytes) -> Iterator[AwsEvent]:
        data = chunk
        if self._waiting:
            self._waiting += chunk
            if len(self._waiting) < self._needed:
                return
            data = bytes(self._waiting)
            self._waiting.clear()
        at = 0
        self._needed = _PRELUDE.size
        while len(data) - at >= _PRELUDE.size:
            total, headers = _lengths(data, at)
            if len(data) - at < total:
                self._needed = total
                break
            yield _event(data[at : at + total], headers)
            at += total
        self._waiting += data[at:]

    @property
    def is_between_events(self) -> bool:
        """True unless an event has begun and is not complete."""
        return not self._waiting


def encode_event(headers: Mapping[str, HeaderValue], payload: bytes) -> bytes:
    """One message. Raises ValueError for headers or a payload that its readers would not take."""
    return frame(encode_headers(headers), payload)


def frame(headers: bytes, payload: bytes) -> bytes:
    """One message, of headers that are encoded already."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise ValueError(f"a payload of {len(payload):,} bytes is more than an event can carry ({MAX_PAYLOAD_BYTES:,})")
    lengths = _LENGTHS.pack(_OVERHEAD + len(headers) + len(payload), len(headers))
    message = b"".join((lengths, _CHECKSUM.pack(crc32(lengths)), headers, payload))
    return message + _CHECKSUM.pack(crc32(message))


def encode_headers(headers: Mapping[str, HeaderValue]) -> bytes:
    written: list[bytes] = []
    for name, value in headers.items():
        called = name.encode()
        if not 0 < len(called) < 256:
            raise ValueError(f"a header's name is 1 to 255 bytes long, not {len(called)}")
        written += (bytes((len(called),)), called, _value(value))
    data = b"".join(written)
    if len(data) > MAX_HEADER_BYTES:
        raise ValueError(f"headers of {len(data):,} bytes are more than an event can carry ({MAX_HEADER_BYTES:,})")
    return data


def _lengths(data: bytes, at: int) -> tuple[int, int]:
    """Of the whole message that begins at ``at``, and of its headers."""
    total, headers, checksum = _PRELUDE.unpack_from(data, at)
    if crc32(data[at : at + 8]) != checksum:
        raise ServerFault("an event's lengths do not match their checksum: the provider does not send an AWS event stream")
    payload = total - headers - _OVERHEAD
    if payload < 0 or headers > MAX_HEADER_BYTES or payload > MAX_PAYLOAD_BYTES:
        raise ServerFault(f"an event claims {total:,} bytes, {headers:,} of them headers, which no service of AWS sends")
    return total, headers


def _event(message: bytes, headers: int) -> AwsEvent:
    if crc32(message[:-4]) != _CHECKSUM.unpack_from(message, len(message) - 4)[0]:
        raise ServerFault("an event does not match its checksum: bytes were changed or lost on the way")
    end = _PRELUDE.size + headers
    written = message[_PRELUDE.size : end]
    return AwsEvent(_known_headers(written) if headers <= 256 else _read_headers(written), message[end:-4])


def _read_headers(data: bytes) -> Mapping[str, HeaderValue]:
    headers: dict[str, HeaderValue] = {}
    at = 0
    try:
        while at < len(data):
            name = data[at + 1 : at + 1 + data[at]].decode()
            at += 1 + data[at]
            kind = data[at]
            at += 1
            if name in headers:
                raise ServerFault(f"an event has two headers {name!r}")
            headers[name], at = _read_value(data, at, kind)
    except (IndexError, UnicodeDecodeError, LayoutError) as error:
        raise ServerFault(f"an event's headers cannot be read: {error}") from error
    if at > len(data):
        raise ServerFault("an event's last header is longer than its headers")
    return MappingProxyType(headers)


# A stream repeats a handful of headers thousands of times.
_known_headers = lru_cache(maxsize=64)(_read_headers)


def _read_value(data: bytes, at: int, kind: int) -> tuple[HeaderValue, int]:
    """The value that begins at ``at``, and where it ends."""
    if kind in (_STRING, _BYTES):
        (length,) = unpack_from(">H", data, at)
        value = data[at + 2 : at + 2 + length]
        return (value.decode() if kind == _STRING else value), at + 2 + length
    if kind in (_TRUE, _FALSE):
        return kind == _TRUE, at
    if kind == _UUID:
        return data[at : at + 16], at + 16
    if (layout := _INTEGERS.get(kind)) is not None:
        number = Layout(layout)
        return number.unpack_from(data, at)[0], at + number.size
    raise ServerFault(f"an event has a header of the unknown type {kind}")


def _value(value: HeaderValue) -> bytes:
    if isinstance(value, bool):
        return bytes((_TRUE if value else _FALSE,))
    if isinstance(value, int):
        try:
            return bytes((_LONG,)) + value.to_bytes(8, "big", signed=True)
        except OverflowError:
            raise ValueError(f"{value} does not fit the eight bytes of a header") from None
    kind, data = (_STRING, value.encode()) if isinstance(value, str) else (_BYTES, value)
    if len(data) > 0xFFFF:
        raise ValueError(f"a header's value is at most 65,535 bytes long, not {len(data):,}")
    return bytes((kind,)) + len(data).to_bytes(2, "big") + data
