"""What the gateway says of itself: health, readiness, its description, a call's record. Metrics join them when they are on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from turnout.gateway.asgi import Scope, Send, reply

if TYPE_CHECKING:
    from turnout.gateway.app import Gateway

Page = Callable[["Gateway", Scope, Send], Awaitable[None]]


async def health(gateway: Gateway, scope: Scope, send: Send) -> None:
    """Alive: says nothing of providers, and costs nothing."""
    await reply(send, 200, b'{"status":"ok"}', [])


async def ready(gateway: Gateway, scope: Scope, send: Send) -> None:
    """Whether new work should come here."""
    if gateway.draining:
        await reply(send, 503, b'{"status":"draining"}', [])
        return
    await reply(send, 200, b'{"status":"ready"}', [])


PAGES: dict[str, Page] = {"/health": health, "/ready": ready}
