"""The table of commands, and the parser that each one fills. A command's module is imported when it is called."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

from turnout import __version__
from turnout.cli.failures import EXIT_CODES, WRONG_USAGE, WrongUsage
from turnout.cli.terminal import columns

if TYPE_CHECKING:
    from turnout.plugins import Lazy

_UNSEEN = 80  # a width for formatters that write nothing

# name -> (module, what it does): one row adds a command
COMMANDS: dict[str, tuple[str, str]] = {
    "ask": ("turnout.cli.ask", "ask a model once and print its answer"),
    "chat": ("turnout.cli.chat", "talk with a model"),
    "count": ("turnout.cli.count", "count the tokens of a prompt, as its provider counts them"),
    "embed": ("turnout.cli.embed", "turn texts into vectors"),
    "rerank": ("turnout.cli.rerank", "put texts in order of relevance to a query"),
    "models": ("turnout.cli.models", "find models, with their limits and prices"),
    "discover": ("turnout.cli.discover", "ask providers for their models, and the models whether they chat"),
    "providers": ("turnout.cli.providers", "list the providers, and which of them can be used"),
    "provider": ("turnout.cli.provider", "add a provider of your own"),
    "plugins": ("turnout.cli.plugins", "list what installed packages add, and whether it works"),
    "doctor": ("turnout.cli.doctor", "say what works here, what does not, and what to do about it"),
    "config": ("turnout.cli.config", "show what is set and where, find what is wrong with it"),
    "keys": ("turnout.cli.keys", "keep keys where nobody else can read them, and list those there are"),
    "serve": ("turnout.cli.serve", "serve every client's protocol on a port: the gateway"),
    "explain": ("turnout.cli.explain", "show whom a name stands for, in which order, and why"),
    "translate": ("turnout.cli.translate", "show a request in another protocol, and what that does to it"),
    "local": ("turnout.cli.local", "fetch or find the embedded model's weights"),
    "completion": ("turnout.cli.completion", "print a completion script for bash, zsh or fish"),
    "version": ("turnout.cli.version", "print the version"),
}


class Command(Protocol):
    """What a command's module offers, built in or of a plugin (entry-point group ``turnout.commands``).

    ``EXAMPLES`` are shown by its --help, one per line.
    """

    EXAMPLES: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...
    def run(self, options: argparse.Namespace) -> int: ...


class _Formatter(argparse.RawDescriptionHelpFormatter):
    """Looks how wide the terminal is when it writes: argparse makes one of these for each argument, and few ever write."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_UNSEEN)

    def format_help(self) -> str:
        self._width = columns() - 2  # as argparse itself does
        return super().format_help()


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence instead of printing the usage again. Takes no abbreviated options: scripts must last."""

    def __init__(self, *, prog: str, description: str | None = None, examples: str = "", **settings: object) -> None:
        epilog = "examples:\n" + "\n".join(f"  {line}" for line in examples.strip().splitlines()) if examples else None
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            formatter_class=_Formatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        unknown = message.removeprefix("unrecognized arguments: ").split()[0].partition("=")[0]
        near = ";"
        if message.startswith("unrecognized") and unknown.startswith("-"):
            message = f"unknown option {unknown}"
            near = hint(unknown, self._option_string_actions)
        raise WrongUsage(f"{message.replace(_SHIELD, '')}{near} `{self.prog} --help` shows how")

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        """Options may stand before, between and after the arguments. Raises WrongUsage for what is neither text nor a file."""
        from turnout.cli.prompt import readable

        words = _shielded([readable(word) for word in words])
        return _bared(self.parse_args(words) if self._subparsers else self.parse_intermixed_args(words))


_SHIELD = "\ue000"  # of the private use area: no word begins with it


def _shielded(words: Sequence[str]) -> Sequence[str]:
    """What stands behind "--" is no option: argparse's own way to say so does not work with options between arguments."""
    if "--" not in words:
        return words
    at = words.index("--")
    return [*words[:at], *(_SHIELD + word if word.startswith("-") else word for word in words[at + 1 :])]


