"""The keys that ``turnout keys`` keeps: in the platform's store where there is one, else in keys.toml in the user's folder.

keys.toml names every key that is kept, and holds those that no store holds. It is a layer of configuration like the other files.
"""

from __future__ import annotations

from collections.abc import Mapping
from os.path import join
from pathlib import Path
from typing import Any, Literal

from turnout.config.files import KEYS_FILE, user_folder
from turnout.config.keys import ask_store, store
from turnout.config.writing import locked, replace_file
from turnout.errors import ConfigError, MissingExtra

SERVICE = "turnout"  # in the platform's store; the user name there is the provider's id
_HEAD = "# Keys that `turnout keys` keeps. Nobody else may read this file.\n"
_LOCK_SECONDS = 10.0

Keeping = Literal["auto", "keyring", "file"]


def keys_path(environ: Mapping[str, str]) -> Path:
    """Raises ConfigError where there is no folder for a user's settings."""
    folder = user_folder(environ)
    if folder is None:
        raise ConfigError("there is no folder to keep keys in: set HOME or TURNOUT_CONFIG_DIR")
    return Path(join(folder, KEYS_FILE))


def keep(environ: Mapping[str, str], id: str, key: str, where: Keeping = "auto") -> str:
    """Keeps ``key`` for the provider ``id`` in place of what was kept; says where, in words. Raises ConfigError or OSError."""
    tomlkit = _tomlkit()
    keyring = None if where == "file" else _keyring(optional=where == "auto")
    path = keys_path(environ)
    with locked(path, _LOCK_SECONDS):
        document = _read(path, tomlkit)
        before = _entry(document, id)
        table: dict[str, Any]
        if keyring is not None:
            instead = "; `--in file` keeps it in a file"
            ask_store(lambda: keyring.set_password(SERVICE, id, key), "did not take the key", instead)
            table, said = {"keyring": [SERVICE, id]}, f"the platform's store, as {SERVICE}/{id}"
        else:
            table, said = {"api_key": key}, f"{path}"
        providers = _providers(document, tomlkit)
        providers[_name(providers, id) or id] = table
        replace_file(path, tomlkit.dumps(document).encode())
        if keyring is None:
            _drop(before, id)
    return said


def forget(environ: Mapping[str, str], id: str) -> bool:
    """Forgets the key of the provider ``id``; False if none was kept. Raises ConfigError or OSError."""
    tomlkit = _tomlkit()
    path = keys_path(environ)
    with locked(path, _LOCK_SECONDS):
        document = _read(path, tomlkit)
        before = _entry(document, id)
        if before is None:
            return False
        _drop(before, id)  # first: while the file names it, it can be forgotten once more
        del document["providers"][_name(document["providers"], id)]
        replace_file(path, tomlkit.dumps(document).encode())
    return True


def _read(path: Path, tomlkit: Any) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        text = _HEAD
    try:
        document = tomlkit.parse(text)
    except (ValueError, tomlkit.exceptions.TOMLKitError) as error:
        raise ConfigError(f"{path} is no TOML, so nothing is written to it: {error}") from error
    providers = document.get("providers", {})
    if not isinstance(providers, dict) or not all(isinstance(entry, dict) for entry in providers.values()):
        raise ConfigError(f"{path}: providers holds tables, such as [providers.NAME], so nothing is written to it")
    return document


def _providers(document: Any, tomlkit: Any) -> Any:
    if "providers" not in document:
        document["providers"] = tomlkit.table(is_super_table=True)
    return document["providers"]


def _entry(document: Any, id: str) -> dict[str, Any] | None:
    providers = document.get("providers", {})
    name = _name(providers, id)
    return dict(providers[name]) if name is not None else None


def _name(providers: Mapping[str, Any], id: str) -> str | None:
    """How the file calls the provider ``id``: a person may have written it in any case."""
    return next((name for name in providers if name.lower() == id), None)


def _drop(entry: dict[str, Any] | None, id: str) -> None:
    """Takes out of the store what ``entry`` says that ``keep`` put there. What a person put there under another name stays."""
    if entry is None or list(entry.get("keyring", ())) != [SERVICE, id]:
        return
    keyring = _keyring(optional=False)

    def give_up() -> None:
        if keyring.get_password(SERVICE, id) is not None:
            keyring.delete_password(SERVICE, id)

    ask_store(give_up, "did not give the key up")


def _keyring(*, optional: bool) -> Any:
    try:
        found = store()
    except MissingExtra:
        if optional:
            return None
        raise
    if found is None and not optional:
        raise ConfigError("this machine has no store of keys that Turnout can reach; `--in file` keeps the key in a file")
    return found


def _tomlkit() -> Any:
    try:
        import tomlkit
        import tomlkit.exceptions
    except ImportError:
        raise MissingExtra("writing files of configuration needs tomlkit: pip install 'turnout[config]'") from None
    return tomlkit
