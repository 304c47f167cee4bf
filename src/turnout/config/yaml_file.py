"""YAML read as plain values, or so that it can be written again with its comments; both by ruamel.yaml, imported when needed."""

from __future__ import annotations

from typing import Any

from turnout.errors import ConfigError, MissingExtra

MOST_BYTES = 16 * 1024 * 1024  # the longest list that is known has some hundred kilobytes


def read_text(path: str) -> str:
    """Raises ConfigError for a file that cannot be read, is no UTF-8 or is too long to be a list of providers."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(MOST_BYTES + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    if len(text) > MOST_BYTES:
        raise ConfigError(f"{path}: longer than {MOST_BYTES // 1024 // 1024} MB, which is no list of providers")
    return text


def yaml_reader(kind: str) -> YamlFile:
    """A reader of YAML: "safe" for plain values, "rt" for what keeps comments and order. Raises MissingExtra."""
    try:
        from ruamel.yaml import YAML  # 40 ms and more; only those who have such a file pay it
    except ImportError as error:
        raise MissingExtra("YAML lists of providers need ruamel.yaml: pip install 'turnout[config]'") from error
    return YamlFile(YAML(typ=kind, pure=True))


class YamlFile:
    """ruamel.yaml, whose errors become ours, and which writes as it read: quotes, indentation, long lines."""

    def __init__(self, yaml: Any) -> None:
        self._yaml = yaml
        self._yaml.preserve_quotes = True
        self._yaml.width = 4096  # names and addresses stay on their line

    def load(self, text: str) -> Any:
        from ruamel.yaml.error import YAMLError

        self._yaml.indent(**_indentation(text))
        try:
            return self._yaml.load(text)
        except (YAMLError, ValueError, RecursionError) as error:
            # without the line itself, which may hold a key
            mark = getattr(error, "problem_mark", None)
            where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
            raise ConfigError(f"not YAML{where}: {getattr(error, 'problem', None) or type(error).__name__}") from None

    def dump(self, value: Any) -> bytes:
        from io import BytesIO

        out = BytesIO()
        self._yaml.dump(value, out)
        return out.getvalue()


def _indentation(text: str) -> dict[str, int]:
    """How far tables and lists are moved in, by the first of each, in the words of ruamel.yaml."""
    mapping, offset, key = 0, 0, None
    for line in text.splitlines():
        bare = line.strip()
        if not bare or bare.startswith("#"):
            continue
        depth = len(line) - len(line.lstrip(" "))
        if key is not None and bare.startswith("- ") and depth >= key:
            offset = depth - key
            break
        if key is not None and depth > key and not mapping:
            mapping = depth - key
        key = depth if bare.endswith(":") else None
    return {"mapping": mapping or 2, "sequence": offset + 2, "offset": offset}
