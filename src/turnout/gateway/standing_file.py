"""Writes to a file, again and again, which providers the gateway can call, for `turnout doctor` on the same machine."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

from msgspec import json
from msgspec.structs import replace

from turnout import __version__
from turnout.config.writing import replace_file
from turnout.discovery.standing import EVERY, Resting, Standing
from turnout.errors import ConfigError, Error

if TYPE_CHECKING:
    from turnout.registry import Registry

_MOST_MODELS = 20_000
_LAST_WRITE = 5.0  # seconds that a gateway which ends waits for a write under way: a disk may hang


class StandingFile:
    """A thread writes it at once and then every ``every`` seconds, until ``close``. Raises ConfigError if it cannot be written.

    ``registry`` gives the one in force, and is asked before each write. A disk that is full later is tried again.
    ``resting``: what the ``workers`` leave alone, where calls are not made with ``registry`` itself but by several workers.
    """

    def __init__(
        self,
        path: str,
        registry: Callable[[], Registry],
        every: float = EVERY,
        *,
        workers: int = 1,
        resting: Callable[[], tuple[Resting, ...]] | None = None,
    ) -> None:
        self._path = Path(path)
        self._registry = registry
        self._every = every
        self._workers = workers
        self._resting = resting
        self._latest: tuple[Registry, Standing] | None = None
        self._closing = Event()
        try:
            self.write()
        except OSError as error:
            raise ConfigError(f"the snapshot cannot be written to {path}: {error.strerror or error}") from None
        self._thread = Thread(target=self._again, name="turnout-snapshot", daemon=True)
        self._thread.start()

    def write(self) -> None:
        """Raises OSError; the file is then as it was."""
        registry = self._registry()
        if self._latest is None or self._latest[0] is not registry:
            self._latest = (registry, _set_up(registry))  # what is set up changes with the configuration alone
        standing = replace(
            self._latest[1],
            timestamp=time.time(),
            resting=self._resting() if self._resting is not None else _resting(registry),
            workers=self._workers,
            every=self._every,
        )
        replace_file(self._path, json.encode(standing))

    def close(self) -> None:
        self._closing.set()
        self._thread.join(_LAST_WRITE)

    def _again(self) -> None:
        while not self._closing.wait(self._every):
            try:
                self.write()
            except (OSError, Error):
                continue  # an old file is known by its age


def _resting(registry: Registry) -> tuple[Resting, ...]:
    return tuple(Resting(str(target), round(seconds, 1)) for target, seconds in registry.resting())


def _set_up(registry: Registry) -> Standing:
    ids = registry.provider_ids()
    found = {id: registry.usable(id) for id in ids}
    usable = [id for id in ids if found[id][0]]
    rows = [registry.provider(id) for id in usable]
    models: dict[str, str] = {}
    for row in sorted(rows, key=lambda row: (row.priority, row.id)):
        for model in registry.models(row.id):
            if len(models) < _MOST_MODELS:
                models.setdefault(model.target.model, row.id)
    return Standing(
        timestamp=0.0,
        registered_providers=tuple(ids),
        initialized_providers=tuple(usable),
        available_models=models,
        reasons={id: reason for id, (_, reason) in found.items()},
        turnout=__version__,
        pid=os.getpid(),
    )
