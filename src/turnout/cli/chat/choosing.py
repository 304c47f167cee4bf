"""The commands of a chat about models: /mod, /dm, /list, /discover-models."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from turnout.cli.failures import WrongUsage
from turnout.cli.terminal import write
from turnout.errors import UnknownProviderError

if TYPE_CHECKING:
    from turnout.cli.chat.state import Chat


def model(chat: Chat, name: str) -> str:
    if not name:
        return f"Please specify a model name. Type /list to see available models.\nIt is {chat.conversation.model} now."
    return _change(chat, name)


def default_model(chat: Chat, _: str) -> str:
    return _change(chat, chat.models.default())


def _change(chat: Chat, name: str) -> str:
    full = chat.models.resolve(name)
    chat.conversation.change_model(full)
    chat.keep()
    return f"Model set to {chat.models.long_name(full)}.\nProvider: {chat.models.provider(full)}"


def listing(chat: Chat, provider: str) -> str:
    try:
        lines = chat.models.listing(provider or None)
    except UnknownProviderError:
        raise WrongUsage(f"Error: Provider '{provider}' not found") from None
    write("".join(f"{line}\n" for line in lines), sys.stdout)
    return "" if provider else "these are the models of your lists; /list PROVIDER shows any other provider's"


def discover(chat: Chat, provider: str) -> str:
    """Runs ``turnout discover``, which says what it finds."""
    failed = run_discover(*([provider] if provider else []), *_directory(chat))
    chat.models.read_lists()
    return "nothing was saved" if failed else ""


def run_discover(*words: str) -> int:
    """The exit code of ``turnout discover WORDS``."""
    from turnout.cli import discover
    from turnout.cli.commands import parser_for

    return discover.run(parser_for("discover", discover).parse(words))


def _directory(chat: Chat) -> list[str]:
    chosen = chat.models.data_directory
    return ["--data-directory", chosen] if chosen else []
