"""A data directory's ``openaicompat-providers.yaml`` and ``config.toml``: a chat command line's files, read as they are.

Later ones win: the defaults of ``provider_lists.toml``, the YAML file, the TOML file; a variable of the environment fills a key
that none of them really holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os.path import dirname, expanduser, isdir, isfile, join
from typing import Any

from msgspec import Struct

from turnout.auth.secrets import Secret, is_placeholder
from turnout.catalog.read import Catalog
from turnout.config import Config, ConfigFile
from turnout.config.files import user_folder
from turnout.config.trust import is_loopback
from turnout.config.yaml_file import read_text, yaml_reader
from turnout.discovery.known import KnownProvider, KnownProviders, known_provider
from turnout.discovery.tables import Table, merge_tables, provider_fields
from turnout.errors import ConfigError, MissingExtra

YAML_FILE = "openaicompat-providers.yaml"
TOML_FILE = "config.toml"
DEFAULTS = join(dirname(__file__), "provider_lists.toml")
KIND = "provider list"  # what messages call either file

_UNREAD = "Error loading provider config"
_EARLIER_FOLDER = "~/.llm_chat_cli"  # where the chat command line keeps them
_SETTINGS = {"model": str, "system_prompt": str, "sassy": bool, "stream": bool}


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
    home = environ.get("HOME")
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
    layers: list[tuple[str, Table]] = []
    yaml_path, toml_path = join(folder, YAML_FILE), join(folder, TOML_FILE)
    if isfile(yaml_path):
        try:
            layers.append((yaml_path, read_yaml(yaml_path)))
        except ConfigError as error:
            if isinstance(error, MissingExtra) and not lenient:
                raise
            notes.append(f"{_UNREAD}: {error}")
    settings = ChatSettings()
    if isfile(toml_path):
        table = _read_toml(toml_path)
        settings = _settings(table, toml_path)
        model = {"model": settings.model} if settings.model else {}
        layers.append((toml_path, {"providers": _toml_providers(table, toml_path), **model}))
    else:
        notes.append(f"WARNING: no config file found at {toml_path}.")
    merged = merge_tables({}, _read_toml(DEFAULTS))
    for path, table in layers:
        for id, entry in _providers(table, path).items():
            provider_fields(id, entry, path)  # so that a wrong type is told with its file
        merged = merge_tables(merged, {"providers": _providers(table, path)})
    known = [_keyed(id, entry, folder, environ, notes) for id, entry in merged["providers"].items()]
    lists = KnownProviders(known)
    return ProviderLists(
        folder=folder,
        known=lists,
        settings=settings,
        files=_as_files(layers, lists, catalog or Catalog()),
        short_names=_short_names(lists) if layers else {},
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
    if folder is None or not (isfile(join(folder, YAML_FILE)) or isfile(join(folder, TOML_FILE))):
        return None
    lists = read_lists(folder, environ, lenient=True)
    if errors := [note for note in lists.notes if note.startswith(_UNREAD)]:
        import logging

        logging.getLogger("turnout").warning("\n".join(errors))
    return lists


def read_yaml(path: str) -> Table:
    """The whole file as plain values. Raises ConfigError for what is no YAML or no table, MissingExtra without ruamel.yaml."""
    text = read_text(path)
    loaded = yaml_reader("safe").load(text) if text.strip() else None
    if loaded is not None and not isinstance(loaded, dict):
        raise ConfigError(f"{path}: expected a table with 'providers', not {type(loaded).__name__}")
    return loaded or {}


def _read_toml(path: str) -> Table:
    import tomllib  # 5 ms; most machines have no such file

    try:
        return tomllib.loads(read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"Error loading config file: {path}: {error}") from error


def _settings(table: Table, path: str) -> ChatSettings:
    """From the top of the file, or from its [default], which is how the documentation writes it."""
    default = table.get("default")
    said = {**(default if isinstance(default, dict) else {}), **{name: table[name] for name in _SETTINGS if name in table}}
    for name, kind in _SETTINGS.items():
        if name in said and not isinstance(said[name], kind):
            wanted = "a text" if kind is str else "true or false"
            raise ConfigError(f"Error loading config file: {path}: {name} is {wanted}")
    return ChatSettings(**{name: said[name] for name in _SETTINGS if name in said})


def _toml_providers(table: Table, path: str) -> Table:
    """[providers.openai], which the program wrote, and [openai], which its documentation shows; the first where both stand."""
    bare = {id: entry for id, entry in table.items() if isinstance(entry, dict) and id not in ("default", "providers")}
    return merge_tables(_lower(bare), _providers(table, path))


def _providers(table: Table, path: str) -> Table:
    providers = table.get("providers")
    if providers is not None and not isinstance(providers, dict):
        raise ConfigError(f"{path}: providers holds tables, one for each provider")
    return _lower(providers or {})


def _lower(providers: Mapping[Any, Any]) -> Table:
    return {str(id).lower(): entry for id, entry in providers.items()}


def _keyed(id: str, entry: Any, folder: str, environ: Mapping[str, str], notes: list[str]) -> KnownProvider:
    known = known_provider(id, entry, folder)
    if known.api_key is not None:
        return known
    variable = key_variable(id)
    if is_placeholder(environ.get(variable, "")):
        return known
    notes.append(f"Using API key from environment variable {variable} for provider {id}")
    return known_provider(id, {**entry, "api_key": None}, folder).keyed(Secret.of(environ[variable], variable))


def key_variable(id: str) -> str:
    """OPENAI_API_KEY for "openai"."""
    return "".join(character if character.isalnum() else "_" for character in id).upper() + "_API_KEY"


def _as_files(layers: Iterable[tuple[str, Table]], known: KnownProviders, catalog: Catalog) -> tuple[ConfigFile, ...]:
    """The layers in the shape of turnout.toml, the weaker first. What the catalog says as well is left to it."""
    aliases = catalog.aliases
    files: list[ConfigFile] = []
    for path, table in layers:
        tables: Table = {}
        models: Table = {}
        for id, entry in _providers(table, path).items():
            fields = provider_fields(id, entry, path)
            canonical = aliases.get(id, id)
            built_in = catalog.provider(canonical) if catalog.has(canonical) else None
            shaped: Table = {name: fields[name] for name in ("name", "api_key") if name in fields}
            url = known[id].base_api_url
            if url and (built_in is None or url.rstrip("/") != built_in.base_url.rstrip("/")):
                shaped |= {"base_url": url, "wire": known[id].wire, "auth": "bearer"}
                if is_loopback(url):
                    shaped["key_required"] = False  # a server of this machine may want none
            variables = built_in.key_env if built_in is not None else ()
            if key_variable(id) not in variables:
                shaped["key_env"] = [key_variable(id), *variables]
            tables[id] = shaped
            models |= {f"{id}/{long}": {} for long in known[id].available if long in fields.get("valid_models", ())}
        model = {"model": table["model"]} if path.endswith(TOML_FILE) and "model" in table else {}
        files.append(ConfigFile(KIND, path, {"providers": tables, "models": models, **model}))
    return tuple(files)


def _short_names(known: KnownProviders) -> dict[str, str]:
    """Short names, alone and behind their provider's -> "provider/model"; of two the first, and a long name is only itself."""
    named: dict[str, str] = {}
    for id, (long, short) in known.merged_models():
        if short and short not in known[id].valid_models:
            named.setdefault(f"{id}/{short}", f"{id}/{long}")
            if "/" not in short:
                named.setdefault(short, f"{id}/{long}")
    return named
