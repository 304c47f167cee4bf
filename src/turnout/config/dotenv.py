"""Files of variables (``.env``), read only when asked for. Strict: a line that could mean two things is refused, with its number.

    export NAME=value          # "export" is passed over, and so is a comment behind a space
    NAME='as it is'            # nothing inside means anything
    NAME="a\\tb \\"c\\" \\\\ \\$"   # \\n \\r \\t \\" \\\\ \\$ and no other escape

One variable a line: a value over several lines, a reference to another variable (``${NAME}``) and a line without "=" are refused.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from os import PathLike, fspath
from os.path import abspath, expanduser, isfile
from typing import cast

from turnout.config import Config
from turnout.config.keys import beside
from turnout.config.trust import unheard
from turnout.errors import ConfigError

EnvFile = str | PathLike[str] | bool  # a path, or True for the one that the environment names, else ./.env
_MOST_BYTES = 1 << 20
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$"}


class Variables(dict[str, str]):
    """What a file sets. ``lines``: where in ``path`` each variable stands."""

    def __init__(self, path: str, found: Mapping[str, tuple[str, int]]) -> None:
        super().__init__({name: value for name, (value, _) in found.items()})
        self.path = path
        self.lines = {name: line for name, (_, line) in found.items()}

    def where(self, name: str) -> str:
        return f"{self.path}:{self.lines[name]}"

    def __repr__(self) -> str:  # the values may be keys
        return f"Variables({self.path!r}, {sorted(self)})"


def read_variables(path: str) -> Variables:
    """Raises ConfigError, with the line and never with a value, for what cannot be read."""
    try:
        with open(path, "rb") as opened:
            content = opened.read(_MOST_BYTES + 1)
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: this is no UTF-8 text: {error.reason} at byte {error.start}") from None
    if len(content) > _MOST_BYTES:
        raise ConfigError(f"{path}: more than {_MOST_BYTES} bytes are no file of variables")
    return Variables(path, parse(text, path))


def parse(text: str, path: str) -> dict[str, tuple[str, int]]:
    """Each variable's value and line, the last of two. ``path`` is named in the ConfigError for a line that is none."""
    found: dict[str, tuple[str, int]] = {}
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        line = line.strip(" \t")
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        words = name.split()
        if len(words) == 2 and words[0] == "export":
            words = words[1:]
        if not equals or len(words) != 1 or not words[0].isidentifier() or not words[0].isascii():
            raise ConfigError(f"{path}:{number}: expected NAME=value, with a name of letters, digits and _")
        value, problem = _value(value.strip(" \t"))
        if problem:
            raise ConfigError(f"{path}:{number}: the value of {words[0]} {problem}")
        found[words[0]] = (value, number)
    return found


def _value(text: str) -> tuple[str, str]:
    """The value that ``text`` writes, and what is wrong with it."""
    if "\0" in text or "\r" in text:
        return "", "holds a character that no variable can"
    if text.startswith("'"):
        value, closed, rest = text[1:].partition("'")
        return value, _behind(rest) if closed else _UNCLOSED
    if text.startswith('"'):
        return _double_quoted(text)
    for at, character in enumerate(text):
        if character == "#" and (at == 0 or text[at - 1] in " \t"):
            text = text[:at].rstrip(" \t")
            break
    if "${" in text:
        return "", _REFERENCE
    if "'" in text or '"' in text:
        return "", "has a quotation mark inside: put the whole value in quotes of the other kind"
    return text, "ends in a backslash: a value stands on one line" if text.endswith("\\") else ""


def _double_quoted(text: str) -> tuple[str, str]:
    value: list[str] = []
    at = 1
    while at < len(text):
        character = text[at]
        if character == '"':
            return "".join(value), _behind(text[at + 1 :])
        if character == "\\" and at + 1 < len(text):
            at += 1
            if text[at] not in _ESCAPES:
                return "", "has a backslash that escapes nothing: write two, or use single quotes"
            character = _ESCAPES[text[at]]
        elif text.startswith("${", at):
            return "", _REFERENCE
        value.append(character)
        at += 1
    return "", _UNCLOSED


_UNCLOSED = 'has no closing quotation mark on its line: a value stands on one line, with \\n in "..." for a line break'
_REFERENCE = "refers to another variable (${...}): write the value itself, or put it in single quotes"


def _behind(rest: str) -> str:
    rest = rest.strip(" \t")
    return "" if not rest or rest.startswith("#") else "goes on behind its closing quotation mark"


def asked_for(env_file: EnvFile | None, environ: Mapping[str, str]) -> Variables | None:
    """The file that an argument asks for, else TURNOUT_ENV_FILE; None when nobody asks.

    True means the file that TURNOUT_ENV_FILE or ENV_FILE names, else ``.env`` in the current folder, if there is one. Any other
    that is named must be there: raises ConfigError.
    """
    if env_file is False:
        return None
    named = environ.get("TURNOUT_ENV_FILE", "").strip()
    if env_file is True:
        named = named or environ.get("ENV_FILE", "").strip()
        if not named and not isfile(".env"):
            return None
        path = named or ".env"
    elif env_file is not None:
        path = fspath(env_file)
    elif named:
        path = named
    else:
        return None
    return read_variables(abspath(expanduser(path)))


def surroundings(environ: Mapping[str, str], config: Config, env_file: EnvFile | None = None) -> Mapping[str, str]:
    """``environ``, and for what it does not set the file that ``env_file``, TURNOUT_ENV_FILE or ``config`` asks for."""
    variables = asked_for(env_file, environ)
    saying = [file for file in config.files if "env_file" in file.tables]
    if variables is None and env_file is None and saying:
        if not saying[-1].trusted:
            raise unheard(saying[-1].where("env_file"), "env_file", "every provider")
        variables = read_variables(beside(saying[-1].path, saying[-1].tables["env_file"]))
    if variables is None:
        return environ
    from collections import ChainMap  # so that what the environment sets later is seen too

    return ChainMap(cast("MutableMapping[str, str]", environ), variables)  # nothing writes to it


def variables_of(environ: Mapping[str, str]) -> Variables | None:
    """The file of variables that ``surroundings`` laid below the environment."""
    layers = getattr(environ, "maps", ())
    return next((layer for layer in layers if isinstance(layer, Variables)), None)
