"""``turnout providers``: who can be called, and who of them from here."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from turnout.registry import Registry

EXAMPLES = """
turnout providers                     # all of them
turnout providers --usable            # those whose key is set
turnout providers --profile gateway   # in a profile's order and under its names: see docs/providers.md
turnout providers --json | jq -r '.[] | select(.wire == "anthropic-messages") | .id'
"""


class Listed(Struct, frozen=True):
    """One provider. ``reason``: what makes it usable, or what is missing. ``source``: where its row was read."""

    id: str
    name: str
    aliases: tuple[str, ...]
    wire: str
    base_url: str
    key_env: tuple[str, ...]
    usable: bool
    reason: str
    docs: str
    deprecated: str | None
    source: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("search", nargs="*", help="words that the id, the name or an alias must hold, all of them")
    parser.add_argument("--usable", action="store_true", help="only those that can be used here")
    parser.add_argument("--profile", metavar="NAME", help="only those of a profile, in its order: gateway, structured, tools, …")
    parser.add_argument("--json", action="store_true", help="print a JSON array, one provider a line")


def run(options: argparse.Namespace) -> int:
    from turnout.cli.failures import FAILED, say
    from turnout.cli.table import write_json, write_table
    from turnout.registry import Registry

    registry = Registry()
    rows = (_listed(registry, id) for id in _ids(registry, options.profile))
    words = [word.lower() for word in options.search]
    found = [row for row in rows if _holds(row, words) and (row.usable or not options.usable)]
    if options.json:
        write_json(found, sys.stdout)
    else:
        headings = ("ID", "NAME", "WIRE", "USABLE", "KEY VARIABLE")
        table = [(row.id, row.name, row.wire, "yes" if row.usable else "no", " or ".join(row.key_env) or "none") for row in found]
        write_table(headings, table, sys.stdout)
    if not found:
        say("turnout: no provider fits; `turnout doctor` says why one cannot be used")
    return 0 if found else FAILED


def _ids(registry: Registry, profile: str | None) -> list[str]:
    if profile is None:
        return sorted(registry.provider_ids())
    from turnout.catalog.profiles import read_profile

    found = read_profile(profile)
    return list(dict.fromkeys(registry.provider_id(name) for name in found.order))


def _listed(registry: Registry, id: str) -> Listed:
    """A provider whose package or file is wrong is listed with what is wrong; the others are not touched by it."""
    from turnout.cli.failures import without_keys
    from turnout.errors import ConfigError

    try:
        row = registry.provider(id)
    except ConfigError as error:
        return Listed(id, id, (), "", "", (), False, without_keys(str(error)), "", None, "")
    usable, reason = registry.usable(id)
    return Listed(
        row.id,
        row.name,
        row.aliases,
        row.wire,
        row.base_url,
        row.key_env,
        usable,
        reason,
        row.docs,
        row.deprecated,
        row.source,
    )


def _holds(row: Listed, words: list[str]) -> bool:
    text = " ".join((row.id, row.name, *row.aliases)).lower()
    return all(word in text for word in words)
