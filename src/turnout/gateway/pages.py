"""What the gateway says of itself: health, readiness, metrics, its description, a call's record.

Health, readiness and the description are for anybody; the rest wants the gateway's key, if it has one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from turnout.errors import AuthenticationFailed
from turnout.gateway.asgi import Scope, Send, header, reply

if TYPE_CHECKING:
    from turnout.gateway.app import Gateway

Page = Callable[["Gateway", Scope, Send], Awaitable[None]]

CALLS = "/calls/"


async def home(gateway: Gateway, scope: Scope, send: Send) -> None:
    """Some clients, Ollama's among them, ask here whether anybody is there."""
    await reply(send, 200, b'{"name":"Turnout gateway","description":"/openapi.json"}', [])


async def health(gateway: Gateway, scope: Scope, send: Send) -> None:
    """Alive: says nothing of providers, and costs nothing."""
    await reply(send, 200, b'{"status":"ok"}', [])


async def ready(gateway: Gateway, scope: Scope, send: Send) -> None:
    """Whether new work should come here."""
    if gateway.draining:
        await reply(send, 503, b'{"status":"draining"}', [])
        return
    await reply(send, 200, b'{"status":"ready"}', [])


async def metrics(gateway: Gateway, scope: Scope, send: Send) -> None:
    if not await _allowed(gateway, scope, send):
        return
    from asyncio import to_thread

    page, kind = await to_thread(gateway.counting.page(header(scope, b"accept") or ""))
    await reply(send, 200, page, [], kind.encode())


async def description(gateway: Gateway, scope: Scope, send: Send) -> None:
    from turnout.gateway.openapi import document

    await reply(send, 200, document(), [])


async def call(gateway: Gateway, scope: Scope, send: Send) -> None:
    """The record of a call that ended a while ago, by the x-request-id that its answer had."""
    from msgspec import json

    if not await _allowed(gateway, scope, send):
        return
    id = scope["path"].removeprefix(CALLS)
    record = gateway.records.get(id)
    if record is None:
        kept = gateway.settings.records_kept
        why = f"the last {kept:,} that ended are kept" if kept else "none are kept; see --keep-records"
        await _say(send, 404, f"no call {id[:200]!r} is kept here: {why}", "not_found")
        return
    await reply(send, 200, json.encode(record), [])


async def _allowed(gateway: Gateway, scope: Scope, send: Send) -> bool:
    try:
        gateway.check(scope)
    except AuthenticationFailed as error:
        await _say(send, 401, str(error), "invalid_api_key")
        return False
    return True


async def _say(send: Send, status: int, what: str, code: str) -> None:
    from msgspec import json

    body = {"error": {"message": what, "type": "invalid_request_error", "code": code, "param": None}}
    await reply(send, status, json.encode(body), [])


PAGES: dict[str, Page] = {"/": home, "/health": health, "/ready": ready, "/metrics": metrics, "/openapi.json": description}
