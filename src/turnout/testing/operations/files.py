"""Files given into a provider's keeping: sent to the address that was recorded, and named afterwards as the answer names them.

What else an answer says of a file (its size, its age) is for the one who uploads, and no wire keeps it.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from turnout.catalog.schema import Provider
from turnout.testing.difference import Difference, leaves
from turnout.testing.exchange import Exchange
from turnout.testing.operations.models import provider_of, refused
from turnout.testing.routes import Route
from turnout.types import HeldFile, Upload
from turnout.wire import FilesCodec, Wire

_UPLOAD = Upload(data=b"-", filename="file.txt", media_type="text/plain")


def differences(exchange: Exchange, wire: Wire, route: Route) -> Iterator[Difference]:
    codec = wire.files
    if codec is None:
        yield Difference("decodes", "", "a file that is kept", f"the wire {wire.name} keeps none")
        return
    provider = provider_of(exchange, wire, route)
    provider = replace(
        provider, base_url=provider.base_url.replace("/upload/", "/")
    )  # Gemini's stands beside its other addresses
    sent = codec.encode(_UPLOAD, provider)
    expected, got = (url.partition("?")[0] for url in (exchange.request.url, sent.url))
    if (sent.method, got) != (exchange.request.method, expected):
        yield Difference("requests", "address", f"{exchange.request.method} {expected}", f"{sent.method} {got}")
    outcome = _outcome(exchange, codec, provider)
    if isinstance(outcome, Exception):
        yield from refused(exchange, outcome)
        return
    told = {leaf for path, leaf in leaves(msgspec.json.decode(exchange.response.body)) if path.endswith(("id", "uri"))}
    if outcome.source.id not in told:
        yield Difference("complete", "id", sorted(map(str, told)), outcome.source.id)


def _outcome(exchange: Exchange, codec: FilesCodec, provider: Provider) -> HeldFile | Exception:
    try:
        if not exchange.succeeded:
            return codec.decode_error(exchange.response, provider)
        return codec.decode(exchange.response, _UPLOAD, provider)
    except Exception as error:  # noqa: BLE001 - whatever a wire raises is a finding, not a crash of the kit
        return error
