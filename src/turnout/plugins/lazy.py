"""One table of names: what is built in, then what packages offer. A thing that does not load breaks its own name only."""

from __future__ import annotations

from _thread import RLock, allocate_lock  # `threading` would cost 1 ms
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Generic, TypeVar

from msgspec import Struct

from turnout.errors import ConfigError, UnknownName
from turnout.plugins.points import Point, group_points

T = TypeVar("T")


class Failure(Struct, frozen=True):
    """A thing that did not load: whose it is ("" for what is built in or registered by code), and why, in one sentence."""

    kind: str
    name: str
    distribution: str
    reason: str


class Lazy(Generic[T]):
    """name -> thing: "module:attribute" for what is built in, then the entry points of ``group``. Loaded once.

    ``faulty`` says in words what is wrong with a loaded plugin, or "" when it is what ``kind`` says. What did not load is
    remembered and not tried again. Safe to share between threads.
    """

    def __init__(
        self, kind: str, group: str, builtin: Mapping[str, str], *, faulty: Callable[[object], str] = lambda thing: ""
    ) -> None:
        self._kind = kind
        self._group = group
        self._builtin = builtin
        self._faulty = faulty
        self._loaded: dict[str, T] = {}
        self._failed: dict[str, Failure] = {}
        self._found: Mapping[str, tuple[Point, ...]] | None = None
        self._lock = allocate_lock()
        self._loading: dict[str, RLock] = {}  # name -> the lock of whoever loads it

    def __contains__(self, name: str) -> bool:
        return name in self._builtin or name in self._points

    def get(self, name: str) -> T:
        """Raises UnknownName, or ConfigError that names the distribution whose plugin does not load."""
        thing = self._loaded.get(name)
        return thing if thing is not None else self._first(name)

    def names(self) -> list[str]:
        return sorted({*self._builtin, *self._points})

    def failures(self) -> list[Failure]:
        """What was asked for and did not load, by name."""
        return [self._failed[name] for name in sorted(self._failed)]

    def plugins(self) -> dict[str, Point]:
        """The names that packages offer and nothing built in has -> the first that offers each."""
        return {name: points[0] for name, points in self._points.items() if name not in self._builtin}

    def _first(self, name: str) -> T:
        with self._lock:
            loading = self._loading.setdefault(name, RLock())
        with loading:  # one a name: loading a thing may ask for another
            if name not in self._loaded:
                if (failure := self._failed.get(name)) is not None:
                    raise ConfigError(failure.reason)
                self._loaded[name] = self._load(name)
            return self._loaded[name]

    def _load(self, name: str) -> T:
        if (place := self._builtin.get(name)) is not None:
            module, _, attribute = place.partition(":")
            thing: T = getattr(import_module(module), attribute)
            return thing
        points = self._points.get(name)
        if points is None:
            with self._lock:
                self._loading.pop(name, None)  # whoever asks may ask for anything
            raise self._unknown(name)
        if len(points) > 1:
            owners = " and ".join(point.distribution for point in points)
            raise self._failure(name, owners, f"is offered by {owners}: uninstall all but one", None)
        point = points[0]
        try:
            loaded: T = point.load()
        except (Exception, SystemExit) as error:
            raise self._failure(name, point.distribution, f"does not load: {type(error).__name__}: {error}", error) from error
        if wrong := self._faulty(loaded):
            raise self._failure(name, point.distribution, f"does not fit: {wrong}", None)
        return loaded

    def _failure(self, name: str, owner: str, what: str, cause: BaseException | None) -> ConfigError:
        reason = f"{self._kind} {name!r} of {owner} {what}"
        self._failed[name] = Failure(self._kind, name, owner, reason)
        return ConfigError(reason)

    def _unknown(self, name: str) -> UnknownName:
        from turnout.catalog.names import nearest, suggestion

        found = nearest(name, self.names())
        hint = suggestion(found) or f"; known are {', '.join(self.names())}"
        return UnknownName(f"unknown {self._kind} {name!r}{hint}", nearest=found)

    @property
    def _points(self) -> Mapping[str, tuple[Point, ...]]:
        if self._found is None:
            self._found = group_points(self._group)
        return self._found
