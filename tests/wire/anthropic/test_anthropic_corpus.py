"""Every recorded Anthropic Messages exchange, strictly: here a null is not an absent field, and 1 is not 1.0.

The conformance kit asks more questions of the same recordings; this asks the plainest ones of the bytes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest
from messages_wire import CODEC, REFERENCE, SERVER, TARGET, decode, events, merged, render, rendered

from turnout.errors import Error, RequestError
from turnout.events import Event, fold
from turnout.testing import Exchange, read_exchanges
from turnout.testing.frames import sse_frames
from turnout.wire.anthropic_messages.bedrock import WIRE as BEDROCK
from turnout.wire.anthropic_messages.vertex import WIRE as VERTEX

CORPUS = Path(__file__).parents[4] / "shared" / "corpus" / "open"
FILES = sorted(
    [*CORPUS.glob("*__messages.jsonl"), *CORPUS.glob("vertex__anthropic.*.jsonl"), *CORPUS.glob("bedrock__invoke.jsonl")]
)

HOSTS = {"bedrock": BEDROCK, "vertex": VERTEX}  # whose envelope a request goes in

pytestmark = pytest.mark.skipif(not FILES, reason="the corpus of recorded traffic is not at ../shared/corpus/open")
each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def exchanges(path: Path) -> Iterator[Exchange]:
    return (exchange for exchange in read_exchanges(path) if "wire:anthropic-messages" in exchange.tags)


def is_of_this_protocol(body: Any) -> bool:
    """Bedrock takes the protocol's predecessor, which has a prompt and a completion, at the same address."""
    return isinstance(body, dict) and not body.keys() & {"prompt", "completion"}


def answers(exchange: Exchange) -> Iterator[bytes]:
    """The streams of a recording, which may hold several turns' one after the other."""
    body = exchange.response.body
    frames = sse_frames(body)
    starts = [at for at, frame in enumerate(frames) if REFERENCE.begins(frame)]
    edges = [0, *(frames[at - 1].end for at in starts[1:]), len(body)]
    yield from (body[one:two] for one, two in pairwise(edges))


def exact(value: Any) -> Any:
    """``value`` so that numbers and booleans of different kinds differ."""
    if isinstance(value, dict):
        return {name: exact(member) for name, member in value.items()}
    if isinstance(value, list):
        return [exact(item) for item in value]
    return (type(value).__name__, value)


@each_file
def test_requests_go_on_as_they_came(path: Path) -> None:
    for exchange in exchanges(path):
        body = msgspec.json.decode(exchange.request.body or b"null")
        if not is_of_this_protocol(body):
            continue
        body = {"model": "in the address"} | body
        try:
            request, stream = SERVER.parse(msgspec.json.encode(body))
        except RequestError:
            assert exchange.response.status == 400, exchange.id  # the provider refused it too
            continue
        codec = HOSTS[exchange.provider].chat if exchange.provider in HOSTS else CODEC
        assert codec is not None
        encoded = codec.encode(request, _anyone(exchange), stream=stream)
        said = msgspec.json.decode(encoded.http.body)
        assert exact(said if codec is CODEC else {"model": "in the address"} | said) == exact(body), exchange.id
        assert encoded.lines == (), exchange.id


def _anyone(exchange: Exchange) -> Any:
    from turnout.catalog.schema import Provider

    return Provider(id=exchange.provider, name=exchange.provider, wire="anthropic-messages", base_url="https://acme.test")


@each_file
def test_whole_answers_come_back_as_they_were(path: Path) -> None:
    for exchange in exchanges(path):
        if exchange.framing != "json" or not exchange.succeeded:
            continue
        body = msgspec.json.decode(exchange.response.body)
        if is_of_this_protocol(body):
            assert exact(render(decode(exchange.response.body))) == exact(body), exchange.id


@each_file
def test_errors_come_back_as_they_were(path: Path) -> None:
    for exchange in exchanges(path):
        if not exchange.succeeded:
            error = CODEC.decode_error(exchange.response, TARGET)
            assert type(error) is not Error, exchange.id
            status, body = SERVER.render_error(error)
            assert (status, msgspec.json.decode(body)) == (exchange.response.status, msgspec.json.decode(exchange.response.body))


@each_file
def test_streams_mean_the_same_however_they_are_cut(path: Path) -> None:
    chance = random.Random(7)
    for exchange in exchanges(path):
        for stream in answers(exchange) if exchange.framing == "sse" else ():
            whole = events(stream)
            for size in (1, 2, 7, 64, 4096):
                assert events(stream, size) == whole, (exchange.id, size)
            assert list(_cut_anywhere(stream, chance)) == whole, exchange.id


def _cut_anywhere(stream: bytes, chance: random.Random) -> Iterator[Event]:
    decoder = CODEC.decoder(TARGET)
    at = 0
    while at < len(stream):
        size = chance.randint(1, 300)
        yield from decoder.feed(stream[at : at + size])
        at += size
    yield from decoder.close()


@each_file
def test_streams_add_up_to_the_whole_answer_and_come_out_as_it(path: Path) -> None:
    for exchange in exchanges(path):
        for stream in answers(exchange) if exchange.framing == "sse" else ():
            answer = REFERENCE.merge(sse_frames(stream))
            said = events(stream)
            assert exact(render(fold(said))) == exact(answer), exchange.id
            assert exact(merged(rendered(said))) == exact({"stop_sequence": None} | answer), exchange.id
