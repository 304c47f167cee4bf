"""The commands inside ``turnout chat``: a line that begins with a slash."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from turnout.cli.chat import choosing, keeping, showing
from turnout.cli.chat.completing import Offer, closest, paths
from turnout.cli.chat.state import Chat
from turnout.cli.failures import WrongUsage


class Leave(Exception):
    """/exit was typed."""


class Row(Struct, frozen=True):
    """A command: its names, the first of which ``/help`` shows; what it takes; and what Tab offers for that."""

    names: tuple[str, ...]
    takes: str
    about: str
    run: Callable[[Chat, str], str]  # gives what to tell the person
    offers: Literal["", "model", "provider", "session", "path"] = ""


def run(chat: Chat, line: str) -> str:
    """Raises WrongUsage or a turnout Error when it cannot be done, and Leave for /exit."""
    name, _, rest = line.strip().partition(" ")
    row = _BY_NAME.get(name)
    if row is None:
        from turnout.catalog.names import nearest

        near = nearest(name, _BY_NAME, limit=1)
        raise WrongUsage("Unknown command. Type /h for a list of commands." + (f" Did you mean {near[0]}?" if near else ""))
    return row.run(chat, rest.strip())


def complete(chat: Chat, line: str) -> list[Offer]:
    """What ``line`` could become: commands, and after one of them what it takes."""
    name, space, rest = line.partition(" ")
    if not line.startswith("/"):
        return []
    if not space:
        return [Offer(0, row.names[0], row.about) for row in _ROWS if any(one.startswith(line) for one in row.names)]
    row = _BY_NAME.get(name)
    typed = rest.lstrip()
    begin = len(line) - len(typed)
    match row.offers if row else "":
        case "model":
            return [_model(begin, scoped) for scoped in chat.models.offered(typed)]
        case "provider":
            return [Offer(begin, id) for id in closest(typed, chat.models.providers())]
        case "session":
            saved = chat.session.sessions.all()
            named = closest(typed, [one.name for one in saved])
            return [Offer(begin, one, next(s.age for s in saved if s.name == one)) for one in named] + paths(begin, typed)
        case "path":
            return paths(begin, typed)
    return []


def _model(begin: int, scoped: str) -> Offer:
    full, _, short = scoped.partition(" (")
    return Offer(begin, full, short.removesuffix(")"))


def is_command(line: str) -> bool:
    """Whether ``line`` begins with a slash and perhaps a word; "/etc/hosts is odd" and "//…" do not."""
    word = line.split(maxsplit=1)[0] if line.strip() else ""
    return word.startswith("/") and "/" not in word[1:]


def _help(chat: Chat, _: str) -> str:
    shown = [(f"{', '.join(row.names)} {row.takes}".rstrip(), row.about) for row in _ROWS]
    width = max(len(names) for names, _ in shown)
    return "\n".join([*(f"  {names:<{width}}  {about}" for names, about in shown), *_KEYS])


def _exit(chat: Chat, _: str) -> str:
    raise Leave


_ROWS = (
    Row(("/help", "/h", "/?"), "", "this list", _help),
    Row(("/exit", "/e", "/q", "/quit"), "", "leave; so does Ctrl-D", _exit),
    Row(("/clear", "/c"), "", "clear the screen", showing.clear),
    Row(("/reset", "/r", "/new"), "", "forget what was said and begin a new session", keeping.reset),
    Row(("/print", "/p"), "", "show the whole conversation", showing.print_all),
    Row(("/save", "/s"), "[FILE]", "write the conversation to a file too", keeping.save, "path"),
    Row(("/load", "/l"), "NAME|FILE", "go on with a session, or with a file that /save wrote", keeping.load, "session"),
    Row(("/sessions",), "", "list the sessions that were kept", keeping.listing),
    Row(("/rename",), "NAME", "give this session a name", keeping.rename),
    Row(("/md", "/export"), "[FILE]", "write the conversation as Markdown", keeping.export, "path"),
    Row(("/clear_history", "/ch"), "", "forget what was typed, here and before", keeping.clear_history),
    Row(("/mod", "/model"), "MODEL", "change the model; the conversation goes on", choosing.model, "model"),
    Row(("/dm",), "", "go back to the default model", choosing.default_model),
    Row(("/list", "/models"), "[PROVIDER]", "list models", choosing.listing, "provider"),
    Row(("/discover-models",), "[PROVIDER]", "ask providers for their models", choosing.discover, "provider"),
    Row(("/config", "/con"), "", "show what is set", showing.config),
    Row(("/usage",), "", "show the tokens and the cost so far", showing.usage),
    Row(("/system", "/sp"), "[TEXT]", "change the system prompt; without TEXT, edit it; - takes it away", showing.system),
    Row(("/attach", "/a"), "[FILE|URL]", "send it with the next question; - takes all back", showing.attach, "path"),
    Row(("/retry",), "", "ask the last question again, perhaps of another model", showing.retry),
    Row(("/copy",), "", "copy the last answer", showing.copy_answer),
    Row(("/cb",), "[N [FILE]]", "copy a code block of the last answer, or write it to a file", showing.code_block),
)

_BY_NAME = {name: row for row in _ROWS for name in row.names}

_KEYS = (
    '  """ … """ or Alt-Enter: more than one line; a line that begins with // is a question that begins with /',
    "  Ctrl-C stops the answer, Ctrl-D leaves, Tab completes",
)
