"""Say hello from Acme."""

import argparse
import sys

EXAMPLES = "turnout acme --to Ada"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--to", default="world", help="whom to greet")


def run(options: argparse.Namespace) -> int:
    sys.stdout.write(f"hello {options.to}\n")
    return 0
