"""What went wrong, as a sentence on stderr and an exit code. No traceback and no key reaches the terminal."""

from __future__ import annotations

import os
import sys
from typing import TextIO

FAILED = 1
WRONG_USAGE = 2
MISCONFIGURED = 3
INTERRUPTED = 130  # 128 + SIGINT
READER_LEFT = 141  # 128 + SIGPIPE: what a shell reports of any program whose reader went away

EXIT_CODES = """\
  0    done
  1    the call failed, or what was looked for is not there
  2    the command was called wrongly
  3    the configuration is wrong: an unknown name, a missing key, a part that is not installed
  129  told to end because the window was closed; 143 by SIGTERM
  130  interrupted (Ctrl-C)
  141  the reader of the output went away (as in `turnout … | head -1`)"""


class WrongUsage(Exception):
    """The command was called wrongly. The message is one sentence, without the leading 'turnout:'."""


def report(error: Exception) -> int:
    """Prints ``error`` to stderr and gives the exit code for it. ``TURNOUT_DEBUG=1`` adds the traceback."""
    if _while_interrupted(error):
        return INTERRUPTED
    if os.environ.get("TURNOUT_DEBUG"):
        import traceback

        say("".join(traceback.format_exception(error)).rstrip())
    say(f"turnout: {sentence(error)}")
    return exit_code(error)


def _while_interrupted(error: BaseException) -> bool:
    """Ctrl-C came, and somebody's clean-up tripped over what was left half done: argparse's does."""
    seen: set[int] = set()
    while error.__context__ is not None and id(error) not in seen:
        seen.add(id(error))
        error = error.__context__
    return isinstance(error, KeyboardInterrupt)


def exit_code(error: Exception) -> int:
    if isinstance(error, WrongUsage):
        return WRONG_USAGE
    from turnout.errors import ConfigError

    return MISCONFIGURED if isinstance(error, ConfigError) else FAILED


def sentence(error: Exception) -> str:
    """What to tell a person. Several attempts at one target are told by their last; different targets by a line each."""
    if isinstance(error, WrongUsage):
        return str(error)
    from turnout.errors import AllTargetsFailed, Error

    if isinstance(error, AllTargetsFailed) and len({target for target, _ in error.failures}) == 1:
        attempts = f" (after {len(error.failures)} attempts)" if len(error.failures) > 1 else ""
        return f"{error.failures[-1][1]}{attempts}"
    if isinstance(error, Error):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.strerror or error}" + (f": {error.filename}" if error.filename else "")
    return f"a defect of Turnout itself: {type(error).__name__}: {error} (TURNOUT_DEBUG=1 shows where)"


def say(text: str, style: str = "") -> None:
    """Writes a line to stderr, with keys and control characters taken out. A closed stderr is not an error."""
    from turnout.cli.terminal import printable, styled

    line = printable(without_keys(text))
    try:
        sys.stderr.write((styled(line, style, sys.stderr) if style else line) + "\n")
        sys.stderr.flush()
    except OSError:
        return


def without_keys(text: str) -> str:
    """``text`` with the value of every environment variable that names a secret replaced by the variable's name.

    A provider may repeat a refused key in its error. Values shorter than 8 characters are left: they would hit ordinary words.
    """
    for name, value in os.environ.items():
        if len(value) >= 8 and name.upper().endswith(_SECRET) and value in text and not _is_placeholder(value):
            text = text.replace(value, f"[{name}]")
    return text


def _is_placeholder(value: str) -> bool:
    from turnout.auth.secrets import is_placeholder

    return is_placeholder(value)  # what the message then is about, and no secret


_SECRET = ("KEY", "TOKEN", "SECRET", "PASSWORD")


def flushed(stream: TextIO) -> bool:
    """Whether ``stream`` took what was still to be written: its reader may have left, and a disk may be full."""
    try:
        stream.flush()
    except (OSError, ValueError):
        return False
    return True


def let_go(stream: TextIO) -> None:
    """Drops what was still to be written: the interpreter, as it ends, would wait for a reader or complain that there is none."""
    from contextlib import suppress

    with suppress(OSError, ValueError):  # it is no file, as under a test's capture
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
