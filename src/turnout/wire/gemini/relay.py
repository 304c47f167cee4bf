"""How this protocol is passed on between a caller and a provider that both speak it."""

from __future__ import annotations

from turnout.wire.relaying import RelayRules


def _plain(event: bytes) -> bool:
    """Never: every event restates the usage, and any may be the last."""
    return False


RELAY = RelayRules(plain=_plain, in_body=False)
