"""A conversation in progress: the model it goes to, what was said, and what it has used and cost."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from turnout.cli.chat.transcript import Spent, Transcript, encoded, write_file
from turnout.types import Completion, Message, Part, Text

INTERRUPTED = "[interrupted]"  # ends an answer that was stopped; the model sees it too, and can tell why it broke off


class Conversation:
    def __init__(self, model: str, system: str | None = None, messages: Sequence[Message] = ()) -> None:
        self.model = model
        self.system = system
        self.messages = list(messages)
        self.spent = Spent()
        self.attached: list[tuple[str, Part]] = []  # (name, part), for the next prompt
        self._told: set[str] = set()
        self._saved_as: str | None = None

    @classmethod
    def of(cls, transcript: Transcript) -> Conversation:
        conversation = cls(transcript.model, transcript.system, transcript.messages)
        conversation.spent = transcript.spent
        return conversation

    @property
    def transcript(self) -> Transcript:
        return Transcript(self.model, tuple(self.messages), self.system, self.spent)

    def change_model(self, model: str) -> None:
        """What the new one cannot be told is said again."""
        self.model = model
        self._told.clear()

    def prompt(self, text: str) -> Message:
        """What to ask: the attachments, then ``text``."""
        return Message("user", (*(part for _, part in self.attached), *((Text(text),) if text else ())))

    def asking(self, prompt: Message) -> list[Message]:
        """Everything to send for ``prompt``. Nothing is remembered until it was answered."""
        system = [Message("system", (Text(self.system),))] if self.system else []
        return [*system, *self.messages, prompt]

    def answered(self, prompt: Message, done: Completion) -> None:
        self.messages += [prompt, done.message]
        self.spent = self.spent.plus(done)
        self.attached.clear()

    def interrupted(self, prompt: Message, partial: Completion | None) -> None:
        """Keeps what had arrived, marked. Only its text: half a tool call or unsigned reasoning would be refused later."""
        text = partial.text if partial else ""
        self.messages += [prompt, Message("assistant", (Text(f"{text} {INTERRUPTED}".lstrip()),))]
        self.attached.clear()
        if partial and partial.usage.total_tokens is not None:
            self.spent = self.spent.plus(partial)

    def take_back(self) -> list[Message]:
        """Removes the last question and what followed it, and gives them; nothing if there is none."""
        at = max((at for at, message in enumerate(self.messages) if message.role == "user"), default=len(self.messages))
        taken = self.messages[at:]
        del self.messages[at:]
        return taken

    def untold(self, lines: Iterable[str]) -> list[str]:
        """Those that were not told since the model was chosen: an earlier message loses the same with every turn."""
        new = [line for line in dict.fromkeys(lines) if line not in self._told]
        self._told.update(new)
        return new

    def clear(self) -> None:
        """Forgets what was said; the model and the system prompt stay."""
        self.messages.clear()
        self.attached.clear()
        self._told.clear()

    def replace(self, transcript: Transcript) -> None:
        """Goes on with another one. A transcript that names no model keeps this one's."""
        self.clear()
        self.messages += transcript.messages
        self.system, self.spent = transcript.system, transcript.spent
        if transcript.model:
            self.change_model(transcript.model)

    def save(self, path: str) -> None:
        """Writes a JSON file that only its owner can read. Replaces a file only if this conversation wrote it."""
        path = os.path.expanduser(path)
        write_file(path, encoded(self.transcript), replaces=path == self._saved_as)
        self._saved_as = path
