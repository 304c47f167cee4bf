"""``turnout version``."""

from __future__ import annotations

import argparse
import sys

from turnout import __version__

EXAMPLES = "turnout version"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It takes none."""


def run(options: argparse.Namespace) -> int:
    sys.stdout.write(f"turnout {__version__}\n")
    return 0
