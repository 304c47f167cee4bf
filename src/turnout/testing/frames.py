"""The events of a recorded stream, with where each one ends: framing read a second time, apart from any wire."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct


class _NotJson:
    def __repr__(self) -> str:
        return "<not JSON>"


NOT_JSON = _NotJson()


class Frame(Struct, frozen=True):
    """One event. ``value`` is its data as JSON, or NOT_JSON. ``end``: bytes of the body up to and including the event."""

    event: str | None
    data: str
    value: Any
    end: int


_LINE = re.compile(rb"([^\r\n]*)(\r\n|\n|\r|\Z)")


def sse_frames(body: bytes) -> list[Frame]:
    """By the rules of https://html.spec.whatwg.org/multipage/server-sent-events.html (read 2026-11-21).

    One departure: an event that the end of the body leaves without its blank line counts, because servers omit it.
    """
    frames: list[Frame] = []
    event: str | None = None
    data: list[bytes] = []
    start = 3 if body.startswith(b"\xef\xbb\xbf") else 0
    for match in _LINE.finditer(body, start):
        line = match[1]
        if not line:
            if data:
                frames.append(_frame(event, b"\n".join(data), match.end()))
            event, data = None, []
            continue
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            data.append(value)
        elif field == b"event":
            event = value.decode(errors="replace").strip()
    return frames


def ndjson_frames(body: bytes) -> list[Frame]:
    return [_frame(None, match[1], match.end()) for match in _LINE.finditer(body) if match[1].strip()]


def array_frames(body: bytes) -> list[Frame]:
    """The items of a JSON array (RFC 8259 section 5), each ending where its own text ends. The closing bracket is no event."""
    frames: list[Frame] = []
    at = body.find(b"[") + 1
    while (found := _ITEM.match(body, at)) is not None:
        start = found.end()
        end = _item_end(body, start)
        frames.append(_frame(None, body[start:end], end))
        at = end
    return frames


_ITEM = re.compile(rb"[\s,]*(?=[^\s,\]])")
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


def _item_end(body: bytes, at: int) -> int:
    depth = 0
    while at < len(body):
        if body[at] == 0x22:
            found = _STRING.match(body, at)
            at = found.end() if found else len(body)
            continue
        if depth == 0 and body[at] in b",] \t\r\n":
            return at
        depth += (body[at] in b"{[") - (body[at] in b"}]")
        at += 1
        if depth == 0 and body[at - 1] in b"}]":
            return at
    return at


def aws_frames(body: bytes) -> list[Frame]:
    """By the layout of https://smithy.io/2.0/aws/amazon-eventstream.html (read 2026-11-21); checksums are not looked at.

    Prelude (total length, header length, checksum), headers (name length, name, type 7, value length, value), payload, checksum.
    """
    frames: list[Frame] = []
    at = 0
    while at + 16 <= len(body):
        total, headers = int.from_bytes(body[at : at + 4]), int.from_bytes(body[at + 4 : at + 8])
        named = dict(_aws_headers(body[at + 12 : at + 12 + headers]))
        payload = body[at + 12 + headers : at + total - 4]
        at += max(total, 16)
        frames.append(_frame(next((named[name] for name in _AWS_NAMES if name in named), None), payload, at))
    return frames


def aws_chunk_frames(body: bytes) -> list[Frame]:
    """As ``aws_frames``, of a stream whose events each carry one of another protocol, as base64 in a member ``bytes``."""
    return [_chunk(frame) if frame.event == "chunk" else frame for frame in aws_frames(body)]


def _chunk(frame: Frame) -> Frame:
    carried = frame.value.get("bytes") if isinstance(frame.value, dict) else None
    if not isinstance(carried, str):
        return frame
    inner = _frame(None, b64decode(carried), frame.end)
    named = inner.value.get("type") if isinstance(inner.value, dict) else None  # in SSE it would stand beside the event
    return Frame(named if isinstance(named, str) else None, inner.data, inner.value, inner.end)


_AWS_NAMES = (":exception-type", ":error-code", ":event-type")


def _aws_headers(data: bytes) -> Iterator[tuple[str, str]]:
    """Those that are strings, as all are that these services send; anything after another kind is left."""
    at = 0
    while at < len(data):
        name = data[at + 1 : at + 1 + data[at]]
        at += 1 + len(name)
        if data[at : at + 1] != b"\x07":
            return
        size = int.from_bytes(data[at + 1 : at + 3])
        yield name.decode(), data[at + 3 : at + 3 + size].decode()
        at += 3 + size


FRAMINGS = {
    "sse": sse_frames,
    "ndjson": ndjson_frames,
    "array": array_frames,
    "aws-events": aws_frames,
    "aws-chunks": aws_chunk_frames,
}


def chunks(body: bytes, sizes: Iterator[int]) -> Iterator[bytes]:
    """``body`` in pieces as long as ``sizes`` says."""
    at = 0
    while at < len(body):
        size = next(sizes)
        yield body[at : at + size]
        at += size


def _frame(event: str | None, data: bytes, end: int) -> Frame:
    text = data.decode(errors="replace").strip()
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError:
        value = NOT_JSON
    return Frame(event, text, value, end)
