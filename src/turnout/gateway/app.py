"""The ASGI application: finds the route, lets the call in, answers, and turns whatever goes wrong into the caller's protocol."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Sequence
from random import getrandbits
from typing import TYPE_CHECKING

from turnout.errors import AuthenticationFailed, Error, ServerFault
from turnout.gateway.admission import Admission
from turnout.gateway.asgi import CallerLeft, Message, Receive, Scope, Send, header, headers_by_name, reply
from turnout.gateway.attendant import Patience
from turnout.gateway.bodies import Bodies
from turnout.gateway.counting import Counting
from turnout.gateway.exchange import Exchange
from turnout.gateway.operations import OPERATIONS
from turnout.gateway.pages import CALLS, PAGES, call
from turnout.gateway.records import Records, Sink
from turnout.gateway.routes import Route, Routes
from turnout.gateway.settings import Settings
from turnout.gateway.snapshot import Snapshot, check

if TYPE_CHECKING:
    from turnout.registry import Registry
    from turnout.telemetry.shared import SharedCounts
    from turnout.transport import AsyncTransport
    from turnout.transport.local_servers import LocalServers
    from turnout.types import Target

_MAX_ID = 128  # characters of a request id that a caller may choose


class Gateway:
    """``registry`` makes the configuration that is served; it is called again by ``reload``. ``sinks`` get every call's record.

    ``transport`` is for tests; the gateway closes it with itself.
    """

    def __init__(
        self,
        settings: Settings = Settings(),  # noqa: B008 - immutable
        *,
        registry: Callable[[], Registry] | None = None,
        transport: AsyncTransport | None = None,
        sinks: Sequence[Sink] = (),
        shared: SharedCounts | None = None,
    ) -> None:
        self.settings = settings
        self._registry = registry or own_registry
        self._transport = transport or own_transport()
        self.snapshot = Snapshot(self._registry(), self._transport)
        self.admission = Admission(settings.limits)
        self.bodies = Bodies(settings.limits)
        self.counting = Counting(self._known, self.admission, sinks, shared)
        self.records = Records(sinks, settings.records_kept, self.counting.metrics.add)
        self.routes = Routes()
        self.draining = False
        self._patience = Patience()
        self._key = settings.api_key.encode() if settings.api_key else None

    def reload(self) -> None:
        """Serves a new reading of the configuration from now on; calls under way end as they began.

        Raises what is wrong with the new one, which then changes nothing.
        """
        try:
            fresh = Snapshot(self._registry(), self._transport)
            check(fresh.registry)
        except Error:
            self.counting.metrics.reloaded("refused")
            raise
        self.snapshot = fresh
        self.counting.metrics.reloaded("ok")

    def _known(self, target: Target) -> bool:
        return self.snapshot.names.knows(target)

    def check(self, scope: Scope) -> None:
        """Raises AuthenticationFailed for who does not send the gateway's key, if it has one."""
        if self._key is not None:
            self._check_key(scope)

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
            return
        path: str = scope["path"]
        page = PAGES.get(path)
        if page is not None and scope["method"] in ("GET", "HEAD"):
            await page(self, scope, send)
            return
        found = self.routes.find(scope["method"], path, headers_by_name(scope))
        if found is None:
            await self._no_route(scope, receive, send)
            return
        await self._serve(scope, receive, send, *found)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, route: Route, model: str) -> None:
        exchange = Exchange(scope, receive, send, route, model, _id(scope), self.records, self._patience)
        snapshot = self.snapshot
        began: float | None = None
        body = b""
        try:
            if self._key is not None:
                self._check_key(scope)
            if scope["method"] == "POST":
                body = await self.bodies.read(scope, receive)
            began = await self.admission.enter()
            await OPERATIONS[route.operation](exchange, body, snapshot, self.settings)
        except Error as error:
            await self._refuse(exchange, snapshot, error, type(error).__name__)
        except CallerLeft:
            exchange.note("cancelled")
        except asyncio.CancelledError:
            exchange.note("cancelled")
            if not exchange.left:
                raise
        except Exception as fault:
            import logging

            logging.getLogger("turnout.gateway").exception("call %s failed inside the gateway", exchange.id)
            own = ServerFault(f"the gateway failed; its log has more under {exchange.id}")
            await self._refuse(exchange, snapshot, own, type(fault).__name__)
        finally:
            self.bodies.release(body)
            if began is not None:
                self.admission.leave(began)

    async def _refuse(self, exchange: Exchange, snapshot: Snapshot, error: Error, outcome: str) -> None:
        try:
            if not exchange.started:  # of half an answer nothing is left but to break off, which the server does for us
                status, body = _rendered(snapshot, exchange.route, error)
                await exchange.refuse(status, body, error)
        finally:
            exchange.note(outcome)

    def _check_key(self, scope: Scope) -> None:
        """Where each vendor's clients put their key; compared in a time that tells nothing."""
        assert self._key is not None
        given = header(scope, b"authorization") or ""
        given = given[7:] if given[:7].lower() == "bearer " else ""
        for name in (b"x-api-key", b"x-goog-api-key", b"api-key"):
            given = given or header(scope, name) or ""
        if not given and b"key=" in scope["query_string"]:
            from urllib.parse import parse_qs

            given = parse_qs(scope["query_string"].decode("latin-1")).get("key", [""])[0]
        if not hmac.compare_digest(given.encode("latin-1", "replace"), self._key):
            what = "the key is not this gateway's" if given else "this gateway wants a key"
            raise AuthenticationFailed(f"{what}: send it as 'authorization: Bearer KEY', x-api-key or x-goog-api-key", status=401)

    async def _no_route(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"].startswith(CALLS) and scope["method"] in ("GET", "HEAD"):
            await call(self, scope, send)
            return
        from turnout.gateway.unrouted import refusal

        route, error, headers = refusal(self.routes, scope)
        exchange = Exchange(scope, receive, send, route, "", _id(scope), self.records, self._patience)
        status, body = _rendered(self.snapshot, route, error)
        await reply(send, status, body, [*exchange.headers(None), *headers])

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message: Message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                self.draining = True
                await self.aclose()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _rendered(snapshot: Snapshot, route: Route, error: Error) -> tuple[int, bytes]:
    wire = snapshot.wire(route.wire)
    assert wire.server is not None
    status, body = wire.server.render_error(error)
    if error.status is not None and error.wire is None and error.target is None:  # the gateway's own, and it knows best
        status = error.status
    return status, body


def _id(scope: Scope) -> str:
    """The caller's own x-request-id if it is one, else a new one."""
    given = header(scope, b"x-request-id")
    if given is not None and len(given) <= _MAX_ID and given.isascii() and given.replace("-", "").replace("_", "").isalnum():
        return given
    return f"req_{getrandbits(96):024x}"


def own_registry() -> Registry:
    from turnout.registry import Registry

    return Registry(remembers=True)


def own_transport(servers: LocalServers | None = None) -> AsyncTransport:
    from turnout.transport.local import AsyncLocalTransport

    return AsyncLocalTransport(servers=servers)
