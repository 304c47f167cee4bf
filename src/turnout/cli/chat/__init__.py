"""``turnout chat``: a conversation in the terminal."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from turnout.cli.numbers import seconds

if TYPE_CHECKING:
    from turnout.cli.chat.models import Models

EXAMPLES = """
turnout chat
turnout chat -m anthropic/claude-sonnet-5 -s "You are a patient teacher of chemistry"
turnout chat --continue                        # the session that was last talked in
turnout chat --session thesis                  # a session with a name, new or kept
turnout chat -p "Name three rivers"            # one question, one answer on stdout
git diff | turnout chat -i -p "Review this"
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    said = parser.add_argument_group("what is said")
    said.add_argument("-m", "--model", metavar="NAME", help="provider/model, an alias or a short name; /mod changes it later")
    said.add_argument("-s", "--system", "--system-prompt", metavar="TEXT", help="what the model should be and do")
    said.add_argument("--sassy", action="store_true", help="a model with an attitude, unless --system says otherwise")
    said.add_argument("-p", "--prompt", metavar="TEXT", help="ask this once, print the answer and end")
    said.add_argument("-i", "--stdin", action="store_true", help="ask what standard input says, below --prompt, and end")
    said.add_argument(
        "-a", "--attach", action="append", default=[], metavar="FILE|URL", help="send an image, PDF, sound or text first"
    )
    said.add_argument("-e", "--echo", action="store_true", help="send nothing; show what would be asked")
    kept = parser.add_argument_group("what is kept")
    session = kept.add_mutually_exclusive_group()
    session.add_argument("--session", metavar="NAME", help="go on with this session; a new one if there is none")
    session.add_argument("--continue", dest="go_on", action="store_true", help="go on with the session that changed last")
    file = kept.add_mutually_exclusive_group()
    file.add_argument("--load", metavar="FILE", help="begin with a conversation that /save wrote")
    file.add_argument("-f", "--history-file", metavar="FILE", help="the same, if the file is there")
    kept.add_argument("--no-save", action="store_true", help="keep no session")
    shown = parser.add_argument_group("how it is shown")
    shown.add_argument(
        "--reasoning", choices=("show", "hide"), help="the model's reasoning, on stderr (default: show; with -p on a terminal)"
    )
    shown.add_argument("--stream", action=argparse.BooleanOptionalAction, help="answers as they come (default), or whole")
    shown.add_argument("--plain", "--no-highlighting", "-nh", action="store_true", help="show answers as the model wrote them")
    shown.add_argument("-c", "--clear", action="store_true", help="clear the screen first")
    models = parser.add_argument_group("models")
    models.add_argument("-l", "--list-models", action="store_true", help="print the models of your lists and end")
    models.add_argument("--provider", metavar="ID", help="with --list-models or --discover-models: only this one")
    models.add_argument(
        "--discover-models", metavar="ID", nargs="?", const="", help="ask a provider, or all, for their models, and end"
    )
    models.add_argument("--force-refresh", action="store_true", help="with --discover-models: take no list that was kept")
    models.add_argument(
        "--update-valid-models", "-uvm", action="store_true", help="ask all providers for their models first, then chat"
    )
    parser.add_argument("-d", "--data-directory", metavar="DIR", help="where openaicompat-providers.yaml and config.toml are")
    parser.add_argument("--create-config", action="store_true", help="write a config.toml there unless there is one, and end")
    parser.add_argument("--timeout", type=seconds, metavar="S", help="seconds for one answer, retries included")
    parser.add_argument("-v", "--version", action="store_true", help="print the version and end")


def run(options: argparse.Namespace) -> int:
    if options.version:
        from turnout.cli.version import run as version

        return version(options)
    from turnout.cli.chat.models import Models
    from turnout.cli.failures import WrongUsage

    if options.provider and not options.list_models and options.discover_models is None:
        raise WrongUsage("--provider goes with --list-models or --discover-models; --model chooses what to talk with")
    if options.create_config or options.discover_models is not None:
        return _discover(options)
    if options.update_valid_models:
        _update(options)
    models = Models(options.data_directory)
    if options.list_models:
        return _list(models, options.provider)
    if options.clear:
        from turnout.cli.chat.showing import clear_screen

        clear_screen()
    from turnout.cli.chat.talking import talk

    return talk(options, models)


def _discover(options: argparse.Namespace) -> int:
    from turnout.cli.chat.choosing import run_discover

    words = [name for name in (options.discover_models, options.provider) if name]
    words += ["--create-config"] if options.create_config else []
    words += ["--force-refresh"] if options.force_refresh else []
    words += ["--data-directory", options.data_directory] if options.data_directory else []
    return run_discover(*words)


def _update(options: argparse.Namespace) -> None:
    """A discovery that fails is a warning: what is known already can still be talked with. Nothing of it goes to stdout."""
    import sys
    from contextlib import redirect_stdout

    from turnout.cli.chat.choosing import run_discover
    from turnout.cli.failures import say, sentence
    from turnout.errors import Error

    directory = ["--data-directory", options.data_directory] if options.data_directory else []
    try:
        with redirect_stdout(sys.stderr):
            failed = run_discover("--force-refresh", *directory)
    except Error as error:
        say(f"Warning: Model discovery failed: {sentence(error)}", "yellow")
    else:
        if failed:
            say("Warning: Model discovery failed: the models are those that were known before", "yellow")


def _list(models: Models, provider: str | None) -> int:
    import sys

    from turnout.cli.failures import FAILED, say
    from turnout.cli.terminal import write
    from turnout.errors import UnknownProviderError

    try:
        lines = models.listing(provider)
    except UnknownProviderError:
        say(f"Error: Provider '{provider}' not found in configuration")
        return FAILED
    write("".join(f"{line}\n" for line in lines), sys.stdout)
    return 0
