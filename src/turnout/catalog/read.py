"""Reads the packaged catalog, a row at a time."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from os.path import dirname, join
from typing import Any

import msgspec
from msgspec import Raw, Struct

from turnout.catalog.names import nearest, suggestion
from turnout.catalog.restrictions import narrowed
from turnout.catalog.schema import Model, Provider, Restriction
from turnout.errors import UnknownProviderError
from turnout.types import Target

DATA = join(dirname(__file__), "data")  # pathlib would cost 7 ms

Table = dict[str, Any]
Rows = list[tuple[str, Table]]  # (where it was read, fields), the weaker first
ModelRow = Raw | Table | tuple[Raw, Table]  # derived, of the provider's own file, or that over the derived one


class _Providers(Struct, frozen=True):
    source: str
    date: str
    providers: dict[str, Raw]


class Catalog:
    """What is built in: rows derived from models.dev, and the providers' TOML files over them.

    Parses a provider's row or models when they are asked for, once. Safe to share between threads.
    """

    def __init__(self, folder: str = DATA) -> None:
        self._folder = folder
        self._read: tuple[_Providers, dict[str, Table]] | None = None
        self._models: dict[str, dict[str, ModelRow]] = {}
        self._restrictions: list[Restriction] | None = None

    @property
    def ids(self) -> list[str]:
        head, files = self._rows
        return sorted(head.providers.keys() | files.keys())

    def has(self, id: str) -> bool:
        head, files = self._rows
        return id in head.providers or id in files

    @property
    def aliases(self) -> dict[str, str]:
        """Other names of providers -> their ids."""
        return {alias: id for id, table in self._rows[1].items() for alias in table.get("aliases", ())}

    def names_of(self, id: str) -> tuple[str, ...]:
        """The provider's id and its other names."""
        return (id, *self._rows[1].get(id, {}).get("aliases", ()))

    @property
    def switches(self) -> dict[str, tuple[str, ...]]:
        """Provider -> the variables that can switch it off."""
        return {id: tuple(names) for id, table in self._rows[1].items() if (names := table.get("enable_env"))}

    def model_aliases(self, id: str) -> dict[str, str]:
        """Other names of the provider's models, in lower case -> its own."""
        found: dict[str, str] = self._rows[1].get(id, {}).get("model_aliases", {})
        return found

    @property
    def source(self) -> str:
        """The snapshot and its date: "models.dev 2026-08-18"."""
        head = self._rows[0]
        return f"{head.source} {head.date}"

    def provider(self, id: str) -> Provider:
        """Raises UnknownName, with the nearest names."""
        rows = self.provider_rows(id)
        if not rows:
            raise unknown_provider(id, [*self.ids, *self.aliases], len(self.ids))
        return provider_from(id, rows)

    def providers(self) -> list[Provider]:
        return [self.provider(id) for id in self.ids]

    def model(self, target: Target) -> Model | None:
        """None for a model that the catalog does not know, which its provider may serve all the same."""
        rows = self.model_rows(target)
        return model_from(target, rows) if rows else None

    def models(self, provider: str | None = None) -> Iterator[Model]:
        """Those of one provider, or all; each provider's by name."""
        label, checked = f"built-in {self.source}", self._rows[0].date
        for id in self.ids if provider is None else (provider,):
            tables: list[Table] = []
            for name, row in sorted(self._model_table(id).items()):
                target = Target(id, name)
                if isinstance(row, Raw):  # as ``model_rows``, without looking for the row once more: there are thousands
                    fields = msgspec.json.decode(row)
                    fields["checked"] = checked
                    tables.append(_shaped(target, [(label, fields)]))
                else:
                    tables.append(_shaped(target, self.model_rows(target)))
            yield from msgspec.convert(tables, list[Model])

    @property
    def restrictions(self) -> list[Restriction]:
        """What models refuse, row by row, the weaker first."""
        if self._restrictions is None:
            self._restrictions = msgspec.json.decode(self._bytes("restrictions.json"), type=list[Restriction])
        return self._restrictions

    def narrow(self, provider: Provider, model: Model | None, target: Target) -> tuple[Provider, Model | None]:
        """Both as they hold for ``target`` over ``provider.wire``: with what the model is known to refuse.

        Costs a look at every restriction, so ask once for a plan, not once a call.
        """
        return narrowed(self.restrictions, provider, model, target)

    def provider_rows(self, id: str) -> Rows:
        head, files = self._rows
        rows: Rows = []
        if (row := head.providers.get(id)) is not None:
            rows.append((f"built-in {self.source}", msgspec.json.decode(row) | {"checked": head.date}))
        if (table := files.get(id)) is not None:
            fields = {name: value for name, value in table.items() if name != "models"}
            rows.append((f"built-in {id}.toml, checked {table['checked']}", fields))
        return rows

    def model_rows(self, target: Target) -> Rows:
        row = self._model_table(target.provider).get(target.model)
        rows: Rows = []
        for part in row if isinstance(row, tuple) else (row,):
            if isinstance(part, Raw):
                rows.append((f"built-in {self.source}", msgspec.json.decode(part) | {"checked": self._rows[0].date}))
            elif part is not None:
                checked = self._rows[1][target.provider]["checked"]
                rows.append((f"built-in {target.provider}.toml, checked {checked}", part | {"checked": checked}))
        return rows

    def model_names(self, provider: str) -> list[str]:
        return sorted(self._model_table(provider))

    def serving(self, model: str) -> list[Target]:
        """Every target whose model has exactly this name, in any case; the likeliest meant first.

        That is a provider with a file of its own and few models: its maker serves a handful, a reseller hundreds.
        """
        wanted, files = model.lower(), self._rows[1]
        found = [Target(id, name) for id in self.ids for name in self._model_table(id) if name.lower() == wanted]
        return sorted(found, key=lambda target: (target.provider not in files, len(self._model_table(target.provider))))

    @property
    def _rows(self) -> tuple[_Providers, dict[str, Table]]:
        if self._read is None:
            head = msgspec.json.decode(self._bytes("providers.json"), type=_Providers)
            files = msgspec.json.decode(self._bytes("overrides.json"), type=dict[str, Table])
            self._read = head, files
        return self._read

    def _model_table(self, provider: str) -> dict[str, ModelRow]:
        table = self._models.get(provider)
        if table is None:
            head, files = self._rows
            table = {}
            if provider in head.providers:
                table.update(msgspec.json.decode(self._bytes("models", f"{provider}.json"), type=dict[str, Raw]))
            for name, row in files.get(provider, {}).get("models", {}).items():
                derived = table.get(name)
                table[name] = (derived, row) if isinstance(derived, Raw) else row
            self._models[provider] = table
        return table

    def _bytes(self, *path: str) -> bytes:
        with open(join(self._folder, *path), "rb") as file:
            return file.read()


