"""How this protocol is passed on between a caller and a provider that both speak it."""

from __future__ import annotations

from turnout.wire.relaying import RelayRules


def _plain(event: bytes) -> bool:
    return event.startswith((b"event: content_block_delta\n", b"event: content_block_delta\r"))


RELAY = RelayRules(plain=_plain)
