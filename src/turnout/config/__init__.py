"""Files and environment over the catalog. Every value remembers where it came from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import Struct

from turnout.config.lines import Path as Keys


class Sourced(Struct, frozen=True):
    """A value and where it was set: "user file /home/ada/.config/turnout/turnout.toml:3"."""

    value: Any
    source: str


class Rule(Struct, frozen=True):
    """By which policy targets are ordered, and who said so. ``weights``: of an alias's models, in their order; () for equal."""

    policy: str
    source: str
    weights: tuple[float, ...] = ()


class ConfigFile(Struct, frozen=True):
    """One file, checked for unknown keys. ``tables`` has the shape of turnout.toml, whatever the file's own shape was."""

    kind: str  # "user file", "keys file" or "project file"
    path: str
    tables: dict[str, Any]
    lines: dict[Keys, int] = {}
    trusted: bool = True  # False: it came with a folder, and may not say where keys go

    def __repr__(self) -> str:  # the tables may hold keys
        return f"ConfigFile({self.kind} {self.path}, {', '.join(self.tables) or 'empty'})"

    def where(self, *keys: str) -> str:
        """The kind, the path and, when it can be told, the line of ``keys`` or of what encloses it."""
        line = self.line(*keys)
        return f"{self.kind} {self.path}" + (f":{line}" if line is not None else "")

    def line(self, *keys: str) -> int | None:
        """From 1; None when it cannot be told."""
        for length in range(len(keys), 0, -1):
            if (line := self.lines.get(keys[:length])) is not None:
                return line
        return None


class Config(Struct, frozen=True):
    """A snapshot of the files, the weaker first. The environment is read where its variables are named."""

    files: tuple[ConfigFile, ...] = ()
    short_names: dict[str, str] = {}  # of the provider lists: "4o", and "openai/4o" -> "openai/gpt-4o-2024-08-06"

    @property
    def default_model(self) -> Sourced | None:
        found = [Sourced(file.tables["model"], file.where("model")) for file in self.files if "model" in file.tables]
        return found[-1] if found else None

    def alias(self, name: str) -> Sourced | None:
        """The models that ``name`` stands for, in order."""
        for file in reversed(self.files):
            if (value := file.tables.get("aliases", {}).get(name)) is not None:
                models = value["models"] if isinstance(value, dict) else value
                return Sourced((models,) if isinstance(models, str) else tuple(models), file.where("aliases", name))
        if (long := self.short_names.get(name)) is not None:
            return Sourced((long,), "a short name of the provider lists")
        return None

    def rule(self, alias: str) -> Rule | None:
        """The policy that ``alias`` itself says; None where it says none."""
        for file in reversed(self.files):
            if (value := file.tables.get("aliases", {}).get(alias)) is not None:
                if not isinstance(value, dict) or "policy" not in value:
                    return None
                weights = tuple(map(float, value.get("weights", ())))
                return Rule(value["policy"], file.where("aliases", alias, "policy"), weights)
        return None

    @property
    def usual_rule(self) -> Rule | None:
        """The policy for what says none of its own."""
        found = [Rule(file.tables["policy"], file.where("policy")) for file in self.files if "policy" in file.tables]
        return found[-1] if found else None

    @property
    def aliases(self) -> list[str]:
        return sorted({name for file in self.files for name in file.tables.get("aliases", ())})

    @property
    def providers(self) -> set[str]:
        return {id for file in self.files for id in file.tables.get("providers", ())}

    @property
    def whole_providers(self) -> set[str]:
        """Those of which the files say enough to call them, whatever else knows them."""
        tables = [pair for file in self.files for pair in file.tables.get("providers", {}).items()]
        wired = {id for id, table in tables if "wire" in table}
        return {id for id, table in tables if "base_url" in table and id in wired}

    @property
    def provider_aliases(self) -> dict[str, str]:
        """Other names of providers, as the files give them -> their ids."""
        tables = [pair for file in self.files for pair in file.tables.get("providers", {}).items()]
        return {alias: id for id, table in tables for alias in table.get("aliases", ())}

    @property
    def models(self) -> set[str]:
        """The "provider/model" names that a file says something about."""
        return {name for file in self.files for name in file.tables.get("models", ())}

    def entries(self, section: str, names: Iterable[str]) -> Iterator[tuple[ConfigFile, str, dict[str, Any]]]:
        """What each file says of one provider or model under any of its ``names``, the weaker file first."""
        names = tuple(names)
        for file in self.files:
            for name in names:
                if (table := file.tables.get(section, {}).get(name)) is not None:
                    yield file, name, table
