"""The gateway as a process: sockets, signals, the file of records."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socket import socket
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn

from turnout.errors import Error
from turnout.gateway.app import Gateway
from turnout.gateway.jsonl import JsonlSink
from turnout.gateway.listening import bind, names
from turnout.gateway.protocol import connection_class
from turnout.gateway.settings import Settings

if TYPE_CHECKING:
    from turnout.discovery.standing import Resting
    from turnout.registry import Registry

# New objects between two looks for garbage, and looks between two longer ones. A call makes few cycles, and Python's usual 700
# objects are those of a handful of calls: looking took 6 % of the time that a call takes.
_GARBAGE = (10_000, 20, 20)
_MOST_TOLD = 20  # mistakes in the configuration, at the start
# libuv takes one new connection of a listening socket in each turn of the loop. A turn serves all who ask, so under load those
# who come wait one behind the other, for seconds: several handles of the same socket take several.
_AT_ONCE = 16
ENDING = (signal.SIGTERM, signal.SIGINT)


def serve(
    settings: Settings,
    *,
    host: str,
    port: int,
    drain_seconds: int,
    records: str | None = None,
    workers: int = 1,
    snapshot: str | None = None,
) -> int:
    """Serves until SIGTERM or SIGINT; SIGHUP reads the configuration again. Gives the exit code.

    After SIGTERM no new connection is taken, and what is under way may end within ``drain_seconds``.
    ``snapshot``: a file to write again and again, with which providers can be called from here.
    Raises ConfigError when the port cannot be had or the configuration is wrong.
    """
    if workers > 1:
        from turnout.gateway.workers import supervise

        return supervise(
            settings,
            host=host,
            port=port,
            drain_seconds=drain_seconds,
            records=records,
            workers=workers,
            snapshot=snapshot,
        )
    sink = JsonlSink(records) if records is not None else None
    gateway = Gateway(settings, sinks=(sink,) if sink is not None else ())
    gateway.snapshot.registry.validate()
    tell_mistakes(gateway.snapshot.registry)
    (sockets,) = bind(host, port)

    def announce() -> None:
        for name in names(sockets):
            say(f"serving on {name}")

    try:
        with told_in(snapshot, lambda: gateway.snapshot.registry):
            return Server(gateway, drain_seconds, on_start=announce).run_on(sockets)
    finally:
        if sink is not None:
            sink.close()


@contextmanager
def told_in(
    snapshot: str | None,
    registry: Callable[[], Registry],
    *,
    workers: int = 1,
    resting: Callable[[], tuple[Resting, ...]] | None = None,
) -> Iterator[None]:
    """Meanwhile the file ``snapshot``, if there is to be one, says which providers can be called; see ``StandingFile``."""
    if snapshot is None:
        yield
        return
    from turnout.gateway.standing_file import StandingFile

    file = StandingFile(snapshot, registry, workers=workers, resting=resting)
    try:
        yield
    finally:
        file.close()


def configured(gateway: Gateway, drain_seconds: int | None = None) -> uvicorn.Config:
    limits = gateway.settings.limits
    return uvicorn.Config(
        gateway,
        http=connection_class(limits),
        ws="none",
        lifespan="on",
        interface="asgi3",
        proxy_headers=False,  # nothing here asks where a caller is
        access_log=False,
        log_level="error",
        server_header=False,
        timeout_keep_alive=limits.idle_seconds,  # type: ignore[arg-type] # a timer's seconds, whole or not
        timeout_graceful_shutdown=drain_seconds,
    )


class Server(uvicorn.Server):
    """Takes SIGHUP, and calls ``on_start`` once it listens. ``quiet``: says only what went wrong with a reload."""

    def __init__(
        self, gateway: Gateway, drain_seconds: int, *, on_start: Callable[[], None] | None = None, quiet: bool = False
    ) -> None:
        super().__init__(configured(gateway, drain_seconds))
        self._gateway = gateway
        self._on_start = on_start
        self._quiet = quiet

    def run_on(self, sockets: list[socket]) -> int:
        """Until a signal ends it. Gives the exit code."""
        handles = [handle for sock in sockets for handle in (sock, *(sock.dup() for _ in range(_AT_ONCE - 1)))]
        with asyncio.Runner(loop_factory=self.config.get_loop_factory()) as runner:
            runner.run(self.serve(handles))
        return 0 if self.started else 1

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.started:
            return
        gc.collect()
        gc.freeze()  # what serves for ever is never garbage
        gc.set_threshold(*_GARBAGE)
        if hasattr(signal, "SIGHUP"):
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._reload)
        if self._on_start is not None:
            self._on_start()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn raises the signal again at the end, which would end the process before its records are written."""
        before = {number: signal.signal(number, self._end) for number in ENDING}
        try:
            yield
        finally:
            for number, disposition in before.items():
                signal.signal(number, disposition)

    def _end(self, number: int, frame: FrameType | None) -> None:
        self._gateway.draining = True
        self.handle_exit(number, frame)

    def _reload(self) -> None:
        try:
            self._gateway.reload()
        except Error as error:
            say(f"the configuration was not reloaded, and the old one goes on: {error}")
        else:
            if not self._quiet:
                say("the configuration was read again")


def tell_mistakes(registry: Registry) -> None:
    """What is wrong with parts of the configuration that the other parts can do without."""
    for mistake in registry.mistakes()[:_MOST_TOLD]:
        say(str(mistake))


def say(text: str) -> None:
    print(f"turnout: {text}", file=sys.stderr, flush=True)  # noqa: T201 - a server's word to whoever started it
