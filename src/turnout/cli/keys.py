"""``turnout keys``: keeps keys where other people and programs of this machine cannot read them."""

from __future__ import annotations

import argparse
import os
import sys

EXAMPLES = """
turnout keys set groq                        # asks for the key without showing it
pass show groq | turnout keys set groq       # or reads it from a pipe
turnout keys set groq --in file              # not in the platform's store
turnout keys list                            # which key each provider would get, and from where
turnout keys remove groq
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from turnout.cli.commands import Parser

    actions = parser.add_subparsers(dest="action", required=True, metavar="set|list|remove", parser_class=Parser)
    put = actions.add_parser("set", description="Keep a key, asked for on the terminal or read from stdin.")
    put.add_argument("provider", help="its id or another name of it")
    put.add_argument("more", nargs="*", help=argparse.SUPPRESS)
    put.add_argument(
        "--in",
        dest="where",
        choices=("auto", "keyring", "file"),
        default="auto",
        help="keyring: the platform's store; file: keys.toml in your folder; auto: the store if there is one",
    )
    shown = actions.add_parser("list", description="List the providers that have a key, with where it comes from.")
    shown.add_argument("--json", action="store_true", help="print a JSON array, one provider a line")
    gone = actions.add_parser("remove", description="Forget a key that `turnout keys set` kept.")
    gone.add_argument("provider", help="its id or another name of it")


def run(options: argparse.Namespace) -> int:
    if options.action == "list":
        return _list(options)
    from turnout.registry import Registry

    id = Registry().provider(options.provider).id
    return _set(id, options) if options.action == "set" else _remove(id)


def _set(id: str, options: argparse.Namespace) -> int:
    from turnout.auth.secrets import Secret, checked
    from turnout.cli.failures import WrongUsage, say
    from turnout.config.kept_keys import keep
    from turnout.errors import MissingKey
    from turnout.registry import Registry

    if options.more:
        raise WrongUsage("a key is never an argument, which everybody here could read: type it when asked, or pipe it in")
    value = _typed(id)
    if (problem := checked(value)) is not None:
        raise MissingKey(f"what was given for {id} {problem}: nothing is kept")
    where = keep(os.environ, id, Secret.of(value, "what was given").reveal(), options.where)
    say(f"turnout: the key of {id} is kept in {where}")
    used = Registry().key(id)
    if used is not None and not any(kind in used.source for kind in ("keys file", "keyring turnout/")):
        say(f"turnout: calls will still use the key from {used.source}, which counts for more")
    return 0


def _typed(id: str) -> str:
    """What a person types unseen, or the first line of stdin."""
    from turnout.cli.terminal import is_terminal

    if not is_terminal(sys.stdin):
        return sys.stdin.readline()
    from getpass import getpass

    return getpass(f"Key of {id} (not shown): ")


def _remove(id: str) -> int:
    from turnout.cli.failures import FAILED, say
    from turnout.config.kept_keys import forget

    if not forget(os.environ, id):
        say(f"turnout: no key of {id} is kept; `turnout keys list` says which come from where")
        return FAILED
    say(f"turnout: the key of {id} is forgotten")
    return 0


def _list(options: argparse.Namespace) -> int:
    from turnout.cli.failures import FAILED, say
    from turnout.cli.settings import key_shown
    from turnout.cli.table import write_json, write_table
    from turnout.registry import Registry

    registry = Registry()
    rows = [(id, *key_shown(registry, id)) for id in registry.provider_ids()]
    found = [(id, shown, source) for id, shown, source in rows if source]
    if options.json:
        write_json([{"provider": id, "key": shown, "source": source} for id, shown, source in found], sys.stdout)
    else:
        write_table(("PROVIDER", "KEY", "FROM"), found, sys.stdout)
    if not found:
        say("turnout: no provider has a key; `turnout keys set PROVIDER` keeps one")
    return 0 if found else FAILED
