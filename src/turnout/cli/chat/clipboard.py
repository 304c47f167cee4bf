"""Text into the clipboard of whoever sits at the terminal: by a program of the desktop, else by the terminal itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence

from turnout.cli.failures import WrongUsage
from turnout.cli.terminal import can_redraw

_SECONDS = 5.0  # for a program that hangs because its display is gone
_MOST_BYTES = 75_000  # of text, a bound of our own: what is too long for a terminal it leaves out, and says nothing

# (variable that must be set, or "", program and arguments)
_PROGRAMS: Sequence[tuple[str, tuple[str, ...]]] = (
    ("TMUX", ("tmux", "load-buffer", "-w", "-")),  # -w: the terminal's clipboard too, whatever machine it is on
    ("WAYLAND_DISPLAY", ("wl-copy",)),
    ("DISPLAY", ("xclip", "-selection", "clipboard")),
    ("DISPLAY", ("xsel", "--clipboard", "--input")),
    ("", ("pbcopy",)),
    ("", ("clip.exe",)),
)


def copy(text: str, environ: Mapping[str, str] | None = None) -> str:
    """Copies, and says by what. Raises WrongUsage where there is no way to.

    Over SSH a program would fill the clipboard of the wrong machine; there the terminal is asked, with OSC 52
    (https://invisible-island.net/xterm/ctlseqs/ctlseqs.html, read 2026-11-21).
    """
    environ = os.environ if environ is None else environ
    remote = bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))
    for variable, command in _PROGRAMS:
        if (variable and not environ.get(variable)) or (remote and variable != "TMUX"):
            continue
        if shutil.which(command[0], path=environ.get("PATH")) and _run(command, text):
            return command[0]
    if can_redraw(sys.stdout):
        sys.stdout.write(osc52(text))
        sys.stdout.flush()
        return "the terminal"
    raise WrongUsage("there is no clipboard here: install xclip, xsel or wl-copy, or write the block to a file with /cb N FILE")


def _run(command: Sequence[str], text: str) -> bool:
    try:
        # nothing of its output is wanted, and what it leaves running (xclip does) must not hold our pipes
        done = subprocess.run(  # noqa: S603 - one of the commands above
            command, input=text.encode(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def osc52(text: str) -> str:
    from base64 import b64encode

    data = text.encode()
    if len(data) > _MOST_BYTES:
        raise WrongUsage("too long for the terminal's clipboard; write it to a file with /cb N FILE")
    return f"\x1b]52;c;{b64encode(data).decode()}\x07"