def _bared(options: argparse.Namespace) -> argparse.Namespace:
    for name, value in vars(options).items():
        if isinstance(value, str):
            setattr(options, name, value.removeprefix(_SHIELD))
        elif isinstance(value, list):
            setattr(options, name, [word.removeprefix(_SHIELD) if isinstance(word, str) else word for word in value])
    return options


def find(name: str) -> Command | None:
    """The command ``name``, or None. Raises ConfigError for a plugin that does not load."""
    if name in COMMANDS:
        import importlib

        module: Command = importlib.import_module(COMMANDS[name][0])
        return module
    plugins = _plugins()
    return plugins.get(name) if name in plugins else None


def _plugins() -> Lazy[Command]:
    from turnout.plugins import Lazy

    return Lazy("command", "turnout.commands", {}, faulty=_not_a_command)


def _not_a_command(thing: object) -> str:
    parts = ("add_arguments", "run")
    missing = [name for name in parts if not callable(getattr(thing, name, None))]
    missing += [] if isinstance(getattr(thing, "EXAMPLES", None), str) else ["EXAMPLES"]
    return f"it has no {' and no '.join(missing)}" if missing else ""


def plugin_tables() -> dict[str, tuple[Lazy[Any], Iterable[str]]]:
    """The entry-point group of commands: its table, and the names that no package may take."""
    return {"turnout.commands": (_plugins(), COMMANDS)}


def loaded() -> Iterator[tuple[str, Command]]:
    """Every command in the order of ``turnout --help``; a plugin that does not load is left out."""
    from turnout.errors import ConfigError

    for name in (*COMMANDS, *_plugins().plugins()):
        try:
            command = find(name)
        except ConfigError:
            continue
        if command is not None:
            yield name, command


def about(name: str, command: Command) -> str:
    """What it does, in words of its table or of its own first line."""
    if name in COMMANDS:
        return COMMANDS[name][1]
    return ((command.__doc__ or "").strip() or name).splitlines()[0].rstrip(".") or name


def parser_for(name: str, command: Command) -> Parser:
    does = about(name, command)
    parser = Parser(prog=f"turnout {name}", description=does[0].upper() + does[1:] + ".", examples=command.EXAMPLES)
    command.add_arguments(parser)
    return parser


def run_without_command(words: list[str]) -> int:
    """``turnout``, ``turnout --help``, ``turnout --version``, or a first word that is no command."""
    parser = Parser(prog="turnout", examples=_EXAMPLES)
    parser.usage = "turnout COMMAND [OPTION…]"
    parser.epilog = f"{parser.epilog}\n\nexit codes:\n{EXIT_CODES}\n\n`turnout COMMAND --help` tells more about one command."
    parser.add_argument("-V", "--version", action="version", version=f"turnout {__version__}", help="print the version")
    parser.add_argument("--env-file", metavar="FILE", help="before COMMAND: read variables that are not set from FILE")
    if words and not words[0].startswith("-"):
        known = [*COMMANDS, *_plugins().names()]
        raise WrongUsage(f"unknown command '{words[0]}'{hint(words[0], known)} `turnout --help` lists them")
    rows = [f"  {name:<12}{about}" for name, (_, about) in COMMANDS.items()]
    rows += [f"  {name:<12}from a plugin" for name in _plugins().names()]
    parser.description = "\n".join(["One call reaches any model.", "", "commands:", *rows])
    if words:
        parser.parse_args(words)
    parser.print_help(sys.stderr)
    return WRONG_USAGE


_EXAMPLES = """
turnout ask "Name three rivers"
turnout ask -m groq/llama-3.3-70b-versatile "Say it in French" < letter.txt
turnout chat -m anthropic/claude-sonnet-5
turnout models llama --supports tools --max-input-price 1
turnout doctor
"""


def hint(word: str, known: Iterable[str]) -> str:
    """ "; did you mean 'ask'?" for "aks"; ";" when nothing is like it."""
    from turnout.catalog.names import nearest, suggestion

    return suggestion(nearest(word, known, limit=1)) or ";"
