"""How this protocol is passed on between a caller and a provider that both speak it."""

from __future__ import annotations

from turnout.wire.relaying import RelayRules


def _plain(event: bytes) -> bool:
    name = event[:64].partition(b"\n")[0]
    return name.startswith(b"event: response.") and name.rstrip(b"\r").endswith(b".delta")


RELAY = RelayRules(plain=_plain)
