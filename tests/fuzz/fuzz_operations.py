"""The operations beside chat: answers decoded and rendered, requests parsed and encoded, bodies passed on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from fuzz_surroundings import TARGET, http, provider
from msgspec.structs import replace

from turnout.catalog.schema import Provider
from turnout.errors import Error
from turnout.types import EmbedRequest, RerankRequest, Upload
from turnout.wire import Wire
from turnout.wire.relaying import RelayRules, read_passing, write_passing

Run = Callable[[bytes], None]
_EMBED = EmbedRequest(model="m", input=("a", "b"))
_UPLOAD = Upload(data=b"%PDF-", filename="a.pdf", media_type="application/pdf")
_KEEPER = Provider(id=TARGET.provider, name="Acme", wire="any", base_url="https://acme.test/v1")
_RERANK = RerankRequest(model="m", query="q", documents=("a", "b"))


def embedding(wire: Wire, field: str) -> Run:
    return (
        _server(wire, wire.embed_server, wire.embed)
        if field.endswith("_server")
        else _codec(wire.embed, wire.embed_server, _EMBED)
    )


def ranking(wire: Wire, field: str) -> Run:
    return (
        _server(wire, wire.rerank_server, wire.rerank)
        if field.endswith("_server")
        else _codec(wire.rerank, wire.rerank_server, _RERANK)
    )


def counting(wire: Wire, field: str) -> Run:
    if field.endswith("_server"):
        return _server(wire, wire.count_server, wire.count)

    def run(data: bytes) -> None:
        with suppress(Error):
            count = wire.count.decode(http(data), TARGET)
            if wire.count_server is not None:
                wire.count_server.render(count)

    return run


def listing(codec: Any) -> Run:
    def run(data: bytes) -> None:
        with suppress(Error):
            page = codec.decode(http(data), _KEEPER)
            if page.next is not None:
                codec.encode(_KEEPER, page.next)
        with suppress(Error):
            codec.decode_one(http(data), _KEEPER, "m")

    return run


def uploading(codec: Any) -> Run:
    def run(data: bytes) -> None:
        with suppress(Error):
            held = codec.decode(http(data), _UPLOAD, _KEEPER)
            if not held.ready:
                codec.encode_check(held, _KEEPER)

    return run


def passing(rules: RelayRules) -> Run:
    def run(data: bytes) -> None:
        rules.plain(data)
        with suppress(Error):
            write_passing(read_passing(data, rules), rules, "m")
        if rules.skim is not None:
            with suppress(Error):
                rules.skim(http(data), TARGET)

    return run


def _codec(codec: Any, server: Any, request: Any) -> Run:
    def run(data: bytes) -> None:
        with suppress(Error):
            answer = codec.decode(http(data), request, TARGET)
            if server is not None:
                server.render(answer, request)

    return run


def _server(wire: Wire, server: Any, codec: Any) -> Run:
    def run(data: bytes) -> None:
        try:
            request = server.parse(data)
        except Error as error:
            server.render_error(error)
            return
        if codec is not None:
            with suppress(Error):
                codec.encode(request if request.model else replace(request, model="m"), provider(wire))

    return run
