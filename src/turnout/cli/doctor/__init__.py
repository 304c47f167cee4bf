"""``turnout doctor``: what works here, what does not, and what to do about it."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from turnout.cli.numbers import seconds

if TYPE_CHECKING:
    from turnout.cli.doctor.here import Report
    from turnout.registry import Registry

EXAMPLES = """
turnout doctor                      # what can be used, asked of each provider, and what was set up wrongly
turnout doctor --offline            # the same from files and variables alone; nobody is asked
turnout doctor --provider groq      # one of them; exit code 0 if it can be used
turnout doctor --all                # every provider, with what it would need
turnout doctor probe groq           # what its cheapest model can do, by asking it; the cost is said first
turnout doctor --json | jq -r '.providers[] | select(.state == "failing") | .health.remedy'
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        f"{parser.epilog}\n\nEach provider that is set up is asked for its models, which costs nothing;"
        "\na second time without a key, to learn whether the key counts.\n\nExits 0 if at least one provider can be used,"
        "\nor all that were named, else 1."
    )
    parser.add_argument("--all", action="store_true", help="list the providers that nothing was set for, and ask all others")
    parser.add_argument("--offline", action="store_true", help="ask nobody: look at files, variables and ports of this machine")
    parser.add_argument("--provider", metavar="ID", action="append", default=[], help="only this one; may be repeated")
    parser.add_argument("--timeout", type=seconds, metavar="S", default=10.0, help="seconds for each exchange (default: 10)")
    parser.add_argument(
        "--snapshot",
        metavar="FILE",
        help="what `turnout serve --snapshot FILE` writes; believed while it is fresh (default: TURNOUT_SNAPSHOT)",
    )
    parser.add_argument("--json", action="store_true", help="print everything as one JSON object")
    from turnout.cli.commands import Parser
    from turnout.cli.doctor import probing

    actions = parser.add_subparsers(dest="action", metavar="[probe]", parser_class=Parser)
    probe = actions.add_parser(
        "probe",
        help="ask one model a few questions, to find out what it can do: `turnout doctor probe --help`",
        description="Ask one model a few questions, to find out what it takes and what it refuses, for later calls.",
        examples=probing.EXAMPLES,
    )
    probing.add_arguments(probe)


def run(options: argparse.Namespace) -> int:
    if options.action == "probe":
        from turnout.cli.doctor import probing

        return probing.run(options)
    from turnout.cli.doctor.here import examine, registry_here
    from turnout.cli.failures import FAILED, without_keys

    registry, config_error = registry_here()
    only = tuple(dict.fromkeys(registry.provider(name).id for name in options.provider))
    report = examine(registry, config_error, only)
    if path := options.snapshot or os.environ.get("TURNOUT_SNAPSHOT", "").strip():
        from turnout.cli.doctor.gateway_file import with_gateway

        report = with_gateway(report, path, registry)
    if not options.offline:
        report = _asked(report, registry, everything=options.all or bool(only), seconds=options.timeout)
    if options.json:
        import msgspec

        shown = msgspec.json.encode(report).decode()
    else:
        from turnout.cli.doctor.shown import lines_of

        shown = "\n".join(lines_of(report, everything=options.all or bool(only)))
    sys.stdout.write(without_keys(shown) + "\n")
    states = [finding.state == "usable" for finding in report.providers]
    return 0 if (all(states) if only else any(states)) else FAILED


def _asked(report: Report, registry: Registry, *, everything: bool, seconds: float) -> Report:
    """``report`` with what the providers answered that can be called from here."""
    import asyncio

    from msgspec.structs import replace

    from turnout.cli.doctor.asking import ask, askable

    usable = [finding.id for finding in report.providers if finding.state == "usable" and registry.usable(finding.id)[0]]
    ids = askable(registry, usable, registry.environ, everything=everything)
    healths = asyncio.run(ask(registry, ids, seconds))
    findings = []
    for finding in report.providers:
        health = healths.get(finding.id)
        if health is not None:
            finding = replace(finding, health=health, state=finding.state if health.healthy else "failing")
        findings.append(finding)
    order = {id: place for place, id in enumerate(ids)}
    findings.sort(key=lambda finding: order.get(finding.id, len(order)))
    return replace(report, providers=tuple(findings))
