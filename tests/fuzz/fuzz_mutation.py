"""Seeds made wrong: first as the values they are, then as bytes. Everything follows from ``draw``."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from random import Random
from typing import Any

from fuzz_seeds import Piece, Seed, join

_ODD: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2**31, 2**53, 2**63, 2**64, -(2**63) - 1, 10**40, 0.5, -0.0, 1e308, 1e-320),
    *(
        "",
        "\0",
        "\ud800",
        "é",
        "😀",
        "a" * 300,
        "data:image/png;base64,",
        "data:,x",
        "[DONE]",
        "null",
        "{}",
        '{"a":',
        "1",
        "$.a[0]",
    ),
    *([], {}, [[]], [None], [{}], {"": None}, {"type": None}, {"type": []}, {"text": {}}, [1, "a", None, {}]),
)
_RAW = (
    *(
        b"\0",
        b"\xff",
        b"\xc3",
        b"\xed\xa0\x80",
        b"\\ud800",
        b"\xef\xbb\xbf",
        b"NaN",
        b"-Infinity",
        b"1e999",
        b"-0",
        b"\r",
        b"\n",
        b"\r\n",
    ),
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b",",
        b":",
        b"\\",
        b"null",
        b"data:",
        b"event: error\n",
        b": ping\n\n",
        b"id: 1\n",
        b"retry: 1\n",
    ),
    *(b"9" * 50, b"9" * 5000, b"[" * 500, b'{"a":' * 500, b"[" * 5000, b'"' + b"x" * 2000 + b'"'),
)


def mutated(seed: Seed, pool: Sequence[Seed], draw: Random) -> bytes:
    """``seed`` changed in one to six places, with values and names that ``pool`` holds as well as with odd ones."""
    if all(isinstance(piece.value, bytes) for piece in seed.pieces):
        data = seed.data
        for _ in range(draw.randrange(1, 5)):
            data = _spoiled(data, draw)
        return data
    pieces = [Piece(piece.label, deepcopy(piece.value)) for piece in seed.pieces]
    for _ in range(draw.choice((0, 1, 1, 2, 3, 6))):
        if seed.framing != "json" and (draw.random() < 0.2 or not pieces):
            pieces = _rearranged(pieces, pool, draw)
        else:
            at = draw.randrange(len(pieces))
            pieces[at] = _changed(pieces[at], pool, draw)
    data = join(seed.framing, tuple(pieces))
    while draw.random() < 0.15:
        data = _spoiled(data, draw)
    return data


def _rearranged(pieces: list[Piece], pool: Sequence[Seed], draw: Random) -> list[Piece]:
    if not pieces:
        return [draw.choice(draw.choice(pool).pieces)]
    at = draw.randrange(len(pieces))
    match draw.randrange(5):
        case 0:
            return pieces[:at] + pieces[at + 1 :]
        case 1:
            return [*pieces[:at], pieces[at], *pieces[at:]]
        case 2:
            return [*pieces[:at], draw.choice(draw.choice(pool).pieces), *pieces[at:]]
        case 3:
            other = draw.randrange(len(pieces))
            pieces[at], pieces[other] = pieces[other], pieces[at]
            return pieces
    pieces[at] = pieces[at]._replace(label=draw.choice(draw.choice(pool).pieces).label)
    return pieces


def _changed(piece: Piece, pool: Sequence[Seed], draw: Random) -> Piece:
    found = places(piece.value)
    if not found:
        return piece._replace(value=_other(pool, draw))
    holder, key = draw.choice(found)
    match draw.randrange(6):
        case 0:
            del holder[key]
        case 1 if isinstance(holder, list):
            holder.insert(key, deepcopy(holder[key]))
        case 2 if isinstance(holder, dict):
            holder[draw.choice(_names(pool, draw))] = holder.pop(key)
        case 3:
            holder[key] = _other(pool, draw)
        case 4:
            holder[key] = {"a": holder[key]} if draw.random() < 0.5 else [holder[key]]
        case _:
            holder[key] = deepcopy(draw.choice(_ODD))
    return piece


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every value inside ``value``, as what holds it and under which key."""
    held: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        holder = waiting.pop()
        keys = holder.keys() if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
        for key in keys:
            held.append((holder, key))
            waiting.append(holder[key])
    return held


def _other(pool: Sequence[Seed], draw: Random) -> Any:
    """A value from elsewhere in the same protocol: the right shape in the wrong place."""
    value = draw.choice(draw.choice(pool).pieces).value
    found = places(value)
    if not found:
        return None
    holder, key = draw.choice(found)
    return deepcopy(holder[key])


def _names(pool: Sequence[Seed], draw: Random) -> list[str]:
    value = draw.choice(draw.choice(pool).pieces).value
    return [key for _, key in places(value) if isinstance(key, str)] or ["a"]


def _spoiled(data: bytes, draw: Random) -> bytes:
    at = draw.randrange(len(data) + 1)
    ways: tuple[Callable[[], bytes], ...] = (
        lambda: data[:at],
        lambda: data[:at] + draw.choice(_RAW) + data[at:],
        lambda: data[:at] + draw.choice(_RAW) + data[at + draw.randrange(8) :],
        lambda: data[:at] + draw.randbytes(draw.randrange(1, 5)) + data[at + 1 :],
        lambda: data.replace(b"\n", draw.choice((b"\r\n", b"\r"))),
        lambda: data.replace(b"data: ", b"data:"),
        lambda: data + data[: draw.randrange(len(data) + 1)],
        lambda: _doubled(data, draw),
        lambda: draw.choice((b"\xef\xbb\xbf", b"\n", b" ", b"\xff\xfe")) + data,
    )
    return draw.choice(ways)()


def _doubled(data: bytes, draw: Random) -> bytes:
    """One name of an object written twice."""
    at = data.find(b'{"', draw.randrange(len(data) + 1))
    end = data.find(b":", at)
    if at < 0 or end < 0:
        return data
    return data[: at + 1] + data[at + 1 : end] + b":" + json.dumps(draw.choice(_ODD)).encode() + b"," + data[at + 1 :]
