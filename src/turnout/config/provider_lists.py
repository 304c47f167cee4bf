"""A data directory's ``openaicompat-providers.yaml`` and ``config.toml``: a chat command line's files, read as they are.

Later ones win: the defaults of ``provider_lists.toml``, the YAML file, the TOML file; a variable of the environment fills a key
that none of them really holds.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from os.path import dirname, expanduser, isdir, isfile, join
from typing import Any

from msgspec import Struct

from turnout.auth.secrets import Secret, is_placeholder
from turnout.catalog.names import in_capitals
from turnout.catalog.read import Catalog
from turnout.config import Config, ConfigFile
from turnout.config.files import user_folder
from turnout.config.lines import Path as Keys
from turnout.config.list_files import (
    KIND,
    SETTINGS,
    TOML_FILE as TOML_FILE,
    YAML_FILE as YAML_FILE,
    paths_in,
    problems,
    read_file,
    read_yaml as read_yaml,
)
from turnout.config.trust import is_loopback
from turnout.discovery.known import KnownProvider, KnownProviders, known_provider
from turnout.discovery.tables import Table, merge_tables, provider_fields
from turnout.errors import ConfigError, MissingExtra

DEFAULTS = join(dirname(__file__), "provider_lists.toml")

_UNREAD = "Error loading provider config"
_EARLIER_FOLDER = "~/.llm_chat_cli"  # where the chat command line keeps them


class ChatSettings(Struct, frozen=True, kw_only=True):
    """What ``config.toml`` says beside its providers. None: it does not say."""

    model: str | None = None
    system_prompt: str | None = None
    sassy: bool | None = None
    stream: bool | None = None


class ProviderLists(Struct, frozen=True, kw_only=True):
    """What the files of ``folder`` say. ``files`` is the same as layers of configuration; ``notes`` are for stderr."""

    folder: str
    known: KnownProviders
    settings: ChatSettings = ChatSettings()
    files: tuple[ConfigFile, ...] = ()
    short_names: dict[str, str] = {}
    notes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Without ``files``, which hold keys."""
        return f"ProviderLists({self.folder}, {', '.join(self.known) or 'no providers'})"


def data_folder(environ: Mapping[str, str], chosen: str | None = None) -> str | None:
    """``chosen``, else TURNOUT_DATA_DIR, else the chat command line's own if there is one, else the folder of turnout.toml."""
    if chosen or (chosen := environ.get("TURNOUT_DATA_DIR")):
        return expanduser(chosen)
    home = environ.get("USERPROFILE" if sys.platform == "win32" else "HOME")
    earlier = _EARLIER_FOLDER.replace("~", home) if home else ""
    return earlier if earlier and isdir(earlier) else user_folder(environ)


def read_lists(
    folder: str, environ: Mapping[str, str], catalog: Catalog | None = None, *, lenient: bool = False
) -> ProviderLists:
    """The lists as they hold here. A YAML file that cannot be read is a note, and the rest goes on.

    Raises ConfigError for a TOML file that cannot be read, and for a value of the wrong type in either; MissingExtra for a YAML
    file where ruamel.yaml is not installed, but for ``lenient``, to which that is a note as well.
    """
    notes: list[str] = []
    files: list[ConfigFile] = []
    yaml_path, toml_path = paths_in(folder)
    if isfile(yaml_path):
        try:
            files.append(read_file(yaml_path))
        except ConfigError as error:
            if isinstance(error, MissingExtra) and not lenient:
                raise
            notes.append(f"{_UNREAD}: {error}")
    if isfile(toml_path):
        files.append(read_file(toml_path))
    else:
        notes.append(f"WARNING: no config file found at {toml_path}.")
    return lists_of(folder, files, environ, catalog, notes)


def lists_of(
    folder: str,
    files: Sequence[ConfigFile],
    environ: Mapping[str, str],
    catalog: Catalog | None = None,
    notes: Sequence[str] = (),
) -> ProviderLists:
    """What ``files``, the weaker first, come to. Raises ConfigError for a value of the wrong type."""
    notes = list(notes)
    settings: Table = {}
    merged = read_file(DEFAULTS).tables
    for file in files:
        for wrong in problems(file):
            raise ConfigError(str(wrong))
        merged = merge_tables(merged, {"providers": file.tables["providers"]})
        settings |= {name: file.tables[name] for name in SETTINGS if name in file.tables}
    known = [_keyed(id, entry, folder, environ, notes) for id, entry in merged["providers"].items()]
    lists = KnownProviders(known)
    return ProviderLists(
        folder=folder,
        known=lists,
        settings=ChatSettings(**settings),
        files=tuple(_as_file(file, lists, catalog or Catalog()) for file in files),
        short_names=_short_names(lists) if files else {},
        notes=tuple(notes),
    )


