"""The catalog, with the providers that packages offer and that code registers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec.structs import asdict

from turnout.catalog.read import Catalog, Rows, Table, _Providers
from turnout.catalog.schema import Provider
from turnout.errors import ConfigError
from turnout.plugins import Failure, Lazy
from turnout.types import Target
from turnout.wire import Wire


class Offered(Catalog):
    """As ``Catalog``, with ``rows`` (id -> row) in place of what is built in under these ids, and packages' below it.

    A package's provider (entry-point group ``turnout.providers``; its value a Provider, a function that ``register_provider``
    marked, or a table as a provider's TOML file holds) answers to the name of its entry point. What is built in keeps its names.
    """

    def __init__(
        self, environ: Mapping[str, str], rows: Mapping[str, Provider] | None = None, below: Offered | None = None
    ) -> None:
        super().__init__()
        self.environ = environ
        self._registered = {id: _table(row) for id, row in (rows or {}).items()}
        self._plain: Catalog = Catalog() if below is None else below._plain
        self.offers: Lazy[Any] = (
            Lazy("provider", "turnout.providers", {}, faulty=not_a_provider) if below is None else below.offers
        )
        self._tables: dict[str, Table] = {}  # of packages, by the names of their entry points
        self._aliases: dict[str, str] | None = None
        self._astray: dict[str, str] = {}  # what aliases stand for in a region that nobody knows -> what is wrong
        self._spelled: dict[str, str] | None = None  # packages' names in lower case -> as they spell them
        self.reserved: frozenset[str] = frozenset()  # ids that a file describes whole: no package is asked about them

    def with_rows(self, rows: Mapping[str, Provider]) -> Offered:
        """A new one that shares what was read and loaded."""
        return Offered(self.environ, rows, self)

    @property
    def aliases(self) -> dict[str, str]:
        """Other names of providers -> their ids, in the region that a variable says."""
        if self._aliases is None:
            found = super().aliases
            for id, table in self._rows[1].items():
                if (regions := table.get("regions")) and (region := self._region(table)):
                    chosen = regions.get(region)
                    if chosen is None:  # an id that says what is wrong with it: the alias means nobody
                        chosen = f"{id}@{region}"
                        self._astray[chosen] = _no_region(id, region, table)
                    found |= dict.fromkeys(table.get("aliases", ()), chosen)
            self._aliases = found
        return self._aliases

    def _region(self, table: Table) -> str:
        values = (self.environ.get(name, "").strip().lower() for name in table.get("region_env", ()))
        return next(filter(None, values), "")

    def failures(self) -> list[Failure]:
        return self.offers.failures()

    def is_unread(self, id: str) -> bool:
        """True for a package's provider that nobody asked for yet: to say more of it would import it."""
        return self._is_offered(id) and not super().has(id) and id not in self._tables

    def is_broken(self, id: str) -> bool:
        """True for a package's provider that does not load; tries to."""
        if super().has(id) or not self._is_offered(id):
            return False
        try:
            self._offered(id)
        except ConfigError:
            return True
        return False

    def offered_factory(self, id: str) -> Callable[[], Any] | None:
        """What gives the factory that a package's entry point is, or None: Turnout's own clients call this provider."""
        if super().has(id) or not self._is_offered(id) or marked_row(thing := self.offers.get(self._offers()[id])) is thing:
            return None
        return lambda: thing

    @property
    def builtin_names(self) -> set[str]:
        """Ids and aliases that no package may take."""
        return {*self._plain.ids, *self._plain.aliases}

    @property
    def ids(self) -> list[str]:
        taken = self.builtin_names | self.aliases.keys()
        return sorted({*super().ids, *(name for name in self._offers() if name not in taken)})

    def has(self, id: str) -> bool:
        return super().has(id) or id in self._astray or (id not in self.aliases and self._is_offered(id))

    def _is_offered(self, id: str) -> bool:
        return id not in self.reserved and id in self._offers()

    def _offers(self) -> dict[str, str]:
        if self._spelled is None:
            self._spelled = {name.lower(): name for name in self.offers.plugins()}
        return self._spelled

    def names_of(self, id: str) -> tuple[str, ...]:
        return (id, *(alias for alias, other in self.aliases.items() if other == id))

    def provider_rows(self, id: str) -> Rows:
        if (table := self._registered.get(id)) is not None:
            return [("registered in code", table)]
        if super().has(id):
            return super().provider_rows(id)
        if (sentence := self._astray.get(id)) is not None:
            raise ConfigError(sentence)
        if not self._is_offered(id):
            return []
        fields = {name: value for name, value in self._offered(id).items() if name != "models"}
        return [(self._source(id), fields)]

    def model_rows(self, target: Target) -> Rows:
        if super().has(target.provider) or not self._is_offered(target.provider):
            return super().model_rows(target)
        row = self._offered(target.provider).get("models", {}).get(target.model)
        return [] if row is None else [(self._source(target.provider), dict(row))]

    def _source(self, id: str) -> str:
        point = self.offers.plugins()[self._offers()[id]]
        return f"plugin {point.distribution} {point.version}".rstrip()

    def _offered(self, id: str) -> Table:
        """Raises ConfigError that names the package, for a provider that does not load."""
        if (table := self._tables.get(id)) is None:
            table = _table(self.offers.get(self._offers()[id]))
            table.pop("aliases", None)  # to know them it would have to be imported for any name
            self._tables[id] = table
        return table

    @property
    def _rows(self) -> tuple[_Providers, dict[str, Table]]:
        if self._read is None:
            head, files = self._plain._rows
            if self._registered:
                kept = {id: row for id, row in head.providers.items() if id not in self._registered}
                head = msgspec.structs.replace(head, providers=kept)
                files = files | self._registered
            self._read = head, files
        return self._read

    def _model_table(self, provider: str) -> dict[str, Any]:
        if provider in self._registered:
            return {}
        if not super().has(provider) and self._is_offered(provider):
            # a package that does not load must not keep anyone from finding the models of others
            return {} if self.is_broken(provider) else dict(self._offered(provider).get("models", {}))
        return self._plain._model_table(provider)


