"""``python -m turnout.testing.conformance [DIR]``: every recorded exchange of a folder through the wires that cover it."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from turnout.errors import Error
from turnout.registry import Registry
from turnout.testing.exchange import Exchange, exchange_files, read_exchanges
from turnout.testing.report import Endpoint, report
from turnout.testing.routes import route_of
from turnout.testing.verdict import Verdict, examine

DEFAULT_FOLDER = Path("../shared/corpus/open")  # beside a clone, seen from its root


class Run:
    """Verdicts as they are asked for; ``not_covered`` counts what no route takes, once they have been."""

    def __init__(self, exchanges: Iterable[Exchange], *, only: str = "", wire: str = "") -> None:
        self.not_covered: Counter[Endpoint] = Counter()
        self._exchanges = exchanges
        self._only = only
        self._wire = wire

    def verdicts(self) -> Iterator[Verdict]:
        wires = Registry().wires
        for exchange in self._exchanges:
            if not self._wanted(exchange):
                continue
            route = route_of(exchange)
            if route is None or route.wire not in wires:
                self.not_covered[exchange.provider, exchange.endpoint] += 1
            elif not self._wire or route.wire == self._wire:
                yield examine(exchange, wires.get(route.wire), route=route)

    def _wanted(self, exchange: Exchange) -> bool:
        return exchange.id.startswith(self._only) or f"{exchange.provider}/{exchange.endpoint}".startswith(self._only)


def main(arguments: Sequence[str] | None = None, out: TextIO = sys.stdout) -> int:
    """The exit status: 0 if every difference is explained, 1 if not, 2 if there was nothing to run."""
    import argparse

    parser = argparse.ArgumentParser(prog="python -m turnout.testing.conformance", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=DEFAULT_FOLDER, help="of .jsonl files (default: %(default)s)")
    parser.add_argument("--only", default="", metavar="PREFIX", help="of PROVIDER/ENDPOINT, or of an exchange's id")
    parser.add_argument("--wire", default="", help="only the exchanges of this wire")
    parser.add_argument("--verbose", action="store_true", help="also name the exchanges behind each explanation")
    chosen = parser.parse_args(arguments)
    files = exchange_files(chosen.folder)
    run = Run((exchange for file in files for exchange in read_exchanges(file)), only=chosen.only, wire=chosen.wire)
    try:
        verdicts = list(run.verdicts())
    except Error as error:
        sys.stderr.write(f"conformance: {error}\n")
        return 2
    if not verdicts:
        sys.stderr.write(f"conformance: no exchange to check in {chosen.folder}; expected .jsonl files of recorded traffic\n")
        return 2
    for line in report(verdicts, run.not_covered, verbose=chosen.verbose):
        out.write(f"{line}\n")
    return int(any(verdict.outcome == "unexplained" for verdict in verdicts))


if __name__ == "__main__":
    raise SystemExit(main())
