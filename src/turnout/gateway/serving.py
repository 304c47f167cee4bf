"""The gateway as a process: sockets, signals, the file of records."""

from __future__ import annotations

import asyncio
import signal
import sys
from socket import socket

import uvicorn

from turnout.errors import Error
from turnout.gateway.app import Gateway
from turnout.gateway.jsonl import JsonlSink
from turnout.gateway.settings import Settings


def serve(settings: Settings, *, host: str, port: int, drain_seconds: int, records: str | None = None) -> int:
    """Serves until SIGTERM or SIGINT; SIGHUP reads the configuration again. Gives the exit code.

    After SIGTERM no new connection is taken, and what is under way may end within ``drain_seconds``.
    """
    sink = JsonlSink(records) if records is not None else None
    gateway = Gateway(settings, sinks=(sink,) if sink is not None else ())
    config = uvicorn.Config(
        gateway,
        host=host,
        port=port,
        access_log=False,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=drain_seconds,
    )
    server = _Server(config, gateway)
    try:
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(server.serve())
    except KeyboardInterrupt:
        pass
    finally:
        if sink is not None:
            sink.close()
    return 0 if server.started else 1


class _Server(uvicorn.Server):
    """Says where it listens once it does, and takes SIGHUP."""

    def __init__(self, config: uvicorn.Config, gateway: Gateway) -> None:
        super().__init__(config)
        self._gateway = gateway

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.started:
            return
        if hasattr(signal, "SIGHUP"):
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, _reload, self._gateway)
        for listening in self.servers:
            for sock in listening.sockets:
                address, port = sock.getsockname()[:2]
                _say(f"serving on http://{f'[{address}]' if ':' in address else address}:{port}")


def _reload(gateway: Gateway) -> None:
    try:
        gateway.reload()
    except Error as error:
        _say(f"the configuration was not reloaded, and the old one goes on: {error}")
    else:
        _say("the configuration was read again")


def _say(text: str) -> None:
    print(f"turnout: {text}", file=sys.stderr, flush=True)  # noqa: T201 - a server's word to whoever started it
