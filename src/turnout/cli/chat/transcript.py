"""A conversation as a file holds it, and as a document for people: JSON that goes on, Markdown that does not."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import msgspec

from turnout.cli.failures import WrongUsage
from turnout.types import Completion, Message, Reasoning, Text

_FENCE = re.compile(r"^(?P<indent>[ \t]*)(?P<mark>`{3,}|~{3,})[ \t]*(?P<language>[^\s`]*)[^`\n]*$")


class Spent(msgspec.Struct, frozen=True):
    """Sums over a conversation. ``cost`` is in US dollars; None once any call's was unknown."""

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal | None = Decimal(0)

    def plus(self, done: Completion) -> Spent:
        unknown = self.cost is None or done.cost is None
        return Spent(
            self.calls + 1,
            self.input_tokens + (done.usage.input_tokens or 0),
            self.output_tokens + (done.usage.output_tokens or 0),
            None if unknown else self.cost + done.cost.total,  # type: ignore[operator, union-attr]
        )


class Transcript(msgspec.Struct, frozen=True, omit_defaults=True):
    """A conversation as a file holds it."""

    model: str
    messages: tuple[Message, ...]
    system: str | None = None
    spent: Spent = Spent()

    @property
    def title(self) -> str:
        """The first line that the person said."""
        first = next((message.text for message in self.messages if message.role == "user" and message.text.strip()), "")
        return first.strip().partition("\n")[0]


def encoded(transcript: Transcript) -> bytes:
    return msgspec.json.format(msgspec.json.encode(transcript), indent=1) + b"\n"


def load(path: str) -> Transcript:
    """Reads what ``Conversation.save`` wrote, or a list of {"role", "content"}, whose model is "" because it names none."""
    try:
        with open(os.path.expanduser(path), "rb") as file:
            data = file.read()
    except OSError as error:
        raise WrongUsage(f"cannot read the conversation '{path}': {error.strerror}") from error
    return decoded(data, path)


def decoded(data: bytes, path: str) -> Transcript:
    """What ``path`` holds. Raises WrongUsage for what is no conversation."""
    try:
        if data.lstrip().startswith(b"["):
            return _from_list(json.loads(data))
        return msgspec.json.decode(data, type=Transcript)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise WrongUsage(f"'{path}' is no conversation that /save wrote: {error}") from error


def _from_list(said: list[object]) -> Transcript:
    """As chat command lines and the body of an OpenAI request have it. A system message is the system prompt."""
    from turnout.errors import RequestError
    from turnout.prompt import build

    if not said:
        return Transcript("", ())
    try:
        messages = build("", None, {"messages": said}).messages
    except (RequestError, AttributeError, TypeError) as error:
        raise ValueError(str(error)) from error
    system = "\n\n".join(message.text for message in messages if message.role == "system")
    return Transcript("", tuple(message for message in messages if message.role != "system"), system or None)


def write_file(path: str, content: bytes, *, replaces: bool = False) -> None:
    """A file that only its owner can read. Raises WrongUsage if there is one already, unless it ``replaces`` it."""
    from turnout.config.writing import replace_file

    whole = Path(os.path.expanduser(path))
    try:
        if not replaces and os.path.lexists(whole):
            raise WrongUsage(f"'{path}' exists already; choose another name")
        replace_file(whole, content, mode=0o600)
    except OSError as error:
        raise WrongUsage(f"cannot write '{path}': {error.strerror}") from error


def markdown(transcript: Transcript) -> str:
    """The conversation as a document: a heading for each turn, reasoning in a quotation, files by their kind."""
    lines = [f"# {transcript.title or 'Conversation'}", "", f"Model: {transcript.model}", ""]
    if transcript.system:
        lines += ["## System", "", transcript.system.strip(), ""]
    for message in transcript.messages:
        lines += [f"## {message.role.capitalize()}", ""]
        for part in message.parts:
            if isinstance(part, Text):
                lines += [part.text.strip(), ""]
            elif isinstance(part, Reasoning):
                if part.text.strip():
                    lines += [f"> {line}".rstrip() for line in part.text.strip().splitlines()] + [""]
            else:
                lines += [f"*[{type(part).__name__.lower()}]*", ""]
    return "\n".join(lines)


class CodeBlock(msgspec.Struct, frozen=True):
    language: str
    code: str


def code_blocks(texts: Sequence[str]) -> list[CodeBlock]:
    """The fenced blocks of Markdown, in order. One that never ends goes on to the end, as Markdown has it."""
    return [block for text in texts for block in _blocks(text)]


def _blocks(text: str) -> Iterator[CodeBlock]:
    mark, language, indent = "", "", 0
    code: list[str] = []
    for line in text.replace("\r\n", "\n").removesuffix("\n").split("\n"):  # and not at U+2028, which code may hold
        fence = _FENCE.match(line)
        if not mark and fence:
            mark, language, indent, code = fence["mark"], fence["language"], len(fence["indent"]), []
        elif mark and line.strip().startswith(mark) and set(line.strip()) == {mark[0]}:
            yield CodeBlock(language, "\n".join(code) + "\n")
            mark = ""
        elif mark:
            code.append(line[:indent].lstrip(" \t") + line[indent:])  # no further in than its fence, as in the item of a list
    if mark:
        yield CodeBlock(language, "\n".join(code) + "\n")
