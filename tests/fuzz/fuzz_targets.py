"""What is fuzzed: everything that reads bytes from outside, found by way of the wires. Only the error tree may leave it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from typing import Any, NamedTuple
from zlib import crc32

from fuzz_operations import counting, embedding, listing, passing, ranking, uploading
from fuzz_seeds import Seed
from fuzz_surroundings import TARGET, Fuzzed, errors_of, http, provider, tell
from msgspec.structs import replace

from turnout.errors import Error, StreamInterrupted
from turnout.events import Event, fold
from turnout.registry import WIRES
from turnout.transport.framing import ResponseReader
from turnout.types import ChatRequest
from turnout.wire import Wire
from turnout.wire.aws_events import AwsEventDecoder
from turnout.wire.json_array import JsonArrayDecoder
from turnout.wire.ndjson import NdjsonDecoder
from turnout.wire.response_headers import kept_headers, request_id
from turnout.wire.retry_after import retry_after
from turnout.wire.sse import SseDecoder


def targets(only: str = "", *, all_pairs: bool = False) -> list[Fuzzed]:
    """Those whose name begins with ``only``.

    ``all_pairs``: what one protocol read goes on to every other, and not only to one that the bytes choose; and every stream is
    cut into pieces of one size. The work that two inputs take can then be compared.
    """
    found: list[Fuzzed] = []
    if any(name.startswith(only) or only.startswith(f"{name}.") for name in WIRES):
        wires = list(known_wires())
        for wire in wires:
            found += _of(wire, _Others(wires, all_pairs))
    return [target for target in (*found, *_framings()) if target.name.startswith(only)]


def known_wires() -> Iterator[Wire]:
    for path in WIRES.values():
        module, _, name = path.partition(":")
        yield getattr(import_module(module), name)


class _Others(NamedTuple):
    wires: list[Wire]
    all_pairs: bool

    def beside(self, wire: Wire, data: bytes) -> list[Wire]:
        if self.all_pairs:
            return [wire, *(other for other in self.wires if other.name != wire.name)]
        return [wire, self.wires[crc32(data) % len(self.wires)]]

    def size(self, data: bytes) -> int:
        """Of the pieces that a stream is cut into."""
        return 61 if self.all_pairs else _size(data)


def _of(wire: Wire, others: _Others) -> Iterator[Fuzzed]:
    """A field of ``Wire`` that reads bytes and is not named here is an error, so that nothing new goes untried."""
    for field in wire.__struct_fields__:
        codec, name = getattr(wire, field), f"{wire.name}.{field}"
        if codec is None or not any(hasattr(codec, method) for method in ("decode", "parse", "plain")):
            continue
        match field:
            case "chat":
                yield Fuzzed(f"{name}.decode", _Decode(wire, others), takes(wire, "answer", "error"))
                yield Fuzzed(f"{name}.decoder", _Stream(wire, others), takes(wire, "stream"))
            case "server":
                yield Fuzzed(f"{name}.parse", _Parse(wire, others), takes(wire, "request"))
            case "embed" | "embed_server":
                yield Fuzzed(name, embedding(wire, field), takes(wire, field))
            case "rerank" | "rerank_server":
                yield Fuzzed(name, ranking(wire, field), takes(wire, field))
            case "count" | "count_server":
                yield Fuzzed(name, counting(wire, field), takes(wire, field))
            case "models":
                yield Fuzzed(name, listing(codec), takes(wire, field))
            case "files":
                yield Fuzzed(name, uploading(codec), takes(wire, field))
            case "relay":
                yield Fuzzed(name, passing(codec), takes(wire, "request", "answer", "stream"))
            case _:
                raise NotImplementedError(f"nothing fuzzes what reads bytes in the field {field!r} of a wire: add it here")
        if hasattr(codec, "decode_error"):
            asked = provider(wire) if field in ("models", "files") else TARGET
            yield Fuzzed(f"{name}.decode_error", errors_of(wire, codec, asked), takes(wire, "error", "answer"))


def takes(wire: Wire, *kinds: str) -> Callable[[Seed], bool]:
    return lambda seed: seed.wire in (wire.name, wire.protocol) and seed.kind in kinds


class _Decode:
    """A whole answer; what was understood goes on to callers of this protocol and of others."""

    def __init__(self, wire: Wire, others: _Others) -> None:
        self._wire = wire
        self._others = others

    def __call__(self, data: bytes) -> None:
        assert self._wire.chat is not None
        try:
            completion = self._wire.chat.decode(http(data), TARGET)
        except Error as error:
            tell(self._wire, error)
            return
        for wire in self._others.beside(self._wire, data):
            if wire.server is not None:
                with suppress(Error):
                    wire.server.render(completion)


class _Stream:
    """A stream, whole and in pieces: the same events, the same failure; they fold, and go on to callers."""

    def __init__(self, wire: Wire, others: _Others) -> None:
        self._wire = wire
        self._others = others

    def __call__(self, data: bytes) -> None:
        assert self._wire.chat is not None
        events, failure = decoded(self._wire.chat.decoder(TARGET), [data])
        size = self._others.size(data)
        again, other = decoded(self._wire.chat.decoder(TARGET), [data[at : at + size] for at in range(0, len(data), size)])
        if events != again or repr(failure) != repr(other):
            raise AssertionError(f"cut into pieces of {size}, the stream means something else: {failure!r}, {other!r}")
        partial = fold(events)
        for wire in self._others.beside(self._wire, data):
            if wire.server is not None:
                self._render(wire, events, failure and StreamInterrupted(str(failure), partial=partial))

    def _render(self, wire: Wire, events: list[Event], failure: Error | None) -> None:
        assert wire.server is not None
        renderer = wire.server.renderer(ChatRequest(model="m", messages=(), stream_usage=True))
        with suppress(Error):
            for event in events:
                renderer.render(event)
            if failure is None:
                renderer.finish()
            else:
                renderer.fail(failure)
                tell(wire, failure)


class _Parse:
    """A request; what was understood goes on to providers of this protocol and of others."""

    def __init__(self, wire: Wire, others: _Others) -> None:
        self._wire = wire
        self._others = others

    def __call__(self, data: bytes) -> None:
        from turnout.adapt import prepare

        assert self._wire.server is not None
        try:
            request, stream = self._wire.server.parse(data)
        except Error as error:
            tell(self._wire, error)
            return
        request = request if request.model else replace(request, model="m")
        for wire in self._others.beside(self._wire, data):
            if wire.chat is not None:
                with suppress(Error):
                    prepared = prepare(request, wire, provider(wire), None)
                    wire.chat.encode(prepared.request, provider(wire), stream=stream)


def decoded(decoder: Any, pieces: list[bytes]) -> tuple[list[Any], Error | None]:
    """What came of ``pieces`` until they ended or broke, and what broke them."""
    seen: list[Any] = []
    try:
        for piece in pieces:
            for event in decoder.feed(piece):
                seen.append(event)  # noqa: PERF402 - what came before a failure counts
        for event in decoder.close() if hasattr(decoder, "close") else ():
            seen.append(event)  # noqa: PERF402 - likewise
    except Error as error:
        return seen, error
    return seen, None


def _size(data: bytes) -> int:
    return (1, 2, 7, 61)[crc32(data) % 4] if len(data) < 20_000 else 997


# -- below the wires -------------------------------------------------------------------------------

_DECODERS: dict[str, Callable[[], Any]] = {
    "sse": SseDecoder,
    "ndjson": NdjsonDecoder,
    "array": JsonArrayDecoder,
    "events": AwsEventDecoder,
}


def _framings() -> Iterator[Fuzzed]:
    for name, decoder in _DECODERS.items():
        yield Fuzzed(f"framing.{name}", _Framing(decoder), lambda seed, name=name: seed.framing == name)
    yield Fuzzed("framing.http", _response, lambda seed: seed.wire == "http")
    yield Fuzzed("headers", _headers, lambda seed: seed.kind == "error")


class _Framing:
    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    def __call__(self, data: bytes) -> None:
        size = _size(data)
        whole, failure = decoded(self._make(), [data])
        cut, other = decoded(self._make(), [data[at : at + size] for at in range(0, len(data), size)])
        if whole != cut or repr(failure) != repr(other):
            raise AssertionError(f"cut into pieces of {size}, the bytes mean something else")


def _response(data: bytes) -> None:
    size = _size(data)
    whole, cut = answered([data] if data else []), answered([data[at : at + size] for at in range(0, len(data), size)])
    if whole != cut:
        raise AssertionError(f"cut into pieces of {size}, the response is another: {whole!r}, {cut!r}")


def answered(pieces: list[bytes]) -> tuple[object, ...]:
    """What came of a response in ``pieces``: its head, and its body if it is whole. How much of one that broke is chance."""
    reader = ResponseReader("acme.test", 1000)
    reader.expect("GET")
    body = b""
    try:
        for piece in pieces:
            reader.feed(piece)
            body += reader.take()
        reader.end()
        body += reader.take()
        reader.take()
    except Error as error:
        return (reader.head, type(error))
    if not reader.complete:
        raise AssertionError("the bytes ended, and the response neither did nor failed")
    return (reader.head, body)


_WAITS = ("retry-after", "retry-after-ms", "x-ratelimit-reset-requests", "x-ratelimit-reset-tokens", "date")


def _headers(data: bytes) -> None:
    value = data[crc32(data) % 64 :][:60].decode("latin-1")
    for name in _WAITS:
        said = {name: value, "x-ratelimit-remaining-requests": "0", "x-ratelimit-remaining-tokens": "0"}
        wait = retry_after(said, 1_000_000_000.0)
        if wait is not None and not 0 <= wait < float("inf"):
            raise AssertionError(f"a wait of {wait} seconds for {said}")
        kept_headers(said)
        request_id(said)
