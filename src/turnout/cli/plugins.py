"""``turnout plugins``: what installed packages add, whether it works, and what is wrong with the rest."""

from __future__ import annotations

import argparse
import sys

EXAMPLES = """
turnout plugins
turnout plugins --json | jq -r '.[] | select(.state != "works") | .reason'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = f"{parser.epilog}\n\nEach plugin is loaded to see whether it works. Exits 1 if one of them does not."
    parser.add_argument("--json", action="store_true", help="print a JSON array, one plugin a line")


def run(options: argparse.Namespace) -> int:
    from msgspec.structs import replace

    from turnout.cli.commands import plugin_tables
    from turnout.cli.failures import FAILED, say, without_keys
    from turnout.cli.table import write_json, write_table
    from turnout.plugins import survey
    from turnout.registry import Registry

    surveyed = survey({**Registry().plugin_tables(), **plugin_tables()})
    found = [replace(plugin, reason=without_keys(plugin.reason)) for plugin in surveyed]
    if options.json:
        write_json(found, sys.stdout)
    else:
        headings = ("KIND", "NAME", "PACKAGE", "VERSION", "STATE", "")
        rows = [(plugin.kind, plugin.name, plugin.distribution, plugin.version, plugin.state, plugin.reason) for plugin in found]
        write_table(headings, rows, sys.stdout)
        if not found:
            say("turnout: no installed package offers anything; docs/plugins.md shows how one does")
    return FAILED if any(plugin.state != "works" for plugin in found) else 0
