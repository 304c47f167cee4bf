"""A data directory, and providers that answer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from model_server import KEY, ModelServer
from msgspec.structs import replace

from turnout.client.discovering import Discovery
from turnout.client.list_cache import ListCache
from turnout.config import Config
from turnout.config.provider_lists import read_lists, with_lists
from turnout.config.provider_lists_writing import save_findings
from turnout.discovery.outcomes import Discovered, Step
from turnout.registry import Registry


@pytest.fixture
def server() -> Iterator[ModelServer]:
    server = ModelServer()
    yield server
    server.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


class Desk:
    """Somebody's machine: a data directory, an environment, a cache; and what discoveries said."""

    def __init__(self, folder: Path, server: ModelServer) -> None:
        self.folder = folder
        self.server = server
        self.environ: dict[str, str] = {}
        self.now = 1000.0
        self.cache = ListCache(str(folder.parent / "cache"), now=lambda: self.now)
        self.steps: list[Step] = []

    @property
    def yaml(self) -> Path:
        return self.folder / "openaicompat-providers.yaml"

    def write(self, *providers: str, key: str = KEY, more: str = "") -> None:
        """The file, with these providers at the server."""
        entries = [
            f"  {id}:\n    name: {id.title()}\n    base_api_url: {self.server.url(id)}\n    api_key: {key}\n" for id in providers
        ]
        self.yaml.write_text(f"providers:\n{''.join(entries)}{more}")

    def discovery(self, **options: Any) -> Discovery:
        lists = read_lists(str(self.folder), self.environ)
        return Discovery(
            Registry(environ=self.environ, config=replace(with_lists(Config(), lists), short_names={})),
            lists.known,
            environ=self.environ,
            **{
                "cache": self.cache,
                "save": lambda findings: save_findings(str(self.folder), findings),
                "report": self.steps.append,
                **options,
            },
        )

    def discover(self, *providers: str, settings: Mapping[str, Any] | None = None, **options: Any) -> Discovered:
        async def go() -> Discovered:
            async with self.discovery(**(settings or {})) as discovery:
                return await discovery.discover(providers or None, **options)

        return asyncio.run(go())

    def texts(self) -> list[str]:
        return [step.text for step in self.steps]


@pytest.fixture
def desk(folder: Path, server: ModelServer) -> Desk:
    return Desk(folder, server)
