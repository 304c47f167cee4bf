"""A chat at somebody's desk, whose commands are run one by one. Nobody is asked anything."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from turnout.cli.answer import PlainPage
from turnout.cli.chat.conversation import Conversation
from turnout.cli.chat.history import History
from turnout.cli.chat.models import Models
from turnout.cli.chat.sessions import Session, Sessions
from turnout.cli.chat.state import Chat
from turnout.types import Message, Text

LISTS = """\
providers:
  openai:
    api_key: sk-proj-4vJ8Qm2ZtXc9RbNw
    valid_models:
      gpt-4o-2024-08-06: 4o
    invalid_models:
    - gpt-5
  box:
    name: Box
    base_api_url: http://127.0.0.1:9/v1
    valid_models:
      acme/Owl-32B: owl
      plain: plain
  empty:
    base_api_url: http://127.0.0.1:9/v1
"""


class Typed:
    """A person who answers questions with these lines."""

    edits = True

    def __init__(self, answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, str]] = []
        self.forgot = False

    def line(self, prompt: str) -> str:
        raise EOFError

    def ask(self, prompt: str, default: str = "") -> str:
        self.asked.append((prompt, default))
        return self.answers.pop(0)

    def forget(self) -> None:
        self.forgot = True

    def leaves(self, left: SystemExit) -> bool:
        return False


def said(chat: Chat, *texts: str) -> None:
    """The texts of a person and of a model in turn."""
    for at, text in enumerate(texts):
        chat.conversation.messages.append(Message(("user", "assistant")[at % 2], (Text(text),)))


def chat_at(folder: Path) -> Chat:
    """Its data directory is ``folder``/data, which TURNOUT_DATA_DIR must name; the rest is beside it."""
    (folder / "data").mkdir()
    (folder / "data/openaicompat-providers.yaml").write_text(LISTS)
    session = Session(Sessions(f"{folder}/sessions"), "now")
    chat = Chat(Conversation("openai/gpt-4o-2024-08-06"), session, Models(), PlainPage)
    chat.history = History(f"{folder}/state/history")
    return chat
