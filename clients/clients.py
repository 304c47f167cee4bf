"""What every client can be asked, and what it hears. A player says it in its client's own words and changes nothing of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class Ask:
    """One conversation's first message and all that is set for its calls."""

    text: str
    stream: bool = False
    tools: bool = False
    exact: bool = False  # at temperature 0, so that a real model says the same each time
    schema: bool = False
    image: bool = False
    think: bool = False
    max_tokens: int = 4096


@dataclass
class Heard:
    """What the client's objects hold of an answer, in the client's own words."""

    text: str = ""
    reasoning: str = ""
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)  # name and arguments
    finish: str | None = None
    usage: tuple[int | None, int | None] = (None, None)  # tokens in and out


class Raised(Exception):
    """What the client raised: the name of its class, the status that it carries, and its text."""

    def __init__(self, kind: str, status: int | None, text: str) -> None:
        super().__init__(f"{kind} ({status}): {text[:400]}")
        self.kind = kind
        self.status = status
        self.text = text


class Conversation(Protocol):
    def send(self) -> Heard:
        """Asks, and puts the answer into the history as this client's users do. Raises Raised."""
        ...

    def results(self, texts: Iterable[str]) -> Heard:
        """Answers the calls of the last message, in their order, and asks again. Raises Raised."""
        ...


class Client(Protocol):
    """``lacks``: scene -> why this client, or its protocol, cannot play it. ``finishes``: its words for an end.

    ``lacks_at``: the same for a scene at one family. ``errors``: the class that it raises for a status, or several. ``broken``:
    how a stream that broke ends, where it is not raised.
    """

    name: str
    wire: str
    lacks: Mapping[str, str]
    lacks_at: Mapping[tuple[str, str], str]
    finishes: Mapping[str, str]
    errors: Mapping[int, str]
    broken: str | None

    def conversation(self, model: str, ask: Ask) -> Conversation: ...

    def leave(self, model: str, ask: Ask) -> str:
        """Streams until the first text, gives it, and goes as this client's users go."""
        ...

    def close(self) -> None: ...
