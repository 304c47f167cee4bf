"""The commands inside ``turnout chat``: a line that begins with a slash."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from turnout.cli.commands import hint
from turnout.cli.conversation import Conversation
from turnout.cli.failures import WrongUsage

if TYPE_CHECKING:
    from turnout.registry import Registry


class Leave(Exception):
    """/exit was typed."""


class Slash:
    """Runs commands on one conversation. Each answers with what to tell the person."""

    def __init__(self, conversation: Conversation, registry: Registry) -> None:
        self._conversation = conversation
        self._registry = registry
        self._models: list[str] | None = None

    def run(self, line: str) -> str:
        """Raises WrongUsage or a turnout Error when it cannot be done, and Leave for /exit."""
        name, _, rest = line.strip().partition(" ")
        if name not in _COMMANDS:
            raise WrongUsage(f"unknown command {name}{hint(name, _COMMANDS)} /help lists them")
        return _COMMANDS[name][2](self, rest.strip())

    def complete(self, line: str) -> list[str]:
        """The commands, and after ``/model`` the models, that begin like ``line``."""
        if line.startswith("/model "):
            if self._models is None:
                self._models = sorted(str(model.target) for model in self._registry.models())
            prefix = line.removeprefix("/model ").lstrip().lower()
            return [f"/model {model}" for model in self._models if model.lower().startswith(prefix)]
        return [name for name in _COMMANDS if line.startswith("/") and name.startswith(line)]

    def help(self, _: str) -> str:
        width = max(len(f"{name} {argument}") for name, (argument, _, _) in _COMMANDS.items())
        rows = [f"  {f'{name} {argument}':<{width}}  {about}" for name, (argument, about, _) in _COMMANDS.items()]
        return "\n".join([*rows, *_KEYS])

    def model(self, name: str) -> str:
        if name:
            self._registry.plan(name)  # raises what is wrong with it
            self._conversation.model = name
        return f"model: {self._conversation.model}"

    def system(self, text: str) -> str:
        if text:
            self._conversation.system = None if text == "-" else text
        return f"system prompt: {self._conversation.system or 'none'}"

    def clear(self, _: str) -> str:
        self._conversation.clear()
        return "the conversation begins anew"

    def save(self, path: str) -> str:
        if not path:
            raise WrongUsage("say where: /save FILE")
        self._conversation.save(path)
        return f"saved to {path}; `turnout chat --load {path}` goes on with it"

    def exit(self, _: str) -> str:
        raise Leave


def is_command(line: str) -> bool:
    """Whether ``line`` begins with a slash and a word; "/etc/hosts is odd" and "//…" do not."""
    word = line.split(maxsplit=1)[0] if line.strip() else ""
    return word.startswith("/") and "/" not in word[1:] and len(word) > 1


_COMMANDS: dict[str, tuple[str, str, Callable[[Slash, str], str]]] = {
    "/help": ("", "this list", Slash.help),
    "/model": ("[NAME]", "show or change the model; the conversation goes on", Slash.model),
    "/system": ("[TEXT]", "show or change the system prompt; - takes it away", Slash.system),
    "/clear": ("", "forget what was said", Slash.clear),
    "/save": ("FILE", "write the conversation to a file, for --load", Slash.save),
    "/exit": ("", "leave", Slash.exit),
}

_KEYS = (
    '  """ … """ or Alt-Enter: more than one line',
    "  Ctrl-C stops the answer, Ctrl-D leaves",
)
