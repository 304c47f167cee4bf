"""One file of a data directory, YAML or TOML, as tables of one shape, with the line of each key; and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from os.path import basename, join
from typing import Any

from turnout.auth.secrets import Secret, is_placeholder
from turnout.config import ConfigFile
from turnout.config.checks import Mistake, mistake
from turnout.config.lines import Path as Keys, locate
from turnout.config.yaml_file import read_text, yaml_reader
from turnout.discovery.tables import Table, field_problems, merge_tables
from turnout.errors import ConfigError

YAML_FILE = "openaicompat-providers.yaml"
TOML_FILE = "config.toml"
KIND = "provider list"  # what messages call either file
SETTINGS = {"model": str, "system_prompt": str, "sassy": bool, "stream": bool}


def paths_in(folder: str) -> tuple[str, str]:
    """Where the YAML file and the TOML file would be."""
    return join(folder, YAML_FILE), join(folder, TOML_FILE)


def is_list(path: str) -> bool:
    """Whether a file of this name is read as one of the two."""
    return basename(path) in (YAML_FILE, TOML_FILE)


def read_file(path: str) -> ConfigFile:
    """``tables``: "providers", by id in lower case, and of a TOML file its settings. Which it is, its name says.

    Raises ConfigError for what cannot be read or is no table, MissingExtra for a YAML file without ruamel.yaml.
    """
    if path.endswith(".toml"):
        return _toml_file(path)
    table, lines = _read_yaml(path)
    return ConfigFile(KIND, path, {"providers": _lower(table.get("providers"))}, _lower_lines(lines))


def read_yaml(path: str) -> Table:
    """The whole of a YAML file as plain values. Raises as ``read_file``."""
    return _read_yaml(path)[0]


def _read_yaml(path: str) -> tuple[Table, dict[Keys, int]]:
    loaded, lines = yaml_reader("safe").load_with_lines(read_text(path))
    if loaded is not None and not isinstance(loaded, dict):
        raise ConfigError(f"{path}: expected a table with 'providers', not {type(loaded).__name__}")
    return loaded or {}, lines


def _toml_file(path: str) -> ConfigFile:
    """Each thing from the place where programs wrote it, else from where their documentation shows it: [openai] for
    [providers.openai], [default] for the top.
    """
    import tomllib  # 5 ms; most machines have no such file

    text = read_text(path)
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"Error loading config file: {path}: {error}") from error
    default = table.get("default")
    said = {**(default if isinstance(default, dict) else {}), **table}
    bare = {id: entry for id, entry in table.items() if isinstance(entry, dict) and id not in ("default", "providers")}
    own = _lower(table.get("providers"))
    providers = merge_tables(_lower(bare), own) if isinstance(own, dict) else own
    settings = {name: said[name] for name in SETTINGS if name in said}
    written = locate(text)
    lines = {keys: line for keys, line in written.items() if keys[0] in SETTINGS or keys[0] == "providers"}
    for keys, line in written.items():
        elsewhere = keys[1:] if keys[0] == "default" else ("providers", *keys)
        if elsewhere and (keys[0] == "default" or keys[0] in bare):
            lines.setdefault(elsewhere, line)
    return ConfigFile(KIND, path, {"providers": providers, **settings}, _lower_lines(lines))


def problems(file: ConfigFile) -> Iterator[Mistake]:
    """Every value of the wrong type. A key that we do not know is somebody else's, and no mistake."""
    for name, kind in SETTINGS.items():
        if name in file.tables and not isinstance(file.tables[name], kind):
            yield mistake(file, (name,), f"{name} is {'a text' if kind is str else 'true or false'}")
    if not isinstance(file.tables["providers"], dict):
        yield mistake(file, ("providers",), "providers holds tables, one for each provider")
        return
    for id, entry in file.tables["providers"].items():
        for keys, text in field_problems(id, entry):
            yield mistake(file, ("providers", id, *keys), f"{'.'.join(('providers', id, *keys[:1]))}: {text}")


def unfit(file: ConfigFile) -> Iterator[Mistake]:
    """What can be read, and cannot work when it is used: of a file without ``problems``."""
    for id, entry in file.tables["providers"].items():
        url, key = entry.get("base_api_url"), entry.get("api_key")
        if url and not url.startswith(("https://", "http://")):
            yield mistake(file, ("providers", id, "base_api_url"), "base_api_url should look like https://host/path")
        if key is not None and not is_placeholder(key):
            try:
                Secret.of(key, "api_key")
            except ConfigError as error:
                yield mistake(file, ("providers", id, "api_key"), str(error))


def mistakes_in(path: str) -> list[Mistake]:
    """Everything that is wrong with one file by itself, by line."""
    try:
        file = read_file(path)
    except ConfigError as error:
        return [_unread(path, str(error))]
    return sorted(list(problems(file)) or unfit(file), key=lambda each: each.line or 0)


def _unread(path: str, text: str) -> Mistake:
    text = text.removeprefix("Error loading config file: ").removeprefix(f"{path}: ")
    number = text.partition(" at line ")[2] or text.partition("(at line ")[2]
    digits = number[: len(number) - len(number.lstrip("0123456789"))]
    line = int(digits) if digits else None
    return Mistake(f"{KIND} {path}" + (f":{line}" if line is not None else ""), path, line, text)


def _lower(providers: Any) -> Any:
    """With the ids in lower case, and of one that stands there twice both entries, the later over the earlier.

    Nothing is an empty table; what is no table stays as it is, for ``problems`` to tell.
    """
    if not isinstance(providers, dict):
        return {} if providers is None else providers
    lowered: Table = {}
    for id, entry in providers.items():
        name = str(id).lower()
        under, entry = lowered.get(name), {} if entry is None else entry
        lowered[name] = merge_tables(under, entry) if isinstance(under, dict) and isinstance(entry, dict) else entry
    return lowered


def _lower_lines(lines: Mapping[Keys, int]) -> dict[Keys, int]:
    return {
        (*keys[:1], keys[1].lower(), *keys[2:]) if keys[0] == "providers" and keys[1:] else keys: at for keys, at in lines.items()
    }
