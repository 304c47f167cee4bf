"""YAML read as plain values, or so that it can be written again with its comments; both by ruamel.yaml, imported when needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from turnout.config.lines import Path as Keys
from turnout.errors import ConfigError, MissingExtra

_DEEPEST = 4  # providers, one of them, its models, one of those
_MOST_LINES = 100_000
MOST_BYTES = 16 * 1024 * 1024  # the longest list that is known has some hundred kilobytes


def read_text(path: str) -> str:
    """Raises ConfigError for a file that cannot be read, is no UTF-8 or is too long to be a list of providers."""
    try:
        with open(path, encoding="utf-8-sig") as file:  # some editors put a mark in front
            text = file.read(MOST_BYTES + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from error
    if len(text) > MOST_BYTES:
        raise ConfigError(f"{path}: longer than {MOST_BYTES // 1024 // 1024} MB, which is no list of providers")
    return text


def with_line_ends_of(path: str, content: bytes) -> bytes:
    """``content``, whose lines end in "\\n", with lines that end as those of the file that is there."""
    try:
        with open(path, "rb") as file:
            first = file.readline(MOST_BYTES)
    except OSError:
        return content
    return content.replace(b"\n", b"\r\n") if first.endswith(b"\r\n") else content


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
        self._yaml.indent(**_indentation(text))
        return self._loaded(lambda: self._yaml.load(text))

    def load_with_lines(self, text: str) -> tuple[Any, dict[Keys, int]]:
        """Of a "safe" reader: the values, and the line of each key of the tables, as ``lines.locate`` gives it."""

        def load() -> tuple[Any, dict[Keys, int]]:
            node = self._yaml.compose(text) if text.strip() else None
            if node is None:
                return None, {}
            lines: dict[Keys, int] = {}
            _locate(node, (), lines)  # before tables are merged, which changes the nodes
            return self._yaml.constructor.construct_document(node), lines

        return self._loaded(load)  # type: ignore[no-any-return]

    def _loaded(self, load: Callable[[], Any]) -> Any:
        from ruamel.yaml.error import YAMLError

        try:
            return load()
        except (YAMLError, ValueError, RecursionError) as error:
            # without the line itself, which may hold a key
            mark = getattr(error, "problem_mark", None)
            where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark is not None else ""
            raise ConfigError(f"not YAML{where}: {_problem(error)}") from None

    def dump(self, value: Any) -> bytes:
        from io import BytesIO

        out = BytesIO()
        self._yaml.dump(value, out)
        return out.getvalue()


def _problem(error: Exception) -> str:
    """What is wrong, up to the first quotation of the file, which may be a key: a sign or the name of a token is none."""
    import re

    said = str(getattr(error, "problem", None) or type(error).__name__)
    told = re.match(r"""(?:[^'"]|'(?:<[a-z ]+>|\\?.)'|"'")*""", said)
    return told[0].rstrip() if told is not None else said


def _locate(node: Any, path: Keys, lines: dict[Keys, int]) -> None:
    """What a table says itself counts before what it has from another (``<<``)."""
    if len(path) == _DEEPEST or not isinstance(node.value, list):
        return
    below: list[Any] = []
    for pair in node.value:
        if not isinstance(pair, tuple) or len(lines) >= _MOST_LINES:
            return
        key, value = pair
        if key.tag == "tag:yaml.org,2002:merge":
            below += value.value if value.id == "sequence" else [value]
        elif isinstance(key.value, str):
            lines.setdefault((*path, key.value), key.start_mark.line + 1)
            _locate(value, (*path, key.value), lines)
    for table in below:
        _locate(table, path, lines)


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
