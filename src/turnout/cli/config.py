"""``turnout config``: what is set and where, what is wrong with it, and what could be set."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from turnout.config import Config
    from turnout.config.checks import Mistake
    from turnout.config.files import Place

EXAMPLES = """
turnout config show                     # every setting in effect, with the file and line or the variable that made it
turnout config show groq                # every field of one provider
turnout config validate                 # every mistake, with its line; exits 3 if there is one
turnout config validate ./turnout.toml
turnout config schema > turnout.schema.json
${EDITOR:-vi} "$(turnout config path --user)"
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from turnout.cli.commands import Parser

    actions = parser.add_subparsers(dest="action", required=True, metavar="show|validate|schema|path", parser_class=Parser)
    show = actions.add_parser("show", description="Print what is in effect and where it was set. Keys are masked.")
    show.add_argument("provider", nargs="*", help="only these providers, with every field of theirs")
    show.add_argument("--all", action="store_true", help="every field of every provider")
    show.add_argument("--json", action="store_true", help="print a JSON array, one setting a line")
    validate = actions.add_parser("validate", description="Name every mistake with its line. Exits 3 if there is one.")
    validate.add_argument("file", nargs="?", metavar="FILE", help="this file alone, not those that are in effect")
    validate.add_argument("--json", action="store_true", help="print a JSON array, one mistake a line")
    actions.add_parser("schema", description="Print a JSON Schema of turnout.toml, for editors.")
    path = actions.add_parser("path", description="Print which files are read, the weaker first.")
    path.add_argument("--user", action="store_true", help="only the path of your own turnout.toml")


def run(options: argparse.Namespace) -> int:
    return {"show": _show, "validate": _validate, "schema": _schema, "path": _path}[options.action](options)


def _show(options: argparse.Namespace) -> int:
    from turnout.cli.settings import settings
    from turnout.cli.table import write_json, write_table
    from turnout.registry import Registry

    registry = Registry()
    ids = [registry.provider(name).id for name in options.provider]
    rows = list(settings(registry, ids, everything=options.all))
    if options.json:
        write_json(rows, sys.stdout)
    else:
        write_table(("SETTING", "VALUE", "SET IN"), [(row.name, _text(row.value), row.source) for row in rows], sys.stdout)
    return 0


def _text(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, str):
        return value
    import msgspec

    return msgspec.json.Encoder(decimal_format="number", order="deterministic").encode(value).decode()


def _validate(options: argparse.Namespace) -> int:
    from turnout.cli.failures import MISCONFIGURED, say
    from turnout.cli.table import write_json

    files, found = _mistakes(options.file)
    if options.json:
        rows = [{"path": each.path, "line": each.line, "text": each.text, "nearest": each.nearest} for each in found]
        write_json(rows, sys.stdout)
    else:
        for each in found:
            sys.stdout.write(
                f"{each.path}:{each.line}: {each.text}\n" if each.line is not None else f"{each.path}: {each.text}\n"
            )
    files_read = f"{files} file{'' if files == 1 else 's'}"
    say(f"turnout: {len(found)} wrong in {files_read}" if found else f"turnout: nothing wrong in {files_read}")
    return MISCONFIGURED if found else 0


def _mistakes(path: str | None) -> tuple[int, list[Mistake]]:
    """How many files were read, and everything that is wrong with them."""
    from turnout.config import Config
    from turnout.config.checks import Mistake
    from turnout.config.files import place_of, places, read_file
    from turnout.config.list_files import is_list, mistakes_in
    from turnout.config.validation import written_mistakes
    from turnout.registry import Registry

    if path is not None:
        lists, chosen = ([path], []) if is_list(path) else ([], [place_of(path)])
    else:
        lists = _lists()
        chosen = [place for place in places(os.environ) if os.path.isfile(place.path)]
    read = [read_file(place) for place in chosen]
    found = [each for listed in lists for each in mistakes_in(listed)]
    found += [each for each in read if isinstance(each, Mistake)]
    config = Config(tuple(each for each in read if not isinstance(each, Mistake)))
    if found:  # what a name means is not known while a file that may say so is not read
        return len(lists) + len(read), [*found, *written_mistakes(config)]
    return len(lists) + len(read), Registry(config=_with_lists(config, lists)).mistakes()


def _lists() -> list[str]:
    """The provider lists that are read, the weaker first."""
    from turnout.config.list_files import paths_in
    from turnout.config.provider_lists import data_folder

    folder = data_folder(os.environ)
    return [path for path in paths_in(folder) if os.path.isfile(path)] if folder is not None else []


def _with_lists(config: Config, paths: list[str]) -> Config:
    from turnout.config.list_files import read_file
    from turnout.config.provider_lists import lists_of, with_lists

    if not paths:
        return config
    return with_lists(config, lists_of(os.path.dirname(paths[0]), [read_file(path) for path in paths], os.environ))


def _schema(options: argparse.Namespace) -> int:
    import msgspec

    from turnout.config.schema import json_schema

    sys.stdout.write(msgspec.json.format(msgspec.json.encode(json_schema())).decode() + "\n")
    return 0


def _path(options: argparse.Namespace) -> int:
    from turnout.cli.table import write_table
    from turnout.config.files import places
    from turnout.config.list_files import KIND
    from turnout.errors import ConfigError

    found = places(os.environ)
    if options.user:
        if not found or found[0].kind != "user file":
            raise ConfigError("there is no folder for your settings: set HOME or TURNOUT_CONFIG_DIR")
        sys.stdout.write(f"{found[0].path}\n")
        return 0
    rows = [(KIND, path, "read") for path in _lists()]
    rows += [(place.kind, place.path, _state(place)) for place in found]
    write_table(("KIND", "PATH", "STATE"), rows, sys.stdout)
    return 0


def _state(place: Place) -> str:
    if not os.path.isfile(place.path):
        return "not there"
    return "read" if place.trusted else "read, not trusted"
