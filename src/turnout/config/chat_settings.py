"""Writes a data directory's ``config.toml``: what it says to chat with, each setting under a comment."""

from __future__ import annotations

from os.path import isfile, join
from pathlib import Path
from typing import Any

from turnout.config.provider_lists import TOML_FILE, ChatSettings
from turnout.config.provider_lists_writing import LOCK_SECONDS
from turnout.config.writing import locked, replace_file
from turnout.config.yaml_file import read_text, with_line_ends_of
from turnout.errors import ConfigError, MissingExtra

# In the order in which a new file has them.
_COMMENTS = {"model": "Model Name", "system_prompt": "Default System Prompt", "sassy": "Sassy Mode", "stream": "Stream Mode"}
FIRST = ChatSettings(model="openai/4.1-mini", system_prompt="You are a helpful assistant.", sassy=False, stream=True)


def save_settings(folder: str, settings: ChatSettings) -> str:
    """Sets what ``settings`` says and returns the file's path. The rest stays, comments and all; 0600, the old one as .bak.

    Raises ConfigError for a file that is not TOML, which is left alone, or cannot be written; MissingExtra without tomlkit.
    """
    try:
        import tomlkit  # 30 ms
        from tomlkit.exceptions import TOMLKitError
    except ImportError as error:
        raise MissingExtra("writing config.toml needs tomlkit: pip install 'turnout[config]'") from error
    path = Path(join(folder, TOML_FILE))
    said = {name: value for name in _COMMENTS if (value := getattr(settings, name)) is not None}
    try:
        with locked(path, LOCK_SECONDS):
            text = read_text(str(path)) if isfile(path) else ""
            try:
                document: Any = tomlkit.parse(text)
            except (TOMLKitError, ValueError) as error:
                raise ConfigError(f"Error loading config file: {path}: {error}") from error
            default = document.get("default")
            new = {}
            for name, value in said.items():
                home = default if name not in document and isinstance(default, dict) and name in default else document
                if name in home:
                    home[name] = value
                else:
                    new[name] = value
            written = tomlkit.dumps(document)
            head = "".join(f"# {_COMMENTS[name]}\n{name} = {tomlkit.item(value).as_string()}\n" for name, value in new.items())
            # before all else: behind a table's header a setting would belong to that table
            content = with_line_ends_of(str(path), f"{head}{written}".encode())
            replace_file(path, content, mode=0o600, backup=True)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror or error}") from error
    return str(path)
