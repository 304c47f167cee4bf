"""How this protocol is passed on between a caller and a provider that both speak it."""

from __future__ import annotations

from turnout.wire.relaying import RelayRules


def _plain(event: bytes) -> bool:
    return b'"done":false' in event and b'"error"' not in event


RELAY = RelayRules(framing="ndjson", plain=_plain, streams_by_default=True)
