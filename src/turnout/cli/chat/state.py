"""A chat as its commands see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from turnout.cli.interrupts import uninterrupted

if TYPE_CHECKING:
    from turnout.cli.answer import Page
    from turnout.cli.chat.conversation import Conversation
    from turnout.cli.chat.history import History
    from turnout.cli.chat.line_editor import LineEditor
    from turnout.cli.chat.models import Models
    from turnout.cli.chat.sessions import Session
    from turnout.types import Message


class Chat:
    """``page`` makes the place for one answer; ``reasoning``: is it shown; ``streams``: do answers come in pieces."""

    def __init__(
        self,
        conversation: Conversation,
        session: Session,
        models: Models,
        page: Callable[[], Page],
        *,
        reasoning: bool = True,
        streams: bool = True,
        echo: bool = False,
    ) -> None:
        self.conversation = conversation
        self.session = session
        self.models = models
        self.page = page
        self.reasoning = reasoning
        self.streams = streams
        self.echo = echo
        self.history: History | None = None  # of what was typed
        self.editor: LineEditor | None = None  # where a person types, if anywhere
        self.again: list[Message] = []  # the last question and what followed it, when it shall be asked once more

    def keep(self) -> None:
        """Saves the session as it is now."""
        with uninterrupted():
            self.session.save(self.conversation.transcript)
