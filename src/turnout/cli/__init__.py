"""The command line ``turnout``: runs one command and answers with an exit code."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from io import TextIOWrapper


def main(argv: Sequence[str] | None = None) -> int:
    """Runs ``turnout`` with ``argv`` (default: the process's own arguments). Never raises; ``turnout --help`` lists the codes."""
    from turnout.cli import failures

    words = list(sys.argv[1:] if argv is None else argv)
    _open_closed()
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # an answer may hold what the terminal's encoding cannot say
    try:
        try:
            code = _run(words)
        except SystemExit as done:  # argparse, after --help
            code = done.code if isinstance(done.code, int) else 0
        sys.stdout.flush()  # here, so that a reader who left is noticed while it can still be answered for
    except KeyboardInterrupt:
        code = failures.INTERRUPTED
    except BrokenPipeError:
        code = failures.READER_LEFT
    except Exception as error:  # noqa: BLE001 - the last stop: a person gets a sentence, never a traceback
        code = failures.report(error)
    if code in (failures.INTERRUPTED, failures.READER_LEFT) or not failures.flushed(sys.stdout):
        failures.let_go(sys.stdout)
    if not failures.flushed(sys.stderr):
        failures.let_go(sys.stderr)
    return code


def _open_closed() -> None:
    """Standard streams that the caller has closed (`2>&-`) take everything and hold nothing, as /dev/null does.

    Else the next file or socket would get the number of one of them, and what is meant for the stream.
    """
    import os

    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115 - for as long as the process runs


def _run(words: list[str]) -> int:
    # first: msgspec 0.22 does not notice that Ctrl-C broke off its own import of this, and crashes the process when it is used
    import datetime  # noqa: F401

    from turnout.cli import commands

    words = _with_variables(words)
    if words and words[0] == "help":  # as many programs have it
        words = [*words[1:2], "--help"]
    command = commands.find(words[0]) if words and not words[0].startswith("-") else None
    if command is None:
        return commands.run_without_command(words)
    return command.run(commands.parser_for(words[0], command).parse(words[1:]))


def _with_variables(words: list[str]) -> list[str]:
    """Reads the file that ``--env-file`` or TURNOUT_ENV_FILE names; gives the words without it."""
    import os

    if words and words[0].partition("=")[0] == "--env-file":
        from turnout.cli.failures import WrongUsage

        path, words = (words[0].partition("=")[2], words[1:]) if "=" in words[0] else ("".join(words[1:2]), words[2:])
        if not path:
            raise WrongUsage("--env-file needs the path of a file; `turnout --help` shows how")
        os.environ["TURNOUT_ENV_FILE"] = path
    if os.environ.get("TURNOUT_ENV_FILE", "").strip():
        from turnout.config.dotenv import asked_for

        # into the environment, so that what is to be kept out of every output is known there
        for name, value in (asked_for(None, os.environ) or {}).items():
            os.environ.setdefault(name, value)
    return words
