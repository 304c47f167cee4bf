"""Lists of models as endpoints gave them, kept for a while: in memory, and in files that other processes read too."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from hashlib import blake2b
from os.path import join
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from turnout.config.writing import replace_file
from turnout.types import ListedModel

FRESH_SECONDS = 300.0
MOST_LISTS = 256  # kept in memory; as many files
_MOST_BYTES = 16 * 1024 * 1024  # of one file

Where = Literal["memory", "disk"]


class KeptList(Struct, frozen=True):
    """One endpoint's list, and when it was given (seconds since 1970)."""

    at: float
    models: tuple[ListedModel, ...]


class ListCache:
    """Safe to share between threads. A list older than ``fresh`` seconds, or of the future, is there only as a last resort.

    ``folder`` None: in memory alone. Files that cannot be read or written cost their being kept, nothing else.
    """

    def __init__(
        self,
        folder: str | None = None,
        *,
        fresh: float = FRESH_SECONDS,
        most: int = MOST_LISTS,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._fresh = fresh
        self._most = most
        self._now = now
        self._kept: dict[str, KeptList] = {}

    def get(self, name: str, *, stale: bool = False) -> tuple[KeptList, Where] | None:
        """The list under ``name`` that is fresh and not empty; with ``stale``, however old it is."""
        kept = self._kept.get(name)
        if kept is not None and self._serves(kept, stale):
            return kept, "memory"
        kept = self._read(name)
        if kept is None or not self._serves(kept, stale):
            return None
        self._remember(name, kept)
        return kept, "disk"

    def put(self, name: str, models: tuple[ListedModel, ...]) -> None:
        # what an endpoint says beside the fields we know would be most of the size, and nobody reads it from here
        kept = KeptList(self._now(), tuple(replace(model, extra=None, origin=None) for model in models))
        self._remember(name, kept)
        if self._folder is not None:
            with suppress(OSError):
                replace_file(Path(join(self._folder, f"{name}.json")), msgspec.json.encode(kept))
                self._drop_oldest(self._folder)

    def _serves(self, kept: KeptList, stale: bool) -> bool:
        return bool(kept.models) and (stale or 0 <= self._now() - kept.at < self._fresh)

    def _remember(self, name: str, kept: KeptList) -> None:
        self._kept.pop(name, None)
        while len(self._kept) >= self._most:
            with suppress(StopIteration, KeyError, RuntimeError):  # another thread was here first
                del self._kept[next(iter(self._kept))]
        self._kept[name] = kept

    def _read(self, name: str) -> KeptList | None:
        if self._folder is None:
            return None
        try:
            with open(join(self._folder, f"{name}.json"), "rb") as file:
                return msgspec.json.decode(file.read(_MOST_BYTES), type=KeptList)
        except (OSError, msgspec.DecodeError, UnicodeError):  # none yet, of another version, or damaged
            return None

    def _drop_oldest(self, folder: str) -> None:
        files = [join(folder, file) for file in os.listdir(folder) if file.endswith(".json")]
        if len(files) > self._most:
            for file in sorted(files, key=_written)[: len(files) - self._most]:
                with suppress(OSError):
                    os.unlink(file)


def name_of(provider: str, base_url: str, key: str) -> str:
    """What a list is kept under. What a key may see is its own, so it goes in, and cannot be had back from it."""
    return blake2b("\0".join((provider, base_url, key)).encode(), digest_size=16, person=b"turnout lists").hexdigest()


def cache_folder(environ: Mapping[str, str]) -> str | None:
    """TURNOUT_CACHE_DIR, else the platform's place for what can be had again; None where there is no home."""
    if chosen := environ.get("TURNOUT_CACHE_DIR"):
        return join(os.path.expanduser(chosen), "lists")
    if sys.platform == "win32":
        local = environ.get("LOCALAPPDATA")
        return join(local, "turnout", "cache", "lists") if local else None
    if (shared := environ.get("XDG_CACHE_HOME")) and os.path.isabs(shared):
        return join(shared, "turnout", "lists")
    home = environ.get("HOME")
    return join(home, "Library/Caches" if sys.platform == "darwin" else ".cache", "turnout", "lists") if home else None


def _written(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0
