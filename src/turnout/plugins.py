"""Names to things, built in or from entry points; nothing is imported before its name is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Generic, TypeVar

from turnout.errors import ConfigError, UnknownName

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

T = TypeVar("T")


class Lazy(Generic[T]):
    """name -> thing: "module:attribute" for what is built in, then the entry points of ``group``. Loaded once."""

    def __init__(self, kind: str, group: str, builtin: Mapping[str, str]) -> None:
        self._kind = kind
        self._group = group
        self._builtin = builtin
        self._loaded: dict[str, T] = {}
        self._found: dict[str, EntryPoint] | None = None

    def __contains__(self, name: str) -> bool:
        return name in self._builtin or name in self._points

    def get(self, name: str) -> T:
        """Raises UnknownName, or ConfigError that names the distribution whose plugin does not load."""
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def names(self) -> list[str]:
        return sorted({*self._builtin, *self._points})

    def _load(self, name: str) -> T:
        if (place := self._builtin.get(name)) is not None:
            module, _, attribute = place.partition(":")
            thing: T = getattr(import_module(module), attribute)
            return thing
        point = self._points.get(name)
        if point is None:
            from turnout.catalog.names import nearest, suggestion

            found = nearest(name, self.names())
            hint = suggestion(found) or f"; known are {', '.join(self.names())}"
            raise UnknownName(f"unknown {self._kind} {name!r}{hint}", nearest=found)
        try:
            loaded: T = point.load()
        except Exception as error:
            owner = point.dist.name if point.dist is not None else "an unknown distribution"
            raise ConfigError(f"{self._kind} {name!r} of {owner} does not load: {type(error).__name__}: {error}") from error
        return loaded

    @property
    def _points(self) -> Mapping[str, EntryPoint]:
        if self._found is None:
            from importlib.metadata import entry_points  # 25 ms: only for a name that is not built in

            points: Iterable[EntryPoint] = entry_points(group=self._group)
            self._found = {point.name: point for point in points}
        return self._found
