"""The keys that ``turnout keys`` keeps: in the platform's store where there is one, else in keys.toml in the user's folder.

keys.toml names every key that is kept, and holds those that no store holds. It is a layer of configuration like the other files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from os.path import join
from pathlib import Path
from typing import Any, Literal

from turnout.config.files import KEYS_FILE, user_folder
from turnout.config.keys import store
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
            _ask_store(lambda: keyring.set_password(SERVICE, id, key), "take the key", "; `--in file` keeps it in a file")
            table, said = {"keyring": [SERVICE, id]}, f"the platform's store, as {SERVICE}/{id}"
        else:
            table, said = {"api_key": key}, f"{path}"
        _providers(document, tomlkit)[id] = table
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
        del document["providers"][id]
        replace_file(path, tomlkit.dumps(document).encode())
        _drop(before, id)
    return True


def _read(path: Path, tomlkit: Any) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        text = _HEAD
    try:
        return tomlkit.parse(text)
    except (ValueError, tomlkit.exceptions.TOMLKitError) as error:
        raise ConfigError(f"{path} is no TOML, so nothing is written to it: {error}") from error


def _providers(document: Any, tomlkit: Any) -> Any:
    if "providers" not in document:
        document["providers"] = tomlkit.table(is_super_table=True)
    return document["providers"]


def _entry(document: Any, id: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = document.get("providers", {}).get(id)
    return dict(found) if found is not None else None


def _drop(entry: dict[str, Any] | None, id: str) -> None:
    """Takes out of the store what ``entry`` says that ``keep`` put there. What a person put there under another name stays."""
    if entry is None or list(entry.get("keyring", ())) != [SERVICE, id]:
        return
    keyring = _keyring(optional=False)
    if keyring.get_password(SERVICE, id) is not None:
        _ask_store(lambda: keyring.delete_password(SERVICE, id), "give the key up")


def _ask_store(ask: Callable[[], object], what: str, instead: str = "") -> None:
    try:
        ask()
    except Exception as error:  # noqa: BLE001 - each store has errors of its own, and they may hold anything
        raise ConfigError(f"the store of keys did not {what}: {type(error).__name__}{instead}") from None


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
