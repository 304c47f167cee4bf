"""Finds and reads the user's and the project's files."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from decimal import Decimal
from os.path import dirname, exists, isdir, isfile, join
from typing import Any

from turnout.catalog.names import nearest, suggestion
from turnout.catalog.schema import Model, Provider
from turnout.config import Config, ConfigFile
from turnout.config.lines import locate
from turnout.errors import ConfigError

FILE = "turnout.toml"
_TOP = frozenset(("model", "aliases", "providers", "models"))
# What is installed, and who says so, is not a user's to set.
_PROVIDER = frozenset(Provider.__struct_fields__) - {"id", "source", "extra", "module"} | {"api_key"}
_MODEL = frozenset(Model.__struct_fields__) - {"target", "source"}


def read_config(environ: Mapping[str, str], folder: str | None = None) -> Config:
    """The user's files, then those of the project that ``folder`` (default: the current one) belongs to.

    A folder of configuration holds ``turnout.toml`` and ``providers/*.toml``, one provider a file. Raises ConfigError with
    file and line for what cannot be read or is not known.
    """
    files: list[ConfigFile] = []
    user = user_folder(environ)
    if user is not None:
        files += _read(join(user, FILE), join(user, "providers"), "user file", trusted=True)
    project = project_folder(folder or _here(), environ)
    if project is not None and project != user:
        trusted = environ.get("TURNOUT_TRUST_PROJECT", "").strip().lower() in ("1", "true", "yes")
        files += _read(join(project, FILE), join(project, ".turnout", "providers"), "project file", trusted=trusted)
    return Config(tuple(files))


def _here() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:  # the current folder was deleted: it has no project
        return os.sep


def user_folder(environ: Mapping[str, str]) -> str | None:
    """TURNOUT_CONFIG_DIR, else the platform's place for a user's settings; None where there is no home."""
    if chosen := environ.get("TURNOUT_CONFIG_DIR"):
        return chosen
    if sys.platform == "win32":
        roaming = environ.get("APPDATA")
        return join(roaming, "turnout") if roaming else None
    if shared := environ.get("XDG_CONFIG_HOME"):
        return join(shared, "turnout")
    home = environ.get("HOME")
    if not home:
        return None
    return join(home, "Library/Application Support" if sys.platform == "darwin" else ".config", "turnout")


def project_folder(start: str, environ: Mapping[str, str]) -> str | None:
    """The nearest folder from ``start`` upwards with a turnout.toml or a .turnout, within one repository and below home."""
    folder, home = start, environ.get("HOME")
    while folder != home:
        if isfile(join(folder, FILE)) or isdir(join(folder, ".turnout")):
            return folder
        if exists(join(folder, ".git")) or dirname(folder) == folder:
            return None
        folder = dirname(folder)
    return None


def _read(main: str, providers: str, kind: str, *, trusted: bool) -> Iterable[ConfigFile]:
    if isfile(main):
        tables, lines = _parse(main)
        file = ConfigFile(kind, main, tables, lines, trusted)
        tables["providers"] = {id.lower(): table for id, table in _tables(file, "providers").items()}
        _check(file)
        yield file
    for name in sorted(os.listdir(providers)) if isdir(providers) else ():
        if not name.endswith(".toml"):
            continue
        own, found = _parse(join(providers, name))
        id = name.removesuffix(".toml").lower()
        lines = {_moved(keys, id): line for keys, line in found.items()}
        shaped: dict[str, Any] = {"providers": {id: own}}
        file = ConfigFile(kind, join(providers, name), shaped, lines, trusted)
        if "models" in own:
            shaped["models"] = own.pop("models")
            shaped["models"] = {f"{id}/{model}": table for model, table in _tables(file, "models").items()}
        _check(file)
        yield file


def _moved(keys: tuple[str, ...], id: str) -> tuple[str, ...]:
    """Where a key of a provider's own file stands in the shape of turnout.toml."""
    if keys[0] != "models":
        return ("providers", id, *keys)
    return ("models", f"{id}/{keys[1]}", *keys[2:]) if len(keys) > 1 else keys


def _parse(path: str) -> tuple[dict[str, Any], dict[tuple[str, ...], int]]:
    import tomllib  # 5 ms; most machines have no such file

    try:
        with open(path, encoding="utf-8") as file:
            text = file.read()
        return tomllib.loads(text, parse_float=Decimal), locate(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error


def _check(file: ConfigFile) -> None:
    """Raises ConfigError for a key that means nothing: a typing mistake must not pass for a setting."""
    _known(file, (), file.tables, _TOP)
    for id, table in _tables(file, "providers").items():
        _known(file, ("providers", id), table, _PROVIDER)
        if not isinstance(aliases := table.get("aliases", []), list) or not all(isinstance(alias, str) for alias in aliases):
            raise ConfigError(f"{file.where('providers', id, 'aliases')}: aliases is a list of names")
    for name, table in _tables(file, "models").items():
        if "/" not in name:
            raise ConfigError(f'{file.where("models", name)}: write [models."provider/model"], not {name!r}')
        _known(file, ("models", name), table, _MODEL)
    for name, value in _tables(file, "aliases", of_tables=False).items():
        if not value or not (isinstance(value, str) or (isinstance(value, list) and all(isinstance(one, str) for one in value))):
            raise ConfigError(f'{file.where("aliases", name)}: an alias is "provider/model" or a list of them')
        if "/" in name:
            raise ConfigError(f'{file.where("aliases", name)}: an alias has no "/", which would make it a provider\'s model')
    if not isinstance(file.tables.get("model", ""), str):
        raise ConfigError(f'{file.where("model")}: model is "provider/model" or an alias')


def _tables(file: ConfigFile, section: str, *, of_tables: bool = True) -> dict[str, Any]:
    value = file.tables.get(section, {})
    if not isinstance(value, dict) or (of_tables and not all(isinstance(table, dict) for table in value.values())):
        raise ConfigError(f"{file.where(section)}: {section} holds tables, such as [{section}.NAME]")
    return value


def _known(file: ConfigFile, path: tuple[str, ...], table: Mapping[str, Any], known: frozenset[str]) -> None:
    for key in table:
        if key not in known:
            found = nearest(key, known, limit=1)
            hint = suggestion(found) or f"; known are {', '.join(sorted(known))}"
            raise ConfigError(f"{file.where(*path, key)}: unknown key {key!r}{hint}")
