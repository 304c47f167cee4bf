"""The commands of a chat about what is seen and said: /clear, /print, /config, /usage, /system, /attach, /cb."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from turnout.cli.failures import WrongUsage, without_keys
from turnout.cli.terminal import can_redraw, printable, styled

if TYPE_CHECKING:
    from turnout.cli.chat.conversation import Conversation
    from turnout.cli.chat.state import Chat
    from turnout.cli.chat.transcript import CodeBlock

_SHOWN = 60  # characters of a code block's first line


def clear(chat: Chat, _: str) -> str:
    clear_screen()
    return ""


def clear_screen() -> None:
    """Where there is a screen. What scrolled away stays."""
    if can_redraw(sys.stdout):
        sys.stdout.write("\x1b[2J\x1b[H")
        sys.stdout.flush()


def print_all(chat: Chat, _: str) -> str:
    """The conversation on stdout, answers as they were shown."""
    if not chat.conversation.messages:
        return "nothing was said yet"
    for message in chat.conversation.messages:
        if message.role == "user":
            text = message.text or ", ".join(type(part).__name__.lower() for part in message.parts)
            sys.stdout.write(styled(printable(f"> {text}"), "bold", sys.stdout) + "\n")
            sys.stdout.flush()
        else:
            page = chat.page()
            page.write(message.text)
            page.end()
    return ""


def config(chat: Chat, _: str) -> str:
    """Keys are masked: the last four characters at most."""
    models, conversation = chat.models, chat.conversation
    provider = models.registry.provider(models.provider(conversation.model))
    rows = [
        ("model", conversation.model),
        ("provider", provider.name),
        ("base_api_url", provider.base_url),
        ("api_key", _key(chat, provider.id)),
        ("system_prompt", conversation.system or "none"),
        ("stream", "yes" if chat.streams else "no"),
        ("reasoning", "shown" if chat.reasoning else "hidden"),
        ("session", f"{chat.session.sessions.path(chat.session.name)}" if chat.session.saving else "not kept"),
        ("data directory", models.lists.folder),
    ]
    return "\n".join(f"{name:<15}{value}" for name, value in rows)


def _key(chat: Chat, provider: str) -> str:
    from turnout.cli.settings import key_shown

    shown, source = key_shown(chat.models.registry, provider)
    if not source:
        return shown or "none"
    masked = shown if not shown.startswith("****") else "****" + shown
    return f"{masked} ({source})"


def usage(chat: Chat, _: str) -> str:
    return total(chat.conversation) if chat.conversation.spent.calls else "nothing was asked yet"


def total(conversation: Conversation) -> str:
    """What the whole conversation has used."""
    from turnout.cli.summary import cost

    spent = conversation.spent
    answers = f"{spent.calls} answer{'s' if spent.calls != 1 else ''}"
    return f"{answers} · {spent.input_tokens} in · {spent.output_tokens} out · {cost(spent.cost)}"


def system(chat: Chat, text: str) -> str:
    conversation = chat.conversation
    if not text and chat.editor is not None and chat.editor.edits:
        try:
            text = chat.editor.ask("system prompt> ", conversation.system or "").strip() or "-"
        except (KeyboardInterrupt, EOFError):
            return "the system prompt stays as it was"
    if text:
        conversation.system = None if text == "-" else text
        chat.keep()
    return f"system prompt: {conversation.system or 'none'}"


def attach(chat: Chat, name: str) -> str:
    from turnout.cli.attachments import attachment

    attached = chat.conversation.attached
    if name == "-":
        attached.clear()
    elif name:
        path = name if "://" in name else _path(name)
        attached.append((path, attachment(path)))
    return f"goes with the next question: {', '.join(name for name, _ in attached) or 'nothing'}"


def _path(typed: str) -> str:
    """As it was typed, or as a terminal quotes a file that is dropped on it, where only that is there."""
    import os
    import shlex

    path = os.path.expanduser(typed)
    if not os.path.exists(path):
        try:
            unquoted = shlex.split(typed)
        except ValueError:  # a quote without its other one
            return path
        if len(unquoted) == 1 and os.path.exists(unquoted[0]):
            return unquoted[0]
    return path


def retry(chat: Chat, _: str) -> str:
    """The loop asks it; should that fail, the old answer stays."""
    if not (taken := chat.conversation.take_back()):
        raise WrongUsage("nothing was asked yet")
    chat.again = taken
    return ""


def copy_answer(chat: Chat, _: str) -> str:
    from turnout.cli.chat.clipboard import copy

    answer = next((message.text for message in reversed(chat.conversation.messages) if message.role == "assistant"), "")
    if not answer:
        raise WrongUsage("there is no answer yet")
    return f"the last answer is copied, by {copy(answer)}"


def code_block(chat: Chat, words: str) -> str:
    """Copies block N of the last answer, or writes it to a file. Of several, asks which."""
    from turnout.cli.chat.transcript import code_blocks

    answers = [message.text for message in chat.conversation.messages if message.role == "assistant"]
    blocks = code_blocks(answers[-1:])
    if not blocks:
        raise WrongUsage("the last answer has no code block")
    number, _, path = words.partition(" ")
    if not number:
        number = "1" if len(blocks) == 1 else _which(chat, blocks)
        if not number:
            return "nothing was copied"
    if not number.isascii() or not number.isdigit() or not 1 <= int(number) <= len(blocks):
        raise WrongUsage(f"there is no code block {number}: the last answer has {len(blocks)}")
    return _take(blocks[int(number) - 1], number, path.strip())


def _which(chat: Chat, blocks: list[CodeBlock]) -> str:
    """The number that the person typed; "" for none."""
    lines = [f"{at}  {block.language or 'text':<10}  {_first_line(block)}" for at, block in enumerate(blocks, 1)]
    sys.stdout.write("".join(f"{printable(line)}\n" for line in lines))
    sys.stdout.flush()
    if chat.editor is None:
        raise WrongUsage("say which: /cb N")
    try:
        return chat.editor.ask("copy which? ").strip()
    except (KeyboardInterrupt, EOFError):
        return ""


def _first_line(block: CodeBlock) -> str:
    return without_keys(block.code.strip().partition("\n")[0])[:_SHOWN]


def _take(block: CodeBlock, number: str, path: str) -> str:
    lines = f"{block.code.count(chr(10))} line{'s' if block.code.count(chr(10)) != 1 else ''}"
    if path:
        from turnout.cli.chat.transcript import write_file

        write_file(path, block.code.encode())
        return f"block {number} ({lines}) is written to {path}"
    from turnout.cli.chat.clipboard import copy

    return f"block {number} ({lines}) is copied, by {copy(block.code)}"
