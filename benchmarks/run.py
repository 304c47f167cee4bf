"""Turnout beside its bare transport, the openai SDK, litellm and any-llm-sdk: start, calls and streams; and each wire beside its
vendor's SDK. All in one run.

    python benchmarks/run.py [--quick] [--json FILE]          (make bench)

Everything stays on loopback. Timings never fail it: the exit code is 0, and the last lines say which targets are met.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(1, str(Path(__file__).parent.parent / "src"))

from report import report, targets
from rounds import PEERS, QUICK, Amounts, measure


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds: half a minute, and coarser figures")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every sample and the targets to FILE")
    for name, meaning in (
        ("rounds", "rounds of calls and streams"),
        ("starts", "rounds of fresh interpreters"),
        ("calls", "whole answers of a subject in a round"),
        ("streams", "streams of a subject in a round"),
        ("chunks", "chunks of a stream"),
    ):
        parser.add_argument(f"--{name}", type=int, metavar="N", help=meaning)
    arguments = parser.parse_args()
    amounts = QUICK if arguments.quick else Amounts()
    amounts = amounts._replace(**{name: value for name in Amounts._fields if (value := getattr(arguments, name, None))})

    load_before = _load()
    with TemporaryDirectory() as folder:
        measured = measure(amounts, folder, _progress if sys.stderr.isatty() else _silent)
    machine = f"{os.cpu_count()} cores, load {load_before} before and {_load()} after"
    print(report(measured, _versions(), machine))
    if arguments.json is not None:
        promised = {
            target.name: {"median": target.figure.median, "least": target.least, "bound": target.bound, "met": target.met}
            for target in targets(measured)
        }
        samples = {**measured._asdict(), "amounts": amounts._asdict(), "wires": measured.wires._asdict()}
        samples["targets"] = promised
        arguments.json.write_text(json.dumps(samples, indent=1))


def _versions() -> dict[str, str]:
    from turnout import __version__

    found = {"python": platform.python_version(), "turnout": __version__}
    for name in PEERS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _load() -> str:
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def _progress(what: str) -> None:
    print(f"\r\x1b[K{what}", end="", file=sys.stderr, flush=True)


def _silent(what: str) -> None: ...


if __name__ == "__main__":
    main()
