"""Finds and reads the user's and the project's files."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from decimal import Decimal
from os.path import abspath, basename, dirname, exists, isdir, isfile, join

from msgspec import Struct

from turnout.config import Config, ConfigFile
from turnout.config.checks import Mistake, shape_mistakes
from turnout.config.keys import is_open_to_others
from turnout.config.lines import locate
from turnout.errors import ConfigError

FILE = "turnout.toml"
KEYS_FILE = "keys.toml"  # what `turnout keys` writes


class Place(Struct, frozen=True):
    """Where a file may stand. ``provider``: the id of the one whose own file it is, else ""."""

    kind: str
    path: str
    trusted: bool = True
    provider: str = ""


def read_config(environ: Mapping[str, str], folder: str | None = None) -> Config:
    """The user's files, then those of the project that ``folder`` (default: the current one) belongs to.

    A folder of configuration holds ``turnout.toml`` and ``providers/*.toml``, one provider a file; the user's also ``keys.toml``.
    Under all of them are the provider lists of the data directory. Raises ConfigError with file and line for what cannot be read
    or is not known.
    """
    from turnout.config.provider_lists import default_lists

    lists = default_lists(environ)
    files: list[ConfigFile] = [*lists.files] if lists is not None else []
    for place in places(environ, folder):
        if not isfile(place.path):
            continue
        file = read_file(place)
        if isinstance(file, Mistake):
            raise ConfigError(str(file))
        for found in shape_mistakes(file):
            raise ConfigError(str(found))
        files.append(file)
    return Config(tuple(files), lists.short_names if lists is not None else {})


def places(environ: Mapping[str, str], folder: str | None = None) -> list[Place]:
    """The files that are read, the weaker first, and those that would be if they were there."""
    found: list[Place] = []
    user = user_folder(environ)
    if user is not None:
        found.append(Place("user file", join(user, FILE)))
        found += [Place("user file", path, provider=id) for id, path in _own_files(join(user, "providers"))]
        found.append(Place("keys file", join(user, KEYS_FILE)))
    project = project_folder(folder or _here(), environ)
    if project is not None and project != user:
        trusted = environ.get("TURNOUT_TRUST_PROJECT", "").strip().lower() in ("1", "true", "yes")
        found.append(Place("project file", join(project, FILE), trusted))
        own = _own_files(join(project, ".turnout", "providers"))
        found += [Place("project file", path, trusted, id) for id, path in own]
    return found


def place_of(path: str) -> Place:
    """One file by itself, of a kind that its name and folder say; its reader means it, so it is trusted."""
    path = abspath(path)
    if basename(path) == KEYS_FILE:
        return Place("keys file", path)
    own = basename(dirname(path)) == "providers" and basename(path) != FILE
    return Place("file", path, provider=basename(path).removesuffix(".toml").lower() if own else "")


def _own_files(folder: str) -> list[tuple[str, str]]:
    names = sorted(os.listdir(folder)) if isdir(folder) else []
    return [(name.removesuffix(".toml").lower(), join(folder, name)) for name in names if name.endswith(".toml")]


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


def read_file(place: Place) -> ConfigFile | Mistake:
    """A file as it is, in the shape of turnout.toml; what its keys mean is not looked at yet. A Mistake for what is no TOML."""
    import tomllib  # 5 ms; most machines have no such file

    try:
        with open(place.path, encoding="utf-8-sig") as opened:  # some editors put a mark in front
            if place.kind == "keys file" and is_open_to_others(opened.fileno()):
                return _unread(place, f"it holds keys and others may read it: `chmod 600 {place.path}`")
            text = opened.read()
        tables = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        number = str(error).partition("(at line ")[2].partition(",")[0]
        return _unread(place, str(error), int(number) if number else None)
    except UnicodeDecodeError as error:
        return _unread(place, str(error))
    except OSError as error:
        return _unread(place, error.strerror or str(error))
    lines = locate(text)
    if not place.provider:
        if isinstance(providers := tables.get("providers"), dict):
            tables["providers"] = {id.lower(): table for id, table in providers.items()}
        lines = {(*keys[:1], keys[1].lower(), *keys[2:]) if _in_provider(keys) else keys: line for keys, line in lines.items()}
        return ConfigFile(place.kind, place.path, tables, lines, place.trusted)
    models = tables.pop("models", {})
    if isinstance(models, dict):
        models = {f"{place.provider}/{model}": table for model, table in models.items()}
    shaped = {"providers": {place.provider: tables}, "models": models}
    moved = {_moved(keys, place.provider): line for keys, line in lines.items()}
    return ConfigFile(place.kind, place.path, shaped, moved, place.trusted)


def _unread(place: Place, text: str, line: int | None = None) -> Mistake:
    where = f"{place.kind} {place.path}" + (f":{line}" if line is not None else "")
    return Mistake(where, place.path, line, text)


def _in_provider(keys: tuple[str, ...]) -> bool:
    return len(keys) > 1 and keys[0] == "providers"


def _moved(keys: tuple[str, ...], id: str) -> tuple[str, ...]:
    """Where a key of a provider's own file stands in the shape of turnout.toml."""
    if keys[0] != "models":
        return ("providers", id, *keys)
    return ("models", f"{id}/{keys[1]}", *keys[2:]) if len(keys) > 1 else keys
