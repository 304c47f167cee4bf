"""The commands of a chat about what is kept: /save, /load, /sessions, /rename, /reset, /md, /ch."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from turnout.cli.chat.showing import print_all
from turnout.cli.failures import WrongUsage
from turnout.errors import ConfigError

if TYPE_CHECKING:
    from turnout.cli.chat.state import Chat

_MOST_LISTED = 20
_TITLE = 60  # characters


def save(chat: Chat, path: str) -> str:
    if path:
        chat.conversation.save(path)
        return f"saved to {path}; `turnout chat --load {path}` goes on with it"
    if not chat.session.saving:
        raise WrongUsage("this session is not kept; say where to write it: /save FILE")
    chat.keep()
    if chat.session.problem:
        raise WrongUsage(f"this session cannot be saved: {chat.session.problem}; say where else to write it: /save FILE")
    return f"session {chat.session.name} saves itself as it goes; /save FILE writes it elsewhere too"


def load(chat: Chat, name: str) -> str:
    from turnout.cli.chat.transcript import load as read

    if not name:
        raise WrongUsage("say which: /load NAME of a session (/sessions lists them), or /load FILE")
    if os.path.isfile(os.path.expanduser(name)):
        transcript = read(name)
        chat.session.begin()
    else:
        transcript = chat.session.open(name)
    model, problem = chat.conversation.model, ""
    if transcript.model:
        try:
            model = chat.models.resolve(transcript.model)
        except ConfigError as error:  # what was said can go on with another one
            problem = f"\nit was with {transcript.model}, which cannot be asked here: {error}"
    chat.conversation.replace(transcript)
    chat.conversation.change_model(model)
    print_all(chat, "")
    return f"loaded {name}: {len(transcript.messages)} messages, {model}{problem}"


def listing(chat: Chat, _: str) -> str:
    saved = chat.session.sessions.all()
    if not saved:
        return f"no session is kept in {chat.session.sessions.folder}"
    lines = []
    for one in saved[:_MOST_LISTED]:
        try:
            transcript = chat.session.sessions.load(one.name)
            about = f"{len(transcript.messages)} messages  {transcript.model}  {transcript.title[:_TITLE]}"
        except WrongUsage:
            about = "cannot be read"
        mark = "*" if one.name == chat.session.name else " "
        lines.append(f"{mark} {one.name}  {one.age}  {about}")
    if len(saved) > _MOST_LISTED:
        lines.append(f"  and {len(saved) - _MOST_LISTED} more in {chat.session.sessions.folder}")
    return "\n".join(lines)


def rename(chat: Chat, name: str) -> str:
    if not name:
        raise WrongUsage("say how: /rename NAME")
    if not chat.session.saving:
        raise WrongUsage("this session is not kept, so it has no name; /save FILE writes it")
    chat.session.rename(name)
    chat.keep()
    return f"this session is {name} now; `turnout chat --session {name}` goes on with it"


def reset(chat: Chat, _: str) -> str:
    from turnout.cli.chat.transcript import Spent

    chat.conversation.clear()
    chat.conversation.spent = Spent()
    chat.session.begin()
    return "Chat history reset."


def export(chat: Chat, path: str) -> str:
    from turnout.cli.chat.transcript import markdown, write_file

    if not chat.conversation.messages:
        raise WrongUsage("there is nothing to write yet")
    path = path or f"{chat.session.name}.md"
    write_file(path, markdown(chat.conversation.transcript).encode())
    return f"written to {path}"


def clear_history(chat: Chat, _: str) -> str:
    if chat.history is not None:
        chat.history.clear()
    if chat.editor is not None:
        chat.editor.forget()
    return "Chat file history cleared."
