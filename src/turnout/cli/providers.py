"""``turnout providers``: who can be called, and who of them from here."""

from __future__ import annotations

import argparse
import sys

EXAMPLES = """
turnout providers              # all of them
turnout providers --usable     # those whose key is set
turnout providers --json | jq -r '.[] | select(.wire == "anthropic-messages") | .id'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("search", nargs="*", help="words that the id or name must hold, all of them")
    parser.add_argument("--usable", action="store_true", help="only those that can be used here")
    parser.add_argument("--json", action="store_true", help="print a JSON array, one provider a line")


def run(options: argparse.Namespace) -> int:
    from turnout.cli.failures import FAILED, say
    from turnout.cli.table import write_json, write_table
    from turnout.registry import Registry

    registry = Registry()
    found = []
    for provider in sorted(registry.providers(), key=lambda provider: provider.id):
        name = f"{provider.id} {provider.name}".lower()
        if all(word.lower() in name for word in options.search):
            usable, reason = registry.usable(provider.id)
            if usable or not options.usable:
                found.append((provider, usable, reason))
    if options.json:
        rows = [
            {
                "id": provider.id,
                "name": provider.name,
                "wire": provider.wire,
                "usable": usable,
                "reason": reason,
                "key_env": provider.key_env,
                "base_url": provider.base_url,
                "docs": provider.docs,
            }
            for provider, usable, reason in found
        ]
        write_json(rows, sys.stdout)
    else:
        headings = ("ID", "NAME", "WIRE", "USABLE", "KEY VARIABLE")
        table = [
            (provider.id, provider.name, provider.wire, "yes" if usable else "no", " or ".join(provider.key_env) or "none")
            for provider, usable, _ in found
        ]
        write_table(headings, table, sys.stdout)
    if not found:
        say("turnout: no provider fits; `turnout doctor` says why one cannot be used")
    return 0 if found else FAILED