def with_lists(config: Config, lists: ProviderLists) -> Config:
    """``config`` with these lists, and no other, under everything that it says."""
    return Config((*lists.files, *(file for file in config.files if file.kind != KIND)), lists.short_names)


def default_lists(environ: Mapping[str, str]) -> ProviderLists | None:
    """Those of this machine's data directory; None where it has no such file. What cannot be read is logged.

    A YAML file without ruamel.yaml to read it is no reason that nothing works: it is left out, and that is logged too.
    """
    folder = data_folder(environ)
    if folder is None or not any(isfile(path) for path in paths_in(folder)):
        return None
    lists = read_lists(folder, environ, lenient=True)
    if errors := [note for note in lists.notes if note.startswith(_UNREAD)]:
        import logging

        logging.getLogger("turnout").warning("\n".join(errors))
    return lists


def _keyed(id: str, entry: Any, folder: str, environ: Mapping[str, str], notes: list[str]) -> KnownProvider:
    known = known_provider(id, entry, folder)
    if known.api_key is not None:
        return known
    variable = key_variable(id)
    if is_placeholder(environ.get(variable, "")):
        return known
    try:
        key = Secret.of(environ[variable], variable)
    except ConfigError as error:  # who asks this provider is told so again; the others can be called
        notes.append(str(error))
        return known
    notes.append(f"Using API key from environment variable {variable} for provider {id}")
    return known.keyed(key)


def key_variable(id: str) -> str:
    """OPENAI_API_KEY for "openai"."""
    return f"{in_capitals(id)}_API_KEY"


def _as_file(file: ConfigFile, known: KnownProviders, catalog: Catalog) -> ConfigFile:
    """``file`` in the shape of turnout.toml. What the catalog says as well is left to it."""
    tables: Table = {}
    models: Table = {}
    for id, entry in file.tables["providers"].items():
        fields = provider_fields(id, entry, file.path)
        canonical = catalog.aliases.get(id, id)
        built_in = catalog.provider(canonical) if catalog.has(canonical) else None
        shaped: Table = {name: fields[name] for name in ("name", "api_key") if name in fields}
        url = known[id].base_api_url
        if built_in is None:
            shaped |= {"wire": known[id].wire, "auth": "bearer"}
        if url and (built_in is None or url.rstrip("/") != built_in.base_url.rstrip("/")):
            shaped |= {"base_url": url, "wire": known[id].wire, "auth": "bearer"}
            if is_loopback(url):
                shaped["key_required"] = False  # a server of this machine may want none
        variables = built_in.key_env if built_in is not None else ()
        if key_variable(id) not in variables:
            shaped["key_env"] = [key_variable(id), *variables]
        tables[id] = shaped
        models |= {f"{id}/{long}": {} for long in known[id].available if long in fields.get("valid_models", ())}
    model = {"model": file.tables["model"]} if file.tables.get("model") else {}
    lines = {_shaped(keys): line for keys, line in file.lines.items()}
    return ConfigFile(KIND, file.path, {"providers": tables, "models": models, **model}, lines)


def _shaped(keys: Keys) -> Keys:
    """Where a key of a list stands in the shape of turnout.toml."""
    match keys:
        case ("providers", id, "base_api_url"):
            return ("providers", id, "base_url")
        case ("providers", id, "valid_models", long):
            return ("models", f"{id}/{long}")
        case _:
            return keys


def _short_names(known: KnownProviders) -> dict[str, str]:
    """Short names, alone and behind their provider's -> "provider/model"; of two the first, and a long name is only itself."""
    named: dict[str, str] = {}
    for id, (long, short) in known.merged_models():
        if short and short not in known[id].valid_models:
            named.setdefault(f"{id}/{short}", f"{id}/{long}")
            if "/" not in short:
                named.setdefault(short, f"{id}/{long}")
    return named
