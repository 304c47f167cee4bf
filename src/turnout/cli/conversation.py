"""A conversation in progress: the model it goes to, what was said, and what it has used and cost."""

from __future__ import annotations

import os
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from turnout.cli.failures import WrongUsage
from turnout.types import Completion, Message, Text

INTERRUPTED = "[interrupted]"  # ends an answer that was stopped; the model sees it too, and can tell why it broke off


class Transcript(msgspec.Struct, frozen=True, omit_defaults=True):
    """A conversation as a file holds it."""

    model: str
    messages: tuple[Message, ...]
    system: str | None = None


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


class Conversation:
    def __init__(self, model: str, system: str | None = None, messages: Sequence[Message] = ()) -> None:
        self.model = model
        self.system = system
        self.messages = list(messages)
        self.spent = Spent()
        self._saved_as: str | None = None

    def asking(self, prompt: Message) -> list[Message]:
        """Everything to send for ``prompt``. Nothing is remembered until it was answered."""
        system = [Message("system", (Text(self.system),))] if self.system else []
        return [*system, *self.messages, prompt]

    def answered(self, prompt: Message, done: Completion) -> None:
        self.messages += [prompt, done.message]
        self.spent = self.spent.plus(done)

    def interrupted(self, prompt: Message, partial: Completion | None) -> None:
        """Keeps what had arrived, marked. Only its text: half a tool call or unsigned reasoning would be refused later."""
        text = partial.text if partial else ""
        self.messages += [prompt, Message("assistant", (Text(f"{text} {INTERRUPTED}".lstrip()),))]
        if partial and partial.usage.total_tokens is not None:
            self.spent = self.spent.plus(partial)

    def clear(self) -> None:
        """Forgets what was said; the model and the system prompt stay."""
        self.messages.clear()

    def save(self, path: str) -> None:
        """Writes a JSON file that only its owner can read. Replaces a file only if this conversation wrote it."""
        path = os.path.expanduser(path)
        transcript = Transcript(self.model, tuple(self.messages), self.system)
        replaces = os.O_TRUNC if path == self._saved_as else os.O_EXCL
        try:
            with open(os.open(path, os.O_WRONLY | os.O_CREAT | replaces, 0o600), "wb") as file:
                file.write(msgspec.json.format(msgspec.json.encode(transcript), indent=1) + b"\n")
        except FileExistsError as error:
            raise WrongUsage(f"'{path}' exists already; choose another name") from error
        except OSError as error:
            raise WrongUsage(f"cannot write '{path}': {error.strerror}") from error
        self._saved_as = path


def load(path: str) -> Transcript:
    """Reads what ``Conversation.save`` wrote."""
    try:
        with open(os.path.expanduser(path), "rb") as file:
            return msgspec.json.decode(file.read(), type=Transcript)
    except OSError as error:
        raise WrongUsage(f"cannot read the conversation '{path}': {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise WrongUsage(f"'{path}' is no conversation that /save wrote: {error}") from error