def _no_region(id: str, region: str, table: Table) -> str:
    known = ", ".join(sorted(table["regions"]))
    return f"environment {' or '.join(table['region_env'])}: {region!r} is no region of {id!r}; known are {known}"


def not_a_wire(thing: object) -> str:
    return "" if isinstance(thing, Wire) else f"a wire is a turnout.wire.Wire, and this is a {type(thing).__name__}"


def not_a_policy(thing: object) -> str:
    ordered = callable(getattr(thing, "order", None))
    return "" if ordered else f"a policy has an order, and this is a {type(thing).__name__}"


def not_callable(thing: object) -> str:
    return "" if callable(thing) else f"it must be callable, and this is a {type(thing).__name__}"


def not_a_provider(thing: object) -> str:
    row = marked_row(thing)
    if isinstance(row, Mapping):
        try:
            msgspec.convert({"name": "-", **{name: it for name, it in row.items() if name != "models"}, "id": "-"}, Provider)
        except (msgspec.ValidationError, TypeError) as error:
            return str(error)
        return ""
    if isinstance(row, Provider):
        return ""
    return f"a provider is a Provider, a table or a function marked by register_provider, and this is a {type(thing).__name__}"


def marked_row(thing: object) -> object:
    """The row that ``register_provider`` put on a factory, or ``thing`` itself."""
    registration = getattr(thing, "turnout_provider", None)
    return thing if registration is None else registration.provider


def _table(thing: object) -> Table:
    """A provider's fields, without its id and what is as it is by default."""
    row = marked_row(thing)
    if isinstance(row, Provider):
        defaults = asdict(Provider(id="", name="", wire="", base_url=""))
        return {
            name: msgspec.to_builtins(value, builtin_types=()) if name == "quirks" else value
            for name, value in asdict(row).items()
            if name in ("wire", "base_url") or (name != "id" and value != defaults[name])
        }
    if isinstance(row, Mapping):
        return dict(row)
    raise ConfigError(not_a_provider(thing))  # pragma: no cover - ``faulty`` refused it
