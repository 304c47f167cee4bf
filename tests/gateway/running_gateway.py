"""A gateway on a free port of loopback, in a thread of its own, whose providers answer what a script says."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn

from turnout.gateway import Gateway, Settings
from turnout.gateway.serving import configured
from turnout.registry import Registry
from turnout.testing.transport import Script

ENVIRON = {
    "OPENAI_API_KEY": "sk-real-looking-1234",
    "GROQ_API_KEY": "gsk-real-looking-1234",
    "ANTHROPIC_API_KEY": "sk-ant-real-looking-1234",
    "GEMINI_API_KEY": "AIza-real-looking-1234",
    "COHERE_API_KEY": "co-real-looking-1234",
}


@contextmanager
def running(script: Script | None, settings: Settings | None = None, **environ: str) -> Iterator[tuple[str, Gateway]]:
    """The base URL, without a slash at its end, and the gateway behind it. Without a script its calls are real."""
    gateway = Gateway(
        settings or Settings(),
        registry=lambda: Registry(environ={**ENVIRON, **environ}),
        transport=script.asynchronous if script is not None else None,
    )
    with served(configured(gateway)) as url:
        yield url, gateway


@contextmanager
def served(config: uvicorn.Config) -> Iterator[str]:
    """The base URL of what ``config`` serves."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server: Any = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])), daemon=True)
        started = threading.Event()
        startup = server.startup

        async def announce(sockets: Any = None) -> None:
            await startup(sockets)
            started.set()

        server.startup = announce
        thread.start()
        assert started.wait(20), "the gateway did not start"
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(20)
            assert not thread.is_alive()
