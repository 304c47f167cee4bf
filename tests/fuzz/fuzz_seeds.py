"""The bytes that fuzzing starts from, written by hand, and the pieces they consist of.

A file ``seeds/WIRE/KIND[-WHAT].FRAMING``: KIND is what it is (request, answer, error, stream, or the field of ``Wire`` that reads
it), FRAMING how its pieces are told apart. WIRE is "http" for what carries all of them.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

FOLDER = Path(__file__).parent / "seeds"


class Piece(NamedTuple):
    """One event, line or item. ``value`` is JSON, or bytes that stay as they are."""

    label: str | None
    value: Any


class Seed(NamedTuple):
    wire: str
    kind: str
    framing: str
    pieces: tuple[Piece, ...]

    @property
    def data(self) -> bytes:
        return join(self.framing, self.pieces)


def seeds() -> Iterator[Seed]:
    for file in sorted(FOLDER.glob("*/*.*")):
        kind = file.stem.partition("-")[0]
        yield read_seed(file.parent.name, kind, file.suffix[1:], file.read_bytes())


def read_seed(wire: str, kind: str, framing: str, data: bytes) -> Seed:
    return Seed(wire, kind, framing, tuple(_split(framing, data)))


def recorded(folder: Path) -> Iterator[Seed]:
    """What providers have said, where recordings are at hand. One of each file is enough: coverage finds the rest."""
    from turnout.testing.exchange import exchange_files, read_exchanges
    from turnout.testing.routes import route_of

    framings = {"json": "json", "sse": "sse", "ndjson": "ndjson"}
    for file in exchange_files(folder):
        seen: set[tuple[str, str]] = set()
        for exchange in read_exchanges(file):
            route = route_of(exchange)
            framing = framings.get(exchange.framing)
            if route is None or framing is None or len(exchange.response.body) > 20_000:
                continue
            kind = "error" if not exchange.succeeded else "answer" if framing == "json" else "stream"
            if (route.wire, kind) not in seen:
                seen.add((route.wire, kind))
                yield read_seed(route.wire, kind, framing, exchange.response.body)
            if (route.wire, "request") not in seen and exchange.request.body:
                seen.add((route.wire, "request"))
                yield read_seed(route.wire, "request", "json", exchange.request.body)


# -- pieces to bytes, and back ---------------------------------------------------------------------


def join(framing: str, pieces: tuple[Piece, ...]) -> bytes:
    match framing:
        case "sse":
            return b"".join(_sse(piece) for piece in pieces)
        case "ndjson":
            return b"".join(_written(piece.value) + b"\n" for piece in pieces)
        case "array":
            return b"[" + b",\r\n".join(_written(piece.value) for piece in pieces) + b"]"
        case "events":
            return b"".join(event(piece.label or ":event-type=", _written(piece.value)) for piece in pieces)
    return b"".join(_written(piece.value) for piece in pieces)


def event(label: str, payload: bytes) -> bytes:
    """One message of AWS's event stream; ``label`` is ":event-type=NAME" or ":exception-type=NAME"."""
    name, _, value = label.partition("=")
    said = {name: value, ":content-type": "application/json", ":message-type": name[1:].partition("-")[0]}
    headers = b"".join(
        bytes((len(key),)) + key.encode() + b"\x07" + struct.pack(">H", len(text.encode())) + text.encode()
        for key, text in said.items()
    )
    lengths = struct.pack(">II", 16 + len(headers) + len(payload), len(headers))
    body = lengths + struct.pack(">I", crc32(lengths)) + headers + payload
    return body + struct.pack(">I", crc32(body))


def _sse(piece: Piece) -> bytes:
    named = b"event: %b\n" % piece.label.encode() if piece.label is not None else b""
    return named + b"data: " + _written(piece.value) + b"\n\n"


def _written(value: Any) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


def _split(framing: str, data: bytes) -> Iterator[Piece]:
    match framing:
        case "sse":
            for block in data.decode().split("\n\n"):
                lines = [line for line in block.splitlines() if line.startswith(("event: ", "data: "))]
                label = next((line[7:] for line in lines if line.startswith("event: ")), None)
                if said := "\n".join(line[6:] for line in lines if line.startswith("data: ")):
                    yield Piece(label, _read(said.encode()))
        case "ndjson":
            for line in data.splitlines():
                yield Piece(None, _read(line))
        case "array":
            for item in json.loads(data):
                yield Piece(None, item)
        case "events":
            for line in data.splitlines():
                fields = json.loads(line)
                payload = fields.pop("payload")
                ((name, value),) = fields.items()
                yield Piece(f"{name}={value}", payload)
        case _:
            yield Piece(None, _read(data))


def _read(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return data
