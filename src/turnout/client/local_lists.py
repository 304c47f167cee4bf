"""Model servers of this machine, looked for on their usual ports; only ever when a person asks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from msgspec import Struct

from turnout.client.aio import AsyncClient
from turnout.config import Config, ConfigFile
from turnout.engine.plan import Retry
from turnout.errors import Error
from turnout.registry import Registry


class UsualPort(Struct, frozen=True):
    """Where a kind of server listens unless somebody moved it."""

    provider: str
    name: str
    wire: str
    base_url: str
    source: str  # read 2026-11-21


USUAL: tuple[UsualPort, ...] = (
    UsualPort("ollama", "Ollama", "ollama", "http://127.0.0.1:11434", "https://docs.ollama.com/faq"),
    UsualPort("lmstudio", "LM Studio", "openai-chat", "http://127.0.0.1:1234/v1", "https://lmstudio.ai/docs/api/openai-api"),
    UsualPort(
        "llamacpp",
        "llama.cpp",
        "openai-chat",
        "http://127.0.0.1:8080/v1",
        "https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md",
    ),
    UsualPort(
        "vllm",
        "vLLM",
        "openai-chat",
        "http://127.0.0.1:8000/v1",
        "https://docs.vllm.ai/en/latest/serving/openai_compatible_server.html",
    ),
)
_CONNECT_SECONDS = 0.5  # a server of this machine is there at once, or not at all
_LIST_SECONDS = 5.0


class LocalServer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that listens on a usual port. ``error``: it is there, but gave no list of models."""

    provider: str
    name: str
    base_url: str
    models: tuple[str, ...] = ()
    error: str | None = None


async def local_servers(usual: Sequence[UsualPort] = USUAL) -> tuple[LocalServer, ...]:
    """Those that listen, in the order of ``usual``, with what they serve. They are sent no key, and no model is loaded."""
    tables = {
        port.provider: {"wire": port.wire, "name": port.name, "base_url": port.base_url, "auth": "none", "key_env": []}
        for port in usual
    }
    registry = Registry(environ={}, config=Config((ConfigFile("usual ports", "", {"providers": tables}),)))
    async with AsyncClient(registry, timeout=_LIST_SECONDS, retry=Retry(attempts=1)) as client:
        found = await asyncio.gather(*(_look(port, client) for port in usual))
    return tuple(server for server in found if server is not None)


async def _look(port: UsualPort, client: AsyncClient) -> LocalServer | None:
    if not await _listens(port.base_url):
        return None
    try:
        models = await client.models(port.provider)
    except Error as error:
        return LocalServer(provider=port.provider, name=port.name, base_url=port.base_url, error=str(error))
    names = tuple(model.id for model in models)
    return LocalServer(provider=port.provider, name=port.name, base_url=port.base_url, models=names)


async def _listens(url: str) -> bool:
    from urllib.parse import urlsplit

    address = urlsplit(url)
    try:
        async with asyncio.timeout(_CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(address.hostname, address.port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True
