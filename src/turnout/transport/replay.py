"""Answers from recorded exchanges: tests without a network, a key or a bill."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Any

import msgspec
from msgspec import Struct

from turnout.errors import ConfigError
from turnout.transport.exchange import Exchange, read_exchanges, without_credentials
from turnout.types import HttpRequest, HttpResponse, Timeouts

_MAX_DIFFERENCES = 5  # told about the nearest recording
_MAX_SHOWN = 60  # characters of a value
_ELSEWHERE = 1_000_000  # leaves: no body is as far away as another address


class _Tape:
    """Each exchange answers once; equal requests are answered in recorded order."""

    def __init__(self, exchanges: Iterable[Exchange], name: str) -> None:
        self._exchanges = list(exchanges)
        self._used = [False] * len(self._exchanges)
        self._name = name
        self._lock = threading.Lock()

    def answer(self, request: HttpRequest) -> Exchange:
        with self._lock:
            for index, exchange in enumerate(self._exchanges):
                if not self._used[index] and not _differences(exchange.request, request):
                    self._used[index] = True
                    return exchange
        raise ConfigError(self._nearest(request))

    def remaining(self) -> list[Exchange]:
        return [exchange for exchange, used in zip(self._exchanges, self._used, strict=True) if not used]

    def _nearest(self, request: HttpRequest) -> str:
        asked = f"{request.method} {without_credentials(request.url)}"
        if not self._exchanges:
            return f"{self._name} holds no exchange, but {asked} was sent"
        found = [_differences(exchange.request, request) for exchange in self._exchanges]
        nearest = min(range(len(found)), key=lambda index: sum(difference.weight for difference in found[index]))
        if not found[nearest]:
            times = found.count([])
            return f"{self._name} holds {times} answer(s) to {asked}, and all were given; record another, or ask less often"
        recorded = self._exchanges[nearest].request
        lines = "\n".join(f"  {difference.text}" for difference in found[nearest][:_MAX_DIFFERENCES])
        if len(found[nearest]) > _MAX_DIFFERENCES:
            lines += f"\n  and {len(found[nearest]) - _MAX_DIFFERENCES} more"
        return (
            f"{self._name} holds no answer to {asked}; the nearest of {len(found)} is number {nearest + 1}, "
            f"{recorded.method} {recorded.url}, which differs:\n{lines}\nRecord it anew, or send what was recorded."
        )


class Replay:
    """A Transport that answers from memory. A request that was not recorded raises ConfigError and shows the nearest that was.

    Requests are told apart by method, URL without query, and body (as JSON, if it is JSON: key order means nothing).
    """

    def __init__(self, exchanges: Iterable[Exchange], *, name: str = "the replay") -> None:
        """``name`` stands for it in errors."""
        self._tape = _Tape(exchanges, name)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Replay:
        """From a file that a Recorder wrote."""
        return cls(read_exchanges(path), name=os.fspath(path))

    @property
    def remaining(self) -> list[Exchange]:
        """What was recorded and not asked for yet."""
        return self._tape.remaining()

    def send(self, request: HttpRequest, *, timeouts: Timeouts, deadline: float) -> HttpResponse:
        return self._tape.answer(request).response

    def open(self, request: HttpRequest, *, timeouts: Timeouts, deadline: float) -> ReplayBody:
        return ReplayBody(self._tape.answer(request))

    def close(self) -> None:
        pass


class AsyncReplay:
    """As Replay, an AsyncTransport."""

    def __init__(self, exchanges: Iterable[Exchange], *, name: str = "the replay") -> None:
        self._tape = _Tape(exchanges, name)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> AsyncReplay:
        return cls(read_exchanges(path), name=os.fspath(path))

    @property
    def remaining(self) -> list[Exchange]:
        return self._tape.remaining()

    async def send(self, request: HttpRequest, *, timeouts: Timeouts, deadline: float) -> HttpResponse:
        return self._tape.answer(request).response

    def open(self, request: HttpRequest, *, timeouts: Timeouts, deadline: float) -> AsyncReplayBody:
        return AsyncReplayBody(self._tape.answer(request))

    async def aclose(self) -> None:
        pass


class ReplayBody:
    """A Body in memory, and its own context."""

    def __init__(self, exchange: Exchange) -> None:
        response = exchange.response
        self.head = HttpResponse(status=response.status, headers=response.headers)
        self._pieces = _cut(response.body, exchange.chunks)

    def __enter__(self) -> ReplayBody:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        pass

    def read(self, timeout: float) -> bytes:
        return self._pieces.pop() if self._pieces else b""


class AsyncReplayBody:
    """An AsyncBody in memory, and its own context."""

    def __init__(self, exchange: Exchange) -> None:
        self._body = ReplayBody(exchange)
        self.head = self._body.head

    async def __aenter__(self) -> AsyncReplayBody:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass

    async def read(self, timeout: float) -> bytes:  # noqa: ASYNC109 - the seam's signature
        return self._body.read(timeout)


def _cut(body: bytes, sizes: tuple[int, ...]) -> list[bytes]:
    """The pieces, last one first. What the sizes do not cover is the last piece."""
    pieces = []
    start = 0
    for size in (*sizes, len(body)):
        pieces.append(body[start : start + size])
        start += size
    return [piece for piece in reversed(pieces) if piece]


class _Difference(Struct, frozen=True):
    text: str
    weight: int  # leaves that differ


def _differences(recorded: HttpRequest, asked: HttpRequest) -> list[_Difference]:
    found = []
    if recorded.method != asked.method:
        found.append(_Difference(f"method: recorded {recorded.method}, asked {asked.method}", _ELSEWHERE))
    old_url, new_url = without_credentials(recorded.url), without_credentials(asked.url)
    if old_url != new_url:
        found.append(_Difference(f"URL: recorded {old_url}, asked {new_url}", _ELSEWHERE))
    if recorded.body != asked.body:
        try:
            old, new = msgspec.json.decode(recorded.body), msgspec.json.decode(asked.body)
        except msgspec.DecodeError:
            found.append(_Difference(f"body: recorded {_show(recorded.body)}, asked {_show(asked.body)}", 1))
        else:
            found += _value_differences("body", old, new)
    return found


def _value_differences(where: str, old: Any, new: Any) -> list[_Difference]:
    found: list[_Difference] = []
    match old, new:
        case dict(), dict():
            for key in [*old, *(key for key in new if key not in old)]:
                if key not in new:
                    found.append(_Difference(f"{where}.{key}: recorded {_show(old[key])}, not asked", _leaves(old[key])))
                elif key not in old:
                    found.append(_Difference(f"{where}.{key}: asked {_show(new[key])}, not recorded", _leaves(new[key])))
                else:
                    found += _value_differences(f"{where}.{key}", old[key], new[key])
        case list(), list():
            if len(old) != len(new):
                longer, shorter = (old, new) if len(old) > len(new) else (new, old)
                weight = _leaves(longer[len(shorter) :])
                found.append(_Difference(f"{where}: recorded {len(old)} items, asked {len(new)}", weight))
            for index, (left, right) in enumerate(zip(old, new, strict=False)):
                found += _value_differences(f"{where}[{index}]", left, right)
        case _:
            if type(old) is not type(new) or old != new:
                text = f"{where}: recorded {_show(old)}, asked {_show(new)}"
                found.append(_Difference(text, max(_leaves(old), _leaves(new))))
    return found


def _leaves(value: Any) -> int:
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return sum(map(_leaves, children)) or 1


def _show(value: Any) -> str:
    text = repr(value) if isinstance(value, bytes) else msgspec.json.encode(value).decode()
    return text if len(text) <= _MAX_SHOWN else f"{text[:_MAX_SHOWN]}... ({len(text)} characters)"