def packaged(name: str) -> bytes:
    """A file of the packaged data."""
    with open(join(DATA, name), "rb") as file:
        return file.read()


def provider_from(id: str, rows: Rows) -> Provider:
    """The rows as one provider: a later row's field replaces an earlier one's, tables field by field."""
    table: Table = {"source": "; ".join(source for source, _ in rows)}
    for _, row in rows:
        overlay(table, row)
    return msgspec.convert({"name": id, "base_url": "", **table, "id": id}, Provider)


def model_from(target: Target, rows: Rows) -> Model:
    """The rows as one model. A price is one fact, so a later one replaces it whole; it says where it was read."""
    return msgspec.convert(_shaped(target, rows), Model)


def _shaped(target: Target, rows: Rows) -> Table:
    table: Table = dict(rows[0][1]) if len(rows) == 1 else {}
    for source, row in rows:
        if len(rows) > 1:
            overlay(table, row)
        if isinstance(price := row.get("price"), dict):
            table["price"] = {"source": source.removeprefix("built-in "), **price}
    for words in ("supports", "lacks"):
        if isinstance(said := table.get(words), str):
            table[words] = _words(said)
    table["target"] = target
    table["source"] = rows[0][0] if len(rows) == 1 else "; ".join(source for source, _ in rows)
    return table


@lru_cache(maxsize=1024)  # thousands of models share a few hundred lists
def _words(said: str) -> frozenset[str]:
    return frozenset(said.split())


def overlay(table: Table, row: Table) -> None:
    """``row`` over ``table``, in place: tables merge key by key, anything else is replaced."""
    for name, value in row.items():
        below = table.get(name)
        if isinstance(value, dict) and isinstance(below, dict):
            merged = dict(below)
            overlay(merged, value)
            table[name] = merged
        else:
            table[name] = value


def unknown_provider(name: str, known: list[str], count: int) -> UnknownProviderError:
    found = nearest(name, known)
    return UnknownProviderError(
        f"unknown provider {name!r}{suggestion(found) or ';'} `turnout providers` lists all {count}", nearest=found
    )
