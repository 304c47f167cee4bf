"""``turnout local``: the embedded model's weights."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from turnout.transport.local_weights import Progress

EXAMPLES = """
turnout local pull                 # fetch the weights, with a progress bar; prints where they are
turnout local path                 # where they are
turnout local path ./other.gguf    # whether another file can be used
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    from turnout.cli.commands import Parser

    actions = parser.add_subparsers(dest="action", required=True, metavar="pull|path", parser_class=Parser)
    pull = actions.add_parser("pull", description="Fetch the weights unless they are there, check them, print their path.")
    pull.add_argument("--to", metavar="FOLDER", help="put them here instead of into your data folder")
    path = actions.add_parser("path", description="Print the path of the weights; exits 3 when they are not there.")
    path.add_argument("model", nargs="?", default="smollm2-135m", help="smollm2-135m (default), or a GGUF file")


def run(options: argparse.Namespace) -> int:
    from turnout.transport.local_weights import models_folder, pull, weights

    if options.action == "path":
        found = weights(options.model, os.environ)
    else:
        from pathlib import Path

        folder = Path(options.to).expanduser().absolute() if options.to else models_folder(os.environ)
        bar = Bar()
        try:
            found = pull(folder, bar.show)
        finally:
            bar.end()
    sys.stdout.write(f"{found}\n")
    return 0


class Bar:
    """A progress bar on stderr: redrawn on a terminal, else a line for each step."""

    def __init__(self) -> None:
        from turnout.cli.terminal import can_redraw

        self._redraws = can_redraw(sys.stderr)
        self._step = ""

    def show(self, progress: Progress) -> None:
        step, self._step = self._step, progress.step
        if not self._redraws:
            if step != progress.step:
                sys.stderr.write(f"{progress.step} {progress.total / 1e6:.0f} MB\n")
            return
        if step and step != progress.step:
            sys.stderr.write("\n")
        filled = min(_CELLS, _CELLS * progress.done // max(progress.total, 1))
        sizes = f"{progress.done / 1e6:.0f} of {progress.total / 1e6:.0f} MB"
        sys.stderr.write(f"\r{progress.step:<12}{'█' * filled}{'░' * (_CELLS - filled)} {sizes}\x1b[K")
        sys.stderr.flush()

    def end(self) -> None:
        """Ends the line, so that a message or a prompt does not follow the bar."""
        if self._redraws and self._step:
            sys.stderr.write("\n")


_CELLS = 30  # characters of a full bar
