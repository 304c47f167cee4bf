"""python -m clients: starts a gateway whose providers are replayed here, and lets every official client play every feature."""

from __future__ import annotations

import argparse
import time

from clients.families.table import FAMILIES
from clients.ground import NotStarted, replaying
from clients.matrix import run, say, show, timed
from clients.npm_clients import NAMES, Node, NoNode, check, npm_clients
from clients.pypi.table import PYPI
from clients.story import SCENES


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m clients", description=__doc__)
    parser.add_argument("--client", action="append", help="play these only; may be given several times")
    parser.add_argument("--family", action="append")
    parser.add_argument("--scene", action="append", choices=SCENES)
    parser.add_argument("--lane", choices=("fast", "full"), default="fast")
    options = parser.parse_args()
    families = [family for family in FAMILIES if not options.family or family.name in options.family]
    begun = time.monotonic()
    absent: dict[str, str] = {}
    wanted = [name for name in NAMES if not options.client or name in options.client]
    try:
        check()
    except NoNode as why:
        absent = {name: str(why) for name in wanted}
    try:
        with replaying(families, "--lane", options.lane) as (url, upstream, records):
            clients = [make(url) for name, make in PYPI.items() if not options.client or name in options.client]
            node = Node(url) if wanted and not absent else None
            if node is not None:
                clients += [client for client in npm_clients(node) if client.name in wanted]
            table = run(clients, families, upstream, records, options.scene or SCENES)
            for client in clients:
                client.close()
            if node is not None:
                node.close()
    except NotStarted as error:
        say(str(error))
        return 1
    say(show(table, absent, timed(begun)))
    return 1 if absent or any(outcome.failed for outcome in table.values()) else 0


if __name__ == "__main__":
    raise SystemExit(main())
